"""Figure of the study activation_cost."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import LogLocator

from dying_relu.analysis.drawing import WIDTH, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.studies.activation_cost.estimands import PARTS


def activation_times(table: pd.DataFrame) -> plt.Figure:
    """Three panels: time over that of ReLU, one row an activation, in the order of the middle panel."""
    order = matching(table, part="both passes").sort_values("mean", ascending=False)["activation"].tolist()
    figure, axes = plt.subplots(1, len(PARTS), figsize=(WIDTH, 0.9 + 0.17 * len(order)), sharey=True)
    for axis, (part, look) in zip(axes, looks(PARTS, PARTS.get).items(), strict=True):
        here = matching(table, part=part).set_index("activation").reindex(order)
        spread = [here["mean"] - here["ci_low"], here["ci_high"] - here["mean"]]
        axis.axvline(1, color="0.6", linewidth=0.8)
        axis.errorbar(here["mean"], range(len(order)), xerr=spread, color=look.color, marker=look.marker, ls="")
        axis.set(yticks=range(len(order)), yticklabels=[ACTIVATIONS[name].name for name in order])
        axis.set(xlabel="time / time of ReLU", title=look.label)
        if part != "training step":
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(2))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.minorticks_off()
    figure.tight_layout()
    return figure
