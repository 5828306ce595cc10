"""Estimands of the study activation_cost: the time an activation takes over the time that ReLU takes."""

import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables

# what of an activation is timed, as printed
PARTS = {
    "forward": "outputs alone",
    "both passes": "outputs and gradient",
    "training step": "a whole training step",
}


def time_over_relus(tables: Tables) -> pd.DataFrame:
    """Time of an activation over that of ReLU in the same repetition, by activation and part (`PARTS`)."""
    timings = tables["timings"]
    return maps.of(timings, timings["ratio"], pd.Series(False, timings.index), ["part"])
