"""Figures of the study feature_scaling."""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.analysis.drawing import MARKERS, WIDTH, Panel, facets, finish, looks
from dying_relu.design.datasets import DATASETS, SCALINGS

_TITLES = {
    "born_dead_fraction": "born dead",
    "dead_fraction": "dead at the end",
    "diverged": "share diverged",
    "test_accuracy": "test accuracy",
}
_RATES = {"own": "own best rate", "common": "common rate"}


def scaling_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Columns: data set; rows: dead fraction with divergence dashed, test accuracy; lines: scaling."""
    table = table.assign(**{end: table[end].mask(table["measure"] == "diverged") for end in ("ci_low", "ci_high")})
    rows = [
        Panel("dead fraction;\ndiverged (dashed)", {"measure": ("dead_fraction", "diverged")}),
        Panel("test accuracy", {"measure": "test_accuracy"}),
    ]
    columns = [Panel(DATASETS[name].name, {"dataset": name}) for name in _levels(table, "dataset", DATASETS)]
    lines = []
    for name, look in looks(_levels(table, "scaling", SCALINGS), lambda key: SCALINGS[key]).items():
        lines.append(look._replace(levels={"scaling": name, "measure": ("dead_fraction", "test_accuracy")}))
        lines.append(look._replace(levels={"scaling": name, "measure": "diverged"}, label="", marker="", style="--"))
    figure, axes = facets(table, "learning_rate", rows, columns, lines, 2.0, sharex="col", sharey="row")
    for axis in axes[0]:
        axis.set(ylim=(-0.03, 1.03))
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=5)


def scaling_at_best_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: data set; columns: born dead, dead, diverged, test accuracy; a line a scaling, a marker a rate."""
    names, scalings = _levels(table, "dataset", DATASETS), _levels(table, "scaling", SCALINGS)
    size = (WIDTH, (0.2 + 0.26 * len(scalings)) * len(names) + 0.6)
    figure, axes = plt.subplots(len(names), len(_TITLES), figsize=size, sharex="col", sharey=True, squeeze=False)
    for own, name in zip(axes, names, strict=True):
        for axis, measure in zip(own, _TITLES, strict=True):
            here = table[(table["dataset"] == name) & (table["measure"] == measure)]
            _dots(axis, here, scalings)
            axis.set(yticks=range(len(scalings)), yticklabels=[SCALINGS[s] for s in scalings], xlim=(-0.05, 1.05))
            axis.set(ylim=(len(scalings) - 0.5, -0.5))
    figure = finish(figure, axes, "", [DATASETS[name].name for name in names], legend=2)
    for axis, title in zip(axes[0], _TITLES.values(), strict=True):
        axis.set_title(title)
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    return figure


def _dots(axis, here: pd.DataFrame, scalings: list[str]) -> None:
    """A mean with its interval for each scaling, at its own rate and at the common one."""
    for place, ((rate, label), color) in enumerate(
        zip(_RATES.items(), sns.color_palette("colorblind", 2), strict=True)
    ):
        part = here[here["rate"] == rate].set_index("scaling").reindex(scalings)
        axis.errorbar(
            part["mean"],
            np.arange(len(scalings)) + 0.16 * (2 * place - 1),
            xerr=[(part["mean"] - part["ci_low"]).clip(lower=0), (part["ci_high"] - part["mean"]).clip(lower=0)],
            linestyle="",
            color=color,
            marker=MARKERS[place],
            markerfacecolor="white" if rate == "common" else color,
            label=label,
        )


def _levels(table: pd.DataFrame, key: str, entries: Iterable[str]) -> list[str]:
    """Those that the table has, in the catalogue's order."""
    return [name for name in entries if name in set(table[key])]
