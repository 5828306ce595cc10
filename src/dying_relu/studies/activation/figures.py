"""Figures of the study activation."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import LogLocator

from dying_relu.analysis.drawing import WIDTH, Panel, facets, finish, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS, FAMILIES

_STYLES = dict(zip(FAMILIES, ("-", "--", ":", "-."), strict=True))


def activation_arms(table: pd.DataFrame) -> plt.Figure:
    """One line an activation; panels: epochs to the fixed accuracy, and test accuracy."""
    names = [name for name in ACTIVATIONS if name in set(table["activation"])][::-1]
    titles = {"time": "epochs to the fixed accuracy", "accuracy": "test accuracy"}
    size = (WIDTH, 0.9 + 0.2 * len(names))
    figure, axes = plt.subplots(1, len(titles), figsize=size, sharey=True, squeeze=False)
    for axis, measure in zip(axes[0], titles, strict=True):
        for has, look in looks((False, True), lambda has: f"with{'' if has else 'out'} batch normalisation").items():
            part = matching(table, measure=measure, batch_norm=has).set_index("activation").reindex(names)
            axis.errorbar(
                part["mean"],
                [place + (-0.14 if has else 0.14) for place in range(len(names))],
                xerr=[part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]],
                color=look.color,
                marker=look.marker,
                linestyle="",
                elinewidth=0.9,
                label=look.label,
            )
        axis.grid(axis="y", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
    axes[0][0].set(yticks=range(len(names)), yticklabels=[ACTIVATIONS[name].name for name in names], xscale="log")
    axes[0][0].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0][0].xaxis.set_major_formatter("{x:g}")
    axes[0][0].minorticks_off()
    return finish(figure, axes, list(titles.values()), "", legend=2)


def activation_by_rate(table: pd.DataFrame) -> plt.Figure:
    """Columns: family. Rows: test error, dead or saturated share, share diverged."""
    names = [name for name in ACTIVATIONS if name in set(table["activation"])]
    lines = [
        look._replace(levels={"activation": name}, style=_STYLES[ACTIVATIONS[name].family])
        for name, look in looks(names, lambda name: ACTIVATIONS[name].name).items()
    ]
    members = {family: [name for name in names if ACTIVATIONS[name].family == family] for family in FAMILIES}
    columns = [Panel(family, {"activation": own}) for family, own in members.items() if own]
    titles = {"error": "test error", "dead": "dead or saturated", "diverged": "diverged"}
    rows = [Panel(title, {"measure": measure}) for measure, title in titles.items()]
    figure, axes = facets(table, "learning_rate", rows, columns, lines, 1.4, sharey="row")
    for error, *shares in axes.T:
        error.set_yscale("log")
        plt.setp(shares, ylim=(-0.04, 1.04))
    return finish(figure, axes, "learning rate", list(titles.values()), legend=5)


activation_by_rate_normalised = activation_by_rate  # the same of networks with batch normalisation
