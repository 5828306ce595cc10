"""Tables behind the figures of the study targets."""

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory
from dying_relu.analysis.intervals import POSITIVE, SHARE, summarise
from dying_relu.studies.targets.estimands import openings, part

REGRESSION = "friedman"
_CELL = ["optimizer", "target_scale", "learning_rate"]
_RULE = ["rule", "bias", "strength"]


def targets_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction and diverged share of each optimiser, size of targets and rate; all of equally many seeds."""
    networks = part(confirmatory(tables["networks"]), "targets")
    networks = networks[(networks["dataset"] == REGRESSION) & (networks["grid"] != "named")]
    values = {"dead": networks["dead_fraction"], "diverged": networks["diverged"].astype(float)}
    parts = [
        summarise(networks.assign(value=value), _CELL, SHARE).assign(measure=name) for name, value in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def opening_times(tables: Tables) -> pd.DataFrame:
    """Steps until a closed unit opens, by rule of decay, bias and strength, with the closed form's.

    Where none should open or only some networks' did there is no mean.
    """
    found = openings(confirmatory(tables["activity"]))
    decay = found["weight_decay"] + found["decoupled_decay"]
    biases = np.where(found["decoupled_biases"].astype(bool), "all decay", "weights decay")
    rule = "coupled, " + found["optimizer"].astype(str)
    found = found.assign(strength=decay, rule=rule.where(found["decoupled_decay"] == 0, biases))
    found = found[(decay > 0) & found["bias"].gt(0)]
    measured = summarise(found, _RULE, POSITIVE)
    expected = found.groupby(_RULE, observed=True)["predicted"].mean().reset_index()
    made = expected.merge(measured, on=_RULE, how="left")
    return made.assign(predicted=made["predicted"].replace(np.inf, np.nan))
