"""Estimands of the study recovery: which killed units come back under which treatment, and what that is worth.

Networks of one seed that were killed alike are the same network until the treatment begins, so treatments are
compared in pairs of one seed. A killed unit is one that is dead when the treatment begins. It is *open* if its
pre-activation is positive on some training sample, whatever the activation; for ReLU that is to be alive.

Each estimand gives a map over how units were killed and what followed: the rate, the factor on it, the time.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.arms import label, nearest_to_reference, varying
from dying_relu.analysis.choice import choose
from dying_relu.analysis.frames import (
    NETWORK,
    Tables,
    alive,
    confirmatory,
    grouped,
    last,
    matching,
    of_diverged,
    paired,
)
from dying_relu.analysis.rates import failed, on_scale
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.design.datasets import DATASETS
from dying_relu.design.settings import SETTINGS
from dying_relu.studies.recovery import CONTENTS

KILLED = ("treatments", "full_rate", "others", "momentum", "adam")  # grids of networks killed alike, by plain SGD
MAPPED = ("treatments", "full_rate", "milder", "harsher", "long")  # of the claims' treatments, over rates and times
UNTREATED = (*MAPPED, "carried", "carried_adam")  # with networks that nothing is done to after a killing
HEALTHY = ("healthy", "healthy_momentum", "healthy_adam")  # trained alike at a proper rate
RESAMPLED = ("regression", "classes")
SATURATED = ("sigmoid", "tanh")
LEAKY, ELU = "switch_to_leaky", "switch_to_elu"
RENEWAL, CONTROL, RESAMPLING = "renew_dead_silently", "renew_living_silently", "renew_dead_every_epoch"
RENEWALS = {"silently": RENEWAL, "naively": "renew_dead"}  # once
MOMENTS = {"a step": 0.0, "an epoch": 1.0, "training": 1e6}  # epochs after the treatment: the nearest one measured
OWN = "own best"  # of rates: each arm at its own
TREATMENT, ARM = ("intervention", "rate_factor"), ("intervention", "learning_rate")
RULES = CONTENTS.choices
_CLASS = ["scaling", "activation"]  # what tells the classes of untreated networks apart, whose limits are compared
_say_once = cache(print)


def reopened_leaky_less_untreated(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under leaky ReLU, less that of the same network untreated.

    By layer, and all layers together.
    """
    return _on_scale(_less(_reopened(tables, *MAPPED), LEAKY, "none"), tables)


