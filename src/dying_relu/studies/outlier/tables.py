"""Tables behind the figures of the study outlier."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.intervals import DIFFERENCE, POSITIVE, SHARE, summarise
from dying_relu.studies.outlier.estimands import LATER, MOMENTS, at_main_rate, compared, excess, gradient_ratios

CELL = ["scaling", "strength"]


def outlier_effect(tables: Tables) -> pd.DataFrame:
    """Against the outlier's strength: gradient ratio, excess of dead units by layer and moment, share diverged."""
    activity, history, networks = (
        confirmatory(at_main_rate(tables[name])) for name in ("activity", "history", "networks")
    )
    ratios = gradient_ratios(history)
    dead = matching(excess(activity, by_layer=True), intervention="outlier", optimizer="sgd")
    met = matching(networks, intervention="outlier", optimizer="sgd")
    parts = {
        "gradient ratio": summarise(ratios.assign(value=ratios["ratio"]), CELL, POSITIVE),
        **{f"dead {moment}": _excess(matching(dead, moment=moment), [*CELL, "layer"]) for moment in MOMENTS},
        "diverged": summarise(met.assign(value=met["diverged"].astype(float)), CELL, SHARE),
    }
    return pd.concat([part.assign(measure=name) for name, part in parts.items()], ignore_index=True)


def outlier_cause(tables: Tables) -> pd.DataFrame:
    """Lasting excess of dead units against strength: as it is, with a part put back, with clipped gradients.

    Of the scalings with more than one such arm (``intervention`` and ``optimizer``).
    """
    found = matching(excess(confirmatory(at_main_rate(tables["activity"]))), moment=LATER)
    cells = _excess(found, ["scaling", "intervention", "optimizer", "strength"])
    arm = cells["intervention"].astype(str) + cells["optimizer"].astype(str)
    return cells[arm.groupby(cells["scaling"].astype(str)).transform("nunique") > 1].reset_index(drop=True)


def outlier_collapse(tables: Tables) -> pd.DataFrame:
    """Excess of dead units at once, and lasting, at several rates, with rate times squared deviations (``load``)."""
    found = matching(excess(confirmatory(compared(tables["activity"]))), intervention="outlier", optimizer="sgd")
    cells = _excess(found, ["scaling", "learning_rate", "strength", "moment"])
    several = cells["learning_rate"].groupby(cells["scaling"].astype(str)).transform("nunique") > 1
    return cells[several].assign(load=cells["learning_rate"] * 10 ** (2 * cells["strength"])).reset_index(drop=True)


def _excess(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return summarise(found.assign(value=found["excess_dead"]), by, DIFFERENCE)
