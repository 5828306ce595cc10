"""The numbers and the table that the section on depth speaks of."""

import pandas as pd

from dying_relu.analysis.arms import listed
from dying_relu.analysis.frames import Tables, confirmatory, grouped, matching, plain
from dying_relu.design.catalogue import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.depth.estimands import (
    DEEP,
    SHRINKS,
    accuracy,
    at_best,
    first_step,
    largest_by_seed,
    largest_outputs,
    layer_factors,
    usual_scale,
)
from dying_relu.studies.depth.theory import expected

_FACTORS = {  # activation, initialisation, and the scale of its weights
    "relu.He": ("relu", "he_normal", 1.0),
    "relu.Glorot": ("relu", "glorot_normal", 1.0),
    "sigmoid.He": ("sigmoid", "he_normal", 1.0),
    "sigmoid.Glorot": ("sigmoid", "glorot_normal", 1.0),
    **{f"sigmoid.scale.{scale}": ("sigmoid", "he_normal", float(scale)) for scale in (2, 4, 8)},
    "tanh.He": ("tanh", "he_normal", 1.0),
    "tanh.Glorot": ("tanh", "glorot_normal", 1.0),
}
_EXPECTED = ("relu.He", "sigmoid.Glorot", "sigmoid.scale.2", "sigmoid.scale.4", "sigmoid.scale.8")
_BEST = {  # activation, batch normalisation, depth
    **{f"relu.{depth}": ("relu", False, depth) for depth in (5, 10, 20)},
    "relu.bn.10": ("relu", True, 10),
    "sigmoid.20": ("sigmoid", False, 20),
    "sigmoid.bn.10": ("sigmoid", True, 10),
}
_FINE = 0.9  # test accuracy that counts as having been trained


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    layers, networks = tables["layers"], tables["networks"]
    return {"deep": DEEP, "shrinks": SHRINKS, "shrinks.ten": SHRINKS**10, "fine": _FINE} | (
        _factors(layers) | _largest(confirmatory(layers)) | _accuracies(networks)
    )


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    arm = ["activation", "batch_norm", "optimizer", "depth"]
    cells = grouped(confirmatory(at_best(found["networks"], "own")), arm)
    settings = cells[["learning_rate", "initializer", "init_scale"]].first()
    shown = settings.join(cells[["test_accuracy", "diverged"]].mean()).reset_index()
    order = pd.DataFrame(listed(shown, arm), columns=arm)
    shown = order.merge(shown, on=arm)
    for key, entries in {"activation": ACTIVATIONS, "optimizer": OPTIMIZERS, "initializer": INITIALIZERS}.items():
        shown[key] = [entries[name].name for name in shown[key]]
    shown["batch_norm"] = shown["batch_norm"].map({True: "yes", False: "no"})
    columns = [
        column("activation", "activation"),
        column("batch norm.", "batch_norm"),
        column("optimiser", "optimizer"),
        column("depth", "depth", "count"),
        column("rate", "learning_rate", "setting"),
        column("weights", "initializer"),
        column("scale", "init_scale", "setting"),
        column("accuracy", "test_accuracy", "accuracy"),
        column("diverged", "diverged", "share"),
    ]
    return {"arms": Table(shown, columns)}


def _factors(layers: pd.DataFrame) -> Made:
    """Layer factors of the deepest networks: mean over seeds, and expected."""
    first, factors = first_step(layers), confirmatory(layer_factors(layers))
    made: dict[str, float] = {"deepest": first["depth"].max(), "width": first["width"].max()}
    for key, (activation, initializer, scale) in _FACTORS.items():
        here = matching(factors, activation=activation, initializer=initializer, init_scale=scale)
        made[f"factor.{key}"] = here.groupby("seed")["factor"].mean().mean()
        if key in _EXPECTED:
            like = first.iloc[0] if len(first) else None
            made[f"factor.{key}.expected"] = expected(activation, initializer, scale, like)
    return made


def _largest(layers: pd.DataFrame) -> Made:
    """The largest hidden output: while training by plain SGD, and before it in deep networks of larger weights."""
    usual = largest_outputs(layers)
    relu, sigmoid = (matching(usual, activation=name) for name in ("relu", "sigmoid"))
    deep = largest_by_seed(relu[relu["depth"] <= DEEP])
    doubled = matching(first_step(layers), activation="relu", initializer="he_normal", init_scale=2)
    return {
        "largest.sigmoid": largest_by_seed(sigmoid[sigmoid["depth"] <= DEEP]).max(),
        "largest.relu": deep.max(),
        "largest.relu.median": deep.median(),
        "largest.relu.start": largest_by_seed(matching(relu, step=0)).median(),
        "largest.relu.doubled": largest_by_seed(doubled).median(),
    }


def _accuracies(networks: pd.DataFrame) -> Made:
    """Test accuracies at the most accurate settings, of all and of each optimiser alone."""
    best = at_best(networks, "accurate")
    made: dict[str, float | str | None] = {f"{key}.accuracy": accuracy(best, *arm).mean() for key, arm in _BEST.items()}
    alone = {"sgd": at_best(networks, "own"), "adam": at_best(usual_scale(networks), "own")}
    for optimizer, found in alone.items():
        for depth in (5, 10):
            values = accuracy(found, "sigmoid", False, depth, optimizer=optimizer)
            made[f"sigmoid.{optimizer}.{depth}.accuracy"] = values.mean()
    deep = matching(best, activation="sigmoid", batch_norm=False, depth=DEEP)
    settings = deep.iloc[0] if len(deep) else None
    return made | {
        "sigmoid.10.trained": (accuracy(deep, "sigmoid", False, DEEP) >= _FINE).mean(),
        "sigmoid.10.optimizer": None if settings is None else OPTIMIZERS[settings["optimizer"]].name,
        "sigmoid.10.rate": None if settings is None else settings["learning_rate"],
        "sigmoid.10.scale": None if settings is None else settings["init_scale"],
        "sgd.epochs": plain(networks)["epochs"].max(),
        "adam.epochs": matching(networks, activation="sigmoid", optimizer="adam")["epochs"].max(),
    }
