"""Figure of the study generality."""

from textwrap import fill

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import Panel, facets, kept, line, looks
from dying_relu.analysis.frames import matching

_SIDE_BY_SIDE = 2


def dead_by_condition(table: pd.DataFrame) -> plt.Figure:
    """A panel a thing that varies, a line a condition, with a legend of its own; the limit is the line at 1."""
    panels = list(dict.fromkeys(table["panel"]))
    rows = -(-len(panels) // _SIDE_BY_SIDE)
    columns = [Panel("", {})] * _SIDE_BY_SIDE
    figure, axes = facets(table.iloc[:0], "scaled_rate", columns[:1] * rows, columns, [], 2.1, ylim=(-0.03, 1.03))
    for axis, panel in zip(axes.flat, panels, strict=False):
        here = matching(table, panel=panel)
        for name, look in looks(kept(list(dict.fromkeys(here["condition"])), "lines"), _wrapped).items():
            part = matching(here, condition=name)
            line(axis, part, "scaled_rate", look.color, look.marker, look.label)
        axis.axvline(1, color="0.45", linestyle="--", linewidth=0.9)
        axis.set_title(f"other {panel}")
        axis.legend(loc="upper left", frameon=False, fontsize=7, handlelength=1.6)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("learning rate / limit")
    for row in axes:
        row[0].set_ylabel("dead fraction")
    figure.tight_layout()
    return figure


def _wrapped(name: str) -> str:
    """A name that leaves room for the curves."""
    return fill(name, 24)
