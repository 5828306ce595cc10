"""The stock kinds of figures, drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.analysis import arms
from dying_relu.analysis.drawing import MARKERS, Line, Panel, facets, finish, kept, line, looks
from dying_relu.analysis.frames import matching
from dying_relu.analysis.stock.tables import NARROW
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.settings import SETTINGS

_WIDE = 5  # panels side by side


def dead_by_rate(table: pd.DataFrame) -> plt.Figure:
    """A panel an arm. Lines: layers; dashed: share of diverged networks."""
    keys = _arm(table)
    found = kept(arms.listed(table, keys), "panels")
    first = table[keys[0]].nunique() if keys else 1
    wide = len(found) // first if keys and len(found) % first == 0 and len(found) // first <= _WIDE else _WIDE
    rows, wide = -(-len(found) // max(wide, 1)), min(max(wide, 1), len(found))
    layers = sorted(set(table["series"]) - {"diverged"}, key=lambda series: int(series.split()[1]))
    lines = [look._replace(levels={"series": name}) for name, look in looks(layers).items()]
    lines.append(Line({"series": "diverged"}, "diverged", "0.45", "", "--"))
    figure, axes = facets(table.iloc[:0], "learning_rate", [Panel("", {})] * rows, [Panel("", {})] * wide, lines)
    for axis, arm in zip(axes.flat, found, strict=False):
        here = _rows(table, arm)
        for look in lines:
            line(axis, matching(here, **look.levels), "learning_rate", look.color, look.marker, look.label, look.style)
        axis.set(ylim=(-0.03, 1.03))
        axis.set_title(_title(arm))
    for axis in axes.flat[len(found) :]:
        axis.set_visible(False)
    label = "share of units dead, or of\nnetworks diverged"
    return finish(figure, axes, "learning rate", label, legend=len(lines))


def dead_by_scaled_rate(table: pd.DataFrame) -> plt.Figure:
    """A panel for each level of the first varying setting; lines: arms; the divergence limit is the line at 1."""
    keys = _arm(table)
    panels = [Panel(_title(arm), arm) for arm in kept(arms.listed(table, keys[:1]), "panels")]
    shown = kept(arms.listed(table, keys[1:]), "lines")
    found = looks([arms.label(arm) for arm in shown], lambda name: name or "dead fraction")
    lines = [look._replace(levels=arm) for arm, look in zip(shown, found.values(), strict=True)]
    figure, axes = facets(table, "scaled_rate", [], panels, lines, 2.3, ylim=(-0.03, 1.03))
    for axis in axes.flat:
        axis.axvline(1, color="0.45", linestyle="--", linewidth=0.9)
    return finish(figure, axes, "learning rate / divergence limit", "dead fraction", legend=len(lines))


def events_over_time(table: pd.DataFrame) -> plt.Figure:
    """Rows: levels of the first varying setting. Columns: rates, rising. Solid: deaths, dotted: revivals.

    Of the other settings that vary, the depth among them, one level is drawn, that of the reference network or nearest.
    """
    keys = sorted(_arm(table), key=lambda key: key == "depth")
    others = keys[1:]
    if others:
        print(f"events_over_time: of {', '.join(others)} one level is drawn, the nearest to the reference network's")
    table = arms.nearest_to_reference(table[table["step"] > 0], others)
    rows = kept(arms.listed(table, keys[:1]), "rows") or [{}]
    rates = [sorted(_rows(table, arm)["learning_rate"].unique()) for arm in rows]
    layers = looks(sorted(table["layer"].unique()), lambda layer: f"layer {layer:g}")
    styles = {"deaths": "-", "revivals": ":"}
    wide = max([1, *map(len, rates)])
    figure, axes = facets(table.iloc[:0], "step", [Panel("", {})] * len(rows), [Panel("", {})] * wide, [], sharey="row")
    for own, arm, known in zip(axes, rows, rates, strict=True):
        for axis in own[len(known) :]:
            axis.set_visible(False)
        for axis, rate in zip(own, known, strict=False):
            here = matching(_rows(table, arm), learning_rate=rate)
            for layer, look in layers.items():
                for event, style in styles.items():
                    part = matching(here, layer=layer, event=event)
                    line(axis, part, "step", look.color, look.marker, f"{look.label}, {event}", style)
            axis.set_title("\n".join(filter(None, (f"rate {rate:g}", _title(arm)))))
    return finish(figure, axes, "optimiser step", "events so far,\nfor each unit", legend=3)


def accuracy_by_dead(table: pd.DataFrame) -> plt.Figure:
    """One panel a scaling; points: mean accuracy of networks in a tenth of the dead fraction; bars: quartiles."""
    scalings = arms.listed(table, ["scaling"])
    names = {**{name: entry.name for name, entry in OPTIMIZERS.items()}, NARROW: "narrow networks, by units lacking"}
    shown = [name for name in names if name in set(table["arm"])]
    figure, axes = facets(table.iloc[:0], "dead_fraction", [], [Panel(_title(s), s) for s in scalings], [], 2.3)
    colors = sns.color_palette("colorblind", len(shown))
    for axis, scaling in zip(axes[0], scalings, strict=True):
        for place, arm in enumerate(shown):
            part = matching(table, **scaling, arm=arm).sort_values("dead_fraction")
            x = part["dead_fraction"] + 0.008 * (place - (len(shown) - 1) / 2)
            axis.vlines(x, part["lower_quartile"], part["upper_quartile"], color=colors[place], linewidth=3, alpha=0.3)
            axis.errorbar(
                x,
                part["mean"],
                yerr=[(part["mean"] - part["ci_low"]).clip(lower=0), (part["ci_high"] - part["mean"]).clip(lower=0)],
                color=colors[place],
                marker=MARKERS[place % len(MARKERS)],
                linewidth=0.9,
                label=names[arm],
            )
            axis.plot(x, part["best"], color=colors[place], marker="_", linestyle="", markersize=6)
        axis.set(xscale="linear", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    return finish(figure, axes, "dead fraction at the end", "test accuracy", legend=len(shown))


def _arm(table: pd.DataFrame) -> list[str]:
    """The settings that a table tells arms apart by."""
    return [key for key in SETTINGS if key in table and key != "learning_rate"]


def _rows(table: pd.DataFrame, arm: dict) -> pd.DataFrame:
    same = np.ones(len(table), bool)
    for key, level in arm.items():
        same &= (table[key].isna() if pd.isna(level) else table[key] == level).to_numpy(bool)
    return table[same]


def _title(arm: dict) -> str:
    """An arm's name on lines of two settings each, the last ones first."""
    words = [arms.name(key, level) for key, level in reversed(arm.items())]
    return "\n".join(", ".join(words[k : k + 2]) for k in range(0, len(words), 2))
