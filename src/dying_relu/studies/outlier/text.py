"""The numbers and the table that the section on outliers speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import DATASETS, SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.outlier.estimands import (
    AT_ONCE,
    CENTRING,
    DEVIATIONS,
    EFFECTS,
    EQUAL_SIZE,
    INPUTS,
    INTERACTION,
    LATER,
    LEVEL,
    SCALING,
    SIZE,
    by_layer,
    deadly_size_over_predicted,
    deaths_at_once,
    effect_of_scalings,
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
    sizes = confirmatory(deadly_size_over_predicted(tables))
    regression = {key for key, info in DATASETS.items() if info.regression}
    clipped = matching(found, optimizer=_CLIPPED, intervention="outlier", moment=LATER, layer=maps.ALL_LAYERS)
    return {
        "settle": networks["intervention_epoch"].max(),
        "after": (networks["epochs"] - networks["intervention_epoch"]).max(),
        "strength": SIZE,
        "deviations": 10**SIZE,
        **{f"{scaling}.power": _growth(matching(ratios, scaling=scaling)) for scaling in ("raw", "standardised")},
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
        **_scalings(confirmatory(effect_of_scalings(tables))),
        **_first_layer(confirmatory(deaths_at_once(tables)), regression),
        "level": LEVEL,
        "equal.size": 10**EQUAL_SIZE,
        "predicted.squared": matching(sizes, dataset=regression)["value"].median(),
        "predicted.classes": sizes[~sizes["dataset"].isin(regression)]["value"].median(),
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


def _scalings(found: pd.DataFrame) -> dict[str, float]:
    """What centring, scaling and both together do to the lasting excess of the median seed, by what is equal."""
    later = matching(found, moment=LATER)
    sizes = {DEVIATIONS: SIZE, INPUTS: EQUAL_SIZE}

    def median(effect: str, equal: str, layer: int) -> float:
        return matching(later, effect=effect, equal=equal, strength=sizes[equal], layer=layer)["value"].median()

    return {
        **{f"{effect}.{DEVIATIONS}": median(effect, DEVIATIONS, maps.ALL_LAYERS) for effect in EFFECTS},
        **{f"{effect}.{INPUTS}": median(effect, INPUTS, maps.ALL_LAYERS) for effect in (CENTRING, INTERACTION)},
        f"{SCALING}.{INPUTS}.first": median(SCALING, INPUTS, 1),
    }


def _first_layer(found: pd.DataFrame, regression: set[str]) -> dict[str, float]:
    """Deaths at once in the first layer by the worst outlier, where features have one sign and where both."""
    first = matching(found, layer=1, dataset=regression)
    worst = {"rate_factor": first["rate_factor"].max(), "strength": first["strength"].max()}
    here = {
        "one_sign": matching(first, scaling="raw", **worst),
        "both_signs": matching(first, scaling="centred", **worst),
    }
    return {f"first.{name}": rows["value"].median() for name, rows in here.items()}


def _deaths(found: pd.DataFrame, moment: str = LATER, scaling: str = "raw") -> float:
    return matching(found, intervention="outlier", moment=moment, scaling=scaling)["value"].median()


def _undone(found: pd.DataFrame, intervention: str, moment: str) -> float:
    return undone(matching(found, scaling="raw", moment=moment), intervention)["value"].median()


def _own_size(activity: pd.DataFrame, scaling: str) -> float | None:
    """The strength that networks of a scaling have as their own, under plain SGD."""
    sizes = own_sizes(matching(lasting_deaths({"activity": activity}), scaling=scaling, optimizer="sgd"))
    return sizes["strength"].max() if len(sizes) else None


def _growth(ratios: pd.DataFrame) -> float:
    """Power of the outlier's size with which the median gradient ratio grows, from strength 3 to 4."""
    curve = np.log10(ratios[ratios["strength"].between(3, 4)].groupby("strength")["value"].median()).dropna()
    return np.polyfit(curve.index, curve, 1)[0] if len(curve) > 1 else np.nan
