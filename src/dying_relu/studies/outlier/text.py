"""The numbers and the table that the section on outliers speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.outlier.estimands import (
    AT_ONCE,
    GRID,
    LATER,
    at_main_rate,
    deadliest,
    deaths,
    excess,
    gradient_ratios,
    plain,
    undone,
)
from dying_relu.studies.outlier.tables import CELL, outlier_effect

_CLIPPED = {name for name, entry in OPTIMIZERS.items() if any("clip" in key for key in entry.config)}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks, activity, history = (at_main_rate(tables[name]) for name in ("networks", "activity", "history"))
    found, ratios = excess(activity), confirmatory(gradient_ratios(history))
    first, strength = confirmatory(excess(activity, by_layer=True)), deadliest(found)
    first = {moment: matching(plain(first, moment=moment), layer=1, strength=strength) for moment in (AT_ONCE, LATER)}
    met = matching(confirmatory(networks), grid=GRID, strength=strength)
    clipped = matching(confirmatory(found), optimizer=_CLIPPED, intervention="outlier", moment=LATER)
    return {
        "settle": networks["intervention_epoch"].max(),
        "after": (networks["epochs"] - networks["intervention_epoch"]).max(),
        "strength": strength,
        **{f"{scaling}.power": _power(matching(ratios, scaling=scaling)) for scaling in ("raw", "standardised")},
        **{f"{scaling}.diverged": matching(met, scaling=scaling)["diverged"].mean() for scaling in ("raw", "centred")},
        "raw.at": deaths(found, moment=AT_ONCE).mean(),
        "raw.at.first": first[AT_ONCE]["excess_dead"].mean(),
        "raw.after": deaths(found).mean(),
        "raw.after.first": first[LATER]["excess_dead"].mean(),
        **{f"{key}.after": deaths(found, scaling=key).mean() for key in ("centred", "scaled", "standardised")},
        "undone.bias.at": undone(found, "outlier_bias_put_back", AT_ONCE).mean(),
        "undone.weights.at": undone(found, "outlier_weights_put_back", AT_ONCE).mean(),
        "undone.weights.after": undone(found, "outlier_weights_put_back", LATER).mean(),
        "clipped.worst": clipped.groupby([*CELL, "optimizer"], observed=True)["excess_dead"].mean().max(),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name: what each size of the outlier does, means over layers and seeds."""
    effect = outlier_effect(found)
    effect["scaling"] = pd.Categorical(effect["scaling"].astype(str), list(SCALINGS))
    rows = effect.pivot_table("mean", CELL, "measure", observed=True).reset_index()
    columns = [
        column("features", "features"),
        column("k", "strength", "setting"),
        column("gradient ratio", "gradient ratio", "rough number"),
        column("dead at once", "dead at once", "share"),
        column("dead later", "dead after training on", "share"),
        column("diverged", "diverged", "share"),
    ]
    return {"effect": Table(rows.assign(features=rows["scaling"].astype(str).map(SCALINGS)), columns)}


def _power(ratios: pd.DataFrame) -> float:
    """Power of the outlier's size with which the mean gradient ratio grows, from strength 3 to 4."""
    curve = np.log10(ratios[ratios["strength"].between(3, 4)].groupby("strength")["ratio"].mean()).dropna()
    return np.polyfit(curve.index, curve, 1)[0] if len(curve) > 1 else np.nan
