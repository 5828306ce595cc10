"""Figures of the study large_gradient: what was measured, with its closed form drawn over it."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import Line, Panel, facets, finish, looks, points
from dying_relu.analysis.frames import matching
from dying_relu.design.datasets import SCALINGS

_MEASURES = {"p_dead": "death probability", "activity_rate": "activity rate"}


def closing(table: pd.DataFrame) -> plt.Figure:
    """Rows: death or activity, by inputs; columns: features; lines: theory for each number of steps."""
    rows = [
        Panel(f"{label}\n({inputs.title})", {"measure": measure, **inputs.levels})
        for measure, label in _MEASURES.items()
        for inputs in _inputs(table)
    ]
    columns = [Panel(f"{d} features", {"features": d}) for d in sorted(table["features"].unique())]
    lines = _lines(table, "steps", lambda k: "one step" if k == 1 else f"{k} steps")
    return _over_theory(table, "total", rows, columns, lines, "total push G")


def closing_samples(table: pd.DataFrame) -> plt.Figure:
    """Columns: inputs; lines: theory for each number of features; against the number of inputs death is judged on."""
    lines = _lines(table, "features", "{} features".format)
    return _over_theory(
        table, "n", [Panel("death probability", {})], _inputs(table), lines, "inputs on which death is judged", 2.2
    )


def _over_theory(
    table: pd.DataFrame,
    x: str,
    rows: Sequence[Panel],
    columns: Sequence[Panel],
    lines: Sequence[Line],
    label: str,
    height: float = 1.5,
) -> plt.Figure:
    """Measured points over the lines of theory: solid for one step, else dashed."""
    figure, axes = facets(table, x, rows, columns, [], height, ylim=(-0.05, 1.05))
    for row, own in zip(rows, axes, strict=True):
        for column, axis in zip(columns, own, strict=True):
            for look in lines:
                here = matching(table, **row.levels, **column.levels, **look.levels).sort_values(x)
                points(axis, here, x, look)
                axis.plot(here[x], here["theory"], look.style, color=look.color, linewidth=0.9)
    return finish(figure, axes, label, [row.title for row in rows], legend=len(lines))


def _lines(table: pd.DataFrame, key: str, label) -> list[Line]:
    return [
        look._replace(levels={key: level}, style="--" if key == "steps" and level > 1 else "-")
        for level, look in looks(sorted(table[key].unique()), label).items()
    ]


def _inputs(table: pd.DataFrame) -> list[Panel]:
    """A panel for each scaling of the inputs."""
    means = {"centred": "inputs of mean 0", "raw": "inputs of mean 1"}
    return [
        Panel(means.get(name, f"{SCALINGS[name]} inputs"), {"scaling": name})
        for name in sorted(table["scaling"].unique(), key=lambda name: list(means | SCALINGS).index(name))
    ]
