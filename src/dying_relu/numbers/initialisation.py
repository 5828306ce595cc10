"""The numbers and tables that the section on initialisation speaks of."""

import pandas as pd

from dying_relu.estimands.common import confirmatory
from dying_relu.estimands.initialisation import attenuation, best_rates, extreme_schemes, fates, schemes
from dying_relu.figure_data.initialisation import born_dead_sampled, networks_born_dead
from dying_relu.labels import INITIALIZER_NAMES, OPTIMIZER_NAMES
from dying_relu.latex import bracket, number, percent, tabular
from dying_relu.numbers.common import Tables, section
from dying_relu.theory import born_dead_bounds, silent_ray_probability

_DEPTHS = (2, 3, 5, 10, 20)


@section("networks", "activity", "layers")
def initialisation(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    compared = _compare_born_dead(found["activity"])
    compared, wide = compared[compared["depth"].isin(_DEPTHS)], _last_layer_born_dead(found["activity"])
    all_fates = confirmatory(fates(found["activity"], found["networks"]))
    units = _collapse_units(found["activity"])
    numbers = _scheme_numbers(found) | _born_dead_numbers(compared, wide) | _collapse_numbers(all_fates, units)
    return numbers, {
        "schemes": _scheme_table(found),
        "born_dead": _born_dead_table(compared),
        "collapse": _collapse_table(all_fates, units),
    }


def _scheme_numbers(found: Tables) -> dict[str, str]:
    networks = schemes(found["networks"])
    ratios = attenuation(found["layers"])
    rates = best_rates(networks)
    values = {
        "schemes.epochs": number(int(networks["epochs"].max())),
        "schemes.networks": number(len(confirmatory(networks))),
    }
    for role, name in zip(("choking", "surviving"), extreme_schemes(ratios), strict=True):
        start = confirmatory(ratios[ratios["initializer"] == name])
        values |= {
            f"{role}.scheme": INITIALIZER_NAMES[name],
            f"{role}.ratio": number(start["ratio"].mean(), 2),
            f"{role}.rate": f"{rates.get(name, float('nan')):g}",
            f"{role}.accuracy": percent(_arm(networks, name, rates)["test_accuracy"].mean()),
            f"{role}.born": percent(_arm(networks, name, rates)["born_dead_fraction"].mean()),
            f"{role}.dead": percent(_arm(networks, name, rates)["dead_fraction"].mean()),
        }
    means = pd.Series({name: _arm(networks, name, rates)["test_accuracy"].mean() for name in rates.index})
    trained = means[means >= 0.8]
    values |= {
        "trained.schemes": number(len(trained)),
        "trained.worst": percent(trained.min()),
        "trained.best": percent(trained.max()),
    }
    large = confirmatory(networks[networks["initializer"] == "normal_1"])
    values["large.diverged"] = percent(large["diverged"].mean())
    values["large.ratio"] = number(confirmatory(ratios[ratios["initializer"] == "normal_1"])["ratio"].mean(), 2)
    zeros = confirmatory(networks[networks["initializer"] == "zeros"])
    values["zeros.dead"] = percent(zeros["dead_fraction"].mean())
    patience = confirmatory(found["networks"][found["networks"]["grid"] == "patience"])
    values["patience.epochs"] = number(int(patience["epochs"].max()))
    values["patience.accuracy"] = percent(patience.groupby("learning_rate")["test_accuracy"].mean().max())
    adam = confirmatory(found["networks"][found["networks"]["grid"] == "patience_adam"])
    for name in ("normal_0.01", "he_normal"):
        means = adam[adam["initializer"] == name].groupby("learning_rate")["test_accuracy"].mean()
        values[f"adam.{name.split('_')[0]}.accuracy"] = percent(means.max())
    return values


def _arm(networks: pd.DataFrame, scheme: str, rates: pd.Series) -> pd.DataFrame:
    """Confirmatory networks of a scheme at its best rate, or all where every rate diverges."""
    here = confirmatory(networks[networks["initializer"] == scheme])
    return here[here["learning_rate"] == rates[scheme]] if scheme in rates.index else here


def _scheme_table(found: Tables) -> str:
    networks = schemes(found["networks"])
    layers = confirmatory(schemes(found["layers"]))
    first = layers[(layers["step"] == 0) & (layers["layer"] == 1)]
    ratios = confirmatory(attenuation(found["layers"]))
    rates = best_rates(networks)
    rows = []
    for name, label in INITIALIZER_NAMES.items():
        here = _arm(networks, name, rates)
        rows.append(
            [
                label,
                number(ratios[ratios["initializer"] == name]["ratio"].mean(), 2),
                number(first[first["initializer"] == name]["gradient_norm"].mean(), 2),
                percent(here["born_dead_fraction"].mean()),
                f"{rates[name]:g}" if name in rates.index else "--",
                percent(here["diverged"].mean()),
                percent(here["dead_fraction"].mean()),
                percent(here["test_accuracy"].mean()),
            ]
        )
    head = ["scheme", "ratio", "gradient", "born dead", "rate", "diverged", "dead", "accuracy"]
    return tabular(head, rows, "lrrrrrrr")


def _compare_born_dead(activity: pd.DataFrame) -> pd.DataFrame:
    """Of each scheme, width and depth the share of networks born dead with its interval, and the sampled one."""
    rows = activity[(activity["grid"] == "born_dead") & (activity["step"] == 0)]
    seen = networks_born_dead(confirmatory(rows))
    seen = seen.assign(initializer=seen["initializer"].astype(str))
    sampled = born_dead_sampled()
    sampled = sampled[(sampled["how"] == "sampled") & (sampled["of"] == "networks")]
    key = ["initializer", "width", "depth"]
    return seen.merge(sampled[[*key, "mean"]], on=key, suffixes=("", "_sampled"))


def _last_layer_born_dead(activity: pd.DataFrame) -> float:
    """Share of units born dead in the last of the layers of width 8, He-normal."""
    rows = confirmatory(activity[(activity["grid"] == "born_dead") & (activity["step"] == 0)])
    rows = rows[(rows["width"] == 8) & (rows["initializer"] == "he_normal") & (rows["layer"] == rows["layer"].max())]
    return float((rows["n_dead"] / rows["n_units"]).astype(float).mean())


def _born_dead_numbers(compared: pd.DataFrame, wide: float) -> dict[str, str]:
    inside = compared["mean_sampled"].between(compared["ci_low"], compared["ci_high"])
    values = {
        "born.seeds": number(int(compared["n_seeds"].max())),
        "born.cells": number(len(compared)),
        "born.inside": number(int(inside.sum())),
        "born.difference": percent((compared["mean"] - compared["mean_sampled"]).abs().max()),
    }
    for name in ("he_normal", "rai"):
        ten = compared[(compared["initializer"] == name) & (compared["width"] == 2) & (compared["depth"] == 10)].iloc[0]
        key = f"born.{name.split('_')[0]}"
        values[key] = percent(ten["mean"])
        values[f"{key}.interval"] = bracket(ten["ci_low"], ten["ci_high"])
        values[f"{key}.sampled"] = percent(ten["mean_sampled"])
    wide_networks = compared[(compared["initializer"] == "he_normal") & (compared["width"] == 8)]
    values["born.wide.networks"] = percent(wide_networks.set_index("depth")["mean"].get(20, float("nan")))
    values["born.wide.units"] = percent(wide)
    low, high = born_dead_bounds(2, 10)
    values["born.low"], values["born.high"] = percent(float(low)), percent(float(high))
    values["born.lu"] = percent(float(silent_ray_probability(2, 10)))
    return values


def _born_dead_table(compared: pd.DataFrame) -> str:
    rows = []
    for (name, width, depth), cell in compared.groupby(["initializer", "width", "depth"]):
        cell = cell.iloc[0]
        bounds = "--"
        if name == "he_normal":
            low, high = born_dead_bounds(width, depth)
            bounds = bracket(float(low), float(high))
        interval = bracket(cell["ci_low"], cell["ci_high"])
        rows.append(
            [
                INITIALIZER_NAMES[name],
                str(width),
                str(depth),
                percent(cell["mean"]),
                interval,
                percent(cell["mean_sampled"]),
                bounds,
            ]
        )
    return tabular(["scheme", "width", "layers", "born dead", "interval", "sampled", "bounds"], rows, "lrrrrrr")


def _collapse_units(activity: pd.DataFrame) -> pd.DataFrame:
    """Of each cell of the collapse, units: in all, born dead, killed in training, dead at the end."""
    rows = confirmatory(activity[activity["grid"].isin(["collapse", "collapse_adam"])])
    end = rows[(rows["epoch"] == rows["epochs"])].dropna(subset="n_dead")
    before = rows[rows["step"] == 0]
    cell = ["optimizer", "initializer", "learning_rate"]
    sums = end.groupby(cell, observed=True)[["n_units", "n_born_dead", "n_dead"]].sum().astype(float)
    start = before.groupby(cell, observed=True)[["n_units", "n_dead"]].sum().astype(float)
    return sums.assign(born=start["n_dead"] / start["n_units"], end=sums["n_dead"] / sums["n_units"])


def _collapse_numbers(found: pd.DataFrame, units: pd.DataFrame) -> dict[str, str]:
    values = {
        "collapse.networks": number(len(found)),
        "collapse.seeds": number(found["seed"].nunique()),
        "collapse.revived": number(int(found["revived"].sum())),
        "collapse.born": number(int(found["born dead"].sum())),
    }
    cell = ["optimizer", "learning_rate"]
    for name in ("he_normal", "rai"):
        here = found[found["initializer"] == name]
        rates = here.groupby(cell, observed=True)[["born dead", "killed", "constant", "learned"]].mean()
        living = here[here["born dead"] == 0].groupby(cell, observed=True)["killed"].mean()
        key = name.split("_")[0]
        part = units[units.index.get_level_values("initializer") == name]
        silent = rates["born dead"] + rates["killed"]
        values |= {
            f"collapse.{key}.born": percent(rates["born dead"].mean()),
            f"collapse.{key}.share.born": percent((rates["born dead"] / silent.where(silent > 0)).mean()),
            f"collapse.{key}.killed.low": percent(rates["killed"].min()),
            f"collapse.{key}.killed.high": percent(rates["killed"].max()),
            f"collapse.{key}.living.killed.low": percent(living.min()),
            f"collapse.{key}.living.killed.high": percent(living.max()),
            f"collapse.{key}.constant.high": percent(rates["constant"].max()),
            f"collapse.{key}.learned.high": percent(rates["learned"].max()),
            f"collapse.{key}.units.born": percent(part["born"].mean()),
            f"collapse.{key}.units.end.low": percent(part["end"].min()),
            f"collapse.{key}.units.end.high": percent(part["end"].max()),
        }
    return values


def _collapse_table(found: pd.DataFrame, units: pd.DataFrame) -> str:
    cell = ["optimizer", "initializer", "learning_rate"]
    names = ["born dead", "killed", "constant", "learned"]
    rows = []
    for key, part in found.groupby(cell, observed=True):
        optimizer, initializer, rate = key
        living = part[part["born dead"] == 0]
        of = units.loc[key] if key in units.index else None
        rows.append(
            [
                INITIALIZER_NAMES[initializer],
                OPTIMIZER_NAMES[optimizer],
                f"{rate:g}",
                *(percent(part[name].mean()) for name in names),
                percent(living["killed"].mean()),
                *(["--", "--"] if of is None else [percent(of["born"]), percent(of["end"])]),
            ]
        )
    head = ["scheme", "optimiser", "rate", *names, "of living", "units born", "units dead"]
    return tabular(head, rows, "llrrrrrrrr")
