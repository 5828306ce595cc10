r"""What one step on an outlier does to a ReLU network, in the limit of a large outlier and a small rate.

A ReLU network is positively homogeneous: for an input s e, s large, biases count for nothing and every hidden output
grows as s times that of the direction e. The step on a batch of B samples moves the kernel of layer l by
-(rate / B) h_{l-1} delta_l^T, delta_l the error of the loss at the outlier carried back through the open units, and the
bias by -(rate / B) delta_l. Let the rate go to zero and s to infinity.

*Cross-entropy.* The softmax of s times anything is one at the largest output, so the error at the outputs is that class
less the label, whatever s, and all delta_l with it. Kernels move by (rate s / B) times something without s, biases and
what the other samples do go to zero: the network after the step is a function of rate times s alone.

*Squared error.* The error itself grows as s; the network after the step is a function of rate times s squared.

So which units are dead after it depends on rate times s to the power `exponent`, whatever the weights were.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dying_relu.design.datasets import DATASETS


def exponent(dataset: str) -> int:
    """The power of the outlier's size that goes with the rate: one for cross-entropy, two for squared error."""
    return 2 if DATASETS[dataset].regression else 1


class Layers(NamedTuple):
    """A dense ReLU network: kernels, shape (inputs, units), and biases, of all layers; the last is the output's."""

    kernels: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]


def errors(layers: Layers, direction: np.ndarray, label: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What each layer gets from an outlier far out in a direction, and its error, both over their power of the size.

    Args:
        label: its class; of a regression (one output) it does not count.

    Returns:
        For each layer its inputs over s, shape (inputs,), and its error, over s with squared error, shape (units,).
    """
    inputs, last = [np.asarray(direction, float)], len(layers.kernels) - 1
    for kernel in layers.kernels[:last]:
        inputs.append(np.maximum(inputs[-1] @ kernel, 0))
    output = inputs[-1] @ layers.kernels[last]
    classes = np.eye(len(output))
    error = 2 * output if len(output) == 1 else classes[output.argmax()] - classes[int(label)]
    found = [error]
    for layer in range(last, 0, -1):
        found.insert(0, (layers.kernels[layer] @ found[0]) * (inputs[layer] > 0))
    return inputs, found


def after_step(layers: Layers, direction: np.ndarray, label: float, load: float, batch: int) -> Layers:
    """The network after the step, in the limit.

    Args:
        load: rate times size to the power `exponent`.
    """
    inputs, found = errors(layers, direction, label)
    moved = [
        kernel - load / batch * np.outer(got, error)
        for kernel, got, error in zip(layers.kernels, inputs, found, strict=True)
    ]
    return Layers(moved, layers.biases)


def dead(layers: Layers, x: np.ndarray) -> list[np.ndarray]:
    """For each hidden layer which units are dead on samples, bool, shape (units,)."""
    found = []
    for kernel, bias in list(zip(layers.kernels, layers.biases, strict=True))[:-1]:
        z = x @ kernel + bias
        found.append((z <= 0).all(axis=0))
        x = np.maximum(z, 0)
    return found


def first_layer_deadly_loads(
    z: np.ndarray, feature: np.ndarray, error: np.ndarray, batch: int, size: float = 1.0
) -> np.ndarray:
    """The load from which on each unit of the first layer is dead right after the step; infinite if none kills it.

    The outlier's one feature moves the pre-activation of a sample by -(load / B) size error times that feature of the
    sample: a unit dies only if its error and the feature have the same sign on every sample on which it is open. No
    outlier of a feature that is zero, or of both signs, on a sample of each open unit kills any at once. Half of the
    layer is dead at the median.

    Args:
        z: pre-activations before the step, shape (samples, units).
        feature: of the samples, as the network sees it, shape (samples,).
        error: of each unit, from `errors`, shape (units,).
        size: length of the direction.
    """
    push = size / batch * feature[:, None] * error
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(push > 0, z / push, np.inf)
    return np.where(z > 0, needed, 0.0).max(axis=0)


def deadly_load(
    layers: Layers, direction: np.ndarray, label: float, x: np.ndarray, share: float, batch: int, layer: int = 0
) -> float:
    """The smallest load, on a grid of a hundredth of a decade, at which a share of a layer's units is dead.

    Args:
        x: the samples on which a unit is dead or not.
        layer: counted from 0.
    """
    for load in 10 ** np.arange(-3, 9, 0.01):
        if dead(after_step(layers, direction, label, load, batch), x)[layer].mean() >= share:
            return float(load)
    return np.inf
