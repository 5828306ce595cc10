"""Estimands of the study bias: what a bias does to death, and apart from that to accuracy.

Each gives a map over scalings and rates; rates are on the scale of networks whose hidden biases start at zero.

Of figures and text, an *arm* is how the hidden biases are treated: ``none`` (there are none), ``zero`` (they start at
0), ``start`` (at another value), ``penalty`` (at 0, under an L2 penalty), with its ``size``, the start or the strength.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, alive, confirmatory, matching
from dying_relu.analysis.rates import at, named, on_scale

SMALL_POSITIVE = (0.01, 0.1)
OWN = "own best"  # the level of ``rate`` at which each side has the rate it is most accurate at
Arm = tuple[str, float]  # kind and size
ZERO, NONE = ("zero", 0.0), ("none", 0.0)
POSITIVE, PENALTY = ("start", 0.1), ("penalty", 0.1)  # those that the claims name
_FREE = {"bias": 0.0, "bias_decay": 0.0}


def dead_ratio_positive_to_zero_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with a small positive initial bias over that with zero bias, by bias and rate."""
    return _start_beside_zero(_at_the_end(tables), tables, "ratio")


def early_accuracy_gained_by_positive_bias(tables: Tables) -> pd.DataFrame:
    """Training accuracy after the first epoch with a small positive initial bias less that with zero bias."""
    after = matching(tables["history"], epoch=1)
    accuracy = after["train_accuracy"]
    return _start_beside_zero(maps.of(after, accuracy, accuracy.isna()), tables, "difference")


def early_dead_fraction_with_positive_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction after the first epoch with a small positive initial bias less that with zero bias."""
    after = maps.sums(matching(tables["activity"], epoch=1), "n_dead", "n_units")
    return _start_beside_zero(after, tables, "difference")


def dead_ratio_regularised_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with an L2 penalty on the hidden biases over that without, by strength and rate."""
    found = _at_the_end(tables)
    penalised = matching(found, bias=0.0)
    return _beside_zero(penalised[penalised["bias_decay"] > 0], found, tables, "bias_decay", "ratio")


def accuracy_lost_without_bias(tables: Tables) -> pd.DataFrame:
    """Test accuracy with biases (started at zero) less that without.

    Each at its proper rate (``rate`` is `OWN`), and at one rate for both.
    """
    networks = matching(tables["networks"], bias_decay=0.0)
    found = pd.concat(
        [
            maps.of(rows, rows["test_accuracy"]).assign(rate=name)
            for rows, name in (
                (at(networks, networks, "proper"), OWN),
                (networks, networks["learning_rate"].map("{:g}".format).to_numpy()),
            )
        ],
        ignore_index=True,
    )
    return maps.pair(matching(found, bias=0.0), found[found["bias"].isna()], ["bias", "learning_rate"])


def _at_the_end(tables: Tables) -> pd.DataFrame:
    return maps.of(tables["networks"], tables["networks"]["dead_fraction"])


def _start_beside_zero(found: pd.DataFrame, tables: Tables, how: str) -> pd.DataFrame:
    return _beside_zero(matching(found, bias=SMALL_POSITIVE, bias_decay=0.0), found, tables, "bias", how)


def _beside_zero(treated: pd.DataFrame, found: pd.DataFrame, tables: Tables, axis: str, how: str) -> pd.DataFrame:
    """Each level of an axis, how the hidden biases start or are penalised, compared with free biases from zero."""
    free = matching(found, **_FREE).drop(columns=axis).merge(treated[[axis]].drop_duplicates(), how="cross")
    return on_scale(maps.pair(treated, free, [], how), matching(tables["networks"], **_FREE).drop(columns=axis))


def with_arms(frame: pd.DataFrame, scaling: str = "unit") -> pd.DataFrame:
    """The rows of a scaling (by default inputs in the unit interval) with the columns ``kind`` and ``size``."""
    frame = matching(frame, scaling=scaling)
    start, penalty = frame["bias"].astype(float), frame["bias_decay"].astype(float)
    kind = np.select([penalty > 0, start.isna(), start == 0], ["penalty", "none", "zero"], "start")
    return frame.assign(
        kind=pd.Series(kind, frame.index, dtype=object), size=penalty.where(penalty > 0, start.fillna(0))
    )


def of_arm(frame: pd.DataFrame, arm: Arm) -> pd.DataFrame:
    """Rows of an arm."""
    return matching(frame, kind=arm[0], size=arm[1])


def rate_of(networks: pd.DataFrame, arm: Arm, name: str) -> float | None:
    """The ``killing`` or ``proper`` rate of an arm."""
    return named(of_arm(networks, arm), name)


def values(networks: pd.DataFrame, arm: Arm, rate: float | None, column: str) -> pd.Series:
    """A column of the finite confirmatory networks of an arm at a rate, by seed."""
    here = matching(of_arm(alive(confirmatory(networks)), arm), learning_rate=rate)
    return here.set_index("seed")[column].astype(float)
