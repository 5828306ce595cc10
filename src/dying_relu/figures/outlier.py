"""Figures of the study outlier."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels

_ARMS = {
    "outlier": "plain step",
    "outlier_bias_put_back": "biases put back",
    "outlier_weights_put_back": "weights put back",
    "sgd_clip_norm": "gradient clipped by norm",
    "sgd_clip_value": "gradient clipped by value",
}


@kind
def outlier_effect(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling. Rows: gradient ratio; dead at once by layer; dead after training on, and diverged."""
    scalings = [s for s in ("raw", "centred", "scaled", "standardised") if s in set(table["scaling"])]
    figure, axes = panels(3, len(scalings), sharey="row")
    layers = sorted(table["layer"].dropna().unique())
    colors = sns.color_palette("colorblind", len(layers))
    for column, scaling in enumerate(scalings):
        here = table[table["scaling"] == scaling]
        line(axes[0][column], here[here["measure"] == "gradient ratio"], "strength", "0.2", "o", "gradient ratio")
        axes[0][column].set(yscale="log")
        axes[0][column].set_title(f"{scaling} features")
        for row, moment in ((1, "at once"), (2, "after training on")):
            dead = here[here["measure"] == f"dead {moment}"]
            for place, layer in enumerate(layers):
                part = dead[dead["layer"] == layer]
                line(axes[row][column], part, "strength", colors[place], MARKERS[place], f"layer {layer:.0f}")
            axes[row][column].set(ylim=(-0.05, 1.05))
        line(axes[2][column], here[here["measure"] == "diverged"], "strength", "0.45", "", "diverged", "--")
    labels = ("gradient norm,\nratio to twin's", "excess dead,\nat once", "excess dead, later,\nand diverged")
    return finish(figure, axes, "k", labels, legend=5)


@kind
def outlier_cause(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling; lines: what was put back or clipped."""
    scalings = [s for s in ("raw", "standardised") if s in set(table["scaling"])]
    figure, axes = panels(1, len(scalings), height=2.3)
    colors = sns.color_palette("colorblind", len(_ARMS))
    for column, scaling in enumerate(scalings):
        for place, (arm, label) in enumerate(_ARMS.items()):
            here = table[(table["scaling"] == scaling) & (table["arm"] == arm)]
            style = "-" if arm.startswith("outlier") else "--"
            line(axes[0][column], here, "strength", colors[place], MARKERS[place], label, style)
        axes[0][column].set_title(f"{scaling} features")
    return finish(
        figure,
        axes,
        "k: the outlier lies 10^k standard deviations out",
        "excess dead fraction\nafter training on",
        legend=3,
    )


@kind
def outlier_collapse(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling; left pair at once, right pair lasting; against rate times squared strength."""
    groups = [(s, m) for m in ("at once", "after training on") for s in ("raw", "standardised")]
    figure, axes = panels(1, len(groups), height=2.1)
    rates = sorted(table["learning_rate"].unique())
    colors = sns.color_palette("colorblind", len(rates))
    for axis, (scaling, moment) in zip(axes[0], groups, strict=True):
        for place, rate in enumerate(rates):
            here = table[(table["scaling"] == scaling) & (table["moment"] == moment) & (table["learning_rate"] == rate)]
            line(axis, here, "load", colors[place], MARKERS[place], f"rate {rate:g}")
        axis.set(xscale="log")
        axis.set_title(f"{scaling} features,\n{moment}")
    return finish(figure, axes, "rate × (deviations)²", "excess dead fraction", legend=len(rates))
