"""Estimands of the study recovery: which killed units come back under which treatment.

Networks of one seed that were killed alike are the same network until the treatment begins, so treatments are
compared in pairs of one seed. A killed unit is one that is dead when the treatment begins. It is *open* if its
pre-activation is positive on some training sample, whatever the activation; for ReLU that is to be alive. Networks
that diverge after that have no units at the end; on the way they are censored.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import label, nearest_to_reference, varying
from dying_relu.analysis.choice import at_chosen, choose, choose_each
from dying_relu.analysis.frames import (
    NETWORK,
    Tables,
    alive,
    by_seed,
    confirmatory,
    grouped,
    last,
    matching,
    paired,
    pilot,
)
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.studies.recovery import CONTENTS

KILLED = ("treatments", "others", "momentum", "adam")  # grids of networks killed alike, by plain SGD
HEALTHY = ("healthy", "healthy_momentum", "healthy_adam")  # trained alike at a proper rate
LEAKY, ELU = "switch_to_leaky", "switch_to_elu"
RENEWAL, CONTROL, RESAMPLING = "renew_dead_silently", "renew_living_silently", "renew_dead_every_epoch"
TREATMENT, RATES, ARM = (
    ("intervention", "rate_factor"),
    ("learning_rate", "rate_factor"),
    ("intervention", "learning_rate"),
)
RULES = CONTENTS.choices
_say_once = cache(print)


def reopened_leaky_less_untreated(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under leaky ReLU, less that of the same network untreated.

    At the `proper_factor` on the rate; all layers together.
    """
    return by_seed(opened_more(tables, LEAKY))


