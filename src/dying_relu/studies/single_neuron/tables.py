"""Tables behind the figures of the study single_neuron: what was measured, and its closed form beside it."""

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, theory
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, matching
from dying_relu.analysis.intervals import REAL, exact_interval, summarise
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.design.datasets import DATASETS
from dying_relu.studies.single_neuron.estimands import FLIPS, OUTCOMES, START, as_told, outcomes, solution

EPOCH = DATASETS["relu_target"].steps
_FLIPS_RATE = 0.1  # ten times that of the text


def unit_paths(tables: Tables) -> pd.DataFrame:
    """Weight and loss over time from many starts, one seed, with the path of the population loss beside it."""
    path = as_told(confirmatory(tables["trajectory"]), "optimizer", grid=("map", "starts", "optimizers"))
    path = _first_seed(path[path["bias"].isna() & ~path["output_layer"]])
    rows = path.merge(tables["history"][[*NETWORK, "step", "train_loss"]], on=[*NETWORK, "step"]).assign(theory=np.nan)
    cells = rows.groupby(["optimizer", "init_scale", "learning_rate"], observed=True)
    for (optimizer, start, rate), places in cells.groups.items():
        steps = rows.loc[places, "step"].to_numpy(int)
        rows.loc[places, "theory"] = theory.population_path(optimizer, start, rate, steps.max())[steps]
    columns = ["optimizer", "init_scale", "step", "epoch", "unit_weight", "train_loss", "theory"]
    return rows[columns].sort_values(columns[:3], ignore_index=True)


def unit_map(tables: Tables) -> pd.DataFrame:
    """Share of each outcome for each start and rate, by optimiser and whatever else varies (``panel``).

    ``theory_rate``: from which on theory says that a unit on the wrong side crosses zero.
    """
    frame = matching(confirmatory(outcomes(tables)), grid="map")
    keys = ["optimizer", *arms.varying(frame, but=("optimizer", "init_scale", "learning_rate"))]
    known = (frame["model"] == "relu") & frame["bias"].isna() & ~frame["output_layer"]
    frame = frame.assign(
        theory_rate=frame["optimizer"].astype(object).map(theory.crossing_rate).astype(float).where(known),
        **{name: (frame["outcome"] == name).astype(float) for name in OUTCOMES},
    )
    values = [*OUTCOMES, "theory_rate"]
    cells = grouped(frame, [*keys, "init_scale", "learning_rate"])[values].mean().reset_index()
    parts = [
        pd.DataFrame({key: [level] for key, level in arm.items()}).assign(panel=arms.label(arm)).merge(cells, on=keys)
        for arm in arms.listed(cells, keys)
    ]
    return pd.concat(parts, ignore_index=True) if parts else cells


def unit_surface(tables: Tables) -> pd.DataFrame:
    """Paths in (weight, bias) of one seed, with the outcome of each."""
    cells = _first_seed(as_told(confirmatory(outcomes(tables)), grid="bias", output_layer=False).dropna(subset="bias"))
    path = tables["trajectory"].merge(cells[[*NETWORK, "outcome"]], on=NETWORK)
    columns = ["network", "step", "unit_weight", "unit_bias", "outcome"]
    return path.assign(network=grouped(path, NETWORK).ngroup())[columns].sort_values(columns[:2], ignore_index=True)


def unit_flips(tables: Tables) -> pd.DataFrame:
    """Final weights of units with bias and output layer, the flip each ended in, and the share of that flip.

    At a step large enough for most to come near rest.
    """
    told = {"grid": "output", "output_layer": True, "learning_rate": _FLIPS_RATE}
    cells = as_told(confirmatory(outcomes(tables)), "activation", **told)
    cells = cells[~cells["diverged"]]
    cells = cells.assign(solution=solution(cells))
    cells["activation"] = pd.Categorical(cells["activation"].astype(object), list(ACTIVATIONS))
    cells["solution"] = pd.Categorical(cells["solution"], FLIPS)
    counts = cells.groupby(["activation", "solution"], observed=True).size().rename("events").reset_index()
    counts["n"] = counts.groupby("activation", observed=True)["events"].transform("sum")
    weights = ["unit_weight", "unit_bias", "output_weight", "output_bias", "train_loss"]
    table = cells[["activation", "seed", "solution", *weights]].merge(_shares(counts), on=["activation", "solution"])
    return table.sort_values(["activation", "seed"], kind="stable", ignore_index=True)


def unit_theory(tables: Tables) -> pd.DataFrame:
    """Two measured curves over their closed forms: learned share against the rate, final weight against the slope."""
    frame = confirmatory(outcomes(tables))
    return pd.concat([_learned_by_rate(frame), _weight_by_slope(frame)], ignore_index=True)


def jumping(frame: pd.DataFrame) -> pd.DataFrame:
    """For each rate of plain SGD from -10 in the grid ``steps``: ``n`` units, ``events`` of them that learned."""
    steps = as_told(frame, "learning_rate", grid="steps", init_scale=START)
    budget = (steps["epochs"] * EPOCH).rename("budget")
    rates = steps.groupby(["learning_rate", budget, "batch_size"])["learned"].agg(["sum", "size"]).reset_index()
    return rates.rename(columns={"sum": "events", "size": "n"})


def _learned_by_rate(frame: pd.DataFrame) -> pd.DataFrame:
    learned = _shares(jumping(frame)).rename(columns={"learning_rate": "x", "share": "mean"})
    jump = [
        theory.jump_probability(row.x, row.budget, row.batch_size, START) if row.x < theory.STABLE_RATE else 0.0
        for row in learned.itertuples()
    ]
    return learned.assign(panel="rate", side="", n_seeds=learned["n"], theory=np.array(jump, float))


def _weight_by_slope(frame: pd.DataFrame) -> pd.DataFrame:
    leaky = as_told(frame, "activation", grid="activations")
    leaky = leaky.assign(
        x=leaky["activation"].astype(object).map(lambda name: ACTIVATIONS[name].slope).astype(float),
        side=np.where(leaky["init_scale"] > 0, "from the right side", "from the wrong side"),
        value=leaky["unit_weight"],
    )
    leaky = leaky[leaky["x"].abs() <= 1]  # steeper ones are in the table
    ends = summarise(leaky, ["x", "side"], REAL)
    return ends.assign(panel="slope", theory=[resting(row.x, row.side) for row in ends.itertuples()])


def resting(slope: float, side: str) -> float:
    """Where a leaky unit without noise comes to rest; with a positive slope the same from either side."""
    return theory.leaky_minimiser(slope, wrong_side=slope <= 0 and side == "from the wrong side")


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    """With ``share``, ``events`` of ``n``, and its exact interval."""
    ends = [exact_interval(int(row.events), int(row.n)) for row in counts.itertuples()]
    low, high = np.array(ends, float).reshape(-1, 2).T
    return counts.assign(share=counts["events"] / counts["n"], ci_low=low, ci_high=high)


def _first_seed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["seed"] == frame["seed"].min()]
