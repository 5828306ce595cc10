"""Table behind the figure of the study activation_cost."""

import pandas as pd

from dying_relu.figure_data.common import Tables, kind, summarise


@kind("timings")
def activation_times(tables: Tables) -> pd.DataFrame:
    """Time of each activation over that of ReLU: outputs alone, with the gradient, and inside a training step."""
    found = tables["timings"]
    found = found[found["phase"] == "confirmatory"]
    return summarise(found.assign(value=found["ratio"]), ["part", "activation"])
