"""Figure of the study closed."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from dying_relu.analysis.drawing import Panel, facets, finish, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.studies.closed.estimands import ALL


def closed_times(table: pd.DataFrame) -> plt.Figure:
    """Columns: all units closed, few. Lines: activation and side; dotted: times in proportion to the derived ones."""
    table = table[np.isfinite(table["travel"]) & table["mean"].notna()].assign(
        all=(table["bias_share"] == ALL), arm=table["activation"].astype(str) + "/" + table["side"].astype(str)
    )
    both = {name for name, part in table.groupby("activation", observed=True) if part["side"].nunique() > 1}

    def label(arm: str) -> str:
        name, side = arm.split("/")
        return ACTIVATIONS[name].name + (f", from {side}" if name in both else "")

    arms = sorted(set(table["arm"]), key=lambda arm: (list(ACTIVATIONS).index(arm.split("/")[0]), arm))
    lines = [look._replace(levels={"arm": arm}) for arm, look in looks(arms, label).items()]
    columns = [Panel("all units start one-sided", {"all": True}), Panel("a few among ordinary ones", {"all": False})]
    figure, axes = facets(table, "travel", [], columns, lines, 2.6)
    for axis in axes[0]:
        axis.set_yscale("log")
    for axis, column in zip(axes[0], columns, strict=True):
        here = matching(table, **column.levels)
        if len(here):
            low, high = here["travel"].min(), here["travel"].max()
            start = float(np.exp(np.log(here["mean"] / here["travel"]).mean()))
            axis.plot([low, high], [start * low, start * high], color="0.4", linestyle=":", linewidth=1)
    return finish(figure, axes, "derived time of travel", "steps until a quarter are back", legend=4)
