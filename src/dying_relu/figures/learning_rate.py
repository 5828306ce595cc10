"""Figures of the study learning_rate."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import NARROW, OPTIMIZER_NAMES


@kind
def dead_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: scaling. Columns: optimiser and depth. Lines: layers; dashed: share of diverged networks."""
    rows = sorted(table["scaling"].unique())
    arms = table[["optimizer", "depth"]].drop_duplicates()
    arms = sorted(arms.itertuples(index=False), key=lambda a: (list(OPTIMIZER_NAMES).index(a.optimizer), a.depth))
    figure, axes = panels(len(rows), len(arms))
    layers = sorted((s for s in table["series"].unique() if s != "diverged"), key=lambda s: int(s.split()[1]))
    colors = dict(zip(layers, sns.color_palette("colorblind", len(layers)), strict=True))
    for row, scaling in enumerate(rows):
        for column, arm in enumerate(arms):
            axis = axes[row][column]
            here = _part(table, scaling, arm)
            for place, series in enumerate(layers):
                marker = MARKERS[place % len(MARKERS)]
                line(axis, here[here["series"] == series], "learning_rate", colors[series], marker, series)
            line(axis, here[here["series"] == "diverged"], "learning_rate", "0.45", "", "diverged", "--")
            axis.set(xscale="log", ylim=(-0.03, 1.03))
            axis.set_title(f"{OPTIMIZER_NAMES[arm.optimizer]}, depth {arm.depth}\n{scaling} inputs")
    return finish(
        figure, axes, "learning rate", "share of units dead, or of\nnetworks diverged", legend=len(layers) + 1
    )


@kind
def dead_by_scaled_rate(table: pd.DataFrame) -> plt.Figure:
    """One panel a scaling; lines: optimiser and depth; the divergence limit is the vertical line at 1."""
    rows = sorted(table["scaling"].unique())
    figure, axes = panels(1, max(len(rows), 1), height=2.3)
    arms = sorted(table[["optimizer", "depth"]].drop_duplicates().itertuples(index=False), key=tuple)
    colors = sns.color_palette("colorblind", max(len(arms), 1))
    for column, scaling in enumerate(rows):
        axis = axes[0][column]
        for place, arm in enumerate(arms):
            here = _part(table, scaling, arm)
            label = f"{OPTIMIZER_NAMES[arm.optimizer]}, depth {arm.depth}"
            line(axis, here, "scaled_rate", colors[place], MARKERS[place % len(MARKERS)], label)
        axis.axvline(1, color="0.45", linestyle="--", linewidth=0.9)
        axis.set(xscale="log", ylim=(-0.03, 1.03))
        axis.set_title(f"{scaling} inputs")
    return finish(figure, axes, "learning rate / divergence limit", "dead fraction", legend=len(arms))


@kind
def events_over_time(table: pd.DataFrame) -> plt.Figure:
    """Rows: scaling. Columns: rates, rising. Solid: deaths, dotted: revivals; colours: layers."""
    rows = sorted(table["scaling"].unique())
    rates = {scaling: sorted(table[table["scaling"] == scaling]["learning_rate"].unique()) for scaling in rows}
    figure, axes = panels(len(rows), max(map(len, rates.values())), sharey="row")
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
                    line(axis, here, "step", colors[place], MARKERS[place], f"layer {layer}, {event}", style)
            axis.set(xscale="log")
            axis.set_title(f"rate {rate:g}\n{scaling} inputs")
    return finish(figure, axes, "optimiser step", "events so far,\nfor each unit", legend=3)


@kind
def accuracy_by_dead(table: pd.DataFrame) -> plt.Figure:
    """One panel a scaling; points: mean accuracy of networks in a tenth of the dead fraction; bars: quartiles."""
    rows = sorted(table["scaling"].unique())
    figure, axes = panels(1, len(rows), height=2.3)
    names = {**OPTIMIZER_NAMES, NARROW: "narrow networks, by units lacking"}
    arms = sorted(table["arm"].unique(), key=list(names).index)
    colors = sns.color_palette("colorblind", len(arms))
    for column, scaling in enumerate(rows):
        axis = axes[0][column]
        for place, arm in enumerate(arms):
            part = table[(table["scaling"] == scaling) & (table["arm"] == arm)].sort_values("dead_fraction")
            shift = 0.008 * (place - (len(arms) - 1) / 2)
            x = part["dead_fraction"] + shift
            axis.vlines(x, part["lower_quartile"], part["upper_quartile"], color=colors[place], linewidth=3, alpha=0.3)
            axis.errorbar(
                x,
                part["mean"],
                yerr=[part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]],
                color=colors[place],
                marker=MARKERS[place],
                linewidth=0.9,
                label=names[arm],
            )
            axis.plot(x, part["best"], color=colors[place], marker="_", linestyle="", markersize=6)
        axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        axis.set_title(f"{scaling} inputs")
    return finish(figure, axes, "dead fraction at the end", "test accuracy", legend=len(arms))


def _part(table: pd.DataFrame, scaling: str, arm: tuple) -> pd.DataFrame:
    same = (table["scaling"] == scaling) & (table["optimizer"] == arm.optimizer) & (table["depth"] == arm.depth)
    return table[same]
