"""Estimands of the study activation_cost: the time an activation takes over the time that ReLU takes."""

import pandas as pd

from dying_relu.estimands.common import Tables, by_seed, confirmatory, estimand
from dying_relu.labels import PART_NAMES

PARTS = tuple(PART_NAMES)


@estimand("timings")
def sigmoid_to_relu_time(tables: Tables) -> pd.DataFrame:
    """Time of sigmoid over that of ReLU, outputs and gradient together, outside of any network; by repetition."""
    return by_seed(ratios(tables["timings"], "sigmoid", "both passes"))


def ratios(timings: pd.DataFrame, activation: str, part: str) -> pd.Series:
    """Time of an activation over that of ReLU, by confirmatory repetition; ``part``: one of `PARTS`."""
    rows = confirmatory(timings)
    return rows[(rows["activation"] == activation) & (rows["part"] == part)].set_index("seed")["ratio"].dropna()
