"""The numbers and the table that the section on outliers speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.outlier.estimands import (
    AT_ONCE,
    LATER,
    SIZE,
    by_layer,
    gradient_ratio_outlier,
    lasting_deaths,
    own_sizes,
    undone,
)
from dying_relu.studies.outlier.tables import CELL, GRID, at_main_rate, outlier_effect

_CLIPPED = {name for name, entry in OPTIMIZERS.items() if any("clip" in key for key in entry.config)}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key: of deaths the median seed's, at the strength that the claims name."""
    networks, activity, history = (at_main_rate(tables[name]) for name in ("networks", "activity", "history"))
    found, ratios = confirmatory(by_layer(activity)), confirmatory(gradient_ratio_outlier({"history": history}))
    plain = matching(found, optimizer="sgd", layer=maps.ALL_LAYERS)
    here = matching(plain, strength=SIZE)
    first = matching(found, optimizer="sgd", layer=1, strength=SIZE)
    met = matching(confirmatory(networks), grid=GRID, strength=SIZE)
    clipped = matching(found, optimizer=_CLIPPED, intervention="outlier", moment=LATER, layer=maps.ALL_LAYERS)
    return {
        "settle": networks["intervention_epoch"].max(),
        "after": (networks["epochs"] - networks["intervention_epoch"]).max(),
        "strength": SIZE,
        "deviations": 10**SIZE,
        **{f"{scaling}.power": _power(matching(ratios, scaling=scaling)) for scaling in ("raw", "standardised")},
        **{f"{scaling}.diverged": matching(met, scaling=scaling)["diverged"].mean() for scaling in ("raw", "centred")},
        "raw.at": _deaths(here, AT_ONCE),
        "raw.at.first": _deaths(first, AT_ONCE),
        "raw.after": _deaths(here),
        "raw.after.first": _deaths(first),
        **{f"{key}.after": _deaths(here, scaling=key) for key in ("centred", "scaled", "standardised")},
        "standardised.strength": _own_size(activity, "standardised"),
        "undone.bias.at": _undone(here, "outlier_bias_put_back", AT_ONCE),
        "undone.weights.at": _undone(here, "outlier_weights_put_back", AT_ONCE),
        "undone.weights.after": _undone(here, "outlier_weights_put_back", LATER),
        "clipped.worst": clipped.groupby([*CELL, "optimizer"], observed=True)["value"].mean().max(),
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


def _deaths(found: pd.DataFrame, moment: str = LATER, scaling: str = "raw") -> float:
    return matching(found, intervention="outlier", moment=moment, scaling=scaling)["value"].median()


def _undone(found: pd.DataFrame, intervention: str, moment: str) -> float:
    return undone(matching(found, scaling="raw", moment=moment), intervention)["value"].median()


def _own_size(activity: pd.DataFrame, scaling: str) -> float | None:
    """The strength that networks of a scaling have as their own, under plain SGD."""
    sizes = own_sizes(matching(lasting_deaths({"activity": activity}), scaling=scaling, optimizer="sgd"))
    return sizes["strength"].max() if len(sizes) else None


def _power(ratios: pd.DataFrame) -> float:
    """Power of the outlier's size with which the median gradient ratio grows, from strength 3 to 4."""
    curve = np.log10(ratios[ratios["strength"].between(3, 4)].groupby("strength")["value"].median()).dropna()
    return np.polyfit(curve.index, curve, 1)[0] if len(curve) > 1 else np.nan
