"""The data sets: what is known of them without loading, how they are loaded, split and scaled.

Most are tables of samples with class labels. Some are distributions with a real-valued target: their table,
drawn once, serves to measure, while every batch of training is drawn afresh (`fresh`).
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np

from dying_relu.errors import UserError
from dying_relu.seeding import generator, integer_seed


@dataclass(frozen=True)
class Info:
    """What a plan must know about a data set: counts only, so that nothing is loaded for it."""

    n_samples: int
    n_train: int
    n_features: int
    n_outputs: int  # classes, or 1 for regression
    source: str  # "sklearn" (bundled with it), "made" (drawn once), "keras" (downloaded by keras.datasets) or "fresh"
    steps: int | None = None  # steps an epoch, where batches are drawn afresh
    image: tuple[int, int, int] | None = None  # height, width, channels
    archive: tuple[str, str] | None = None  # of a "keras" one: its place in Keras's cache, and where it is downloaded

    @property
    def regression(self) -> bool:
        """Whether the target is a real number (mean squared error) and not a class (cross-entropy)."""
        return self.n_outputs == 1


def _fresh(n_features: int, steps: int) -> Info:
    return Info(12_000, 10_000, n_features, 1, "fresh", steps)


_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DATASETS = {
    "digits": Info(1797, 1500, 64, 10, "sklearn", image=(8, 8, 1)),
    "breast_cancer": Info(569, 450, 30, 2, "sklearn"),
    "friedman": Info(2000, 1500, 10, 1, "made"),
    "absolute": Info(1500, 1000, 1, 1, "made"),
    "mnist": Info(70_000, 60_000, 784, 10, "keras", image=(28, 28, 1), archive=("mnist.npz", f"{_KERAS}mnist.npz")),
    "fashion_mnist": Info(
        *(70_000, 60_000, 784, 10, "keras"),
        image=(28, 28, 1),
        archive=("fashion-mnist/t10k-labels-idx1-ubyte.gz", f"{_KERAS}t10k-labels-idx1-ubyte.gz"),
    ),
    "cifar10": Info(
        *(60_000, 50_000, 3072, 10, "keras"),
        image=(32, 32, 3),
        archive=("cifar-10-batches-py-target", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"),
    ),
    "relu_target": _fresh(1, steps=100),
    "pull_down_4": _fresh(4, steps=1),
    "pull_down_16": _fresh(16, steps=1),
    "pull_down_64": _fresh(64, steps=1),
}
PULL = -10_000.0  # the target that pulls a unit down: far below anything it puts out


@dataclass(frozen=True)
class Data:
    """A labelled table.

    Attributes:
        x: features as the source gives them, float32, shape (samples, features).
        y: class labels 0, 1, ..., int32, or real targets, float32; shape (samples,).
    """

    x: np.ndarray
    y: np.ndarray


@lru_cache
def check_available(name: str) -> None:
    """Whether a data set can be had, asked before anything is trained.

    Raises:
        UserError: it is neither in Keras's cache nor can its download be reached.
    """
    if DATASETS[name].archive is None:
        return
    place, address = DATASETS[name].archive
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
    if (cache / place).exists():
        return
    try:
        with urlopen(Request(address, method="HEAD"), timeout=10):
            return
    except OSError as error:
        raise _unavailable(name, f"{cache / place} is not there; {address}: {error}") from error


def _unavailable(name: str, reason: object) -> UserError:
    return UserError(
        f"data set '{name}' is neither in Keras's cache nor can it be downloaded ({reason}); "
        "use a bundled one: digits, breast_cancer"
    )


@lru_cache(maxsize=2)
def load(name: str) -> Data:
    """Load a data set of `DATASETS`.

    Raises:
        UserError: the data set has to be downloaded and cannot be.
    """
    if DATASETS[name].source == "fresh":
        return fresh(name, DATASETS[name].n_samples, "data set", name)
    if DATASETS[name].source == "made":
        return _made(name, DATASETS[name].n_samples)
    if DATASETS[name].source == "sklearn":
        from sklearn import datasets

        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    else:
        import keras

        try:
            parts = getattr(keras.datasets, name).load_data()
        except Exception as error:
            raise _unavailable(name, error) from error
        x = np.concatenate([images.reshape(len(images), -1) for images, _ in parts])
        y = np.concatenate([labels.ravel() for _, labels in parts])
    if x.shape != (DATASETS[name].n_samples, DATASETS[name].n_features):
        wanted = DATASETS[name].n_samples, DATASETS[name].n_features
        raise UserError(f"data set '{name}' must be of {wanted[0]:,} samples by {wanted[1]} features, found {x.shape}")
    return Data(x.astype(np.float32), y.astype(np.int32))


def _made(name: str, n: int) -> Data:
    """``friedman``: Friedman's first regression with noise 1, its target standardised. ``absolute``: y = abs(x)
    with x uniform on [-sqrt(3), sqrt(3)] (Lu et al. 2020, section 2)."""
    if name == "absolute":
        x = generator("data set", name).uniform(-np.sqrt(3), np.sqrt(3), (n, 1)).astype(np.float32)
        return Data(x, np.abs(x[:, 0]))
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(n, noise=1.0, random_state=integer_seed("data set", name))
    return Data(x.astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32))


def fresh(name: str, n: int, *key: object) -> Data:
    """Draw n samples of a distribution; equal keys give equal samples.

    ``relu_target``: x standard normal, y = max(0, x). ``pull_down_<d>``: d independent features of mean 1
    and variance 1, y = `PULL`, so that a gradient step pushes an open unit down, whatever it sees.
    """
    x = generator(*key, "fresh").standard_normal((n, DATASETS[name].n_features), dtype=np.float32)
    if name == "relu_target":
        return Data(x, np.maximum(x[:, 0], 0))
    return Data(x + 1, np.full(n, PULL, np.float32))


def split(name: str, study: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and the test samples, drawn anew for each seed; stratified by class if there are any."""
    from sklearn.model_selection import train_test_split

    return train_test_split(
        np.arange(DATASETS[name].n_samples, dtype=np.int32),
        train_size=DATASETS[name].n_train,
        stratify=None if DATASETS[name].regression else load(name).y,
        random_state=integer_seed(study, seed, "split"),
    )


