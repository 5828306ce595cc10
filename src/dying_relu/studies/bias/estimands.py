"""Estimands of the study bias: what a bias does to death, and apart from that to accuracy.

An *arm* is how the hidden biases are treated: ``none`` (there are none), ``zero`` (they start at 0), ``start`` (at
another value), ``penalty`` (at 0, under an L2 penalty), with its ``size``, the start or the strength.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis.choice import choose
from dying_relu.analysis.frames import Tables, alive, by_seed, confirmatory, matching
from dying_relu.studies.bias import CONTENTS

SMALL_POSITIVE = (0.01, 0.1)
RULES = CONTENTS.choices
Arm = tuple[str, float]  # kind and size
ZERO, NONE = ("zero", 0.0), ("none", 0.0)


def dead_ratio_positive_to_zero_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with a small positive initial bias over that with zero bias, at the killing rate.

    The killing rate is that of `killing_rate`; of the small positive biases the one that leaves fewest dead units
    there on pilot seeds. Seeds without a dead unit at zero bias say nothing.
    """
    networks = with_arms(tables["networks"])
    rate = killing_rate(networks)
    return by_seed(_ratio(networks, best_positive(networks, rate), rate))


def dead_ratio_regularised_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with an L2 penalty on the hidden biases over that without, at the killing rate.

    The strength is the one that leaves fewest dead units there on pilot seeds.
    """
    networks = with_arms(tables["networks"])
    rate = killing_rate(networks)
    return by_seed(_ratio(networks, best_penalty(networks, rate), rate))


def accuracy_lost_without_bias(tables: Tables) -> pd.DataFrame:
    """Test accuracy with biases (started at zero) less that without, each at its best rate on pilot seeds."""
    networks = with_arms(tables["networks"])
    with_bias, without = (at(networks, arm, proper_rate(networks, arm), "test_accuracy") for arm in (ZERO, NONE))
    return by_seed((with_bias - without).dropna())


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


def killing_rate(networks: pd.DataFrame) -> float | None:
    """The rate at which nets with zero initial bias lose most units on pilot seeds."""
    return choose(of_arm(networks, ZERO), RULES["killing"])["learning_rate"]


def proper_rate(networks: pd.DataFrame, arm: Arm) -> float | None:
    """The rate of an arm with the best mean test accuracy on pilot seeds, all of them finite."""
    return choose(of_arm(networks, arm), RULES["proper"])["learning_rate"]


def best_positive(networks: pd.DataFrame, rate: float | None) -> Arm:
    """The small positive bias with fewest dead units at a rate on pilot seeds."""
    small = matching(networks, kind="start", size=SMALL_POSITIVE, learning_rate=rate)
    return "start", choose(small, RULES["size"])["size"]


def best_penalty(networks: pd.DataFrame, rate: float | None) -> Arm:
    """The penalty with fewest dead units at a rate on pilot seeds."""
    return "penalty", choose(matching(networks, kind="penalty", learning_rate=rate), RULES["size"])["size"]


def at(networks: pd.DataFrame, arm: Arm, rate: float | None, column: str) -> pd.Series:
    """A column of the finite confirmatory networks of an arm at a rate, by seed."""
    here = matching(of_arm(alive(confirmatory(networks)), arm), learning_rate=rate)
    return here.set_index("seed")[column].astype(float)


def _ratio(networks: pd.DataFrame, arm: Arm, rate: float | None) -> pd.Series:
    without = at(networks, ZERO, rate, "dead_fraction")
    return (at(networks, arm, rate, "dead_fraction") / without.where(without > 0)).dropna()
