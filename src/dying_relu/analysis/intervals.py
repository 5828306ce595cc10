"""Intervals over seeds: the one place from which ledger, figures and text take theirs.

The replicate is the seed. The ledger's intervals are exact, of the median seed or of a share of seeds
(Clopper-Pearson); figures show pointwise BCa bootstrap intervals of means. All by scipy.stats.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu.design.seeding import integer_seed

ALPHA = 0.05
SMALLEST_P = 1e-12  # below it a p-value is not told
RESAMPLES = 999  # of pointwise intervals
Interval = tuple[float, float]
SHARE: Interval = (0.0, 1.0)  # bounds of a share
DIFFERENCE: Interval = (-1.0, 1.0)  # of a difference of shares
POSITIVE: Interval = (0.0, np.inf)
REAL: Interval = (-np.inf, np.inf)


class Estimate(NamedTuple):
    """A mean over seeds with its pointwise 95 % interval (missing where nothing bounds it), and the number of seeds."""

    value: float
    ci_low: float = np.nan
    ci_high: float = np.nan
    n_seeds: int = 0


def mean_interval(values: np.ndarray, bounds: Interval, resamples: int, seed: int) -> Callable[[float], Interval]:
    """BCa bootstrap intervals of the mean (Efron 1987), as a function of alpha.

    Where all values agree the bootstrap knows no spread. Then the share of seeds with another value is
    below ``1 - (alpha/2)**(1/n)`` (exact), and within ``bounds`` the mean cannot be farther off than that.
    Below alpha = 2 / n**n even the most extreme resample is too likely, and the interval is ``bounds``;
    so it is with a single seed, and where a value is infinite.

    Args:
        values: one value a seed, shape (seeds,).
        bounds: smallest and largest possible value.
        resamples: bootstrap resamples.
        seed: of the resampling.
    """
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return lambda alpha: bounds
    if np.ptp(values) == 0:
        return lambda alpha: _around(values[0], 1 - (alpha / 2) ** (1 / n), bounds)
    scale = np.ptp(values)  # probabilities near 1e-9 would underflow in the third moments of BCa
    data = (np.asarray(values, float) / scale,)
    first = stats.bootstrap(data, np.mean, n_resamples=resamples, method="BCa", rng=seed)

    def interval(alpha: float) -> Interval:
        if alpha < 2 * float(n) ** -n:
            return bounds
        again = stats.bootstrap(
            data, np.mean, n_resamples=0, bootstrap_result=first, confidence_level=1 - alpha, method="BCa"
        )
        low, high = again.confidence_interval
        if not np.isfinite([low, high]).all():
            return bounds
        return max(float(low * scale), bounds[0]), min(float(high * scale), bounds[1])  # whatever rounding did

    return interval


def median_interval(values: np.ndarray, bounds: Interval) -> Callable[[float], Interval]:
    """Exact intervals of the median, as a function of alpha: SciPy's quantile test inverted, whatever the distribution.

    Each end is an order statistic, alpha / 2 on each side; where so few values cannot bound it, it is that of
    ``bounds``.

    Args:
        values: one value a seed, shape (seeds,); infinite ones are allowed.
        bounds: smallest and largest possible value.
    """
    if len(values) == 0:
        return lambda alpha: bounds
    ordered = np.sort(np.asarray(values, float))

    def interval(alpha: float) -> Interval:
        places = _places(len(ordered), alpha)
        low, high = (
            bound if place is None else float(ordered[place]) for place, bound in zip(places, bounds, strict=True)
        )
        return low, high

    return interval


@cache
def _places(n: int, alpha: float) -> tuple[int | None, ...]:
    """Which of n ordered values are the ends of SciPy's interval of the median: the same for all values."""
    ends = stats.quantile_test(np.arange(float(n)), p=0.5).confidence_interval(confidence_level=1 - alpha)
    return tuple(None if np.isnan(end) else int(end) for end in ends)


def share_interval(events: int, n: int) -> Callable[[float], Interval]:
    """Clopper-Pearson intervals of a share, as a function of alpha."""
    if n == 0:
        return lambda alpha: (0.0, 1.0)
    test = stats.binomtest(int(events), int(n))

    def interval(alpha: float) -> Interval:
        low, high = test.proportion_ci(confidence_level=1 - alpha, method="exact")
        return float(low), float(high)

    return interval


def exact_interval(events: int, n: int) -> Interval:
    """95 % Clopper-Pearson interval of a share."""
    return share_interval(events, n)(ALPHA)


def summarise(frame: pd.DataFrame, by: Sequence[str], bounds: Interval = REAL) -> pd.DataFrame:
    """Mean of ``value`` over seeds in each cell, with its pointwise interval; a seed's rows are averaged first.

    Args:
        frame: with the columns ``by``, ``seed`` and ``value``.
        bounds: smallest and largest possible value; an interval that only infinite bounds limit is missing.

    Returns:
        Columns ``by``, ``mean``, ``ci_low``, ``ci_high``, ``n_seeds``.
    """
    by, rows = list(by), []
    keys = {"observed": True, "dropna": False}  # a network without biases has a missing level
    seeds = frame.dropna(subset="value").groupby([*by, "seed"], **keys)["value"].mean().reset_index()
    for cell, part in seeds.groupby(by, **keys) if by else [((), seeds)] if len(seeds) else []:
        values = part["value"].to_numpy(float)
        rows.append((*cell, values.mean(), *_pointwise(values, bounds, cell), len(values)))
    found = pd.DataFrame(rows, columns=[*by, "mean", "ci_low", "ci_high", "n_seeds"])
    dtypes = {} if rows else {key: frame[key].dtype for key in by}  # without rows it can be merged all the same
    return found.astype({**dtypes, "mean": float, "ci_low": float, "ci_high": float, "n_seeds": int})


def estimate(values: pd.Series, bounds: Interval = REAL) -> Estimate:
    """Mean and interval of one value a seed; missing ones are left out."""
    known = values.dropna().to_numpy(float)
    if len(known) == 0:
        return Estimate(np.nan)
    return Estimate(float(known.mean()), *_pointwise(known, bounds, (0,)), len(known))


def share(events: int, n: int) -> Estimate:
    """A share of n seeds, with its exact interval."""
    return Estimate(events / n, *exact_interval(events, n), n) if n else Estimate(np.nan)


def _pointwise(values: np.ndarray, bounds: Interval, cell: tuple) -> Interval:
    low, high = mean_interval(values, bounds, RESAMPLES, integer_seed("figure", cell))(ALPHA)
    return (low if np.isfinite(low) else np.nan), (high if np.isfinite(high) else np.nan)


def _around(value: float, share: float, bounds: Interval) -> Interval:
    low, high = bounds
    return float(value - share * (value - low)), float(value + share * (high - value))
