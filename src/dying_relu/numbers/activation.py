"""The numbers and tables that the section on activation functions speaks of."""

import pandas as pd

from dying_relu.catalogue import ACTIVATIONS
from dying_relu.estimands.activation import ARM, LEVEL, at_chosen, fastest, killing_rate, lost, most_accurate, times
from dying_relu.estimands.common import confirmatory, last
from dying_relu.figure_data.activation import common_initializer
from dying_relu.labels import ACTIVATION_FAMILIES, activation_name
from dying_relu.latex import finely, number, percent, tabular
from dying_relu.numbers.common import Tables, points, section

_SHORT = {"relu": "relu", "leaky_relu_0.01": "leaky", "sigmoid": "sigmoid", "sigmoid_4x": "steep", "tanh": "tanh"}
_INITIALIZERS = {"he_normal": "He", "glorot_normal": "Glorot"}
_FEW = 5  # a share over fewer finite networks is not printed


@section("networks", "history", "activity")
def activation(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    arms = _arms(found)
    tables = {"arms": _arms_table(arms), "thresholds": _thresholds_table(found["activity"])}
    return _arm_numbers(arms) | _killing_numbers(found) | _common_rates(found["networks"]), tables


def _arms(found: Tables) -> pd.DataFrame:
    """For each arm, by (activation, batch_norm): settings chosen, and means over confirmatory seeds there."""
    timed, networks = times(found), found["networks"]
    quick, accurate = fastest(timed), most_accurate(networks)
    parts = {}
    for name, chosen, frame, columns in (
        ("", accurate, networks, ["test_accuracy", "diverged"]),
        ("", accurate, lost(found["activity"]), ["dead", "closed"]),
        ("fast_", quick, timed, ["time", "reached", "train_accuracy"]),
    ):
        here = confirmatory(at_chosen(frame, chosen)).astype(dict.fromkeys(columns, float))
        means = here.groupby(ARM, observed=True)[columns].mean()
        parts |= {name + column: means[column] for column in columns}
    for name, chosen in (("", accurate), ("fast_", quick)):
        settings = chosen.set_index(ARM)
        parts |= {f"{name}rate": settings["learning_rate"], f"{name}initializer": settings["initializer"].astype(str)}
    return pd.DataFrame(parts)


def _arm_numbers(arms: pd.DataFrame) -> dict[str, str]:
    values = {"level": percent(LEVEL), "activations": number(arms.index.get_level_values(0).nunique())}
    for (name, has), arm in arms.iterrows():
        if name in _SHORT:
            key = _SHORT[name] + (".bn" if has else "")
            values |= {
                f"{key}.rate": f"{arm['rate']:g}",
                f"{key}.accuracy": finely(arm["test_accuracy"]),
                f"{key}.dead": percent(arm["dead"]),
                f"{key}.closed": percent(arm["closed"]),
                f"{key}.fast.rate": f"{arm['fast_rate']:g}",
                f"{key}.fast.initializer": _INITIALIZERS[arm["fast_initializer"]],
                f"{key}.time": number(arm["fast_time"], 2),
                f"{key}.reached": percent(arm["fast_reached"]),
            }
    for has, key in ((False, "plain"), (True, "bn")):
        here = arms[arms.index.get_level_values(1) == has].droplevel(1)
        for end, column, ascending in (
            ("best", "test_accuracy", False),
            ("worst", "test_accuracy", True),
            ("quickest", "fast_time", True),
            ("slowest", "fast_time", False),
        ):
            top = here.sort_values(column, ascending=ascending, kind="stable")[column]
            shown = finely(top.iloc[0]) if column == "test_accuracy" else number(top.iloc[0], 2)
            values |= {f"{key}.{end}": shown, f"{key}.{end}.name": activation_name(top.index[0])}
        quicker = (here["fast_time"] < here["fast_time"].get("relu")).sum()
        values[f"{key}.quicker.than.relu"] = number(int(quicker))
        values[f"{key}.dead.most"] = percent(here["dead"].max())
    return values


def _common_rates(networks: pd.DataFrame) -> dict[str, str]:
    """Leaky less plain ReLU in test accuracy at one rate for both: smallest and largest over rates; seeds of arms."""
    here = confirmatory(networks[~networks["batch_norm"] & (networks["initializer"] == common_initializer(networks))])
    seeds = here.groupby("activation", observed=True)["seed"].nunique()
    arms = [here[here["activation"] == name] for name in ("leaky_relu_0.01", "relu")]
    most_finite = [arm.groupby("learning_rate")["diverged"].mean() <= 0.5 for arm in arms]
    accuracy = [arm.set_index(["learning_rate", "seed"])["test_accuracy"] for arm in arms]
    gaps = (accuracy[0] - accuracy[1]).dropna()
    rates = [rate for rate, finite in most_finite[0].items() if finite and most_finite[1].get(rate, False)]
    by_rate = {rate: gaps[gaps.index.get_level_values("learning_rate") == rate].droplevel(0) for rate in rates}
    means = pd.Series({rate: values.mean() for rate, values in by_rate.items()}, dtype=float).dropna()
    values = {"seeds.most": number(int(seeds.max())), "seeds.fewest": number(int(seeds.min()))}
    for name, rate in (("low", means.idxmin()), ("high", means.idxmax())) if len(means) else ():
        values |= {f"common.{name}": points(by_rate[rate]), f"common.{name}.rate": f"{rate:g}"}
    return {f"common.{name}{key}": "--" for name in ("low", "high") for key in ("", ".rate")} | values


def _killing_numbers(found: Tables) -> dict[str, str]:
    """At the rate killing most units of ReLU networks without batch normalisation, and over all rates."""
    networks = found["networks"]
    rate = killing_rate(networks)
    networks = confirmatory(networks[networks["initializer"] == common_initializer(networks)])
    shares = confirmatory(lost(found["activity"]))
    values = {"killing.rate": f"{rate:g}"}
    for activation in ("relu", "leaky_relu_0.01"):
        for has in (False, True):
            key = f"killing.{_SHORT[activation]}" + (".bn" if has else "")
            arm = networks[(networks["activation"] == activation) & (networks["batch_norm"] == has)]
            here = arm[arm["learning_rate"] == rate]
            share = shares[(shares["activation"] == activation) & (shares["batch_norm"] == has)]
            by_rate = arm.groupby("learning_rate")["dead_fraction"].mean()
            values |= {
                f"{key}.dead": percent(here["dead_fraction"].mean()),
                f"{key}.closed": percent(share[share["learning_rate"] == rate]["closed"].mean()),
                f"{key}.diverged": percent(here["diverged"].mean()),
                f"{key}.accuracy": finely(here["test_accuracy"].mean()),
                f"{key}.worst.dead": percent(by_rate.max()),
                f"{key}.worst.rate": f"{by_rate.idxmax():g}" if by_rate.notna().any() else "--",
            }
    return values


def _arms_table(arms: pd.DataFrame) -> str:
    order = [name for names in ACTIVATION_FAMILIES.values() for name in names]
    rows = []
    for (name, has), arm in sorted(arms.iterrows(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        rows.append(
            [
                activation_name(name),
                "yes" if has else "no",
                f"{arm['rate']:g}",
                finely(arm["test_accuracy"]),
                percent(arm["dead"]),
                percent(arm["closed"]),
                f"{arm['fast_rate']:g}",
                number(arm["fast_time"], 2),
                percent(arm["fast_reached"]),
            ]
        )
    head = ["activation", "batch norm.", "rate", "accuracy", "dead", "closed", "rate", "epochs", "reached"]
    group = r"& & \multicolumn{4}{c}{most accurate} & \multicolumn{3}{c}{fastest} \\"
    return tabular(head, rows, "llrrrrrrr").replace(r"\toprule", rf"\toprule {group} ", 1)


def _thresholds_table(activity: pd.DataFrame) -> str:
    """Saturated share of smooth activations without batch normalisation, by rate and threshold."""
    smooth = [name for name, entry in ACTIVATIONS.items() if entry.threshold > 0]
    end = last(confirmatory(activity))
    end = end[end["activation"].isin(smooth) & ~end["batch_norm"] & (end["initializer"] == "he_normal")]
    counts = ["n_dead_strict", "n_dead", "n_dead_lenient"]
    tried = end.groupby("learning_rate")["activation"].nunique()
    cells = end.dropna(subset="n_dead").groupby(["activation", "learning_rate"], observed=True)
    sums = cells[[*counts, "n_units"]].sum().assign(networks=cells["seed"].nunique())
    rates = sorted(tried.index[tried == tried.max()])[::2]  # every second of those that all were tried at
    head = ["activation", *(f"{rate:g}" for rate in rates)]
    rows = []
    for name in [name for name in smooth if name in sums.index.get_level_values(0)]:
        shares = [_saturated(sums, (name, rate), counts) for rate in rates]
        rows.append([activation_name(name), *shares])
    return tabular(head, rows, "l" + "r" * len(rates))


def _saturated(sums: pd.DataFrame, cell: tuple[str, float], counts: list[str]) -> str:
    if cell not in sums.index or sums.loc[cell, "networks"] < _FEW:
        return "--"
    return " / ".join(percent(float(sums.loc[cell, name]) / float(sums.loc[cell, "n_units"])) for name in counts)
