"""The numbers and tables that the section on the learning rate speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import fates, maps, rates
from dying_relu.analysis.arms import name, nearest, varying
from dying_relu.analysis.curves import crossing
from dying_relu.analysis.frames import (
    Tables,
    alive,
    confirmatory,
    drawn,
    grouped,
    is_control,
    last,
    matching,
    treated,
    with_risk,
)
from dying_relu.analysis.stock.tables import narrow
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS
from dying_relu.design.settings import Settings
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.studies.learning_rate.estimands import revivals_in_silent_layers

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
    at_killing, at_proper = (named(networks, networks, rate) for rate in ("killing", "proper"))
    linear = matching(networks[is_control(networks)], activation="linear")
    low_bias = matching(networks, grid="control_bias")
    limits = _limit_rates(networks)
    revived, silent = revivals_in_silent_layers(tables["activity"])
    many = drawn(networks).query("dead_fraction >= 0.4")["test_accuracy"]
    few = narrow(networks).groupby("width")[["lacking", "test_accuracy"]].mean().reindex([16, 8, 4])
    return {
        "killing.rate": at_killing["learning_rate"].max(),
        "killing.diverged": at_killing["diverged"].mean(),
        "killing.accuracy": at_killing["test_accuracy"].median(),
        "proper.rate": at_proper["learning_rate"].max(),
        "proper.dead": at_proper["dead_fraction"].median(),
        "proper.accuracy": at_proper["test_accuracy"].median(),
        "proper.recovered": _recovered(named(end, networks, "proper")),
        "control.linear.dead": linear["dead_fraction"].mean(),
        "control.linear.networks": len(alive(linear)),
        "control.bias.dead": low_bias["dead_fraction"].mean(),
        "control.bias.networks": len(alive(low_bias)),
        "classes": len(limits),
        "classes.forty": limits["limit_dead"].count(),
        "silent.moments": silent,
        "silent.revived": revived,
        **{f"revived.by.{part}.{layer}": value for part, layer, value in _revived(tables)},
        "forty.networks": len(many),
        "forty.learned": (many >= 0.9).mean(),
        "forty.accuracy.median": many.median(),
        "forty.accuracy.best": many.max(),
        **{f"narrow.{row.Index}.lacking": row.lacking for row in few.itertuples()},
        **{f"narrow.{row.Index}.accuracy": row.test_accuracy for row in few.itertuples()},
    }


def named(frame: pd.DataFrame, networks: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Confirmatory rows of the reference network on unit-scaled inputs at its ``killing`` or ``proper`` rate."""
    rows = rates.at(treated(frame), treated(networks), rate)
    return confirmatory(nearest(rows, _CLASS | {key: Settings().model_dump()[key] for key in varying(rows, but=_OWN)}))


_CLASS = {"optimizer": "sgd", "depth": 3, "scaling": "unit"}
_OWN = ("learning_rate", *_CLASS)


def _recovered(end: pd.DataFrame) -> float:
    """Of the units ever dead the share alive at the end, median over networks."""
    alive_now = end.assign(n_back=end["n_ever_dead"] - end["n_dead"])
    return matching(maps.by_layer(alive_now, "n_back", "n_ever_dead"), layer=maps.ALL_LAYERS)["value"].median()


def _revived(tables: Tables) -> list[tuple[str, int, float]]:
    """Median share of the units of each layer that died at the killing rate, and that one part put back revives."""
    found = []
    for part in ("bias", "weights"):
        here = confirmatory(fates.revived_share(tables, part))
        here = nearest(here[here["killing"]], _CLASS)
        found += [(part, layer, here["value"][here["layer"] == layer].median()) for layer in (1, 2, 3)]
    return found


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {
        "limits": _limits(found["networks"]),
        "revivals": _revivals(found["activity"]),
        "definitions": _definitions(found),
    }


def _limit_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """Of each class its limit, killing and proper rate (pilot seeds), and the rate of 40 % dead (confirmatory ones)."""
    classes = _classes(networks)
    by = ["scaling", *(key for key in classes if key != "scaling")]
    scale = rates.scale(treated(networks), by)
    rows = []
    for level, part in grouped(drawn(networks), by):
        of_rate = part.groupby("learning_rate")
        dead = of_rate["dead_fraction"].median()[of_rate["diverged"].mean().astype(float) <= 0.5].dropna()
        rows.append((*level, crossing(dead, 0.4), dead.max()))
    return pd.DataFrame(rows, columns=[*by, "limit_dead", "most_dead"]).merge(scale, on=by, how="left")


def _limits(networks: pd.DataFrame) -> Table:
    """Rates that go by a name, and at which 40 % of units are dead, of each class."""
    classes, limits = _classes(networks), _limit_rates(networks)
    columns = [
        *_named(classes),
        column("proper rate", "proper", "setting"),
        column("killing rate", "killing", "setting"),
        column("limit", "limit", "rough number"),
        column("rate of 40 % dead", "limit_dead", "rough number"),
        column("most dead", "most_dead", "share"),
    ]
    return Table(_in_words(limits, classes), columns)


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
    at_rates = {rate: named(end, networks, rate) for rate in ("proper", "killing")}
    layers = sorted(pd.concat(at_rates.values())["layer"].unique())
    frame, columns = pd.DataFrame({"definition": _DEFINITIONS.values()}), [column("definition", "definition")]
    for moment, rows in at_rates.items():
        sums = rows.groupby("layer")[[*_DEFINITIONS, "n_units"]].sum().astype(float).reindex(layers)
        for layer, row in sums.iterrows():
            frame[f"{moment}_{layer}"] = (row[[*_DEFINITIONS]] / row["n_units"]).to_numpy()
            columns.append(column(f"layer {layer}", f"{moment}_{layer}", "share", f"{moment} rate"))
    return Table(frame, columns)


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
