"""Figures of the study outlier."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.drawing import Line, Panel, facets, finish, looks
from dying_relu.design.datasets import SCALINGS

_PLAIN = {"optimizer": "sgd", "intervention": "outlier"}


def outlier_effect(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling. Rows: gradient ratio; dead at once by layer; dead after training on, and diverged."""
    rows = [
        Panel("gradient norm,\nratio to twin's", {"measure": "gradient ratio"}),
        Panel("excess dead,\nat once", {"measure": "dead at once"}),
        Panel("excess dead, later,\nand diverged", {"measure": ("dead after training on", "diverged")}),
    ]
    lines = [Line({"measure": "gradient ratio"}, "gradient ratio", "0.2")]
    layers = looks(sorted(table["layer"].dropna().unique()), lambda layer: f"layer {layer:.0f}")
    lines += [look._replace(levels={"layer": layer}) for layer, look in layers.items()]
    lines.append(Line({"measure": "diverged"}, "diverged", "0.45", "", "--"))
    figure, axes = facets(table, "strength", rows, _scalings(table), lines, sharey="row", xscale="linear")
    axes[0][0].set(yscale="log")
    for axis in axes[1:].flat:
        axis.set(ylim=(-0.05, 1.05))
    return finish(figure, axes, "k", [row.title for row in rows], legend=5)


def outlier_cause(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling; lines: what was put back or clipped."""
    found = arms.listed(table, list(_PLAIN))
    lines = [
        look._replace(levels=arm, style="-" if arm["optimizer"] == _PLAIN["optimizer"] else "--")
        for arm, look in zip(found, looks(map(_name, found)).values(), strict=True)
    ]
    figure, axes = facets(table, "strength", [], _scalings(table), lines, 2.3, xscale="linear")
    label = "excess dead fraction\nafter training on"
    return finish(figure, axes, "k: the outlier lies 10^k standard deviations out", label, legend=3)


def outlier_collapse(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling; left half at once, right half lasting; against rate times squared deviations; lines: rates."""
    moments = [moment for moment in ("at once", "after training on") if moment in set(table["moment"])]
    columns = [
        Panel(f"{panel.title},\n{moment}", {**panel.levels, "moment": moment})
        for moment in moments
        for panel in _scalings(table)
    ]
    rates = looks(sorted(table["learning_rate"].unique()), lambda rate: f"rate {rate:g}")
    lines = [look._replace(levels={"learning_rate": rate}) for rate, look in rates.items()]
    figure, axes = facets(table, "load", [], columns, lines, 2.1)
    return finish(figure, axes, "rate × (deviations)²", "excess dead fraction", legend=len(lines))


def _scalings(table: pd.DataFrame) -> list[Panel]:
    known = set(table["scaling"])
    return [Panel(f"{name} features", {"scaling": key}) for key, name in SCALINGS.items() if key in known]


def _name(arm: dict[str, object]) -> str:
    """What sets an arm apart from the plain step on an outlier."""
    return arms.label({key: level for key, level in arm.items() if level != _PLAIN[key]}) or "plain step"
