r"""How long a unit alone takes from a depth: the time of travel under gradient flow.

A unit whose pre-activation z lies at -d has a gradient g phi'(z), g being what the loss asks of its output. While g
stays what it is, as far from any solution, dz/dt = v phi'(z) with a drive v > 0 towards zero, and the time to zero is
T / v with

    T(d) = int_0^d ds / phi'(-s).

So T is d / c for a slope of c below zero, e^d - 1 for ELU, 2 (sinh d + d) for sigmoid and d / 2 + sinh(2 d) / 4 for
tanh, the last two on either side. For GELU phi' is zero at d = 0.752 and negative beyond: what drives a unit up above
that depth drives it down below, and no drive of one sign leads across; T is infinite from there on. So it is for ReLU.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import integrate, optimize

from dying_relu.analysis.activations import FORMULAS, slope
from dying_relu.design.catalogue import ACTIVATIONS


def travel_time(activation: str, depth: float) -> float:
    """T(d) in units of one over the drive; infinite where no drive of one sign leads to zero, NaN without a formula.

    Args:
        depth: how far from zero, below it, or for sigmoid and tanh on either side.
    """
    if activation not in FORMULAS:
        return np.nan
    if activation in _CLOSED_FORMS:
        return float(_CLOSED_FORMS[activation](depth))
    constant = ACTIVATIONS[activation].slope
    if constant is not None:
        return depth / constant if constant > 0 else np.inf if depth > 0 else 0.0
    if depth >= turning_point(activation):
        return np.inf
    return float(integrate.quad(lambda s: 1 / float(slope(activation, np.array(-s))), 0, depth)[0])


_CLOSED_FORMS: dict[str, Callable[[float], float]] = {
    "elu": np.expm1,
    "sigmoid": lambda d: 2 * (np.sinh(d) + d),
    "tanh": lambda d: d / 2 + np.sinh(2 * d) / 4,
}


@cache
def turning_point(activation: str) -> float:
    """The depth at which phi' becomes zero or negative for the first time below zero; infinite if it never does."""
    depths = np.arange(0.01, 10, 0.01)
    fallen = np.flatnonzero(slope(activation, -depths) <= 0)
    if len(fallen) == 0:
        return np.inf
    if fallen[0] == 0:
        return 0.0
    found = optimize.brentq(lambda d: float(slope(activation, np.array(-d))), *depths[fallen[0] - 1 : fallen[0] + 1])
    return float(found)


def exponent(times: np.ndarray, travels: np.ndarray) -> float:
    """Slope of log time against log travel time, by least squares: 1 if times go as T; NaN below three points."""
    known = np.isfinite(times) & np.isfinite(travels) & (travels > 0) & (times > 0)
    if known.sum() < 3 or len(np.unique(travels[known])) < 3:
        return np.nan
    return float(np.polyfit(np.log(travels[known]), np.log(times[known]), 1)[0])
