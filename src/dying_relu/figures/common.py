"""One dress for all figures: sizes, colours, panels, legends; and how a figure is drawn and saved."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # no date in the files: equal tables give equal bytes

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

DRAW: dict[str, Callable[[pd.DataFrame], plt.Figure]] = {}
WIDTH = 6.9  # inches: the text width of the paper
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def draw(kind: str, table: pd.DataFrame, outputs: list[str]) -> None:
    """Draw a table as a figure of its kind into each of the output files (.pdf, .png)."""
    with sns.axes_style("ticks"), sns.plotting_context("paper", font_scale=0.85), plt.rc_context(_STYLE):
        figure = _nothing() if table.empty else DRAW[kind](table)
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


def kind(function: Callable[[pd.DataFrame], plt.Figure]) -> Callable[[pd.DataFrame], plt.Figure]:
    """Register a drawing under its function's name, which is the name of the kind in `figure_data`."""
    DRAW[function.__name__] = function
    return function


def _nothing() -> plt.Figure:
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, "Nothing to draw: no network of this study stayed finite.", ha="center", va="center")
    return figure


def panels(rows: int, columns: int, height: float = 1.75, sharey: bool | str = True) -> tuple[plt.Figure, list]:
    """A grid of axes across the text width; ``height`` of a row in inches."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows + 0.45), sharex=True, sharey=sharey, squeeze=False)


def line(axis, part, x, color, marker, label, style="-") -> None:
    """A mean over ``x`` with its interval as a band; markers are hollow where less than half of the seeds are left."""
    part = part.sort_values(x)
    if marker:
        few = part[part["n_seeds"] < part["n_seeds"].max() / 2]
        axis.plot(few[x], few["mean"], color=color, marker=marker, linestyle="", markerfacecolor="white", zorder=3)
    axis.plot(part[x], part["mean"], color=color, marker=marker, linestyle=style, label=label, markeredgewidth=0)
    axis.fill_between(part[x], part["ci_low"], part["ci_high"], color=color, alpha=0.25, linewidth=0)


def finish(figure: plt.Figure, axes: list, x: str, y: str | Sequence[str], legend: int) -> plt.Figure:
    """Axis labels at the edges (``y``: one for all rows, or one each), one legend below all panels."""
    for axis in axes[-1]:
        axis.set_xlabel(x)
    for row, label in zip(axes, [y] * len(axes) if isinstance(y, str) else y, strict=True):
        row[0].set_ylabel(label)
    entries = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    lines = -(-len(entries) // max(legend, 1)) if legend <= 6 else -(-len(entries) // 5)
    columns = -(-len(entries) // max(lines, 1)) if entries else 1
    figure.legend(entries.values(), entries.keys(), loc="lower center", ncols=columns, frameon=False)
    figure.tight_layout(rect=(0, 0.03 + 0.19 * max(lines, 1) / figure.get_figheight(), 1, 1))
    return figure
