"""Figures of the study convolution."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import Line, Panel, facets, finish, kept, looks
from dying_relu.studies.convolution.estimands import CLASS, DENSE, in_order

_WIDE = 5  # panels side by side
_SCALES = {
    "rate": "learning rate",
    "first fall": "rate × |first gradient|²",
    "failure limit": "rate / failure limit",
}


def convolution_dead(table: pd.DataFrame) -> plt.Figure:
    """Columns: classes. Above: dead by layer, and failed networks; below: zero outputs by layer."""
    classes = _classes(table)
    table = table.merge(classes.assign(place=classes.index)[["name", "place"]], on="name")
    table = table.assign(block=table["place"] // _WIDE, column=table["place"] % _WIDE)
    measures = {"share of units dead,\nor of networks failed": ("dead", "failed"), "share of outputs zero": ("zero",)}
    blocks = range(-(-len(classes) // _WIDE))
    rows = [Panel(title, {"block": b, "measure": shown}) for b in blocks for title, shown in measures.items()]
    columns = [Panel("", {"column": k}) for k in range(min(len(classes), _WIDE))]
    found = looks(sorted(table["layer"].dropna().unique()), lambda layer: f"layer {layer:g}")
    lines = [look._replace(levels={"layer": layer}) for layer, look in found.items()]
    lines.append(Line({"measure": "failed"}, "networks failed", "0.45", "", "--"))
    figure, axes = facets(table, "learning_rate", rows, columns, lines, ylim=(-0.03, 1.03))
    for place, pair in enumerate(zip(axes[::2].flat, axes[1::2].flat, strict=True)):
        if place < len(classes):
            pair[0].set_title(classes["label"][place].replace(", ", ",\n"))
        for axis in pair:
            axis.set_visible(place < len(classes))
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=len(lines))


def convolution_relative(table: pd.DataFrame) -> plt.Figure:
    """Columns: scales of the rate; lines: classes, dense ones dashed; failing at one half is the line at 1."""
    classes = _classes(table)
    lines = [
        look._replace(levels={"name": row.name}, style="--" if row.architecture == DENSE else "-")
        for row, look in zip(classes.itertuples(), looks(classes["label"]).values(), strict=True)
    ]
    columns = [Panel(title, {"scale": scale}) for scale, title in _SCALES.items()]
    wide = min(3, max(1, 90 // classes["label"].str.len().max()))  # names in a row of the legend
    height = 1.9 + 0.2 * -(-len(lines) // wide)
    figure, axes = facets(table, "x", [], columns, lines, height, sharex=False, ylim=(-0.03, 1.03))
    axes[0][-1].axvline(1, color="0.45", linestyle=":", linewidth=0.9)
    return finish(figure, axes, "", "dead share,\nmean of layers", legend=wide)


def _classes(table: pd.DataFrame) -> pd.DataFrame:
    """The classes in order, with a ``label`` that says what their width counts."""
    classes = in_order(table[CLASS].drop_duplicates())
    classes = classes.loc[kept(list(classes.index), "classes")]
    units = classes["architecture"].map(lambda architecture: "units" if architecture == DENSE else "channels")
    names = zip(classes["name"], classes["width"], units, strict=True)
    return classes.assign(label=[name.replace(f", {n}", f", {n} {word}", 1) for name, n, word in names])
