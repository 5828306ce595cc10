"""The data sets: what is known of them without loading, how they are loaded, split and scaled."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dying_relu.errors import UserError
from dying_relu.seeding import integer_seed


@dataclass(frozen=True)
class Info:
    """What a plan must know about a data set: counts only, so that nothing is loaded for it."""

    n_samples: int
    n_train: int
    n_features: int
    n_classes: int
    source: str  # "sklearn" (bundled with scikit-learn) or "keras" (downloaded by keras.datasets)


DATASETS = {
    "digits": Info(1797, 1500, 64, 10, "sklearn"),
    "breast_cancer": Info(569, 450, 30, 2, "sklearn"),
    "mnist": Info(70_000, 60_000, 784, 10, "keras"),
    "fashion_mnist": Info(70_000, 60_000, 784, 10, "keras"),
    "cifar10": Info(60_000, 50_000, 3072, 10, "keras"),
}


@dataclass(frozen=True)
class Data:
    """A labelled table.

    Attributes:
        x: features as the source gives them, float32, shape (samples, features).
        y: class labels 0, 1, ..., int32, shape (samples,).
    """

    x: np.ndarray
    y: np.ndarray


@lru_cache(maxsize=2)
def load(name: str) -> Data:
    """Load a data set of `DATASETS`.

    Raises:
        UserError: the data set has to be downloaded and cannot be.
    """
    if DATASETS[name].source == "sklearn":
        from sklearn import datasets

        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    else:
        import keras

        try:
            parts = getattr(keras.datasets, name).load_data()
        except Exception as error:
            raise UserError(
                f"data set '{name}' is neither in Keras's cache nor can it be downloaded ({error}); "
                "use a bundled one: digits, breast_cancer"
            ) from error
        x = np.concatenate([images for images, _ in parts]).reshape(DATASETS[name].n_samples, -1)
        y = np.concatenate([labels.ravel() for _, labels in parts])
    return Data(x.astype(np.float32), y.astype(np.int32))


def split(name: str, study: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and the test samples, stratified by class and drawn anew for each seed."""
    from sklearn.model_selection import train_test_split

    return train_test_split(
        np.arange(DATASETS[name].n_samples, dtype=np.int32),
        train_size=DATASETS[name].n_train,
        stratify=load(name).y,
        random_state=integer_seed(study, seed, "split"),
    )


SCALINGS = ("standardised", "unit", "raw")


def affine(scaling: str, x_train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shift and scale, each of shape (features,), so that the network sees (x - shift) / scale.

    ``standardised``: each feature to mean 0 and standard deviation 1 on the training set.
    ``unit``: each feature from its training range to [0, 1], so inputs are not negative, not centred.
    ``raw``: as they come. A feature that is constant on the training set is only shifted.
    """
    if scaling == "standardised":
        shift, scale = x_train.mean(axis=0), x_train.std(axis=0)
    elif scaling == "unit":
        shift, scale = x_train.min(axis=0), np.ptp(x_train, axis=0)
    else:
        shift, scale = np.zeros_like(x_train[0]), np.ones_like(x_train[0])
    return shift, np.where(scale > 0, scale, 1).astype(np.float32)
