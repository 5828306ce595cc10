"""Figures of the studies single_neuron and large_gradient: what was measured, with its closed form drawn over it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from dying_relu import theory
from dying_relu.figures.common import MARKERS, WIDTH, finish, kind, panels
from dying_relu.labels import OPTIMIZER_NAMES, activation_name

_OUTCOMES = ("learned", "stuck", "still moving", "diverged")
_HATCHES = ("", "////", "....", "xxxx")
_FLIPS = ("as the target", "left-right", "up-down", "both", "constant")


@kind
def unit_paths(table: pd.DataFrame) -> plt.Figure:
    """Columns: optimiser. Upper row: weight, lower: loss; colour: start; thin black: path without batch noise."""
    names = [name for name in OPTIMIZER_NAMES if name in set(table["optimizer"])]
    figure, axes = plt.subplots(2, len(names), figsize=(WIDTH, 3.6), sharex=True, sharey="row", squeeze=False)
    norm = plt.Normalize(-10, 10)
    colors = sns.color_palette("vlag", as_cmap=True)
    for column, name in enumerate(names):
        for start, part in table[table["optimizer"] == name].groupby("init_scale"):
            color = colors(norm(start)) if abs(start) > 3 else ("#4a6a9c" if start <= 0 else "#b04a3a")
            axes[0][column].plot(part["step"], part["unit_weight"], color=color, linewidth=1.6, alpha=0.8)
            axes[0][column].plot(part["step"], part["theory"], color="black", linewidth=0.5)
            axes[1][column].plot(part["step"], part["train_loss"].clip(lower=1e-6), color=color, linewidth=1)
        axes[0][column].axhline(1, color="0.5", linestyle=":", linewidth=0.8)
        axes[0][column].set(yscale="symlog")
        axes[0][column].set_yscale("symlog", linthresh=0.1)
        axes[0][column].set_title(OPTIMIZER_NAMES[name])
        axes[1][column].set(yscale="log")
        axes[1][column].axhline(0.5, color="0.5", linestyle=":", linewidth=0.8)
        axes[1][column].set_xscale("symlog", linthresh=1)
        axes[1][column].set_xticks([0, 10, 1000], ["0", "10", "1000"])
        axes[1][column].set_xlabel("step")
    axes[0][0].set_ylabel("weight")
    axes[1][0].set_ylabel("loss")
    figure.tight_layout()
    return figure


@kind
def unit_map(table: pd.DataFrame) -> plt.Figure:
    """One panel an optimiser: start against rate, each cell its most frequent outcome; line: theory's crossing."""
    names = [name for name in OPTIMIZER_NAMES if name in set(table["optimizer"])]
    columns = 3
    rows = -(-len(names) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.0 * rows + 0.5), sharex=True, sharey=True, squeeze=False
    )
    palette = sns.color_palette("colorblind")
    colors = ["white", palette[3], palette[1], "0.25"]
    starts, rates = np.sort(table["init_scale"].unique()), np.sort(table["learning_rate"].unique())
    for place, axis in enumerate(axes.flat):
        if place >= len(names):
            axis.set_visible(False)
            continue
        here = table[table["optimizer"] == names[place]]
        chosen = here[list(_OUTCOMES)].to_numpy().argmax(axis=1)
        grid = pd.Series(chosen, index=[here["learning_rate"], here["init_scale"]]).unstack()
        grid = grid.reindex(index=rates, columns=starts).to_numpy(float)
        axis.pcolormesh(np.ma.masked_invalid(grid), cmap=ListedColormap(colors), vmin=-0.5, vmax=3.5, rasterized=False)
        for number in (1, 2, 3):
            axis.contourf(
                np.arange(len(starts)) + 0.5,
                np.arange(len(rates)) + 0.5,
                (grid == number).astype(float),
                levels=[0.5, 1.5],
                colors="none",
                hatches=[_HATCHES[number]],
            )
        rate = here["theory_rate"].iloc[0]
        if np.isfinite(rate):
            axis.axhline(
                np.interp(np.log(rate), np.log(rates), np.arange(len(rates)) + 0.5), color="black", linewidth=1.5
            )
        axis.axvline(np.searchsorted(starts, 0) + 0.5, color="black", linewidth=0.6, linestyle=":")
        ticks = np.arange(0, len(starts), 2)
        axis.set_xticks(ticks + 0.5, [f"{starts[t]:g}" for t in ticks], rotation=90)
        ticks = np.arange(0, len(rates), 2)
        axis.set_yticks(ticks + 0.5, [f"{rates[t]:g}" for t in ticks])
        axis.set_title(OPTIMIZER_NAMES[names[place]])
    for axis in axes[-1]:
        axis.set_xlabel("start")
    for row in axes:
        row[0].set_ylabel("learning rate")
    entries = [
        Patch(facecolor=color, edgecolor="0.3", hatch=hatch, label=name)
        for color, hatch, name in zip(colors, _HATCHES, _OUTCOMES, strict=True)
    ]
    figure.legend(handles=entries, loc="lower center", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure


@kind
def unit_surface(table: pd.DataFrame) -> plt.Figure:
    """Contours of the closed-form loss over (weight, bias), the paths on it, and each path's end."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.2), squeeze=False)
    for axis, reach in zip(axes[0], (3.4, 1.3), strict=True):
        w, b = np.meshgrid(np.linspace(-reach, reach, 241), np.linspace(-reach, reach, 240))
        loss = theory.relu_bias_loss(w, b)
        levels = [0.01, 0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.499, 0.6, 1, 2, 4, 8]
        lines = axis.contour(w, b, loss, levels=levels, colors="0.7", linewidths=0.6)
        axis.clabel(lines, fontsize=6, fmt="%g")
        palette = sns.color_palette("colorblind")
        for good in (False, True):
            for _, part in table[(table["outcome"] == "learned") == good].groupby("network"):
                color, style = (palette[0], "-") if good else (palette[3], "--")
                label = "learns" if good else "does not learn"
                axis.plot(
                    part["unit_weight"], part["unit_bias"], color=color, linestyle=style, linewidth=0.9, label=label
                )
                axis.plot(*part[["unit_weight", "unit_bias"]].iloc[0], marker=".", color=color, markersize=3)
                marker = "*" if good else "X"
                axis.plot(*part[["unit_weight", "unit_bias"]].iloc[-1], marker=marker, color=color, markersize=6)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="weight", ylabel="bias")
        axis.axvline(0, color="0.5", linewidth=0.5, linestyle=":")
    axes[0][0].set_title("all starts")
    axes[0][1].set_title("the same, near the origin")
    entries = {}
    for handle, label in zip(*axes[0][0].get_legend_handles_labels(), strict=True):
        entries.setdefault(label, handle)
    figure.legend(entries.values(), entries.keys(), loc="lower center", ncols=2, frameon=False)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    return figure


@kind
def unit_flips(table: pd.DataFrame) -> plt.Figure:
    """One panel an activation: the functions that units ended as, coloured by flip, with the share of each."""
    names = sorted(table["activation"].unique(), key=["relu", "leaky_relu_0.3", "elu", "selu"].index)
    figure, axes = plt.subplots(1, len(names), figsize=(WIDTH, 2.6), sharex=True, sharey=True, squeeze=False)
    x = np.linspace(-3, 3, 121)
    colors = dict(zip(_FLIPS, sns.color_palette("colorblind", len(_FLIPS)), strict=True))
    styles = dict(zip(_FLIPS, ("-", "--", "-.", (0, (5, 1)), ":"), strict=True))
    for axis, name in zip(axes[0], names, strict=True):
        here = table[table["activation"] == name]
        axis.plot(x, np.maximum(x, 0), color="0.8", linewidth=4)
        notes = []
        for flip in _FLIPS:
            part = here[here["solution"] == flip]
            for row in part.head(15).itertuples():
                h = theory.activation(name, row.unit_weight * x + row.unit_bias)
                axis.plot(
                    x,
                    row.output_weight * h + row.output_bias,
                    color=colors[flip],
                    linestyle=styles[flip],
                    linewidth=0.7,
                )
            if len(part):
                notes.append(f"{flip}: {100 * part['share'].iloc[0]:.0f} %")
        axis.set_title(activation_name(name) + "\n" + "\n".join(notes), fontsize=7)
        axis.set(ylim=(-2, 3.2), xlabel="input")
    axes[0][0].set_ylabel("output")
    entries = [plt.Line2D([], [], color=colors[flip], linestyle=styles[flip], label=flip) for flip in _FLIPS]
    target = plt.Line2D([], [], color="0.8", linewidth=4, label="target")
    figure.legend(handles=[target, *entries], loc="lower center", ncols=6, frameon=False)
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    return figure


@kind
def unit_theory(table: pd.DataFrame) -> plt.Figure:
    """Left: learned share against the rate of SGD; right: final weight against the slope; lines: closed forms."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.5), squeeze=False)
    palette = sns.color_palette("colorblind")
    rate = table[table["panel"] == "rate"].sort_values("x")
    fine = np.linspace(0.5, 3, 500)
    budget, batch = (int(rate[key].iloc[0]) for key in ("budget", "batch_size"))
    jump = np.where(fine < theory.STABLE_RATE, theory.jump_probability(fine, budget, batch, start=-10), 0.0)
    axes[0][0].plot(fine, jump, color="black", linewidth=0.9, label="closed form")
    exact = np.where(fine < theory.STABLE_RATE, theory.jump_probability(fine, budget, batch), 0.0)
    axes[0][0].plot(fine, exact, color="black", linewidth=0.9, linestyle=":", label="in exact\narithmetic")
    _points(axes[0][0], rate, palette[0], "o", "measured")
    axes[0][0].set(xlabel="learning rate of SGD, start at -10", ylabel="share that learns", ylim=(-0.05, 1.05))
    slopes = table[table["panel"] == "slope"]
    c = np.linspace(-0.12, 0.32, 100)
    axes[0][1].plot(c, theory.leaky_minimiser(c), color="black", linewidth=0.9, label="1 / (1 + c²)")
    below = c[c < 0]
    axes[0][1].plot(
        below, theory.leaky_minimiser(below, wrong_side=True), color="black", linestyle=":", label="c / (1 + c²)"
    )
    for place, (side, part) in enumerate(slopes.groupby("side")):
        _points(axes[0][1], part.assign(x=part["x"] + 0.004 * (2 * place - 1)), palette[place], MARKERS[place], side)
    axes[0][1].set(xlabel="slope c below zero", ylabel="final weight")
    axes[0][0].legend(frameon=False, loc=(0.63, 0.45), fontsize=7)
    axes[0][1].legend(frameon=False)
    figure.tight_layout()
    return figure


@kind
def closing(table: pd.DataFrame) -> plt.Figure:
    """Rows: centred inputs or not, and death or activity; columns: features; lines: theory for each number of steps."""
    features, steps = sorted(table["features"].unique()), sorted(table["steps"].unique())
    rows = [(m, s) for m in ("p_dead", "activity_rate") for s in ("centred", "raw")]
    figure, axes = panels(len(rows), len(features), height=1.5)
    colors = sns.color_palette("colorblind", len(steps))
    for row, (measure, scaling) in enumerate(rows):
        for column, d in enumerate(features):
            axis = axes[row][column]
            for place, k in enumerate(steps):
                here = table[
                    (table["measure"] == measure)
                    & (table["scaling"] == scaling)
                    & (table["features"] == d)
                    & (table["steps"] == k)
                ].sort_values("total")
                label = "one step" if k == 1 else f"{k} steps"
                _points(axis, here.assign(x=here["total"]), colors[place], MARKERS[place], label)
                axis.plot(
                    here["total"], here["theory"], color=colors[place], linewidth=0.9, linestyle="-" if k == 1 else "--"
                )
            axis.set(xscale="log", ylim=(-0.05, 1.05))
            axis.set_title(f"{'inputs of mean 0' if scaling == 'centred' else 'inputs of mean 1'}, {d} features")
    labels = ["death probability" if measure == "p_dead" else "activity rate" for measure, _ in rows]
    return finish(figure, axes, "total push G", labels, legend=len(steps))


@kind
def closing_samples(table: pd.DataFrame) -> plt.Figure:
    """Death probability against the number of inputs it is judged on; lines: theory."""
    features = sorted(table["features"].unique())
    figure, axes = panels(1, 2, height=2.2)
    colors = sns.color_palette("colorblind", len(features))
    for axis, scaling in zip(axes[0], ("centred", "raw"), strict=True):
        for place, d in enumerate(features):
            here = table[(table["scaling"] == scaling) & (table["features"] == d)].sort_values("n")
            _points(axis, here.assign(x=here["n"]), colors[place], MARKERS[place], f"{d} features")
            axis.plot(here["n"], here["theory"], color=colors[place], linewidth=0.9)
        axis.set(xscale="log", ylim=(-0.05, 1.05))
        axis.set_title("inputs of mean 0" if scaling == "centred" else "inputs of mean 1")
    return finish(figure, axes, "inputs on which death is judged", "death probability", legend=len(features))


def _points(axis, part, color, marker, label) -> None:
    """Means with intervals, no line: lines are theory's."""
    errors = [(part["mean"] - part["ci_low"]).clip(lower=0), (part["ci_high"] - part["mean"]).clip(lower=0)]
    axis.errorbar(
        part["x"], part["mean"], yerr=errors, color=color, marker=marker, linestyle="", label=label, elinewidth=0.8
    )
