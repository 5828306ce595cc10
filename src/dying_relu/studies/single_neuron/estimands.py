"""Estimands of the study single_neuron: one unit, whose weights are known, and how it ends (`outcomes`).

Each gives a map over starts, steps, budgets, optimisers and activations: all conditions of the grids that it names.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, maps, theory
from dying_relu.analysis.activations import FORMULAS
from dying_relu.analysis.frames import NETWORK, Tables, grouped, last, matching, remembered
from dying_relu.design.catalogue import ACTIVATIONS, INTERVENTIONS

OUTCOMES = ("learned", "stuck", "still moving", "diverged")
LEARNED = 0.01 * theory.CONSTANT_LOSS  # excess loss: one hundredth of what the best constant leaves
STILL = 0.01  # share by which the loss of a stuck unit falls, at most, over the last quarter of training
FLAT = 0.05  # norm of the gradient of a stuck unit, at most
START, RATE = -10, 0.01  # of the text
LONG = 100  # epochs
FLIPS = ("as the target", "left-right", "up-down", "both", "constant")
DISTANCES = (5.0, 1.0, 0.1, 0.0)  # from zero, to which times are taken
NEVER = 1000.0  # a ratio of times of which the first never ends
ALL = "all"  # of the levels of an axis together
_FROZEN = 1e-30  # distance from zero below which single precision slows a unit down
_RESTING = 1e-3  # a move in (weight, bias) that is smaller has no direction
_WEIGHTS = ["unit_weight", "unit_bias", "output_weight", "output_bias"]
_NAMES = {"dataset": "relu_target", "activation": "relu", "optimizer": "sgd", "intervention": "none"}
_NUMBERS = {"learning_rate": RATE, "batch_size": 1000, "epochs": 20}
_PLAIN_SGD = {"grid": ("starts", "steps", "long", "long_near"), "optimizer": "sgd"}  # of a ReLU
_RULES = {"grid": ("starts", "optimizers", "long"), "init_scale": START}  # of a ReLU, one start


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


def learned(tables: Tables) -> pd.DataFrame:
    """Whether a unit without bias and output layer has learned."""
    cells = _bare(tables)
    return maps.of(cells, cells["learned"])


def failed(tables: Tables) -> pd.DataFrame:
    """Whether a unit without bias and output layer has not learned."""
    cells = _bare(tables)
    return maps.of(cells, 1 - cells["learned"])


def failed_with_rules(tables: Tables) -> pd.DataFrame:
    """Whether a ReLU from -10 has failed with momentum, with Adam, with AMSGrad; and with `ALL` of the three."""
    found = matching(failed(tables), init_scale=START, activation="relu", optimizer=("momentum", "adam", "amsgrad"))
    return _each_and_all(found, "optimizer")


def learned_alone(tables: Tables) -> pd.DataFrame:
    """Whether an ELU and a LeakyReLU(0.3) have learned without bias and output layer, and whether both have."""
    found = matching(learned(tables), intervention="none", activation=("elu", "leaky_relu_0.3"))
    return _each_and_all(found, "activation")


def trapped_only_with_output_layer(tables: Tables) -> pd.DataFrame:
    """Whether a unit with bias, output weight and output bias ends flipped or constant, from a random start, and the
    same activation without them has learned from every start on the wrong side, with the text's step, same seed."""
    full = matching(outcomes(tables), grid="output")
    alone = wrong_side(matching(outcomes(tables), grid="activations"))
    easy = maps.pool(maps.of(alone, alone["learned"]), ["init_scale"]).drop(columns="learning_rate")
    easy = easy.merge(full[["learning_rate"]].drop_duplicates(), how="cross")  # beside each step of the full unit
    trapped = maps.of(full, solution(full) != "as the target")
    differ = ["initializer", "init_scale", "bias", "output_layer"]
    return maps.pair(trapped, easy, differ, lambda trap, learns: trap * (learns == 1))


def stuck_at_zero(tables: Tables) -> pd.DataFrame:
    """Whether SGD from the wrong side ends within 0.01 of zero and was never on the right side at any moment."""
    return wrong_side(_of_paths(tables, _stuck, **_PLAIN_SGD))


def speed_exponent_near_zero(tables: Tables) -> pd.DataFrame:
    """Slope of log speed on log distance from zero, along the path of SGD on the wrong side.

    Speed: change of the weight a step between two measured moments; distance: their logarithmic mean. One
    means that the speed falls in proportion to the distance, zero that it does not fall. Distances below `_FROZEN` are
    left out.
    """
    return wrong_side(_of_paths(tables, _speed_exponent, **_PLAIN_SGD))


def slope_change_across_zero(tables: Tables) -> pd.DataFrame:
    """Slope of the population loss right of zero less that left of it, as near to zero as a unit under SGD came.

    Left: where the unit ends on the wrong side; right: the mirror image of that; missing where it ends elsewhere. The
    slope of a convex function never falls from left to right, that of a smooth one not between points so near.
    """
    return _at_the_end(tables, lambda w: theory.leaky_gradient(-w) - theory.leaky_gradient(w))


def slope_at_the_end(tables: Tables) -> pd.DataFrame:
    """Size of the slope of the population loss where a unit under SGD ends on the wrong side; missing if elsewhere."""
    return _at_the_end(tables, lambda w: np.abs(theory.leaky_gradient(w)))


def stuck_with_bias(tables: Tables) -> pd.DataFrame:
    """Whether a unit with a bias that starts on the wrong side is stuck at the end."""
    cells = wrong_side(matching(outcomes(tables), grid="bias_long"))
    return maps.of(cells, (cells["outcome"] == "stuck").astype(float))


