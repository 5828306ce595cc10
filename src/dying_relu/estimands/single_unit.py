"""Estimands of the studies single_neuron and large_gradient: networks of one unit, whose weights are known."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import special

from dying_relu import theory
from dying_relu.datasets import DATASETS
from dying_relu.estimands.common import NETWORK, Tables, by_seed, confirmatory, estimand, grouped, last, remembered

OUTCOMES = ("learned", "stuck", "still moving", "diverged")
LEARNED = 0.01 * theory.CONSTANT_LOSS  # excess loss: one hundredth of what the best constant leaves
STILL = 0.01  # share by which the loss of a stuck unit falls, at most, over the last quarter of training
FLAT = 0.05  # norm of the gradient of a stuck unit, at most
_WEIGHTS = ["unit_weight", "unit_bias", "output_weight", "output_bias", "activity_rate"]
_PUSH = ["dataset", "scaling", "learning_rate"]
_MEASURED_ON = DATASETS["pull_down_4"].n_train
JUDGED_ON = 1500  # inputs on which a unit of large_gradient is called dead: the reference training set


@remembered
def outcomes(tables: Tables) -> pd.DataFrame:
    """The table of networks with each one's final weights and its ``outcome``, one of `OUTCOMES`.

    learned: the ``population_loss`` of its weights is within `LEARNED` of the best that any network of the same
    model reached; stuck: it is not, the gradient is at most `FLAT`, and the loss fell by less than `STILL` of
    itself over the last quarter of training; diverged: not finite; still moving: none of these.
    """
    networks = tables["networks"].assign(bias_trained=tables["networks"]["bias"].notna())
    switched = networks["intervention"] == "switch_to_relu"
    networks["model"] = networks["activation"].astype(str).mask(switched, "relu")
    weights = last(tables["trajectory"])[[*NETWORK, *_WEIGHTS]]
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
    learned = frame["population_loss"] <= best + LEARNED
    still = frame["train_loss"] > (1 - STILL) * frame["loss_then"]
    stuck = still & (frame["gradient_mean"] <= FLAT)
    chosen = np.select([frame["diverged"], learned, stuck], ["diverged", "learned", "stuck"], "still moving")
    return frame.assign(outcome=pd.Categorical(chosen, OUTCOMES))


@estimand("networks", "history", "units", "trajectory")
def failing_share_random_starts(tables: Tables) -> pd.DataFrame:
    """Whether a unit with a random start has not learned after 20 epochs of SGD."""
    return _share(_cells(tables, grid="random"), learned=False)


@estimand("networks", "history", "units", "trajectory")
def learned_share_same_sign(tables: Tables) -> pd.DataFrame:
    """Share of the starts on the right side of zero from which SGD learns."""
    cells = _cells(tables, grid="starts")
    return _share(cells[cells["init_scale"] > 0])


@estimand("trajectory")
def stuck_share_opposite_sign(tables: Tables) -> pd.DataFrame:
    """Whether SGD from -10 ends within 0.01 of zero and was on the wrong side at every moment, long budget."""
    path = confirmatory(tables["trajectory"])
    path = path[_matches(path, {"grid": "long", "optimizer": "sgd", "init_scale": -10})]
    never = path.groupby("seed")["unit_weight"].max() <= 0
    near = last(path).set_index("seed")["unit_weight"].abs() < 0.01
    return by_seed((never & near).astype(float))


@estimand("trajectory")
def speed_exponent_near_zero(tables: Tables) -> pd.DataFrame:
    """Slope of log speed on log distance from zero, along the path of SGD from -10.

    Speed: change of the weight a step between two measured moments; distance: their logarithmic mean. One
    means that the speed falls in proportion to the distance, zero that it does not fall.
    """
    path = confirmatory(tables["trajectory"])
    path = path[_matches(path, {"grid": "starts", "optimizer": "sgd", "init_scale": -10})]
    return by_seed(path.sort_values("step").groupby("seed")[["step", "unit_weight"]].apply(_speed_exponent))


@estimand("networks", "history", "units", "trajectory")
def failing_share_with_bias(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that have not learned, with a trainable bias, long budget."""
    return _share(_cells(tables, grid="bias_long"), learned=False)


@estimand("networks", "history", "units", "trajectory")
def doubly_flipped_share(tables: Tables) -> pd.DataFrame:
    """Whether a ReLU unit with bias and output layer ends flipped left-right and up-down (w < 0 and v < 0)."""
    cells = _cells(tables, grid="output", activation="relu")
    flipped = (solution(cells) == "both").set_axis(cells["seed"])
    return by_seed(flipped.astype(float)).assign(events=flipped.to_numpy(float), exposure=1.0)


@estimand("networks", "history", "units", "trajectory")
def final_weight_leaky(tables: Tables) -> pd.DataFrame:
    """Final weight of LeakyReLU(0.3) from -10."""
    cells = _cells(tables, grid="activations", activation="leaky_relu_0.3", init_scale=-10)
    return by_seed(cells.set_index("seed")["unit_weight"])


