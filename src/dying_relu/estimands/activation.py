"""Estimands of the study activation: ReLU beside twelve other activations, with and without batch normalisation.

An *arm* is an activation with or without batch normalisation. Each arm is judged at a setting of its own (rate,
and where several are tried, initialisation), chosen on pilot seeds: the *most accurate* one, the *fastest* one, or
the one that *kills* most units. Arms are compared seed by seed: networks of one seed share data and batch order.
"""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import (
    NETWORK,
    Tables,
    alive,
    by_seed,
    confirmatory,
    estimand,
    grouped,
    last,
    remembered,
)

ARM = ["activation", "batch_norm"]
CHOSEN = ["initializer", "learning_rate"]  # what is chosen for each arm
LEVEL = 0.95  # training accuracy that counts as having converged


@estimand("history", "networks")
def time_ratio_relu_to_sigmoid(tables: Tables) -> pd.DataFrame:
    """Epochs to a training accuracy of `LEVEL`: ReLU over sigmoid, no batch normalisation, each at its fastest setting.

    Times end with the run (see `times`), so a sigmoid network that does not get there makes the ratio too large.
    """
    found = times(tables)
    reached = {name: _at(found, fastest(found), name, False)["time"] for name in ("relu", "sigmoid")}
    return by_seed((reached["relu"] / reached["sigmoid"]).dropna())


@estimand("networks")
def accuracy_gain_of_leaky(tables: Tables) -> pd.DataFrame:
    """Test accuracy of leaky ReLU 0.01 less that of ReLU, no batch normalisation, each at its most accurate setting."""
    networks = tables["networks"]
    chosen = most_accurate(networks)
    accuracy = {name: _at(networks, chosen, name, False)["test_accuracy"] for name in ("relu", "leaky_relu_0.01")}
    return by_seed((accuracy["leaky_relu_0.01"] - accuracy["relu"]).dropna())


@estimand("networks")
def dead_with_batch_norm(tables: Tables) -> pd.DataFrame:
    """Dead fraction of a ReLU network with batch normalisation, as a share of the sum over it and its twin without.

    At the rate killing most without. One half: no protection; one fifth: a quarter as many dead. Seeds of which
    both networks are finite and one at least has a dead unit.
    """
    networks = tables["networks"]
    relu = networks[(networks["activation"] == "relu") & (networks["learning_rate"] == killing_rate(networks))]
    relu = alive(confirmatory(relu))
    normalised, plain = (relu[relu["batch_norm"] == has].set_index("seed")["dead_fraction"] for has in (True, False))
    both = normalised + plain
    return by_seed((normalised / both.where(both > 0)).dropna())


def killing_rate(networks: pd.DataFrame) -> float:
    """The rate with most dead units in ReLU networks without batch normalisation, of those at which most stay finite.

    Chosen on pilot seeds; NaN if none does.
    """
    here = networks[(networks["phase"] == "pilot") & (networks["activation"] == "relu") & ~networks["batch_norm"]]
    rates = here.groupby("learning_rate")
    dead = rates["dead_fraction"].mean()[rates["diverged"].mean() <= 0.5]
    return float(dead.idxmax()) if dead.notna().any() else np.nan


@remembered
def times(tables: Tables) -> pd.DataFrame:
    """Epochs each network takes to a training accuracy of `LEVEL`, a row a network.

    ``time`` is the first crossing, interpolated linearly between the measured moments around it; a network that does
    not get there (``reached`` is false) has the length of the run, so that means of ``time`` are restricted means.
    Missing for diverged networks.
    """
    history = tables["history"].sort_values("step", kind="stable", ignore_index=True)
    before = grouped(history, NETWORK)[["epoch", "train_accuracy"]].shift()
    above = history["train_accuracy"] >= LEVEL
    share = (LEVEL - before["train_accuracy"]) / (history["train_accuracy"] - before["train_accuracy"])
    crossing = before["epoch"] + share * (history["epoch"] - before["epoch"])
    history["crossing"] = crossing.where(before["epoch"].notna(), history["epoch"])
    first = grouped(history[above], NETWORK)["crossing"].first().rename("crossing").reset_index()
    found = tables["networks"].merge(first, on=NETWORK, how="left")
    reached = found["crossing"].notna()
    time = found["crossing"].where(reached, found["epochs"])
    return found.assign(reached=reached, time=time.where(~found["diverged"]))


def most_accurate(networks: pd.DataFrame) -> pd.DataFrame:
    """For each arm the setting with the best mean test accuracy on pilot seeds; diverged ones count as guessing."""
    return best(networks.assign(score=networks["test_accuracy"].astype(float).fillna(0.1)), ARM, CHOSEN)


def fastest(found: pd.DataFrame) -> pd.DataFrame:
    """For each arm the setting with the smallest restricted mean time on pilot seeds; diverged ones never get there.

    Ties, as where no network gets there, go to the better training accuracy.

    Args:
        found: from `times`.
    """
    time = found["time"].fillna(found["epochs"])
    return best(found.assign(score=1e-3 * found["train_accuracy"].astype(float).fillna(0) - time), ARM, CHOSEN)


def at_chosen(frame: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows at the settings that `best` chose."""
    keys = [key for key in chosen.columns if key != "score"]
    return frame.merge(chosen[keys], on=keys)


def best(networks: pd.DataFrame, arm: list[str], over: list[str]) -> pd.DataFrame:
    """For each arm the settings ``over`` with the largest mean ``score`` on pilot seeds; ties to the smaller rate."""
    pilot = networks[networks["phase"] == "pilot"]
    cells = grouped(pilot, [*arm, *over])["score"].mean().reset_index().sort_values("learning_rate", kind="stable")
    return cells.loc[grouped(cells, arm)["score"].idxmax()].reset_index(drop=True)


def lost(activity: pd.DataFrame) -> pd.DataFrame:
    """A row a network at the end of training: share of its units dead (or saturated), and closed, over all layers.

    ``closed``: pre-activation positive on no training sample, which for a leaky or smooth activation is not death.
    """
    end = last(activity)
    sums = grouped(end, ["phase", *NETWORK])[["n_dead", "n_closed", "n_units"]].sum(min_count=int(end["layer"].max()))
    share = sums.astype(float).div(sums["n_units"].astype(float), axis=0).reset_index()
    return share.rename(columns={"n_dead": "dead", "n_closed": "closed"})


def _at(frame: pd.DataFrame, chosen: pd.DataFrame, activation: str, batch_norm: bool) -> pd.DataFrame:
    """Finite confirmatory networks of an arm at its chosen setting, by seed."""
    here = alive(confirmatory(at_chosen(frame, chosen)))
    return here[(here["activation"] == activation) & (here["batch_norm"] == batch_norm)].set_index("seed")
