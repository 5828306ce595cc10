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
