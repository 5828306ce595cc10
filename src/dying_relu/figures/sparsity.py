"""Figures of the study sparsity."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import activation_name

_TASKS = {"none": "inputs as they are", "noise_1": "noisy inputs"}
_SHADES = {"relu": 0, "leaky_relu_0.01": 1, "leaky_relu_0.3": 2, "elu": 3, "tanh": 4, "sigmoid": 5}


@kind
def accuracy_by_sparsity(table: pd.DataFrame) -> plt.Figure:
    """One panel a task: test accuracy against zero share; the penalised and the k-winners arms are joined."""
    tasks = [task for task in _TASKS if task in set(table["shift"])]
    figure, axes = panels(1, len(tasks), height=2.6, sharey=False)
    colors = sns.color_palette("colorblind", len(_SHADES))
    for axis, task in zip(axes[0], tasks, strict=True):
        here = table[table["shift"] == task]
        for arm, place in _SHADES.items():
            _points(axis, here[here["arm"] == arm], colors[place], MARKERS[place], "", activation_name(arm))
        for name, start, place in (("ReLU with L1 penalty", "relu + L1", 6), ("k winners", "k_winners", 9)):
            part = here[here["arm"].str.startswith(start)]
            _points(axis, part, "0.1" if place == 6 else "0.5", MARKERS[place], ":", name)
        axis.set(xlim=(-0.04, 1.04))
        axis.set_title(_TASKS[task])
    return finish(figure, axes, "share of hidden outputs that are zero", "test accuracy", legend=4)


@kind
def zero_share_by_layer(table: pd.DataFrame) -> plt.Figure:
    """Two panels, start and end of training: zero share against the layer, lines: activations."""
    figure, axes = panels(1, 2, height=2.0)
    colors = sns.color_palette("colorblind", len(_SHADES))
    for axis, moment in zip(axes[0], ("start", "end"), strict=True):
        here = table[table["moment"] == moment]
        for arm, place in _SHADES.items():
            line(axis, here[here["arm"] == arm], "layer", colors[place], MARKERS[place], activation_name(arm))
        axis.set(ylim=(-0.03, 1.03), xticks=sorted(table["layer"].unique()))
        axis.set_title(f"{moment} of training")
    return finish(figure, axes, "hidden layer", "share of outputs\nthat are zero", legend=3)


@kind
def sparse_product_speed(table: pd.DataFrame) -> plt.Figure:
    """Rows: batch. Columns: width. Lines: library, dotted with conversion. Dashed: density of trained networks."""
    batches, widths = (sorted(table[key].unique()) for key in ("batch", "width"))
    figure, axes = panels(len(batches), len(widths))
    libraries = sorted(table["library"].unique())
    colors = sns.color_palette("colorblind", len(libraries))
    printed = {"scipy": "SciPy", "tensorflow": "TensorFlow"}
    for row, batch in enumerate(batches):
        for column, width in enumerate(widths):
            axis = axes[row][column]
            axis.axhline(1, color="0.6", linewidth=0.8)
            axis.axvline(table["networks"].iloc[0], color="0.35", linestyle="--", linewidth=0.9, label="trained ReLU")
            here = table[(table["batch"] == batch) & (table["width"] == width)]
            for place, library in enumerate(libraries):
                for converted, style in ((False, "-"), (True, ":")):
                    part = here[(here["library"] == library) & (here["with_conversion"] == converted)]
                    label = printed.get(library, library) + (", with conversion" if converted else "")
                    line(axis, part, "density", colors[place], MARKERS[2 * place + converted], label, style)
            axis.set(xscale="log", yscale="log")
            axis.set_title(f"{batch} sample{'s' if batch > 1 else ''}, width {width}")
    return finish(figure, axes, "share not zero", "speed-up", legend=3)


def _points(axis, part: pd.DataFrame, color, marker: str, style: str, label: str) -> None:
    if part.empty:
        return
    part = part.sort_values("zero_share")
    spread = [part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]]
    axis.errorbar(
        part["zero_share"],
        part["mean"],
        yerr=spread,
        color=color,
        marker=marker,
        linestyle=style,
        markersize=4.5,
        linewidth=0.9,
        label=label,
    )
