"""Tables behind the figures of the study initialisation."""

import numpy as np
import pandas as pd

from dying_relu import theory
from dying_relu.estimands.initialisation import best_rates, fates, schemes
from dying_relu.figure_data.common import Tables, drawn, exact_interval, kind, summarise

FATES = ("born dead", "killed", "constant", "learned")
_SAMPLED = 20_000  # networks of the independent Monte Carlo
_SAMPLED_ASYMMETRIC = 8_000


@kind("networks", "layers", grids=("schemes",))
def layers_by_scheme(tables: Tables) -> pd.DataFrame:
    """Mean output and gradient norm of each layer by scheme at three moments, each scheme at its best pilot rate."""
    networks = schemes(tables["networks"])
    rates = best_rates(networks)
    layers = schemes(drawn(tables["layers"]))
    # a scheme that diverges at every rate is seen before its first step all the same
    best = layers["initializer"].astype(str).map(rates).astype(float).fillna(layers["learning_rate"].min())
    layers = layers[np.isclose(layers["learning_rate"], best) & (layers["initializer"].astype(str) != "zeros")]
    first, end = 1.0, layers["epochs"].max()
    moments = {0.0: "before", first: "after one epoch", float(end): "at the end"}
    layers = layers.assign(moment=layers["epoch"].map(moments)).dropna(subset="moment")
    cell = ["initializer", "moment", "layer"]
    frames = [
        summarise(layers.assign(value=layers[column]), cell).assign(measure=column)
        for column in ("mean_output", "gradient_norm")
    ]
    return pd.concat(frames, ignore_index=True)


@kind("activity", grids=("born_dead",))
def born_dead_by_depth(tables: Tables) -> pd.DataFrame:
    """Born-dead shares of networks against depth, and of units against layer, beside Monte Carlo and bounds.

    A network of depth d is dead if some whole layer up to the d-th is: the first layers of a deep network are those
    of a shallower one of the same seed.
    """
    rows = drawn(tables["activity"])
    rows = rows[(rows["grid"] == "born_dead") & (rows["step"] == 0)]
    frames = [networks_born_dead(rows), _units_born_dead(rows), born_dead_sampled()]
    return pd.concat(frames, ignore_index=True)


@kind("networks", "activity", grids=("collapse", "collapse_adam"))
def collapse_by_rate(tables: Tables) -> pd.DataFrame:
    """Share of networks with each fate (`estimands.initialisation.fates`), with exact intervals."""
    found = fates(drawn(tables["activity"]), drawn(tables["networks"]))
    rows = []
    for cell, part in found.groupby(["optimizer", "initializer", "learning_rate"], observed=True):
        for fate in FATES:
            events, n = int(part[fate].sum()), len(part)
            rows.append((*cell, fate, events / n, *exact_interval(events, n), n))
    names = ["optimizer", "initializer", "learning_rate", "fate", "mean", "ci_low", "ci_high", "n_seeds"]
    return pd.DataFrame(rows, columns=names)


def networks_born_dead(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of networks dead by each depth, with exact intervals.

    Args:
        rows: activity before the first step, one row a network and layer.
    """
    rows = rows.assign(whole=(rows["n_dead"] == rows["n_units"]).astype(int)).sort_values("layer")
    rows = rows.assign(dead=rows.groupby(["initializer", "width", "seed"], observed=True)["whole"].cummax())
    found = []
    for cell, part in rows.groupby(["initializer", "width", "layer"], observed=True)["dead"]:
        found.append((*cell, part.mean(), *exact_interval(part.sum(), len(part)), len(part)))
    names = ["initializer", "width", "depth", "mean", "ci_low", "ci_high", "n_seeds"]
    return pd.DataFrame(found, columns=names).assign(of="networks", how="networks")


def born_dead_sampled() -> pd.DataFrame:
    """The same shares by independent Monte Carlo, and for zero biases the closed-form bounds."""
    frames = []
    for name, n in (("he_normal", _SAMPLED), ("rai", _SAMPLED_ASYMMETRIC)):
        for width in (2, 4, 8):
            dead = theory.sample_born_dead(width, 20, n, asymmetric=name == "rai")
            depth = np.arange(1, dead.shape[1] + 1)
            by_depth = np.maximum.accumulate(dead == width, axis=1).mean(axis=0)
            cell = {"initializer": name, "width": width, "depth": depth}
            for of, mean in (("networks", by_depth), ("units", dead.mean(axis=0) / width)):
                frames.append(pd.DataFrame({**cell, "mean": mean, "of": of, "how": "sampled", "n_seeds": n}))
            if name == "he_normal":
                low, high = theory.born_dead_bounds(width, depth)
                frames.append(pd.DataFrame({**cell, "ci_low": low, "ci_high": high, "of": "networks", "how": "bounds"}))
    return pd.concat(frames, ignore_index=True)


def _units_born_dead(rows: pd.DataFrame) -> pd.DataFrame:
    share = (rows["n_dead"] / rows["n_units"]).astype(float)
    cells = summarise(rows.assign(value=share, depth=rows["layer"]), ["initializer", "width", "depth"])
    return cells.assign(of="units", how="networks")
