"""Estimate the claims of a study: for each, one value a seed in every cell that its sentence could be read at.

An estimand is a small named function in the ``estimands`` module of a study. It takes the study's tables (see
config/README.md) and returns a map (`analysis.maps`). The claim names one cell of it: the study's own settings but for
what ``cell`` in config/claims.yaml says. What has to be chosen (a rate, an arm) is chosen on pilot seeds.
"""

import json
from collections.abc import Mapping

import pandas as pd

from dying_relu import studies
from dying_relu.analysis import arms, maps
from dying_relu.analysis.frames import Tables
from dying_relu.design.settings import NAMED_RATES, SETTINGS
from dying_relu.design.study import Study
from dying_relu.ledger.claims import CLAIMS, Claim
from dying_relu.workflow.errors import UserError

COLUMNS = [
    "claim",
    "cell",
    "levels",
    "named",
    "limit_share",
    "phase",
    "seed",
    "value",
    "diverged",
    "events",
    "exposure",
]


def estimate(study: Study, claims: Mapping[str, Claim], tables: Tables) -> pd.DataFrame:
    """The values of claims of a study, columns `COLUMNS`: of each claim those of all cells that it may be read at.

    Values beyond a claim's bounds (the infinite ratio of one to nothing) are cut to them.

    ``cell`` in words and ``levels`` as JSON are the levels of the axes that vary; ``named``: whether it is the cell
    that the claim names; ``limit_share``: its rate over the limit of its class, where it is on that scale.
    """
    found: dict[str, pd.DataFrame] = {}
    for claim in claims.values():
        if claim.estimand not in found:
            found[claim.estimand] = studies.function(studies.package(study.name), "estimands", claim.estimand)(tables)
    parts = [_of(claim, found[claim.estimand], study) for claim in claims.values()]
    return pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)


def _of(claim: Claim, found: pd.DataFrame, study: Study) -> pd.DataFrame:
    named = _matching(found, _named_levels(claim, found, study))
    rows = found.assign(named=named)[named | _read(claim, found)]
    axes = [key for key in maps.axes(found) if rows[key].nunique(dropna=False) > 1]
    cells = rows[axes].drop_duplicates()
    levels = [{key: _plain(row[key]) for key in axes} for _, row in cells.iterrows()]
    cells = cells.assign(levels=[json.dumps(level) for level in levels], cell=[arms.label(level) for level in levels])
    rows = rows.merge(cells, on=axes) if axes else rows.assign(levels="{}", cell="")
    return rows.assign(claim=claim.id, value=rows["value"].clip(*claim.bounds))


def _named_levels(claim: Claim, found: pd.DataFrame, study: Study) -> dict[str, object]:
    """The level of each axis in the cell that a claim names; for a rate by its name, that the column of it is true."""
    rate = claim.cell.get("learning_rate")
    own = {
        key: level
        for key, level in claim.cell.items()
        if key in SETTINGS and not (key == "learning_rate" and rate in NAMED_RATES)
    }
    settings = dict(study.with_levels(own))
    wanted = {key: settings[key] for key in SETTINGS if key in found}
    wanted |= {key: level for key, level in claim.cell.items() if key not in SETTINGS}
    if rate in NAMED_RATES:
        wanted = {key: level for key, level in wanted.items() if key != "learning_rate"} | {str(rate): True}
    for key in wanted:
        if key not in found:
            raise UserError(f"{CLAIMS}: {claim.id}.cell: {claim.estimand} does not tell values apart by '{key}'")
    for key in maps.axes(found):
        if key not in (*wanted, "learning_rate") and found[key].nunique() > 1:
            raise UserError(f"{CLAIMS}: {claim.id}.cell: {claim.estimand} has several levels of '{key}'; name one")
    return wanted


def _matching(found: pd.DataFrame, wanted: Mapping[str, object]) -> pd.Series:
    same = pd.Series(True, found.index)
    for key, level in wanted.items():
        same &= found[key].isna() if level is None else (found[key] == level).fillna(False).astype(bool)
    return same


def _read(claim: Claim, found: pd.DataFrame) -> pd.Series:
    """Whether a claim may be read at a row's cell: levels of axes, or for ``limit_share`` a range."""
    read = pd.Series(True, found.index)
    for key, levels in claim.read_at.items():
        if key not in found:
            raise UserError(f"{CLAIMS}: {claim.id}.read_at: {claim.estimand} does not tell values apart by '{key}'")
        read &= found[key].between(*levels) if key == "limit_share" else found[key].isin(levels)
    return read


def _plain(level: object) -> object:
    return None if pd.isna(level) else getattr(level, "item", lambda: level)()
