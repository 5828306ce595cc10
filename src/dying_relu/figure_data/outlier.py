"""Tables behind the figures of the study outlier."""

import pandas as pd

from dying_relu.estimands.outlier import MOMENTS, at_main_rate, excess, gradient_ratios
from dying_relu.figure_data.common import Tables, drawn, kind, summarise

_MAIN = "outlier"  # the grid with all scalings at one rate


@kind("activity", "history", "networks", grids=("twin", "outlier"))
def outlier_effect(tables: Tables) -> pd.DataFrame:
    """Against the outlier's strength: gradient ratio, excess of dead units by layer and moment, share diverged."""
    history, networks = (drawn(tables[name]) for name in ("history", "networks"))
    activity = drawn(tables["activity"])
    cell = ["scaling", "strength"]
    ratios = gradient_ratios(_main(history))
    parts = [summarise(ratios.assign(value=ratios["ratio"]), cell).assign(measure="gradient ratio")]
    dead = excess(_main(activity), by_layer=True)
    dead = dead.assign(value=dead["excess"])
    parts += [
        summarise(dead[dead["moment"] == moment], [*cell, "layer"]).assign(measure=f"dead {moment}")
        for moment in MOMENTS
    ]
    met = _main(networks)
    met = met[met["intervention"] == "outlier"]
    parts.append(summarise(met.assign(value=met["diverged"].astype(float)), cell).assign(measure="diverged"))
    return pd.concat(parts, ignore_index=True)


@kind("activity", grids=("twin", "outlier"))
def outlier_cause(tables: Tables) -> pd.DataFrame:
    """Lasting excess of dead units against strength: as it is, with a part put back, with clipped gradients."""
    found = excess(at_main_rate(drawn(tables["activity"])))
    found = found[found["moment"] == MOMENTS[1]]
    arms = found["optimizer"].astype(str).where(found["optimizer"] != "sgd", found["intervention"].astype(str))
    return summarise(found.assign(value=found["excess"], arm=arms), ["scaling", "arm", "strength"])


@kind("activity", grids=("twin", "outlier"))
def outlier_collapse(tables: Tables) -> pd.DataFrame:
    """Excess of dead units at once, and lasting, at several rates, with rate times squared strength beside it."""
    found = excess(drawn(tables["activity"]))
    found = found[(found["intervention"] == "outlier") & (found["optimizer"] == "sgd")]
    cells = summarise(found.assign(value=found["excess"]), ["scaling", "learning_rate", "strength", "moment"])
    several = cells.groupby("scaling", observed=True)["learning_rate"].transform("nunique") > 1
    return cells[several].assign(load=cells["learning_rate"] * 10 ** (2 * cells["strength"])).reset_index(drop=True)


def _main(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["grid"].isin([_MAIN, "twin"])]
