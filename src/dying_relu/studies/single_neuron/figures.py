"""Figures of the study single_neuron: what was measured, with its closed form drawn over it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from dying_relu.analysis import activations, theory
from dying_relu.analysis.drawing import WIDTH, looks, panels, points
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS, OPTIMIZERS

_OUTCOMES = {"learned": "", "stuck": "////", "still moving": "....", "diverged": "xxxx"}  # and their hatches
_FLIPS = {"as the target": "-", "left-right": "--", "up-down": "-.", "both": (0, (5, 1)), "constant": ":"}
_SHOWN = 15  # functions of each flip
_MOST = 24  # panels


def unit_paths(table: pd.DataFrame) -> plt.Figure:
    """Columns: optimiser. Upper row: weight, lower: loss; colour: start; thin black: path without batch noise."""
    names = [name for name in OPTIMIZERS if name in set(table["optimizer"])]
    figure, axes = plt.subplots(2, len(names), figsize=(WIDTH, 3.6), sharex=True, sharey="row", squeeze=False)
    norm, colors = plt.Normalize(-10, 10), sns.color_palette("vlag", as_cmap=True)
    for (upper, lower), name in zip(axes.T, names, strict=True):
        for start, part in matching(table, optimizer=name).groupby("init_scale"):
            color = colors(norm(start)) if abs(start) > 3 else ("#4a6a9c" if start <= 0 else "#b04a3a")
            upper.plot(part["step"], part["unit_weight"], color=color, linewidth=1.6, alpha=0.8)
            upper.plot(part["step"], part["theory"], color="black", linewidth=0.5)
            lower.plot(part["step"], part["train_loss"].clip(lower=1e-6), color=color, linewidth=1)
        upper.axhline(1, color="0.5", linestyle=":", linewidth=0.8)
        upper.set_yscale("symlog", linthresh=0.1)
        upper.set_title(OPTIMIZERS[name].name.replace(", ", ",\n"))
        lower.axhline(0.5, color="0.5", linestyle=":", linewidth=0.8)
        lower.set(yscale="log", xlabel="step")
        lower.set_xscale("symlog", linthresh=1)
        lower.set_xticks([0, 10, 1000], ["0", "10", "1000"])
    axes[0][0].set_ylabel("weight")
    axes[1][0].set_ylabel("loss")
    figure.tight_layout()
    return figure


def unit_map(table: pd.DataFrame) -> plt.Figure:
    """One panel an optimiser: start against rate, each cell its most frequent outcome; line: theory's crossing."""
    found = list(table.groupby("panel", sort=False))
    if len(found) > _MOST:
        print(f"unit_map: the first {_MOST} of {len(found)} panels are drawn")
        found = found[:_MOST]
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure, axes = panels(rows, columns, height=2.0)
    palette = sns.color_palette("colorblind")
    colors = ["white", palette[3], palette[1], "0.25"]
    starts, rates = np.sort(table["init_scale"].unique()), np.sort(table["learning_rate"].unique())
    for axis, (name, here) in zip(axes.flat, found, strict=False):
        _outcome_map(axis, here, starts, rates, colors)
        axis.set_title(name)
    for axis in axes.flat[len(found) :]:
        axis.set_visible(False)
    axes[0][0].set_yticks(np.arange(0, len(rates), 2) + 0.5, [f"{rate:g}" for rate in rates[::2]])
    axes[0][0].set_xticks(np.arange(0, len(starts), 2) + 0.5, [f"{start:g}" for start in starts[::2]])
    for axis in axes[-1]:
        axis.tick_params(axis="x", rotation=90)
    looked = zip(colors, _OUTCOMES.items(), strict=True)
    entries = [Patch(facecolor=c, edgecolor="0.3", hatch=hatch, label=name) for c, (name, hatch) in looked]
    for row in axes:
        row[0].set_ylabel("learning rate")
    for axis in axes[-1]:
        axis.set_xlabel("start")
    return _with_legend(figure, entries, 0.06)


def _outcome_map(axis, here: pd.DataFrame, starts: np.ndarray, rates: np.ndarray, colors: list) -> None:
    """Each cell in the colour and hatch of its most frequent outcome; zero and theory's crossing as lines."""
    most = here[list(_OUTCOMES)].to_numpy().argmax(axis=1)
    grid = pd.Series(most, [here["learning_rate"], here["init_scale"]]).unstack()
    grid = grid.reindex(index=rates, columns=starts).to_numpy(float)
    axis.pcolormesh(np.ma.masked_invalid(grid), cmap=ListedColormap(colors), vmin=-0.5, vmax=3.5)
    places = np.arange(len(rates)) + 0.5
    for row, column in np.argwhere(grid > 0):
        hatch = list(_OUTCOMES.values())[int(grid[row, column])]
        axis.add_patch(plt.Rectangle((column, row), 1, 1, fill=False, hatch=hatch, edgecolor="0.3", linewidth=0))
    rate = here["theory_rate"].iloc[0]
    if np.isfinite(rate):
        axis.axhline(np.interp(np.log(rate), np.log(rates), places), color="black", linewidth=1.5)
    axis.axvline(np.searchsorted(starts, 0) + 0.5, color="black", linewidth=0.6, linestyle=":")


