"""Tables behind the figures of single_neuron and large_gradient: what was measured, and its closed form beside it."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from dying_relu import theory
from dying_relu.datasets import DATASETS, PULL
from dying_relu.estimands.common import NETWORK, confirmatory
from dying_relu.estimands.single_unit import JUDGED_ON, OUTCOMES, death_on, outcomes, pushed, solution
from dying_relu.figure_data.common import Tables, exact_interval, kind, summarise

_PULL = -2 * PULL  # G over the rate, in the data sets pull_down_<d>: twice the distance of the target
_DEVIATION, _MEAN = 0.05, 0.1  # of the pre-activation at the start of large_gradient
_RATE = 0.01  # of the paths that are drawn


@kind("trajectory", "history", grids=("map",))
def unit_paths(tables: Tables) -> pd.DataFrame:
    """Weight and loss over time from many starts, one seed, with the path of the population loss beside it."""
    path = _first_seed(confirmatory(tables["trajectory"]))
    path = path[path["grid"].isin(["map", "starts", "optimizers"]) & (path["learning_rate"] == _RATE)]
    rows = path.merge(tables["history"][[*NETWORK, "step", "train_loss"]], on=[*NETWORK, "step"])
    parts = []
    for (optimizer, start), part in rows.groupby(["optimizer", "init_scale"], observed=True):
        expected = theory.population_path(optimizer, start, _RATE, int(part["step"].max()))
        parts.append(part.assign(theory=expected[part["step"].to_numpy()]))
    columns = ["optimizer", "init_scale", "step", "epoch", "unit_weight", "train_loss", "theory"]
    return pd.concat(parts)[columns].sort_values(columns[:3], ignore_index=True)


@kind("networks", "history", "units", "trajectory", grids=("map",))
def unit_map(tables: Tables) -> pd.DataFrame:
    """Share of each outcome for each start, rate and optimiser; and where theory says that a unit crosses zero."""
    frame = confirmatory(outcomes(tables))
    frame = frame[frame["grid"] == "map"]
    cell = ["optimizer", "init_scale", "learning_rate"]
    shares = [
        (frame["outcome"] == name).groupby([frame[key] for key in cell], observed=True).mean().rename(name)
        for name in OUTCOMES
    ]
    table = pd.concat(shares, axis=1).reset_index()
    return table.assign(theory_rate=table["optimizer"].astype(str).map(_crossing_rate))


@kind("networks", "history", "units", "trajectory", grids=("bias",))
def unit_surface(tables: Tables) -> pd.DataFrame:
    """Paths in (weight, bias) of one seed, with the outcome of each."""
    cells = confirmatory(outcomes(tables))
    cells = _first_seed(cells[cells["grid"] == "bias"])
    path = tables["trajectory"].merge(cells[[*NETWORK, "outcome"]], on=NETWORK)
    network = path.groupby(["init_scale", "bias"], observed=True).ngroup()
    columns = ["network", "step", "unit_weight", "unit_bias", "outcome"]
    return path.assign(network=network)[columns].sort_values(columns[:2], ignore_index=True)


@kind("networks", "history", "units", "trajectory", grids=("output",))
def unit_flips(tables: Tables) -> pd.DataFrame:
    """Final weights of units with bias and output layer, the flip each ended in, and the share of that flip."""
    cells = confirmatory(outcomes(tables))
    cells = cells[(cells["grid"] == "output") & ~cells["diverged"]]
    cells = cells.assign(solution=solution(cells))
    counts = cells.groupby(["activation", "solution"], observed=True).size().rename("events").reset_index()
    counts["n"] = counts.groupby("activation", observed=True)["events"].transform("sum")
    ends = [exact_interval(row.events, row.n) for row in counts.itertuples()]
    counts = counts.assign(
        share=counts["events"] / counts["n"], ci_low=[e[0] for e in ends], ci_high=[e[1] for e in ends]
    )
    columns = [
        "activation",
        "seed",
        "solution",
        "unit_weight",
        "unit_bias",
        "output_weight",
        "output_bias",
        "train_loss",
    ]
    return cells[columns].merge(counts, on=["activation", "solution"]).sort_values(columns[:2], ignore_index=True)


@kind("networks", "history", "units", "trajectory", grids=("steps", "activations"))
def unit_theory(tables: Tables) -> pd.DataFrame:
    """Two measured curves over their closed forms: learned share against the rate, final weight against the slope."""
    frame = confirmatory(outcomes(tables))
    steps = frame[frame["grid"] == "steps"]
    learned = summarise(steps.assign(value=(steps["outcome"] == "learned").astype(float)), ["learning_rate"])
    exact = [exact_interval(round(row.mean_ * row.n), row.n) for row in _counted(learned)]
    budget, batch = steps["epochs"].iloc[0] * DATASETS["relu_target"].steps, steps["batch_size"].iloc[0]
    jump = theory.jump_probability(learned["learning_rate"].to_numpy(), budget, batch, start=-10)
    stable = learned["learning_rate"] < theory.STABLE_RATE
    learned = learned.rename(columns={"learning_rate": "x"}).assign(
        panel="rate",
        side="",
        budget=budget,
        batch_size=batch,
        theory=np.where(stable, jump, 0.0),
        ci_low=[e[0] for e in exact],
        ci_high=[e[1] for e in exact],
    )
    leaky = frame[(frame["grid"] == "activations") & frame["activation"].astype(str).str.startswith("leaky")]
    leaky = leaky.assign(
        x=leaky["activation"].astype(str).str.rpartition("_")[2].astype(float),
        side=np.where(leaky["init_scale"] > 0, "from the right side", "from the wrong side"),
        value=leaky["unit_weight"],
    )
    ends = summarise(leaky, ["x", "side"]).assign(panel="slope")
    ends["theory"] = [
        theory.leaky_minimiser(row.x, wrong_side=row.x < 0 and row.side == "from the wrong side")
        for row in ends.itertuples()
    ]
    return pd.concat([learned, ends], ignore_index=True)


@kind("trajectory", grids=("one",))
def closing(tables: Tables) -> pd.DataFrame:
    """Death probability and activity rate after a push of a total size, in one step or several, beside theory."""
    moved = confirmatory(pushed(tables["trajectory"]))
    moved = moved.assign(
        total=(moved["learning_rate"] * _PULL * moved["epochs"]).round(6),
        steps=moved["epochs"],
        features=moved["dataset"].astype(str).str.rpartition("_")[2].astype(int),
    )
    cell = ["scaling", "features", "steps", "total"]
    parts = []
    measures = {"p_dead": partial(theory.death_probability, n=JUDGED_ON), "activity_rate": theory.activity_rate}
    for measure, expected in measures.items():
        part = summarise(moved.assign(value=moved[measure]), cell)
        part["theory"] = [_expected(row, expected, row.total, row.steps) for row in part.itertuples()]
        parts.append(part.assign(measure=measure))
    return pd.concat(parts, ignore_index=True)


@kind("trajectory", grids=("one",))
def closing_samples(tables: Tables) -> pd.DataFrame:
    """Death probability after one large step against the number of inputs on which it is judged."""
    moved = confirmatory(pushed(tables["trajectory"]))
    moved = moved[(moved["grid"] == "one") & (moved["learning_rate"] == moved["learning_rate"].max())]
    push = moved["learning_rate"].max() * _PULL
    parts = []
    for n in (1, 10, 50, 100, 500, 1500, 5000, 10_000):
        values = death_on(moved, n).assign(value=lambda frame: frame["p_dead"], n=n)
        parts.append(summarise(values, ["scaling", "dataset", "n"]))
    table = pd.concat(parts, ignore_index=True)
    table["features"] = table["dataset"].astype(str).str.rpartition("_")[2].astype(int)
    table["theory"] = [
        _expected(row, partial(theory.death_probability, n=row.n), push, 1) for row in table.itertuples()
    ]
    return table


def _expected(row: object, measure: Callable, total: float, steps: int) -> float:
    """What theory expects of a measure of mean and deviation, over the units that took a step."""
    input_mean = 0.0 if row.scaling == "centred" else 1.0
    probability, mean, deviation = theory.after_steps(total, steps, _MEAN, _DEVIATION, row.features, input_mean)
    return float(probability @ measure(mean, deviation))


def _crossing_rate(optimizer: str) -> float:
    """The rate above which a unit on the wrong side crosses zero, where it is known."""
    known = {
        "sgd": theory.JUMP_RATE,
        "momentum": theory.heavy_ball_threshold(),
        "nesterov": theory.heavy_ball_threshold(nesterov=True),
    }
    return known.get(optimizer, np.nan)


def _first_seed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["seed"] == frame["seed"].min()]


def _counted(learned: pd.DataFrame):
    return learned.rename(columns={"mean": "mean_", "n_seeds": "n"}).itertuples()
