"""The numbers and tables that the section on initialisation speaks of."""

import pandas as pd

from dying_relu.analysis.arms import comparable
from dying_relu.analysis.frames import Tables, confirmatory, grouped, last, matching
from dying_relu.analysis.intervals import Estimate
from dying_relu.analysis.theory import born_dead_bounds, silent_ray_probability
from dying_relu.design.catalogue import INITIALIZERS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column, interval
from dying_relu.studies.initialisation.estimands import (
    FATES,
    TRAINED,
    at_best_rates,
    attenuation,
    born_dead,
    collapse,
    extreme_schemes,
    fates,
    in_order,
    schemes,
)
from dying_relu.studies.initialisation.tables import SUMMARY, born_dead_sampled, networks_born_dead

_DEPTHS = (2, 3, 5, 10, 20)  # of the printed table
_BORN = ["initializer", "width", "depth"]
_FATE = ["initializer", "arm", "learning_rate"]
_NARROW, _WIDE = {"width": 2, "depth": 10}, {"width": 8, "depth": 20}  # that the text names
_SCHEMES = {"he": "he_normal", "rai": "rai"}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    return _of_schemes(tables) | _of_born_dead(tables["activity"]) | _of_collapse(tables)


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {"schemes": _schemes(found), "born_dead": _born_dead(found["activity"]), "collapse": _collapse(found)}


def _of_schemes(found: Tables) -> Made:
    networks, ratios = schemes(found["networks"]), attenuation(found["layers"])
    best, untrained = confirmatory(at_best_rates(networks, networks)), confirmatory(ratios)
    extremes = dict(zip(("choking", "surviving"), extreme_schemes(ratios), strict=True))
    means = best.dropna(subset="best").groupby("initializer")["test_accuracy"].mean()
    trained = means[means >= TRAINED]
    return {
        "schemes.epochs": networks["epochs"].max(),
        **{f"{role}.scheme": INITIALIZERS[name].name if name else None for role, name in extremes.items()},
        **{
            f"{role}.ratio": matching(untrained, initializer=name)["ratio"].mean()
            for role, name in {**extremes, "large": "normal_1"}.items()
        },
        **{
            f"{role}.accuracy": matching(best, initializer=name)["test_accuracy"].mean()
            for role, name in extremes.items()
        },
        "choking.born": matching(best, initializer=extremes["choking"])["born_dead_fraction"].mean(),
        "choking.dead": matching(best, initializer=extremes["choking"])["dead_fraction"].mean(),
        "large.diverged": matching(confirmatory(networks), initializer="normal_1")["diverged"].mean(),
        "trained.schemes": len(trained),
        "trained.worst": trained.min(),
        "trained.best": trained.max(),
        "patience.epochs": matching(found["networks"], grid="patience")["epochs"].max(),
        "patience.accuracy": _best_accuracy(found, "patience", extremes["choking"]),
        "adam.normal.accuracy": _best_accuracy(found, "patience_adam", "normal_0.01"),
        "adam.he.accuracy": _best_accuracy(found, "patience_adam", "he_normal"),
    }


def _best_accuracy(found: Tables, grid: str, scheme: str | None) -> float:
    """Mean test accuracy of a scheme in another grid, at its best rate there."""
    here = comparable(matching(found["networks"], grid=grid, initializer=scheme), ("learning_rate",))
    return confirmatory(at_best_rates(here, here))["test_accuracy"].mean()


def _of_born_dead(activity: pd.DataFrame) -> Made:
    rows = born_dead(confirmatory(activity))
    compared = _compared(rows)
    known = compared.dropna(subset="sampled")
    narrow = {key: matching(compared, initializer=name, **_NARROW) for key, name in _SCHEMES.items()}
    last_units = matching(rows, initializer="he_normal", width=_WIDE["width"], layer=_WIDE["depth"])
    low, high = born_dead_bounds(**_NARROW)
    return {
        "born.seeds": compared["n_seeds"].max(),
        "born.cells": len(known),
        "born.inside": known["sampled"].between(known["ci_low"], known["ci_high"]).sum(),
        **{f"born.{key}": Estimate(*part[SUMMARY].mean()) for key, part in narrow.items()},
        **{f"born.{key}.sampled": part["sampled"].mean() for key, part in narrow.items()},
        "born.low": low,
        "born.high": high,
        "born.lu": silent_ray_probability(**_NARROW),
        "born.wide.networks": matching(compared, initializer="he_normal", **_WIDE)["mean"].mean(),
        "born.wide.units": (last_units["n_dead"] / last_units["n_units"]).astype(float).mean(),
    }


