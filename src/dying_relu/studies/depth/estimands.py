"""Estimands of the study depth: gradients, outputs and accuracy of deep ReLU and sigmoid networks.

The *layer factor* of a network is what the norm of the gradient of a hidden layer's weights and biases is multiplied
by from each layer to the one before it: ten to the power of minus the slope of the least-squares line through its
base-10 logarithm against the layer. Below one it shrinks towards the input. It is taken before the first step.
Settings that have to be chosen for an arm (rate, optimiser, initialisation) are those most accurate on pilot seeds.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.arms import comparable
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import NETWORK, Tables, alive, confirmatory, grouped, matching, plain
from dying_relu.analysis.rates import on_scale
from dying_relu.studies.depth import CONTENTS

SHRINKS = 0.8  # a layer factor up to which a gradient counts as vanishing: ten layers leave about a tenth
OWN, LARGER = "made for each", "the larger"  # starts
DEEP = 10  # depth at which training is judged
ARM = ["activation", "batch_norm", "depth"]
MADE_FOR = {"relu": "he_normal", "sigmoid": "glorot_normal"}
STEEP = "leaky_relu_-2"  # a slope below zero of size above one
DEPTHS, LAYERS = "networks of two depths", "layers of one network"  # what a gradient is compared between
RULES = CONTENTS.choices
CHOSEN = list(RULES["accurate"].over)  # settings that an arm may choose
_HUGE = float(np.finfo(np.float32).max)


def sigmoid_shrinks_relu_does_not(tables: Tables) -> pd.DataFrame:
    """Whether the layer factor of the sigmoid is at most `SHRINKS` and that of ReLU above it.

    In the deepest networks, by the scale of the weights; ``start``: each with the initialisation made for it, or both
    with the same.
    """
    found = _factors(tables)
    relu, sigmoid = (matching(found, activation=name) for name in ("relu", "sigmoid"))
    one, other = (matching(arm, initializer=MADE_FOR[name]) for name, arm in (("relu", relu), ("sigmoid", sigmoid)))
    own = maps.pair(one, other, ["activation", "initializer"], _one_shrinks).assign(start=OWN)
    return pd.concat([own, _by_start(maps.pair(relu, sigmoid, ["activation"], _one_shrinks))], ignore_index=True)


def layer_factor_of_rescaled_sigmoid(tables: Tables) -> pd.DataFrame:
    """Layer factor of the sigmoid of 4z in the deepest networks, by the scale of the weights.

    ``start``: one initialisation, or that of two with the larger factor.
    """
    found = matching(_factors(tables), activation="sigmoid_4x")
    he, glorot = (matching(found, initializer=name) for name in MADE_FOR.values())
    larger = maps.pair(he, glorot, ["initializer"], np.maximum).assign(start=LARGER)
    return pd.concat([larger, _by_start(found)], ignore_index=True)


def gradient_growth_with_a_steep_negative_slope(tables: Tables) -> pd.DataFrame:
    """What the gradient is multiplied by with each layer, before the first step, with the activation `STEEP`.

    ``compared``: the norm over all hidden layers, in the deepest networks and in the next shallower ones of the same
    seed; or the layers of one network, from each to the one before (the layer factor).
    """
    first = matching(plain(tables["layers"]), step=0, epochs=1, activation=STEEP)
    squares = grouped(first.assign(square=first["gradient_norm"] ** 2), ["phase", *NETWORK])["square"].sum()
    found = squares.reset_index()
    norms = _at_start(found, np.sqrt(found["square"]))
    *_, less, most = [np.nan, np.nan, *sorted(norms["depth"].unique())]
    deep, shallow = (matching(norms, depth=depth) for depth in (most, less))
    by_depth = maps.pair(deep, shallow, ["depth"], lambda one, other: (one / other) ** (1 / (most - less)))
    by_layer = matching(_factors(tables), activation=STEEP).drop(columns="depth")
    return pd.concat([by_depth.assign(compared=DEPTHS), by_layer.assign(compared=LAYERS)], ignore_index=True)


def largest_output_relu_over_sigmoid(tables: Tables) -> pd.DataFrame:
    """Base-10 logarithm of the largest hidden output of a ReLU network over that of the sigmoid network of its rate.

    Largest over units, training samples and measured moments; plain SGD without batch normalisation. A ReLU network
    that diverged has left single precision: its output counts as the largest number there.
    """
    rows, networks = largest_outputs(tables["layers"]), largest_outputs(tables["networks"])
    sizes = grouped(rows, NETWORK)["largest"].max().rename("largest").reset_index()
    found = networks.merge(sizes, on=NETWORK, how="left")
    blown_up = found["diverged"].astype(bool) & (found["activation"] == "relu")
    size = found["largest"].astype(float).mask(blown_up, _HUGE).clip(upper=_HUGE)
    found = maps.of(found, np.log10(size.where(size > 0)), found["diverged"].astype(bool) & ~blown_up)
    relu, sigmoid = (matching(found, activation=name) for name in ("relu", "sigmoid"))
    compared = maps.pair(relu, sigmoid, ["activation", "initializer"])
    return on_scale(compared, matching(networks, activation="relu").drop(columns=["activation", "initializer"]))


def accuracy_of_deep_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy of sigmoid networks at their most accurate settings, by depth and batch normalisation.

    ``trained``: by the best of all optimisers, or by plain SGD.
    """
    best = _at_best(tables, "accurate").assign(trained="by any optimiser")
    plainly = (
        matching(_at_best(tables, "own"), optimizer="sgd").drop(columns="optimizer").assign(trained="by plain SGD")
    )
    return matching(pd.concat([best, plainly], ignore_index=True), activation="sigmoid")


