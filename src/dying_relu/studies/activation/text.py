"""The numbers and tables that the section on activation functions speaks of."""

import pandas as pd

from dying_relu.analysis.arms import listed
from dying_relu.analysis.choice import at_chosen
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, last, matching
from dying_relu.design.catalogue import ACTIVATIONS, INITIALIZERS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.studies.activation.estimands import (
    ARM,
    LEAKY,
    LEVEL,
    RELU,
    SIGMOID,
    alike,
    fastest,
    killed,
    killing_rate,
    lost,
    most_accurate,
    times,
)

_PRINTED = {  # of each arm, by its short name: what the section says of it
    "relu": ((RELU, False), ("rate", "accuracy", "dead", "fast.rate", "time", "reached")),
    "relu.bn": ((RELU, True), ("time",)),
    "leaky": ((LEAKY, False), ("rate", "accuracy", "closed")),
    "sigmoid": ((SIGMOID, False), ("fast.rate", "fast.initializer", "time", "reached")),
    "sigmoid.bn": ((SIGMOID, True), ("time",)),
    "steep": (("sigmoid_4x", False), ("time",)),
    "tanh": (("tanh", False), ("time",)),
}
_KILLED = {  # the same at the killing rate
    "relu": ((RELU, False), {"accuracy": "test_accuracy", "dead": "dead_fraction", "diverged": "diverged"}),
    "relu.bn": ((RELU, True), {"dead": "dead_fraction", "diverged": "diverged"}),
    "leaky": ((LEAKY, False), {"accuracy": "test_accuracy", "closed": "closed", "diverged": "diverged"}),
}
_COUNTS = ("n_dead_strict", "n_dead", "n_dead_lenient")
_FEW = 5  # a share over fewer finite networks is not printed


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    found = _measured(tables)
    arms = _arms(found)
    seeds = grouped(confirmatory(found), ["activation"])["seed"].nunique()
    return {
        "activations": found["activation"].nunique(),
        "level": LEVEL,
        "seeds.fewest": seeds.min(),
        "seeds.most": seeds.max(),
        **{
            f"{key}.{name}": arms.at[arm, name] if arm in arms.index else None
            for key, (arm, names) in _PRINTED.items()
            for name in names
        },
        **_extremes("plain", "accuracy", arms, False, "worst", "best"),
        **_extremes("bn", "accuracy", arms, True, "worst", "best"),
        **_extremes("plain", "time", arms, False, "quickest", "slowest"),
        **{f"{key}.quicker.than.relu": _quicker(arms, has) for key, has in (("plain", False), ("bn", True))},
        **_at_killing_rate(_killed(tables)),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {"arms": _arms_table(_arms(_measured(found))), "thresholds": _thresholds_table(found["activity"])}


def _measured(tables: Tables) -> pd.DataFrame:
    """A row a network, with its time (see `times`) and the share of units that it lost (see `lost`)."""
    return times(tables).merge(lost(tables["activity"]), on=NETWORK, how="left")


def _arms(found: pd.DataFrame) -> pd.DataFrame:
    """For each arm, in the catalogue's order: the settings chosen, and means over confirmatory seeds there."""
    slow, quick = most_accurate(found).set_index(ARM, drop=False), fastest(found).set_index(ARM, drop=False)
    accurate, fast = (
        grouped(confirmatory(at_chosen(found, chosen.reset_index(drop=True))), ARM)[
            ["test_accuracy", "dead", "closed", "time", "reached"]
        ].mean()
        for chosen in (slow, quick)
    )
    arms = {
        "rate": slow["learning_rate"],
        "accuracy": accurate["test_accuracy"],
        "dead": accurate["dead"],
        "closed": accurate["closed"],
        "fast.rate": quick["learning_rate"],
        "fast.initializer": quick["initializer"].map(lambda name: INITIALIZERS[name].name),
        "time": fast["time"],
        "reached": fast["reached"],
    }
    order = pd.MultiIndex.from_tuples([tuple(arm.values()) for arm in listed(slow, ARM)], names=ARM)
    return pd.DataFrame(arms).reindex(order)


def _extremes(key: str, measure: str, arms: pd.DataFrame, batch_norm: bool, low: str, high: str) -> Made:
    """The activations with the smallest and the largest mean, with or without batch normalisation."""
    means = arms[measure][arms.index.get_level_values("batch_norm") == batch_norm].droplevel("batch_norm").dropna()
    if means.empty:
        return {f"{key}.{end}{name}": None for end in (low, high) for name in ("", ".name")}
    names = {low: means.idxmin(), high: means.idxmax()}
    return {f"{key}.{end}": means[name] for end, name in names.items()} | {
        f"{key}.{end}.name": ACTIVATIONS[name].name for end, name in names.items()
    }


def _quicker(arms: pd.DataFrame, batch_norm: bool) -> int | None:
    """How many activations have a shorter mean time than ReLU, with or without batch normalisation."""
    times = arms["time"][arms.index.get_level_values("batch_norm") == batch_norm].droplevel("batch_norm")
    return int((times < times[RELU]).sum()) if pd.notna(times.get(RELU)) else None


def _killed(tables: Tables) -> pd.DataFrame:
    """Networks on unit-scaled inputs, with what they lost."""
    networks = killed(tables["networks"])
    return networks.merge(lost(tables["activity"]), on=NETWORK, how="left")


def _at_killing_rate(networks: pd.DataFrame) -> Made:
    """At the killing rate of ReLU networks without batch normalisation, and the worst over all rates."""
    rate, pair = killing_rate(networks), confirmatory(networks)
    made: dict[str, float | None] = {"killing.rate": rate}
    for key, ((activation, has), columns) in _KILLED.items():
        arm = matching(pair, activation=activation, batch_norm=has)
        here = matching(arm, learning_rate=rate)
        made |= {f"killing.{key}.{name}": here[column].astype(float).mean() for name, column in columns.items()}
        if activation == RELU:
            dead = arm.groupby("learning_rate")["dead_fraction"].mean().dropna()
            made |= {f"killing.{key}.worst.dead": dead.max()}
            made |= {f"killing.{key}.worst.rate": dead.idxmax() if len(dead) else None}
    return made


def _arms_table(arms: pd.DataFrame) -> Table:
    frame = arms.reset_index()
    frame["activation"] = [ACTIVATIONS[name].name for name in frame["activation"]]
    frame["batch_norm"] = frame["batch_norm"].map({True: "yes", False: "no"})
    columns = [
        column("activation", "activation"),
        column("batch norm.", "batch_norm"),
        column("rate", "rate", "setting", "most accurate"),
        column("accuracy", "accuracy", "accuracy", "most accurate"),
        column("dead", "dead", "share", "most accurate"),
        column("closed", "closed", "share", "most accurate"),
        column("rate", "fast.rate", "setting", "fastest"),
        column("epochs", "time", "rough number", "fastest"),
        column("reached", "reached", "share", "fastest"),
    ]
    return Table(frame, columns)


def _thresholds_table(activity: pd.DataFrame) -> Table:
    """Saturated share of smooth activations without batch normalisation, by rate and threshold."""
    smooth = [name for name, entry in ACTIVATIONS.items() if entry.threshold > 0]
    end = alike(matching(last(confirmatory(activity)), activation=smooth, batch_norm=False))
    tried = grouped(end, ["learning_rate"])["activation"].nunique()
    rates = sorted(tried.index[tried == tried.max()])[::2]  # every second of those that most were tried at
    rows = []
    for name in (name for name in smooth if name in set(end["activation"])):
        row: dict[str, object] = {"activation": ACTIVATIONS[name].name}
        for rate in rates:
            here = matching(end, activation=name, learning_rate=rate).dropna(subset="n_dead")
            if here["seed"].nunique() >= _FEW:
                row |= {f"{count} {rate:g}": here[count].sum() / here["n_units"].sum() for count in _COUNTS}
        rows.append(row)
    shares = [
        Column(f"{rate:g}", tuple(f"{count} {rate:g}" for count in _COUNTS), "share", "{} / {} / {}") for rate in rates
    ]
    return Table(pd.DataFrame(rows), [column("activation", "activation"), *shares])
