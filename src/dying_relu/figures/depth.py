"""Figures of the study depth."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.figures.common import MARKERS, WIDTH, finish, kind, line, panels
from dying_relu.labels import OPTIMIZER_NAMES, activation_name

_ORDER = ("relu", "sigmoid", "sigmoid_4x", "tanh")
_COLORS = dict(zip(_ORDER, sns.color_palette("colorblind", len(_ORDER)), strict=True))
_STYLES = dict(zip(_ORDER, MARKERS, strict=False))
_INITIALIZERS = {"he_normal": "He", "glorot_normal": "Glorot"}


@kind
def depth_gradients(table: pd.DataFrame) -> plt.Figure:
    """Left two: gradient norm by layer, a panel an initialisation. Right: layer factor by scale, lines from theory."""
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.75), squeeze=False)
    by_layer = table[table["measure"] == "log10 gradient"]
    by_layer = by_layer.assign(**{key: 10.0 ** by_layer[key] for key in ("mean", "ci_low", "ci_high")})
    names = [name for name in _ORDER if name in set(table["activation"])]
    for axis, (initializer, title) in zip(axes[0], _INITIALIZERS.items(), strict=False):
        for name in names:
            part = by_layer[(by_layer["activation"] == name) & (by_layer["initializer"] == initializer)]
            line(axis, part, "layer", _COLORS[name], _STYLES[name], activation_name(name))
        axis.set(yscale="log", xlabel="layer", title=f"{title} initialisation", ylim=(1e-14, 1e2))
    axes[0][0].set_ylabel("gradient norm")
    axis = axes[0][2]
    for name in names:
        theory = table[(table["measure"] == "theory") & (table["activation"] == name)].sort_values("init_scale")
        axis.plot(theory["init_scale"], theory["mean"], color=_COLORS[name], linewidth=0.9)
        part = table[(table["measure"] == "factor") & (table["activation"] == name)]
        spread = [part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]]
        axis.errorbar(
            part["init_scale"], part["mean"], yerr=spread, color=_COLORS[name], marker=_STYLES[name], linestyle=""
        )
    axis.axhline(1, color="0.6", linewidth=0.8, linestyle=":")
    axis.set(xscale="log", yscale="log", xlabel="factor on He's initial weights", ylabel="layer factor")
    axis.set_xticks((0.5, 1, 2, 4, 8), labels=("0.5", "1", "2", "4", "8"))
    axis.set_yticks((0.25, 0.5, 1, 2), labels=("0.25", "0.5", "1", "2"))
    axis.minorticks_off()
    axis.set_title("points measured, lines expected")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    return figure


@kind
def depth_accuracy(table: pd.DataFrame) -> plt.Figure:
    """One line an arm: activation, optimiser, batch normalisation; a little apart where depths coincide."""
    figure, axes = plt.subplots(1, 1, figsize=(WIDTH, 2.9), squeeze=False)
    arms = table[["activation", "optimizer", "batch_norm"]].drop_duplicates().itertuples(index=False)
    arms = sorted(arms, key=lambda arm: (_ORDER.index(arm.activation), arm.batch_norm, arm.optimizer != "sgd"))
    for place, arm in enumerate(arms):
        part = table[(table[list(arm._fields)] == pd.Series(arm._asdict())).all(axis=1)].sort_values("depth")
        label = f"{activation_name(arm.activation)}, {OPTIMIZER_NAMES[arm.optimizer]}"
        axes[0][0].errorbar(
            part["depth"] * 1.015 ** (place - len(arms) / 2),
            part["mean"],
            yerr=[part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]],
            color=_COLORS[arm.activation],
            marker=MARKERS[place % len(MARKERS)],
            linestyle="--" if arm.optimizer != "sgd" else "-",
            markerfacecolor="white" if arm.batch_norm else None,
            label=label + (", batch norm." if arm.batch_norm else ""),
        )
    depths = sorted(table["depth"].unique())
    axes[0][0].axhline(0.1, color="0.6", linewidth=0.8, linestyle=":")
    axes[0][0].set(xscale="log", ylim=(0, 1.03))
    axes[0][0].set_xticks(depths, labels=[str(depth) for depth in depths])
    axes[0][0].minorticks_off()
    return finish(figure, np.atleast_2d(axes), "hidden layers", "test accuracy", legend=3)


@kind
def depth_largest(table: pd.DataFrame) -> plt.Figure:
    """Columns: depth. Rows: largest hidden output, share diverged. Open markers and dashes: batch normalisation."""
    depths = sorted(table["depth"].unique())
    figure, axes = panels(2, len(depths), height=1.5, sharey="row")
    names = [name for name in _ORDER if name in set(table["activation"])]
    for column, depth in enumerate(depths):
        for row, measure in enumerate(("largest", "diverged")):
            for name in names:
                for batch_norm, style in ((False, "-"), (True, "--")):
                    part = table[
                        (table["depth"] == depth)
                        & (table["measure"] == measure)
                        & (table["activation"] == name)
                        & (table["batch_norm"] == batch_norm)
                    ]
                    if part.empty:
                        continue
                    if measure == "largest":
                        part = part.assign(**{key: 10.0 ** part[key] for key in ("mean", "ci_low", "ci_high")})
                    label = activation_name(name) + (", batch norm." if batch_norm else "")
                    line(axes[row][column], part, "learning_rate", _COLORS[name], _STYLES[name], label, style)
        axes[0][column].set(xscale="log", yscale="log")
        axes[0][column].set_title(f"depth {depth}")
        axes[1][column].set(ylim=(-0.04, 1.04))
    return finish(figure, axes, "learning rate", ("largest output", "diverged"), legend=6)
