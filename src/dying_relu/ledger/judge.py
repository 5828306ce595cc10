"""From each claim's values by seed to results/claims.csv, and to results/maps.csv: one rule for all verdicts.

A cell's verdict is where its interval lies. The interval is exact, and holds for all claims of the texts together with
probability 0.95 whatever depends on what: each of m claims has the level 0.05 / m (Bonferroni), half of it on each
side. The project's own hypotheses and replications are a second family, with an m of its own. What a diverged network
would have shown is unknown: the lower end is taken as if it had shown the smallest value there can be, the upper end
the largest, so no verdict hangs on it.
"""

import json
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from dying_relu import studies
from dying_relu.analysis.intervals import ALPHA, Interval, median_interval, share_interval
from dying_relu.ledger import power
from dying_relu.ledger.claims import Claim, together
from dying_relu.ledger.regions import Region, p_value
from dying_relu.workflow import sources

COLUMNS = [
    "claim",
    "source",
    "statement",
    "verdict",
    "effect",
    "effect_name",
    "ci_low",
    "ci_high",
    "p",
    "p_adjusted",
    "n_seeds",
    "study",
    "of",
    "kind",
    "own",
    "decided_by",
    "told",
    "estimand",
    "cell",
    "read_at",
    "family",
    "unit",
    "region_low",
    "region_high",
    "margin",
    "bound_low",
    "bound_high",
    "confidence",
    "n_diverged",
    "n_without",
    "effect_for",
    "events",
    "exposure",
    "cells",
    "cells_supported",
    "cells_refuted",
    "cells_open",
    "cells_without",
    "stands",
    "depends_on",
    "holds_where",
    "needed_share",
    "share_inside",
    "share_inside_pilot",
    "asked",
    "code",
]
MAP_COLUMNS = [
    "claim",
    "cell",
    "levels",
    "named",
    "limit_share",
    "verdict",
    "effect",
    "ci_low",
    "ci_high",
    "verdict_survivors",
    "effect_survivors",
    "n_seeds",
    "n_diverged",
    "n_without",
]


