"""This project's engine: `dying_relu.engine.population.Population`, as training jobs use it.

It does two things that the others are spared: it scales the inputs of every batch (here by 1), and keeps whether all
losses of a network were finite.
"""

import os

import numpy as np
import work

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors come as exceptions; its log is noise

import tensorflow as tf

from dying_relu.design.settings import Settings
from dying_relu.engine import models, population


class Engine:
    """A population of the reference network under plain gradient descent."""

    def __init__(self, task: work.Task) -> None:
        rows, features = len(task.rates), task.x.shape[1]
        template = models.build(Settings())
        self.population = population.Population(template, "sgd", task.x, task.y, size=rows, longest=work.SAMPLES)
        unscaled = np.zeros(features, np.float32), np.ones(features, np.float32)
        networks = [[values[row] for values in task.weights] for row in range(rows)]
        self.population.reset(networks, list(task.rates), [unscaled] * rows)

    def epoch(self, order: np.ndarray) -> None:
        self.population.advance(order, 0, len(order))

    def weights(self) -> list[np.ndarray]:
        return self.population.weights()


def use_threads(threads: int) -> None:
    """Let TensorFlow use so many threads; one as training jobs do."""
    population.use_one_thread()
    if threads > 1:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


if __name__ == "__main__":
    asked = work.options()
    use_threads(asked.threads)
    work.run("engine", asked, Engine)
