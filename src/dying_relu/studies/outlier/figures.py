"""Figures of the study outlier."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.drawing import Line, Panel, facets, finish, looks
from dying_relu.design.datasets import DATASETS, SCALINGS

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
    """Columns: data sets; rows: power of the size; lines: rates."""
    sets = [key for key in DATASETS if key in set(table["dataset"])]
    columns = [Panel(f"{DATASETS[key].name}: {_loss(key)}", {"dataset": key}) for key in sets]
    rows = [Panel("", {"power": power}) for power in (1, 2)]
    rates = looks(sorted(table["rate"].unique()), lambda rate: f"rate {rate:g}")
    lines = [look._replace(levels={"rate": rate}) for rate, look in rates.items()]
    figure, axes = facets(table, "load", rows, columns, lines, 1.7, sharex=False, ylim=(-0.05, 0.65))
    for axis in axes[0]:
        axis.set_xlabel("rate × deviations")
    return finish(figure, axes, "rate × (deviations)²", "excess dead,\nat once", legend=len(lines))


def outlier_scalings(table: pd.DataFrame) -> plt.Figure:
    """Columns: what does it, and what is equal; rows: moments; lines: layers."""
    words = {"deviations": "equal deviations", "inputs": "equal inputs"}
    columns = [
        Panel(f"{effect},\n{words[equal]}", {"effect": effect, "equal": equal})
        for equal in words
        for effect in ("centring", "scaling")
    ]
    rows = [Panel("", {"moment": moment}) for moment in ("at once", "after training on")]
    layers = looks(sorted(table["layer"].unique()), lambda layer: f"layer {layer:.0f}")
    lines = [look._replace(levels={"layer": layer}) for layer, look in layers.items()]
    figure, axes = facets(table, "strength", rows, columns, lines, 1.5, xscale="linear")
    for axis in axes.flat:
        axis.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    return finish(figure, axes, "k", ["change in excess\ndead, at once", "change in excess\ndead, later"], legend=5)


def _loss(dataset: str) -> str:
    return "squared error" if DATASETS[dataset].regression else "cross-entropy"


def _scalings(table: pd.DataFrame) -> list[Panel]:
    known = set(table["scaling"])
    return [Panel(f"{name} features", {"scaling": key}) for key, name in SCALINGS.items() if key in known]


def _name(arm: dict[str, object]) -> str:
    """What sets an arm apart from the plain step on an outlier."""
    return arms.label({key: level for key, level in arm.items() if level != _PLAIN[key]}) or "plain step"
