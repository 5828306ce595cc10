"""Estimands of the study outlier: what one extreme sample does to a network that has settled.

Every network that meets an outlier has a twin of the same seed, rate and scaling that does not; values are
differences or ratios between the two, so that ordinary deaths and ordinary gradients drop out.
"""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import Tables, by_seed, confirmatory, estimand

TWIN = ["scaling", "optimizer", "learning_rate", "seed"]
MOMENTS = ("at once", "after training on")


@estimand("history")
def gradient_ratio_outlier(tables: Tables) -> pd.DataFrame:
    """Base-10 logarithm of the gradient norm with the outlier over that without; raw features, 1000 deviations."""
    found = gradient_ratios(confirmatory(at_main_rate(tables["history"])))
    found = found[(found["scaling"] == "raw") & (found["strength"] == 3)]
    return by_seed(np.log10(found.groupby("seed")["ratio"].mean()))


@estimand("activity")
def lasting_deaths_outlier(tables: Tables) -> pd.DataFrame:
    """Dead fraction in excess of the twin's after training on; raw features, strength deadliest on pilot seeds."""
    return by_seed(_deaths(excess(at_main_rate(tables["activity"])), "outlier", "raw", MOMENTS[1]))


@estimand("activity")
def share_undone_by_bias(tables: Tables) -> pd.DataFrame:
    """Share of the lasting deaths that putting back the biases alone undoes; raw features, seeds with such deaths."""
    return by_seed(undone(excess(at_main_rate(tables["activity"])), "outlier_bias_put_back", MOMENTS[1]))


@estimand("activity")
def deaths_with_standardised_features(tables: Tables) -> pd.DataFrame:
    """Lasting excess of dead units with standardised features over that with raw ones, at the same strength."""
    found = excess(at_main_rate(tables["activity"]))
    deaths = {scaling: _deaths(found, "outlier", scaling, MOMENTS[1]) for scaling in ("standardised", "raw")}
    return by_seed((deaths["standardised"] - deaths["raw"]).dropna())


def undone(found: pd.DataFrame, intervention: str, moment: str) -> pd.Series:
    """One less the excess deaths with a part put back, over those with none; of seeds with at least one in twenty.

    Args:
        found: from `excess`.
    """
    all_, rest = (_deaths(found, name, "raw", moment) for name in ("outlier", intervention))
    return (1 - rest / all_.where(all_ > 0.05)).dropna()


def at_main_rate(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks with the learning rate of the grid ``outlier``."""
    return frame[frame["learning_rate"] == frame["learning_rate"][frame["grid"] == "outlier"].iloc[0]]


def gradient_ratios(history: pd.DataFrame) -> pd.DataFrame:
    """Size of the step on the batch with the outlier over that of its twin: for plain SGD, of the gradients."""
    first = history[_at_once(history)]
    twins = first[first["intervention"] == "none"][[*TWIN, "update_rms"]]
    met = first[first["intervention"] == "outlier"].merge(twins, on=TWIN, suffixes=("", "_twin"))
    return met.assign(ratio=met["update_rms"] / met["update_rms_twin"])


def excess(activity: pd.DataFrame, by_layer: bool = False) -> pd.DataFrame:
    """Dead share in excess of the twin's, right after the outlier's step and at the end; diverged ones left out.

    Columns: what tells the networks apart, ``moment`` (one of `MOMENTS`), ``excess``; with ``by_layer`` a row
    a layer.
    """
    activity = activity.reset_index(drop=True)
    at_once, at_end = _at_once(activity), activity["epoch"] == activity["epochs"]
    rows = activity[at_once | at_end]
    rows = rows.assign(moment=np.where(at_end[rows.index], MOMENTS[1], MOMENTS[0]))
    key = [*TWIN, "moment", *(["layer"] if by_layer else [])]
    arm = ["phase", "intervention", "strength", *key]
    layers = 1 if by_layer else rows["layer"].nunique()  # a diverged network has no count of dead units
    sums = rows.groupby(arm, observed=True)[["n_dead", "n_units"]].sum(min_count=layers)
    share = (sums["n_dead"] / sums["n_units"]).astype(float).rename("dead").reset_index()
    twins = share[share["intervention"] == "none"][[*key, "dead"]]
    met = share[share["intervention"] != "none"].merge(twins, on=key, suffixes=("", "_twin"))
    return met.assign(excess=met["dead"] - met["dead_twin"]).dropna(subset="excess")


def deadliest(found: pd.DataFrame) -> float:
    """The strength with most lasting excess deaths on pilot seeds: raw features, plain SGD, most networks finite.

    Args:
        found: from `excess`.
    """
    here = _arm(found[found["phase"] == "pilot"], "outlier", "raw", MOMENTS[1])
    cells = here.groupby("strength")["excess"]
    return float(cells.mean()[cells.size() >= 0.5 * cells.size().max()].idxmax())


def _arm(found: pd.DataFrame, intervention: str, scaling: str, moment: str) -> pd.DataFrame:
    """Rows of plain SGD."""
    same = (found["intervention"] == intervention) & (found["scaling"] == scaling) & (found["moment"] == moment)
    return found[same & (found["optimizer"] == "sgd")]


def _deaths(found: pd.DataFrame, intervention: str, scaling: str, moment: str) -> pd.Series:
    """Excess of dead units by confirmatory seed at the deadliest strength."""
    here = _arm(confirmatory(found), intervention, scaling, moment)
    return here[here["strength"] == deadliest(found)].set_index("seed")["excess"]


def _at_once(frame: pd.DataFrame) -> pd.Series:
    """Rows of the moment one step after the intervention's epoch."""
    return frame["epoch"] == frame["epoch"][frame["epoch"] > frame["intervention_epoch"]].min()
