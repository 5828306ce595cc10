"""The numbers and tables that the section on the bias speaks of."""

import numpy as np
import pandas as pd

from dying_relu.estimands.bias import (
    at,
    best_arm,
    killing_rate,
    penalised_arms,
    positive_arms,
    proper_rate,
    with_arms,
)
from dying_relu.estimands.common import confirmatory
from dying_relu.latex import finely, number, percent, tabular
from dying_relu.numbers.common import Tables, points, section


@section("networks", "activity", "history")
def bias(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    networks = with_arms(found["networks"])
    activity, history = (confirmatory(with_arms(found[name])) for name in ("activity", "history"))
    killing, proper = killing_rate(networks), proper_rate(networks, "zero")
    positive = best_arm(networks, positive_arms(networks), killing)
    penalty = best_arm(networks, penalised_arms(networks), killing)
    values = {
        "killing.rate": f"{killing:g}",
        "proper.rate": f"{proper:g}",
        "positive": positive.split()[1],
        "penalty": penalty.split()[1],
        "none.rate": f"{proper_rate(networks, 'none'):g}",
        "penalty.seeds": number(confirmatory(networks[networks["grid"] == "penalty"])["seed"].nunique()),
        "seeds": number(confirmatory(networks)["seed"].nunique()),
    }
    arms = {"zero": "zero", "none": "none", "positive": positive, "penalty": penalty}
    arms |= {"one": "start 1", "minus": "start -1"}
    dead_by = {1.0: _dead_after(activity, 1.0)}
    learned = history[history["epoch"] == 1]
    for name, arm in arms.items():
        for moment, rate in (("killing", killing), ("proper", proper)):
            key = f"{name}.{moment}"
            here = confirmatory(networks[(networks["arm"] == arm) & (networks["learning_rate"] == rate)])
            early = learned[(learned["arm"] == arm) & (learned["learning_rate"] == rate)]["train_accuracy"]
            values |= {
                f"{key}.early": percent(_in(dead_by[1.0], arm, rate).mean()),
                f"{key}.dead": percent(here["dead_fraction"].mean()),
                f"{key}.accuracy": percent(here["test_accuracy"].mean()),
                f"{key}.diverged": percent(here["diverged"].mean()),
                f"{key}.early.accuracy": percent(early.mean()),
            }
        own = proper_rate(networks, arm)
        values[f"{name}.own.rate"] = f"{own:g}"
        values[f"{name}.own.accuracy"] = finely(at(networks, arm, own, "test_accuracy").mean())
    for moment, rate in (("killing", killing), ("proper", proper)):
        pair = [_in(dead_by[1.0], arm, rate) for arm in (positive, "zero")]
        values[f"boost.{moment}"] = points(pair[0] - pair[1])
        early = learned[learned["learning_rate"] == rate].set_index("seed")
        gain = early[early["arm"] == positive]["train_accuracy"] - early[early["arm"] == "zero"]["train_accuracy"]
        values[f"boost.{moment}.accuracy"] = points(gain)
    for name, arm in (("positive", positive), ("penalty", penalty), ("none", "none")):
        change = at(networks, arm, killing, "test_accuracy") - at(networks, "zero", killing, "test_accuracy")
        values[f"{name}.killing.gain"] = points(change)
    values |= _at_other_rates("positive", networks, positive_arms(networks), killing)
    values |= _at_other_rates("penalty", networks, penalised_arms(networks), killing)
    end = activity[(activity["epoch"] == activity["epochs"]) & (activity["learning_rate"] == killing)]
    for arm in ("zero", "none"):
        here = end[end["arm"] == arm]
        for layer, part in here.groupby("layer"):
            share = (part["n_dead"] / part["n_units"]).astype(float).mean()
            values[f"{arm}.layer{layer}"] = percent(share)
    first = confirmatory(found["activity"])
    first = first[(first["grid"] == "standardised") & first["bias"].isna() & (first["layer"] == 1)]
    first = first[first["epoch"] == first["epochs"]].dropna(subset="n_dead")
    values["standardised.first.units"] = number(int(first["n_units"].sum()))
    values["standardised.first.dead"] = number(int(first["n_dead"].sum()))
    centred = found["networks"][found["networks"]["grid"] == "standardised"]
    values |= _standardised(centred.assign(arm=centred["bias"].isna().map({True: "none", False: "zero"})))
    return values, {"arms": _arm_table(networks, dead_by[1.0], killing, proper)}


def _at_other_rates(key: str, networks: pd.DataFrame, arms: list[str], killing: float) -> dict[str, str]:
    """Smallest and largest quotient of mean dead fractions, best of the arms over zero bias, at the other rates."""
    quotients = []
    for rate in sorted(set(networks["learning_rate"]) - {killing}):
        without = at(networks, "zero", rate, "dead_fraction").mean()
        quotients.append(at(networks, best_arm(networks, arms, rate), rate, "dead_fraction").mean() / without)
    return {f"{key}.other.low": number(np.nanmin(quotients), 2), f"{key}.other.high": number(np.nanmax(quotients), 2)}


def _standardised(networks: pd.DataFrame) -> dict[str, str]:
    """Accuracy with and without biases on standardised inputs, each at its own best rate on pilot seeds."""
    accuracy = {arm: at(networks, arm, proper_rate(networks, arm), "test_accuracy") for arm in ("zero", "none")}
    return {f"standardised.{arm}.accuracy": finely(values.mean()) for arm, values in accuracy.items()} | {
        "standardised.lost": points(accuracy["zero"] - accuracy["none"])
    }


def _dead_after(activity: pd.DataFrame, epoch: float) -> pd.Series:
    """Dead fraction of each finite network at a moment, by arm, rate and seed."""
    rows = activity[activity["epoch"] == epoch]
    layers = max(rows["layer"].nunique(), 1)
    sums = rows.groupby(["arm", "learning_rate", "seed"])[["n_dead", "n_units"]].sum(min_count=layers)
    return (sums["n_dead"] / sums["n_units"]).astype(float).dropna()


def _in(dead: pd.Series, arm: str, rate: float) -> pd.Series:
    keys = dead.index
    here = dead[(keys.get_level_values("arm") == arm) & (keys.get_level_values("learning_rate") == rate)]
    return here.droplevel(["arm", "learning_rate"])


def _arm_table(networks: pd.DataFrame, early: pd.Series, killing: float, proper: float) -> str:
    order = {"none": (0, 0.0), "zero": (1, 0.0)}
    arms = set(networks["arm"])
    places = {arm: order.get(arm) or (2 + arm.startswith("penalty"), float(arm.split()[1])) for arm in arms}
    rows = []
    for arm in sorted(arms, key=places.get):
        cells = []
        for rate in (proper, killing):
            here = confirmatory(networks[(networks["arm"] == arm) & (networks["learning_rate"] == rate)])
            first = _in(early, arm, rate).mean() if len(here) else np.nan
            shares = (first, here["dead_fraction"].mean(), here["test_accuracy"].mean(), here["diverged"].mean())
            cells += [percent(share) for share in shares]
        own = proper_rate(networks, arm)
        label = {"none": "no bias", "zero": "from 0"}.get(arm) or arm.replace("start", "from")
        rows.append(
            [label.replace("-", "$-$"), *cells, f"{own:g}", percent(at(networks, arm, own, "test_accuracy").mean())]
        )
    four = ["early", "dead", "accuracy", "diverged"]
    body = tabular(["bias", *four, *four, "rate", "accuracy"], rows, "l" + "r" * 10)
    group = rf"& \multicolumn{{4}}{{c}}{{rate {proper:g}}} & \multicolumn{{4}}{{c}}{{rate {killing:g}}}"
    return body.replace(r"\toprule", group.join([r"\toprule ", r" & \multicolumn{2}{c}{best rate} \\ "]), 1)
