"""Estimands of the study outlier: what one extreme sample does to a network that has settled.

Every network that meets an outlier has a twin of the same seed, rate and scaling that does not; values are
differences or ratios between the two, so that ordinary deaths and ordinary gradients drop out. The outlier's
``strength`` k puts one feature 10**k standard deviations out.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.choice import choose
from dying_relu.analysis.frames import Tables, by_seed, confirmatory, grouped, last, matching, treated
from dying_relu.studies.outlier import CONTENTS

TWIN = ["phase", "seed", "scaling", "optimizer", "learning_rate"]  # what a network shares with its twin
AT_ONCE, LATER = MOMENTS = ("at once", "after training on")
GRID = "outlier"  # with all scalings at one rate
DEADLIEST = CONTENTS.choices["deadliest"]


def gradient_ratio_outlier(tables: Tables) -> pd.DataFrame:
    """Base-10 logarithm of the gradient norm with the outlier over that without; raw features, 1000 deviations."""
    found = matching(confirmatory(gradient_ratios(at_main_rate(tables["history"]))), scaling="raw", strength=3)
    return by_seed(np.log10(found.set_index("seed")["ratio"]).dropna())


def lasting_deaths_outlier(tables: Tables) -> pd.DataFrame:
    """Dead fraction in excess of the twin's after training on; raw features, strength deadliest on pilot seeds."""
    return by_seed(deaths(excess(at_main_rate(tables["activity"]))))


def share_undone_by_bias(tables: Tables) -> pd.DataFrame:
    """Share of the lasting deaths that putting back the biases alone undoes; raw features, seeds with such deaths."""
    return by_seed(undone(excess(at_main_rate(tables["activity"])), "outlier_bias_put_back", LATER))


def deaths_with_standardised_features(tables: Tables) -> pd.DataFrame:
    """Lasting excess of dead units with standardised features less that with raw ones, at the same strength."""
    found = excess(at_main_rate(tables["activity"]))
    return by_seed((deaths(found, scaling="standardised") - deaths(found)).dropna())


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


def gradient_ratios(history: pd.DataFrame) -> pd.DataFrame:
    """Plain SGD's step on the batch with the outlier over that of its twin: the ``ratio`` of their gradients' norms."""
    met = _with_twins(
        matching(_at_once(history), optimizer="sgd", intervention=("none", "outlier")), TWIN, "update_rms"
    )
    return met.assign(ratio=met["update_rms"] / met["update_rms_twin"].where(met["update_rms_twin"] > 0))


def excess(activity: pd.DataFrame, by_layer: bool = False) -> pd.DataFrame:
    """Dead share less that of the twin, ``excess_dead``, right after the outlier's step and at the end (`MOMENTS`).

    Missing where one of the two diverged. Rows: a network that met an intervention and a moment; with ``by_layer``
    a layer too.
    """
    rows = pd.concat([_at_once(activity).assign(moment=AT_ONCE), last(activity).assign(moment=LATER)])
    key = [*TWIN, "moment", *(["layer"] if by_layer else [])]
    layers = 1 if by_layer else max(rows["layer"].nunique(), 1)  # a diverged network has no count of dead units
    sums = grouped(rows, [*key, "intervention", "strength"])[["n_dead", "n_units"]].sum(min_count=layers)
    share = (sums["n_dead"] / sums["n_units"]).astype(float).rename("dead").reset_index()
    met = _with_twins(share, key, "dead")
    return met.assign(excess_dead=met["dead"] - met["dead_twin"])


def deadliest(found: pd.DataFrame) -> float | None:
    """The strength with most lasting excess deaths on pilot seeds: raw features, plain SGD.

    Args:
        found: from `excess`.
    """
    return choose(plain(found), DEADLIEST)["strength"]


def deaths(found: pd.DataFrame, intervention: str = "outlier", scaling: str = "raw", moment: str = LATER) -> pd.Series:
    """Excess of dead units under plain SGD by confirmatory seed at the deadliest strength.

    Args:
        found: from `excess`.
    """
    here = matching(confirmatory(plain(found, intervention, scaling, moment)), strength=deadliest(found))
    return here.set_index("seed")["excess_dead"].dropna()


def plain(
    found: pd.DataFrame, intervention: str = "outlier", scaling: str = "raw", moment: str = LATER
) -> pd.DataFrame:
    """Rows of plain SGD."""
    return matching(found, intervention=intervention, scaling=scaling, moment=moment, optimizer="sgd")


def undone(found: pd.DataFrame, intervention: str, moment: str) -> pd.Series:
    """One less the excess deaths with a part put back, over those with none; of seeds with at least one in twenty.

    Args:
        found: from `excess`.
    """
    all_, rest = (deaths(found, name, moment=moment) for name in ("outlier", intervention))
    return (1 - rest / all_.where(all_ > 0.05)).dropna()


def _with_twins(frame: pd.DataFrame, key: list[str], column: str) -> pd.DataFrame:
    """Rows of an intervention, with the twin's value of a column beside theirs."""
    twins = matching(frame, intervention="none")[[*key, column]].drop_duplicates(key)
    return frame[frame["intervention"] != "none"].merge(twins, on=key, suffixes=("", "_twin"))


def _at_once(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the moment one step after the intervention's epoch."""
    since = frame[frame["epoch"] > frame["intervention_epoch"]]
    return since[since["epoch"] == since["epoch"].min()]
