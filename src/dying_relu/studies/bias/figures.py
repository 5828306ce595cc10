"""Figures of the study bias."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import Line, Panel, facets, finish, looks

_KINDS = ("none", "zero", "start", "penalty")


def bias_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: dead fraction, test accuracy; columns: initial bias, penalty; lines: arms; dashed: diverged."""
    rows = [Panel("dead fraction;\ndiverged (dashed)", {"measure": "dead_fraction"})]
    rows += [Panel("test accuracy", {"measure": "test_accuracy"})]
    columns = [
        Panel("initial bias", {"kind": ("none", "zero", "start")}),
        Panel("penalty on the biases", {"kind": ("zero", "penalty")}),
    ]
    lines = _lines(table)
    figure, axes = facets(table, "learning_rate", rows, columns, lines, 2.0, sharey="row", xscale="linear")
    gone = table[table["measure"] == "diverged"].sort_values("learning_rate")
    for axis, column in zip(axes[0], columns, strict=True):
        for look in lines:
            if look.levels["kind"] in column.levels["kind"]:
                here = gone[(gone["kind"] == look.levels["kind"]) & (gone["size"] == look.levels["size"])]
                axis.plot(here["learning_rate"], here["mean"], "--", color=look.color, linewidth=0.8)
        axis.set(xticks=sorted(table["learning_rate"].unique()))
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=5)


def bias_over_time(table: pd.DataFrame) -> plt.Figure:
    """Rows: dead fraction, training accuracy; columns: proper and killing rate; lines: arms; against the epoch."""
    table = table[table["epoch"] > 0]
    rows = [Panel(name, {"measure": name}) for name in ("dead fraction", "training accuracy")]
    rates = table.groupby("moment")["rate"].first()
    moments = [moment for moment in ("proper rate", "killing rate") if moment in rates]
    columns = [Panel(f"{moment} ({rates[moment]:g})", {"moment": moment}) for moment in moments]
    figure, axes = facets(table, "epoch", rows, columns, _lines(table), 2.0, sharey="row")
    return finish(figure, axes, "epoch", [row.title for row in rows], legend=5)


def _lines(table: pd.DataFrame) -> list[Line]:
    """A line an arm: none, zero (black wherever it is drawn), starts, penalties."""
    arms = set(table[["kind", "size"]].itertuples(index=False, name=None))
    ordered = sorted(arms, key=lambda arm: (_KINDS.index(arm[0]), arm[1]))
    found = looks(ordered, _label)
    return [
        look._replace(levels={"kind": arm[0], "size": arm[1]}, **({"color": "0.1"} if arm[0] == "zero" else {}))
        for arm, look in found.items()
    ]


def _label(arm: tuple[str, float]) -> str:
    return {"none": "no bias", "zero": "bias from 0"}.get(arm[0]) or (
        f"bias from {arm[1]:g}" if arm[0] == "start" else f"penalty {arm[1]:g}"
    )
