"""Tables behind the figures of the study depth."""

import numpy as np
import pandas as pd

from dying_relu.estimands.activation import at_chosen
from dying_relu.estimands.common import Tables
from dying_relu.estimands.depth import deepest, expected_layer_factor, layer_factors, most_accurate
from dying_relu.figure_data.common import drawn, kind, summarise

_START = ("start", "start_others")  # grids of weights of the usual scale
FEATURES, MEAN_SQUARE = 64, 61 / 64  # digits: pixels, and standardised ones over all (three are always the same)


@kind("layers", grids=("start", "scales"))
def depth_gradients(tables: Tables) -> pd.DataFrame:
    """Before the first step, deepest networks: gradient norm by layer, and layer factor by scale, beside theory."""
    layers = drawn(tables["layers"])
    start = deepest(layers[(layers["step"] == 0) & layers["grid"].isin(_START)])
    start = start.assign(value=np.log10(start["gradient_norm"].where(start["gradient_norm"] > 0).astype(float)))
    by_layer = summarise(start, ["activation", "initializer", "layer"]).assign(measure="log10 gradient")
    factors = deepest(layer_factors(layers[layers["grid"].isin([*_START, "scales"])]))
    factors = factors[factors["initializer"] == "he_normal"]
    by_scale = summarise(factors.assign(value=factors["factor"]), ["activation", "init_scale"])
    depth, width = int(start["depth"].max()), int(start["width"].max())
    theory = [
        {"activation": name, "init_scale": scale, "mean": expected(name, scale, depth, width), "measure": "theory"}
        for name in by_scale["activation"].unique()
        for scale in np.geomspace(by_scale["init_scale"].min(), by_scale["init_scale"].max(), 41)
    ]
    return pd.concat([by_layer, by_scale.assign(measure="factor"), pd.DataFrame(theory)], ignore_index=True)


@kind("networks", grids=("middle",))
def depth_accuracy(tables: Tables) -> pd.DataFrame:
    """Test accuracy against depth, each arm (activation, optimiser, batch normalisation) at its best settings."""
    networks = tables["networks"]
    networks = networks[networks["epochs"] > 1]
    arm = ["activation", "batch_norm", "optimizer", "depth"]
    found = drawn(at_chosen(networks, most_accurate(networks, arm)))
    return summarise(found.assign(value=found["test_accuracy"].astype(float)), arm)


@kind("layers", "networks", grids=("middle",))
def depth_largest(tables: Tables) -> pd.DataFrame:
    """ReLU and sigmoid, plain SGD, against the rate: largest hidden output at any measured moment, share diverged."""
    layers, networks = drawn(tables["layers"]), drawn(tables["networks"])
    cell = ["activation", "batch_norm", "depth", "learning_rate"]
    parts = []
    for frame, measure in ((layers, "largest"), (networks, "diverged")):
        compared = frame["activation"].isin(["relu", "sigmoid"])
        here = frame[compared & (frame["optimizer"] == "sgd") & (frame["epochs"] > 1)]
        if measure == "largest":
            ended = networks.loc[~networks["diverged"], [*cell, "optimizer", "initializer", "epochs", "seed"]]
            here = here.merge(ended, on=list(ended.columns))
            here = here.groupby([*cell, "seed"], observed=True)["largest"].max().reset_index()
            here = here.assign(value=np.log10(here["largest"].astype(float)))
        else:
            here = here.assign(value=here["diverged"].astype(float))
        parts.append(summarise(here, cell).assign(measure=measure))
    return pd.concat(parts, ignore_index=True)


def expected(name: str, scale: float, depth: int, width: int, he: bool = True) -> float:
    """The expected layer factor on standardised digits, initialised after He or Glorot times a scale."""
    gain, input_gain = (2.0, 2.0) if he else (1.0, 2 * FEATURES / (FEATURES + width))
    return expected_layer_factor(name, gain * scale**2, depth, width, FEATURES, MEAN_SQUARE, input_gain * scale**2)
