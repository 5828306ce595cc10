"""The numbers and tables that the section on the learning rate speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import name, varying
from dying_relu.analysis.curves import divergence_limits
from dying_relu.analysis.frames import (
    Tables,
    alive,
    confirmatory,
    drawn,
    grouped,
    is_control,
    last,
    matching,
    with_risk,
)
from dying_relu.analysis.intervals import DIFFERENCE, estimate
from dying_relu.analysis.stock.tables import narrow
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS
from dying_relu.design.settings import SETTINGS
from dying_relu.report import tables as layout
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.studies.learning_rate.estimands import (
    in_cell,
    killing_cell,
    proper_cell,
    recovered,
    reference,
    revivals_in_silent_layers,
    revived_shares,
)

_HEADS = {"optimizer": "optimiser", "scaling": "inputs"}
_DEFINITIONS = {
    "n_dead": "dead",
    "n_nearly_dead": "nearly dead",
    "n_ever_dead": "dead at some measurement",
    "n_dormant_0": "τ-dormant, τ=0",
    "n_dormant_0.025": "τ-dormant, τ=0.025",
    "n_dormant_0.1": "τ-dormant, τ=0.1",
}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks, end = tables["networks"], last(tables["activity"])
    killing, proper = killing_cell(networks), proper_cell(networks)
    at_killing, at_proper = in_cell(networks, killing), in_cell(networks, proper)
    linear = matching(networks[is_control(networks)], activation="linear")
    low_bias = matching(networks, grid="control_bias")
    limits = divergence_limits(drawn(networks), _classes(networks))
    revived, silent = revivals_in_silent_layers(tables["activity"])
    many = drawn(networks).query("dead_fraction >= 0.4")["test_accuracy"]
    few = narrow(networks).groupby("width")[["lacking", "test_accuracy"]].mean().reindex([16, 8, 4])
    return {
        "killing.scaling": SCALINGS.get(killing["scaling"]),
        "killing.rate": killing["learning_rate"],
        "killing.diverged": at_killing["diverged"].mean(),
        "killing.accuracy": at_killing["test_accuracy"].mean(),
        "killing.recovered": recovered(in_cell(end, killing))["value"].mean(),
        "proper.rate": proper["learning_rate"],
        "proper.dead": at_proper["dead_fraction"].mean(),
        "proper.accuracy": at_proper["test_accuracy"].mean(),
        "proper.recovered": recovered(in_cell(end, proper))["value"].mean(),
        "control.linear.dead": linear["dead_fraction"].mean(),
        "control.linear.networks": len(alive(linear)),
        "control.bias.dead": low_bias["dead_fraction"].mean(),
        "control.bias.networks": len(alive(low_bias)),
        "classes": len(limits),
        "classes.forty": limits["limit_dead"].count(),
        "silent.moments": silent,
        "silent.revived": revived,
        "revived.by.weights": revived_shares(tables)["weights"].mean(),
        "forty.networks": len(many),
        "forty.learned": (many >= 0.9).mean(),
        "forty.accuracy.median": many.median(),
        "forty.accuracy.best": many.max(),
        **{f"narrow.{row.Index}.lacking": row.lacking for row in few.itertuples()},
        **{f"narrow.{row.Index}.accuracy": row.test_accuracy for row in few.itertuples()},
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {
        "limits": _limits(found["networks"]),
        "revivals": _revivals(found["activity"]),
        "definitions": _definitions(found),
        "warm_up": _warm_up(found["networks"]),
    }


def _limits(networks: pd.DataFrame) -> Table:
    """Rates at which 40 % of units are dead, and half of the networks diverged, of each class."""
    classes = _classes(networks)
    limits = divergence_limits(drawn(networks), ["scaling", *(key for key in classes if key != "scaling")])
    columns = [
        *_named(classes),
        column("rate of 40 % dead", "limit_dead", "rough number"),
        column("divergence limit", "limit", "rough number"),
        column("their ratio", "ratio", "rough number"),
        column("most dead", "most_dead", "share"),
    ]
    return Table(_in_words(limits.assign(ratio=limits["limit_dead"] / limits["limit"]), classes), columns)


def _revivals(activity: pd.DataFrame) -> Table:
    """Deaths, revivals and hazard of each class and layer; without a revival three over the risk bounds the hazard."""
    classes = _classes(activity)
    sums = grouped(with_risk(drawn(activity)), [*classes, "layer"])[["n_died", "n_revived", "risk"]].sum().astype(float)
    sums = sums.reset_index().sort_values([*classes, "layer"], key=_places, ignore_index=True)
    none = sums["n_revived"] == 0
    hazard = sums["n_revived"].mask(none, 3) / sums["risk"].where(sums["risk"] > 0)
    columns = [
        *_named(classes),
        column("layer", "layer", "count"),
        column("deaths", "n_died", "count"),
        column("revivals", "n_revived", "count"),
        column("dead units × epochs", "risk", "count"),
        Column("revival hazard", ("hazard",), "rough number", sign="sign"),
    ]
    return Table(_in_words(sums.assign(hazard=hazard, sign=np.where(none, "<", "")), classes), columns)


def _definitions(found: Tables) -> Table:
    """Shares of each layer's units, at the proper and the killing rate, under several definitions."""
    networks, end = found["networks"], last(found["activity"]).dropna(subset="n_dead")
    layers = sorted(reference(found["activity"])["layer"].unique())
    frame, columns = pd.DataFrame({"definition": _DEFINITIONS.values()}), [column("definition", "definition")]
    for moment, cell in (("proper", proper_cell(networks)), ("killing", killing_cell(networks))):
        sums = in_cell(end, cell).groupby("layer")[[*_DEFINITIONS, "n_units"]].sum().astype(float).reindex(layers)
        for layer, row in sums.iterrows():
            frame[f"{moment}_{layer}"] = (row[[*_DEFINITIONS]] / row["n_units"]).to_numpy()
            columns.append(column(f"layer {layer}", f"{moment}_{layer}", "share", f"{moment} rate"))
    return Table(frame, columns)


