"""Estimands of the study activation: ReLU beside other activations, with and without batch normalisation.

An *arm* is an activation with or without batch normalisation. Each arm is judged at a setting of its own (rate,
and where several are tried, initialisation), chosen on pilot seeds: the *most accurate* one, or the *fastest* one.
Arms are compared seed by seed: networks of one seed share data and batch order.
"""

from collections.abc import Sequence

import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.arms import comparable
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import NETWORK, Tables, grouped, last, matching
from dying_relu.analysis.rates import named, on_scale
from dying_relu.studies.activation import CONTENTS

ARM = ["activation", "batch_norm"]
RELU, LEAKY, SIGMOID = "relu", "leaky_relu_0.01", "sigmoid"
OWN = "own best"  # the level of ``rate`` at which each arm has the setting that it chose
LEVEL = 0.95  # training accuracy that counts as having converged
RULES = CONTENTS.choices


def time_ratio_relu_to_sigmoid(tables: Tables) -> pd.DataFrame:
    """Epochs to a training accuracy of `LEVEL`: ReLU over sigmoid, with and without batch normalisation.

    Each at its fastest setting, and both at one rate. Times end with the run (see `times`). Where a sigmoid network
    does not get there the ratio is an upper bound; where a ReLU network does not, it is one or more. So no ratio is
    below one because of where the run ends.
    """
    found = times(tables)
    return _beside(found, fastest(found), "time", (RELU, SIGMOID), "ratio")


def accuracy_gain_of_leaky(tables: Tables) -> pd.DataFrame:
    """Test accuracy of leaky ReLU 0.01 less that of ReLU, by scaling, with and without batch normalisation.

    Each at its most accurate setting, and both at one rate.
    """
    pair = matching(tables["networks"], activation=(RELU, LEAKY))
    networks = comparable(pair, [*ARM, "scaling", "initializer", "learning_rate"])
    return _beside(networks, most_accurate(networks, ["scaling"]), "test_accuracy", (LEAKY, RELU), "difference")


def dead_share_with_batch_norm(tables: Tables) -> pd.DataFrame:
    """Dead fraction of a ReLU network with batch normalisation, as a share of the sum over it and its twin without.

    One half: no protection; one fifth: a quarter as many dead. Of pairs in which one at least has a dead unit. Rates
    are on the scale of networks without.
    """
    networks = _relu(tables["networks"])
    found = maps.of(networks, networks["dead_fraction"])
    normalised, plain = (matching(found, batch_norm=has) for has in (True, False))
    shares = maps.pair(normalised, plain, ["batch_norm"], "share")
    return on_scale(shares, matching(networks, batch_norm=False).drop(columns="batch_norm"))


def dead_fraction_of_normalised(tables: Tables) -> pd.DataFrame:
    """Dead fraction of ReLU networks with batch normalisation, on the scale of their own limit."""
    networks = matching(_relu(tables["networks"]), batch_norm=True)
    return on_scale(maps.of(networks, networks["dead_fraction"]), networks)


def _beside(
    networks: pd.DataFrame, chosen: pd.DataFrame, column: str, activations: tuple[str, str], how: str
) -> pd.DataFrame:
    """Networks of one activation compared with those of another; ``rate`` is `OWN`, or that of both in words.

    Args:
        chosen: the settings of each arm at `OWN`; at one rate for both the initialisation is the one most of them have.
    """
    own, same = at_chosen(networks, chosen), comparable(networks, [*ARM, "scaling", "learning_rate"])
    rates = ((own, OWN), (same, same["learning_rate"].map("{:g}".format).to_numpy()))
    found = pd.concat([maps.of(rows, rows[column]).assign(rate=rate) for rows, rate in rates], ignore_index=True)
    one, other = (matching(found, activation=name) for name in activations)
    return maps.pair(one, other, ["activation", "learning_rate", "initializer"], how)


def _relu(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks of ReLUs with the initialisation made for them."""
    return matching(networks, activation=RELU, initializer="he_normal")


def compared(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in arm, initialisation and rate alone."""
    return comparable(networks, [*ARM, "initializer", "learning_rate"])


def alike(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in arm and rate alone: of one initialisation, the one most of them have."""
    return comparable(networks, [*ARM, "learning_rate"])


def killed(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks of ReLU and leaky ReLU 0.01 on unit-scaled inputs, on which units die at rates that networks stand."""
    return alike(matching(networks, activation=(RELU, LEAKY), scaling="unit"))


def killing_rate(networks: pd.DataFrame) -> float | None:
    """The killing rate of ReLU networks without batch normalisation."""
    return named(matching(networks, activation=RELU, batch_norm=False), "killing")


def most_accurate(networks: pd.DataFrame, apart: Sequence[str] = ()) -> pd.DataFrame:
    """For each arm the setting with the best mean test accuracy on pilot seeds; diverged ones count as guessing.

    Args:
        apart: settings of which each level has a choice of its own.
    """
    return choose_each(networks, RULES["accurate"], [*ARM, *apart])


def fastest(found: pd.DataFrame) -> pd.DataFrame:
    """For each arm the setting with the smallest restricted mean time (see `times`) on pilot seeds."""
    return choose_each(found, RULES["fastest"], ARM)


def times(tables: Tables) -> pd.DataFrame:
    """Epochs each network takes to a training accuracy of `LEVEL`, a row a network.

    ``time`` is the first crossing, interpolated linearly between the measured moments around it; a network that does
    not get there (``reached`` is false) has the length of the run, so that means of ``time`` are restricted means.
    Missing for diverged networks. ``time_to_accuracy``, by which settings are compared: the time as a share of the
    run, less 1e-4 of the training accuracy, so that where no network gets there the more accurate is the faster.
    """
    history = tables["history"].sort_values("step", kind="stable", ignore_index=True)
    before = grouped(history, NETWORK)[["epoch", "train_accuracy"]].shift()
    above = history["train_accuracy"] >= LEVEL
    share = (LEVEL - before["train_accuracy"]) / (history["train_accuracy"] - before["train_accuracy"])
    crossing = before["epoch"] + share * (history["epoch"] - before["epoch"])
    history["crossing"] = crossing.where(before["epoch"].notna(), history["epoch"])
    first = grouped(history[above], NETWORK)["crossing"].first().reset_index()
    found = compared(tables["networks"]).merge(first, on=NETWORK, how="left")
    reached = found["crossing"].notna()
    time = found["crossing"].where(reached, found["epochs"]).where(~found["diverged"]).astype(float)
    score = time / found["epochs"] - 1e-4 * found["train_accuracy"].astype(float)
    return found.assign(reached=reached, time=time, time_to_accuracy=score)


def lost(activity: pd.DataFrame) -> pd.DataFrame:
    """A row a network at the end of training: share of its units dead (or saturated), and closed, over all layers.

    ``closed``: pre-activation positive on no training sample, which for a leaky or smooth activation is not death.
    Both are missing for diverged networks.
    """
    sums = grouped(last(activity), NETWORK)[["n_dead", "n_closed", "n_units"]].sum(min_count=1).astype(float)
    return sums.div(sums.pop("n_units"), axis=0).set_axis(["dead", "closed"], axis=1).reset_index()