def _of_collapse(found: Tables) -> Made:
    ends = confirmatory(fates(found["activity"], found["networks"]))
    cells = grouped(ends, _FATE)[[*FATES]].mean()
    living = grouped(ends[ends["born dead"] == 0], _FATE)["killed"].mean()
    silent = cells["born dead"] + cells["killed"]
    share_born = cells["born dead"] / silent.where(silent > 0)
    he, rai = (cells[cells.index.get_level_values("initializer") == name] for name in _SCHEMES.values())
    he_living = living[living.index.get_level_values("initializer") == "he_normal"]
    return {
        "collapse.born": ends["born dead"].sum(),
        "collapse.revived": ends["revived"].sum(),
        "collapse.he.share.born": share_born[he.index].mean(),
        "collapse.he.born": he["born dead"].mean(),
        "collapse.he.killed.low": he["killed"].min(),
        "collapse.he.killed.high": he["killed"].max(),
        "collapse.he.living.killed.low": he_living.min(),
        "collapse.he.living.killed.high": he_living.max(),
        "collapse.he.learned.high": he["learned"].max(),
        "collapse.rai.born": rai["born dead"].mean(),
        "collapse.rai.killed.high": rai["killed"].max(),
        "collapse.rai.constant.high": rai["constant"].max(),
        "collapse.rai.learned.high": rai["learned"].max(),
    }


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each scheme, width and depth of the table the share of networks born dead, and the ``sampled`` one."""
    seen = matching(networks_born_dead(rows), depth=_DEPTHS).astype({"initializer": str})
    sampled = matching(born_dead_sampled(rows), how="sampled", of="networks").rename(columns={"mean": "sampled"})
    return seen.merge(sampled[[*_BORN, "sampled"]], on=_BORN, how="left")


def _schemes(found: Tables) -> Table:
    networks, layers = schemes(found["networks"]), confirmatory(schemes(found["layers"]))
    best, ratios = confirmatory(at_best_rates(networks, networks)), confirmatory(attenuation(found["layers"]))
    frame = best.groupby("initializer")[
        ["born_dead_fraction", "best", "diverged", "dead_fraction", "test_accuracy"]
    ].mean()
    frame["ratio"] = ratios.astype({"initializer": str}).groupby("initializer")["ratio"].mean()
    gradients = matching(layers, step=0, layer=1).astype({"initializer": str}).groupby("initializer")["gradient_norm"]
    frame["gradient"] = gradients.mean()
    frame = frame.reindex(in_order(networks["initializer"])).rename_axis("initializer").reset_index()
    columns = [
        column("ratio", "ratio", "rough number"),
        column("gradient", "gradient", "rough number"),
        column("born dead", "born_dead_fraction", "share"),
        column("rate", "best", "setting"),
        column("diverged", "diverged", "share"),
        column("dead", "dead_fraction", "share"),
        column("accuracy", "test_accuracy", "share"),
    ]
    return _by_scheme(frame, columns)


def _born_dead(activity: pd.DataFrame) -> Table:
    rows = born_dead(confirmatory(activity))
    bounds = matching(born_dead_sampled(rows), how="bounds").rename(columns={"ci_low": "low", "ci_high": "high"})
    frame = _compared(rows).merge(bounds.reindex(columns=[*_BORN, "low", "high"]), on=_BORN, how="left")
    columns = [
        column("width", "width", "count"),
        column("layers", "depth", "count"),
        column("born dead", "mean", "share"),
        interval("interval", "ci_low", "ci_high", "share"),
        column("sampled", "sampled", "share"),
        interval("bounds", "low", "high", "share"),
    ]
    return _by_scheme(frame, columns)


def _collapse(found: Tables) -> Table:
    ends = confirmatory(fates(found["activity"], found["networks"]))
    ends = ends.assign(living=ends["killed"].where(ends["born dead"] == 0))
    frame = grouped(ends, _FATE)[[*FATES, "living"]].mean()
    lives = collapse(confirmatory(found["activity"])).dropna(subset="n_dead")
    for name, rows in (("units_born", matching(lives, step=0)), ("units_dead", last(lives))):
        sums = grouped(rows, _FATE)[["n_dead", "n_units"]].sum().astype(float)
        frame[name] = sums["n_dead"] / sums["n_units"]
    frame = frame.reset_index()
    columns = [
        column("optimiser", "arm"),
        column("rate", "learning_rate", "setting"),
        *(column(fate, fate, "share") for fate in FATES),
        column("of living", "living", "share"),
        column("units born", "units_born", "share"),
        column("units dead", "units_dead", "share"),
    ]
    return _by_scheme(frame, columns)


def _by_scheme(frame: pd.DataFrame, columns: list[Column]) -> Table:
    names = [INITIALIZERS[name].name for name in frame["initializer"]]
    return Table(frame.assign(scheme=names), [column("scheme", "scheme"), *columns])
