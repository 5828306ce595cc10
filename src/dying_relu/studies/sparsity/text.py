"""The numbers and the tables that the section on sparsity speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis.choice import Chosen
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.intervals import DIFFERENCE, POSITIVE, Estimate, estimate
from dying_relu.design.datasets import SHIFTS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.report.tables import estimate as estimate_column
from dying_relu.studies.sparsity import CONTENTS
from dying_relu.studies.sparsity.estimands import (
    ARM,
    LIBRARIES,
    NEARLY_RELU,
    RELU,
    SIGMOID,
    arm_name,
    at_best_rates,
    best_arm,
    best_rates,
    break_even,
    compared,
    density,
    difference,
    dose_responses,
    fastest,
    speed_ups,
    timed,
    zero_shares,
)
from dying_relu.studies.sparsity.tables import CELL, accuracy_by_sparsity, zero_share_by_layer

_TASKS = {"none": "plain", "noise_1": "noisy"}  # levels of the setting shift, by their names in the keys
_ARMS = {"relu": RELU, "sigmoid": SIGMOID, "leaky_relu_0.01": NEARLY_RELU}
_BATCHES = {1: "one", 50: "batch"}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    return {**_shares(tables), **_accuracies(tables), **_products(tables)}


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {"arms": _arms(found), "break_even": _break_even(timed(found))}


def _shares(tables: Tables) -> Made:
    """Zero shares, and the rates at which they are reached."""
    share = matching(confirmatory(zero_shares(tables)), shift="none")
    rates, layers = matching(best_rates(tables["networks"]), shift="none"), zero_share_by_layer(tables)
    made: dict[str, float] = {"half": (matching(share, **RELU)["zero_share"] > 0.5).mean()}
    made |= {f"{name}.zero": matching(share, **arm)["zero_share"].mean() for name, arm in _ARMS.items()}
    made |= {f"{name}.rate": matching(rates, **_ARMS[name])["learning_rate"].max() for name in ("relu", "sigmoid")}
    for moment in ("start", "end"):
        curve = matching(layers, activation="relu", moment=moment).set_index("layer")["mean"].sort_index()
        first, last = (curve.iloc[0], curve.iloc[-1]) if len(curve) else (np.nan, np.nan)
        made |= {f"relu.{moment}.first": first, f"relu.{moment}.last": last}
    return made


def _accuracies(tables: Tables) -> Made:
    """The best arms of each task, and paired differences between arms."""
    found, reached = at_best_rates(tables["networks"]), accuracy_by_sparsity(tables)
    made: dict[str, Estimate | float | str | None] = {}
    for task, name in _TASKS.items():
        best = {kind: best_arm(found, kind, task) for kind in ("sparse", "sparsified", "dense")}
        rows = {kind: matching(reached, shift=task, **arm) for kind, arm in best.items()}
        made |= {f"{name}.{kind}": arm_name(**arm) for kind, arm in best.items()}
        made |= {f"{name}.{kind}.accuracy": here["mean"].mean() for kind, here in rows.items()}
        made |= {f"{name}.{kind}.zero": here["zero_share"].mean() for kind, here in rows.items()}
        pairs = {
            "sparse.dense": (best["sparse"], best["dense"]),
            "sparsified.relu": (best["sparsified"], RELU),
            "leaky.relu": (NEARLY_RELU, RELU),
        }
        made |= {f"{name}.{key}": estimate(difference(found, *pair, task), DIFFERENCE) for key, pair in pairs.items()}
        made[f"{name}.dose"] = estimate(dose_responses(tables, task), DIFFERENCE)
    return {key: value for key, value in made.items() if key in CONTENTS.numbers}  # not all are printed of each task


def _products(tables: Tables) -> Made:
    """Speed-ups of the sparse product at the density of ReLU networks, where pilot repetitions have them largest."""
    timings, at = timed(tables), density(tables)
    ups, converted = speed_ups(timings, at), speed_ups(timings, at, with_conversion=True)
    place = fastest(ups)
    made = {
        "density": at,
        "repetitions": confirmatory(timings)["seed"].nunique(),
        "converted.fastest": _speed_up(converted, fastest(converted)),
        **{f"fastest.{key}": None if level is None else str(level) for key, level in place.items()},
    }
    for batch, name in _BATCHES.items():
        for width in (64, 1024):
            made[f"{name}.{width}"] = _speed_up(ups, fastest(ups, batch=batch, width=width))
    return made | {"fastest.library": LIBRARIES.get(place["library"], place["library"])}


def _speed_up(found: pd.DataFrame, place: Chosen) -> Estimate:
    return estimate(matching(confirmatory(found), **place)["speed_up"], POSITIVE)


def _arms(found: Tables) -> Table:
    """All arms of each task at their best rates, in the order of their zero shares; means over confirmatory seeds."""
    networks = found["networks"]
    best, key = at_best_rates(networks), ["shift", *ARM]
    rows = compared(networks)[CELL].drop_duplicates().merge(best_rates(networks), "left", key)
    rows = rows.merge(accuracy_by_sparsity(found), "left", CELL)
    diverged = confirmatory(best).groupby(key)["diverged"].mean().reset_index()
    rows = rows.merge(diverged, "left", key)
    arms = rows[ARM].to_dict("records")
    pairs = [
        difference(best, arm, RELU, task).iloc[: 0 if arm == RELU else None]
        for arm, task in zip(arms, rows["shift"], strict=True)
    ]
    gaps = [estimate(pair, DIFFERENCE) for pair in pairs]
    rows = rows.assign(
        inputs=rows["shift"].map(lambda task: SHIFTS[task].name),
        arm=[arm_name(**arm) for arm in arms],
        gap=[gap.value for gap in gaps],
        gap_low=[gap.ci_low for gap in gaps],
        gap_high=[gap.ci_high for gap in gaps],
        place=rows["shift"].map({task: place for place, task in enumerate(SHIFTS)}),
    )
    columns = [
        *(column(name, name) for name in ("inputs", "arm", "kind")),
        column("rate", "learning_rate", "setting"),
        column("zeros", "zero_share", "share"),
        column("accuracy", "mean", "accuracy"),
        estimate_column("less ReLU's", "gap", "points"),
        column("diverged", "diverged", "share"),
    ]
    return Table(rows.sort_values(["place", "zero_share"], kind="stable"), columns)


def _break_even(timings: pd.DataFrame) -> Table:
    """Break-even densities: a row a batch and width, a column a library, without and with conversion."""
    found = break_even(timings)
    forms = sorted(set(found[["library", "with_conversion"]].itertuples(index=False, name=None)))
    rows = found[["batch", "width"]].drop_duplicates()
    columns = [column("batch", "batch", "setting"), column("width", "width", "setting")]
    for library, converted in forms:
        name = LIBRARIES.get(library, library) + (", converted" if converted else "")
        here = matching(found, library=library, with_conversion=converted)[["batch", "width", "density", "sign"]]
        rows = rows.merge(here.rename(columns={"density": name, "sign": f"sign of {name}"}), "left", ["batch", "width"])
        columns.append(Column(name, (name,), "timed share", sign=f"sign of {name}"))
    return Table(rows, columns)
