"""What is fixed while populations of one course are trained: the course, the data, and the compiled populations."""

import math
from functools import lru_cache

import numpy as np

from dying_relu.design.course import Course, Graph, Network, Stage
from dying_relu.design.datasets import DATASETS
from dying_relu.design.settings import Settings
from dying_relu.engine import datasets, models
from dying_relu.engine.costs import Costs
from dying_relu.engine.datasets import Affine, Data, Split
from dying_relu.engine.population import Population

Compiled = dict[tuple[Graph, int, int], Population]  # by graph, rows, and room for other samples

_STARTS = (
    "initializer",
    "init_scale",
    "output_scale",
    "bias",
    "bias_layer",
    "bias_share",
)  # settings that initial weights hang on


class Setup:
    """What networks that share a population have in common.

    Attributes:
        course: of any of them.
        data: the whole data set.
        populations: one for each stage; the same for both where the graph stays.
        costs: where the time is counted.
        xla: whether XLA compiles the populations.
        room: for the samples of an epoch of all networks, where they are drawn afresh; used again and again.
    """

    def __init__(self, course: Course, compiled: Compiled, costs: Costs, xla: bool = True) -> None:
        self.course = course
        self.xla = xla
        self.costs = costs
        self.dataset = course.settings.dataset
        self.data = datasets.load(self.dataset)
        self.populations = [self._compiled(stage, compiled) for stage in course.stages]
        info = DATASETS[self.dataset]
        self.room: Data | None = None
        if info.steps is not None:
            self.room = Data(_room(course.extra, info.n_features), _room(course.extra))
        # one cache for each course, gone with it
        self.split = lru_cache(maxsize=None)(self._split)
        self._affine = lru_cache(maxsize=None)(self._drawn_affine)
        self._weights = lru_cache(maxsize=1024)(self._drawn_weights)

    def affine(self, network: Network) -> Affine:
        """What happens to the inputs of a network."""
        return self._affine(network.seed, network.settings.scaling)

    def weights(self, network: Network, *key: object) -> list[np.ndarray]:
        """Initial weights, as ``model.variables``; with a key, those of another draw."""
        start = {name: getattr(network.settings, name) for name in _STARTS}
        draw = self._drawn_weights if key else self._weights  # another draw is asked for once
        return draw(Settings().model_copy(update=start), network.seed, *key)

    def shifted(self, shift: str) -> np.ndarray:
        """The features of the whole data set under a shift."""
        return datasets.shifted(shift, self.dataset, self.data.x)

    def _compiled(self, stage: Stage, compiled: Compiled) -> Population:
        """The population of a stage; courses of one job share what is compiled."""
        course, graph = self.course, stage.graph
        key = graph, course.rows, course.extra
        if key not in compiled:
            info = DATASETS[self.dataset]
            compiled[key] = Population(
                models.build(stage.settings),
                graph.optimizer,
                self.data.x,
                self.data.y,
                size=course.rows,
                longest=max(info.n_train, info.n_samples - info.n_train),
                extra=course.extra if info.steps is None else 0,
                strengths=graph.strengths,
                decoupled_biases=graph.decoupled_biases,
                costs=self.costs,
                xla=self.xla,
                frozen=graph.frozen,
            )
        return compiled[key]

    def _split(self, seed: int) -> Split:
        return datasets.split(self.dataset, self.course.study, seed)

    def _drawn_affine(self, seed: int, scaling: str) -> Affine:
        return datasets.affine(scaling, self.data.x[self.split(seed).train])

    def _drawn_weights(self, start: Settings, seed: int, *key: object) -> list[np.ndarray]:
        return models.initial_weights(self.populations[0].template, start, self.course.study, seed, *key)


def _room(*shape: int) -> np.ndarray:
    """An array of zeros, float32, that starts where TensorFlow can read it without a copy."""
    size, aligned = math.prod(shape), 64
    zeros = np.zeros(size + aligned // 4, np.float32)
    start = -zeros.ctypes.data % aligned // 4
    return zeros[start : start + size].reshape(shape)
