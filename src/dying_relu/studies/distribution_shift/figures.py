"""Figures of the study distribution_shift."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from dying_relu.analysis.drawing import Panel, facets, finish, looks, points
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.studies.distribution_shift.estimands import CONTROLS, MOMENTS

_SIZES = {
    "noise": "noise, standard deviations",
    "translated": "images moved, pixels",
    "inverted": "features mirrored",
}
_SPREAD = 0.66  # of the marks of one change, where changes are 1 apart


def alive_elsewhere(table: pd.DataFrame) -> plt.Figure:
    """Rows: alive there of the dead, dead there of the living. Columns: families of shifts. Lines: layers."""
    columns = [Panel("", {"family": family}) for family in dict.fromkeys(table["family"])]
    labels = {"alive": "of the dead on train,\nalive there", "dead": "of the living on train,\ndead there"}
    rows = [Panel(label, {"question": question}) for question, label in labels.items()]
    layers = looks(sorted(set(table["layer"]) - {0}), lambda layer: f"layer {layer:g}")
    lines = [look._replace(levels={"layer": layer}) for layer, look in layers.items()]
    figure, axes = facets(table, "size", rows, columns, lines, xscale="linear", ylim=(-0.03, 1.03))
    for axis in axes[-1]:
        axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    finish(figure, axes, "size", list(labels.values()), legend=len(lines))
    for axis, column in zip(axes[-1], columns, strict=True):
        axis.set_xlabel(_SIZES.get(column.levels["family"], column.levels["family"]))
    return figure


def revived_by_change(table: pd.DataFrame) -> plt.Figure:
    """Columns: layers, then all together; across: changes; marks: moment and rate."""
    changes = [change for change in CONTROLS if change in set(table["intervention"])]
    series = sorted(
        set(table[["moment", "rate_factor"]].itertuples(index=False, name=None)),
        key=lambda entry: (MOMENTS.index(entry[0]), entry[1]),
    )
    layers = [*sorted(set(table["layer"]) - {0}), 0]
    columns = [Panel(f"layer {layer:g}" if layer else "all layers", {"layer": layer}) for layer in layers]
    figure, axes = facets(table.iloc[:0], "place", [], columns, [], 2.2, xscale="linear")
    for axis, column in zip(axes[0], columns, strict=True):
        axis.axhline(0, color="0.45", linestyle="--", linewidth=0.9)
        for k, (entry, look) in enumerate(looks(series, _moment).items()):
            here = matching(table, moment=entry[0], rate_factor=entry[1], **column.levels)
            aside = _SPREAD * (k - (len(series) - 1) / 2) / len(series)
            points(axis, here.assign(place=here["intervention"].map(changes.index) + aside), "place", look)
        names = [INTERVENTIONS[change].name.replace(" ", "\n") for change in changes]
        axis.set_xticks(range(len(changes)), names, fontsize=6)
    return finish(figure, axes, "", "share of dead units alive,\nless control's", legend=len(series))


def _moment(entry: tuple[str, float]) -> str:
    return "one step after" if entry[0] == MOMENTS[0] else f"at the end, rate × {entry[1]:g}"
