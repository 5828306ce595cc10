"""Figures of the study bias."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels


@kind
def bias_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Rows: dead fraction, test accuracy; columns: initial bias, penalty; lines: arms; dashed: diverged."""
    groups = {"initial bias": _starts(table), "penalty on the biases": ["zero", *_penalties(table)]}
    figure, axes = panels(2, 2, height=2.0, sharey="row")
    for column, (title, arms) in enumerate(groups.items()):
        styles = _styles(arms, shift=0 if column == 0 else 5)
        for row, measure in enumerate(("dead_fraction", "test_accuracy")):
            for arm in arms:
                here = table[(table["arm"] == arm) & (table["measure"] == measure)]
                line(axes[row][column], here, "learning_rate", *styles[arm], _label(arm))
            axes[row][column].set(xticks=sorted(table["learning_rate"].unique()))
        for arm in arms:
            gone = table[(table["arm"] == arm) & (table["measure"] == "diverged")].sort_values("learning_rate")
            axes[0][column].plot(gone["learning_rate"], gone["mean"], "--", color=styles[arm][0], linewidth=0.8)
        axes[0][column].set_title(title)
    return finish(figure, axes, "learning rate", ("dead fraction;\ndiverged (dashed)", "test accuracy"), legend=5)


@kind
def bias_over_time(table: pd.DataFrame) -> plt.Figure:
    """Rows: dead fraction, training accuracy; columns: proper and killing rate; lines: arms; against the epoch."""
    arms = [*_starts(table), *_penalties(table)]
    styles = _styles(arms)
    moments = ["proper rate", "killing rate"]
    figure, axes = panels(2, len(moments), height=2.0, sharey="row")
    for column, moment in enumerate(moments):
        for row, measure in enumerate(("dead fraction", "training accuracy")):
            here = table[(table["moment"] == moment) & (table["measure"] == measure) & (table["epoch"] > 0)]
            for arm in arms:
                line(axes[row][column], here[here["arm"] == arm], "epoch", *styles[arm], _label(arm))
            axes[row][column].set(xscale="log")
        rate = table[table["moment"] == moment]["rate"]
        axes[0][column].set_title(f"{moment} ({rate.iloc[0]:g})" if len(rate) else moment)
    return finish(figure, axes, "epoch", ("dead fraction", "training accuracy"), legend=5)


def _starts(table: pd.DataFrame) -> list[str]:
    starts = [arm for arm in table["arm"].unique() if arm.startswith("start")]
    ordered = sorted(starts, key=lambda arm: float(arm.split()[1]))
    return [arm for arm in ("none", "zero") if arm in set(table["arm"])] + ordered


def _penalties(table: pd.DataFrame) -> list[str]:
    return sorted((a for a in table["arm"].unique() if a.startswith("penalty")), key=lambda arm: float(arm.split()[1]))


def _styles(arms: list[str], shift: int = 0) -> dict[str, tuple[str, str]]:
    """Colour and marker of each arm; zero bias is black wherever it is drawn."""
    colors = sns.color_palette("colorblind", 10)
    styles = {arm: (colors[(shift + k) % 10], MARKERS[(shift + k) % 10]) for k, arm in enumerate(arms)}
    return styles | {"zero": ("0.1", "o")}


def _label(arm: str) -> str:
    names = {"none": "no bias", "zero": "bias from 0"}
    return names.get(arm) or arm.replace("start", "bias from")
