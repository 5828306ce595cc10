"""From intervals to verdicts: where a claim holds, and p-values by inverting intervals, so that they cannot
disagree."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dying_relu.analysis.intervals import SMALLEST_P, Interval

_ROUNDING = 1e-6  # relative: accuracies are kept in single precision, and 15 of 1500 must not fall short of 0.01


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
        if np.isnan(low) or np.isnan(high):
            return "inconclusive"
        if _below(high, self.low) or _below(self.high, low):
            return "refuted"
        if not _below(low, self.low - self.margin) and not _below(self.high + self.margin, high):
            return "supported"
        return "inconclusive"

    def share_inside(self, values: pd.Series) -> float:
        """The share of values, of those that are known, that lie inside; missing where none is known."""
        known = values.dropna()
        inside = [
            not (_below(value, self.low - self.margin) or _below(self.high + self.margin, value)) for value in known
        ]
        return float(np.mean(inside)) if inside else np.nan


def _below(one: float, other: float) -> bool:
    """Whether a value lies below another by more than rounding."""
    return other - one > _ROUNDING * min(abs(one), abs(other))


def p_value(interval: Callable[[float], Interval], region: Region) -> float:
    """The smallest alpha at which the interval decides, to three digits; 1 where it never does."""
    if region.verdict(interval(SMALLEST_P)) != "inconclusive":
        return SMALLEST_P
    low, high = np.log(SMALLEST_P), np.log(0.999)
    if region.verdict(interval(np.exp(high))) == "inconclusive":
        return 1.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        if region.verdict(interval(np.exp(middle))) == "inconclusive":
            low = middle
        else:
            high = middle
    return float(np.exp(high))
