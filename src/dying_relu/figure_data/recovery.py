"""Tables behind the figures of the study recovery."""

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu.estimands.common import Tables, last
from dying_relu.estimands.recovery import (
    KILLED,
    derivative,
    frozen_depth,
    life_table,
    of_grids,
    proper_factor,
)
from dying_relu.figure_data.common import drawn, kind, summarise
from dying_relu.seeding import integer_seed

_RESAMPLES = 999


@kind("activity", grids=("treatments",))
def recovery_survival(tables: Tables) -> pd.DataFrame:
    """Share of killed units not yet seen open, by layer, treatment and factor, against epochs (`survival`)."""
    rows = life_table(of_grids(drawn(tables["activity"]), *KILLED))
    cells = ["intervention", "rate_factor", "layer"]
    frames = [
        survival(part).assign(**dict(zip(cells, cell, strict=True)))
        for cell, part in rows.groupby(cells, observed=True)
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


@kind("networks", grids=("treatments", "healthy"))
def recovery_accuracy(tables: Tables) -> pd.DataFrame:
    """Test accuracy of each treatment less that of the untreated network of the same seed: killed, and healthy ones.

    Killed ones: at each factor on the rate after the killing; momentum and Adam, whose factors are their own, beside
    the untreated network at the factor best for it.
    """
    networks = drawn(tables["networks"])
    networks = networks[~networks["diverged"]]
    proper = proper_factor(tables["networks"])
    cells = ["state", "intervention", "rate_factor"]
    frames = []
    for state, grids in (("killed", KILLED), ("healthy", ("healthy", "healthy_momentum", "healthy_adam"))):
        here = of_grids(networks, *grids)
        untreated = here[here["intervention"] == "none"]
        others = here[here["intervention"] != "none"]
        same = others["rate_factor"].isin(set(untreated["rate_factor"]))
        beside = others["rate_factor"].where(same & ~_new_optimizer(others), proper if state == "killed" else 1.0)
        others = others.assign(state=state, beside=beside)
        twins = untreated[["seed", "rate_factor", "test_accuracy"]].rename(columns={"rate_factor": "beside"})
        pairs = others.merge(twins, on=["seed", "beside"], suffixes=("", "_untreated"))
        frames.append(pairs.assign(value=pairs["test_accuracy"] - pairs["test_accuracy_untreated"]))
    return summarise(pd.concat(frames, ignore_index=True), cells)


@kind("networks", grids=("regression", "classes"))
def recovery_rates(tables: Tables) -> pd.DataFrame:
    """Against the rate, with dead units resampled every epoch and without: test loss or error, dead, diverged share."""
    networks = of_grids(drawn(tables["networks"]), "regression", "classes")
    cell = ["grid", "intervention", "learning_rate"]
    error = networks["test_loss"].where(networks["grid"] == "regression", 1 - networks["test_accuracy"])
    measures = {"error": error, "dead": networks["dead_fraction"], "diverged": networks["diverged"].astype(float)}
    frames = [
        summarise(networks.assign(value=value.where(~networks["diverged"] | (name == "diverged"))), cell).assign(
            measure=name
        )
        for name, value in measures.items()
    ]
    return pd.concat(frames, ignore_index=True)


@kind("activity", "units", grids=("sunk",))
def recovery_depth(tables: Tables) -> pd.DataFrame:
    """Against how deep units sit at the start: share open at the end, movement in the last epoch, and phi' there.

    ``frozen``: the depth from which phi' is exactly zero in single precision.
    """
    cell = ["activation", "bias"]
    end = last(of_grids(drawn(tables["activity"]), "sunk"))
    opened = summarise(end.assign(value=(1 - end["n_closed"] / end["n_units"]).astype(float)), cell)
    units = of_grids(drawn(tables["units"]), "sunk")
    units = units[units["n_units"] > 0].astype({"n_units": float})
    units = units.assign(moved=units["movement_mean"] * units["n_units"])
    sums = units.groupby([*cell, "seed"], observed=True)[["moved", "n_units"]].sum().reset_index()
    moved = summarise(sums.assign(value=sums["moved"] / sums["n_units"]), cell)
    slope = opened[cell].assign(
        mean=[float(derivative(a, np.array(b))) for a, b in zip(opened["activation"], opened["bias"], strict=True)]
    )
    table = pd.concat(
        [opened.assign(measure="open"), moved.assign(measure="movement"), slope.assign(measure="slope")],
        ignore_index=True,
    )
    frozen = {name: frozen_depth(name) for name in table["activation"].unique()}
    return table.assign(depth=-table["bias"], frozen=table["activation"].astype(str).map(frozen))


def survival(lives: pd.DataFrame) -> pd.DataFrame:
    """Kaplan-Meier estimate of the share of killed units not yet seen open, with a bootstrap over seeds.

    Args:
        lives: from `life_table`, of one treatment and layer.

    Returns:
        ``time``, ``mean`` (the estimate), ``ci_low``, ``ci_high`` (pointwise 95 % percentile interval), ``n_seeds``;
        nothing where no unit was killed.
    """
    wide = lives.pivot_table(index="seed", columns="time", values=["at_risk", "events"], aggfunc="sum", observed=True)
    if wide.empty or wide["at_risk"].to_numpy().sum() == 0:
        return pd.DataFrame()
    at_risk, events = wide["at_risk"].to_numpy(), wide["events"].to_numpy()

    def estimate(seeds: np.ndarray, axis: int = -1) -> np.ndarray:
        drawn_risk, drawn_events = at_risk[seeds].sum(axis=-2), events[seeds].sum(axis=-2)
        hazard = np.divide(drawn_events, drawn_risk, out=np.zeros_like(drawn_events), where=drawn_risk > 0)
        return np.moveaxis(np.cumprod(1 - hazard, axis=-1), -1, 0)  # times first, resamples last

    seeds = np.arange(len(at_risk))
    mean = low = high = estimate(seeds)
    if len(seeds) > 2:
        interval = stats.bootstrap(
            (seeds,),
            estimate,
            n_resamples=_RESAMPLES,
            method="percentile",
            vectorized=True,
            rng=integer_seed("survival", *map(str, lives.iloc[0][["intervention", "rate_factor", "layer"]])),
        ).confidence_interval
        low, high = interval.low, interval.high
    start = pd.DataFrame({"time": [0.0], "mean": 1.0, "ci_low": 1.0, "ci_high": 1.0})
    curve = pd.DataFrame({"time": wide["at_risk"].columns, "mean": mean, "ci_low": low, "ci_high": high})
    return pd.concat([start, curve], ignore_index=True).assign(n_seeds=int((at_risk.sum(axis=1) > 0).sum()))


def logrank(lives: pd.DataFrame, others: pd.DataFrame, resamples: int = 1999) -> tuple[float, float]:
    """Logrank statistic between two treatments of the same networks, and its p-value by permutation within seeds.

    The numerator of the logrank test, stratified by layer: openings under the first treatment less those expected
    if both had the same hazard at each moment. Under that hypothesis the two networks of a seed can be swapped.

    Args:
        lives, others: from `life_table`, each of one treatment.
    """
    arms = [
        frame.pivot_table(index="seed", columns=["layer", "time"], values=["at_risk", "events"], observed=True)
        for frame in (lives, others)
    ]
    seeds = arms[0].index.intersection(arms[1].index)
    if len(seeds) < 2:
        return np.nan, np.nan
    both = pd.concat([arm.loc[seeds] for arm in arms]).fillna(0.0)
    at_risk, events = both["at_risk"].to_numpy(), both["events"].to_numpy()

    def statistic(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
        n1, n2, d1, d2 = (table[rows].sum(axis=-2) for table in (at_risk, events) for rows in (first, second))
        share = np.divide(n1, n1 + n2, out=np.zeros_like(n1), where=n1 + n2 > 0)
        return (d1 - (d1 + d2) * share).sum(axis=-1)

    rows = np.arange(len(seeds))
    result = stats.permutation_test(
        (rows, rows + len(seeds)),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=100,
        rng=integer_seed("logrank", len(seeds)),
    )
    return float(result.statistic), float(result.pvalue)


def _new_optimizer(frame: pd.DataFrame) -> pd.Series:
    return frame["intervention"].isin(["switch_to_momentum", "switch_to_adam"])
