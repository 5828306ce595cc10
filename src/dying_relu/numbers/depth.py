"""The numbers and tables that the section on depth speaks of."""

import pandas as pd

from dying_relu.estimands.activation import at_chosen
from dying_relu.estimands.common import alive, confirmatory
from dying_relu.estimands.depth import (
    DEEP,
    SHRINKS,
    deepest,
    largest_outputs,
    layer_factors,
    most_accurate,
    usual_scale,
)
from dying_relu.figure_data.depth import expected
from dying_relu.labels import OPTIMIZER_NAMES, activation_name
from dying_relu.latex import finely, number, percent, tabular
from dying_relu.numbers.common import Tables, section

_SHORT = {"relu": "relu", "sigmoid": "sigmoid", "sigmoid_4x": "steep", "tanh": "tanh"}
_INITIALIZERS = {"he_normal": "He", "glorot_normal": "Glorot"}
_FINE = 0.9  # test accuracy that counts as having been trained


@section("networks", "layers")
def depth(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    return _factor_numbers(found["layers"]) | _largest_numbers(found["layers"]) | _accuracy_numbers(
        found["networks"]
    ), {"arms": _arms_table(found["networks"])}


def _factor_numbers(layers: pd.DataFrame) -> dict[str, str]:
    factors = confirmatory(deepest(layer_factors(layers)))
    most, width = int(layers["depth"].max()), int(layers["width"].max())
    values = {
        "deepest": number(most),
        "deep": number(DEEP),
        "width": number(width),
        "shrinks": number(SHRINKS),
        "shrinks.ten": percent(SHRINKS**10),
    }
    for name, short in _SHORT.items():
        own = factors[factors["activation"] == name]
        for initializer, shown in _INITIALIZERS.items():
            here = usual_scale(own[own["initializer"] == initializer])["factor"]
            is_he = initializer == "he_normal"
            values[f"factor.{short}.{shown}"] = number(here.mean(), 2)
            values[f"factor.{short}.{shown}.expected"] = number(expected(name, 1.0, most, width, is_he), 2)
        scaled = own[own["initializer"] == "he_normal"].groupby("init_scale")["factor"].mean()
        for scale, mean in scaled.items():
            values[f"factor.{short}.scale.{scale:g}"] = number(mean, 2)
            values[f"factor.{short}.scale.{scale:g}.expected"] = number(expected(name, scale, most, width), 2)
    return values


def _largest_numbers(layers: pd.DataFrame) -> dict[str, str]:
    """The largest hidden output: while training by plain SGD, and before it in deep networks of larger weights."""
    layers = confirmatory(layers)
    usual = largest_outputs(layers)
    scaled = layers[(layers["init_scale"] == 2) & (layers["step"] == 0) & (layers["optimizer"] == "sgd")]
    values = {}
    for name, short in _SHORT.items():
        own = usual[usual["activation"] == name]
        by_seed = own[own["depth"] <= DEEP].groupby("seed")["largest"].max()
        doubled = scaled[scaled["activation"] == name].groupby("seed")["largest"].max()
        values |= {
            f"largest.{short}": number(by_seed.max(), 2),
            f"largest.{short}.median": number(by_seed.median(), 2),
            f"largest.{short}.start": number(own[own["step"] == 0].groupby("seed")["largest"].max().median(), 2),
            f"largest.{short}.doubled": number(doubled.median(), 2),
        }
    return values


def _accuracy_numbers(networks: pd.DataFrame) -> dict[str, str]:
    values = {}
    chosen = most_accurate(networks)
    here = _finite(networks, chosen)
    for row in chosen.itertuples():
        short = _SHORT[row.activation] + (".bn" if row.batch_norm else "")
        accuracy = here[
            (here["activation"] == row.activation)
            & (here["batch_norm"] == row.batch_norm)
            & (here["depth"] == row.depth)
        ]["test_accuracy"].astype(float)
        key = f"{short}.{row.depth}"
        values |= {
            f"{key}.accuracy": finely(accuracy.mean()),
            f"{key}.trained": percent((accuracy >= _FINE).mean()),
            f"{key}.rate": f"{row.learning_rate:g}",
            f"{key}.optimizer": OPTIMIZER_NAMES[row.optimizer],
            f"{key}.scale": f"{row.init_scale:g}",
        }
    plain = networks[(networks["activation"] == "sigmoid") & ~networks["batch_norm"] & (networks["optimizer"] == "sgd")]
    for row in most_accurate(plain).itertuples():
        accuracy = confirmatory(_at(plain, row))["test_accuracy"].astype(float)
        values[f"sigmoid.sgd.{row.depth}.accuracy"] = finely(accuracy.mean())
    usual = networks[(networks["activation"] == "sigmoid") & ~networks["batch_norm"]]
    usual = usual_scale(usual[usual["optimizer"] != "sgd"])
    for row in most_accurate(usual).itertuples():
        accuracy = confirmatory(_at(usual, row))["test_accuracy"].astype(float)
        values[f"sigmoid.adam.{row.depth}.accuracy"] = finely(accuracy.mean())
    sigmoid = networks[(networks["activation"] == "sigmoid") & (networks["optimizer"] == "adam")]
    return values | {
        "fine": percent(_FINE),
        "adam.epochs": number(int(sigmoid["epochs"].max())),
        "sgd.epochs": number(int(networks[networks["optimizer"] == "sgd"]["epochs"].max())),
    }


def _arms_table(networks: pd.DataFrame) -> str:
    arm = ["activation", "batch_norm", "optimizer", "depth"]
    chosen = most_accurate(networks, arm)
    here = confirmatory(at_chosen(networks[networks["epochs"] > 1], chosen))
    cells = here.groupby(arm, observed=True)
    accuracy, diverged = cells["test_accuracy"].mean(), cells["diverged"].mean()
    rows = []
    order = list(_SHORT)
    key = sorted(chosen.itertuples(), key=lambda r: (order.index(r.activation), r.batch_norm, r.optimizer, r.depth))
    for row in key:
        cell = (row.activation, row.batch_norm, row.optimizer, row.depth)
        rows.append(
            [
                activation_name(row.activation),
                "yes" if row.batch_norm else "no",
                OPTIMIZER_NAMES[row.optimizer],
                str(row.depth),
                f"{row.learning_rate:g}",
                _INITIALIZERS[row.initializer],
                f"{row.init_scale:g}",
                finely(accuracy.get(cell)),
                percent(diverged.get(cell)),
            ]
        )
    head = ["activation", "batch norm.", "optimiser", "depth", "rate", "weights", "scale", "accuracy", "diverged"]
    return tabular(head, rows, "lllrrlrrr")


def _finite(networks: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    return alive(confirmatory(at_chosen(networks[networks["epochs"] > 1], chosen)))


def _at(networks: pd.DataFrame, row: tuple) -> pd.DataFrame:
    same = networks["epochs"] > 1
    for key in ("depth", "optimizer", "initializer", "init_scale", "learning_rate"):
        same &= networks[key] == getattr(row, key)
    return networks[same]
