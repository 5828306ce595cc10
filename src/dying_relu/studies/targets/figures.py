"""Figures of the study targets."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.arms import listed, name
from dying_relu.analysis.drawing import Panel, facets, finish, kept, looks, panels, points

_RULES = {
    "coupled, sgd": "penalty, SGD",
    "coupled, adam": "penalty, Adam",
    "weights decay": "decoupled, weights alone",
    "all decay": "decoupled, biases too",
}


def targets_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Columns: optimiser; rows: dead, diverged; lines: size of the targets."""
    columns = [Panel(_name(str(arm["optimizer"])), arm) for arm in listed(table, ["optimizer"])]
    rows = [Panel("dead fraction", {"measure": "dead"}), Panel("diverged", {"measure": "diverged"})]
    found = looks(sorted(table["target_scale"].unique()), lambda scale: f"targets × {scale:g}")
    lines = kept([look._replace(levels={"target_scale": scale}) for scale, look in found.items()], "lines")
    figure, axes = facets(table, "learning_rate", rows, kept(columns, "panels"), lines, ylim=(-0.03, 1.03))
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=len(lines))


def opening_times(table: pd.DataFrame) -> plt.Figure:
    """Columns: rules of decay under which some unit opens or should; points measured, lines the closed form."""
    opened = table[table["mean"].notna() | table["predicted"].notna()]
    table = opened if len(opened) else table
    known = set(table["rule"])
    rules = kept([rule for rule in dict.fromkeys([*_RULES, *table["rule"]]) if rule in known], "panels")
    biases = looks(sorted(table["bias"].unique()), lambda bias: f"bias {bias:g}")
    figure, axes = panels(1, len(rules), 2.1)
    for axis, rule in zip(axes[0], rules, strict=True):
        for bias, look in biases.items():
            here = table[(table["rule"] == rule) & (table["bias"] == bias)].sort_values("strength")
            points(axis, here, "strength", look)
            axis.plot(here["strength"], here["predicted"], color=look.color, linestyle="--", linewidth=0.9)
        axis.set(title=_RULES.get(rule, rule), xscale="log", yscale="log")
        axis.set_xticks(strengths := sorted(table["strength"].unique()), [f"{strength:g}" for strength in strengths])
        axis.set_xticks([], minor=True)
    return finish(figure, axes, "strength of the decay", "steps until open", legend=len(biases))


def _name(optimizer: str) -> str:
    """An optimiser's printed name, with its momentum."""
    return "momentum 0.9" if optimizer == "momentum" else name("optimizer", optimizer)