def turn_with_bias(tables: Tables) -> pd.DataFrame:
    """By how many degrees the path in (weight, bias) of a unit from the wrong side turns; a circle is 360."""
    return wrong_side(_of_paths(tables, turned, grid="bias_long"))


def flipped_both_ways(tables: Tables) -> pd.DataFrame:
    """Whether a unit with bias and output layer ends flipped left-right and up-down against the target."""
    cells = matching(outcomes(tables), grid="output")
    return maps.of(cells, solution(cells) == "both")


def both_signs_changed(tables: Tables) -> pd.DataFrame:
    """Whether training has changed the signs of both weight and output weight of a unit with output layer."""
    return _of_paths(tables, _both_changed, grid="output")


def final_weight(tables: Tables) -> pd.DataFrame:
    """Final weight of a unit without bias and output layer."""
    cells = _bare(tables)
    return maps.of(cells, cells["unit_weight"])


def loss_at_one_over_final(tables: Tables) -> pd.DataFrame:
    """Population loss of a leaky unit at w = 1 over that of the weight it ends with."""
    ends = final_weight(tables)
    slopes = ends["activation"].astype(object).map(lambda name: ACTIVATIONS[name].slope).astype(float)
    leaky = slopes.notna() & (slopes != 0) & (ends["intervention"] == "none")
    ends, slope = ends[leaky], slopes[leaky].to_numpy()
    return ends.assign(value=theory.leaky_loss(1.0, slope) / theory.leaky_loss(ends["value"].to_numpy(), slope))


def time_ratio_adam_to_sgd(tables: Tables) -> pd.DataFrame:
    """Steps from -10 to within a ``distance`` of zero under Adam over those under SGD; `DISTANCES`, 0: past zero.

    Interpolated between measured moments. `NEVER` where Adam alone does not come there, missing where neither does.
    """
    found = [
        _of_paths(tables, partial(_steps_to, distance=distance), **_RULES).assign(distance=distance)
        for distance in DISTANCES
    ]
    adam, sgd = (matching(pd.concat(found, ignore_index=True), optimizer=rule) for rule in ("adam", "sgd"))
    ratio = maps.pair(adam, sgd, ["optimizer"], "ratio")
    return ratio.assign(value=ratio["value"].clip(upper=NEVER))


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


def turned(path: pd.DataFrame) -> float:
    """By how many degrees a path in (weight, bias) has turned at its end, turns one way less turns the other way.

    Moves below `_RESTING` are left out; zero where there are not two.
    """
    moves = np.diff(path[["unit_weight", "unit_bias"]].to_numpy(float), axis=0)
    moves = moves[np.linalg.norm(moves, axis=1) > _RESTING]
    angles = np.unwrap(np.arctan2(moves[:, 1], moves[:, 0]))
    return float(np.degrees(abs(angles[-1] - angles[0]))) if len(angles) else 0.0


def _bare(tables: Tables) -> pd.DataFrame:
    """Units without bias and output layer, but for the grid that has a single seed in each cell, for its figure."""
    frame = outcomes(tables)
    return frame[frame["bias"].isna() & ~frame["output_layer"].astype(bool) & (frame["grid"] != "map")]


def _each_and_all(found: pd.DataFrame, key: str) -> pd.DataFrame:
    """A map of yes and no for each level of a setting, and for `ALL` levels together, in the axis ``with``."""
    pooled = maps.pool(found, [key])
    every = maps.of(pooled, pooled["value"] == 1).assign(**{"with": ALL})
    each = found.rename(columns={key: "with"}).astype({"with": str})
    return pd.concat([each, every], ignore_index=True)


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


def _of_paths(tables: Tables, measure: Callable[[pd.DataFrame], float], **levels: object) -> pd.DataFrame:
    """A map of what the path of each network measures."""
    paths = matching(tables["trajectory"], **levels).sort_values("step", kind="stable")
    place = grouped(paths, NETWORK).ngroup()
    found = {key: float(measure(path)) for key, path in paths.groupby(place)}
    values = paths.assign(value=place.map(found).astype(float)).drop_duplicates(NETWORK)[[*NETWORK, "value"]]
    networks = matching(tables["networks"], **levels).merge(values, on=NETWORK, how="left")
    return maps.of(networks, networks["value"])


def _at_the_end(tables: Tables, of: Callable[[np.ndarray], theory.Values]) -> pd.DataFrame:
    """A map of what is so at the final weight of a ReLU under SGD that starts and ends on the wrong side."""
    ends = wrong_side(_of_paths(tables, lambda path: path["unit_weight"].iloc[-1], **_PLAIN_SGD))
    return ends.assign(value=of(ends["value"].where(ends["value"] < 0).to_numpy()))


def _stuck(path: pd.DataFrame) -> float:
    end = last(path)["unit_weight"].abs()
    return float(path["unit_weight"].max() <= 0 and (end < 0.01).any())


def _speed_exponent(path: pd.DataFrame) -> float:
    distance, step = -path["unit_weight"].to_numpy(float), path["step"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        fallen = -np.diff(np.log(distance))
    moving = (fallen > 0) & (distance[1:] > _FROZEN)
    if moving.sum() < 2:
        return np.nan
    speed = (-np.diff(distance) / np.diff(step))[moving]
    mean = (-np.diff(distance))[moving] / fallen[moving]
    return float(np.polyfit(np.log(mean), np.log(speed), 1)[0])


def _steps_to(path: pd.DataFrame, distance: float) -> float:
    reached = np.maximum.accumulate(path["unit_weight"].to_numpy(float))
    return float(np.interp(-distance, reached, path["step"])) if reached[-1] > -distance else np.inf


def _both_changed(path: pd.DataFrame) -> float:
    start, end = (np.sign(path[["unit_weight", "output_weight"]].iloc[k].to_numpy(float)) for k in (0, -1))
    return float((start * end < 0).all())
