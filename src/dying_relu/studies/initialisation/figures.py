"""Figures of the study initialisation."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from dying_relu.analysis.drawing import Line, Panel, facets, finish, looks, points
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import INITIALIZERS
from dying_relu.studies.initialisation.estimands import in_order
from dying_relu.studies.initialisation.tables import MEASURES

_FATES = {
    "born dead": "born dead",
    "killed": "killed in training",
    "constant": "no dead layer, constant fit",
    "learned": "learned",
}
_SHOWN_DEPTHS = (1, 2, 3, 5, 7, 10, 14, 20)
_STYLES = ("-", ":", "--", "-.")  # of schemes, and their markers
_FILLS = ({}, {"markerfacecolor": "white"}, {"fillstyle": "left"}, {"fillstyle": "top"})


def layers_by_scheme(table: pd.DataFrame) -> plt.Figure:
    """Columns: moment; rows: mean output, gradient norm; lines: schemes (Glorot's dotted); against the layer."""
    table = table[table["mean"] > 0]
    known = set(table["moment"])
    columns = [
        Panel(moment, {"moment": moment}) for moment in ("before", "after one epoch", "at the end") if moment in known
    ]
    rows = [Panel(measure.replace("_", " "), {"measure": measure}) for measure in MEASURES]
    lines = [
        look._replace(levels={"initializer": name}, style=":" if INITIALIZERS[name].kind.startswith("Glorot") else "-")
        for name, look in looks(in_order(table["initializer"]), _name).items()
    ]
    figure, axes = facets(table, "layer", rows, columns, lines, 1.9, sharey="row", xscale="linear")
    for axis in axes.flat:
        axis.set_yscale("log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(figure, axes, "hidden layer", [row.title for row in rows], legend=4)


def born_dead_by_depth(table: pd.DataFrame) -> plt.Figure:
    """Left: networks, right: units; colours: widths; filled: the first scheme, hollow: the second; lines: sampled."""
    columns = [Panel("networks", {"of": "networks"}), Panel("units of a layer", {"of": "units"})]
    figure, axes = facets(table.iloc[:0], "depth", [], columns, [], 2.7, xscale="linear", ylim=(-0.03, 1.03))
    shown = table["depth"].isin([*_SHOWN_DEPTHS, table["depth"].max()])
    schemes, widths = in_order(table["initializer"]), looks(sorted(table["width"].unique()))
    for axis, column in zip(axes[0], columns, strict=True):
        for width, look in widths.items():
            here = matching(table, width=width, **column.levels).sort_values("depth")
            bounds = matching(here, how="bounds")
            axis.fill_between(bounds["depth"], bounds["ci_low"], bounds["ci_high"], color="0.85", linewidth=0)
            for place, scheme in enumerate(schemes):
                part = matching(here, initializer=scheme)
                sampled, seen = matching(part, how="sampled"), matching(part[shown[part.index]], how="networks")
                axis.plot(sampled["depth"], sampled["mean"], _STYLES[place % len(_STYLES)], color=look.color)
                label = f"width {width:g}, {_name(scheme)}"
                points(axis, seen, "depth", look._replace(label=label), **_FILLS[place % len(_FILLS)])
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    finish(figure, axes, "number of hidden layers", "share born dead", legend=3)
    axes[0][1].set_xlabel("hidden layer")
    return figure


def collapse_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: initialisation; columns: optimiser; lines: fates; against the rate."""
    rows = [
        Panel(f"{_name(name)}\nshare of networks", {"initializer": name}) for name in in_order(table["initializer"])
    ]
    columns = [Panel(arm, {"arm": arm}) for arm in dict.fromkeys(table["arm"])]
    lines: list[Line] = [look._replace(levels={"fate": fate}) for fate, look in looks(_FATES, _FATES.get).items()]
    figure, axes = facets(table, "learning_rate", rows, columns, lines, 1.8, sharex="col", ylim=(-0.03, 1.03))
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=4)


def _name(scheme: str) -> str:
    return INITIALIZERS[scheme].name
