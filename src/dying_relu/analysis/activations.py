"""The mathematics of the activations, in NumPy: value and slope of each, in double and in single precision.

Held to the Keras layers by the tests. A slope is written as automatic differentiation computes it, in the output h
where that is what it keeps: it matters in single precision, where h + 1 of ELU is zero long before e^z is. The winners
of a layer depend on their siblings and have no formula here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, expit, log_expit

from dying_relu.design.catalogue import ACTIVATIONS

Function = Callable[[np.ndarray], np.ndarray]
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017


@dataclass(frozen=True)
class Formula:
    """phi and phi'.

    Attributes:
        value: phi(z).
        slope: phi'(z), given z, the output h, and a function that rounds to the precision in use.
    """

    value: Function
    slope: Callable[[np.ndarray, np.ndarray, Function], np.ndarray]


def _linear_below(c: float) -> Formula:
    return Formula(lambda z: np.where(z > 0, z, c * z), lambda z, h, r: np.where(z > 0, 1.0, c))


def _logistic(steep: float) -> Formula:
    return Formula(lambda z: expit(steep * z), lambda z, h, r: r(np.asarray(steep)) * (h * (r(np.asarray(1.0)) - h)))


def _exponential_below(scale: float, alpha: float) -> Formula:
    below = scale * alpha
    return Formula(
        lambda z: np.where(z > 0, scale * z, below * np.expm1(np.minimum(z, 0))),
        lambda z, h, r: np.where(
            z < 0, r(np.asarray(below)) * (r(np.expm1(np.minimum(z, 0))) + 1), r(np.asarray(scale))
        ),
    )


def _gelu_slope(z: np.ndarray, h: np.ndarray, r: Function) -> np.ndarray:
    share = r(np.asarray(0.5)) * (r(np.asarray(1.0)) + r(erf(z / np.sqrt(2))))
    return share + r(z) * r(np.exp(-(z**2) / 2)) * r(np.asarray(1 / np.sqrt(2 * np.pi)))


def _silu_slope(z: np.ndarray, h: np.ndarray, r: Function) -> np.ndarray:
    s, one = r(expit(z)), r(np.asarray(1.0))
    return s * (one + r(z) * (one - s))


FORMULAS = {
    **{name: _linear_below(entry.slope) for name, entry in ACTIVATIONS.items() if entry.slope is not None},
    "prelu": _linear_below(0.0),  # its slope is learned; so it starts
    "elu": _exponential_below(1.0, 1.0),
    "selu": _exponential_below(_SELU_SCALE, _SELU_ALPHA),
    "gelu": Formula(lambda z: z * (1 + erf(z / np.sqrt(2))) / 2, _gelu_slope),
    "silu": Formula(lambda z: z * expit(z), _silu_slope),
    "softplus": Formula(lambda z: np.maximum(z, 0) - log_expit(np.abs(z)), lambda z, h, r: r(expit(z))),
    "tanh": Formula(np.tanh, lambda z, h, r: r(np.asarray(1.0)) - h * h),
    "sigmoid": _logistic(1.0),
    "sigmoid_4x": _logistic(4.0),
}


def value(name: str, z: np.ndarray) -> np.ndarray:
    """phi(z) of an activation of `FORMULAS`, elementwise."""
    return FORMULAS[name].value(np.asarray(z, float))


def slope(name: str, z: np.ndarray) -> np.ndarray:
    """phi'(z) of an activation of `FORMULAS`, elementwise; at a kink from below, of SELU from above, as in Keras."""
    z = np.asarray(z, float)
    return np.asarray(FORMULAS[name].slope(z, FORMULAS[name].value(z), lambda values: values), float)


def single_slope(name: str, z: np.ndarray) -> np.ndarray:
    """phi'(z) in single precision: each step rounded, numbers below its normal range flushed to zero."""
    z = np.asarray(z, float)
    with np.errstate(over="ignore", under="ignore"):
        found = FORMULAS[name].slope(z, _single(FORMULAS[name].value(z)), _single)
    return _single(found)


def frozen_depth(name: str) -> float:
    """How far below zero a pre-activation must lie for phi' to be exactly 0 in single precision, to one decimal.

    From there on down, that is; infinite where the slope is never zero, and for activations without a formula.
    """
    if name not in FORMULAS:
        return np.inf
    depths = np.round(np.arange(0, 200.05, 0.1), 1)
    nonzero = np.flatnonzero(single_slope(name, -depths) != 0)
    if len(nonzero) == 0:
        return 0.0
    return float(depths[nonzero[-1] + 1]) if nonzero[-1] + 1 < len(depths) else np.inf


def _single(values: np.ndarray) -> np.ndarray:
    """Rounded to single precision, numbers below its normal range flushed to zero."""
    values = np.asarray(values, np.float32)
    return np.where(np.abs(values) < np.finfo(np.float32).tiny, np.float32(0), values)
