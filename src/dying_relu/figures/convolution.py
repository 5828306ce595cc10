"""Figures of the study convolution."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, WIDTH, finish, kind, line, panels
from dying_relu.labels import ARCHITECTURE_NAMES

_SCALES = {
    "rate": "learning rate",
    "first fall": "rate × |first gradient|²",
    "failure limit": "rate / failure limit",
}


@kind
def convolution_dead(table: pd.DataFrame) -> plt.Figure:
    """Columns: classes. Above: dead by layer, and failed networks; below: zero outputs by layer."""
    classes = _classes(table)
    figure, axes = panels(2, len(classes))
    layers = sorted(table["layer"].dropna().unique())
    colors = sns.color_palette("colorblind", max(len(layers), 1))
    for column, (architecture, width) in enumerate(classes):
        here = table[(table["architecture"] == architecture) & (table["width"] == width)]
        for row, measure in enumerate(("dead", "zero")):
            for place, layer in enumerate(layers):
                part = here[(here["measure"] == measure) & (here["layer"] == layer)]
                line(axes[row][column], part, "learning_rate", colors[place], MARKERS[place], f"layer {layer:.0f}")
            axes[row][column].set(xscale="log", ylim=(-0.03, 1.03))
        line(axes[0][column], here[here["measure"] == "failed"], "learning_rate", "0.45", "", "networks failed", "--")
        axes[0][column].set_title(_name(architecture, width).replace(", ", ",\n"))
    labels = ("share of units dead,\nor of networks failed", "share of outputs zero")
    return finish(figure, axes, "learning rate", labels, legend=len(layers) + 1)


@kind
def convolution_relative(table: pd.DataFrame) -> plt.Figure:
    """Columns: scales of the rate; lines: classes."""
    figure, axes = plt.subplots(1, len(_SCALES), figsize=(WIDTH, 2.75), sharey=True, squeeze=False)
    classes = _classes(table)
    colors = sns.color_palette("colorblind", max(len(classes), 1))
    for axis, (scale, label) in zip(axes[0], _SCALES.items(), strict=True):
        for place, (architecture, width) in enumerate(classes):
            here = table[(table["architecture"] == architecture) & (table["width"] == width)]
            style = "--" if architecture == "dense" else "-"
            name = _name(architecture, width)
            line(axis, here[here["scale"] == scale], "x", colors[place], MARKERS[place], name, style)
        if scale == "failure limit":
            axis.axvline(1, color="0.45", linestyle=":", linewidth=0.9)
        axis.set(xscale="log", ylim=(-0.03, 1.03))
        axis.set_title(label)
    return finish(figure, axes, "", "dead share,\nmean of layers", legend=3)


def _classes(table: pd.DataFrame) -> list[tuple[str, int]]:
    found = table[["architecture", "width"]].drop_duplicates().itertuples(index=False)
    return sorted(found, key=lambda entry: (entry.architecture == "dense", entry.architecture, entry.width))


def _name(architecture: str, width: int) -> str:
    return f"{ARCHITECTURE_NAMES[architecture]}, {width} {'units' if architecture == 'dense' else 'channels'}"
