"""Tables behind the figures of the study outlier."""

import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.frames import Tables, confirmatory, matching, treated
from dying_relu.analysis.intervals import DIFFERENCE, POSITIVE, SHARE, summarise
from dying_relu.studies.outlier.estimands import LATER, MOMENTS, excess, gradient_ratio_outlier

CELL = ["scaling", "strength"]
GRID = "outlier"  # with all scalings at one rate


def compared(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks that differ in scaling, rate, optimiser and intervention alone, without controls."""
    if "sgd" not in set(frame["optimizer"]):
        print("no network is trained by plain SGD: nothing is said of gradients, and deaths are not compared")
    return arms.comparable(treated(frame), ["scaling", "optimizer", "learning_rate", "intervention", "strength"])


def at_main_rate(frame: pd.DataFrame) -> pd.DataFrame:
    """Those of `compared` with the learning rate of the grid `GRID`; of several the one nearest to the reference's."""
    frame = compared(frame)
    main = arms.nearest_to_reference(matching(frame, grid=GRID), ["learning_rate"])
    return matching(frame, learning_rate=set(main["learning_rate"]))


def outlier_effect(tables: Tables) -> pd.DataFrame:
    """Against the outlier's strength: gradient ratio, excess of dead units by layer and moment, share diverged."""
    activity, history, networks = (
        confirmatory(at_main_rate(tables[name])) for name in ("activity", "history", "networks")
    )
    dead = matching(excess(activity, "layer"), intervention="outlier", optimizer="sgd")
    met = matching(networks, intervention="outlier", optimizer="sgd")
    parts = {
        "gradient ratio": summarise(gradient_ratio_outlier({"history": history}), CELL, POSITIVE),
        **{
            f"dead {moment}": summarise(matching(dead, moment=moment), [*CELL, "layer"], DIFFERENCE)
            for moment in MOMENTS
        },
        "diverged": summarise(met.assign(value=met["diverged"].astype(float)), CELL, SHARE),
    }
    return pd.concat([part.assign(measure=name) for name, part in parts.items()], ignore_index=True)


def outlier_cause(tables: Tables) -> pd.DataFrame:
    """Lasting excess of dead units against strength: as it is, with a part put back, with clipped gradients.

    Of the scalings with more than one such arm (``intervention`` and ``optimizer``).
    """
    found = matching(excess(confirmatory(at_main_rate(tables["activity"]))), moment=LATER)
    cells = summarise(found, ["scaling", "intervention", "optimizer", "strength"], DIFFERENCE)
    arm = cells["intervention"].astype(str) + cells["optimizer"].astype(str)
    return cells[arm.groupby(cells["scaling"].astype(str)).transform("nunique") > 1].reset_index(drop=True)


def outlier_collapse(tables: Tables) -> pd.DataFrame:
    """Excess of dead units at once, and lasting, at several rates, with rate times squared deviations (``load``)."""
    found = matching(excess(confirmatory(compared(tables["activity"]))), intervention="outlier", optimizer="sgd")
    cells = summarise(found, ["scaling", "learning_rate", "strength", "moment"], DIFFERENCE)
    several = cells["learning_rate"].groupby(cells["scaling"].astype(str)).transform("nunique") > 1
    return cells[several].assign(load=cells["learning_rate"] * 10 ** (2 * cells["strength"])).reset_index(drop=True)
