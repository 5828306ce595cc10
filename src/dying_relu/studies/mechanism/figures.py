"""Figures of the study mechanism."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.analysis.drawing import Line, Panel, facets, finish, kept, line, looks, panels, points
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS

_PARTS = {"inputs": ("its inputs", ""), "weights": ("its own weights", "////"), "bias": ("its own bias", "xxxx")}
_EVENTS = {"death": "D", "revival": "R"}


def death_causes(table: pd.DataFrame) -> plt.Figure:
    """Rows: scaling; columns: optimiser and depth; a stacked bar a layer and event, one piece a part of the step."""
    classes = kept(sorted(set(zip(table["optimizer"].astype(str), table["depth"], strict=True)), key=_order), "classes")
    scalings = [key for key in SCALINGS if key in set(table["scaling"])]
    figure, axes = panels(len(scalings), len(classes), height=1.9)
    colors = sns.color_palette("colorblind")
    for scaling, row in zip(scalings, axes, strict=True):
        for (optimizer, depth), axis in zip(classes, row, strict=True):
            here = matching(table, scaling=scaling, optimizer=optimizer, depth=depth)
            for layer in sorted(here["layer"].unique()):
                for event, shift in (("death", -0.2), ("revival", 0.2)):
                    part = matching(here, layer=layer, event=event).set_index("part")
                    _bar(axis, part, layer + shift, colors, _EVENTS.get(event, event))
            axis.set(ylim=(0, 1.18), yticks=[0, 0.5, 1], xticks=sorted(table["layer"].unique()))
    for (optimizer, depth), axis in zip(classes, axes[0], strict=True):
        name = OPTIMIZERS[optimizer].name if optimizer in OPTIMIZERS else optimizer
        axis.set_title(f"{name}, {depth} layers")
    return finish(figure, axes, "hidden layer", [f"{SCALINGS[key]} inputs\nshare of events" for key in scalings], 3)


def _bar(axis, part: pd.DataFrame, place: float, colors, letter: str) -> None:
    bottom = 0.0
    for (name, (label, hatch)), color in zip(_PARTS.items(), (colors[0], colors[1], colors[7]), strict=True):
        if name in part.index and pd.notna(part.loc[name, "mean"]):
            height = max(float(part.loc[name, "mean"]), 0.0)
            axis.bar(place, height, 0.34, bottom, color=color, hatch=hatch, edgecolor="white", linewidth=0, label=label)
            bottom += height
    if bottom:
        events = part["events"].max()
        count = f"{events / 100:.0f}" if events >= 1000 else f"{events / 100:.1f}"
        axis.text(place, 1.02, f"{letter}\n{count}", ha="center", va="bottom", fontsize=4.6, linespacing=0.95)


def _order(item: tuple[str, int]) -> tuple[int, int]:
    names = list(OPTIMIZERS)
    return (names.index(item[0]) if item[0] in names else len(names)), item[1]


def step_hazard(table: pd.DataFrame) -> plt.Figure:
    """Rows: death, revival; columns: scaling and named rate; lines: layers, and divergence of networks, by step."""
    rates = [rate for rate in ("proper", "killing") if rate in set(table["rate"])]
    columns = [
        Panel(f"{SCALINGS[key]}, {rate} rate", {"scaling": key, "rate": rate})
        for key in SCALINGS
        if key in set(table["scaling"])
        for rate in rates
    ]
    layers = looks([str(layer) for layer in sorted(table["layer"].unique()) if layer > 0], lambda name: f"layer {name}")
    lines = [look._replace(levels={"layer": int(name)}) for name, look in layers.items()]
    rows = [Panel(event, {"event": event}) for event in ("death", "revival")]
    figure, axes = facets(table, "step", rows, columns, lines, 1.7, sharey="row")
    diverging = Line({"event": "divergence"}, "networks diverging", "black", "", ":")
    for axis, column in zip(axes[0], columns, strict=True):
        here = matching(table, **column.levels, **diverging.levels)
        line(axis, here, "step", diverging.color, diverging.marker, diverging.label, diverging.style)
    return finish(figure, axes, "step", ["hazard of death", "hazard of revival"], legend=len(lines) + 1)


def step_movement(table: pd.DataFrame) -> plt.Figure:
    """Columns: scaling; ratio of movements against the layer; points: depths, line: theory."""
    scalings = [key for key in SCALINGS if key in set(table["scaling"])]
    figure, axes = panels(1, max(len(scalings), 1), height=2.0)
    depths = looks([str(depth) for depth in sorted(table["depth"].unique())], lambda name: f"depth {name}")
    for scaling, axis in zip(scalings, axes[0], strict=True):
        here = matching(table, scaling=scaling)
        theory = here.drop_duplicates("layer").sort_values("layer")
        axis.plot(theory["layer"], theory["theory"], color="0.4", label="theory, wide layers")
        for depth, look in depths.items():
            points(axis, matching(here, depth=int(depth)), "layer", look)
        axis.set(yscale="log", xticks=sorted(here["layer"].unique()), title=f"{SCALINGS[scaling]} inputs")
        axis.axhline(1, color="0.8", linewidth=0.8, zorder=0)
    return finish(figure, axes, "hidden layer", "movement by inputs\nover movement by own", legend=len(depths) + 1)
