"""Figures of the study sparsity."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.drawing import MARKERS, Line, Panel, facets, finish, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.design.datasets import SHIFTS
from dying_relu.studies.sparsity.estimands import ARM, LIBRARIES


def accuracy_by_sparsity(table: pd.DataFrame) -> plt.Figure:
    """One panel a task: test accuracy against zero share; the penalised and the k-winners arms are joined."""
    columns = [Panel(f"inputs: {SHIFTS[task].name}", {"shift": task}) for task in SHIFTS if task in set(table["shift"])]
    figure, axes = facets(table.iloc[:0], "zero_share", [], columns, [], 2.6, sharey=False, xscale="linear")
    for axis, column in zip(axes[0], columns, strict=True):
        for look, series in _series(table):
            here = pd.concat([matching(table, **column.levels, **arm) for arm in series]).sort_values("zero_share")
            _points(axis, here, look)
        axis.set(xlim=(-0.04, 1.04))
    return finish(figure, axes, "share of hidden outputs that are zero", "test accuracy", legend=4)


def zero_share_by_layer(table: pd.DataFrame) -> plt.Figure:
    """Two panels, start and end of training: zero share against the layer, lines: activations."""
    columns = [Panel(f"{moment} of training", {"moment": moment}) for moment in ("start", "end")]
    shown = looks([arm["activation"] for arm in arms.listed(table, ["activation"])], lambda key: ACTIVATIONS[key].name)
    lines = [look._replace(levels={"activation": name}) for name, look in shown.items()]
    figure, axes = facets(table, "layer", [], columns, lines, 2.0, xscale="linear", ylim=(-0.03, 1.03))
    for axis in axes.flat:
        axis.set(xticks=sorted(table["layer"].unique()))
    return finish(figure, axes, "hidden layer", "share of outputs\nthat are zero", legend=3)


def sparse_product_speed(table: pd.DataFrame) -> plt.Figure:
    """Rows: batch. Columns: width. Lines: library, dotted with conversion. Dashed: density of trained networks."""
    rows = [
        Panel(f"speed-up,\n{n} sample{'s' if n > 1 else ''}", {"batch": n}) for n in sorted(table["batch"].unique())
    ]
    columns = [Panel(f"width {width}", {"width": width}) for width in sorted(table["width"].unique())]
    lines = []
    for name, look in looks(sorted(table["library"].unique()), lambda name: LIBRARIES.get(name, name)).items():
        levels = {"library": name, "with_conversion": False}
        lines.append(look._replace(levels=levels))
        levels, label = {"library": name, "with_conversion": True}, f"{look.label}, with conversion"
        lines.append(look._replace(levels=levels, label=label, style=":"))
    figure, axes = facets(table, "density", rows, columns, lines)
    for axis in axes.flat:
        axis.set(yscale="log")
        axis.axhline(1, color="0.6", linewidth=0.8)
        for at in table["networks"].dropna().unique():
            axis.axvline(at, color="0.35", linestyle="--", linewidth=0.9, label="trained ReLU")
    return finish(figure, axes, "share not zero", [row.title for row in rows], legend=3)


def _series(table: pd.DataFrame) -> list[tuple[Line, list[dict]]]:
    """Looks, each with the arms that have it: a plain arm, all winners, or an activation with any penalty."""
    found: dict[str, list[dict]] = {}
    for arm in arms.listed(table, ARM):
        found.setdefault(_name(**arm), []).append(arm)
    names = {entry.name for entry in ACTIVATIONS.values()}
    plain, joined = [name for name in found if name in names], [name for name in found if name not in names]
    shown = looks(plain)
    for place, (name, shade) in enumerate(zip(joined, np.linspace(0.1, 0.6, len(joined)), strict=True)):
        shown[name] = Line({}, name, f"{shade:.2f}", MARKERS[(6 + place) % len(MARKERS)], ":")
    return [(look, found[name]) for name, look in shown.items()]


def _name(activation: str, activity_penalty: float) -> str:
    entry = ACTIVATIONS[activation]
    if activity_penalty > 0:
        return f"{entry.name} with L1 penalty"
    return "k winners" if entry.family == "winners" else entry.name


def _points(axis, part: pd.DataFrame, look: Line) -> None:
    if part.empty:
        return
    axis.errorbar(
        part["zero_share"],
        part["mean"],
        yerr=[(part["mean"] - part["ci_low"]).clip(lower=0), (part["ci_high"] - part["mean"]).clip(lower=0)],
        color=look.color,
        marker=look.marker,
        linestyle=look.style,
        markersize=4.5,
        linewidth=0.9,
        label=look.label,
    )
