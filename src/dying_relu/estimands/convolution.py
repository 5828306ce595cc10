"""Estimands of the study convolution: whether a unit with shared weights dies less easily.

Three architectures: convolutions, whose channels are units; the same patches with weights of its own at every
position (``local``), where sharing is the only difference; dense networks. A layer weighs the same however many units
it has: the dead share of a network is the mean over its layers.
"""

import numpy as np
import pandas as pd

from dying_relu.datasets import DATASETS
from dying_relu.estimands.common import Tables, by_seed, confirmatory, estimand, last

SHARED, UNSHARED = "conv", "local"
ROBUSTNESS = "standardised"  # the grid that repeats the comparison on other inputs
CLASS = ["scaling", "architecture", "width"]
_PATCH = 3  # pixels on a side
_PASSED = 0.5  # test accuracy below which a network has failed


@estimand("networks", "activity")
def unshared_less_shared_deaths(tables: Tables) -> pd.DataFrame:
    """Dead share with unshared weights less that with shared ones, at the same rate, chosen by `killing_rate`."""
    return by_seed(difference(dead_shares(tables["activity"]), killing_rate(tables)))


def dead_shares(activity: pd.DataFrame) -> pd.DataFrame:
    """Dead share of each network at the end, the mean over its layers: ``dead``; ``zero``: share of zero outputs.

    Both are missing for diverged networks.
    """
    end = last(activity)
    end = end.assign(dead=(end["n_dead"] / end["n_units"]).astype(float), zero=end["zero_share"].astype(float))
    key = ["grid", "phase", *CLASS, "learning_rate", "seed"]
    return end.groupby(key, observed=True)[["dead", "zero"]].agg(lambda layers: layers.mean(skipna=False)).reset_index()


def killing_rate(tables: Tables, architecture: str = UNSHARED, width: int | None = None) -> float:
    """The rate at which units without shared weights come nearest to one half dead, on pilot seeds.

    Of the rates at which most networks, theirs and the convolutions, stay finite: neither at a floor nor at a
    ceiling. ``architecture`` and ``width`` (by default any) say whose units; dense ones serve as a further control.
    """
    networks, shares = (
        frame[(frame["phase"] == "pilot") & (frame["grid"] != ROBUSTNESS)]
        for frame in (tables["networks"], dead_shares(tables["activity"]))
    )
    both = networks[_is(networks, architecture, width) | _is(networks, SHARED)]
    diverged = both.groupby(["learning_rate", "architecture"], observed=True)["diverged"].mean().unstack()
    dead = shares[_is(shares, architecture, width)].groupby("learning_rate")["dead"].mean()
    dead = dead[dead.index.isin(diverged.index[(diverged < 0.5).all(axis=1)])].dropna()
    return float((dead - 0.5).abs().idxmin()) if len(dead) else np.nan


def difference(
    shares: pd.DataFrame,
    rate: float,
    rate_shared: float | None = None,
    architecture: str = UNSHARED,
    width: int | None = None,
    robustness: bool = False,
) -> pd.Series:
    """Dead share of other units less that of shared weights by confirmatory seed, each at its rate.

    Between two rates of the grid the dead share of a seed is interpolated in log rate; beyond them it is missing.

    Args:
        shares: from `dead_shares`.
        rate_shared: of the convolution, by default the same.
        architecture, width: whose units the others are.
        robustness: whether to look at the grid of standardised inputs.
    """
    here = confirmatory(shares)
    here = here[(here["grid"] == ROBUSTNESS) == robustness]
    others = _at(here[_is(here, architecture, width)], rate)
    return (others - _at(here[_is(here, SHARED)], rate if rate_shared is None else rate_shared)).dropna()


def gradient_sizes(history: pd.DataFrame) -> pd.Series:
    """Squared norm of the first gradient, mean over seeds, for each class.

    Under plain SGD the first step is the rate times the gradient, so its root mean square over all P weights gives
    norm^2 = P (rms / rate)^2. Rate times norm^2 is the fall of the loss on that batch to first order.
    """
    first = history[history["step"] == 1]
    count = [parameters(a, w, d) for a, w, d in zip(first["architecture"], first["width"], first["depth"], strict=True)]
    sizes = first.assign(size=np.square(first["update_rms"] / first["learning_rate"]) * np.array(count, float))
    return sizes.groupby(CLASS, observed=True)["size"].mean()


def failed(networks: pd.DataFrame) -> pd.Series:
    """Networks that diverged or are wrong on more than half of the test samples."""
    return networks["diverged"] | (networks["test_accuracy"] < _PASSED)


def failure_limits(networks: pd.DataFrame, phase: str = "confirmatory") -> pd.Series:
    """For each class the rate at which half of its networks fail; in log rate between two rates, missing if never."""
    networks = networks[networks["phase"] == phase]
    networks = networks.assign(failed=failed(networks).astype(float))
    curves = networks.groupby([*CLASS, "learning_rate"], observed=True)["failed"].mean()
    return curves.groupby(level=CLASS, observed=True).apply(lambda curve: _crossing(curve.droplevel(CLASS), 0.5))


def parameters(architecture: str, width: int, depth: int, dataset: str = "digits") -> int:
    """Weights and biases of a network, output layer included."""
    image, count = DATASETS[dataset].image, 0
    inputs = DATASETS[dataset].n_features
    for _ in range(depth):
        if architecture == "dense":
            copies, fan_in, positions = 1, inputs, 1
        else:
            image = image[0] - 2, image[1] - 2, image[2]
            positions, fan_in = image[0] * image[1], _PATCH**2 * image[2]
            copies = positions if architecture == UNSHARED else 1
            image = *image[:2], width
        count += copies * (fan_in + 1) * width
        inputs = positions * width
    return count + (inputs + 1) * DATASETS[dataset].n_outputs


def _is(frame: pd.DataFrame, architecture: str, width: int | None = None) -> pd.Series:
    same = frame["architecture"] == architecture
    return same if width is None else same & (frame["width"] == width)


def _at(shares: pd.DataFrame, rate: float) -> pd.Series:
    """Dead share at a rate by seed, linear in log rate between the two next to it."""
    if not np.isfinite(rate) or shares.empty:
        return pd.Series(dtype=float)
    wide = shares.set_index(["seed", "learning_rate"])["dead"].unstack().sort_index(axis=1)
    rates = wide.columns.to_numpy(float)
    if not rates[0] <= rate <= rates[-1]:
        return pd.Series(dtype=float)
    above = int(np.searchsorted(rates, rate))
    if rates[above] == rate:
        return wide[rates[above]]
    low, high = np.log(rates[above - 1 : above + 1])
    share = (np.log(rate) - low) / (high - low)
    return (1 - share) * wide[rates[above - 1]] + share * wide[rates[above]]


def _crossing(curve: pd.Series, level: float) -> float:
    above = np.flatnonzero(curve.to_numpy() >= level)
    if len(above) == 0 or above[0] == 0:
        return np.nan
    x, y = (values[above[0] - 1 : above[0] + 1] for values in (np.log(curve.index.to_numpy(float)), curve.to_numpy()))
    return float(np.exp(np.interp(level, y, x)))
