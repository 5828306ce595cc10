"""Figures of the study recovery."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from dying_relu.analysis.drawing import WIDTH, Line, Panel, facets, finish, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS, INTERVENTIONS
from dying_relu.design.datasets import DATASETS
from dying_relu.studies.recovery.estimands import own_rates

_ALIKE = ("add_weight_decay", "renew_dead", "renew_dead_every_epoch")  # close to nothing, and to silent renewal
_STYLES = ("-", "--", "-.", ":")
_OWN = "rate × factor of its own"
_SHARE = (-0.04, 1.04)


def recovery_survival(table: pd.DataFrame) -> plt.Figure:
    """Rows: the rate after the killing. Columns: layers. Lines: treatments."""
    left_out = [INTERVENTIONS[name].name for name in _ALIKE if name in set(table["intervention"])]
    if left_out:
        print(f"recovery_survival: not drawn, for room: {', '.join(left_out)}")
    table = table[~table["intervention"].isin(_ALIKE)]
    rows = [
        Panel(f"rate × {at:g}:\nnot yet open", {"shown_at": at}) for at in sorted(set(table["shown_at"]), reverse=True)
    ]
    columns = [Panel(f"layer {layer:g}", {"layer": layer}) for layer in sorted(set(table["layer"]))]
    lines = _lines(table, "intervention", INTERVENTIONS)
    figure, axes = facets(table, "time", rows, columns, lines, 1.9, ylim=_SHARE)
    return finish(figure, axes, "epochs since the treatment began", [row.title for row in rows], legend=4)


def recovery_accuracy(table: pd.DataFrame) -> plt.Figure:
    """Left: accuracy won back in killed networks, by factor on the rate. Right: the price in healthy ones."""
    names = [name for name in reversed(INTERVENTIONS) if name in set(table["intervention"])]
    factors = table["rate_factor"].map("rate × {:g}".format)
    table = table.assign(series=factors.mask(own_rates(table["intervention"]), _OWN))
    table = table.sort_values("rate_factor", ascending=False)
    found = looks(sorted(set(table["series"]), key=lambda name: (name == _OWN, list(table["series"]).index(name))))
    size = (WIDTH, 0.24 * len(names) + 1.1)
    figure, axes = plt.subplots(1, 2, figsize=size, sharey=True, squeeze=False)
    for axis, state in zip(axes[0], ("killed", "healthy"), strict=True):
        for name, part in matching(table, state=state).groupby("intervention"):
            gap = min(0.26, 0.8 / len(part))
            for place, row in enumerate(part.itertuples()):
                y, look = names.index(name) + gap * ((len(part) - 1) / 2 - place), found[row.series]
                axis.hlines(y, row.ci_low, row.ci_high, color=look.color, linewidth=1.2)
                axis.plot(row.mean, y, color=look.color, marker=look.marker, linestyle="", label=look.label)
        axis.axvline(0, color="0.45", linestyle="--", linewidth=0.9)
        axis.set_title(f"{state} networks")
    axes[0][0].set_yticks(range(len(names)), [INTERVENTIONS[name].name for name in names])
    return finish(figure, axes, "test accuracy less that of the untreated", "", legend=3)


def recovery_rates(table: pd.DataFrame) -> plt.Figure:
    """Columns: regression, classification. Rows: error; dead units and diverged networks (dotted). Against the rate."""
    rows = [
        Panel("test error", {"measure": "error"}),
        Panel("dead fraction,\ndiverged share", {"measure": ("dead", "diverged")}),
    ]
    kinds = {True: "squared error", False: "error rate"}
    columns = [
        Panel(f"{DATASETS[name].name}: {kinds[DATASETS[name].regression]}", {"grid": grid, "dataset": name})
        for grid, name in table[["grid", "dataset"]].drop_duplicates().itertuples(index=False)
    ]
    lines = []
    for look in _lines(table, "intervention", INTERVENTIONS):
        lines.append(look._replace(levels={**look.levels, "measure": ("error", "dead")}, style="-"))
        gone = {**look.levels, "measure": "diverged"}
        lines.append(look._replace(levels=gone, label=f"{look.label}: diverged", style=":"))
    figure, axes = facets(table, "learning_rate", rows, columns, lines, 1.8, sharex="col", sharey="row")
    axes[0][0].set(yscale="log")
    axes[1][0].set(ylim=_SHARE)
    return finish(figure, axes, "learning rate", [row.title for row in rows], legend=2)


def recovery_depth(table: pd.DataFrame) -> plt.Figure:
    """Left: share of units open at the end. Right: movement of a unit in the last epoch. Against the starting depth.

    Left the intervals stand side by side: bands of many shares that are all zero would hide each other.
    """
    table = table[(table["depth"] > 0) & ((table["measure"] == "open") | (table["mean"] > 0))]
    columns = [Panel("open at the end, share of units", {"measure": "open"})]
    columns += [Panel("movement in the last epoch", {"measure": "movement"})]
    lines = _lines(table, "activation", ACTIVATIONS)
    banded = table.assign(ci_high=table["ci_high"].where(table["measure"] != "open"))
    figure, axes = facets(banded, "depth", [], columns, lines, 2.4, sharey=False)
    axes[0][0].set(ylim=_SHARE)
    axes[0][1].set(yscale="log")
    frozen = table.groupby("activation")["frozen"].first()
    for place, look in enumerate(lines):
        part, aside = matching(table, measure="open", **look.levels), 1.03 ** (place - (len(lines) - 1) / 2)
        axes[0][0].vlines(part["depth"] * aside, part["ci_low"], part["ci_high"], color=look.color, linewidth=0.9)
        depth = frozen[look.levels["activation"]]
        if np.isfinite(depth) and depth > 0:
            axes[0][1].axvline(depth, color=look.color, linestyle=":", linewidth=0.9)
    depths = sorted(set(table["depth"]))
    axes[0][0].set_xticks(depths, [f"{depth:g}" for depth in depths])
    axes[0][0].minorticks_off()
    return finish(figure, axes, "initial depth below zero", "", legend=6)


def _lines(table: pd.DataFrame, key: str, entries: dict) -> list[Line]:
    """A line for each level of a setting, in the catalogue's order, with its name."""
    found = looks([name for name in entries if name in set(table[key])], lambda name: entries[name].name)
    return [
        look._replace(levels={key: name}, style=_STYLES[place % len(_STYLES)])
        for place, (name, look) in enumerate(found.items())
    ]
