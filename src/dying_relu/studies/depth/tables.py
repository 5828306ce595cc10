"""Tables behind the figures of the study depth."""

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import nearest_to_reference
from dying_relu.analysis.frames import NETWORK, Tables, alive, drawn, grouped
from dying_relu.analysis.intervals import POSITIVE, SHARE, summarise
from dying_relu.design.datasets import DATASETS
from dying_relu.studies.depth.estimands import ARM, at_best, first_step, layer_factors, trained_alike, usual_scale
from dying_relu.studies.depth.theory import expected


def depth_gradients(tables: Tables) -> pd.DataFrame:
    """Before the first step, deepest networks: gradient norm by layer, and layer factor by scale, beside theory.

    The scale is a factor on He's initial weights, or on others where there are none of He's.
    """
    layers = drawn(tables["layers"])
    start = first_step(layers)
    by_layer = summarise(_log10(usual_scale(start), "gradient_norm"), ["activation", "initializer", "layer"])
    factors = nearest_to_reference(layer_factors(layers), ["initializer"])
    by_scale = summarise(factors.assign(value=factors["factor"]), ["activation", "init_scale"], POSITIVE)
    initializer = factors["initializer"].iloc[0] if len(factors) else ""
    theory = [
        {"activation": name, "init_scale": scale, "mean": expected(name, initializer, scale, start.iloc[0])}
        for name in by_scale["activation"].unique()
        for scale in np.geomspace(by_scale["init_scale"].min(), by_scale["init_scale"].max(), 41)
    ]
    by_scale = by_scale.assign(initializer=initializer)
    measures = {"log10 gradient": by_layer, "factor": by_scale, "theory": pd.DataFrame(theory)}
    return pd.concat([frame.assign(measure=measure) for measure, frame in measures.items()], ignore_index=True)


def depth_accuracy(tables: Tables) -> pd.DataFrame:
    """Test accuracy against depth, each arm (activation, optimiser, batch normalisation) at its best; and guessing."""
    found = drawn(at_best(tables["networks"], "own"))
    guess = 1 / DATASETS[found["dataset"].iloc[0]].n_outputs if len(found) else np.nan
    arm = ["activation", "batch_norm", "optimizer", "depth"]
    return summarise(found.assign(value=found["test_accuracy"].astype(float)), arm, SHARE).assign(guess=guess)


def depth_largest(tables: Tables) -> pd.DataFrame:
    """Plain SGD, against the rate: largest hidden output at any measured moment, share diverged."""
    layers, networks = (trained_alike(drawn(tables[name])) for name in ("layers", "networks"))
    cell = [*ARM, "learning_rate"]
    ended = layers.merge(alive(networks)[NETWORK], on=NETWORK)
    largest = _log10(grouped(ended, [*cell, "seed"])["largest"].max().reset_index(), "largest")
    diverged = networks.assign(value=networks["diverged"].astype(float))
    parts = {"largest": summarise(largest, cell), "diverged": summarise(diverged, cell, SHARE)}
    return pd.concat([frame.assign(measure=measure) for measure, frame in parts.items()], ignore_index=True)


def _log10(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """With the logarithm of a column as ``value``, missing where it is 0."""
    return frame.assign(value=np.log10(frame[column].where(frame[column] > 0).astype(float)))