PORTIONS = ("all", "first_half", "second_half", "low_classes", "high_classes")
_PORTION = 0.49  # share of the training set in a portion: just under half, so that any seed's split holds it


def portion_size(portion: str, n: int) -> int:
    """How many of n samples a portion has."""
    return n if portion == "all" else int(_PORTION * n)


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


SHIFTS = ("none", *(f"noise_{s}" for s in ("0.25", "0.5", "1", "2")), *(f"translated_{k}" for k in (1, 2)), "inverted")


def shifted(shift: str, name: str, x: np.ndarray) -> np.ndarray:
    """The features of samples under a shift of their distribution, shape (samples, features).

    ``noise_<s>``: normal noise of s standard deviations of each feature. ``translated_<k>``: images moved k
    pixels down and right, other features to the feature k places on. ``inverted``: each feature mirrored in its
    range. The standard deviations and ranges are those of the whole data set.
    """
    kind, _, size = shift.partition("_")
    table = load(name).x
    if kind == "noise":
        draw = generator("shift", shift, name, len(x)).standard_normal(x.shape, dtype=np.float32)
        return x + np.float32(size) * table.std(axis=0) * draw
    if kind == "translated":
        grid = x.reshape(len(x), *(DATASETS[name].image or (1, x.shape[1], 1)))
        return np.roll(grid, int(size), axis=(1, 2)).reshape(x.shape)
    if kind == "inverted":
        return table.min(axis=0) + table.max(axis=0) - x
    return x


SCALINGS = ("standardised", "centred", "scaled", "unit", "raw")


def affine(scaling: str, x_train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shift and scale, each of shape (features,), so that the network sees (x - shift) / scale.

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
    return shift, np.where(scale > 0, scale, 1).astype(np.float32)