def reopened_elu_less_leaky(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under ELU, less that of the same network under leaky ReLU.

    By layer, and all layers together.
    """
    return _on_scale(_less(_reopened(tables, *MAPPED), ELU, LEAKY), tables)


def accuracy_gain_renewal(tables: Tables) -> pd.DataFrame:
    """Test accuracy at the end with dead units renewed once, less that of the same network untreated.

    Renewed silently (Sokar et al. 2023: their outgoing weights are set to zero), or naively.
    """
    networks = matching(tables["networks"], grid=MAPPED)
    return _on_scale(_renewed(maps.of(networks, networks["test_accuracy"]), "difference"), tables)


def loss_ratio_renewal(tables: Tables) -> pd.DataFrame:
    """Training loss with dead units renewed once, over that of the same network untreated: at `MOMENTS` after it."""
    history = matching(tables["history"], grid=MAPPED)
    since = history["epoch"] - history["intervention_epoch"]
    later = history.assign(since=since)[since > 0]
    found = [
        maps.of(rows, rows["train_loss"], rows["train_loss"].isna(), ["after"])
        for rows in (_nearest(later, epochs).assign(after=name) for name, epochs in MOMENTS.items())
    ]
    return _on_scale(_renewed(pd.concat(found, ignore_index=True), "ratio"), tables)


def saturated_share_back(tables: Tables) -> pd.DataFrame:
    """Of the units of sigmoid and tanh networks saturated when the recovery begins, the share no longer so at the end.

    Saturated: abs(phi') at most 1e-3 on the whole training set. By layer, and all layers together.
    """
    found = maps.by_layer(last(matching(tables["activity"], grid=SATURATED)), "n_back", "n_followed")
    return on_scale(found, matching(tables["networks"], grid=SATURATED))


def reopened_deeper_less_first(tables: Tables) -> pd.DataFrame:
    """Of untreated networks the share of a deeper layer's killed units open at the end, less that of the first layer's.

    Only layers before a unit can bring it back while its own gradient is zero (the *tentative* death of Shin and
    Karniadakis 2020); a killed unit of the first layer has none.
    """
    found = matching(_reopened(tables, *UNTREATED), intervention="none")
    first, deeper = matching(found, layer=1), found[found["layer"] > 1]
    arms = [maps.pair(rows, first, ["layer"]).assign(layer=layer) for layer, rows in deeper.groupby("layer")]
    return pd.concat(arms or [maps.pair(deeper, first, ["layer"]).assign(layer=2)], ignore_index=True)


def positive_bias_share_of_dead(tables: Tables) -> pd.DataFrame:
    """Of the units dead at the end of untreated networks the share whose own bias is above zero.

    A penalty on the kernel alone can bring back these, and no others. By layer, and all layers together.
    """
    dead = matching(tables["units"], grid=UNTREATED, intervention="none", status="dead")
    positive = dead["n_bias_positive"].astype(float).mask(of_diverged(dead, tables["networks"]))
    return maps.by_layer(dead.assign(n_bias_positive=positive), "n_bias_positive", "n_units")


def error_ratio_resampled(tables: Tables) -> pd.DataFrame:
    """Test error with dead units resampled every epoch over that without; squared error, or share classified wrongly.

    Each arm at the rate that is best for it on pilot seeds (``rate``: `OWN`), and both at each rate.
    """
    networks = matching(tables["networks"], grid=RESAMPLED)
    return _resampled(maps.of(networks, _error(networks)), networks, "ratio")


def reopened_resampled_less_untreated(tables: Tables) -> pd.DataFrame:
    """Of the units dead when the resampling begins, the share open at the end, less the same share without it.

    By layer, and all layers together; rates as in `error_ratio_resampled`.
    """
    return _resampled(_reopened(tables, *RESAMPLED), matching(tables["networks"], grid=RESAMPLED), "difference")


def rate_ratio_resampled(tables: Tables) -> pd.DataFrame:
    """The highest rate that a seed stands with dead units resampled every epoch, over that without.

    ``rate`` highest: of the rates tried the highest up to which no network of the seed fails; best: the rate of its
    smallest test error, of several the lowest. Diverged where there is no such rate.

    Raises:
        UserError: not every seed was tried at the same rates.
    """
    networks = matching(tables["networks"], grid=RESAMPLED)
    networks = networks.assign(failed=failed(networks), error=_error(networks).where(~networks["diverged"]))
    networks = networks.sort_values("learning_rate", kind="stable", ignore_index=True)
    maps.pool(maps.of(networks, networks["learning_rate"]), ["learning_rate"])  # for its check
    keys = [*(key for key in SETTINGS if key != "learning_rate"), "phase", "seed"]
    fails = grouped(networks, keys)["failed"].cummax()
    best = networks["error"] == grouped(networks, keys)["error"].transform("min")
    found = [
        _one_rate(networks.assign(rate=networks["learning_rate"].where(stands)), keys, of).assign(rate=name)
        for name, stands, of in (("highest", ~fails, "max"), ("best", best, "min"))
    ]
    return _less(pd.concat(found, ignore_index=True), RESAMPLING, "none", "ratio")


def of_grids(frame: pd.DataFrame, *grids: str, by: Sequence[str] = TREATMENT) -> pd.DataFrame:
    """Rows of these grids; of a setting besides ``by`` that varies in them one level, one that the first grid has."""
    here = matching(frame, grid=grids)
    others, first = varying(here, by), matching(here, grid=grids[0])
    if not others:
        return here
    levels = nearest_to_reference(first if len(first) else here, others)[others].head(1)
    _say_once(f"recovery: of {', '.join(grids)} looked at alone: {label(levels.iloc[0].to_dict())}")
    return here.merge(levels, on=others)


def low_factor(networks: pd.DataFrame, *grids: str, untreated: str = "none") -> float | None:
    """The lowest factor on the rate after the killing that untreated networks of these grids have: a tenth, or one."""
    factors = matching(of_grids(networks, *(grids or KILLED)), intervention=untreated)["rate_factor"]
    return factors.min() if len(factors) else None


def best_rate(networks: pd.DataFrame, intervention: str, grid: str) -> float | None:
    """The rate of an arm that is best by the rule of the grid: ``regression`` or ``classes``."""
    return choose(matching(networks, intervention=intervention, grid=grid), RULES[grid])["learning_rate"]


def untreated_networks(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that nothing is done to, at many rates: on them the scale of rates rests."""
    return matching(networks, grid="classes", intervention="none")


def own_rates(interventions: pd.Series) -> pd.Series:
    """Whether treatments have rates of their own: those that bring another optimiser than plain SGD."""
    own = {name for name, entry in INTERVENTIONS.items() if entry.settings.get("optimizer", "sgd") != "sgd"}
    return interventions.isin(own)


def beside(frame: pd.DataFrame, factors: set[float], low: float | None) -> pd.Series:
    """For each row the factor on the rate of the untreated network beside it: its own if there is one, else the lowest.

    Args:
        factors: those of the untreated networks.
    """
    same = frame["rate_factor"].isin(factors) & ~own_rates(frame["intervention"])
    return frame["rate_factor"].where(same, np.nan if low is None else low)


def opened(tables: Tables, *grids: str, by_layer: bool = False) -> pd.DataFrame:
    """`come_back` of the killed units of these grids that are open, at the low factor, confirmatory seeds."""
    factor = low_factor(tables["networks"], *grids)
    activity = matching(confirmatory(of_grids(tables["activity"], *(grids or KILLED))), rate_factor=factor)
    return come_back(activity, "n_reopened", by_layer)


def finished(tables: Tables, *grids: str) -> pd.DataFrame:
    """Confirmatory networks of these grids that did not diverge, at the low factor."""
    factor = low_factor(tables["networks"], *grids)
    return matching(alive(confirmatory(of_grids(tables["networks"], *(grids or KILLED)))), rate_factor=factor)


def accuracy_won(tables: Tables, treatment: str, other: str = "none") -> pd.Series:
    """By seed, test accuracy of killed networks under a treatment less that under another."""
    return paired(finished(tables), "test_accuracy", {"intervention": treatment}, {"intervention": other})


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


def damage(activity: pd.DataFrame) -> pd.DataFrame:
    """Share of units dead or saturated when the recovery begins: ``damage`` by activation, rate and seed.

    Until then the networks with other factors, or treatments, are the same.
    """
    then = activity[activity["epoch"] == activity["intervention_epoch"]].dropna(subset="n_dead")
    sums = then.groupby(["activation", "learning_rate", "seed"], observed=True)[["n_dead", "n_units"]].sum()
    return (sums["n_dead"] / sums["n_units"]).astype(float).rename("damage").reset_index()


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


def _on_scale(found: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """The map with its rates on the scale of the limit of untreated networks, whatever came after the killing."""
    plain = untreated_networks(tables["networks"])
    return on_scale(found, plain[[*_CLASS, "learning_rate", "phase", "seed", "test_accuracy", "diverged"]])


def _less(found: pd.DataFrame, treatment: str, other: str, how: str = "difference") -> pd.DataFrame:
    """A map of one treatment beside another of the same networks."""
    one, another = (matching(found, intervention=name) for name in (treatment, other))
    return maps.pair(one, another, ["intervention"], how)


def _renewed(found: pd.DataFrame, how: str) -> pd.DataFrame:
    """A map of networks with dead units renewed, in each of the ways of `RENEWALS`, beside the same ones untreated."""
    arms = [_less(found, renewal, "none", how).assign(renewed=name) for name, renewal in RENEWALS.items()]
    return pd.concat(arms, ignore_index=True)


def _resampled(found: pd.DataFrame, networks: pd.DataFrame, how: str) -> pd.DataFrame:
    """A map of networks with resampling beside those without: each arm at its own best rate, and both at each rate."""
    same = _less(found, RESAMPLING, "none", how)
    parts = [same.assign(rate=same["learning_rate"].map("{:g}".format)).drop(columns="learning_rate")]
    for grid in RESAMPLED:
        here = matching(found, dataset=set(matching(networks, grid=grid)["dataset"]))
        one, other = (
            matching(here, intervention=arm, learning_rate=best_rate(networks, arm, grid))
            for arm in (RESAMPLING, "none")
        )
        parts.append(maps.pair(one, other, ARM, how).assign(rate=OWN))
    return pd.concat(parts, ignore_index=True)


def _one_rate(rows: pd.DataFrame, keys: list[str], of: str) -> pd.DataFrame:
    """A map of the largest or the smallest ``rate`` of each network; diverged without any."""
    rates = grouped(rows, keys)["rate"].agg(of).reset_index()
    return maps.of(rates, rates["rate"], rates["rate"].isna())


def _error(networks: pd.DataFrame) -> pd.Series:
    """Squared error of a regression on test samples, or the share that is classified wrongly."""
    regression = networks["dataset"].map(lambda name: DATASETS[name].regression).astype(bool)
    return networks["test_loss"].where(regression, 1 - networks["test_accuracy"])


def _reopened(tables: Tables, *grids: str) -> pd.DataFrame:
    """A map of the share of killed units that are open at the end."""
    return maps.by_layer(last(matching(tables["activity"], grid=grids)), "n_reopened", "n_followed")


def _nearest(history: pd.DataFrame, epochs: float) -> pd.DataFrame:
    """Of each network the measured moment nearest to so many epochs after the treatment's beginning.

    All networks of a length are measured at the same moments.
    """
    distance = (history["since"] - epochs).abs()
    course = [history[key] for key in ("epochs", "intervention_epoch")]
    nearest = history[distance == distance.groupby(course).transform("min")]
    return nearest.sort_values("step", kind="stable").drop_duplicates(NETWORK)
