"""Learning rates on the scale of what a class of networks stands: the one place where rates get their names.

A network *fails* when it diverges, or ends no better than half way to all correct on test samples. The *limit* of a
class of networks is the first rate, from the proper one on, at which half of its pilot networks fail. The *killing
rate* is the highest rate tried below the limit: the most that the class stands. The *proper rate* is the one with the
best mean test accuracy, all finite; of regressions, which have no accuracy and fail only by diverging, the one with
the smallest mean test loss, all finite.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dying_relu.analysis.curves import crossing
from dying_relu.analysis.frames import grouped, pilot
from dying_relu.design.settings import NAMED_RATES, SETTINGS

PASSED = 0.5  # test accuracy below which a network has failed


def failed(networks: pd.DataFrame) -> pd.Series:
    """Whether each network diverged, or is wrong on more than half of the test samples; regressions only diverge."""
    return networks["diverged"].astype(bool) | (networks["test_accuracy"].astype(float) < PASSED)


def scale(networks: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """For each class of networks, on pilot seeds: ``by``, ``limit``, ``killing`` and ``proper`` rate.

    The limit is interpolated in the logarithm of the rate, and infinite where fewer than half fail at every rate.
    Where half fail at the lowest rate already there is no killing rate; where none is all finite, no proper one.
    """
    by, rows = list(by), []
    known = pilot(networks).assign(failed=failed(pilot(networks)).astype(float))
    for level, part in grouped(known, by) if by else [((), known)] if len(known) else []:
        rates = part.groupby("learning_rate")
        failing = rates["failed"].mean()
        finite = _quality(part).groupby(part["learning_rate"]).mean()[rates["diverged"].sum() == 0].dropna()
        proper = finite.idxmax() if len(finite) else np.nan
        start = proper if len(finite) else failing.idxmin()  # below it networks may fail for want of time
        limit = crossing(failing[failing.index >= start], 0.5)
        below = failing.index[(failing < 0.5) & ~(failing.index >= limit)]
        killing = below.max() if len(below) else np.nan
        rows.append((*level, np.inf if np.isnan(limit) else limit, killing, proper))
    found = pd.DataFrame(rows, columns=[*by, "limit", *NAMED_RATES])
    dtypes = {} if rows else {key: networks[key].dtype for key in by}  # without rows it can be merged all the same
    return found.astype({**dtypes, "limit": float, **dict.fromkeys(NAMED_RATES, float)})


def _quality(networks: pd.DataFrame) -> pd.Series:
    """Of each network the larger the better: its test accuracy, or where there is none the negative test loss."""
    known = networks.reindex(columns=["test_accuracy", "test_loss"]).astype(float)
    return known["test_accuracy"].fillna(-known["test_loss"])


def named(networks: pd.DataFrame, name: str) -> float | None:
    """The ``killing`` or ``proper`` rate of one class of networks, if it has any."""
    found = scale(networks, [])[name].dropna()
    return float(found.iloc[0]) if len(found) else None


def on_scale(found: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """A map with ``limit_share``, the rate over the limit of its class, and whether that is its `NAMED_RATES`.

    A class is told by all settings that networks and map both have, but for the rate.

    Args:
        networks: those that the limit is of: one arm.
    """
    by = [key for key in SETTINGS if key in found and key in networks and key != "learning_rate"]
    scaled = found.merge(scale(networks, by), on=by, how="left", suffixes=("", "_rate"))
    named = {name: scaled["learning_rate"] == scaled[name] for name in NAMED_RATES}
    return scaled.assign(limit_share=scaled["learning_rate"] / scaled["limit"], **named).drop(columns="limit")


def at(frame: pd.DataFrame, networks: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of each class of networks at its ``killing`` or ``proper`` rate.

    Args:
        networks: those that the rates are of.
    """
    marked = on_scale(frame, networks)
    return frame[marked[name].to_numpy(bool)]