@estimand("networks", "history", "units", "trajectory")
def learned_share_leaky_flat_side(tables: Tables) -> pd.DataFrame:
    """Share of the starts on the wrong side from which max(0.1 x, x) learns."""
    return _share(_cells(tables, grid="activations", activation="leaky_relu_0.1").query("init_scale < 0"))


@estimand("networks", "history", "units", "trajectory")
def failing_share_optimisers(tables: Tables) -> pd.DataFrame:
    """Share of Adam, AMSGrad and SGD with momentum that have not learned from -10, long budget."""
    cells = _cells(tables, grid="long", init_scale=-10)
    return _share(cells[cells["optimizer"].isin(["adam", "amsgrad", "momentum"])], learned=False)


@estimand("trajectory")
def time_ratio_adam_to_sgd(tables: Tables) -> pd.DataFrame:
    """Steps from -10 to -1 under Adam over those under SGD, interpolated between measured moments."""
    path = confirmatory(tables["trajectory"])
    path = path[_matches(path, {"grid": "long", "init_scale": -10})].sort_values("step")
    steps = path.groupby(["optimizer", "seed"], observed=True)[["step", "unit_weight"]].apply(_steps_to_minus_one)
    return by_seed(steps.loc["adam"] / steps.loc["sgd"])


@estimand("networks", "history", "units", "trajectory")
def learned_share_adam(tables: Tables) -> pd.DataFrame:
    """Whether Adam learns from -1 in 20 epochs."""
    return _share(_cells(tables, grid="optimizers", optimizer="adam", init_scale=-1))


@estimand("networks", "history", "units", "trajectory")
def learned_share_momentum(tables: Tables) -> pd.DataFrame:
    """Whether SGD with momentum learns from -1 in 20 epochs."""
    return _share(_cells(tables, grid="optimizers", optimizer="momentum", init_scale=-1))


@estimand("networks", "history", "units", "trajectory")
def learned_share_sgd(tables: Tables) -> pd.DataFrame:
    """Whether plain SGD learns from -1, long budget."""
    return _share(_cells(tables, grid="long_near"))


@estimand("networks", "history", "units", "trajectory")
def learned_share_big_step(tables: Tables) -> pd.DataFrame:
    """Whether plain SGD learns from -10 with the rate that most pilot seeds learn with."""
    frame = outcomes(tables)
    frame = frame[frame["grid"] == "steps"]
    pilot = frame[frame["phase"] == "pilot"]
    rate = (pilot["outcome"] == "learned").groupby(pilot["learning_rate"]).mean().idxmax()
    return _share(confirmatory(frame[frame["learning_rate"] == rate]))


@estimand("networks", "history", "units", "trajectory")
def excess_failures_with_output_layer(tables: Tables) -> pd.DataFrame:
    """Failing share of leaky, ELU and SELU with bias and output layer, less that of ELU and leaky without."""
    frame = confirmatory(outcomes(tables))
    alone = frame[(frame["grid"] == "activations") & frame["activation"].isin(["leaky_relu_0.3", "elu"])]
    alone = alone[alone["init_scale"] < 0]
    full = frame[(frame["grid"] == "output") & (frame["activation"] != "relu")]
    shares = [_share(part, learned=False).set_index("seed")["value"] for part in (full, alone)]
    return by_seed((shares[0] - shares[1]).dropna())