def judge(claims: Mapping[str, Claim], values: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ledger, one row a claim in the order given, and the map of each: a row a claim and cell.

    Args:
        values: as `estimate.estimate` gives them, of all claims.
    """
    own = {name: values[values["claim"] == name] for name in claims}
    m = together(claims)
    maps = {name: _map(claim, own[name], ALPHA / m[name]) for name, claim in claims.items()}
    rows = [_row(claim, maps[name], own[name], m[name]) for name, claim in claims.items()]
    return pd.DataFrame(rows, columns=COLUMNS), pd.concat(maps.values(), ignore_index=True)


def interval(claim: Claim, seeds: pd.DataFrame) -> Callable[[float], Interval]:
    """The interval of a cell as a function of alpha: of the median seed, or of the share of seeds.

    Args:
        seeds: ``value`` and ``diverged``, a row a seed; without a value and not diverged, it has nothing to say.
    """
    low = _interval(claim, _filled(seeds, claim.bounds[0]))
    if not seeds["diverged"].to_numpy(bool).any():
        return low
    high = _interval(claim, _filled(seeds, claim.bounds[1]))
    return lambda alpha: (low(alpha)[0], high(alpha)[1])


def _interval(claim: Claim, known: np.ndarray) -> Callable[[float], Interval]:
    if claim.family == "share":
        return share_interval(int(known.sum()), len(known))
    return median_interval(known, (claim.bounds[0], claim.bounds[1]))


def _filled(seeds: pd.DataFrame, bound: float) -> np.ndarray:
    """The values of those that have one, and of the diverged the bound."""
    values = np.where(seeds["diverged"].to_numpy(bool), bound, seeds["value"].to_numpy(float))
    return values[~np.isnan(values)]


def effect(claim: Claim, seeds: pd.DataFrame, against: bool = True) -> float:
    """The median seed, or the share of seeds; the diverged counted against the claim, or for it."""
    region, (low, high) = _region(claim), claim.bounds
    worst, best = (low, high) if region.low - low >= high - region.high else (high, low)
    known = _filled(seeds, worst if against else best)
    if len(known) == 0:
        return np.nan
    return float(known.mean() if claim.family == "share" else np.median(known))


def _region(claim: Claim) -> Region:
    return Region(claim.region[0], claim.region[1], claim.margin)


def _map(claim: Claim, values: pd.DataFrame, level: float) -> pd.DataFrame:
    rows = []
    confirmed = values[values["phase"] == "confirmatory"]
    for (cell, levels), seeds in confirmed.groupby(["cell", "levels"], sort=False):
        low, high = interval(claim, seeds)(level)
        alive = seeds[~seeds["diverged"].astype(bool)]
        survivors = interval(claim, alive)(level) if len(alive) < len(seeds) else (low, high)
        known = int(seeds["value"].notna().sum())
        diverged = int(seeds["diverged"].sum())
        rows.append(
            {
                "claim": claim.id,
                "cell": cell,
                "levels": levels,
                "named": bool(seeds["named"].iloc[0]),
                "limit_share": seeds["limit_share"].iloc[0],
                "verdict": _region(claim).verdict((low, high)) if known + diverged else "not testable",
                "effect": effect(claim, seeds),
                "ci_low": low,
                "ci_high": high,
                "verdict_survivors": _region(claim).verdict(survivors) if known else "not testable",
                "effect_survivors": effect(claim, alive),
                "n_seeds": known + diverged,
                "n_diverged": diverged,
                "n_without": len(seeds) - known - diverged,
            }
        )
    return pd.DataFrame(rows, columns=MAP_COLUMNS)


def _row(claim: Claim, cells: pd.DataFrame, values: pd.DataFrame, m: int) -> dict[str, object]:
    here = values[values["named"].astype(bool) & (values["phase"] == "confirmatory")]
    pilot = values[values["named"].astype(bool) & (values["phase"] == "pilot")]
    mine = cells[cells["named"]]
    made = mine.iloc[0] if len(mine) else dict.fromkeys(MAP_COLUMNS) | {"verdict": "not testable", "n_seeds": 0}
    p = p_value(interval(claim, here), _region(claim))
    return {
        **{key: getattr(claim, key) for key in ("source", "statement", "effect_name", "study", "of", "kind", "own")},
        **{key: getattr(claim, key) for key in ("decided_by", "told", "estimand", "family", "unit", "margin")},
        "claim": claim.id,
        **{key: made[key] for key in ("verdict", "effect", "ci_low", "ci_high", "n_seeds", "n_diverged", "n_without")},
        "p": p,
        "p_adjusted": min(1.0, m * p),
        "cell": _in_words(claim, here, made["cell"]),
        "read_at": json.dumps(claim.read_at) if claim.read_at else "",
        "region_low": claim.region[0],
        "region_high": claim.region[1],
        "bound_low": claim.bounds[0],
        "bound_high": claim.bounds[1],
        "confidence": 1 - ALPHA / m,
        "effect_for": effect(claim, here, against=False),
        "events": here["events"].sum() if here["events"].notna().any() else None,
        "exposure": here["exposure"].sum() if here["exposure"].notna().any() else None,
        **_over_cells(cells),
        "needed_share": power.needed_share(claim, int(made["n_seeds"] or 0), ALPHA / m),
        "share_inside": _inside(claim, here["value"]),
        "share_inside_pilot": _inside(claim, pilot["value"]),
        "asked": claim.asked,
        "code": code_of(claim),
    }


def _inside(claim: Claim, values: pd.Series) -> float:
    """The share of seeds inside the region; missing where it is neither yes nor no that lies inside."""
    between = claim.family == "share" and 0 < claim.region[0] <= claim.region[1] < 1
    return np.nan if between else _region(claim).share_inside(values)


def code_of(claim: Claim) -> str:
    """A digest of the code behind a claim's estimand."""
    return sources.digest("estimate", f"{studies.package(claim.study)}.estimands")


def _in_words(claim: Claim, here: pd.DataFrame, cell: str | None) -> str:
    """The cell that a claim names, with its rate's name and its place on the scale of the limit."""
    name = claim.cell.get("learning_rate")
    share = here["limit_share"].dropna()
    notes = [f"the {name} rate"] if name in ("killing", "proper") else []
    notes += (
        [f"{share.iloc[0]:.2g} of the limit"] if len(share) and np.isfinite(share.iloc[0]) and share.iloc[0] else []
    )
    return (cell or "") + (f" ({', '.join(notes)})" if notes else "")


def _over_cells(cells: pd.DataFrame) -> dict[str, object]:
    """How a claim fares over its map: counts of cells, whether the verdict turns over, and on what that depends."""
    n = cells["verdict"].value_counts().reindex(["supported", "refuted", "inconclusive", "not testable"], fill_value=0)
    told = len(cells) - n["not testable"]
    depends = n["supported"] > 0 and n["refuted"] > 0
    own = cells["verdict"][cells["named"]]
    return {
        "cells": told,
        "cells_supported": n["supported"],
        "cells_refuted": n["refuted"],
        "cells_open": n["inconclusive"],
        "cells_without": n["not testable"],
        "stands": "depends" if depends else (own.iloc[0] if len(own) else "not testable"),
        "depends_on": ", ".join(turns_over(cells)) if depends else "",
        "holds_where": f"{n['supported']} of {told} supported, {n['refuted']} refuted, {n['inconclusive']} open",
    }


def turns_over(cells: pd.DataFrame) -> list[str]:
    """The axes along which a verdict turns over: two cells that differ in that axis alone have opposite verdicts.

    Where no two do, all axes in which a supported cell and the refuted one nearest to it differ.
    """
    decided = cells[cells["verdict"].isin(["supported", "refuted"])]
    levels = [json.loads(text) for text in decided["levels"]]
    verdicts = list(decided["verdict"])
    sides = [
        [level for level, verdict in zip(levels, verdicts, strict=True) if verdict == side]
        for side in ("supported", "refuted")
    ]
    differing = [[key for key in one if one[key] != other[key]] for one in sides[0] for other in sides[1]]
    fewest = min(map(len, differing), default=0)
    return sorted({key for keys in differing if len(keys) == fewest for key in keys})
