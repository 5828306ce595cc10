"""From one value a seed to an interval, from intervals to verdicts, with one error rate for all claims.

The replicate is the seed. Intervals are BCa bootstrap intervals of the mean, or exact (Clopper-Pearson)
for shares; all by scipy.stats. What is ours: p-values by inverting those intervals, so that interval, p
and verdict can never disagree, and Holm's step-down levels for the intervals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

ALPHA = 0.05
Interval = tuple[float, float]


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


def mean_interval(values: np.ndarray, bounds: Interval, resamples: int, seed: int) -> Callable[[float], Interval]:
    """BCa bootstrap intervals of the mean (Efron 1987), as a function of alpha.

    Where all values agree the bootstrap knows no spread. Then the share of seeds with another value is
    below ``1 - (alpha/2)**(1/n)`` (exact), and within ``bounds`` the mean cannot be farther off than that.
    Below alpha = 2 / n**n even the most extreme resample is too likely, and the interval is ``bounds``;
    so it is with a single seed.

    Args:
        values: one value a seed, shape (seeds,).
        bounds: smallest and largest possible value.
        resamples: bootstrap resamples.
        seed: of the resampling.
    """
    n = len(values)
    if n < 2:
        return lambda alpha: bounds
    if np.ptp(values) == 0:
        return lambda alpha: _around(values[0], 1 - (alpha / 2) ** (1 / n), bounds)
    first = stats.bootstrap((values,), np.mean, n_resamples=resamples, method="BCa", rng=seed)

    def interval(alpha: float) -> Interval:
        if alpha < 2 * float(n) ** -n:
            return bounds
        again = stats.bootstrap(
            (values,), np.mean, n_resamples=0, bootstrap_result=first, confidence_level=1 - alpha, method="BCa"
        )
        low, high = again.confidence_interval
        return (float(low), float(high)) if np.isfinite([low, high]).all() else bounds

    return interval


def share_interval(events: int, n: int) -> Callable[[float], Interval]:
    """Clopper-Pearson intervals of a share, as a function of alpha."""
    if n == 0:
        return lambda alpha: (0.0, 1.0)
    test = stats.binomtest(int(events), int(n))

    def interval(alpha: float) -> Interval:
        low, high = test.proportion_ci(confidence_level=1 - alpha, method="exact")
        return float(low), float(high)

    return interval


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


def _around(value: float, share: float, bounds: Interval) -> Interval:
    low, high = bounds
    return float(value - share * (value - low)), float(value + share * (high - value))
