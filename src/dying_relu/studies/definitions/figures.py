"""Figure of the study definitions."""

import matplotlib.pyplot as plt
import pandas as pd

from dying_relu.analysis.drawing import finish, looks, panels
from dying_relu.analysis.frames import matching
from dying_relu.studies.definitions.estimands import DEAD
from dying_relu.studies.definitions.words import WORDS

SHOWN = ("batch_64", "some_batch", "active_0.01", "test", "dormant_0.1", "frozen")
_KINDS = ("reference shape", "convolution")


def dead_conversions(table: pd.DataFrame) -> plt.Figure:
    """Dead percentage against that by another definition, a panel each: median network and range of nine in ten."""
    figure, axes = panels(2, 3, height=1.9)
    for axis, source in zip(axes.flat, SHOWN, strict=True):
        axis.plot([0, 100], [0, 100], color="0.6", linewidth=0.8, linestyle=":", label="the same percentage")
        for kind, look in looks(_KINDS).items():
            part = matching(table, source=source, target=DEAD, layer=0, networks=kind).sort_values("level")
            if part.empty:
                continue
            x, low, median, high = (100 * part[key].astype(float) for key in ("level", "low", "median", "high"))
            if kind == _KINDS[0]:
                axis.plot(x, median, color=look.color, label=f"{kind}: median, 5 to 95 %")
                axis.fill_between(x, low, high, color=look.color, alpha=0.25, linewidth=0)
            else:
                bars = [median - low, high - median]
                axis.errorbar(
                    x,
                    median,
                    bars,
                    color=look.color,
                    marker="s",
                    linestyle="",
                    elinewidth=0.8,
                    label=f"{kind}: the same",
                )
        axis.set_title(WORDS[source])
        axis.set_ylim(-3, 103)
    return finish(figure, axes, "% dead by the definition above", "% dead on the\ntraining set", legend=3)
