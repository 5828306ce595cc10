"""Which samples make the batches of an epoch: the same for a network in a population and for one alone."""

from typing import NamedTuple

import numpy as np

from dying_relu.design.course import Course
from dying_relu.design.seeding import generator
from dying_relu.design.settings import Settings
from dying_relu.engine import datasets
from dying_relu.engine.datasets import Data, Split


def of_portion(y: np.ndarray, split: Split, portion: str) -> Split:
    """Those of a network's training and test samples that belong to a portion; a half is one of training only."""
    tested = portion if portion.endswith("classes") else "all"
    train, test = split
    return Split(train[datasets.select(portion, y[train])], test[datasets.select(tested, y[test])])


def epoch_order(study: str, seed: int, epoch: int, samples: np.ndarray, batch_size: int) -> np.ndarray:
    """The batches of one epoch: a fresh permutation of the samples, shape (steps, batch), remainder dropped."""
    steps = len(samples) // batch_size
    shuffled = generator(study, seed, "order", epoch).permutation(samples)
    return shuffled[: steps * batch_size].reshape(steps, batch_size)


def fresh_epoch(course: Course, seed: int, epoch: int, settings: Settings, room: Data | None = None) -> Data:
    """The samples of one epoch of a data set whose batches are drawn afresh, in the order of training.

    Args:
        settings: of the stage.
        room: arrays for the samples, if there are any; they are filled and returned.
    """
    n = course.steps * settings.batch_size
    drawn = datasets.fresh(settings.dataset, n, course.study, seed, epoch, room=room)
    if settings.portion != "all":
        chosen = np.resize(datasets.select(settings.portion, drawn.y), n)
        drawn.x[:], drawn.y[:] = drawn.x[chosen], drawn.y[chosen]
    if settings.shift != "none":
        drawn.x[:] = datasets.shifted(settings.shift, settings.dataset, drawn.x)
    return drawn


class Outlier(NamedTuple):
    """A sample of a training set with one feature far out: its place there, its features, its label."""

    place: int
    x: np.ndarray
    y: np.generic


def outlier(course: Course, seed: int, x: np.ndarray, y: np.ndarray) -> Outlier:
    """The sample of a training set that becomes the outlier that a network meets.

    One of its features, among those that vary, lies 10**strength above its mean: standard deviations, or units of the
    network's inputs, as the intervention says. The choice depends on the seed only.

    Args:
        x, y: the training set as the network sees it before scaling, shapes (samples, features) and (samples,).
    """
    draw = generator(course.study, seed, "outlier")
    place, feature = draw.integers(len(x)), draw.choice(np.flatnonzero(x.std(axis=0) > 0))
    far = x[place].copy()
    unit = x[:, feature].std()
    if course.intervention.unit == "inputs":
        unit = datasets.affine(course.settings.scaling, x).scale[feature]
    far[feature] = x[:, feature].mean() + 10.0**course.settings.strength * unit
    return Outlier(int(place), far, y[place])
