"""Estimands of the study single_neuron: one unit, whose weights are known, and how it ends (`outcomes`)."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, theory
from dying_relu.analysis.activations import FORMULAS
from dying_relu.analysis.choice import choose
from dying_relu.analysis.frames import (
    NETWORK,
    Tables,
    by_seed,
    confirmatory,
    counts,
    grouped,
    last,
    matching,
    remembered,
)
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.studies.single_neuron import CONTENTS

OUTCOMES = ("learned", "stuck", "still moving", "diverged")
LEARNED = 0.01 * theory.CONSTANT_LOSS  # excess loss: one hundredth of what the best constant leaves
STILL = 0.01  # share by which the loss of a stuck unit falls, at most, over the last quarter of training
FLAT = 0.05  # norm of the gradient of a stuck unit, at most
START, RATE = -10, 0.01  # of the text
LONG = 100  # epochs
FLIPS = ("as the target", "left-right", "up-down", "both", "constant")
_WEIGHTS = ["unit_weight", "unit_bias", "output_weight", "output_bias"]
_NAMES = {"dataset": "relu_target", "activation": "relu", "optimizer": "sgd", "intervention": "none"}
_NUMBERS = {"learning_rate": RATE, "batch_size": 1000, "epochs": 20}


def as_told(frame: pd.DataFrame, *but: str, **levels: object) -> pd.DataFrame:
    """The rows with some levels, and else in the set-up of the text: a ReLU under plain SGD, with step 0.01 on batches
    of 1000 for 20 epochs. Where a grid has another step, batch or budget, the nearest counts.

    Args:
        but: settings of which all levels are taken.
    """
    wanted = {key: level for key, level in {**_NAMES, **_NUMBERS}.items() if key not in but} | levels
    names = {key: level for key, level in wanted.items() if key not in _NUMBERS}
    numbers = {key: level for key, level in wanted.items() if key in _NUMBERS}
    return arms.nearest(matching(frame, **names), numbers)


@remembered
def outcomes(tables: Tables) -> pd.DataFrame:
    """The table of networks with each one's final weights, its ``outcome``, one of `OUTCOMES`, and ``learned`` (0, 1).

    learned: the ``population_loss`` of its weights is within `LEARNED` of the best that any network of the same
    model reached; stuck: it is not, the gradient is at most `FLAT`, and the loss fell by less than `STILL` of
    itself over the last quarter of training; diverged: not finite; still moving: none of these. Networks whose weights
    do not tell their population loss are left out.
    """
    networks = _with_model(tables["networks"])
    weights = last(tables["trajectory"])[[*NETWORK, *_WEIGHTS, "activity_rate"]]
    units = tables["units"]
    gradients = units[units["n_units"] > 0][[*NETWORK, "gradient_mean"]]
    history = tables["history"]
    late = history[history["epoch"] >= 0.75 * history["epochs"]].sort_values("step", kind="stable")
    then = grouped(late, NETWORK)["train_loss"].first().rename("loss_then").reset_index()
    frame = networks
    for other in (weights, gradients, then):
        frame = frame.merge(other, on=NETWORK, how="left")
    frame["population_loss"] = _population_loss(frame)
    best = frame.groupby(["model", "output_layer", "bias_trained"])["population_loss"].transform("min")
    learned = (frame["population_loss"] <= best + LEARNED) & ~frame["diverged"]
    still = frame["train_loss"] > (1 - STILL) * frame["loss_then"]
    stuck = still & (frame["gradient_mean"] <= FLAT)
    chosen = np.select([frame["diverged"], learned, stuck], ["diverged", "learned", "stuck"], "still moving")
    return frame.assign(outcome=pd.Categorical(chosen, OUTCOMES), learned=learned.astype(float))


def failing_share_random_starts(tables: Tables) -> pd.DataFrame:
    """Whether a unit with a random start has not learned after 20 epochs of SGD."""
    return _share(_cells(tables, grid="random"), learned=False)


def learned_share_same_sign(tables: Tables) -> pd.DataFrame:
    """Share of the starts on the right side of zero from which SGD learns."""
    cells = _cells(tables, grid="starts")
    return _share(cells[cells["init_scale"] > 0])


def stuck_share_opposite_sign(tables: Tables) -> pd.DataFrame:
    """Whether SGD from -10 ends within 0.01 of zero and was on the wrong side at every moment, long budget."""
    return by_seed(_of_paths(tables, _stuck, grid="long", epochs=LONG))


def speed_exponent_near_zero(tables: Tables) -> pd.DataFrame:
    """Slope of log speed on log distance from zero, along the path of SGD from -10.

    Speed: change of the weight a step between two measured moments; distance: their logarithmic mean. One
    means that the speed falls in proportion to the distance, zero that it does not fall.
    """
    return by_seed(_of_paths(tables, _speed_exponent, grid="starts"))


def failing_share_with_bias(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that have not learned, with a trainable bias, long budget."""
    return _share(wrong_side(_cells(tables, grid="bias_long", epochs=LONG)), learned=False)


