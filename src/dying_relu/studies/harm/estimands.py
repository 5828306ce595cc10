"""Estimands of the study harm: what is lost with units, and what of the loss at a killing rate is theirs.

The *score* of a network is its test accuracy, or of a regression, whose target is standardised, one less its squared
error on test samples. Networks of one seed start alike, so arms are compared in pairs.

The loss at a killing rate is what a network that is trained at it lacks of the score of its *healthy* twin, which was
trained at the proper rate and then, for as many epochs, at a tenth of the killing rate. Three steps lead from one to
the other: the rate is lowered to its tenth, the dead are renewed, and a *rest* that neither brings back. Each step is
a difference of scores, and the three sum to the loss, seed by seed.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, grouped, last, matching
from dying_relu.design.datasets import DATASETS
from dying_relu.design.settings import SETTINGS

SHUT = ("forty", "shut", "shut_later", "needed", "regression")  # grids of networks of which a share is shut, or none
NARROW = ("narrow", "narrow_forty")
UNTREATED, RENEWED, CONTROL = "none", "renew_dead_silently", "renew_living_silently"
LOWERED_FIRST, RENEWED_FIRST = "rate lowered first", "dead renewed first"
ALL, UNBROKEN = "all", "without a silent layer"
NETWORK, WORST = "the network", "its worst layer"
LEAST = 0.02  # of a score: where less is lost there is nothing to share out
_KILLED = ["learning_rate"]  # tells killed networks apart


def score(networks: pd.DataFrame) -> pd.Series:
    """Test accuracy, or of a regression the share of the target's variance that is explained on test samples."""
    regression = networks["dataset"].map(lambda name: DATASETS[name].regression).astype(bool)
    return networks["test_accuracy"].astype(float).where(~regression, 1 - networks["test_loss"].astype(float))


def score_lost_when_shut(tables: Tables) -> pd.DataFrame:
    """Score of the network of which no unit is shut, less that with a share of each layer's units shut for ever."""
    networks = matching(tables["networks"], grid=SHUT)
    found = maps.of(networks, score(networks))
    none, some = found[found["shut"] == 0], found[found["shut"] > 0]
    return maps.pair(maps.repeated(none, some, "shut"), some, [])


def score_lost_when_shut_less_narrow(tables: Tables) -> pd.DataFrame:
    """Score of a network that had as many units from the start as another has that are not shut, less that other's.

    The other one is a narrow network as well, but for the size of its first weights: those behind the first layer were
    drawn for as many inputs as there are units with the shut ones.
    """
    wide = matching(tables["networks"], grid=SHUT, shut_epoch=0)
    wide = wide[wide["shut"] > 0]
    shut = maps.of(wide.assign(living=living(wide)), score(wide), axes=["living"])
    few = matching(tables["networks"], grid=NARROW)
    narrow = maps.of(few.assign(living=few["width"]), score(few), axes=["living"])
    return maps.pair(maps.repeated(narrow, shut, "width", "shut"), shut, ["living"])


def living(networks: pd.DataFrame) -> pd.Series:
    """Units of each layer that are not shut."""
    return networks["width"] - (networks["shut"] * networks["width"]).round().astype(int)


def share_regained_by_renewal(tables: Tables) -> pd.DataFrame:
    """Of the loss at a killing rate the share that renewing the dead brings back.

    ``order`` of the two steps: with the rate lowered first the dead are renewed at the low rate, else at the killing
    one. ``networks``: all, or those that end, held and lowered, without a layer that is silent as a whole. Missing
    where less than `LEAST` is lost.
    """
    return _of_loss(tables, pd.concat([_renewal(tables, order) for order in (LOWERED_FIRST, RENEWED_FIRST)]), "order")


def share_lost_when_as_many_are_shut(tables: Tables) -> pd.DataFrame:
    """Of the loss at a killing rate the share that the healthy twin loses when as many of its units are shut.

    As many, by their share in the network, or in that of its layers where it is largest (``counted``), as are dead at
    the end at the killing rate. ``networks`` as in `share_regained_by_renewal`.
    """
    return _of_loss(tables, as_many_shut(tables, "held"), "counted")


def arm(tables: Tables, grid: str, intervention: str = UNTREATED) -> pd.DataFrame:
    """Map of the scores of killed networks, over their rate."""
    here = matching(tables["networks"], grid=grid, intervention=intervention)
    return _over_rates(maps.of(here, score(here)))


def healthy(tables: Tables, *axes: str) -> pd.DataFrame:
    """Map of the scores of networks never killed, over the killing rate of which theirs ends as the tenth.

    Args:
        axes: ``shut`` for those of which units are shut too; else none is.
    """
    here, lowered = (matching(tables["networks"], grid=grid) for grid in ("healthy", "lowered"))
    tenth = lowered["rate_factor"].min()
    rates = (here["learning_rate"] * here["rate_factor"] / tenth).round(9)
    here = here.assign(learning_rate=rates) if axes else matching(here.assign(learning_rate=rates), shut=0)
    return _over_rates(maps.of(here, score(here)), *axes)


