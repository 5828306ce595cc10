"""Tables behind the figures of the study distribution_shift."""

import pandas as pd

from dying_relu.analysis.frames import Tables, drawn, matching
from dying_relu.analysis.intervals import DIFFERENCE, SHARE, summarise
from dying_relu.design.datasets import SHIFTS
from dying_relu.studies.distribution_shift.estimands import (
    CONTROLS,
    MOMENTS,
    NO_SHIFT,
    alive_shares,
    at_killing_rate,
    differences,
    pretraining_rate,
)

QUESTIONS = {"value": "alive", "reverse": "dead"}  # what of the units that are dead, or alive, on the training set
_ORDERS = {"intervention": pd.CategoricalDtype(list(CONTROLS)), "moment": pd.CategoricalDtype(list(MOMENTS))}


def alive_elsewhere(tables: Tables) -> pd.DataFrame:
    """By layer and shift: of the dead units the share alive there, of the living ones the share dead there.

    Layer 0: all layers together. The unshifted test samples come first in every family of shifts.
    """
    shares = elsewhere(at_killing_rate(tables["shifted"], tables["networks"]))
    entries = [SHIFTS[shift] for shift in shares["test_shift"]]
    shares = shares.assign(family=[entry.family for entry in entries], size=[entry.size for entry in entries])
    plain = shares["test_shift"] == NO_SHIFT
    families = dict.fromkeys(entry.family for entry in SHIFTS.values())
    parts = [shares[plain | (shares["family"] == family)].assign(family=family) for family in families]
    return pd.concat([part for part in parts if (part["test_shift"] != NO_SHIFT).any()] or [shares], ignore_index=True)


def revived_by_change(tables: Tables) -> pd.DataFrame:
    """By change, layer and moment: share of dead units alive, less the control's; at `pretraining_rate`."""
    found = shown(revivals(tables["activity"]))
    return matching(found, learning_rate=pretraining_rate(tables["networks"]))


def elsewhere(shifted: pd.DataFrame) -> pd.DataFrame:
    """Summary of `alive_shares` by rate, layer (0: all together) and shift; ``question``: alive, or dead, there."""
    shifted = drawn(shifted).astype({"test_shift": str})
    shares = pd.concat([alive_shares(shifted, ("layer",)), alive_shares(shifted).assign(layer=0)], ignore_index=True)
    cell = ["learning_rate", "layer", "test_shift"]
    parts = [
        summarise(shares.assign(value=shares[column]), cell, SHARE).assign(question=question)
        for column, question in QUESTIONS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def revivals(activity: pd.DataFrame) -> pd.DataFrame:
    """Summary of `differences` by rate, factor, change, moment and layer; ``what``: changed, control, difference."""
    found = differences(drawn(activity))
    cell = ["learning_rate", "rate_factor", "intervention", "moment", "layer"]
    control, difference = found["value_control"], found["value"]
    values = {
        "changed": (difference + control, SHARE),
        "control": (control, SHARE),
        "difference": (difference, DIFFERENCE),
    }
    parts = [
        summarise(found.assign(value=value), cell, bounds).assign(what=what) for what, (value, bounds) in values.items()
    ]
    return pd.concat(parts, ignore_index=True).astype(_ORDERS)


def shown(found: pd.DataFrame) -> pd.DataFrame:
    """Of `revivals` the differences, those one step after the change for the smallest factor on the rate alone."""
    found = matching(found, what="difference")
    return found[(found["moment"] == MOMENTS[1]) | (found["rate_factor"] == found["rate_factor"].min())]
