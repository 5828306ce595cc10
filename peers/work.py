"""The work that every way does, and how a worker times it: data, weights, rates and batches are the same for all.

Of scikit-learn's digits 1500 samples, standardised; three hidden ReLU layers of 64 and ten outputs; the mean
cross-entropy of batches of 50; plain gradient descent in float32. Each network has weights, a learning rate and an
order of the samples of its own.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

SAMPLES, BATCH = 1500, 50
STEPS = SAMPLES // BATCH  # of an epoch
SHAPES = [(64, 64), (64, 64), (64, 64), (64, 10)]  # of the weight matrices: inputs, outputs
RATES = 0.01, 0.1  # the lowest and the highest learning rate
CHECKED = 2  # steps whose outcome is compared: each on a batch of its own, the second from what the first gave

# of a network's epoch, and a thousand millions of them: two a multiplication by a weight matrix, forward once and
# backward twice; nothing else is counted
GIGAFLOPS = 6 * sum(fan_in * units for fan_in, units in SHAPES) * SAMPLES / 1e9


class Trainer(Protocol):
    """Networks that a framework trains at once."""

    def epoch(self, order: np.ndarray) -> None:
        """Take a step on each batch of samples, int32, shape (steps, networks, BATCH)."""

    def weights(self) -> list[np.ndarray]:
        """Once all steps are taken: each layer's kernel, then its bias; shapes (networks, *shape of the variable)."""


class Task:
    """Networks and what they are trained on.

    Attributes:
        x, y: samples, float32, shape (SAMPLES, 64), and their classes, int32, shape (SAMPLES,).
        rates: learning rates, float32, shape (networks,).
        weights: at first, as `Trainer.weights`: kernels normal with variance 2 / inputs, biases 0.
    """

    def __init__(self, networks: int, first: int = 0) -> None:
        self.x, self.y = _digits()
        self.seeds = range(first, first + networks)
        self.rates = np.geomspace(*RATES, networks, dtype=np.float32)
        drawn = [_drawn(np.random.default_rng((seed, 0))) for seed in self.seeds]
        self.weights = [np.stack(values) for values in zip(*drawn, strict=True)]

    def order(self, epoch: int) -> np.ndarray:
        """Each network's own permutation of the samples, fresh each epoch, as `Trainer.epoch` takes it."""
        drawn = [np.random.default_rng((seed, 1, epoch)).permutation(SAMPLES) for seed in self.seeds]
        return np.ascontiguousarray(np.reshape(drawn, (-1, STEPS, BATCH)).swapaxes(0, 1), np.int32)


def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(x))[:SAMPLES]
    x, y = x[chosen], y[chosen]
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)  # some pixels never change
    return x.astype(np.float32), y.astype(np.int32)


def _drawn(draw: np.random.Generator) -> list[np.ndarray]:
    values = []
    for fan_in, units in SHAPES:
        kernel = draw.normal(0, np.sqrt(2 / fan_in), (fan_in, units))
        values += [kernel.astype(np.float32), np.zeros(units, np.float32)]
    return values


def options() -> argparse.Namespace:
    """What a worker is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, required=True, help="networks trained at once")
    parser.add_argument("--epochs", type=int, required=True, help="timed epochs")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first network")
    parser.add_argument("--wait", action="store_true", help='before the timed epochs say "ready" and wait for a line')
    parser.add_argument(
        "--check", type=Path, help=f"time nothing; write the weights after {CHECKED} steps here, as .npz"
    )
    return parser.parse_args()


def run(way: str, asked: argparse.Namespace, build: Callable[[Task], Trainer]) -> None:
    """Do what a worker is asked for, and print one line of JSON: what, and the wall time of the timed epochs.

    The first epoch compiles, the second warms up, those after it are timed. Compiling takes what the first takes longer
    than the second. Batches are drawn beforehand; bringing them to the framework is part of the time.
    """
    task = Task(asked.rows, asked.first)
    trainer = build(task)
    if asked.check:
        trainer.epoch(task.order(0)[:CHECKED])
        np.savez(asked.check, *trainer.weights())
        return
    compiling, warm = (_seconds(trainer, [task.order(epoch)]) for epoch in range(2))
    orders = [task.order(2 + epoch) for epoch in range(asked.epochs)]
    if asked.wait:
        print("ready", flush=True)
        sys.stdin.readline()
    seconds = _seconds(trainer, orders)
    if not all(np.isfinite(values).all() for values in trainer.weights()):
        sys.exit("a network diverged")
    told = {"way": way, "rows": asked.rows, "seconds": seconds, "compile_seconds": max(compiling - warm, 0.0)}
    print(json.dumps(told | {"networks": asked.rows, "epochs": asked.epochs}), flush=True)


def _seconds(trainer: Trainer, orders: Iterable[np.ndarray]) -> float:
    """Wall time until all steps are taken."""
    begin = time.perf_counter()
    for order in orders:
        trainer.epoch(order)
    trainer.weights()
    return time.perf_counter() - begin