def reopened_elu_less_leaky(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under ELU, less that of the same network under leaky ReLU."""
    return by_seed(opened_more(tables, ELU, LEAKY))


def saturated_share_back(tables: Tables) -> pd.DataFrame:
    """Of the saturated units of a sigmoid and of a tanh network, the share no longer saturated at the end.

    Saturated: abs(phi') at most 1e-3 on the whole training set when the recovery begins. The mean of the two
    activations, each at the killing rate of `matched_rate`, and at the rate for recovery at which most came back on
    pilot seeds.
    """
    shares = [
        matching(back(tables["activity"], name), learning_rate=matched_rate(tables["activity"], name))
        for name in ("sigmoid", "tanh")
    ]
    shares = pd.concat([frame.set_index("seed")["share"] for frame in shares], axis=1)
    return by_seed(shares.mean(axis=1, skipna=False).dropna())


def loss_ratio_resampled(tables: Tables) -> pd.DataFrame:
    """Test loss of a regression with dead units resampled every epoch, over that without, each at its best rate."""
    networks = of_grids(tables["networks"], "regression", by=ARM)
    treated, untreated = (
        matching(confirmatory(alive(networks)), intervention=arm, learning_rate=best_rate(networks, arm, "regression"))
        for arm in (RESAMPLING, "none")
    )
    return by_seed((treated.set_index("seed")["test_loss"] / untreated.set_index("seed")["test_loss"]).dropna())


def accuracy_gain_renewal(tables: Tables) -> pd.DataFrame:
    """Test accuracy at the end with dead units renewed once, less that of the same network untreated.

    Renewed as in Sokar et al. (2023), at the `proper_factor` on the rate.
    """
    return by_seed(accuracy_won(tables, RENEWAL))


def of_grids(frame: pd.DataFrame, *grids: str, by: Sequence[str] = TREATMENT) -> pd.DataFrame:
    """Rows of these grids; of a setting besides ``by`` that varies in them one level, one that the first grid has."""
    here = matching(frame, grid=grids)
    others, first = varying(here, by), matching(here, grid=grids[0])
    if not others:
        return here
    levels = nearest_to_reference(first if len(first) else here, others)[others].head(1)
    _say_once(f"recovery: of {', '.join(grids)} looked at alone: {label(levels.iloc[0].to_dict())}")
    return here.merge(levels, on=others)


def proper_factor(networks: pd.DataFrame, *grids: str, untreated: str = "none") -> float | None:
    """Of the factors on the rate after the killing, the one best for untreated networks; of one there is no choice."""
    those = matching(of_grids(networks, *(grids or KILLED)), intervention=untreated)
    factors = those["rate_factor"].unique()
    return factors[0] if len(factors) == 1 else choose(those, RULES["factor"])["rate_factor"]


def best_rate(networks: pd.DataFrame, intervention: str, grid: str) -> float | None:
    """The rate of an arm that is best by the rule of the grid: ``regression`` or ``classes``."""
    return choose(matching(networks, intervention=intervention), RULES[grid])["learning_rate"]


def own_rates(interventions: pd.Series) -> pd.Series:
    """Whether treatments have rates of their own: those that bring another optimiser than plain SGD."""
    own = {name for name, entry in INTERVENTIONS.items() if entry.settings.get("optimizer", "sgd") != "sgd"}
    return interventions.isin(own)


def beside(frame: pd.DataFrame, factors: set[float], proper: float | None) -> pd.Series:
    """For each row the factor on the rate of the untreated network beside it: its own if there is one, else the proper.

    Args:
        factors: those of the untreated networks.
    """
    same = frame["rate_factor"].isin(factors) & ~own_rates(frame["intervention"])
    return frame["rate_factor"].where(same, np.nan if proper is None else proper)


def opened(tables: Tables, *grids: str, by_layer: bool = False) -> pd.DataFrame:
    """`come_back` of the killed units of these grids that are open, at the proper factor, confirmatory seeds."""
    factor = proper_factor(tables["networks"], *grids)
    activity = matching(confirmatory(of_grids(tables["activity"], *(grids or KILLED))), rate_factor=factor)
    return come_back(activity, "n_reopened", by_layer)


def opened_more(tables: Tables, treatment: str, other: str = "none", grids: Sequence[str] = KILLED) -> pd.Series:
    """By seed, share of killed units open at the end under a treatment less that under another."""
    return paired(opened(tables, *grids), "share", {"intervention": treatment}, {"intervention": other})


def finished(tables: Tables, *grids: str) -> pd.DataFrame:
    """Confirmatory networks of these grids that did not diverge, at the proper factor."""
    factor = proper_factor(tables["networks"], *grids)
    return matching(alive(confirmatory(of_grids(tables["networks"], *(grids or KILLED)))), rate_factor=factor)


def accuracy_won(tables: Tables, treatment: str, other: str = "none", grids: Sequence[str] = KILLED) -> pd.Series:
    """By seed, test accuracy under a treatment less that under another."""
    return paired(finished(tables, *grids), "test_accuracy", {"intervention": treatment}, {"intervention": other})


def come_back(activity: pd.DataFrame, counted: str, by_layer: bool = False) -> pd.DataFrame:
    """At the end, of each network's followed units the share that is back; networks with such units, not diverged.

    Args:
        counted: column of those that are back: ``n_reopened`` (open) or ``n_back`` (not dead, or not saturated).

    Returns:
        What tells networks apart, ``phase``, with ``by_layer`` ``layer``, ``n_followed`` and ``share``.
    """
    keys = ["phase", *NETWORK, *(["layer"] if by_layer else [])]
    sums = grouped(last(activity).dropna(subset="n_followed"), keys)[["n_followed", counted]].sum().astype(float)
    sums = sums[sums["n_followed"] > 0].reset_index()
    return sums.assign(share=sums[counted] / sums["n_followed"])


def saturating(frame: pd.DataFrame, activation: str) -> pd.DataFrame:
    """Rows of the networks with an activation that a high rate saturated."""
    return of_grids(matching(frame, activation=activation), "sigmoid", "tanh", by=RATES)


def damage(activity: pd.DataFrame) -> pd.DataFrame:
    """Share of units dead or saturated when the recovery begins: ``damage`` by ``phase``, ``learning_rate``, ``seed``.

    Until then the networks with other factors, or treatments, are the same.
    """
    then = activity[activity["epoch"] == activity["intervention_epoch"]].dropna(subset="n_dead")
    sums = then.groupby(["phase", "learning_rate", "seed"], observed=True)[["n_dead", "n_units"]].sum()
    return (sums["n_dead"] / sums["n_units"]).astype(float).rename("damage").reset_index()


def matched_rate(activity: pd.DataFrame, activation: str) -> float | None:
    """The killing rate that saturates a share of units closest to that which died in the ReLU networks."""
    died = damage(pilot(matching(of_grids(activity, *KILLED), intervention="none")))["damage"].mean()
    rule = replace(RULES["saturating"], best=died)
    return None if np.isnan(died) else choose(damage(saturating(activity, activation)), rule)["learning_rate"]


def back(activity: pd.DataFrame, activation: str) -> pd.DataFrame:
    """`come_back` of saturated units at each killing rate, each at its best factor; confirmatory seeds."""
    shares = come_back(saturating(activity, activation), "n_back")
    return at_chosen(confirmatory(shares), choose_each(shares, RULES["recovering"], ["learning_rate"]))


def life_table(activity: pd.DataFrame) -> pd.DataFrame:
    """From the treatment's beginning on, when killed units first open: a row a network, layer and moment.

    Columns: what tells networks apart, ``layer``, ``time`` (epochs since), ``at_risk`` (killed units not seen open
    before), ``events`` (of these, open now), ``exposure`` (``at_risk`` times the epochs since the measurement before).
    From divergence on nobody is at risk.
    """
    since = activity["epoch"] - activity["intervention_epoch"]
    rows = activity.assign(time=since)[(since > 0) & (activity["intervention_epoch"] > 0)]
    rows = rows.sort_values("step", kind="stable", ignore_index=True)
    keys = [*NETWORK, "layer"]
    same = grouped(rows, keys)
    before, span = same["n_ever_reopened"].shift(fill_value=0), rows["time"] - same["time"].shift(fill_value=0)
    at_risk = (rows["n_followed"] - before).astype(float).fillna(0.0)
    events = (rows["n_ever_reopened"] - before).astype(float).fillna(0.0)
    return rows[["phase", *keys, "time"]].assign(at_risk=at_risk, events=events, exposure=at_risk * span)
