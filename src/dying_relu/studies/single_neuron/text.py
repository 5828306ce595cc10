"""The numbers and tables that the section on one unit speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import theory
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, last, matching
from dying_relu.design.catalogue import ACTIVATIONS, OPTIMIZERS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column, interval
from dying_relu.studies.single_neuron.estimands import (
    FLAT,
    LEARNED,
    LONG,
    OUTCOMES,
    RATE,
    START,
    as_told,
    outcomes,
    turned,
    wrong_side,
)
from dying_relu.studies.single_neuron.tables import jumping, resting, unit_flips

_LEAKY, _NEGATIVE = "leaky_relu_0.3", "leaky_relu_-0.1"
_BUDGETS = ("starts", "optimizers", "long", "long_near")  # grids


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    cells, paths = confirmatory(outcomes(tables)), confirmatory(tables["trajectory"])
    slope = ACTIVATIONS[_LEAKY].slope
    trapped = wrong_side(as_told(cells, grid="activations", activation=_NEGATIVE))
    return {
        "excess": LEARNED,
        "flat": FLAT,
        "momentum.threshold": theory.crossing_rate("momentum"),
        "nesterov.threshold": theory.crossing_rate("nesterov"),
        "momentum.crossing": theory.heavy_ball_crossing(RATE),
        "leaky.best": theory.leaky_minimiser(slope),
        "leaky.loss": float(theory.leaky_loss(theory.leaky_minimiser(slope), slope)),
        "leaky.loss.one": float(theory.leaky_loss(1.0, slope)),
        f"{_NEGATIVE}.weight": trapped["unit_weight"].mean(),
        "trap": theory.leaky_minimiser(ACTIVATIONS[_NEGATIVE].slope, wrong_side=True),
        "deep.growth": theory.layer_gain(-1.5) ** 20,
        "linear.loss": theory.LINEAR_LOSS,
        "constant.loss": theory.CONSTANT_LOSS,
        **_jumps(jumping(cells)),
        **_optimisers(cells),
        **_single_precision(paths),
        **_with_bias(cells, paths),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    cells = confirmatory(outcomes(found))
    return {"budgets": _budgets(cells), "flips": _flips(unit_flips(found)), "slopes": _slopes(cells)}


def _jumps(rates: pd.DataFrame) -> Made:
    """The rate at which half of the units jump: by theory, without and with single precision, and of those tried."""
    half = rates[rates["events"] / rates["n"] >= 0.5]
    found = {"jump.measured": half["learning_rate"].min()}
    if rates.empty:
        return {**found, "jump.exact": None, "jump.half": None, "jump.steps": None}
    budget, batch_size = int(rates["budget"].max()), int(rates["batch_size"].max())
    fine = np.linspace(0.5, 1, 5001)
    exact, single = (theory.jump_probability(fine, budget, batch_size, start) for start in (None, START))
    return {
        **found,
        "jump.exact": float(np.interp(0.5, exact, fine)),
        "jump.half": float(np.interp(0.5, single, fine)),
        "jump.steps": float(theory.steps_until_frozen(START, 0.85, batch_size)),
    }


def _optimisers(cells: pd.DataFrame) -> Made:
    """Share of the units from -10 that learn, by optimiser and budget."""
    wanted = {"short": ("momentum", "adam", "amsgrad"), "long": ("adam", "amsgrad")}
    short = as_told(cells, "optimizer", grid=("starts", "optimizers"), init_scale=START)
    long = as_told(cells, "optimizer", grid="long", init_scale=START, epochs=LONG)
    return {
        **{
            f"{name}.{optimizer}": matching(here, optimizer=optimizer)["learned"].mean()
            for name, here in (("short", short), ("long", long))
            for optimizer in wanted[name]
        },
        "long.epochs": long["epochs"].max(),
    }


def _single_precision(paths: pd.DataFrame) -> Made:
    """Where plain SGD from the wrong side stands after the long budget, and where it would in exact arithmetic."""
    end = last(as_told(paths, grid=("long", "long_near"), epochs=LONG))
    return {
        "float.expected": abs(START) * (1 - end["learning_rate"].max()) ** end["step"].max(),
        "float.median": end["unit_weight"].abs().median(),
        "float.runs": len(end),
    }


def _with_bias(cells: pd.DataFrame, paths: pd.DataFrame) -> Made:
    """Where starts on the wrong side end with a bias that starts at zero, and how far their paths turn at most."""
    ends, paths = (wrong_side(as_told(frame, grid="bias_long", epochs=LONG, bias=0.0)) for frame in (cells, paths))
    turns = [turned(path) for _, path in grouped(paths.sort_values("step", kind="stable"), NETWORK)]
    return {
        "bias.dead": (ends["activity_rate"] == 0).mean(),
        "bias.weight": ends["unit_weight"].median(),
        "bias.bias": ends["unit_bias"].median(),
        "bias.turning.most": max(turns, default=np.nan),
    }


def _budgets(cells: pd.DataFrame) -> Table:
    """Outcomes by start on the wrong side, optimiser and budget."""
    chosen = wrong_side(as_told(cells, "optimizer", "epochs", grid=_BUDGETS))
    rows = []
    for optimizer, entry in OPTIMIZERS.items():
        for (start, epochs), part in matching(chosen, optimizer=optimizer).groupby(["init_scale", "epochs"]):
            shares = {name: (part["outcome"] == name).mean() for name in OUTCOMES}
            rows.append({"start": start, "optimiser": entry.name, "epochs": epochs, **shares})
            rows[-1]["weight"] = part["unit_weight"].median()
    columns = [
        column("start", "start", "setting"),
        column("optimiser", "optimiser"),
        column("epochs", "epochs", "count"),
    ]
    columns += [column(name, name, "share") for name in OUTCOMES]
    columns += [column("median weight", "weight", "rough number")]
    rows = sorted(rows, key=lambda row: row["start"])
    return Table(pd.DataFrame(rows), columns)


def _flips(flips: pd.DataFrame) -> Table:
    """Where units with output layer end, by activation."""
    rows = [
        {**part.iloc[0], "activation": ACTIVATIONS[activation].name, "loss": part["train_loss"].median()}
        for (activation, _), part in flips.groupby(["activation", "solution"], observed=True)
    ]
    columns = [
        column("activation", "activation"),
        column("ended", "solution"),
        column("share", "share", "share"),
        interval("interval", "ci_low", "ci_high", "share"),
        column("median loss", "loss", "rough number"),
    ]
    return Table(pd.DataFrame(rows), columns)


def _slopes(cells: pd.DataFrame) -> Table:
    """Where units end from the outermost starts on either side, by activation."""
    frame = as_told(cells, "activation", grid="activations")
    chosen = matching(frame, init_scale=(frame["init_scale"].min(), frame["init_scale"].max()))
    rows = []
    for name, entry in ACTIVATIONS.items():
        for start, part in matching(chosen, activation=name).groupby("init_scale"):
            side = "from the right side" if start > 0 else "from the wrong side"
            rest = None if entry.slope is None else resting(entry.slope, side)
            row = {"activation": entry.name, "start": start, "weight": part["unit_weight"].mean(), "rest": rest}
            rows.append(row | {"loss": part["train_loss"].mean(), "learned": part["learned"].mean()})
    columns = [
        column("activation", "activation"),
        column("start", "start", "setting"),
        column("final weight", "weight", "number"),
        column("closed form", "rest", "number"),
        column("loss", "loss", "rough number"),
        column("learned", "learned", "share"),
    ]
    return Table(pd.DataFrame(rows), columns)