def loss(tables: Tables) -> pd.DataFrame:
    """Map of the loss at each killing rate: the healthy twin's score less that of the network held at it."""
    return maps.pair(healthy(tables), arm(tables, "held"), [])


def steps(tables: Tables) -> dict[str, pd.DataFrame]:
    """Maps of the three steps, rate lowered first, from the network held at its rate to its healthy twin."""
    return {
        "rate": maps.pair(arm(tables, "lowered"), arm(tables, "held"), []),
        "death": _renewal(tables, LOWERED_FIRST).drop(columns="order"),
        "rest": maps.pair(healthy(tables), arm(tables, "lowered", RENEWED), []),
    }


def renewal_at_the_killing_rate(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Maps of the first two steps in the other order: the dead renewed at the killing rate, then the rate lowered."""
    renewed = arm(tables, "held", RENEWED)
    return maps.pair(renewed, arm(tables, "held"), []), maps.pair(arm(tables, "lowered", RENEWED), renewed, [])


def as_many_shut(tables: Tables, grid: str) -> pd.DataFrame:
    """Map of what the healthy twin loses when as many units are shut as are dead at the end in a killed network.

    Between the shares tried it is interpolated, and with all units of a layer shut the answer is one for all.
    """
    curves = _curves(tables)
    parts = []
    for name in (NETWORK, WORST):
        dead = dead_shares(tables, grid)
        both = dead.assign(share=dead[name]).merge(curves, on=[*_KILLED, "phase", "seed"])
        cost = [row.scores[0] - np.interp(row.share, row.shares, row.scores) for row in both.itertuples()]
        lost = both["diverged"] | both["curve_diverged"]
        parts.append(maps.of(both, pd.Series(cost, both.index, dtype=float), lost).assign(counted=name))
    return pd.concat(parts, ignore_index=True)


def dead_shares(tables: Tables, grid: str) -> pd.DataFrame:
    """Untreated killed networks: the share of units dead at the end, in all and the worst layer; ``diverged``."""
    end = last(matching(tables["activity"], grid=grid, intervention=UNTREATED))
    shares = (end["n_dead"] / end["n_units"]).astype(float)
    keys = [*_KILLED, "phase", "seed"]
    found = grouped(end.assign(share=shares, lost=shares.isna()), keys)
    made = found.agg(**{NETWORK: ("share", "mean"), WORST: ("share", "max"), "diverged": ("lost", "any")})
    return made.reset_index()


def _curves(tables: Tables) -> pd.DataFrame:
    """For each killing rate and seed the healthy twin's ``scores`` by ``shares`` shut, and whether one diverged."""
    found = healthy(tables, "shut").sort_values("shut", kind="stable")
    datasets = matching(tables["networks"], grid="healthy")["dataset"].unique()
    guessing = [1 / DATASETS[name].n_outputs for name in datasets]
    keys, rows = [*_KILLED, "phase", "seed"], []
    for cell, part in grouped(found, keys):
        shares, scores = [*part["shut"], 1.0], [*part["value"], *guessing[:1]]
        rows.append((*cell, np.array(shares), np.array(scores), bool(part["diverged"].any())))
    made = pd.DataFrame(rows, columns=[*keys, "shares", "scores", "curve_diverged"])
    return made if rows else made.astype({key: found[key].dtype for key in keys})


def _renewal(tables: Tables, order: str) -> pd.DataFrame:
    grid = "lowered" if order == LOWERED_FIRST else "held"
    return maps.pair(arm(tables, grid, RENEWED), arm(tables, grid), []).assign(order=order)


def _of_loss(tables: Tables, part: pd.DataFrame, axis: str) -> pd.DataFrame:
    """A map of shares of the loss, of all networks and of those without a silent layer."""
    lost = maps.repeated(loss(tables), part, axis)
    share = maps.pair(part, lost, [], lambda one, other: one / other.where(other >= LEAST))
    keys = [*_KILLED, "phase", "seed"]
    silent = pd.concat([dead_shares(tables, grid) for grid in ("held", "lowered")])
    silent = grouped(silent.assign(silent=silent[WORST] == 1), keys)["silent"].any().reset_index()
    marked = share.merge(silent, on=keys, how="left")
    kept = marked["silent"].astype("boolean").fillna(False).astype(bool)
    unbroken = share.assign(value=share["value"].where(~kept.to_numpy()))
    return pd.concat([share.assign(networks=ALL), unbroken.assign(networks=UNBROKEN)], ignore_index=True)


def _over_rates(found: pd.DataFrame, *axes: str) -> pd.DataFrame:
    """The map over the rate alone: what else was set has one level in an arm."""
    kept: Sequence[str] = (*_KILLED, *axes)
    others = [key for key in SETTINGS if key in found and key not in kept]
    return maps.without(found, *others)