@estimand("networks", "history", "units", "trajectory")
def failing_share_negative_slope(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that have not learned with a slope of -0.1 below zero."""
    cells = _cells(tables, grid="activations", activation="leaky_relu_-0.1")
    return _share(cells[cells["init_scale"] < 0], learned=False)


@estimand("networks", "history", "units", "trajectory")
def learned_share_softplus_first(tables: Tables) -> pd.DataFrame:
    """Share of starts on the wrong side that learn with softplus for half of the time, then ReLU."""
    return _share(_cells(tables, grid="softplus_first"))


@estimand("trajectory")
def death_probability_one_step(tables: Tables) -> pd.DataFrame:
    """Probability that the step closes a unit, open on its sample, on `JUDGED_ON` inputs; inputs and size of the
    step as deadly as can be on pilot seeds."""
    moved = pushed(tables["trajectory"])
    one = moved[moved["grid"] == "one"]
    cell = one[one["phase"] == "pilot"].groupby(_PUSH, observed=True)["p_dead"].mean().idxmax()
    return by_seed(confirmatory(one[_matches(one, dict(zip(_PUSH, cell, strict=True)))]).set_index("seed")["p_dead"])


@estimand("trajectory")
def activity_fall_after_shift(tables: Tables) -> pd.DataFrame:
    """Activity rate of a unit with pre-activation N(0.1, 0.05^2) less that with the mean moved by -0.2."""
    start = confirmatory(tables["trajectory"])
    start = start[start["step"] == 0]
    shifted = start["grid"] == "shifted"
    means = [start[here].groupby("seed")["activity_rate"].mean() for here in (start["grid"] == "one", shifted)]
    return by_seed((means[0] - means[1]).dropna())


@estimand("trajectory")
def staged_less_single_death(tables: Tables) -> pd.DataFrame:
    """Death probability after 64 steps less that after the first of them, at the cell of the largest such
    difference on pilot seeds."""
    trajectory = tables["trajectory"]
    trajectory = trajectory[trajectory["grid"] == "sixtyfour"]
    staged = death_on(last(trajectory))
    first = death_on(trajectory[trajectory["step"] == 1])
    both = staged.merge(first, on=NETWORK, suffixes=("", "_first"))
    both = both.assign(value=both["p_dead"] - both["p_dead_first"])
    cell = both[both["phase"] == "pilot"].groupby(_PUSH, observed=True)["value"].mean().idxmax()
    return by_seed(confirmatory(both[_matches(both, dict(zip(_PUSH, cell, strict=True)))]).set_index("seed")["value"])


def death_on(trajectory: pd.DataFrame, n: int = JUDGED_ON) -> pd.DataFrame:
    """The rows with ``p_dead``: the probability that n of the measured inputs, drawn at random, all find it closed.

    With K of the N measured inputs open: C(N - K, n) / C(N, n), the hypergeometric chance of drawing none.
    """
    total = _MEASURED_ON
    open_ = np.rint(trajectory["activity_rate"].to_numpy(float) * total)
    room = np.maximum(total - open_ - n, 0)
    log_p = (
        special.gammaln(total - open_ + 1)
        - special.gammaln(room + 1)
        - special.gammaln(total + 1)
        + special.gammaln(total - n + 1)
    )
    return trajectory.assign(p_dead=np.where(total - open_ >= n, np.exp(np.minimum(log_p, 0)), 0.0))


def pushed(trajectory: pd.DataFrame) -> pd.DataFrame:
    """Final rows of the units that took at least one step, with ``p_dead``.

    A unit that its first samples all find closed gets no gradient and stands where it stood.
    """
    start = trajectory[trajectory["step"] == 0][[*NETWORK, "unit_bias"]]
    end = death_on(last(trajectory[trajectory["grid"] != "shifted"]))
    both = end.merge(start, on=NETWORK, suffixes=("", "_start"))
    return both[both["unit_bias"] < both["unit_bias_start"]].reset_index(drop=True)


def solution(cells: pd.DataFrame) -> pd.Series:
    """Which flip of the target a unit with output layer ended in; ``constant`` if its output hardly varies.

    The target has w > 0 and v > 0; ``left-right`` has w < 0, ``up-down`` v < 0.
    """
    left, up = cells["unit_weight"] < 0, cells["output_weight"] < 0
    steepest = (cells["unit_weight"] * cells["output_weight"]).abs()
    constant = (cells["activity_rate"] < 0.01) | (steepest < 0.05)
    names = np.select([constant, left & up, left, up], ["constant", "both", "left-right", "up-down"], "as the target")
    return pd.Series(names, index=cells.index)


def _population_loss(frame: pd.DataFrame) -> pd.Series:
    """Loss of each row's final weights, free of the sample that measures it."""
    weights = frame[_WEIGHTS[:4]].fillna({"unit_bias": 0.0, "output_weight": 1.0, "output_bias": 0.0}).astype(float)
    parts = [
        pd.Series(theory.population_loss(name, *weights.loc[rows].to_numpy().T), rows)
        for name, rows in frame.groupby("model").groups.items()
    ]
    return pd.concat(parts).reindex(frame.index)


def _cells(tables: Tables, **wanted: object) -> pd.DataFrame:
    frame = confirmatory(outcomes(tables))
    return frame[_matches(frame, wanted)]


def _matches(frame: pd.DataFrame, wanted: Mapping[str, object]) -> np.ndarray:
    return np.logical_and.reduce([(frame[key] == value).to_numpy() for key, value in wanted.items()])


def _share(cells: pd.DataFrame, learned: bool = True) -> pd.DataFrame:
    """Share of a seed's networks that have learned, or have not."""
    value = ((cells["outcome"] == "learned") == learned).astype(float)
    return by_seed(value.groupby(cells["seed"]).mean())


def _speed_exponent(path: pd.DataFrame) -> float:
    distance, step = -path["unit_weight"].to_numpy(float), path["step"].to_numpy(float)
    fallen = -np.diff(np.log(distance))
    moving = (fallen > 0) & (distance[1:] > 0)
    speed = (-np.diff(distance) / np.diff(step))[moving]
    mean = (-np.diff(distance))[moving] / fallen[moving]
    return float(np.polyfit(np.log(mean), np.log(speed), 1)[0])


def _steps_to_minus_one(path: pd.DataFrame) -> float:
    return float(np.interp(-1.0, np.maximum.accumulate(path["unit_weight"].to_numpy(float)), path["step"]))
