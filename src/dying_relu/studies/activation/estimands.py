"""Estimands of the study activation: ReLU beside other activations, with and without batch normalisation.

An *arm* is an activation with or without batch normalisation. Each arm is judged at a setting of its own (rate,
and where several are tried, initialisation), chosen on pilot seeds: the *most accurate* one, the *fastest* one, or
the one that *kills* most units. Arms are compared seed by seed: networks of one seed share data and batch order.
"""

import pandas as pd

from dying_relu.analysis.arms import comparable
from dying_relu.analysis.choice import at_chosen, choose, choose_each
from dying_relu.analysis.frames import NETWORK, Tables, alive, by_seed, confirmatory, grouped, last, matching
from dying_relu.studies.activation import CONTENTS

ARM = ["activation", "batch_norm"]
RELU, LEAKY, SIGMOID = "relu", "leaky_relu_0.01", "sigmoid"
LEVEL = 0.95  # training accuracy that counts as having converged
RULES = CONTENTS.choices


def time_ratio_relu_to_sigmoid(tables: Tables) -> pd.DataFrame:
    """Epochs to a training accuracy of `LEVEL`: ReLU over sigmoid, no batch normalisation, each at its fastest setting.

    Times end with the run (see `times`), so a sigmoid network that does not get there makes the ratio too large.
    """
    found = times(tables)
    relu, sigmoid = (_plain(found, fastest(found), name, "time") for name in (RELU, SIGMOID))
    return by_seed((relu / sigmoid.where(sigmoid > 0)).dropna())


def accuracy_gain_of_leaky(tables: Tables) -> pd.DataFrame:
    """Test accuracy of leaky ReLU 0.01 less that of ReLU, no batch normalisation, each at its most accurate setting."""
    networks = compared(tables["networks"])
    relu, leaky = (_plain(networks, most_accurate(networks), name, "test_accuracy") for name in (RELU, LEAKY))
    return by_seed((leaky - relu).dropna())


def dead_with_batch_norm(tables: Tables) -> pd.DataFrame:
    """Dead fraction of a ReLU network with batch normalisation, as a share of the sum over it and its twin without.

    At the rate killing most without. One half: no protection; one fifth: a quarter as many dead. Seeds of which
    both networks are finite and one at least has a dead unit.
    """
    networks = relu_and_leaky(tables["networks"])
    here = matching(alive(confirmatory(networks)), activation=RELU, learning_rate=killing_rate(networks))
    normalised, plain = (
        matching(here, batch_norm=has).set_index("seed")["dead_fraction"].astype(float) for has in (True, False)
    )
    both = normalised + plain
    return by_seed((normalised / both.where(both > 0)).dropna())


def compared(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in arm, initialisation and rate alone."""
    return comparable(networks, [*ARM, "initializer", "learning_rate"])


def alike(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in arm and rate alone: of one initialisation, the one most of them have."""
    return comparable(networks, [*ARM, "learning_rate"])


def relu_and_leaky(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks of ReLU and leaky ReLU 0.01 that differ in arm and rate alone."""
    return alike(matching(networks, activation=(RELU, LEAKY)))


def killing_rate(networks: pd.DataFrame) -> float | None:
    """The rate with most dead units in ReLU networks without batch normalisation on pilot seeds."""
    return choose(matching(networks, activation=RELU, batch_norm=False), RULES["killing"])["learning_rate"]


def most_accurate(networks: pd.DataFrame) -> pd.DataFrame:
    """For each arm the setting with the best mean test accuracy on pilot seeds; diverged ones count as guessing."""
    return choose_each(networks, RULES["accurate"], ARM)


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


def _plain(frame: pd.DataFrame, chosen: pd.DataFrame, activation: str, column: str) -> pd.Series:
    """A column of finite confirmatory networks without batch normalisation, at the activation's setting, by seed."""
    here = alive(confirmatory(at_chosen(frame, chosen)))
    return matching(here, activation=activation, batch_norm=False).set_index("seed")[column].astype(float)
