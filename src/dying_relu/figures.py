"""Draw each kind of figure from its saved table: one dress for all, readable in print and to the colour-blind."""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # no date in the files: equal tables give equal bytes

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

DRAW: dict[str, Callable[[pd.DataFrame], plt.Figure]] = {}
WIDTH = 6.9  # inches: the text width of the paper
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
OPTIMIZER_NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "amsgrad": "AMSGrad",
}


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


@kind
def dead_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: scaling. Columns: optimiser and depth. Lines: layers; dashed: share of diverged networks."""
    rows = sorted(table["scaling"].unique())
    arms = table[["optimizer", "depth"]].drop_duplicates()
    arms = sorted(arms.itertuples(index=False), key=lambda a: (list(OPTIMIZER_NAMES).index(a.optimizer), a.depth))
    figure, axes = _panels(len(rows), len(arms))
    layers = sorted((s for s in table["series"].unique() if s != "diverged"), key=lambda s: int(s.split()[1]))
    colors = dict(zip(layers, sns.color_palette("colorblind", len(layers)), strict=True))
    for row, scaling in enumerate(rows):
        for column, arm in enumerate(arms):
            axis = axes[row][column]
            here = _part(table, scaling, arm)
            for place, series in enumerate(layers):
                marker = _MARKERS[place % len(_MARKERS)]
                _line(axis, here[here["series"] == series], "learning_rate", colors[series], marker, series)
            _line(axis, here[here["series"] == "diverged"], "learning_rate", "0.45", "", "diverged", "--")
            axis.set(xscale="log", ylim=(-0.03, 1.03))
            axis.set_title(f"{OPTIMIZER_NAMES[arm.optimizer]}, depth {arm.depth}\n{scaling} inputs")
    return _finish(
        figure, axes, "learning rate", "share of units dead, or of\nnetworks diverged", legend=len(layers) + 1
    )


@kind
def dead_by_scaled_rate(table: pd.DataFrame) -> plt.Figure:
    """One panel a scaling; lines: optimiser and depth; the divergence limit is the vertical line at 1."""
    rows = sorted(table["scaling"].unique())
    figure, axes = _panels(1, max(len(rows), 1), height=2.3)
    arms = sorted(table[["optimizer", "depth"]].drop_duplicates().itertuples(index=False), key=tuple)
    colors = sns.color_palette("colorblind", max(len(arms), 1))
    for column, scaling in enumerate(rows):
        axis = axes[0][column]
        for place, arm in enumerate(arms):
            here = _part(table, scaling, arm)
            label = f"{OPTIMIZER_NAMES[arm.optimizer]}, depth {arm.depth}"
            _line(axis, here, "scaled_rate", colors[place], _MARKERS[place % len(_MARKERS)], label)
        axis.axvline(1, color="0.45", linestyle="--", linewidth=0.9)
        axis.set(xscale="log", ylim=(-0.03, 1.03))
        axis.set_title(f"{scaling} inputs")
    return _finish(figure, axes, "learning rate / divergence limit", "dead fraction", legend=len(arms))


@kind
def events_over_time(table: pd.DataFrame) -> plt.Figure:
    """Rows: scaling. Columns: rates, rising. Solid: deaths, dotted: revivals; colours: layers."""
    rows = sorted(table["scaling"].unique())
    rates = {scaling: sorted(table[table["scaling"] == scaling]["learning_rate"].unique()) for scaling in rows}
    figure, axes = _panels(len(rows), max(map(len, rates.values())), sharey="row")
    layers = sorted(table["layer"].unique())
    colors = sns.color_palette("colorblind", len(layers))
    for row, scaling in enumerate(rows):
        for column, axis in enumerate(axes[row]):
            if column >= len(rates[scaling]):
                axis.set_visible(False)
                continue
            rate = rates[scaling][column]
            part = table[(table["scaling"] == scaling) & (table["learning_rate"] == rate) & (table["step"] > 0)]
            for place, layer in enumerate(layers):
                for event, style in (("deaths", "-"), ("revivals", ":")):
                    here = part[(part["layer"] == layer) & (part["event"] == event)]
                    _line(axis, here, "step", colors[place], "", f"layer {layer}, {event}", style)
            axis.set(xscale="log")
            axis.set_title(f"rate {rate:g}\n{scaling} inputs")
    return _finish(figure, axes, "optimiser step", "events so far,\nfor each unit", legend=3)


@kind
def accuracy_by_dead(table: pd.DataFrame) -> plt.Figure:
    """One panel a scaling; points: mean accuracy of networks in a tenth of the dead fraction; bars: quartiles."""
    rows = sorted(table["scaling"].unique())
    figure, axes = _panels(1, len(rows), height=2.3)
    optimizers = sorted(table["optimizer"].unique(), key=list(OPTIMIZER_NAMES).index)
    colors = sns.color_palette("colorblind", len(optimizers))
    for column, scaling in enumerate(rows):
        axis = axes[0][column]
        for place, optimizer in enumerate(optimizers):
            part = table[(table["scaling"] == scaling) & (table["optimizer"] == optimizer)].sort_values("dead_fraction")
            shift = 0.008 * (place - (len(optimizers) - 1) / 2)
            x = part["dead_fraction"] + shift
            axis.vlines(x, part["lower_quartile"], part["upper_quartile"], color=colors[place], linewidth=3, alpha=0.3)
            axis.errorbar(
                x,
                part["mean"],
                yerr=[part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]],
                color=colors[place],
                marker=_MARKERS[place],
                linewidth=0.9,
                label=OPTIMIZER_NAMES[optimizer],
            )
            axis.plot(x, part["best"], color=colors[place], marker="_", linestyle="", markersize=6)
        axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        axis.set_title(f"{scaling} inputs")
    return _finish(figure, axes, "dead fraction at the end", "test accuracy", legend=len(optimizers))


@kind
def verdicts(table: pd.DataFrame) -> plt.Figure:
    """One row a claim: its region shaded, its effect with the simultaneous interval; colour and marker: verdict."""
    looks = {"supported": ("o", 0), "refuted": ("X", 3), "inconclusive": ("s", 7)}
    palette = sns.color_palette("colorblind")
    figure, axes = plt.subplots(len(table), 1, figsize=(WIDTH, 0.42 * len(table) + 0.5), squeeze=False)
    for axis, row in zip(axes[:, 0], table.itertuples(), strict=True):
        region_low, region_high = row.region_low - row.margin, row.region_high + row.margin
        if row.region_low >= 0:  # shares and ratios have no values below zero
            region_low = max(region_low, 0)
        low, high = min(region_low, row.ci_low), max(region_high, row.ci_high)
        marker, color = looks[row.verdict]
        axis.axvspan(region_low, region_high, color="0.87", linewidth=0)
        axis.plot([row.ci_low, row.ci_high], [0, 0], color=palette[color], linewidth=2)
        axis.plot(row.effect, 0, marker=marker, color=palette[color], markersize=6)
        space = 0.06 * (high - low or 1)
        axis.set(xlim=(low - space, high + space), yticks=[], ylim=(-1, 1))
        axis.spines["left"].set_visible(False)
        axis.text(-0.02, 0.5, row.claim, transform=axis.transAxes, ha="right", va="center", fontsize=8)
        axis.text(1.02, 0.5, row.verdict, transform=axis.transAxes, ha="left", va="center", fontsize=8)
        axis.tick_params(axis="x", pad=1, length=2, labelsize=6)
    figure.subplots_adjust(left=0.21, right=0.86, hspace=1.3, top=0.99, bottom=0.05)
    return figure


def _nothing() -> plt.Figure:
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, "Nothing to draw: no network of this study stayed finite.", ha="center", va="center")
    return figure


def _part(table: pd.DataFrame, scaling: str, arm: tuple) -> pd.DataFrame:
    same = (table["scaling"] == scaling) & (table["optimizer"] == arm.optimizer) & (table["depth"] == arm.depth)
    return table[same]


def _panels(rows: int, columns: int, height: float = 1.75, sharey: bool | str = True) -> tuple[plt.Figure, list]:
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows + 0.45), sharex=True, sharey=sharey, squeeze=False)


def _line(axis, part, x, color, marker, label, style="-") -> None:
    part = part.sort_values(x)
    axis.plot(part[x], part["mean"], color=color, marker=marker, linestyle=style, label=label, markeredgewidth=0)
    axis.fill_between(part[x], part["ci_low"], part["ci_high"], color=color, alpha=0.25, linewidth=0)


def _finish(figure: plt.Figure, axes: list, x: str, y: str, legend: int) -> plt.Figure:
    """Axis labels at the edges, one legend below all panels."""
    for axis in axes[-1]:
        axis.set_xlabel(x)
    for row in axes:
        row[0].set_ylabel(y)
    entries = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    lines = -(-len(entries) // max(legend, 1)) if legend <= 6 else -(-len(entries) // 5)
    columns = -(-len(entries) // max(lines, 1)) if entries else 1
    figure.legend(entries.values(), entries.keys(), loc="lower center", ncols=columns, frameon=False)
    figure.tight_layout(rect=(0, 0.03 + 0.19 * max(lines, 1) / figure.get_figheight(), 1, 1))
    return figure
