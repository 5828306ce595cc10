"""Tables behind the figures of the study distribution_shift."""

import pandas as pd

from dying_relu.estimands.distribution_shift import (
    FINE_TUNING,
    MOMENTS,
    NO_SHIFT,
    alive_shares,
    at_killing_rate,
    differences,
    pretraining_rate,
)
from dying_relu.figure_data.common import Tables, drawn, kind, summarise

FAMILIES = ("noise", "translated", "inverted")
QUESTIONS = {"value": "alive", "reverse": "dead"}  # what of the units that are dead, or alive, on the training set


@kind("networks", "shifted", grids=("main",))
def alive_elsewhere(tables: Tables) -> pd.DataFrame:
    """By layer and shift: of the dead units the share alive there, of the living ones the share dead there.

    Layer 0: all layers together. The unshifted test samples come first in every family of shifts.
    """
    shares = elsewhere(at_killing_rate(tables["shifted"], tables["networks"]))
    names = shares["test_shift"].astype(str)
    plain = names == NO_SHIFT
    families = names.map(lambda name: name.partition("_")[0])
    sizes = names.map(lambda name: float(name.partition("_")[2] or 1)).mask(plain, 0)
    parts = [shares.assign(family=family, size=sizes)[plain | (families == family)] for family in FAMILIES]
    return pd.concat(parts, ignore_index=True)


@kind("history", "activity", grids=("change",))
def revived_by_change(tables: Tables) -> pd.DataFrame:
    """By change, layer and moment: share of dead units alive, less the control's; at `pretraining_rate`."""
    found = revivals(tables["activity"])
    rate = pretraining_rate(tables["history"], tables["activity"])
    found = found[(found["learning_rate"] == rate) & (found["what"] == "difference")]
    return found[(found["moment"] == MOMENTS[1]) | (found["rate_factor"] == FINE_TUNING)].reset_index(drop=True)


def elsewhere(shifted: pd.DataFrame) -> pd.DataFrame:
    """Summary of `alive_shares` by rate, layer (0: all together) and shift; ``question``: alive, or dead, there."""
    shifted = drawn(shifted)
    together = alive_shares(shifted).assign(layer=0)
    shares = pd.concat([alive_shares(shifted, ("layer",)), together], ignore_index=True)
    return pd.concat(
        [
            summarise(shares.assign(value=shares[column]), ["learning_rate", "layer", "test_shift"]).assign(
                question=question
            )
            for column, question in QUESTIONS.items()
        ],
        ignore_index=True,
    )


def revivals(activity: pd.DataFrame) -> pd.DataFrame:
    """Summary of `differences` by rate, factor, change, moment and layer; ``what``: changed, control, difference."""
    found = differences(drawn(activity))
    cell = ["learning_rate", "rate_factor", "intervention", "moment", "layer"]
    values = {
        "changed": found["value"] + found["value_control"],
        "control": found["value_control"],
        "difference": found["value"],
    }
    parts = [summarise(found.assign(value=value), cell).assign(what=what) for what, value in values.items()]
    return pd.concat(parts, ignore_index=True)
