"""The numbers and tables that the section on shared weights speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, last, matching
from dying_relu.analysis.intervals import DIFFERENCE, SHARE, Estimate, estimate, summarise
from dying_relu.design import sizes
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.studies.convolution.estimands import (
    CLASS,
    DENSE,
    ROBUSTNESS,
    SHAPE,
    SHARED,
    UNSHARED,
    compared,
    dead_shares,
    difference,
    failure_limits,
    gradient_sizes,
    in_order,
    killing_rate,
    of,
    with_class,
)
from dying_relu.studies.convolution.tables import convolution_dead


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    every = dead_shares(tables["activity"])
    shares, robust = compared(every, "main", "dense"), compared(every, ROBUSTNESS)
    networks = compared(with_class(tables["networks"]), "main", "dense")
    rate, start = killing_rate(networks, SHARED), killing_rate(networks)
    classes = _classes(tables, rate)
    shared, unshared = (_one(classes, of(networks, name)) for name in (SHARED, UNSHARED))
    dense = {width: _one(classes, of(networks, DENSE, width)) for width in (8, 20, 84)}
    own = {width: killing_rate(networks, DENSE, width) for width in (8, 20)}
    known = np.nan if start is None else start
    relative = {
        "fall": known * unshared["size"] / shared["size"],
        "limit": known * shared["limit"] / unshared["limit"],
    }
    repeated = {"low": robust["learning_rate"].min(), "high": robust["learning_rate"].max()}
    differences = {
        **{f"relative.{key}": difference(shares, start, other) for key, other in relative.items()},
        **{f"dense.{width}.equal": difference(shares, rate, None, DENSE, width) for width in own},
        **{f"dense.{width}.own": difference(shares, other, rate, DENSE, width) for width, other in own.items()},
        **{f"standardised.{end}": difference(robust, other) for end, other in repeated.items()},
    }
    return {
        "rate": rate,
        "local.rate": start,
        "depth": shared["depth"],
        **{f"{SHARED}.{key}": shared[key] for key in ("width", "parameters", "zero")},
        **{f"{UNSHARED}.{key}": unshared[key] for key in ("units", "parameters", "zero")},
        **{f"{name}.dead": Estimate(*row[_DEAD]) for name, row in ((SHARED, shared), (UNSHARED, unshared))},
        **{f"{DENSE}.{width}.parameters": row["parameters"] for width, row in dense.items()},
        **{f"{DENSE}.{width}.width": dense[width]["width"] for width in (20, 84)},
        **{f"{DENSE}.{width}.rate": other for width, other in own.items()},
        "gradient.ratio": shared["size"] / unshared["size"],
        **{f"relative.{key}.rate": other for key, other in relative.items()},
        "standardised.seeds": confirmatory(robust)["seed"].nunique(),
        **{f"standardised.rate.{end}": other for end, other in repeated.items()},
        **{key: estimate(values, DIFFERENCE) for key, values in differences.items()},
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    networks = compared(found["networks"], "main", "dense")
    columns = [
        column("class", "name"),
        column("parameters", "parameters", "count"),
        column("units", "units"),
        column("gradient²", "size", "rough number"),
        column("failure limit", "limit", "rough number"),
        Column("dead", tuple(_DEAD[:3]), "share", "{} [{}, {}]"),
        column("zero", "zero", "share"),
        column("accuracy", "accuracy", "share"),
        column("diverged", "diverged", "share"),
    ]
    return {"classes": Table(_classes(found, killing_rate(networks, SHARED)), columns), "rates": _rates(found)}


_DEAD = ["mean", "ci_low", "ci_high", "n_seeds"]


def _classes(tables: Tables, rate: float | None) -> pd.DataFrame:
    """A row a class: its size and limits, and confirmatory means at a rate."""
    every = with_class(tables["networks"])
    networks, activity = confirmatory(every), with_class(confirmatory(tables["activity"]))
    shares = matching(with_class(dead_shares(activity)), learning_rate=rate)
    here = matching(networks, learning_rate=rate).groupby("name")
    layers = last(activity).drop_duplicates(["name", "layer"]).sort_values("layer")
    rows = networks.groupby("name")[SHAPE].first().astype({"width": int, "depth": int})
    parts = {
        "parameters": pd.Series([sizes.parameters(*shape) for shape in rows.itertuples(index=False)], rows.index),
        "units": layers["n_units"].astype(int).astype(str).groupby(layers["name"]).agg(" + ".join),
        "size": gradient_sizes(with_class(tables["history"])),
        "limit": failure_limits(every),
        "zero": shares.groupby("name")["zero"].mean(),
        "accuracy": here["test_accuracy"].mean(),
        "diverged": here["diverged"].mean(),
    }
    dead = summarise(shares.assign(value=shares["dead"]), ["name"], SHARE).set_index("name")
    return in_order(rows.assign(**parts).join(dead).reset_index())


def _one(classes: pd.DataFrame, networks: pd.DataFrame) -> pd.Series:
    """The row of the class that some networks are of; of missing values if there are none."""
    return classes.set_index("name").reindex([networks["name"].min()]).iloc[0]


def _rates(tables: Tables) -> Table:
    """Dead share of each layer of each class, a column a rate."""
    cells = matching(convolution_dead(tables), measure="dead")
    wide = cells.pivot(index=[*CLASS, "layer"], columns="learning_rate", values="mean")
    names = [f"{rate:g}" for rate in wide.columns]
    frame = in_order(wide.set_axis(names, axis=1).reset_index())
    columns = [
        column("class", "name"),
        column("layer", "layer", "count"),
        *(column(name, name, "share") for name in names),
    ]
    return Table(frame, columns)
