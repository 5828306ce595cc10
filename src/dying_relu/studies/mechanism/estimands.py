"""Estimands of the study mechanism: which part of a step kills a unit or brings it back, and when units die.

Each gives a map over the study's conditions: scaling, depth, optimiser, rate, and layer; layer 0 stands for all of them
together. Causes are asked of the layers behind the first, whose inputs never move.
"""

from functools import cache

import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, last, matching, of_diverged
from dying_relu.analysis.rates import on_scale
from dying_relu.engine import datasets
from dying_relu.studies.mechanism.theory import movement_ratio

PREDICTOR = ["dataset", "scaling", "width", "layer"]  # what the closed form depends on
PLAIN = {"frozen": 0, "intervention_epoch": 0}


def deaths_by_inputs(tables: Tables) -> pd.DataFrame:
    """Share of the deaths in steps measured singly that is credited to the movement of the units' inputs."""
    return credited(tables, "death", "inputs")


def deaths_by_bias(tables: Tables) -> pd.DataFrame:
    """The same of the units' own biases."""
    return credited(tables, "death", "bias")


def revivals_by_inputs(tables: Tables) -> pd.DataFrame:
    """Share of the revivals in steps measured singly that is credited to the movement of the units' inputs."""
    return credited(tables, "revival", "inputs")


def credited(tables: Tables, event: str, part: str) -> pd.DataFrame:
    """Share of events behind the first layer that is credited to a part of the step (Shapley value), by layer."""
    networks = matching(tables["networks"], **PLAIN)
    rows = matching(tables["causes"].astype({"event": str}), event=event, **PLAIN)
    rows = rows[rows["layer"] > 1]
    rows = rows.assign(n_clear=rows["n_clear"].astype(float).mask(of_diverged(rows, networks)))
    return on_scale(maps.by_layer(rows, f"credit_{part}", "n_clear"), networks)


def dead_free_less_frozen(tables: Tables) -> pd.DataFrame:
    """Share of the last hidden layer's units that died in training and are dead at its end, less the share where the
    layers before it are frozen as they start, same seed and rate; on the scale of the free networks."""
    activity = matching(tables["activity"], intervention_epoch=0, depth=3, optimizer="sgd", layer=3)
    ends = last(activity)
    killed = maps.of(ends, (ends["n_dead"] - ends["n_born_dead"]) / ends["n_units"], ends["n_dead"].isna())
    arms = matching(killed, frozen=0), killed[killed["frozen"] > 0]
    free = matching(tables["networks"], depth=3, optimizer="sgd", **PLAIN)
    return on_scale(maps.pair(*arms, ["frozen"]), free)


def first_deaths_in_first_epoch(tables: Tables) -> pd.DataFrame:
    """Of the units that are not born dead and are dead at some measurement, the share that was within the first epoch.

    A unit that dies and comes back between two measurements is not seen; every step of the first epoch is measured.
    """
    activity = matching(tables["activity"], **PLAIN)
    ever = activity.assign(ever=activity["n_ever_dead"] - activity["n_born_dead"])
    keys = [*maps.axes(maps.of(ever, ever["ever"], ever["ever"].isna(), ["layer"])), "phase", "seed"]
    early = ever[ever["epoch"] == 1].set_index(keys)["ever"].rename("early")
    rows = last(ever).join(early, on=keys)
    return on_scale(maps.by_layer(rows, "early", "ever"), matching(tables["networks"], **PLAIN))


def movement_over_theory(tables: Tables) -> pd.DataFrame:
    """Movement of pre-activations by inputs over that by own weights in the first step, over what `theory` says."""
    rows = first_steps(tables["causes"])
    predicted = [predicted_ratio(*key) for key in rows[PREDICTOR].itertuples(index=False, name=None)]
    return maps.of(rows, rows["ratio"] / predicted, rows["moved"].isna(), ["layer"])


def first_steps(causes: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first step and layers behind the first, with ``ratio``: movement by inputs over that by own."""
    rows = matching(causes.astype({"event": str}), step=1, event="death", **PLAIN)
    rows = rows[rows["layer"] > 1].astype({"moved_by_inputs": float, "moved_by_own": float})
    return rows.assign(ratio=rows["moved_by_inputs"] / rows["moved_by_own"].where(rows["moved_by_own"] > 0))


@cache
def predicted_ratio(dataset: str, scaling: str, width: int, layer: int) -> float:
    """`theory.movement_ratio` of a data set's inputs, scaled as they are on all of it."""
    x = datasets.load(dataset).x
    return movement_ratio(datasets.affine(scaling, x)(x), int(layer), int(width))


def dead_without_less_with_warm_up(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end without a warm-up less that with one, at the same rate, same seed.

    The warm-up is of so many epochs (the axis ``intervention_epoch``) at a tenth of the rate.
    """
    networks = matching(tables["networks"], frozen=0, depth=3, optimizer="sgd")
    networks = networks.assign(learning_rate=(networks["learning_rate"] * networks["rate_factor"]).round(9))
    dead = maps.without(maps.of(networks, networks["dead_fraction"]), "rate_factor")
    warm = dead[dead["intervention_epoch"] > 0]
    plain = maps.repeated(matching(dead, intervention_epoch=0), warm, "intervention_epoch")
    scale = matching(tables["networks"], depth=3, optimizer="sgd", **PLAIN)
    return on_scale(maps.pair(plain, warm, []), scale.drop(columns=["intervention_epoch", "rate_factor"]))
