"""The layer factor that wide random networks are expected to have, by a recursion over their layers."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from dying_relu.analysis.activations import FORMULAS, slope, value
from dying_relu.design.datasets import DATASETS

# variance of a weight, by the units before it and in its layer (He et al. 2015; Glorot and Bengio 2010)
VARIANCES = {"he_normal": lambda before, own: 2 / before, "glorot_normal": lambda before, own: 2 / (before + own)}
MEAN_SQUARES = {("digits", "standardised"): 61 / 64}  # of an input: three of the pixels are always the same


def expected(activation: str, initializer: str, scale: float, like: Mapping[str, object] | None) -> float:
    """The expected layer factor of networks whose initial weights are rescaled; NaN where a formula is lacking.

    Args:
        scale: the factor on the initial weights.
        like: a network's settings, of which ``depth``, ``width``, ``dataset`` and ``scaling`` count; none: NaN.
    """
    mean_square = None if like is None else MEAN_SQUARES.get((like["dataset"], like["scaling"]))
    if activation not in FORMULAS or initializer not in VARIANCES or mean_square is None:
        return np.nan
    depth, width, inputs = int(like["depth"]), int(like["width"]), DATASETS[like["dataset"]].n_features
    variance, square = VARIANCES[initializer], scale**2
    gain, input_gain = square * width * variance(width, width), square * inputs * variance(inputs, width)
    return expected_layer_factor(activation, gain, depth, width, inputs, mean_square, input_gain)


def expected_layer_factor(
    name: str, gain: float, depth: int, width: int, inputs: int, mean_square: float, input_gain: float
) -> float:
    r"""Layer factor of wide random networks without biases, layer by layer; NaN for a single layer.

    Pre-activations of layer l are normal with variance q_l, q_1 = input_gain times the mean squared input, and
    q_{l+1} = gain E[phi(z)^2], where ``gain`` is the weights' variance times the width. Independently drawn weights
    carry the squared error signal back by gain E[phi'(z)^2] from each layer to the one before, and the squared
    gradient of a layer is its signal times one (biases) plus the squared length of its inputs. Correlations between
    samples are left out.

    Args:
        name: of an activation with a formula.
        inputs: number of features.
        mean_square: of the features.
        input_gain: variance of the first layer's weights times the number of features.
    """
    nodes, weights = _quadrature()
    q, length = input_gain * mean_square, inputs * mean_square
    lengths, slopes = [], []
    for _ in range(depth):
        z = np.sqrt(q) * nodes
        lengths.append(1 + length)
        slopes.append(weights @ slope(name, z) ** 2)
        square = weights @ value(name, z) ** 2
        q, length = gain * square, width * square
    signal = np.cumsum(np.log10(slopes[::-1]))[::-1] + np.log10(gain) * np.arange(depth - 1, -1, -1)
    logarithms = (signal + np.log10(lengths)) / 2
    if depth < 2 or not np.isfinite(logarithms).all():
        return np.nan
    return float(10 ** -np.polyfit(np.arange(1, depth + 1), logarithms, 1)[0])


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Nodes, and weights that sum to one, for means over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(201)
    return nodes, weights / weights.sum()
