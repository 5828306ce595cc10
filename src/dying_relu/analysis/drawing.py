"""One dress for all figures: sizes, colours, panels, legends; and how a figure is drawn and saved.

A drawing takes its saved table alone, and any table that its kind can make: a level it has no look for gets one.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # no date in the files: equal tables give equal bytes

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.analysis.frames import matching

WIDTH = 6.9  # inches: the text width of the paper
MOST = 40  # panels of a figure, or lines of a panel
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def draw(drawing: Callable[[pd.DataFrame], plt.Figure], table: pd.DataFrame, outputs: Sequence[str]) -> None:
    """Draw a table into each of the output files (.pdf, .png)."""
    with sns.axes_style("ticks"), sns.plotting_context("paper", font_scale=0.85), plt.rc_context(_STYLE):
        figure = _nothing() if table.empty else drawing(table)
        for output in outputs:
            path = Path(output)
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".partial.{path.name}")
            figure.savefig(partial, metadata=_METADATA[path.suffix], dpi=200)
            partial.replace(path)
        plt.close(figure)


_STYLE = {
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.markersize": 3.5,
    "lines.linewidth": 1.1,
    "svg.hashsalt": "dying-relu",
}
_METADATA = {".pdf": {"CreationDate": None, "ModDate": None, "Producer": None}, ".png": {"Software": None}}


def _nothing() -> plt.Figure:
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, "Nothing to draw: no network of this study stayed finite.", ha="center", va="center")
    return figure


def panels(rows: int, columns: int, height: float = 1.75, sharey: bool | str = True) -> tuple[plt.Figure, np.ndarray]:
    """A grid of axes across the text width; ``height`` of a row in inches."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows + 0.45), sharex=True, sharey=sharey, squeeze=False)


class Panel(NamedTuple):
    """A row or column of panels: its title, or its label on the y axis, and the levels of columns that it shows."""

    title: str
    levels: Mapping[str, object]


class Line(NamedTuple):
    """A line of every panel: the levels it shows, its name in the legend and its look."""

    levels: Mapping[str, object]
    label: str
    color: object
    marker: str = "o"
    style: str = "-"


def looks(names: Iterable[str], labels: Callable[[str], str] = str, style: str = "-") -> dict[str, Line]:
    """For each name a line of its own colour and marker; past ten the colours come again, with other markers."""
    names = list(dict.fromkeys(names))
    colors = sns.color_palette("colorblind", max(len(names), 1))
    return {
        name: Line({}, labels(name), colors[k], MARKERS[(k + k // len(MARKERS)) % len(MARKERS)], style)
        for k, name in enumerate(names)
    }


Item = TypeVar("Item")


def kept(found: list[Item], what: str) -> list[Item]:
    """The first panels or lines, as many as can be drawn; it is said where some are left out."""
    if len(found) > MOST:
        print(f"{len(found)} {what} are too many to draw: the first {MOST} are")
    return found[:MOST]


def facets(
    table: pd.DataFrame,
    x: str,
    rows: Sequence[Panel],
    columns: Sequence[Panel],
    lines: Sequence[Line],
    height: float = 1.75,
    sharex: bool | str = True,
    sharey: bool | str = True,
    xscale: str = "log",
    ylim: tuple[float, float] | None = None,
) -> tuple[plt.Figure, np.ndarray]:
    """Panels in rows and columns, each with the same lines: means over ``x`` with their intervals (`line`).

    Column titles stand above the first row; `finish` puts labels and legend. A panel or line without rows is empty.

    Returns:
        The figure, and its axes, shape (rows, columns).
    """
    rows, columns = rows or [Panel("", {})], columns or [Panel("", {})]
    size = (WIDTH, height * len(rows) + 0.45)
    figure, axes = plt.subplots(len(rows), len(columns), figsize=size, sharex=sharex, sharey=sharey, squeeze=False)
    for row, own in zip(rows, axes, strict=True):
        for column, axis in zip(columns, own, strict=True):
            here = matching(table, **row.levels, **column.levels)
            for look in lines:
                line(axis, matching(here, **look.levels), x, look.color, look.marker, look.label, look.style)
            axis.set_xscale(xscale)
            if ylim:
                axis.set_ylim(*ylim)
    for axis, column in zip(axes[0], columns, strict=True):
        axis.set_title(column.title)
    return figure, axes


def line(axis, part, x, color, marker, label, style="-") -> None:
    """A mean over ``x`` with its interval as a band; markers are hollow where less than half of the seeds are left."""
    part = part.dropna(subset="mean").sort_values(x)
    if part.empty:
        return
    if marker:
        few = part[part["n_seeds"] < part["n_seeds"].max() / 2]
        axis.plot(few[x], few["mean"], color=color, marker=marker, linestyle="", markerfacecolor="white", zorder=3)
    axis.plot(part[x], part["mean"], color=color, marker=marker, linestyle=style, label=label, markeredgewidth=0)
    axis.fill_between(part[x], part["ci_low"], part["ci_high"], color=color, alpha=0.25, linewidth=0)


def points(axis, part: pd.DataFrame, x: str, look: Line, **marks: object) -> None:
    """Means over ``x`` with their intervals as bars, no line between them: where the lines are theory's.

    Args:
        marks: more of the markers' look, e.g. ``fillstyle``.
    """
    part = part.dropna(subset="mean").sort_values(x)
    if part.empty:
        return
    bars = [(part["mean"] - part["ci_low"]).clip(lower=0), (part["ci_high"] - part["mean"]).clip(lower=0)]
    style = {"color": look.color, "marker": look.marker, "linestyle": "", "elinewidth": 0.8}
    axis.errorbar(part[x], part["mean"], yerr=bars, label=look.label, **style, **marks)


def finish(
    figure: plt.Figure, axes: np.ndarray, x: str | Sequence[str], y: str | Sequence[str], legend: int
) -> plt.Figure:
    """Axis labels at the edges (one for all columns or rows, or one each), one legend below all panels."""
    for axis, label in zip(axes[-1], [x] * len(axes[-1]) if isinstance(x, str) else x, strict=True):
        axis.set_xlabel(label)
    for row, label in zip(axes, [y] * len(axes) if isinstance(y, str) else y, strict=True):
        row[0].set_ylabel(label)
    entries: dict[str, object] = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    lines = -(-len(entries) // max(legend, 1)) if legend <= 6 else -(-len(entries) // 5)
    columns = -(-len(entries) // max(lines, 1)) if entries else 1
    figure.legend(entries.values(), entries.keys(), loc="lower center", ncols=columns, frameon=False)
    figure.tight_layout(rect=(0, 0.03 + 0.19 * max(lines, 1) / figure.get_figheight(), 1, 1))
    return figure
