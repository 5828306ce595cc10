"""Table behind the figure of the study activation_cost."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory
from dying_relu.analysis.intervals import POSITIVE, summarise


def activation_times(tables: Tables) -> pd.DataFrame:
    """Time of each activation over that of ReLU: outputs alone, with the gradient, and inside a training step."""
    found = confirmatory(tables["timings"])
    return summarise(found.assign(value=found["ratio"]), ["part", "activation"], POSITIVE)
