"""The numbers and the table that the section on the bias speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, last, matching
from dying_relu.analysis.intervals import DIFFERENCE, estimate
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.bias.estimands import (
    NONE,
    PENALTY,
    POSITIVE,
    ZERO,
    Arm,
    of_arm,
    rate_of,
    values,
    with_arms,
)
from dying_relu.studies.bias.tables import dead_fractions

_FIRST_LAYERS = (1, 2, 3)


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks, centred = with_arms(tables["networks"]), with_arms(tables["networks"], "standardised")
    killing, proper, own = rate_of(networks, ZERO, "killing"), rate_of(networks, ZERO, "proper"), _own(networks)
    accuracy = _own(centred)
    change = values(networks, PENALTY, killing, "test_accuracy") - values(networks, ZERO, killing, "test_accuracy")
    return {
        "killing.rate": killing,
        "proper.rate": proper,
        "none.rate": rate_of(networks, NONE, "proper"),
        "positive": POSITIVE[1],
        "penalty": PENALTY[1],
        "positive.killing.dead": _mean(networks, POSITIVE, killing, "dead_fraction"),
        "positive.killing.diverged": _mean(networks, POSITIVE, killing, "diverged"),
        "zero.killing.dead": _mean(networks, ZERO, killing, "dead_fraction"),
        "zero.killing.diverged": _mean(networks, ZERO, killing, "diverged"),
        "none.killing.dead": _mean(networks, NONE, killing, "dead_fraction"),
        "one.killing.dead": _mean(networks, ("start", 1.0), killing, "dead_fraction"),
        "one.killing.diverged": _mean(networks, ("start", 1.0), killing, "diverged"),
        "one.proper.dead": _mean(networks, ("start", 1.0), proper, "dead_fraction"),
        "minus.killing.dead": _mean(networks, ("start", -1.0), killing, "dead_fraction"),
        "minus.proper.dead": _mean(networks, ("start", -1.0), proper, "dead_fraction"),
        "penalty.killing.gain": estimate(change, DIFFERENCE),
        "none.own.accuracy": own[NONE],
        "zero.own.accuracy": own[ZERO],
        "standardised.none.accuracy": accuracy[NONE],
        "standardised.zero.accuracy": accuracy[ZERO],
        **_layers(with_arms(tables["activity"]), killing),
        **_first_layer_without_bias(tables["activity"]),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    networks = with_arms(found["networks"])
    early = dead_fractions(matching(confirmatory(with_arms(found["activity"])), epoch=1))
    moments = {name: rate_of(networks, ZERO, name) for name in ("proper", "killing")}
    rows = []
    for arm in sorted(set(networks[["kind", "size"]].itertuples(index=False, name=None)), key=_order):
        row: dict[str, object] = {"bias": _label(arm)}
        for moment, rate in moments.items():
            row[f"{moment}_early"] = matching(early, kind=arm[0], size=arm[1], learning_rate=rate)["value"].mean()
            for measure in ("dead_fraction", "test_accuracy", "diverged"):
                row[f"{moment}_{measure}"] = _mean(networks, arm, rate, measure)
        own = rate_of(networks, arm, "proper")
        rows.append({**row, "own_rate": own, "own_accuracy": values(networks, arm, own, "test_accuracy").mean()})
    columns = [column("bias", "bias")]
    heads = {"early": "early", "dead_fraction": "dead", "test_accuracy": "accuracy", "diverged": "diverged"}
    for moment, rate in moments.items():
        group = f"{moment} rate" + ("" if rate is None else f", {rate:g}")
        columns += [column(head, f"{moment}_{name}", "share", group) for name, head in heads.items()]
    columns += [column("rate", "own_rate", "setting", "best rate")]
    columns += [column("accuracy", "own_accuracy", "share", "best rate")]
    return {"arms": Table(pd.DataFrame(rows), columns)}


def _mean(networks: pd.DataFrame, arm: Arm, rate: float | None, measure: str) -> float:
    """Mean over the confirmatory networks of an arm at a rate, the finite ones unless it is of divergence."""
    return matching(of_arm(confirmatory(networks), arm), learning_rate=rate)[measure].astype(float).mean()


def _own(networks: pd.DataFrame) -> dict[Arm, float]:
    """Mean test accuracy with and without biases, each at its proper rate, of finite confirmatory networks."""
    return {
        arm: values(networks, arm, rate_of(networks, arm, "proper"), "test_accuracy").mean() for arm in (NONE, ZERO)
    }


def _layers(activity: pd.DataFrame, killing: float | None) -> Made:
    """Dead share of each layer at the end at the killing rate, without biases and with."""
    end = matching(last(confirmatory(activity)), learning_rate=killing)
    end = end.assign(share=(end["n_dead"] / end["n_units"]).astype(float))
    return {
        f"{arm[0]}.layer{layer}": matching(of_arm(end, arm), layer=layer)["share"].mean()
        for arm in (NONE, ZERO)
        for layer in _FIRST_LAYERS
    }


def _first_layer_without_bias(activity: pd.DataFrame) -> Made:
    """Units of first layers without biases on standardised inputs, in finite networks, and those dead at the end."""
    first = with_arms(matching(confirmatory(activity), grid="standardised", layer=1), "standardised")
    first = of_arm(last(first), NONE).dropna(subset="n_dead")
    return {"standardised.first.units": first["n_units"].sum(), "standardised.first.dead": first["n_dead"].sum()}


def _order(arm: Arm) -> tuple:
    return ("none", "zero", "start", "penalty").index(arm[0]), arm[1]


def _label(arm: Arm) -> str:
    names = {"none": "no bias", "zero": "from 0", "start": f"from {arm[1]:g}", "penalty": f"penalty {arm[1]:g}"}
    return names[arm[0]]
