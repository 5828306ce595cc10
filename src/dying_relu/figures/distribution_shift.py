"""Figures of the study distribution_shift."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import CHANGE_NAMES

_SIZES = {
    "noise": "noise, standard deviations",
    "translated": "images moved, pixels",
    "inverted": "features mirrored",
}


@kind
def alive_elsewhere(table: pd.DataFrame) -> plt.Figure:
    """Rows: alive there of the dead, dead there of the living. Columns: families of shifts. Lines: layers."""
    figure, axes = panels(2, len(_SIZES), sharey=True)
    layers = sorted(layer for layer in table["layer"].unique() if layer > 0)
    colors = sns.color_palette("colorblind", max(len(layers), 1))
    for column, family in enumerate(_SIZES):
        for row, question in enumerate(("alive", "dead")):
            here = table[(table["family"] == family) & (table["question"] == question)]
            for place, layer in enumerate(layers):
                part = here[here["layer"] == layer]
                line(axes[row][column], part, "size", colors[place], MARKERS[place], f"layer {layer:g}")
            axes[row][column].set(ylim=(-0.03, 1.03), xticks=[0, 1, 2])
    labels = ("of the dead on train,\nalive there", "of the living on train,\ndead there")
    figure = finish(figure, axes, "", labels, legend=len(layers))
    for axis, label in zip(axes[-1], _SIZES.values(), strict=True):
        axis.set_xlabel(label)
    return figure


@kind
def revived_by_change(table: pd.DataFrame) -> plt.Figure:
    """Columns: layers, then all together; across: changes; marks: moment and rate."""
    layers = [*sorted(layer for layer in table["layer"].unique() if layer > 0), 0]
    series = [(m, f) for m, f in table[["moment", "rate_factor"]].drop_duplicates().itertuples(index=False)]
    series.sort(key=lambda entry: (entry[0] != "at once", entry[1]))
    figure, axes = panels(1, len(layers), height=2.2)
    colors = sns.color_palette("colorblind", len(series))
    for axis, layer in zip(axes[0], layers, strict=True):
        axis.axhline(0, color="0.45", linestyle="--", linewidth=0.9)
        for place, (moment, factor) in enumerate(series):
            here = table[(table["layer"] == layer) & (table["moment"] == moment) & (table["rate_factor"] == factor)]
            here = here.set_index("intervention").reindex(list(CHANGE_NAMES)).dropna(subset="mean")
            x = [list(CHANGE_NAMES).index(name) + 0.22 * (place - (len(series) - 1) / 2) for name in here.index]
            axis.errorbar(
                x,
                here["mean"],
                yerr=[here["mean"] - here["ci_low"], here["ci_high"] - here["mean"]],
                color=colors[place],
                marker=MARKERS[place],
                linestyle="",
                label="one step after" if moment == "at once" else f"at the end, rate × {factor:g}",
            )
        axis.set_xticks(range(len(CHANGE_NAMES)), [name.replace(" ", "\n") for name in CHANGE_NAMES.values()])
        axis.tick_params(axis="x", labelsize=6)
        axis.set_title("all layers" if layer == 0 else f"layer {layer:g}")
    return finish(figure, axes, "", "share of dead units alive,\nless control's", legend=len(series))
