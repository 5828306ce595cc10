"""Tables behind the figures of the study large_gradient: what was measured, and its closed form beside it."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd

from dying_relu.analysis import theory
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.studies.large_gradient.estimands import JUDGED_ON, death_on, pushed

INPUT_MEANS = {"centred": 0.0, "standardised": 0.0, "raw": 1.0, "scaled": 1.0}  # those of variance one
_INPUTS = (1, 10, 50, 100, 500, 1500, 5000, 10_000)  # on which death is judged
_START = ["bias", "init_scale"]  # mean and deviation


def closing(tables: Tables) -> pd.DataFrame:
    """Death probability and activity rate after a push of a total size, in one step or several, beside theory."""
    moved = confirmatory(pushed(tables["trajectory"]))
    measures = {"p_dead": partial(theory.death_probability, n=JUDGED_ON), "activity_rate": theory.activity_rate}
    parts = []
    for measure, expected in measures.items():
        part = summarise(moved.assign(value=moved[measure]), ["scaling", "features", "steps", "total", *_START], SHARE)
        parts.append(part.assign(theory=[_expected(row, expected) for row in part.itertuples()], measure=measure))
    return pd.concat(parts, ignore_index=True)


def closing_samples(tables: Tables) -> pd.DataFrame:
    """Death probability after one step of the largest push against the number of inputs on which it is judged."""
    moved = matching(confirmatory(pushed(tables["trajectory"])), grid="one")
    moved = moved[moved["total"] == moved["total"].max()]
    cell = ["scaling", "features", "steps", "total", *_START, "n"]
    judged = pd.concat([death_on(moved, n).assign(n=n) for n in _INPUTS])
    table = summarise(judged.assign(value=judged["p_dead"]), cell, SHARE)
    deaths = (partial(theory.death_probability, n=n) for n in table["n"])
    return table.assign(theory=[_expected(row, death) for row, death in zip(table.itertuples(), deaths, strict=True)])


def _expected(row, measure: Callable) -> float:
    """What theory expects of a measure of mean and deviation, over the units that took a step; missing without one."""
    if row.scaling not in INPUT_MEANS:
        return np.nan
    push = (row.total, row.steps, row.bias, row.init_scale, row.features, INPUT_MEANS[row.scaling])
    probability, mean, deviation = _after_steps(*push)
    return float(probability @ measure(mean, deviation))


_after_steps = cache(theory.after_steps)
