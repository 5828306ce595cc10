"""Where a curve over learning rates, or densities, reaches a level; and what it is between two of its points."""

import numpy as np
import pandas as pd


def crossing(curve: pd.Series, level: float, at_start: bool = True) -> float:
    """Where a curve first reaches a level, linear in the logarithm of its index; NaN where it never does.

    Args:
        curve: values by a positive, rising index.
        at_start: whether a curve that begins at the level or above crosses at its first point; else nowhere.
    """
    curve = curve.dropna()
    above = np.flatnonzero(curve.to_numpy(float) >= level)
    if len(above) == 0 or (above[0] == 0 and not at_start):
        return np.nan
    first = above[0]
    if first == 0:
        return float(curve.index[0])
    x, y = np.log(curve.index.to_numpy(float)[first - 1 : first + 1]), curve.to_numpy(float)[first - 1 : first + 1]
    return float(np.exp(np.interp(level, y, x)))


def divergence_limits(networks: pd.DataFrame, by: list[str], dead: float = 0.4) -> pd.DataFrame:
    """For each class of networks (levels of ``by``) the rate at which half of them diverge.

    Args:
        networks: the rows that count.
        dead: a dead fraction that is of interest too.

    Returns:
        ``by``, and ``limit``: interpolated in log rate between the last rate with less than half and the first with at
        least half; missing where none reaches it. ``limit_dead``: the same for a mean dead fraction of ``dead``, and
        ``most_dead`` the largest one, over rates at which at least half of the networks stay finite, and of these.
    """
    rows = []
    for arm, part in networks.groupby(by, observed=True, dropna=False) if by else [((), networks)]:
        rates = part.groupby("learning_rate")
        diverged = rates["diverged"].mean().astype(float)
        fraction = rates["dead_fraction"].mean()[diverged <= 0.5].dropna()
        found = {"limit": crossing(diverged, 0.5), "limit_dead": crossing(fraction, dead), "most_dead": fraction.max()}
        rows.append({**dict(zip(by, arm, strict=True)), **found})
    return pd.DataFrame(rows, columns=[*by, "limit", "limit_dead", "most_dead"])
