"""Figures of the study activation."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import ACTIVATION_FAMILIES, activation_name

_ARMS = ((False, "without batch normalisation", "o", 0.14), (True, "with batch normalisation", "s", -0.14))


@kind
def activation_arms(table: pd.DataFrame) -> plt.Figure:
    """One line an activation; panels: epochs to the fixed accuracy, and test accuracy."""
    names = [name for family in ACTIVATION_FAMILIES.values() for name in family if name in set(table["activation"])]
    names += sorted(set(table["activation"]) - set(names))
    titles = {"time": "epochs to the fixed accuracy", "accuracy": "test accuracy"}
    figure, axes = plt.subplots(1, 2, figsize=(6.9, 0.9 + 0.2 * len(names)), sharey=True, squeeze=False)
    colors = sns.color_palette("colorblind", 2)
    for axis, (measure, title) in zip(axes[0], titles.items(), strict=True):
        for place, (batch_norm, label, marker, shift) in enumerate(_ARMS):
            part = table[(table["measure"] == measure) & (table["batch_norm"] == batch_norm)]
            part = part.set_index("activation").reindex(names)
            axis.errorbar(
                part["mean"],
                [len(names) - 1 - k + shift for k in range(len(names))],
                xerr=[part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]],
                color=colors[place],
                marker=marker,
                linestyle="",
                elinewidth=0.9,
                label=label,
            )
        axis.set_xlabel(title)
        axis.grid(axis="y", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
    axes[0][0].set(yticks=range(len(names)), yticklabels=[activation_name(name) for name in reversed(names)])
    axes[0][0].set_xscale("log")
    axes[0][0].set_xticks((0.5, 1, 2, 5, 10), labels=("0.5", "1", "2", "5", "10"))
    axes[0][0].minorticks_off()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=2, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure


@kind
def activation_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Columns: family. Rows: test error, dead or saturated share, share diverged."""
    families = {
        title: [name for name in names if name in set(table["activation"])]
        for title, names in ACTIVATION_FAMILIES.items()
    }
    rows = {"error": "test error", "dead": "dead or saturated", "diverged": "diverged"}
    figure, axes = panels(len(rows), len(families), height=1.4, sharey="row")
    colors = sns.color_palette("colorblind", 5)
    for column, (title, names) in enumerate(families.items()):
        for row, measure in enumerate(rows):
            for place, name in enumerate(names):
                part = table[(table["measure"] == measure) & (table["activation"] == name)]
                marker = MARKERS[(3 * column + place) % len(MARKERS)]
                style = ("-", "--", ":")[column]
                line(axes[row][column], part, "learning_rate", colors[place], marker, activation_name(name), style)
            axes[row][column].set(xscale="log")
            if measure == "error":
                axes[row][column].set(yscale="log")
            else:
                axes[row][column].set(ylim=(-0.04, 1.04))
        axes[0][column].set_title(title)
    return finish(figure, axes, "learning rate", list(rows.values()), legend=5)


@kind
def activation_by_rate_normalised(table: pd.DataFrame) -> plt.Figure:
    """As `activation_by_rate`, of networks with batch normalisation."""
    return activation_by_rate(table)