def doubly_flipped_share(tables: Tables) -> pd.DataFrame:
    """Whether a ReLU unit with bias and output layer ends flipped left-right and up-down (w < 0 and v < 0)."""
    cells = _cells(tables, grid="output", output_layer=True)
    return counts(cells.assign(both=solution(cells) == "both", exposure=1), "both", "exposure")


def final_weight_leaky(tables: Tables) -> pd.DataFrame:
    """Final weight of LeakyReLU(0.3) from -10."""
    cells = _cells(tables, grid="activations", activation="leaky_relu_0.3", init_scale=START)
    return by_seed(cells.groupby("seed")["unit_weight"].mean().dropna())


def learned_share_leaky_flat_side(tables: Tables) -> pd.DataFrame:
    """Share of the starts on the wrong side from which max(0.1 x, x) learns."""
    return _share(wrong_side(_cells(tables, grid="activations", activation="leaky_relu_0.1")))


def failing_share_optimisers(tables: Tables) -> pd.DataFrame:
    """Share of Adam, AMSGrad and SGD with momentum that have not learned from -10, long budget."""
    rules = ("adam", "amsgrad", "momentum")
    return _share(_cells(tables, grid="long", epochs=LONG, init_scale=START, optimizer=rules), learned=False)


def time_ratio_adam_to_sgd(tables: Tables) -> pd.DataFrame:
    """Steps from -10 to -1 under Adam over those under SGD, interpolated between measured moments."""
    adam, sgd = (
        _of_paths(tables, _steps_to_minus_one, grid="long", epochs=LONG, optimizer=rule) for rule in ("adam", "sgd")
    )
    return by_seed((adam / sgd.where(sgd > 0)).dropna())


def learned_share_adam(tables: Tables) -> pd.DataFrame:
    """Whether Adam learns from -1 in 20 epochs."""
    return _share(_cells(tables, grid="optimizers", optimizer="adam", init_scale=-1))


def learned_share_momentum(tables: Tables) -> pd.DataFrame:
    """Whether SGD with momentum learns from -1 in 20 epochs."""
    return _share(_cells(tables, grid="optimizers", optimizer="momentum", init_scale=-1))


def learned_share_sgd(tables: Tables) -> pd.DataFrame:
    """Whether plain SGD learns from -1, long budget."""
    return _share(_cells(tables, grid="long_near", epochs=LONG, init_scale=-1))


def learned_share_big_step(tables: Tables) -> pd.DataFrame:
    """Whether plain SGD learns from -10 with the rate that most pilot seeds learn with."""
    frame = as_told(outcomes(tables), "learning_rate", grid="steps", init_scale=START)
    return _share(matching(confirmatory(frame), **choose(frame, CONTENTS.choices["jump"])))


def excess_failures_with_output_layer(tables: Tables) -> pd.DataFrame:
    """Failing share of leaky, ELU and SELU with bias and output layer, less that of ELU and leaky without."""
    full = _cells(tables, grid="output", activation=("leaky_relu_0.3", "elu", "selu"))
    alone = wrong_side(_cells(tables, grid="activations", activation=("leaky_relu_0.3", "elu")))
    shares = [_share(part, learned=False).set_index("seed")["value"] for part in (full, alone)]
    return by_seed((shares[0] - shares[1]).dropna())


