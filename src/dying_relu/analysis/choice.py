"""The one way in which anything is chosen on pilot seeds: a rate, a scaling, an arm."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import grouped, pilot
from dying_relu.design.contents import Choice

Chosen = dict[str, object]  # the levels chosen, by column; None for each where there is nothing to choose from


def choose(frame: pd.DataFrame, rule: Choice) -> Chosen:
    """The levels of ``rule.over`` that are best by the rule, on the pilot seeds of a table.

    Args:
        frame: a row a network or more, with ``phase``, the measure, and ``diverged`` if diverged networks are in it
            (else they are the rows without a measure).

    Returns:
        The levels, ready for `frames.matching`; None for each if no cell takes part.
    """
    best = choose_each(frame, rule, [])
    return {key: (best[key].iloc[0] if len(best) else None) for key in rule.over}


def choose_each(frame: pd.DataFrame, rule: Choice, arms: Sequence[str]) -> pd.DataFrame:
    """For each arm (levels of the columns ``arms``) the best levels of ``rule.over``; arms without any are missing.

    A cell is a combination of levels. Its measure is the mean over its pilot rows. Cells with equal measures are
    settled by order: the smaller level first, of texts the alphabetical one.
    """
    arms, over = list(arms), list(rule.over)
    rows = pilot(frame)
    value = rows[rule.measure].astype(float)
    finite = value.notna()
    if "diverged" in rows:
        finite &= ~rows["diverged"].astype(bool)
    value = value.where(finite) if rule.diverged_as is None else value.where(finite, rule.diverged_as)
    keys = {
        key: rows[key].astype(str) if isinstance(rows[key].dtype, pd.CategoricalDtype) else rows[key]
        for key in [*arms, *over]
    }
    table = pd.DataFrame({**keys, "_finite": finite.astype(float), "_value": value})
    cells = grouped(table, [*arms, *over])[["_finite", "_value"]].mean().reset_index()
    above = {"most": 0.5, "all": np.nextafter(1, 0), "any": -1.0}[rule.finite]
    cells = cells[(cells["_finite"] > above) & cells["_value"].notna()]
    if rule.best == "largest":
        score = cells["_value"]
    elif rule.best == "smallest":
        score = -cells["_value"]
    else:
        score = -(cells["_value"] - float(rule.best)).abs()
    ordered = cells.assign(_score=score).sort_values([*arms, *over], kind="stable")
    if arms:
        places = grouped(ordered, arms)["_score"].idxmax()
        ordered = ordered.loc[places]
    else:
        ordered = ordered.loc[[ordered["_score"].idxmax()]] if len(ordered) else ordered
    dtypes = {key: level.dtype for key, level in keys.items()}  # an empty table of groups has lost them
    return ordered[[*arms, *over]].astype(dtypes).reset_index(drop=True)


def at_chosen(frame: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table at the levels that `choose_each` found, each arm at its own."""
    texts = {key: str for key in chosen if isinstance(frame[key].dtype, pd.CategoricalDtype)}
    return frame.astype(texts).merge(chosen, on=list(chosen.columns))


def in_words(rule: Choice) -> str:
    """The rule as the methods section prints it."""
    best = rule.best if isinstance(rule.best, str) else f"nearest to {rule.best:g}"
    finite = {"most": "more than half finite", "all": "all finite", "any": "any"}[rule.finite]
    if rule.diverged_as is not None:
        finite += f", those not finite counted as {rule.diverged_as:g}"
    return f"{best}; {finite}"
