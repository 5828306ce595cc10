"""Figures of the study harm."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import WIDTH, Panel, facets, finish, kept, looks, points
from dying_relu.analysis.frames import matching
from dying_relu.studies.harm.tables import ARMS, FEW, HEALTHY, HELD, LOWERED

_STYLES = ("-", "--", "-.", ":")


def harm_by_share(table: pd.DataFrame) -> plt.Figure:
    """A panel for each kind of network. Lines: shut at several times; markers: narrow ones, and those killed."""
    series = sorted(
        set(table["series"]) - {FEW, HELD, LOWERED},
        key=lambda name: [int(word) for word in name.split() if word.isdigit()],
    )
    found = looks([*series, FEW, HELD, LOWERED])
    lines = [
        found[name]._replace(levels={"series": name}, style=_STYLES[place % len(_STYLES)])
        for place, name in enumerate(series)
    ]
    # the networks of which most is shown first
    order = table.groupby("panel")["series"].nunique().sort_values(ascending=False, kind="stable")
    panels = [Panel(name, {"panel": name}) for name in kept(list(order.index), "panels")]
    figure, axes = facets(table, "share", [], panels, lines, 2.5, xscale="linear", ylim=(-0.03, 1.03))
    for axis, panel in zip(axes[0], panels, strict=False):
        axis.set_title(panel.title, fontsize=7)
        for name in (FEW, HELD, LOWERED):
            points(axis, matching(table, series=name, **panel.levels), "share", found[name], fillstyle="none")
    return finish(figure, axes, "share of units", "score on test samples", legend=7)


def harm_parts(table: pd.DataFrame) -> plt.Figure:
    """A panel a killing rate, an arm a row: means with their intervals."""
    names = [name for name in (HEALTHY, *reversed(ARMS)) if name in set(table["arm"])][::-1]
    rates = kept(sorted(set(table["learning_rate"])), "panels")
    size = (WIDTH, 0.24 * len(names) + 0.9)
    figure, axes = plt.subplots(1, max(len(rates), 1), figsize=size, sharey=True, sharex=True, squeeze=False)
    for axis, rate in zip(axes[0], rates, strict=False):
        for row in matching(table, learning_rate=rate).itertuples():
            y = names.index(row.arm)
            axis.hlines(y, row.ci_low, row.ci_high, color="0.3", linewidth=1.4)
            axis.plot(row.mean, y, color="black", marker="o", linestyle="")
        axis.set_title(f"killed at rate {rate:g}")
        axis.set_xlim(-0.03, 1.03)
        axis.grid(axis="x", linewidth=0.4, color="0.85")
    axes[0][0].set_yticks(range(len(names)), names)
    return finish(figure, axes, "test accuracy", "", legend=1)