def accuracy_gap_of_normalised_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy of sigmoid networks with batch normalisation less that of ReLU networks, by depth.

    ``against``: ReLU networks with batch normalisation, or without.
    """
    best = _at_best(tables, "accurate")
    sigmoid = matching(best, activation="sigmoid", batch_norm=True)
    parts = [
        maps.pair(sigmoid, matching(best, activation="relu", batch_norm=has), ["activation", "batch_norm"])
        for has in (True, False)
    ]
    names = ("ReLU with", "ReLU without")
    return pd.concat([part.assign(against=name) for part, name in zip(parts, names, strict=True)], ignore_index=True)


def _one_shrinks(relu: pd.Series, sigmoid: pd.Series) -> pd.Series:
    holds = (sigmoid <= SHRINKS) & (relu > SHRINKS)
    return holds.astype(float).where(relu.notna() & sigmoid.notna())


def _by_start(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(start=found["initializer"].astype(str)).drop(columns="initializer")


def _factors(tables: Tables) -> pd.DataFrame:
    """A map of layer factors, of the networks that are there for their first step."""
    found = layer_factors(tables["layers"])
    found = found[found["epochs"] == 1]
    return _at_start(found, found["factor"])


def _at_start(found: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    """A map before the first step: nothing has diverged yet, and rate and training time are no axes."""
    return maps.without(maps.of(found, value, pd.Series(False, found.index)), "learning_rate", "epochs")


def _at_best(tables: Tables, rule: str) -> pd.DataFrame:
    """A map of test accuracies, each arm at its most accurate settings, which are no axes."""
    best = at_best(tables["networks"], rule)
    return maps.without(maps.of(best, best["test_accuracy"]), *RULES[rule].over)


def at_best(networks: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Networks trained for more than an epoch, each arm (and optimiser, unless it is chosen) at its chosen settings.

    Those trained for a single epoch are only there for their first step.
    """
    trained = comparable(networks[networks["epochs"] > 1], [*ARM, *CHOSEN])
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
    return comparable(first[first["depth"] == first["depth"].max()], [*ARM, *CHOSEN])


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
