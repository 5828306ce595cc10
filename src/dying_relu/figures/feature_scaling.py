"""Figures of the study feature_scaling."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, WIDTH, finish, kind, line
from dying_relu.labels import DATASET_NAMES

_SCALINGS = ("raw", "centred", "scaled", "unit", "standardised")


@kind
def scaling_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Columns: data set; rows: dead fraction with divergence dashed, test accuracy; lines: scaling."""
    names = [name for name in DATASET_NAMES if name in set(table["dataset"])]
    colors = dict(zip(_SCALINGS, sns.color_palette("colorblind", len(_SCALINGS)), strict=True))
    figure, axes = plt.subplots(2, len(names), figsize=(WIDTH, 4.5), sharex="col", sharey="row", squeeze=False)
    for column, name in enumerate(names):
        here = table[table["dataset"] == name]
        for place, scaling in enumerate(_SCALINGS):
            part = here[here["scaling"] == scaling]
            for row, measure in enumerate(("dead_fraction", "test_accuracy")):
                measured = part[part["measure"] == measure]
                line(axes[row][column], measured, "learning_rate", colors[scaling], MARKERS[place], scaling)
            gone = part[part["measure"] == "diverged"].sort_values("learning_rate")
            axes[0][column].plot(gone["learning_rate"], gone["mean"], "--", color=colors[scaling], linewidth=0.8)
        axes[0][column].set(xscale="log", ylim=(-0.03, 1.03))
        axes[0][column].set_title(DATASET_NAMES[name])
    labels = ("dead fraction;\ndiverged (dashed)", "test accuracy")
    return finish(figure, axes, "learning rate", labels, legend=len(_SCALINGS))


@kind
def scaling_at_best_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: data set; columns: born dead, dead, diverged, test accuracy; a line a scaling, a marker a rate."""
    names = [name for name in DATASET_NAMES if name in set(table["dataset"])]
    titles = {"born_dead_fraction": "born dead", "dead_fraction": "dead at the end"}
    titles |= {"diverged": "share diverged", "test_accuracy": "test accuracy"}
    figure, axes = plt.subplots(
        len(names), len(titles), figsize=(WIDTH, 1.5 * len(names) + 0.6), sharex="col", sharey=True, squeeze=False
    )
    colors = sns.color_palette("colorblind", 2)
    for row, name in enumerate(names):
        for column, measure in enumerate(titles):
            axis = axes[row][column]
            here = table[(table["dataset"] == name) & (table["measure"] == measure)]
            for place, (rate, label) in enumerate((("own", "own best rate"), ("common", "common rate"))):
                part = here[here["rate"] == rate].set_index("scaling").reindex(_SCALINGS)
                y = np.arange(len(_SCALINGS)) + 0.16 * (2 * place - 1)
                below, above = part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]
                axis.errorbar(
                    part["mean"],
                    y,
                    xerr=[below.clip(lower=0), above.clip(lower=0)],
                    linestyle="",
                    color=colors[place],
                    marker=MARKERS[place],
                    markerfacecolor="white" if rate == "common" else colors[place],
                    label=label,
                )
            axis.set(yticks=range(len(_SCALINGS)), yticklabels=_SCALINGS, ylim=(len(_SCALINGS) - 0.5, -0.5))
            axis.set_xlim(-0.05, 1.05)
    figure = finish(figure, axes, "", [DATASET_NAMES[name] for name in names], legend=2)
    for axis, title in zip(axes[0], titles.values(), strict=True):
        axis.set_title(title)
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    return figure
