"""Estimands of the study depth: gradients, outputs and accuracy of deep ReLU and sigmoid networks.

The *layer factor* of a network is what the norm of the gradient of a hidden layer's weights and biases is multiplied
by from each layer to the one before it: ten to the power of minus the slope of the least-squares line through its
base-10 logarithm against the layer. Below one it shrinks towards the input. It is taken before the first step.
Settings that have to be chosen for an arm (rate, optimiser, initialisation) are those most accurate on pilot seeds.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import comparable
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import NETWORK, Tables, alive, by_seed, confirmatory, grouped, matching, plain
from dying_relu.studies.depth import CONTENTS

SHRINKS = 0.8  # a layer factor up to which a gradient counts as vanishing: ten layers leave about a tenth
DEEP = 10  # depth at which training is judged
ARM = ["activation", "batch_norm", "depth"]
SETTINGS = ["optimizer", "initializer", "init_scale", "learning_rate", "epochs"]  # that an arm may choose
MADE_FOR = {"relu": "he_normal", "sigmoid": "glorot_normal"}
RULES = CONTENTS.choices


def sigmoid_shrinks_relu_does_not(tables: Tables) -> pd.DataFrame:
    """Whether the layer factor of the sigmoid is at most `SHRINKS` and that of ReLU above it.

    In the deepest networks, each with the initialisation made for it; one or zero for each seed.
    """
    found = usual_scale(confirmatory(layer_factors(tables["layers"])))
    relu, sigmoid = (
        matching(found, activation=name, initializer=MADE_FOR[name]).groupby("seed")["factor"].mean()
        for name in ("relu", "sigmoid")
    )
    both = pd.DataFrame({"relu": relu, "sigmoid": sigmoid}).dropna()
    return by_seed(((both["sigmoid"] <= SHRINKS) & (both["relu"] > SHRINKS)).astype(float))


def layer_factor_of_rescaled_sigmoid(tables: Tables) -> pd.DataFrame:
    """Layer factor of the sigmoid of 4z in the deepest networks, with the initialisation that makes it larger."""
    found = usual_scale(confirmatory(layer_factors(tables["layers"])))
    return by_seed(matching(found, activation="sigmoid_4x").groupby("seed")["factor"].max().dropna())


def largest_output_relu_over_sigmoid(tables: Tables) -> pd.DataFrame:
    """Base-10 logarithm of the largest hidden output of a seed's ReLU networks over that of its sigmoid networks.

    Largest over units, training samples, measured moments, rates and depths up to `DEEP`; plain SGD without batch
    normalisation, networks for as long as they are finite.
    """
    found = confirmatory(largest_outputs(tables["layers"]))
    found = found[found["depth"] <= DEEP]
    relu, sigmoid = (largest_by_seed(matching(found, activation=name)) for name in ("relu", "sigmoid"))
    ratio = relu / sigmoid.where(sigmoid > 0)
    return by_seed(np.log10(ratio.where(ratio > 0)).dropna())


def accuracy_of_deep_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy of sigmoid networks without batch normalisation at depth `DEEP`, most accurate settings."""
    return by_seed(accuracy(at_best(tables["networks"], "accurate"), "sigmoid", False, DEEP))


def accuracy_gap_of_normalised_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy at depth `DEEP`: sigmoid with batch normalisation less ReLU without, most accurate settings."""
    best = at_best(tables["networks"], "accurate")
    return by_seed((accuracy(best, "sigmoid", True, DEEP) - accuracy(best, "relu", False, DEEP)).dropna())


def at_best(networks: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Networks trained for more than an epoch, each arm (and optimiser, unless it is chosen) at its chosen settings.

    Those trained for a single epoch are only there for their first step.
    """
    trained = comparable(networks[networks["epochs"] > 1], [*ARM, *SETTINGS])
    arms = [key for key in [*ARM, "optimizer"] if key not in RULES[rule].over]
    return at_chosen(trained, choose_each(trained, RULES[rule], arms))


def accuracy(best: pd.DataFrame, activation: str, batch_norm: bool, depth: int, **more: object) -> pd.Series:
    """Test accuracy by confirmatory seed of an arm's finite networks, among those that `at_best` gives."""
    here = matching(alive(confirmatory(best)), activation=activation, batch_norm=batch_norm, depth=depth, **more)
    return here.set_index("seed")["test_accuracy"].astype(float).dropna()


def largest_outputs(layers: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks trained by plain SGD from weights of the usual scale, without batch normalisation."""
    return matching(trained_alike(layers), batch_norm=False)


def largest_by_seed(layers: pd.DataFrame) -> pd.Series:
    """Largest hidden output of a seed's networks."""
    return layers.groupby("seed")["largest"].max().astype(float)


def trained_alike(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks trained by plain SGD for more than an epoch, from weights of the usual scale.

    Those of one activation differ in batch normalisation, depth and rate alone.
    """
    frame = usual_scale(plain(frame[frame["epochs"] > 1]))
    parts = [comparable(part, [*ARM, "learning_rate"]) for _, part in grouped(frame, ["activation"])]
    return pd.concat(parts) if parts else frame


def first_step(layers: pd.DataFrame) -> pd.DataFrame:
    """Rows before the first step of plain SGD, of the deepest networks without batch normalisation."""
    first = matching(plain(layers), step=0, batch_norm=False)
    return comparable(first[first["depth"] == first["depth"].max()], [*ARM, *SETTINGS])


def layer_factors(layers: pd.DataFrame) -> pd.DataFrame:
    """The layer factor of each of the networks of `first_step`; layers without gradient are left out."""
    first = first_step(layers)
    first = first[first["gradient_norm"] > 0]
    x, y = first["layer"].astype(float), np.log10(first["gradient_norm"].astype(float))
    columns = first.assign(x=x, y=y, xx=x * x, xy=x * y, n=1.0)
    sums = grouped(columns, ["phase", *NETWORK])[["x", "y", "xx", "xy", "n"]].sum()
    spread = sums["n"] * sums["xx"] - sums["x"] ** 2
    slope = (sums["n"] * sums["xy"] - sums["x"] * sums["y"]) / spread.where(spread > 0)
    return (10**-slope).rename("factor").reset_index()


def usual_scale(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks whose initial weights are not rescaled."""
    return frame[frame["init_scale"] == 1]