def unit_surface(table: pd.DataFrame) -> plt.Figure:
    """Contours of the closed-form loss over (weight, bias), the paths on it, and each path's end."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.2), squeeze=False)
    palette = sns.color_palette("colorblind")
    styles = {"learns": (palette[0], "-", "*"), "does not learn": (palette[3], "--", "X")}
    for axis, reach in zip(axes[0], (3.4, 1.3), strict=True):
        w, b = np.meshgrid(np.linspace(-reach, reach, 241), np.linspace(-reach, reach, 240))
        levels = [0.01, 0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.499, 0.6, 1, 2, 4, 8]
        lines = axis.contour(w, b, theory.relu_bias_loss(w, b), levels=levels, colors="0.7", linewidths=0.6)
        axis.clabel(lines, fontsize=6, fmt="%g")
        for label, (color, style, end) in reversed(styles.items()):
            for _, part in table[(table["outcome"] == "learned") == (label == "learns")].groupby("network"):
                weight, bias = part["unit_weight"], part["unit_bias"]
                axis.plot(weight, bias, color=color, linestyle=style, linewidth=0.9)
                axis.plot(weight.iloc[0], bias.iloc[0], marker=".", color=color, markersize=3)
                axis.plot(weight.iloc[-1], bias.iloc[-1], marker=end, color=color, markersize=6)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="weight", ylabel="bias")
        axis.axvline(0, color="0.5", linewidth=0.5, linestyle=":")
    axes[0][0].set_title("all starts")
    axes[0][1].set_title("the same, near the origin")
    entries = [
        plt.Line2D([], [], color=color, linestyle=style, marker=end, linewidth=0.9, label=label)
        for label, (color, style, end) in styles.items()
    ]
    return _with_legend(figure, entries, 0.07)


def unit_flips(table: pd.DataFrame) -> plt.Figure:
    """One panel an activation: the functions that units ended as, coloured by flip, with the share of each."""
    names = [name for name in ACTIVATIONS if name in set(table["activation"])]
    rows = -(-len(names) // 4)
    columns = -(-len(names) // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.3 * rows + 0.3), sharex=True, sharey=True, squeeze=False
    )
    x = np.linspace(-3, 3, 121)
    colors = dict(zip(_FLIPS, sns.color_palette("colorblind", len(_FLIPS)), strict=True))
    for axis, name in zip(axes.flat, names, strict=False):
        axis.plot(x, np.maximum(x, 0), color="0.8", linewidth=4)
        notes = [ACTIVATIONS[name].name]
        for flip, style in _FLIPS.items():
            part = matching(table, activation=name, solution=flip)
            for row in part.head(_SHOWN).itertuples():
                h = activations.value(name, row.unit_weight * x + row.unit_bias)
                axis.plot(
                    x, row.output_weight * h + row.output_bias, color=colors[flip], linestyle=style, linewidth=0.7
                )
            notes += [f"{flip}: {100 * share:.0f} %" for share in part["share"].head(1)]
        axis.set_title("\n".join(notes), fontsize=7)
        axis.set(ylim=(-2, 3.2))
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("input")
    for row in axes:
        row[0].set_ylabel("output")
    entries = [plt.Line2D([], [], color="0.8", linewidth=4, label="target")]
    entries += [plt.Line2D([], [], color=colors[flip], linestyle=style, label=flip) for flip, style in _FLIPS.items()]
    return _with_legend(figure, entries, 0.09 / rows)


def unit_theory(table: pd.DataFrame) -> plt.Figure:
    """Left: learned share against the rate of SGD; right: final weight against the slope; lines: closed forms."""
    figure, ((left, right),) = plt.subplots(1, 2, figsize=(WIDTH, 2.5), squeeze=False)
    rate, slopes = matching(table, panel="rate"), matching(table, panel="slope")
    black = {"color": "black", "linewidth": 0.9}
    if len(rate):
        fine = np.linspace(rate["x"].min(), rate["x"].max(), 500)
        budget, batch = (int(rate[key].max()) for key in ("budget", "batch_size"))
        for label, start, style in (("closed form", -10, "-"), ("in exact\narithmetic", None, ":")):
            jump = theory.jump_probability(fine, budget, batch, start)
            left.plot(fine, np.where(fine < theory.STABLE_RATE, jump, 0.0), label=label, linestyle=style, **black)
    points(left, rate, "x", next(iter(looks(["measured"]).values())))
    left.set(xlabel="learning rate of SGD, start at -10", ylabel="share that learns", ylim=(-0.05, 1.05))
    if len(slopes):
        c = np.linspace(slopes["x"].min() - 0.02, slopes["x"].max() + 0.02, 100)
        right.plot(c, theory.leaky_minimiser(c), label="1 / (1 + c²)", **black)
        below = c[c < 0]
        right.plot(below, theory.leaky_minimiser(below, wrong_side=True), label="c / (1 + c²)", linestyle=":", **black)
    for place, (side, look) in enumerate(looks(sorted(slopes["side"].unique())).items()):
        part = matching(slopes, side=side)
        points(right, part.assign(x=part["x"] + 0.004 * (2 * place - 1)), "x", look)
    right.set(xlabel="slope c below zero", ylabel="final weight")
    for axis, place in ((left, (0.63, 0.45)), (right, "best")):
        if axis.has_data():
            axis.legend(frameon=False, loc=place, fontsize=7)
    figure.tight_layout()
    return figure


def _with_legend(figure: plt.Figure, entries: list, below: float) -> plt.Figure:
    """One row of legend entries below all panels, which leave it a share of the height."""
    figure.legend(handles=entries, loc="lower center", ncols=len(entries), frameon=False)
    figure.tight_layout(rect=(0, below, 1, 1))
    return figure
