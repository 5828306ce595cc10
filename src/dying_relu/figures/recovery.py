"""Figures of the study recovery."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, finish, kind, line, panels
from dying_relu.labels import INTERVENTION_NAMES, activation_name

_CURVES = (
    *("none", "renew_living_silently", "switch_to_leaky", "switch_to_elu", "switch_to_momentum", "switch_to_adam"),
    *("renew_dead_silently", "add_batch_norm"),
)
_OWN_FACTOR = ("switch_to_momentum", "switch_to_adam")
_STYLES = ("-", "--", "-.", ":")


@kind
def recovery_survival(table: pd.DataFrame) -> plt.Figure:
    """Rows: the rate after the killing. Columns: layers. Lines: treatments; momentum and Adam at their highest rate."""
    general = table[~table["intervention"].isin(_OWN_FACTOR)]
    factors = sorted(general["rate_factor"].unique(), reverse=True)
    layers = sorted(table["layer"].unique())
    figure, axes = panels(len(factors), len(layers), height=1.9)
    colors = sns.color_palette("colorblind", len(_CURVES))
    for row, factor in enumerate(factors):
        for column, layer in enumerate(layers):
            axis = axes[row][column]
            for place, name in enumerate(_CURVES):
                here = table[(table["intervention"] == name) & (table["layer"] == layer)]
                if name in _OWN_FACTOR:  # shown once, in the row of the lower rate
                    wanted = here["rate_factor"].max() if row == len(factors) - 1 else np.nan
                else:
                    wanted = factor
                here = here[(here["rate_factor"] == wanted) & (here["time"] > 0)]
                label, style = INTERVENTION_NAMES[name], _STYLES[place % len(_STYLES)]
                line(axis, here, "time", colors[place], MARKERS[place], label, style)
            axis.set(xscale="log", ylim=(-0.04, 1.04))
            axis.set_title(f"layer {layer:.0f}, rate × {factor:g}")
    return finish(figure, axes, "epochs since the treatment began", "killed units\nnot yet open", legend=4)


@kind
def recovery_accuracy(table: pd.DataFrame) -> plt.Figure:
    """Left: accuracy won back in killed networks, by factor on the rate. Right: the price in healthy ones."""
    shown = [name for name in reversed(INTERVENTION_NAMES) if name in set(table["intervention"])]
    figure, axes = plt.subplots(1, 2, figsize=(6.9, 0.24 * len(shown) + 1.1), sharey=True, squeeze=False)
    colors = sns.color_palette("colorblind", 4)
    for column, (state, title) in enumerate((("killed", "killed networks"), ("healthy", "healthy networks"))):
        axis = axes[0][column]
        here = table[table["state"] == state]
        general = set(here["rate_factor"][~here["intervention"].isin(_OWN_FACTOR)])
        for name, part in here.groupby("intervention", observed=True):
            part = part.sort_values("rate_factor", ascending=False).reset_index(drop=True)
            for place, row in enumerate(part.itertuples()):
                y = shown.index(name) + 0.13 * (len(part) - 1) - 0.26 * place
                own = row.rate_factor not in general or name in _OWN_FACTOR
                kind_ = 2 if own else sorted(general, reverse=True).index(row.rate_factor)
                label = "rate × factor of its own" if own else f"rate × {row.rate_factor:g}"
                error = [[row.mean - row.ci_low], [row.ci_high - row.mean]]
                style = {"color": colors[kind_], "marker": MARKERS[kind_], "linestyle": "", "label": label}
                axis.errorbar(row.mean, y, xerr=error, elinewidth=1.2, **style)
        axis.axvline(0, color="0.45", linestyle="--", linewidth=0.9)
        axis.set_title(title)
    axes[0][0].set_yticks(range(len(shown)), [INTERVENTION_NAMES[name] for name in shown])
    return finish(figure, axes, "test accuracy less that of the untreated", "", legend=3)


@kind
def recovery_rates(table: pd.DataFrame) -> plt.Figure:
    """Columns: regression, classification. Rows: error; dead units and diverged networks. Against the rate."""
    grids = [name for name in ("regression", "classes") if name in set(table["grid"])]
    figure, axes = plt.subplots(2, len(grids), figsize=(6.9, 4.0), sharex="col", sharey="row", squeeze=False)
    colors = sns.color_palette("colorblind", 2)
    arms = {"none": "untreated", "renew_dead_every_epoch": "dead units resampled every epoch"}
    for column, grid in enumerate(grids):
        for place, (arm, label) in enumerate(arms.items()):
            here = table[(table["grid"] == grid) & (table["intervention"] == arm)]
            for row, measure, style, name in (
                (0, "error", "-", label),
                (1, "dead", "-", label),
                (1, "diverged", ":", f"{label}: diverged"),
            ):
                part = here[here["measure"] == measure]
                line(axes[row][column], part, "learning_rate", colors[place], MARKERS[place], name, style)
        axes[0][column].set(xscale="log", yscale="log")
        axes[0][column].set_title("regression: squared error" if grid == "regression" else "digits: error rate")
        axes[1][column].set(ylim=(-0.04, 1.04))
    return finish(figure, axes, "learning rate", ("test error", "dead fraction,\ndiverged share"), legend=2)


@kind
def recovery_depth(table: pd.DataFrame) -> plt.Figure:
    """Left: share of units open at the end. Right: movement of a unit in the last epoch. Against the starting depth."""
    figure, axes = plt.subplots(1, 2, figsize=(6.9, 2.9), squeeze=False)
    names = sorted(table["activation"].unique())
    colors = sns.color_palette("colorblind", len(names))
    for place, name in enumerate(names):
        here = table[table["activation"] == name]
        for axis, measure in zip(axes[0], ("open", "movement"), strict=True):
            part = here[here["measure"] == measure]
            if measure == "movement":
                part = part[part["mean"] > 0]
            label, style = activation_name(name), _STYLES[place % len(_STYLES)]
            line(axis, part, "depth", colors[place], MARKERS[place], label, style)
        frozen = here["frozen"].iloc[0]
        if np.isfinite(frozen) and frozen > 0:
            axes[0][1].axvline(frozen, color=colors[place], linestyle=":", linewidth=0.9)
    axes[0][0].set(xscale="log", ylim=(-0.04, 1.04), ylabel="share of units open at the end")
    axes[0][1].set(xscale="log", yscale="log", ylabel="movement in the last epoch")
    for axis in axes[0]:
        axis.set_xticks([3, 5, 10, 20, 50, 100], ["3", "5", "10", "20", "50", "100"])
        axis.minorticks_off()
    return finish(figure, axes, "initial depth below zero", axes[0][0].get_ylabel(), legend=6)
