"""Values by seed in every cell of a map: what estimands are made of.

A *cell* is one condition: a level of each setting and of whatever else values are told apart by (a layer, a moment). A
*map* is a table with a row a cell and seed: the settings, other axes, ``seed``, ``value``, and ``diverged``, whether
the value is missing because a network diverged. A value that is missing otherwise has nothing to speak of (no unit
died). Nothing is averaged over networks that not every seed of the cell has: `pair` and `pool` stop the build instead.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import grouped
from dying_relu.design.settings import SETTINGS
from dying_relu.workflow.errors import UserError

ALL_LAYERS = 0  # the layer that stands for all of them together
_VALUES = ("value", "diverged")
_SCALE = ("limit_share", "killing", "proper")
How = Callable[[pd.Series, pd.Series], pd.Series]


def of(
    frame: pd.DataFrame, value: pd.Series, diverged: pd.Series | None = None, axes: Sequence[str] = ()
) -> pd.DataFrame:
    """A map from a table with a row a network, and level of other axes.

    Args:
        value: of each row.
        diverged: of each row; by default the frame's column of that name.
        axes: columns that tell a network's rows apart.
    """
    keys = [*(key for key in SETTINGS if key in frame), *axes, "phase", "seed"]
    lost = (frame["diverged"] if diverged is None else diverged).astype(bool)
    return frame[keys].assign(value=value.astype(float).where(~lost), diverged=lost).reset_index(drop=True)


def sums(frame: pd.DataFrame, events: str, exposure: str, axes: Sequence[str] = ()) -> pd.DataFrame:
    """A map of shares, from counts in rows (layers, statuses) that are added up: events over exposure.

    A network of which a count is missing diverged; without exposure there is nothing to speak of.
    """
    keys = [*(key for key in SETTINGS if key in frame), *axes, "phase", "seed"]
    counts = frame[[events, exposure]].astype(float)
    rows = frame[keys].assign(events=counts[events], exposure=counts[exposure], lost=counts.isna().any(axis=1))
    found = grouped(rows, keys).agg(events=("events", "sum"), exposure=("exposure", "sum"), lost=("lost", "any"))
    found = found.reset_index()
    made = of(found, found["events"] / found["exposure"].where(found["exposure"] > 0), found["lost"], axes)
    counted = found[["events", "exposure"]].where(~found["lost"])
    return made.assign(events=counted["events"], exposure=counted["exposure"])


def by_layer(frame: pd.DataFrame, events: str, exposure: str, axes: Sequence[str] = ()) -> pd.DataFrame:
    """`sums` of each layer, and of all together, layer `ALL_LAYERS`."""
    parts = [sums(rows, events, exposure, [*axes, "layer"]) for rows in (frame, frame.assign(layer=ALL_LAYERS))]
    return pd.concat(parts, ignore_index=True)


def axes(found: pd.DataFrame) -> list[str]:
    """What tells the cells of a map apart, beside its seeds."""
    return [key for key in found if key not in (*_VALUES, "phase", "seed", "events", "exposure", *_SCALE)]


def pair(one: pd.DataFrame, other: pd.DataFrame, over: Sequence[str], how: How | str = "difference") -> pd.DataFrame:
    """A map of comparisons, seed by seed, of two arms that differ in some axes.

    A comparison is missing where one of the two is, and diverged where one of the two did. Cells of which there is but
    one arm are left out.

    Args:
        over: the axes in which the arms differ; the map does not have them.
        how: ``difference``, ``ratio`` (missing where both are zero), ``share`` of the first in the sum of both, or a
            function of both values.

    Raises:
        UserError: in some cell the arms do not have the same confirmatory seeds.
    """
    over = [key for key in over if key in one or key in other]
    one, other = (arm.drop(columns=[*over, *_counted(arm)], errors="ignore") for arm in (one, other))
    keys = [key for key in one if key not in _VALUES and key in other]
    both = one.merge(other, on=keys, how="outer", suffixes=("", "_other"), indicator=True)
    cells = [key for key in keys if key not in ("phase", "seed")]
    matched = grouped(both.assign(both=both["_merge"] == "both"), cells)["both"] if cells else None
    both = both[matched.transform("any")] if matched is not None else both
    alone = both["_merge"] != "both"
    _same(both[alone & (both["phase"] != "pilot")], cells, "has a network of one arm alone")
    both = both[~alone]  # pilot seeds decide nothing
    lost = both["diverged"].fillna(False).astype(bool) | both["diverged_other"].fillna(False).astype(bool)
    value = (_HOW[how] if isinstance(how, str) else how)(both["value"], both["value_other"])
    return of(both[keys], value, lost, [key for key in keys if key not in (*SETTINGS, "phase", "seed")])


def pool(found: pd.DataFrame, over: Sequence[str]) -> pd.DataFrame:
    """A map of means over the levels of some axes, seed by seed; missing or diverged where one of the values is.

    Raises:
        UserError: some seed of a cell lacks a level that another has.
    """
    over = [key for key in over if key in found]
    keys = [key for key in axes(found) if key not in over]
    seeds = grouped(found, [*keys, "phase", "seed"])
    sizes = seeds.size().rename("size").reset_index()
    full = grouped(sizes, keys)["size"].transform("max") if keys else sizes["size"].max()
    short = sizes[(sizes["size"] < full) & (sizes["phase"] != "pilot")]
    _same(short, keys, f"lacks networks over whose {', '.join(over)} others are averaged")
    made = seeds.agg(value=("value", lambda v: v.mean(skipna=False)), diverged=("diverged", "any")).reset_index()
    return of(made, made["value"], made["diverged"], [key for key in keys if key not in SETTINGS])


def repeated(found: pd.DataFrame, like: pd.DataFrame, *over: str) -> pd.DataFrame:
    """A map repeated for the levels of some axes that another has: one arm beside several of the other."""
    left = found.drop(columns=[key for key in over if key in found])
    keys = [*(key for key in axes(left) if key in like), "phase", "seed"]
    return left.merge(like[[*keys, *over]].drop_duplicates(), on=keys)


def without(found: pd.DataFrame, *over: str) -> pd.DataFrame:
    """The map without axes of which each cell has a single level by construction.

    Raises:
        UserError: a seed has two values in a cell then.
    """
    left = found.drop(columns=[key for key in over if key in found])
    twice = left.duplicated([*axes(left), "phase", "seed"])
    _same(left[twice], axes(left), "has several networks")
    return left


def _same(odd: pd.DataFrame, cells: Sequence[str], what: str) -> None:
    if len(odd):
        row = odd.iloc[0]
        cell = ", ".join(f"{key}={row[key]}" for key in cells if odd[key].nunique(dropna=False) > 1) or "its only cell"
        raise UserError(f"unequal arms: seed {row['seed']} {what} ({cell}); give these grids the same seeds")


def _ratio(one: pd.Series, other: pd.Series) -> pd.Series:
    return (one / other.where(other != 0)).mask((other == 0) & (one > 0), np.inf)


_HOW: dict[str, How] = {
    "difference": lambda one, other: one - other,
    "ratio": _ratio,
    "share": lambda one, other: one / (one + other).where(one + other > 0),
}


def _counted(frame: pd.DataFrame) -> list[str]:
    return [key for key in ("events", "exposure", *_SCALE) if key in frame]
