"""The numbers and the table that the section on harm speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import nearest
from dying_relu.analysis.frames import Tables, alive, confirmatory, matching
from dying_relu.analysis.intervals import DIFFERENCE, SHARE, Estimate, estimate
from dying_relu.analysis.maps import pair
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.harm.estimands import (
    CONTROL,
    NETWORK,
    WORST,
    arm,
    as_many_shut,
    dead_shares,
    healthy,
    loss,
    renewal_at_the_killing_rate,
    score,
    score_lost_when_shut,
    steps,
)

_FORTY, _EIGHTY = 0.4, 0.8


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key; of killed networks at the lowest of their rates, the killing rate."""
    networks = tables["networks"]
    rate = matching(networks, grid="held")["learning_rate"].min()
    dead = at(dead_shares(tables, "held"), rate)
    lost = score_lost_when_shut(tables)
    wide = _first(lost[lost["width"] == lost["width"].max()])
    needed = lost[lost["width"] < lost["width"].max()]
    later = sorted(set(wide["shut_epoch"]) - {0}) or [np.nan]
    regression = lost[lost["dataset"] == "friedman"]
    control = pair(arm(tables, "lowered", CONTROL), arm(tables, "lowered"), [])
    none = matching(confirmatory(networks), grid="forty", shut=0, scaling="unit")
    arms = {"held": arm(tables, "held"), "healthy": healthy(tables)}
    return {
        "proper.rate": matching(networks, grid="healthy")["learning_rate"].min(),
        "killing.rate": rate,
        "killed.after": matching(networks, grid="held")["intervention_epoch"].max(),
        "held.dead": dead[NETWORK].mean(),
        "held.worst": dead[WORST].mean(),
        "none.score": estimate(score(none).groupby(none["seed"]).max(), SHARE),
        "later": later[0],
        "latest": later[-1],
        "later.lost": _of(wide, _FORTY, shut_epoch=later[0]),
        "latest.lost": _of(wide, _FORTY, shut_epoch=later[-1]),
        "eighty.lost": _of(wide, _EIGHTY, shut_epoch=0),
        "needed.lost": _of(needed, _FORTY),
        "needed.eighty.lost": _of(needed, _EIGHTY),
        "regression.eighty.lost": _of(regression, _EIGHTY),
        **{f"{name}.accuracy": mean(found, rate, SHARE) for name, found in arms.items()},
        **{f"{name}.part": mean(found, rate) for name, found in steps(tables).items()},
        "control.part": mean(control, rate),
        **_same(networks),
    }


def tables(tables: Tables) -> dict[str, Table]:
    """The tables of the section, by name."""
    return {"parts": _parts(tables)}


def at(found: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Rows of confirmatory seeds at a rate."""
    return matching(confirmatory(found), learning_rate=rate)


def mean(found: pd.DataFrame, rate: float, bounds: tuple[float, float] = DIFFERENCE) -> Estimate:
    """Mean of a map over confirmatory seeds at a rate."""
    return estimate(at(found, rate).groupby("seed")["value"].max(), bounds)


def _first(lost: pd.DataFrame) -> pd.DataFrame:
    """Of the losses of one width those of classification on unit-scaled inputs, or the nearest."""
    return nearest(lost, {"dataset": "digits", "scaling": "unit"})


def _of(lost: pd.DataFrame, share: float, **levels: object) -> Estimate:
    """Mean loss with about a share of the units shut."""
    here = nearest(matching(confirmatory(lost), **levels), {"shut": share})
    return estimate(here.groupby("seed")["value"].mean(), DIFFERENCE)


def _same(networks: pd.DataFrame) -> dict[str, int]:
    """How many networks lose anything by what cannot harm: pruning their dead, and shutting none of their units."""
    finite = alive(networks)
    pruned = finite["pruned_loss"] if "pruned_loss" in finite else pd.Series(np.nan, finite.index)
    known = finite[pruned.notna() & (finite["dead_fraction"] > 0)]
    none = matching(finite, grid=("forty", "shut_later"), shut=0, scaling="unit")
    first = matching(none, shut_epoch=0)[["seed", "train_loss", "test_loss"]]
    both = none[none["shut_epoch"] > 0].merge(first, on="seed", suffixes=("", "_first"))
    differ = (both["train_loss"] != both["train_loss_first"]) | (both["test_loss"] != both["test_loss_first"])
    return {
        "pruned.networks": len(known),
        "pruned.differ": int((known["pruned_loss"] != known["train_loss"]).sum()) if len(known) else 0,
        "nothing.networks": len(both),
        "nothing.differ": int(differ.sum()),
    }


def _parts(tables: Tables) -> Table:
    """By killing rate, of all networks and of those without a silent layer: what is lost, and its parts, in points."""
    found = steps(tables)
    first, then = renewal_at_the_killing_rate(tables)
    shut = as_many_shut(tables, "held")
    dead = pd.concat([dead_shares(tables, grid) for grid in ("held", "lowered")])
    silent = confirmatory(dead[dead[WORST] == 1])[["learning_rate", "seed"]].drop_duplicates()
    maps = {
        "lost": loss(tables),
        **found,
        "renewed first": first,
        "lowered then": then,
        "as many": shut[shut["counted"] == NETWORK],
        "as many worst": shut[shut["counted"] == WORST],
    }
    rows = []
    for rate in sorted(set(confirmatory(maps["lost"])["learning_rate"])):
        broken = set(matching(silent, learning_rate=rate)["seed"])
        for name, out in (("all", set()), ("no silent layer", broken)):
            here = {key: at(values, rate) for key, values in maps.items()}
            here = {key: values[~values["seed"].isin(out)] for key, values in here.items()}
            means = {key: values["value"].mean() for key, values in here.items()}
            rows.append({"killing": rate, "networks": name, "seeds": here["lost"]["seed"].nunique(), **means})
    columns = [
        column("rate", "killing", "setting"),
        column("networks", "networks"),
        column("seeds", "seeds", "count"),
        column("lost", "lost", "points"),
        column("rate", "rate", "points", "rate first"),
        column("dead", "death", "points", "rate first"),
        column("dead", "renewed first", "points", "dead first"),
        column("rate", "lowered then", "points", "dead first"),
        column("rest", "rest", "points"),
        column("all", "as many", "points", "as many shut"),
        column("worst", "as many worst", "points", "as many shut"),
    ]
    return Table(pd.DataFrame(rows, columns=None if rows else [one.of[0] for one in columns]), columns)
