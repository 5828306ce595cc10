"""The numbers and tables that the section on one unit speaks of."""

import numpy as np
import pandas as pd

from dying_relu import theory
from dying_relu.datasets import DATASETS
from dying_relu.estimands.common import confirmatory, last
from dying_relu.estimands.single_unit import FLAT, LEARNED, OUTCOMES, outcomes
from dying_relu.figure_data.single_unit import unit_flips
from dying_relu.labels import OPTIMIZER_NAMES, activation_name
from dying_relu.latex import bracket, number, percent, tabular
from dying_relu.numbers.common import Tables, section

_LONG = ["long", "long_near"]  # grids with the long budget
_STEPS = DATASETS["relu_target"].steps  # an epoch
_SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@section("networks", "history", "units", "trajectory")
def single_neuron(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    cells = confirmatory(outcomes(found))
    tables = {
        "budgets": _budgets_table(cells),
        "flips": _flips_table(unit_flips(found)),
        "slopes": _slopes_table(cells),
    }
    path = found["trajectory"]
    steps = cells[cells["grid"] == "steps"]
    return _theory_numbers(int(steps["epochs"].max()) * _STEPS, int(steps["batch_size"].max())) | _cell_numbers(
        cells
    ) | _float_numbers(path) | _turning_numbers(path), tables


def _theory_numbers(budget: int, batch_size: int) -> dict[str, str]:
    rates = np.linspace(0.5, 1, 5001)
    exact, single = (theory.jump_probability(rates, budget, batch_size, start=start) for start in (None, -10))
    return {
        "excess": number(LEARNED, 2),
        "flat": number(FLAT),
        "momentum.threshold": number(theory.heavy_ball_threshold(), 2),
        "nesterov.threshold": number(theory.heavy_ball_threshold(nesterov=True), 2),
        "momentum.crossing": number(round(theory.heavy_ball_crossing(0.01))),
        "jump.exact": number(float(np.interp(0.5, exact, rates)), 2),
        "jump.half": number(float(np.interp(0.5, single, rates)), 2),
        "jump.steps": number(round(float(theory.steps_until_frozen(-10, 0.85, batch_size)))),
        "leaky.best": number(theory.leaky_minimiser(0.3)),
        "leaky.loss": number(float(theory.leaky_loss(theory.leaky_minimiser(0.3), 0.3)), 2),
        "leaky.loss.one": number(float(theory.leaky_loss(1.0, 0.3)), 2),
        "trap": number(theory.leaky_minimiser(-0.1, wrong_side=True), 2),
        "deep.growth": number(theory.layer_gain(-1.5) ** 20, 2),
        "linear.loss": number(theory.LINEAR_LOSS, 2),
        "constant.loss": number(theory.CONSTANT_LOSS, 2),
    }


def _cell_numbers(cells: pd.DataFrame) -> dict[str, str]:
    learned = cells["outcome"] == "learned"
    values = {}
    for name, grids in (("short", ["starts", "optimizers"]), ("long", ["long"])):
        here = cells["grid"].isin(grids) & (cells["init_scale"] == -10)
        for optimizer in ("sgd", "momentum", "adam", "amsgrad"):
            values[f"{name}.{optimizer}"] = percent(learned[here & (cells["optimizer"] == optimizer)].mean())
        values[f"{name}.epochs"] = number(int(cells["epochs"][here].max()))
    steps = cells[cells["grid"] == "steps"]
    by_rate = (steps["outcome"] == "learned").groupby(steps["learning_rate"]).mean()
    jumping = by_rate[by_rate >= 0.5]
    values["jump.measured"] = number(jumping.index.min() if len(jumping) else np.nan, 2)
    values["jump.unstable"] = number(by_rate.index[by_rate.index > theory.STABLE_RATE].min(), 3)
    wrong = cells["init_scale"] < 0
    for activation in ("leaky_relu_-0.1", "leaky_relu_0.3", "softplus"):
        here = (cells["grid"] == "activations") & wrong & (cells["activation"] == activation)
        values[f"{activation}.weight"] = number(cells["unit_weight"][here].mean())
    stuck = cells[(cells["grid"] == "bias_long")]
    values["bias.dead"] = percent((stuck["activity_rate"] == 0).mean())
    values["bias.weight"] = number(stuck["unit_weight"].median(), 2)
    values["bias.bias"] = number(stuck["unit_bias"].median(), 2)
    return values


def _float_numbers(trajectory: pd.DataFrame) -> dict[str, str]:
    """Where plain SGD from the wrong side stands at the end of the long budget, in single precision."""
    end = confirmatory(last(trajectory))
    end = end[end["grid"].isin(_LONG) & (end["optimizer"] == "sgd")]
    size = end["unit_weight"].abs()
    steps = (end["epochs"] * _STEPS).iloc[0]
    return {
        "float.zero": number(int((size == 0).sum())),
        "float.subnormal": number(int(((size > 0) & (size < _SMALLEST_NORMAL)).sum())),
        "float.runs": number(len(end)),
        "float.median": number(float(size.median()), 2),
        "float.tiny": number(_SMALLEST_NORMAL, 2),
        "float.expected": number(10 * 10 ** max(-300.0, float(steps * np.log10(1 - 0.01))), 2),
    }


def _turning_numbers(trajectory: pd.DataFrame) -> dict[str, str]:
    """By how many degrees the paths of wrong-side starts with a bias turn in all; a circle is 360."""
    path = confirmatory(trajectory)
    path = path[path["grid"] == "bias_long"].sort_values("step", kind="stable")
    turned = []
    for _, part in path.groupby(["seed", "init_scale"]):
        moves = np.diff(part[["unit_weight", "unit_bias"]].to_numpy(float), axis=0)
        moves = moves[np.linalg.norm(moves, axis=1) > 1e-3]
        angles = np.unwrap(np.arctan2(moves[:, 1], moves[:, 0]))
        turned.append(np.degrees(np.abs(np.diff(angles)).sum()))
    return {"bias.turning": number(round(float(np.median(turned)))), "bias.turning.most": number(round(max(turned)))}


def _budgets_table(cells: pd.DataFrame) -> str:
    rows = []
    chosen = cells[cells["grid"].isin(["starts", "optimizers", *_LONG]) & cells["init_scale"].isin([-10, -1])]
    for (start, optimizer, epochs), part in sorted(
        chosen.groupby(["init_scale", "optimizer", "epochs"], observed=True),
        key=lambda item: (item[0][0], list(OPTIMIZER_NAMES).index(item[0][1]), item[0][2]),
    ):
        shares = [percent((part["outcome"] == name).mean()) for name in OUTCOMES]
        weight = number(part["unit_weight"].median(), 2)
        rows.append([f"${start:g}$", OPTIMIZER_NAMES[optimizer], str(epochs), *shares, weight])
    head = ["start", "optimiser", "epochs", *OUTCOMES, "median weight"]
    return tabular(head, rows, "llrrrrrr")


def _flips_table(flips: pd.DataFrame) -> str:
    rows = []
    for (activation, solution), part in flips.groupby(["activation", "solution"], observed=True):
        interval = bracket(part["ci_low"].iloc[0], part["ci_high"].iloc[0])
        rows.append(
            [
                activation_name(activation),
                solution,
                percent(part["share"].iloc[0]),
                interval,
                number(part["train_loss"].median(), 2),
            ]
        )
    return tabular(["activation", "ended", "share", "interval", "median loss"], rows, "llrrr")


def _slopes_table(cells: pd.DataFrame) -> str:
    rows = []
    chosen = cells[(cells["grid"] == "activations") & cells["init_scale"].isin([-10, 10])]
    for (activation, start), part in chosen.groupby(["activation", "init_scale"], observed=True):
        expected = "--"
        if activation.startswith("leaky"):
            slope = float(activation.rpartition("_")[2])
            expected = number(theory.leaky_minimiser(slope, wrong_side=slope < 0 and start < 0))
        learned = percent((part["outcome"] == "learned").mean())
        loss = number(part["train_loss"].mean(), 2)
        rows.append(
            [activation_name(activation), f"${start:g}$", number(part["unit_weight"].mean()), expected, loss, learned]
        )
    return tabular(["activation", "start", "final weight", "closed form", "loss", "learned"], rows, "llrrrr")
