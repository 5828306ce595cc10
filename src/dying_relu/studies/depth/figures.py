"""Figures of the study depth."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import LogLocator

from dying_relu.analysis.arms import listed
from dying_relu.analysis.drawing import MARKERS, WIDTH, Line, Panel, facets, finish, line, looks
from dying_relu.analysis.frames import matching
from dying_relu.design.catalogue import ACTIVATIONS, INITIALIZERS, OPTIMIZERS

_ENDS = ["mean", "ci_low", "ci_high"]
_STYLES = ("-", "--", ":", "-.")


def depth_gradients(table: pd.DataFrame) -> plt.Figure:
    """Left: gradient norm by layer, a panel an initialisation. Right: layer factor by scale, lines from theory."""
    by_layer, by_scale = _powers(matching(table, measure="log10 gradient")), matching(table, measure="factor")
    initializers = [name for name in INITIALIZERS if name in set(by_layer["initializer"])]
    size = (WIDTH, 2.75)
    figure, axes = plt.subplots(1, len(initializers) + 1, figsize=size, squeeze=False)
    *left, right = axes[0]
    right.set(xscale="log", yscale="log")
    rescaled = "".join(f"{INITIALIZERS[name].name}, rescaled;\n" for name in by_scale["initializer"].unique())
    for name, look in _looks(table).items():
        for axis, initializer in zip(left, initializers, strict=True):
            part = matching(by_layer, activation=name, initializer=initializer)
            line(axis, part, "layer", look.color, look.marker, look.label)
        theory = matching(table, measure="theory", activation=name).sort_values("init_scale")
        right.plot(theory["init_scale"], theory["mean"], color=look.color, linewidth=0.9)
        part = matching(by_scale, activation=name)
        right.errorbar(part["init_scale"], part["mean"], yerr=_bars(part), color=look.color, marker=look.marker, ls="")
    for axis, initializer in zip(left, initializers, strict=True):
        axis.set(yscale="log", ylim=(1e-14, 1e9), title=INITIALIZERS[initializer].name)
    right.axhline(1, color="0.6", linewidth=0.8, linestyle=":")
    right.set(ylabel="layer factor", title=f"{rescaled}lines: expected")
    for ticks in (right.xaxis, right.yaxis):
        ticks.set_major_locator(LogLocator(2))
        ticks.set_major_formatter("{x:g}")
    right.minorticks_off()
    return finish(figure, axes, ["layer"] * len(left) + ["factor on the initial weights"], "gradient norm", legend=5)


def depth_accuracy(table: pd.DataFrame) -> plt.Figure:
    """One line an arm: activation, optimiser, batch normalisation; a little apart where depths coincide."""
    figure, axes = plt.subplots(1, 1, figsize=(WIDTH, 2.9), squeeze=False)
    axis, found = axes[0][0], _looks(table)
    arms = listed(table, ["activation", "batch_norm", "optimizer"])
    optimizers = [name for name in OPTIMIZERS if name in set(table["optimizer"])]
    for place, arm in enumerate(arms):
        part = matching(table, **arm).sort_values("depth")
        words = [
            found[arm["activation"]].label,
            OPTIMIZERS[arm["optimizer"]].name,
            *["batch norm."] * arm["batch_norm"],
        ]
        axis.errorbar(
            part["depth"] * 1.015 ** (place - len(arms) / 2),
            part["mean"],
            yerr=_bars(part),
            color=found[arm["activation"]].color,
            marker=MARKERS[place % len(MARKERS)],
            linestyle=_STYLES[optimizers.index(arm["optimizer"]) % len(_STYLES)],
            markerfacecolor="white" if arm["batch_norm"] else None,
            label=", ".join(words),
        )
    depths = sorted(table["depth"].unique())
    axis.axhline(table["guess"].iloc[0], color="0.6", linewidth=0.8, linestyle=":")
    axis.set(xscale="log", ylim=(0, 1.03))
    axis.set_xticks(depths, labels=[str(depth) for depth in depths])
    axis.minorticks_off()
    return finish(figure, axes, "hidden layers", "test accuracy", legend=3)


def depth_largest(table: pd.DataFrame) -> plt.Figure:
    """Columns: depth. Rows: largest hidden output, share diverged. Dashes: batch normalisation."""
    shown = pd.concat([_powers(matching(table, measure="largest")), matching(table, measure="diverged")])
    titles = {"largest": "largest output", "diverged": "diverged"}
    rows = [Panel(title, {"measure": measure}) for measure, title in titles.items()]
    columns = [Panel(f"depth {depth}", {"depth": depth}) for depth in sorted(table["depth"].unique())]
    lines = [
        look._replace(
            levels={"activation": name, "batch_norm": has},
            label=look.label + ", batch norm." * has,
            style="--" if has else "-",
        )
        for name, look in _looks(table).items()
        for has in (False, True)
    ]
    figure, axes = facets(shown, "learning_rate", rows, columns, lines, 1.5, sharey="row")
    plt.setp(axes[0], yscale="log")
    plt.setp(axes[1], ylim=(-0.04, 1.04))
    return finish(figure, axes, "learning rate", list(titles.values()), legend=6)


def _looks(table: pd.DataFrame) -> dict[str, Line]:
    """A line for each activation, in the catalogue's order."""
    names = (name for name in ACTIVATIONS if name in set(table["activation"]))
    return looks(names, lambda name: ACTIVATIONS[name].name)


def _powers(part: pd.DataFrame) -> pd.DataFrame:
    """Logarithms turned back into values."""
    return part.assign(**{key: 10.0 ** part[key] for key in _ENDS})


def _bars(part: pd.DataFrame) -> list[pd.Series]:
    return [part["mean"] - part["ci_low"], part["ci_high"] - part["mean"]]
