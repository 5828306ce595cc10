"""Estimands of the study large_gradient: an open unit, its pre-activation a narrow Gaussian; steps that close it."""

import numpy as np
import pandas as pd
from scipy import special

from dying_relu.analysis import arms, maps
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, last, matching
from dying_relu.design.datasets import DATASETS

JUDGED_ON = 1500  # inputs on which a unit is called dead: the reference training set
MEAN, DEVIATION = 0.1, 0.05  # of the pre-activation at the start
_PULLED = [name for name, info in DATASETS.items() if info.target is not None]
_NAMES = {"dataset": _PULLED, "activation": "relu", "optimizer": "sgd", "initializer": "zero_sum", "batch_size": 1}


def as_designed(trajectory: pd.DataFrame, **levels: object) -> pd.DataFrame:
    """The rows of ReLU units that plain SGD pulls down, one sample a step, from the mean and deviation designed.

    Where there are other means or deviations, the nearest count; what else differs is left out.
    """
    mean = levels.pop("bias", MEAN)
    return arms.nearest(matching(trajectory, **_NAMES, **levels), {"bias": mean, "init_scale": DEVIATION})


def death_probability_one_step(tables: Tables) -> pd.DataFrame:
    """Probability that the step closes a unit, open on its sample, on `JUDGED_ON` inputs."""
    moved = matching(pushed(tables["trajectory"]), grid="one")
    return maps.of(moved, moved["p_dead"], _none(moved))


def activity_fall_after_shift(tables: Tables) -> pd.DataFrame:
    """Activity rate of a unit with pre-activation N(0.1, 0.05^2) less that with the mean moved by -0.2."""
    start = matching(tables["trajectory"], step=0, scaling="centred")
    before, after = as_designed(start, grid="one"), as_designed(start, grid="shifted", bias=MEAN - 0.2)
    before = before[before["learning_rate"].isin(before["learning_rate"].unique()[:1])]
    parts = [maps.of(rows, rows["activity_rate"], _none(rows)) for rows in (before, after)]
    return maps.pair(*parts, ["bias", "learning_rate", "init_scale"])


def staged_less_single_death(tables: Tables) -> pd.DataFrame:
    """Death probability after 64 steps less that after the first of them."""
    trajectory = as_designed(tables["trajectory"], grid="sixtyfour")
    staged, first = death_on(last(trajectory)), death_on(matching(trajectory, step=1))
    both = staged.merge(first[[*NETWORK, "p_dead"]], on=NETWORK, suffixes=("", "_first"))
    return maps.of(both, both["p_dead"] - both["p_dead_first"], _none(both))


def distance_exponent(tables: Tables) -> pd.DataFrame:
    """Power of the number of steps with which the distance that a unit's bias has moved grows, while it is mostly open.

    The slope of log distance on log steps over the measured moments from the first step on, before the first at which
    fewer than half of the inputs find it open; missing with fewer than three. With centred inputs the bias is the mean
    of the pre-activation. One is a drift, one half a random walk.
    """
    rows = as_designed(tables["trajectory"], grid="sixtyfour").sort_values("step", kind="stable", ignore_index=True)
    start = matching(rows, step=0)[[*NETWORK, "unit_bias"]]
    rows = rows.merge(start, on=NETWORK, suffixes=("", "_start"))
    lowest = grouped(rows, NETWORK)["activity_rate"].cummin().astype(float)
    distance = (rows["unit_bias"] - rows["unit_bias_start"]).abs().astype(float)
    used = (lowest >= 0.5) & (distance > 0)
    x, y = (np.log(values.astype(float).where(used)) for values in (rows["step"], distance))
    sums = rows[[*NETWORK, "phase"]].assign(n=used, x=x, y=y, xx=x * x, xy=x * y, lost=rows["unit_bias"].isna())
    found = grouped(sums, [*NETWORK, "phase"]).agg({**dict.fromkeys(["n", "x", "y", "xx", "xy"], "sum"), "lost": "any"})
    found = found.reset_index()
    n = found["n"].where(found["n"] >= 3).astype(float)
    slope = (n * found["xy"] - found["x"] * found["y"]) / (n * found["xx"] - found["x"] ** 2)
    return maps.of(found, slope, found["lost"])


def _none(frame: pd.DataFrame) -> pd.Series:
    """None of the rows diverged: a unit is pulled for a few steps and its trajectory ends where it is no longer
    finite."""
    return pd.Series(False, frame.index)


def starts(trajectory: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Confirmatory units before the first step: as designed, and with the mean moved by -0.2."""
    start = matching(confirmatory(trajectory), step=0)
    return as_designed(start, grid="one"), as_designed(start, grid="shifted", bias=MEAN - 0.2)


def death_on(trajectory: pd.DataFrame, n: int = JUDGED_ON) -> pd.DataFrame:
    """The rows with ``p_dead``: the probability that n of the measured inputs, drawn at random, all find it closed.

    With K of the N measured inputs open: C(N - K, n) / C(N, n), the hypergeometric chance of drawing none. Missing
    where fewer than n were measured.
    """
    total = trajectory["dataset"].astype(object).map(lambda name: DATASETS[name].n_train).to_numpy(float)
    open_ = np.rint(trajectory["activity_rate"].to_numpy(float) * total)
    closed, left = total - open_, np.maximum(total - n, 0)
    log_p = (
        special.gammaln(closed + 1)
        - special.gammaln(np.maximum(closed - n, 0) + 1)
        - special.gammaln(total + 1)
        + special.gammaln(left + 1)
    )
    drawn = np.where(closed >= n, np.exp(np.minimum(log_p, 0)), 0.0)
    return trajectory.assign(p_dead=np.where((total >= n) & np.isfinite(open_), drawn, np.nan))


def pushed(trajectory: pd.DataFrame) -> pd.DataFrame:
    """Final rows of the units that took at least one step, with ``p_dead``, ``features``, ``steps`` (those offered) and
    ``total``, the push G of a step through an open unit times the steps.

    A unit that its first samples all find closed gets no gradient and stands where it stood. The target y lies so far
    below that G = 2 |y| times the rate.
    """
    unshifted = trajectory[trajectory["grid"] != "shifted"]
    trajectory = as_designed(unshifted)
    if len(trajectory) < len(unshifted):
        print("large_gradient: units that start or are trained otherwise than designed are left out")
    start = matching(trajectory, step=0)[[*NETWORK, "unit_bias"]]
    both = death_on(last(trajectory)).merge(start, on=NETWORK, suffixes=("", "_start"))
    moved = both[both["unit_bias"] < both["unit_bias_start"]].reset_index(drop=True)
    info = moved["dataset"].astype(object).map(DATASETS)
    steps = moved["epochs"] * info.map(lambda entry: entry.steps).astype(int)
    pull = info.map(lambda entry: -2 * entry.target).astype(float)
    features = info.map(lambda entry: entry.n_features).astype(int)
    return moved.assign(steps=steps, features=features, total=(moved["learning_rate"] * pull * steps).round(6))
