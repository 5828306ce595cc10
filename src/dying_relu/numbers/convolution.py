"""The numbers and tables that the section on shared weights speaks of."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import confirmatory, last
from dying_relu.estimands.convolution import (
    CLASS,
    ROBUSTNESS,
    SHARED,
    UNSHARED,
    dead_shares,
    difference,
    failure_limits,
    gradient_sizes,
    killing_rate,
    parameters,
)
from dying_relu.figure_data.common import summarise
from dying_relu.figure_data.convolution import convolution_dead
from dying_relu.labels import ARCHITECTURE_NAMES
from dying_relu.latex import number, percent, tabular, with_interval
from dying_relu.numbers.common import Tables, estimate_over_seeds, points, section


@section("networks", "activity", "history")
def convolution(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    networks = found["networks"]
    rate = killing_rate(found)
    classes = _classes(found, rate)
    shared, unshared = (classes[classes["architecture"] == name].iloc[0] for name in (SHARED, UNSHARED))
    shares = dead_shares(found["activity"])
    main = networks[networks["grid"] == "main"]
    relative = {
        "fall": rate * unshared["size"] / shared["size"],
        "limit": rate * shared["limit"] / unshared["limit"],
    }
    values = {
        "rate": f"{rate:g}",
        "channels": number(int(main["width"].max())),
        "depth": number(int(main["depth"].max())),
        "gradient.ratio": number(shared["size"] / unshared["size"], 2),
        "equal": points(difference(shares, rate)),
    }
    for name, other in relative.items():
        values[f"relative.{name}.rate"] = number(other, 2)
        values[f"relative.{name}"] = points(difference(shares, rate, other))
        values[f"relative.{name}.shared"] = estimate_over_seeds(_shared(shares, other))
    for row in classes.itertuples():
        name = row.architecture if row.architecture != "dense" else f"dense.{row.width}"
        values |= {
            f"{name}.width": number(row.width),
            f"{name}.parameters": number(row.parameters),
            f"{name}.units": row.units,
            f"{name}.dead": with_interval(row.mean, row.ci_low, row.ci_high),
            f"{name}.zero": percent(row.zero),
            f"{name}.limit": number(row.limit, 2),
            f"{name}.accuracy": percent(row.accuracy),
        }
    for width in classes["width"][classes["dense"]]:
        own = killing_rate(found, "dense", width)
        values[f"dense.{width}.rate"] = f"{own:g}"
        values[f"dense.{width}.equal"] = points(difference(shares, rate, None, "dense", width))
        values[f"dense.{width}.own"] = points(difference(shares, own, None, "dense", width))
    robust = networks[networks["grid"] == ROBUSTNESS]
    values["standardised.seeds"] = number(int(confirmatory(robust)["seed"].nunique()))
    values["standardised.rates"] = " and ".join(f"{r:g}" for r in sorted(robust["learning_rate"].unique()))
    values["standardised.differences"] = " and ".join(
        points(difference(shares, r, robustness=True)) for r in sorted(robust["learning_rate"].unique())
    )
    return values, {"classes": _table(classes), "rates": _rates_table(found)}


def _classes(found: Tables, rate: float) -> pd.DataFrame:
    """A row a class: its size, limits, and confirmatory means at the chosen rate."""
    networks, activity = (frame[frame["grid"] != ROBUSTNESS] for frame in (found["networks"], found["activity"]))
    networks, activity = confirmatory(networks), confirmatory(activity)
    shares = dead_shares(activity)
    shares = shares[shares["learning_rate"] == rate]
    here = networks[networks["learning_rate"] == rate].groupby(CLASS, observed=True)
    rows = networks.groupby(CLASS, observed=True).agg(depth=("depth", "first"))
    rows = rows.join(here.agg(accuracy=("test_accuracy", "mean"), diverged=("diverged", "mean")))
    rows = rows.join(gradient_sizes(found["history"][found["history"]["grid"] != ROBUSTNESS]))
    rows = rows.join(failure_limits(networks).rename("limit"))
    rows = rows.join(summarise(shares.assign(value=shares["dead"]), CLASS).set_index(CLASS))
    rows = rows.join(shares.groupby(CLASS, observed=True)["zero"].mean())
    units = last(activity).groupby([*CLASS, "layer"], observed=True)["n_units"].first()
    rows["units"] = [" + ".join(str(int(n)) for n in units.loc[key]) for key in rows.index]
    rows = rows.reset_index()
    rows["parameters"] = [
        parameters(a, w, d) for a, w, d in zip(rows["architecture"], rows["width"], rows["depth"], strict=True)
    ]
    return rows.assign(dense=rows["architecture"] == "dense").sort_values(["dense", "architecture", "width"])


def _shared(shares: pd.DataFrame, rate: float) -> pd.Series:
    """Dead share of the convolution at a rate, by confirmatory seed."""
    nothing = shares.assign(dead=shares["dead"].where(shares["architecture"] == SHARED, 0.0))
    return -difference(nothing, float(shares["learning_rate"].min()), rate)


def _table(classes: pd.DataFrame) -> str:
    rows = [
        [
            f"{ARCHITECTURE_NAMES[row.architecture]}, {row.width}",
            number(row.parameters),
            row.units,
            number(row.size, 2),
            number(row.limit, 2),
            with_interval(row.mean, row.ci_low, row.ci_high),
            percent(row.zero),
            percent(row.accuracy),
            percent(row.diverged),
        ]
        for row in classes.itertuples()
    ]
    head = ["class", "parameters", "units", "gradient$^2$", "failure limit", "dead", "zero", "accuracy", "diverged"]
    return tabular(head, rows, "lrrrrrrrr")


def _rates_table(found: Tables) -> str:
    cells = convolution_dead(found)
    dead = cells[cells["measure"] == "dead"]
    rows = []
    for (architecture, width, layer), part in dead.groupby(["architecture", "width", "layer"], observed=True):
        by_rate = part.set_index("learning_rate")["mean"]
        shown = [percent(by_rate.get(rate, np.nan)) for rate in sorted(dead["learning_rate"].unique())]
        rows.append([f"{ARCHITECTURE_NAMES[architecture]}, {width}", f"{layer:.0f}", *shown])
    head = ["class", "layer", *(f"{rate:g}" for rate in sorted(dead["learning_rate"].unique()))]
    return tabular(head, rows, "lr" + "r" * (len(head) - 2))
