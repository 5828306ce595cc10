"""Tables behind the figures of the study outlier."""

import pandas as pd

from dying_relu.analysis import arms, maps
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.intervals import DIFFERENCE, POSITIVE, SHARE, summarise
from dying_relu.studies.outlier.estimands import (
    INTERACTION,
    LATER,
    MOMENTS,
    deaths_at_once,
    effect_of_scalings,
    excess,
    gradient_ratio_outlier,
    told,
)

CELL = ["scaling", "strength"]
GRID = "outlier"  # with all scalings at one rate


def compared(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks that differ in scaling, rate, optimiser and intervention alone, without controls."""
    if "sgd" not in set(frame["optimizer"]):
        print("no network is trained by plain SGD: nothing is said of gradients, and deaths are not compared")
    return arms.comparable(told(frame), ["scaling", "optimizer", "learning_rate", "intervention", "strength"])


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
    """Excess of dead units right after the step, at several rates for it, against rate times size to a ``power``."""
    found = deaths_at_once({"activity": confirmatory(tables["activity"])})
    several = found["rate_factor"].groupby(found["dataset"].astype(str) + found["scaling"].astype(str))
    found = found[several.transform("nunique") > 1]
    cell = ["dataset", "scaling", "learning_rate", "rate_factor", "strength"]
    cells = summarise(matching(found, layer=maps.ALL_LAYERS), cell, DIFFERENCE)
    rate = cells["learning_rate"].astype(float) * cells["rate_factor"].astype(float)
    loads = [cells.assign(power=power, load=rate * 10 ** (power * cells["strength"].astype(float))) for power in (1, 2)]
    return pd.concat(loads, ignore_index=True).assign(rate=pd.concat([rate, rate], ignore_index=True).round(9))


def outlier_scalings(tables: Tables) -> pd.DataFrame:
    """Main effects of centring and of scaling on the excess of dead units, by layer, moment, size and what is equal."""
    found = effect_of_scalings({"activity": confirmatory(tables["activity"])})
    found = found[(found["effect"] != INTERACTION) & (found["layer"] != maps.ALL_LAYERS)]
    return summarise(found, ["effect", "equal", "moment", "layer", "strength"], DIFFERENCE)
