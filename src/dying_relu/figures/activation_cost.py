"""Figure of the study activation_cost."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.ticker import NullFormatter

from dying_relu.figures.common import MARKERS, WIDTH, kind
from dying_relu.labels import PART_NAMES, activation_name

PARTS = tuple(PART_NAMES)


@kind
def activation_times(table: pd.DataFrame) -> plt.Figure:
    """Three panels: time over that of ReLU, one row an activation, in the order of the middle panel."""
    order = table[table["part"] == PARTS[1]].sort_values("mean", ascending=False)["activation"].tolist()
    figure, axes = plt.subplots(1, len(PARTS), figsize=(WIDTH, 0.9 + 0.17 * len(order)), sharey=True)
    colors = sns.color_palette("colorblind", len(PARTS))
    for place, (axis, part) in enumerate(zip(axes, PARTS, strict=True)):
        here = table[table["part"] == part].set_index("activation").reindex(order)
        spread = [here["mean"] - here["ci_low"], here["ci_high"] - here["mean"]]
        axis.axvline(1, color="0.6", linewidth=0.8)
        axis.errorbar(here["mean"], range(len(order)), xerr=spread, color=colors[place], marker=MARKERS[place], ls="")
        axis.set(yticks=range(len(order)), yticklabels=map(activation_name, order), xlabel="time / time of ReLU")
        axis.set_title(PART_NAMES[part])
        if part != PARTS[2]:
            axis.set(xscale="log")
            axis.set_xticks([0.5, 1, 2, 4, 8, 16, 32])
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_formatter(NullFormatter())
    figure.tight_layout()
    return figure
