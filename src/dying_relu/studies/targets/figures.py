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
    columns = [Panel(name("optimizer", arm["optimizer"]), arm) for arm in listed(table, ["optimizer"])]
    rows = [Panel("dead fraction", {"measure": "dead"}), Panel("diverged", {"measure": "diverged"})]
    found = looks(sorted(table["target_scale"].unique()), lambda scale: f"targets × {scale:g}")
    lines = [look._replace(levels={"target_scale": scale}) for scale, look in found.items()]
    figure, axes = facets(
        table, "learning_rate", rows, kept(columns, "panels"), kept(lines, "lines"), sharex="col", ylim=(-0.03, 1.03)
    )
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=len(lines))


def opening_times(table: pd.DataFrame) -> plt.Figure:
    """Columns: rule of decay; points measured, lines the closed form; a colour a bias."""
    rules = kept([rule for rule in dict.fromkeys([*_RULES, *table["rule"]]) if rule in set(table["rule"])], "panels")
    biases = looks(sorted(table["bias"].unique()), lambda bias: f"bias {bias:g}")
    figure, axes = panels(1, len(rules), 2.1)
    for axis, rule in zip(axes[0], rules, strict=True):
        for bias, look in biases.items():
            here = table[(table["rule"] == rule) & (table["bias"] == bias)].sort_values("strength")
            points(axis, here, "strength", look)
            axis.plot(here["strength"], here["predicted"], color=look.color, linestyle="--", linewidth=0.9)
        axis.set(title=_RULES.get(rule, rule), xscale="log", yscale="log")
    return finish(figure, axes, "strength of the decay", "steps until open", legend=len(biases))
