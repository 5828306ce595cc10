"""The ledger, and the maps behind it, as pictures."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from dying_relu.analysis.drawing import WIDTH

_LOOKS = {"supported": ("o", 0), "refuted": ("X", 3), "inconclusive": ("s", 7), "not testable": ("d", 7)}
_ROW = 0.2  # inches
_SIDES = {"left": 0.235, "right": 0.855, "wspace": 2.9}  # room for names on the left, and for words on the right


def verdicts(table: pd.DataFrame) -> plt.Figure:
    """The claims of the texts; see `_against_regions`."""
    return _against_regions(table[~table["own"].astype(bool)])


def hypotheses(table: pd.DataFrame) -> plt.Figure:
    """What this project asks; see `_against_regions`."""
    return _against_regions(table[table["own"].astype(bool)])


def _against_regions(table: pd.DataFrame) -> plt.Figure:
    """Two columns of claims, each on a scale of its own that shows the interval and the nearest edge of the region."""
    palette = sns.color_palette("colorblind")
    rows = max(-(-len(table) // 2), 1)
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, _ROW * rows + 0.5), squeeze=False)
    for axis, part in zip(axes[0], (table.iloc[:rows], table.iloc[rows:]), strict=True):
        for place, row in enumerate(part.itertuples()):
            marker, color = _LOOKS[row.verdict]
            low, high, region = _window(row)
            span = high - low
            left, right = ((edge - low) / span for edge in region)
            axis.barh(-place, right - left, left=left, height=0.8, color="0.86", linewidth=0)
            interval = [(edge - low) / span for edge in (row.ci_low, row.ci_high)]
            axis.plot(interval, [-place, -place], color=palette[color], linewidth=2)
            axis.plot((row.effect - low) / span, -place, marker=marker, color=palette[color], markersize=5)
            name = f"{row.claim}*" if row.stands == "depends" else row.claim
            axis.text(-0.03, -place, name, ha="right", va="center", fontsize=6)
            axis.text(1.03, -place, _numbers(row), ha="left", va="center", fontsize=5.5)
        axis.set(xlim=(0, 1), ylim=(-rows + 0.4, 0.6), xticks=[], yticks=[])
        axis.spines[["left", "bottom"]].set_visible(False)
    entries = [
        plt.Line2D([], [], marker=marker, color=palette[color], label=name)
        for name, (marker, color) in _LOOKS.items()
        if name in set(table["verdict"])
    ]
    figure.legend(handles=entries, loc="lower center", ncols=len(entries), frameon=False)
    bottom = 0.35 / figure.get_figheight()
    figure.subplots_adjust(**_SIDES, top=0.99, bottom=bottom)
    return figure


def maps(table: pd.DataFrame) -> plt.Figure:
    """A bar a claim: the shares of the cells that it could be read at in which it is supported, refuted, and open."""
    table = table[(table["cells"] > 1) & ~table["own"].astype(bool)]
    palette = sns.color_palette("colorblind")
    rows = max(-(-len(table) // 2), 1)
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, _ROW * rows + 0.5), squeeze=False)
    parts = {"supported": (palette[0], ""), "open": ("0.85", ""), "refuted": (palette[3], "////")}
    for axis, part in zip(axes[0], (table.iloc[:rows], table.iloc[rows:]), strict=True):
        for place, row in enumerate(part.itertuples()):
            left = 0.0
            for count, (color, hatch) in zip(
                (row.cells_supported, row.cells_open, row.cells_refuted), parts.values(), strict=True
            ):
                width = count / row.cells
                axis.barh(
                    -place, width, left=left, height=0.7, color=color, hatch=hatch, edgecolor="white", linewidth=0
                )
                left += width
            axis.text(-0.03, -place, row.claim, ha="right", va="center", fontsize=6)
            turns = (
                f", {row.depends_on}".replace("_", " ") if isinstance(row.depends_on, str) and row.depends_on else ""
            )
            axis.text(1.03, -place, textwrap.shorten(f"{row.cells}{turns}", 25), ha="left", va="center", fontsize=5.5)
        axis.set(xlim=(0, 1), ylim=(-rows + 0.4, 0.6), xticks=[], yticks=[])
        axis.spines[["left", "bottom"]].set_visible(False)
    entries = [
        plt.Rectangle((0, 0), 1, 1, facecolor=c, hatch=h, edgecolor="white", label=n) for n, (c, h) in parts.items()
    ]
    figure.legend(handles=entries, loc="lower center", ncols=len(entries), frameon=False)
    figure.subplots_adjust(**_SIDES, top=0.99, bottom=0.35 / figure.get_figheight())
    return figure


def _numbers(row) -> str:
    """Estimate and interval, shares in per cent, differences of shares in points."""
    if pd.isna(row.effect):
        return "no value"
    factor, unit, digits = {"share": (100, " %", 2), "points": (100, " pts", 2), "number": (1, "", 3)}[row.unit]
    effect, low, high = (
        np.format_float_positional(round(factor * value, 4), precision=digits, fractional=False, trim="-")
        for value in (row.effect, row.ci_low, row.ci_high)
    )
    return f"{effect}{unit} [{low}, {high}]"


def _window(row) -> tuple[float, float, tuple[float, float]]:
    """Ends of a row's scale, and of the region as far as it lies between them."""
    region = row.region_low - row.margin, row.region_high + row.margin
    nearest = min(region, key=lambda edge: abs(edge - row.effect) if pd.notna(row.effect) else edge)
    low, high = min(row.ci_low, nearest), max(row.ci_high, nearest)
    space = 0.3 * (high - low or 1)
    low, high = low - space, high + space
    return low, high, (max(region[0], low), max(min(region[1], high), low))
