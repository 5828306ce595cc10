"""Table behind the figure of the study closed."""

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import Tables, drawn, matching
from dying_relu.analysis.intervals import POSITIVE, summarise
from dying_relu.studies.closed.estimands import SIDES, times
from dying_relu.studies.closed.theory import travel_time

CELL = ["activation", "bias", "bias_share"]


def closed_times(tables: Tables) -> pd.DataFrame:
    """Times of single-layer networks, by activation, depth and share of units; ``travel``: the derived time.

    Of depths from which some seed's units are not back the mean is missing; ``side``: below or above zero.
    """
    found = times({"activity": drawn(tables["activity"])})
    here = matching(found, depth=1)
    here = here[here["bias"] != 0]
    table = summarise(here, CELL, POSITIVE)
    for name in ("mean", "ci_low", "ci_high"):
        table[name] = table[name].where(np.isfinite(table["mean"]))
    travels = [travel_time(str(name), abs(z)) for name, z in zip(table["activation"], table["bias"], strict=True)]
    return table.assign(travel=np.array(travels, float), side=np.sign(table["bias"]).map(SIDES))
