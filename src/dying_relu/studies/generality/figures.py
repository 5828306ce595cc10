"""Figure of the study generality."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import Panel, facets, finish, kept, line, looks
from dying_relu.analysis.frames import matching


def dead_by_condition(table: pd.DataFrame) -> plt.Figure:
    """A panel a thing that varies, a line a condition with a legend of its own; at 1 stands the limit."""
    panels = list(dict.fromkeys(table["panel"]))
    figure, axes = facets(table.iloc[:0], "scaled_rate", [], [Panel(f"other {p}", {}) for p in panels], [], 2.6)
    for axis, panel in zip(axes[0], panels, strict=True):
        here = matching(table, panel=panel)
        for name, look in looks(kept(list(dict.fromkeys(here["condition"])), "lines"), _short).items():
            part = matching(here, condition=name)
            line(axis, part, "scaled_rate", look.color, look.marker, look.label)
        axis.axvline(1, color="0.45", linestyle="--", linewidth=0.9)
        axis.set(ylim=(-0.03, 1.03))
        axis.legend(loc="upper left", frameon=False, fontsize=6, handlelength=1.4)
    figure = finish(figure, axes, "rate / limit", "dead fraction", legend=1)
    figure.legends.clear()
    return figure


def _short(name: str) -> str:
    """Words of more than one setting on lines of their own."""
    return name.replace(", ", ",\n", 1)
