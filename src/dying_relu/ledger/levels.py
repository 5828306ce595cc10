"""From intervals to verdicts, with one error rate for all claims.

What is ours, and not SciPy's: p-values by inverting intervals, so that interval, p and verdict can never disagree, and
Holm's step-down levels for the intervals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from dying_relu.analysis.intervals import ALPHA, Interval


@dataclass(frozen=True)
class Region:
    """Where a claim holds: values from low to high.

    ``margin`` is the smallest difference of interest for a claim of an exact value, which no interval of
    positive width could lie inside of; it widens the region when asking whether the interval lies inside.
    """

    low: float
    high: float
    margin: float = 0.0

    def verdict(self, interval: Interval) -> str:
        """supported: the interval lies inside; refuted: outside; inconclusive: across an edge."""
        low, high = interval
        if not (np.isfinite(low) and np.isfinite(high)):
            return "inconclusive"
        if high < self.low or low > self.high:
            return "refuted"
        if self.low - self.margin <= low and high <= self.high + self.margin:
            return "supported"
        return "inconclusive"


def p_value(interval: Callable[[float], Interval], region: Region, smallest: float) -> float:
    """The smallest alpha at which the interval decides, to three digits; 1 where it never does.

    Args:
        smallest: alpha below which the interval's resampling cannot see.
    """
    if region.verdict(interval(smallest)) != "inconclusive":
        return smallest
    low, high = np.log(smallest), np.log(0.999)
    if region.verdict(interval(np.exp(high))) == "inconclusive":
        return 1.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        if region.verdict(interval(np.exp(middle))) == "inconclusive":
            low = middle
        else:
            high = middle
    return float(np.exp(high))


def holm_levels(p: Sequence[float], alpha: float = ALPHA) -> np.ndarray:
    """The alpha at which each claim is decided, and its interval taken (Holm 1979).

    A p-value of which i are smaller is held to alpha / (m - i) for as long as all those passed; from the first that
    fails on, all are held to that one's level. Equal p-values share a level, whatever their order.
    """
    levels = alpha / (len(p) - stats.rankdata(p, method="min") + 1)
    return np.minimum(levels, levels[np.asarray(p) > levels].min(initial=alpha))


def holm_adjusted(p: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p-values: the family-wise error rate at which each claim is just decided."""
    order = np.argsort(p, kind="stable")
    factors = len(p) - np.arange(len(p))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p)[order] * factors), 1)
    return adjusted
