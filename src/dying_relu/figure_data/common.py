"""What the tables behind figures share: how kinds are registered, and means with intervals over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu.estimands.common import Tables, is_control
from dying_relu.seeding import integer_seed

KINDS: dict[str, Callable[[Tables], pd.DataFrame]] = {}
_RESAMPLES = 999


def kind(*tables: str, grids: Sequence[str] = ()) -> Callable:
    """Register a kind of figure under its function's name; `registry` reads here which tables and grids it needs."""

    def register(function: Callable[[Tables], pd.DataFrame]) -> Callable[[Tables], pd.DataFrame]:
        KINDS[function.__name__] = function
        return function

    return register


def summarise(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean of ``value`` over seeds in each cell, with a 95 % BCa interval; a seed's networks are averaged first."""
    rows = []
    seeds = frame.dropna(subset="value").groupby([*by, "seed"], observed=True)["value"].mean()
    for cell, values in seeds.groupby(level=by, observed=True):
        low, high = _interval(values.to_numpy(float), cell)
        cell = cell if isinstance(cell, tuple) else (cell,)
        rows.append((*cell, values.mean(), low, high, len(values)))
    return pd.DataFrame(rows, columns=[*by, "mean", "ci_low", "ci_high", "n_seeds"])


def _interval(values: np.ndarray, cell: object) -> tuple[float, float]:
    if len(values) < 3 or np.ptp(values) == 0:
        return float(values.min()), float(values.max())
    scale = np.ptp(values)  # probabilities near 1e-9 would underflow in the third moments of BCa
    result = stats.bootstrap(
        (values / scale,), np.mean, n_resamples=_RESAMPLES, method="BCa", rng=integer_seed("figure", cell)
    ).confidence_interval
    return float(result.low * scale), float(result.high * scale)


def drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that figures show: confirmatory seeds, no controls."""
    return frame[(frame["phase"] == "confirmatory") & ~is_control(frame)]


def exact_interval(events: int, n: int) -> tuple[float, float]:
    """95 % Clopper-Pearson interval of a share."""
    interval = stats.binomtest(int(events), int(n)).proportion_ci(method="exact")
    return float(interval.low), float(interval.high)
