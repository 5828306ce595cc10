"""Estimands of the study convolution: whether a unit with shared weights dies less easily.

Three architectures: convolutions, whose channels are units; the same patches with weights of its own at every
position (``local``), where sharing is the only difference; dense networks. A layer weighs the same however many units
it has: the dead share of a network is the mean over its layers. A class of networks is an architecture with a width,
and with a level of whatever else varies; its printed name stands in the column ``name``.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import label, nearest_to_reference, varying
from dying_relu.analysis.choice import choose
from dying_relu.analysis.curves import crossing
from dying_relu.analysis.frames import NETWORK, Tables, by_seed, confirmatory, grouped, last, matching, pilot
from dying_relu.design import sizes
from dying_relu.design.catalogue import ARCHITECTURES
from dying_relu.studies.convolution import CONTENTS

SHARED, UNSHARED, DENSE = "conv", "local", "dense"
ROBUSTNESS = "standardised"  # the grid that repeats the comparison on other inputs
CLASS = ["architecture", "width", "name"]
SHAPE = ["architecture", "width", "depth", "dataset", "output_layer"]  # as `sizes.parameters` takes them
_PASSED = 0.5  # test accuracy below which a network has failed


def unshared_less_shared_deaths(tables: Tables) -> pd.DataFrame:
    """Dead share with unshared weights less that with shared ones, at the same rate, chosen by `killing_rate`."""
    shares = compared(dead_shares(tables["activity"]), "main")
    return by_seed(difference(shares, killing_rate(shares)))


def dead_shares(activity: pd.DataFrame) -> pd.DataFrame:
    """Dead share of each network at the end, the mean over its layers: ``dead``; ``zero``: share of zero outputs.

    Both are missing for diverged networks.
    """
    end = last(activity)
    end = end.assign(dead=(end["n_dead"] / end["n_units"]).astype(float), zero=end["zero_share"].astype(float))
    layers = grouped(end, ["phase", *NETWORK])[["dead", "zero"]]
    return layers.mean().where(layers.count() == layers.size().to_numpy()[:, None]).reset_index()


def compared(frame: pd.DataFrame, *grids: str) -> pd.DataFrame:
    """The networks of some grids that are compared: architectures, widths and rates.

    Of whatever else varies the level of a convolution, the reference network's or the nearest.
    """
    rows = matching(frame, grid=grids)
    others = varying(rows, but=("architecture", "width", "learning_rate"))
    if not others:
        return rows
    print(f"convolution: of {', '.join(others)} one level is compared, the nearest to the reference network's")
    return rows.merge(nearest_to_reference(matching(rows, architecture=SHARED), others)[others].drop_duplicates())


def of(shares: pd.DataFrame, architecture: str, width: int | None = None) -> pd.DataFrame:
    """Networks of an architecture and a width, by default its smallest."""
    rows = matching(shares, architecture=architecture)
    return matching(rows, width=rows["width"].min() if width is None else width)


def killing_rate(shares: pd.DataFrame, architecture: str = UNSHARED, width: int | None = None) -> float | None:
    """The rate at which an architecture's units come nearest to one half dead, on pilot seeds.

    Of the rates at which most networks, theirs and the convolutions, stay finite: neither at a floor nor at a ceiling.

    Args:
        shares: from `dead_shares`, those `compared`.
    """
    finite = pilot(of(shares, SHARED)).groupby("learning_rate")["dead"].apply(lambda dead: dead.notna().mean())
    rates = set(finite.index[finite > 0.5])
    rule = CONTENTS.choices["rate"]
    return choose(matching(of(shares, architecture, width), learning_rate=rates), rule)["learning_rate"]


def difference(
    shares: pd.DataFrame,
    rate: float | None,
    rate_shared: float | None = None,
    architecture: str = UNSHARED,
    width: int | None = None,
) -> pd.Series:
    """Dead share of other units less that of shared weights by confirmatory seed, each at its rate.

    Between two rates of the grid the dead share of a seed is interpolated in log rate; beyond them it is missing.

    Args:
        shares: from `dead_shares`, those `compared`.
        rate_shared: of the convolution, by default the same.
        architecture, width: whose units the others are.
    """
    here = confirmatory(shares)
    others = _at(of(here, architecture, width), rate)
    return (others - _at(of(here, SHARED), rate if rate_shared is None else rate_shared)).dropna()


def with_class(frame: pd.DataFrame) -> pd.DataFrame:
    """The networks but those of the grid `ROBUSTNESS`, with the ``name`` of their class."""
    rows = frame[frame["grid"] != ROBUSTNESS].astype({"architecture": str})
    others = varying(rows, but=("architecture", "width", "learning_rate"))
    found = rows[["architecture", "width", *others]].drop_duplicates()
    found["name"] = pd.Series(map(_name, found.to_dict("records")), found.index, dtype=object)
    return rows.merge(found, how="left")


def in_order(classes: pd.DataFrame) -> pd.DataFrame:
    """Classes in the order of the catalogue and of widths."""
    place = classes["architecture"].map(list(ARCHITECTURES).index)
    return classes.assign(place=place).sort_values(["place", "width", "name"], ignore_index=True).drop(columns="place")


def gradient_sizes(history: pd.DataFrame) -> pd.Series:
    """Squared norm of the first gradient, mean over seeds, for each class.

    Under plain SGD the first step is the rate times the gradient, so its root mean square over all P weights gives
    norm^2 = P (rms / rate)^2. Rate times norm^2 is the fall of the loss on that batch to first order.
    """
    first = matching(history, step=1, optimizer="sgd")
    count = np.array([sizes.parameters(*shape) for shape in first[SHAPE].itertuples(index=False)], float)
    found = first.assign(size=np.square(first["update_rms"] / first["learning_rate"]) * count)
    return found.groupby("name")["size"].mean()


def failed(networks: pd.DataFrame) -> pd.Series:
    """Networks that diverged or are wrong on more than half of the test samples."""
    return (networks["diverged"] | (networks["test_accuracy"] < _PASSED)).astype(float)


def failure_limits(networks: pd.DataFrame) -> pd.Series:
    """For each class the rate at which half of its networks fail; in log rate between two rates, missing if never."""
    curves = networks.assign(failed=failed(networks)).groupby(["name", "learning_rate"])["failed"].mean()
    found = {
        name: crossing(curve.droplevel("name"), 0.5, at_start=False) for name, curve in curves.groupby(level="name")
    }
    return pd.Series(found, dtype=float, name="limit").rename_axis("name")


def _name(levels: dict[str, object]) -> str:
    architecture, width = levels.pop("architecture"), levels.pop("width")
    return ", ".join(filter(None, (ARCHITECTURES[architecture], str(width), label(levels))))


def _at(shares: pd.DataFrame, rate: float | None) -> pd.Series:
    """Dead share at a rate by seed, linear in log rate between the two next to it."""
    if rate is None or not np.isfinite(rate) or shares.empty:
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
