"""Figures of the study initialisation."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import INITIALIZER_NAMES, OPTIMIZER_NAMES

_FATES = {
    "born dead": "born dead",
    "killed": "killed in training",
    "constant": "no dead layer, constant fit",
    "learned": "learned",
}
_SHOWN_DEPTHS = (1, 2, 3, 5, 7, 10, 14, 20)


@kind
def layers_by_scheme(table: pd.DataFrame) -> plt.Figure:
    """Columns: moment; rows: mean output, gradient norm; lines: schemes; against the layer."""
    moments = [m for m in ("before", "after one epoch", "at the end") if m in set(table["moment"])]
    names = [name for name in INITIALIZER_NAMES if name in set(table["initializer"])]
    figure, axes = panels(2, len(moments), height=1.9, sharey="row")
    colors = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    for row, measure in enumerate(("mean_output", "gradient_norm")):
        for column, moment in enumerate(moments):
            axis = axes[row][column]
            part = table[(table["measure"] == measure) & (table["moment"] == moment) & (table["mean"] > 0)]
            for place, name in enumerate(names):
                style = ":" if name == "glorot_normal" else "-"
                here = part[part["initializer"] == name]
                line(axis, here, "layer", colors[name], MARKERS[place], INITIALIZER_NAMES[name], style)
            axis.set(yscale="log", xticks=sorted(table["layer"].unique()))
            if row == 0:
                axis.set_title(moment)
    return finish(figure, axes, "hidden layer", ("mean output", "gradient norm"), legend=4)


@kind
def born_dead_by_depth(table: pd.DataFrame) -> plt.Figure:
    """Left: networks, right: units; colours: widths; filled: He-normal, hollow: randomised asymmetric."""
    figure, axes = panels(1, 2, height=2.7)
    widths = sorted(table["width"].unique())
    colors = sns.color_palette("colorblind", len(widths))
    for axis, of in zip(axes[0], ("networks", "units"), strict=True):
        for place, width in enumerate(widths):
            part = table[(table["of"] == of) & (table["width"] == width)].sort_values("depth")
            bounds = part[part["how"] == "bounds"]
            axis.fill_between(bounds["depth"], bounds["ci_low"], bounds["ci_high"], color="0.85", linewidth=0)
            for name, style in (("he_normal", "-"), ("rai", ":")):
                here = part[part["initializer"] == name]
                sampled, seen = here[here["how"] == "sampled"], here[here["how"] == "networks"]
                seen = seen[seen["depth"].isin(_SHOWN_DEPTHS)]
                axis.plot(sampled["depth"], sampled["mean"], style, color=colors[place])
                axis.errorbar(
                    seen["depth"],
                    seen["mean"],
                    yerr=[
                        (seen["mean"] - seen["ci_low"]).clip(lower=0),
                        (seen["ci_high"] - seen["mean"]).clip(lower=0),
                    ],
                    color=colors[place],
                    linestyle="",
                    marker=MARKERS[place],
                    markerfacecolor="white" if name == "rai" else colors[place],
                    markersize=4,
                    elinewidth=0.8,
                    label=f"width {width:g}, {INITIALIZER_NAMES[name]}",
                )
        axis.set(ylim=(-0.03, 1.03), xticks=[1, 5, 10, 15, 20])
        axis.set_title({"networks": "networks", "units": "units of a layer"}[of])
    for axis, label in zip(axes[0], ("number of hidden layers", "hidden layer"), strict=True):
        axis.set_xlabel(label)
    figure = finish(figure, axes, "", "share born dead", legend=2 * len(widths) // 2)
    for axis, label in zip(axes[0], ("number of hidden layers", "hidden layer"), strict=True):
        axis.set_xlabel(label)
    figure.tight_layout(rect=(0, 0.15, 1, 1))
    return figure


@kind
def collapse_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: initialisation; columns: optimiser; lines: fates; against the rate."""
    names = [name for name in INITIALIZER_NAMES if name in set(table["initializer"])]
    optimizers = [name for name in OPTIMIZER_NAMES if name in set(table["optimizer"])]
    figure, axes = plt.subplots(
        len(names), len(optimizers), figsize=(6.9, 1.8 * len(names) + 0.45), sharex="col", sharey=True, squeeze=False
    )
    colors = sns.color_palette("colorblind", len(_FATES))
    for row, name in enumerate(names):
        for column, optimizer in enumerate(optimizers):
            axis = axes[row][column]
            here = table[(table["initializer"] == name) & (table["optimizer"] == optimizer)]
            for place, (fate, label) in enumerate(_FATES.items()):
                line(axis, here[here["fate"] == fate], "learning_rate", colors[place], MARKERS[place], label)
            axis.set(xscale="log", ylim=(-0.03, 1.03))
            axis.set_title(f"{INITIALIZER_NAMES[name]}, {OPTIMIZER_NAMES[optimizer]}")
    return finish(figure, axes, "learning rate", "share of networks", legend=4)