def _warm_up(networks: pd.DataFrame) -> Table:
    """Death and accuracy with a gentle start, and without one at the rate that follows it, paired by seed."""
    warm, cold = (
        matching(confirmatory(networks), grid="control_warm_up"),
        matching(drawn(networks), intervention_epoch=0),
    )
    warm = warm.assign(rate=(warm["learning_rate"] * warm["rate_factor"]).round(9))
    cold = cold.assign(rate=cold["learning_rate"].round(9))
    changed = ("learning_rate", "intervention", "intervention_epoch", "rate_factor")
    same = [key for key in SETTINGS if key not in changed] + ["rate", "seed"]
    pairs = cold[[*same, *_OUTCOMES]].merge(warm, on=same, suffixes=("_without", "_with")).sort_values("seed")
    classes = varying(warm)
    rows = []
    for cell, part in grouped(pairs, [*classes, "rate"]):
        row = dict(zip([*classes, "rate"], cell, strict=True))
        for outcome in _OUTCOMES:
            without, with_it = (part[f"{outcome}_{side}"].astype(float) for side in ("without", "with"))
            row |= {f"{outcome}_without": without.mean(), f"{outcome}_with": with_it.mean()}
            made = estimate(with_it - without, DIFFERENCE)
            row |= {outcome: made.value, f"{outcome}_low": made.ci_low, f"{outcome}_high": made.ci_high}
        rows.append(row)
    columns = [*_named(classes), column("rate", "rate", "setting")]
    for outcome, head in _OUTCOMES.items():
        columns += [column(side, f"{outcome}_{side}", "share", head) for side in ("without", "with")]
        if outcome != "diverged":
            columns.append(layout.estimate("difference", outcome, "points", head))
    return Table(_in_words(pd.DataFrame(rows), classes), columns)


_OUTCOMES = {"diverged": "diverged", "dead_fraction": "dead", "test_accuracy": "test accuracy"}


def _classes(frame: pd.DataFrame) -> list[str]:
    """The settings that make a class of networks: the study's own, and whatever else varies."""
    own = ["optimizer", "depth", "scaling"]
    return [*own, *varying(drawn(frame), but=("learning_rate", *own))]


def _named(classes: list[str]) -> list[Column]:
    units = {"depth": "count"}
    return [column(_HEADS.get(key, key.replace("_", " ")), key, units.get(key, "text")) for key in classes]


def _in_words(frame: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The table with the levels of its classes as they are printed."""
    words = {key: [_word(key, level) for level in frame[key]] for key in classes if key in frame and key != "depth"}
    return frame.assign(**words)


def _word(key: str, level: object) -> str:
    return SCALINGS[level] if key == "scaling" else name(key, level)


def _places(levels: pd.Series) -> pd.Series:
    return levels.astype(str).map(list(OPTIMIZERS).index) if levels.name == "optimizer" else levels
