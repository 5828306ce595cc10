"""The numbers and tables that the section on other data speaks of."""

import pandas as pd

from dying_relu.datasets import DATASETS
from dying_relu.estimands.common import confirmatory
from dying_relu.estimands.distribution_shift import (
    CONTROLS,
    FINE_TUNING,
    MOMENTS,
    NO_SHIFT,
    before_change,
    changed,
    killing_rate,
    learned_after_change,
    pretraining_rate,
    revived_shares,
)
from dying_relu.figure_data.distribution_shift import elsewhere, revivals
from dying_relu.labels import CHANGE_NAMES
from dying_relu.latex import number, percent, tabular, with_interval
from dying_relu.numbers.common import Tables, points, section


@section("networks", "activity", "history", "shifted")
def distribution_shift(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    there, back = elsewhere(found["shifted"]), revivals(found["activity"])
    return _elsewhere_numbers(found, there) | _change_numbers(found, back), {
        "rates": _rates_table(found["networks"], there),
        "change": _change_table(back),
    }


def _elsewhere_numbers(found: Tables, there: pd.DataFrame) -> dict[str, str]:
    networks = confirmatory(found["networks"])
    networks = networks[networks["grid"] == "main"]
    rate = killing_rate(found["networks"])
    here = networks[networks["learning_rate"] == rate]
    info = DATASETS["digits"]
    values = {
        "train": number(info.n_train),
        "test": number(info.n_samples - info.n_train),
        "rate": f"{rate:g}",
        "dead": percent(here["dead_fraction"].mean()),
        "accuracy": percent(here["test_accuracy"].mean()),
        "main.epochs": number(int(networks["epochs"].max())),
        "main.rates": number(networks["learning_rate"].nunique()),
    }
    there = there[there["learning_rate"] == rate]
    for shift in sorted(there["test_shift"].astype(str).unique()):
        for layer in (0, 1, 2, 3):
            same = there[(there["test_shift"] == shift) & (there["layer"] == layer)]
            name = shift.replace("_", ".") + (f".layer.{layer}" if layer else "")
            values |= {f"{name}.{part.question}": _estimate(part) for part in same.itertuples()}
    return values


def _change_numbers(found: Tables, back: pd.DataFrame) -> dict[str, str]:
    networks = changed(confirmatory(found["networks"]))
    rate = pretraining_rate(found["history"], found["activity"])
    lives, curves = (before_change(confirmatory(found[name])) for name in ("activity", "history"))
    curves = curves[(curves["learning_rate"] == rate) & curves["train_loss"].notna()]
    lives = lives[lives["learning_rate"] == rate]
    dead = (lives["n_dead"] / lives["n_units"]).astype(float)
    seeds = networks.groupby("learning_rate")["seed"].nunique()
    first = revived_shares(confirmatory(found["activity"]))
    first = first[(first["layer"] == 1) & first["intervention"].isin(["same_data", "same_task"])]
    values = {
        "change.rate": f"{rate:g}",
        "change.rates": " and ".join(f"{r:g}" for r in sorted(networks["learning_rate"].unique())),
        "change.before": number(int(networks["intervention_epoch"].max())),
        "change.after": number(int((networks["epochs"] - networks["intervention_epoch"]).max())),
        "change.seeds": number(int(seeds.max())),
        "change.factor": f"{FINE_TUNING:g}",
        "change.learned": points(learned_after_change(found["activity"], rate)),
        "change.diverged": percent(networks[networks["learning_rate"] == rate]["diverged"].mean()),
        "control.first.followed": number(int(first[first["moment"] == MOMENTS[1]]["n_followed"].sum())),
        "control.first.back": number(int(first["n_back"].sum())),
    }
    for control, name in (("same_data", "data"), ("same_task", "task")):
        values[f"change.{name}.accuracy"] = percent(curves[curves["intervention"] == control]["train_accuracy"].mean())
        values[f"change.{name}.dead"] = percent(dead[lives["intervention"] == control].mean())
    here = back[back["learning_rate"] == rate]
    for change in CONTROLS:
        for moment in MOMENTS:
            for factor in sorted(here["rate_factor"].unique()):
                for layer in (0, 1, 2, 3):
                    cell = _cell(here, change, moment, factor, layer)
                    name = ".".join([change.replace("_", "."), moment.split()[-1], f"x{factor:g}"])
                    name += f".layer.{layer}" if layer else ""
                    values |= {f"{name}.{part.what}": _estimate(part) for part in cell.itertuples()}
    return values


def _cell(frame: pd.DataFrame, change: str, moment: str, factor: float, layer: int) -> pd.DataFrame:
    same = (frame["intervention"] == change) & (frame["moment"] == moment)
    return frame[same & (frame["rate_factor"] == factor) & (frame["layer"] == layer)]


def _estimate(row: object) -> str:
    return with_interval(row.mean, row.ci_low, row.ci_high)


def _rates_table(networks: pd.DataFrame, there: pd.DataFrame) -> str:
    networks = confirmatory(networks[networks["grid"] == "main"])
    rows = []
    for rate, same in networks.groupby("learning_rate"):
        cells = there[(there["learning_rate"] == rate) & (there["layer"] == 0)]
        alive = cells[cells["question"] == "alive"].set_index("test_shift")["mean"]
        reverse = cells[cells["question"] == "dead"].set_index("test_shift")["mean"]
        shares = [alive.get(shift, float("nan")) for shift in (NO_SHIFT, "noise_0.5", "noise_2", "translated_2")]
        rows.append(
            [
                f"{rate:g}",
                percent(same["diverged"].mean()),
                percent(same["test_accuracy"].mean()),
                percent(same["dead_fraction"].mean()),
                *map(percent, [*shares, alive.get("inverted", float("nan")), reverse.get(NO_SHIFT, float("nan"))]),
            ]
        )
    head = ["rate", "diverged", "accuracy", "dead", "test", "noise 0.5", "noise 2", "moved 2", "inverted", "reverse"]
    return tabular(head, rows, "rrrrrrrrrr")


def _change_table(back: pd.DataFrame) -> str:
    rows = []
    for rate in sorted(back["learning_rate"].unique()):
        for change, name in CHANGE_NAMES.items():
            for moment in MOMENTS:
                for factor in sorted(back["rate_factor"].unique()):
                    if moment == MOMENTS[0] and factor != FINE_TUNING:
                        continue
                    shares = []
                    for layer in (1, 2, 3, 0):
                        cell = _cell(back[back["learning_rate"] == rate], change, moment, factor, layer)
                        cell = cell[cell["what"] == "difference"]
                        shares.append(next(map(_estimate, cell.itertuples()), "--"))
                    rows.append([f"{rate:g}", name, moment, f"{factor:g}", *shares])
    head = ["rate", "change", "alive", r"$\times$", "layer 1", "layer 2", "layer 3", "all layers"]
    return tabular(head, rows, "rllrrrrr")