def failing_share_negative_slope(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that have not learned with a slope of -0.1 below zero."""
    return _share(wrong_side(_cells(tables, grid="activations", activation="leaky_relu_-0.1")), learned=False)


def learned_share_softplus_first(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that learn with softplus for half of the time, then ReLU."""
    cells = _cells(tables, grid="softplus_first", activation="softplus", intervention="switch_to_relu")
    return _share(wrong_side(cells))


def solution(cells: pd.DataFrame) -> pd.Series:
    """Which flip of the target, one of `FLIPS`, a unit with output layer ended in; ``constant`` if it hardly varies.

    The target has w > 0 and v > 0; ``left-right`` has w < 0, ``up-down`` v < 0.
    """
    left, up = cells["unit_weight"] < 0, cells["output_weight"] < 0
    steepest = (cells["unit_weight"] * cells["output_weight"]).abs()
    constant = (cells["activity_rate"] < 0.01) | (steepest < 0.05)
    names = np.select([constant, left & up, left, up], ["constant", "both", "left-right", "up-down"], "as the target")
    return pd.Series(names, index=cells.index)


def wrong_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Units that start on the wrong side of zero."""
    return frame[frame["init_scale"] < 0]


def _with_model(networks: pd.DataFrame) -> pd.DataFrame:
    """The networks whose loss is a function of their weights: single units that learn the ReLU of standard normal x.

    With ``model``, the activation that they end with, and ``bias_trained``. A slope that is learned (PReLU), or that
    depends on sibling units, is in no table.
    """
    end = {key: _at_end(networks, key) for key in ("activation", "batch_norm", "shift")}
    single = (networks["depth"] == 1) & (networks["width"] == 1)
    plain = (networks["dataset"] == "relu_target") & (networks["scaling"] != "unit") & (end["shift"] == "none")
    known = single & plain & (end["batch_norm"] == False) & end["activation"].isin(set(FORMULAS) - {"prelu"})  # noqa: E712
    if not known.all():
        print(f"single_neuron: {(~known).sum()} networks have no closed form of their loss and are left out")
    return networks.assign(model=end["activation"], bias_trained=networks["bias"].notna())[known]


def _at_end(networks: pd.DataFrame, key: str) -> pd.Series:
    """A setting as it is after the intervention, if there is one."""
    changed = networks["intervention"].astype(object).map(lambda name: INTERVENTIONS[name].settings.get(key))
    return changed.where(changed.notna(), networks[key].astype(object))


def _population_loss(frame: pd.DataFrame) -> pd.Series:
    """Loss of each row's final weights, free of the sample that measures it."""
    weights = frame[_WEIGHTS].fillna({"unit_bias": 0.0, "output_weight": 1.0, "output_bias": 0.0}).astype(float)
    losses = pd.Series(np.nan, frame.index)
    for name, rows in frame.groupby("model").groups.items():
        losses[rows] = theory.population_loss(name, *weights.loc[rows].to_numpy().T)
    return losses


def _cells(tables: Tables, **levels: object) -> pd.DataFrame:
    return as_told(confirmatory(outcomes(tables)), **levels)


def _share(cells: pd.DataFrame, learned: bool = True) -> pd.DataFrame:
    """Share of a seed's networks that have learned, or have not."""
    value = cells["learned"] if learned else 1 - cells["learned"]
    return by_seed(value.groupby(cells["seed"]).mean())


def _of_paths(tables: Tables, measure: Callable[[pd.DataFrame], float], **levels: object) -> pd.Series:
    """What a path from -10 measures, by seed."""
    paths = as_told(confirmatory(tables["trajectory"]), init_scale=START, **levels).sort_values("step", kind="stable")
    found = [(part["seed"].iloc[0], measure(part)) for _, part in grouped(paths, NETWORK)]
    return (
        pd.DataFrame(found, columns=["seed", "value"]).astype({"value": float}).groupby("seed")["value"].mean().dropna()
    )


def _stuck(path: pd.DataFrame) -> float:
    end = last(path)["unit_weight"].abs()
    return float(path["unit_weight"].max() <= 0 and (end < 0.01).any())


def _speed_exponent(path: pd.DataFrame) -> float:
    distance, step = -path["unit_weight"].to_numpy(float), path["step"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        fallen = -np.diff(np.log(distance))
    moving = (fallen > 0) & (distance[1:] > 0)
    if moving.sum() < 2:
        return np.nan
    speed = (-np.diff(distance) / np.diff(step))[moving]
    mean = (-np.diff(distance))[moving] / fallen[moving]
    return float(np.polyfit(np.log(mean), np.log(speed), 1)[0])


def _steps_to_minus_one(path: pd.DataFrame) -> float:
    reached = np.maximum.accumulate(path["unit_weight"].to_numpy(float))
    return float(np.interp(-1.0, reached, path["step"], right=np.nan)) if reached[-1] >= -1 else np.nan
