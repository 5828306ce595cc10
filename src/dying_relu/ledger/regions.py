"""From intervals to verdicts: where a claim holds, and p-values by inverting intervals, so that they cannot
disagree."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dying_relu.analysis.intervals import Interval

SMALLEST_P = 1e-12


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
        if high < self.low or low > self.high:
            return "refuted"
        if self.low - self.margin <= low and high <= self.high + self.margin:
            return "supported"
        return "inconclusive"

    def share_inside(self, values: pd.Series) -> float:
        """The share of values, of those that are known, that lie inside; missing where none is known."""
        known = values.dropna()
        inside = known.between(self.low - self.margin, self.high + self.margin)
        return float(inside.mean()) if len(known) else np.nan


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
