"""Survival of units: the Kaplan-Meier estimate and the logrank test, with the seed as the replicate.

Both take a *life table*: a row a seed, layer and moment, with ``time``, ``at_risk`` (units to which it has not happened
before) and ``events`` (units to which it has happened since the moment before).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu.analysis.intervals import ALPHA, RESAMPLES, SHARE, mean_interval
from dying_relu.design.seeding import integer_seed

_FEWEST = 4  # seeds of which a bootstrap says anything, as in `intervals`


def survival(lives: pd.DataFrame, key: Sequence[str] = ()) -> pd.DataFrame:
    """Kaplan-Meier estimate over all units of a life table, with a percentile bootstrap over seeds.

    Where no resample differs, the bound is that of `intervals` for seeds that agree.

    Args:
        lives: without units at risk there is no curve.
        key: of the resampling.

    Returns:
        ``time``, ``mean`` (the estimate), ``ci_low``, ``ci_high`` (pointwise 95 %), ``n_seeds`` (with units at risk).
    """
    n = lives["seed"][lives["at_risk"] > 0].nunique()
    if n == 0:
        return pd.DataFrame(columns=["time", "mean", "ci_low", "ci_high", "n_seeds"], dtype=float)
    wide = _wide(lives, ["time"])
    at_risk, events, times = wide["at_risk"].to_numpy(), wide["events"].to_numpy(), wide["at_risk"].columns
    seeds = np.arange(len(wide))

    def estimate(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        risk, happened = at_risk[drawn].sum(axis=-2), events[drawn].sum(axis=-2)
        hazard = np.divide(happened, risk, out=np.zeros_like(happened), where=risk > 0)
        return np.moveaxis(np.cumprod(1 - hazard, axis=-1), -1, 0)  # times first, resamples last

    mean = estimate(seeds)
    low, high = np.full((2, len(times)), [[bound] for bound in SHARE])
    if n >= _FEWEST:
        low, high = stats.bootstrap(
            (seeds,),
            estimate,
            n_resamples=RESAMPLES,
            method="percentile",
            vectorized=True,
            rng=integer_seed("survival", *key),
        ).confidence_interval
    agreed = [mean_interval(np.full(n, value), SHARE, RESAMPLES, 0)(ALPHA) for value in mean]
    low, high = np.where(np.isclose(low, high), np.transpose(agreed), (low, high))
    return pd.DataFrame({"time": times, "mean": mean, "ci_low": low, "ci_high": high, "n_seeds": n})


def logrank(lives: pd.DataFrame, others: pd.DataFrame, resamples: int = 1999) -> tuple[float, float]:
    """Logrank statistic between two treatments of the same networks, and its p-value by permutation within seeds.

    The numerator of the logrank test, stratified by layer: events under the first treatment less those expected
    if both had the same hazard at each moment. Under that hypothesis the two networks of a seed can be swapped.

    Args:
        lives, others: a life table each.
    """
    arms = [_wide(frame, ["layer", "time"]) for frame in (lives, others)]
    seeds = arms[0].index.intersection(arms[1].index)
    if len(seeds) < 2:
        return np.nan, np.nan
    both = pd.concat([arm.loc[seeds] for arm in arms]).fillna(0.0)
    at_risk, events = both["at_risk"].to_numpy(), both["events"].to_numpy()

    def statistic(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
        n1, n2, d1, d2 = (table[rows].sum(axis=-2) for table in (at_risk, events) for rows in (first, second))
        share = np.divide(n1, n1 + n2, out=np.zeros_like(n1), where=n1 + n2 > 0)
        return (d1 - (d1 + d2) * share).sum(axis=-1)

    rows = np.arange(len(seeds))
    result = stats.permutation_test(
        (rows, rows + len(seeds)),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=100,
        rng=integer_seed("logrank", len(seeds)),
    )
    return float(result.statistic), float(result.pvalue)


def _wide(lives: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    values = ["at_risk", "events"]
    return lives.pivot_table(values, "seed", columns, aggfunc="sum", fill_value=0.0, observed=True)
