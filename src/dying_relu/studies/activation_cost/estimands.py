"""Estimands of the study activation_cost: the time an activation takes over the time that ReLU takes."""

import pandas as pd

from dying_relu.analysis.frames import Tables, by_seed, confirmatory, matching

# what of an activation is timed, as printed
PARTS = {
    "forward": "outputs alone",
    "both passes": "outputs and gradient",
    "training step": "a whole training step",
}


def sigmoid_to_relu_time(tables: Tables) -> pd.DataFrame:
    """Time of sigmoid over that of ReLU, outputs and gradient together, outside of any network; by repetition."""
    return by_seed(ratios(tables["timings"], "sigmoid", "both passes"))


def ratios(timings: pd.DataFrame, activation: str, part: str) -> pd.Series:
    """Time of an activation over that of ReLU, by confirmatory repetition; ``part``: one of `PARTS`."""
    return matching(confirmatory(timings), activation=activation, part=part).set_index("seed")["ratio"].dropna()
