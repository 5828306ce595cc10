"""The numbers and the table that the section on the bias speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, last, matching
from dying_relu.analysis.intervals import DIFFERENCE, estimate
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.bias.estimands import (
    NONE,
    ZERO,
    Arm,
    at,
    best_penalty,
    best_positive,
    killing_rate,
    of_arm,
    proper_rate,
    with_arms,
)
from dying_relu.studies.bias.tables import dead_fractions

_FIRST_LAYERS = (1, 2, 3)


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks, centred = with_arms(tables["networks"]), with_arms(tables["networks"], "standardised")
    killing, proper = killing_rate(networks), proper_rate(networks, ZERO)
    positive, penalty = best_positive(networks, killing), best_penalty(networks, killing)
    rates = {"killing": killing, "proper": proper}
    accuracy = {arm: at(centred, arm, proper_rate(centred, arm), "test_accuracy") for arm in (ZERO, NONE)}
    change = at(networks, penalty, killing, "test_accuracy") - at(networks, ZERO, killing, "test_accuracy")
    return {
        "seeds": confirmatory(networks)["seed"].nunique(),
        "penalty.seeds": confirmatory(networks[networks["grid"] == "penalty"])["seed"].nunique(),
        "killing.rate": killing,
        "proper.rate": proper,
        "none.rate": proper_rate(networks, NONE),
        "positive": positive[1],
        "penalty": penalty[1],
        **{key: value for name, rate in rates.items() for key, value in _boost(tables, positive, name, rate).items()},
        "positive.killing.dead": _mean(networks, positive, killing, "dead_fraction"),
        "zero.killing.dead": _mean(networks, ZERO, killing, "dead_fraction"),
        "none.killing.dead": _mean(networks, NONE, killing, "dead_fraction"),
        "one.killing.dead": _mean(networks, ("start", 1.0), killing, "dead_fraction"),
        "one.killing.diverged": _mean(networks, ("start", 1.0), killing, "diverged"),
        "one.proper.dead": _mean(networks, ("start", 1.0), proper, "dead_fraction"),
        "minus.killing.dead": _mean(networks, ("start", -1.0), killing, "dead_fraction"),
        "minus.proper.dead": _mean(networks, ("start", -1.0), proper, "dead_fraction"),
        **_at_other_rates("positive", networks, best_positive, killing),
        **_at_other_rates("penalty", networks, best_penalty, killing),
        "penalty.killing.gain": estimate(change, DIFFERENCE),
        "none.own.accuracy": at(networks, NONE, proper_rate(networks, NONE), "test_accuracy").mean(),
        "zero.own.accuracy": at(networks, ZERO, proper, "test_accuracy").mean(),
        "standardised.lost": estimate(accuracy[ZERO] - accuracy[NONE], DIFFERENCE),
        "standardised.none.accuracy": accuracy[NONE].mean(),
        "standardised.zero.accuracy": accuracy[ZERO].mean(),
        **_layers(with_arms(tables["activity"]), killing),
        **_first_layer_without_bias(tables["activity"]),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    networks = with_arms(found["networks"])
    early = dead_fractions(matching(confirmatory(with_arms(found["activity"])), epoch=1))
    moments = {"proper": proper_rate(networks, ZERO), "killing": killing_rate(networks)}
    rows = []
    for arm in sorted(set(networks[["kind", "size"]].itertuples(index=False, name=None)), key=_order):
        row: dict[str, object] = {"bias": _label(arm)}
        for moment, rate in moments.items():
            row[f"{moment}_early"] = matching(early, kind=arm[0], size=arm[1], learning_rate=rate)["value"].mean()
            for measure in ("dead_fraction", "test_accuracy", "diverged"):
                row[f"{moment}_{measure}"] = _mean(networks, arm, rate, measure)
        own = proper_rate(networks, arm)
        rows.append({**row, "own_rate": own, "own_accuracy": at(networks, arm, own, "test_accuracy").mean()})
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


def _boost(tables: Tables, positive: Arm, name: str, rate: float | None) -> Made:
    """After one epoch, a positive start less a start at zero: dead fraction, and training accuracy."""
    lives, curves = (
        matching(confirmatory(with_arms(tables[table])), epoch=1, learning_rate=rate)
        for table in ("activity", "history")
    )
    curves = curves.assign(value=curves["train_accuracy"].astype(float))
    pairs = [
        [of_arm(f, arm).set_index("seed")["value"] for arm in (positive, ZERO)] for f in (dead_fractions(lives), curves)
    ]
    dead, accuracy = (estimate(first - second, DIFFERENCE) for first, second in pairs)
    return {f"boost.{name}": dead, f"boost.{name}.accuracy": accuracy}


def _at_other_rates(key: str, networks: pd.DataFrame, best, killing: float | None) -> Made:
    """Smallest and largest quotient of mean dead fractions, best of the arms over zero bias, at the other rates."""
    rates = sorted(set(networks["learning_rate"]) - {killing})
    dead = pd.DataFrame(
        [[at(networks, arm, rate, "dead_fraction").mean() for arm in (best(networks, rate), ZERO)] for rate in rates],
        columns=["best", "zero"],
        dtype=float,
    )
    quotients = dead["best"] / dead["zero"].where(dead["zero"] > 0)
    return {f"{key}.other.low": quotients.min(), f"{key}.other.high": quotients.max()}


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
