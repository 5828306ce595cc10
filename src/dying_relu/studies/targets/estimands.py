"""Estimands of the study targets.

Three parts, told by the names of their grids: ``opening_...``, closed units under decay; ``decay_...``, digits under
decay; and the others, regressions with scaled targets. Each gives a map over all its conditions.
"""

import math
from functools import cache

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, grouped, matching, treated
from dying_relu.analysis.rates import on_scale
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.settings import SETTINGS
from dying_relu.engine import datasets
from dying_relu.studies.targets import theory

AS_IT_IS, EFFECTIVE = ("as it is", "divided by 1 - momentum")  # levels of ``rate``: what two rates have in common
DECAYS = ["weight_decay", "decoupled_decay"]


def part(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of a part of the study: ``opening``, ``decay`` or ``targets``."""
    rows = treated(frame)
    first = rows["grid"].astype(str).str.split("_").str[0]
    return rows[first == name] if name != "targets" else rows[~first.isin(["opening", "decay"])]


def dead_with_scaled_targets(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with scaled targets less that with targets of deviation one, same rate."""
    networks = part(tables["networks"], "targets")
    found = maps.of(networks, networks["dead_fraction"])
    one, scaled = found[found["target_scale"] == 1], found[found["target_scale"] != 1]
    compared = maps.pair(scaled, maps.repeated(one, scaled, "target_scale"), [])
    return on_scale(compared, matching(networks, target_scale=1).drop(columns="target_scale"))


def dead_with_momentum(tables: Tables) -> pd.DataFrame:
    """Dead fraction with momentum less that of plain SGD; ``learning_rate`` is that with momentum.

    By ``rate``, what the two have in common: the rate as it is, or divided by one less the momentum, the length of the
    steps under a steady gradient.
    """
    networks = part(tables["networks"], "targets")
    found = maps.of(networks, networks["dead_fraction"])
    optimizer = found["optimizer"].astype(str)
    plain, heavy = found[optimizer == "sgd"], found[optimizer.map(lambda name: 0 < momentum(name) < 1)]
    free = 1 - heavy["optimizer"].astype(str).map(momentum).astype(float)
    parts = []
    for rate, common in ((AS_IT_IS, heavy["learning_rate"]), (EFFECTIVE, heavy["learning_rate"] / free)):
        arm = heavy.assign(rate=rate, common=common.round(9))
        base = plain.assign(rate=rate, common=plain["learning_rate"].round(9)).drop(columns="learning_rate")
        parts.append(maps.pair(arm, maps.repeated(base, arm, "optimizer", "learning_rate"), []))
    return pd.concat(parts, ignore_index=True).drop(columns="common")


def dead_with_decay(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with decay, coupled or decoupled, less that without, same optimiser and rate."""
    networks = part(tables["networks"], "decay")
    found = maps.of(networks, networks["dead_fraction"])
    free = (found[DECAYS] == 0).all(axis=1)
    return maps.pair(found[~free], maps.repeated(found[free], found[~free], *DECAYS), [])


def opening_step_over_predicted(tables: Tables) -> pd.DataFrame:
    """The first measured step with an open unit over that of the closed form, `predicted`.

    Infinite where none opened in training though one should, zero where one opened that never should; missing where
    none should and none did, and where there is no closed form.
    """
    found = openings(tables["activity"])
    opened, expected = found["value"], found["predicted"]
    ratio = (opened / expected).where(opened.notna(), np.inf).where(~(opened.isna() & np.isinf(expected)))
    return maps.of(found, ratio.where(expected.notna()), found["diverged"])


def opening_step_strong_over_weak(tables: Tables) -> pd.DataFrame:
    """The first measured step with an open unit at the strongest coupled penalty over that at the weakest.

    Infinite or zero where one of the two alone opens in training, missing where neither does.
    """
    found = openings(tables["activity"])
    coupled = found[(found["weight_decay"] > 0) & (found["decoupled_decay"] == 0)].drop(columns="predicted")
    never = coupled["value"].isna() & ~coupled["diverged"]
    coupled = coupled.assign(value=coupled["value"].mask(never, np.inf))
    strengths = coupled["weight_decay"]
    strong, weak = (coupled[strengths == edge] for edge in (strengths.max(), strengths.min()))
    return maps.pair(strong, weak, ["weight_decay"], "ratio")


def openings(activity: pd.DataFrame) -> pd.DataFrame:
    """A map of the first measured step at which a unit is open, missing where none is; with ``predicted``."""
    rows = part(activity, "opening")
    closed, steps = rows["n_closed"].astype(float), rows["step"].astype(float)
    rows = rows.assign(opened=steps.where(closed < rows["n_units"]), lost=closed.isna())
    keys = [*(key for key in SETTINGS if key in rows), "phase", "seed"]
    sums = grouped(rows, keys).agg(opened=("opened", "min"), lost=("lost", "any"), last=("step", "max")).reset_index()
    found = maps.of(sums, sums["opened"], sums["lost"] & sums["opened"].isna())
    expected = [predicted(row, int(last)) for row, last in zip(sums.to_dict("records"), sums["last"], strict=True)]
    return found.assign(predicted=np.array(expected, float))


def predicted(settings: dict[str, object], last: int) -> float:
    """The step at which decay alone opens a unit whose kernel starts at ``init_scale`` < 0 throughout, on raw features.

    Infinite if not until the last step; missing where `theory` has no closed form.
    """
    names = ("dataset", "optimizer", "learning_rate", *DECAYS, "decoupled_biases", "bias", "init_scale", "seed")
    return _predicted(*(settings[name] for name in names), last)  # type: ignore[arg-type]


@cache
def _predicted(
    dataset: str,
    optimizer: str,
    rate: float,
    coupled: float,
    decoupled: float,
    biases: bool,
    bias: float,
    start: float,
    seed: int,
    last: int,
) -> float:
    x = datasets.load(dataset).x[datasets.split(dataset, "targets", seed).train]
    lowest = -start * float(
        x.sum(axis=1).min()
    )  # all weights alike: the largest w.x over the training set, less its sign
    if dataset != "friedman" or lowest <= 0 or (coupled and decoupled) or (coupled and optimizer not in _COUPLED):
        return math.nan
    if not bias > 0 or not (coupled or decoupled) or (decoupled and biases):
        return math.inf
    shrunk = _COUPLED[optimizer](rate, coupled, last) if coupled else theory.shrunk_decoupled(rate, decoupled, last)
    return theory.opening_step(shrunk, lowest, bias)


_COUPLED = {"sgd": theory.shrunk_sgd, "adam": theory.shrunk_adam}


def momentum(optimizer: str) -> float:
    """The momentum of SGD by an optimiser's name: 0 without, missing for other optimisers, Nesterov's among them."""
    entry = OPTIMIZERS[optimizer]
    plain = entry.kind == "SGD" and set(entry.config) <= {"momentum"}
    return float(entry.config.get("momentum", 0.0)) if plain else math.nan  # type: ignore[arg-type]
