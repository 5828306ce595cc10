"""Estimands of the study convolution: whether a unit with shared weights dies less easily.

Three architectures: convolutions, whose channels are units; the same patches with weights of its own at every
position (``local``), where sharing is the only difference; dense networks. A layer weighs the same however many units
it has: the dead share of a network is the mean over its layers. A class of networks is an architecture with a width,
and with a level of whatever else varies; its printed name stands in the column ``name``.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.arms import label, nearest_to_reference, varying
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, last, matching, pilot, treated
from dying_relu.analysis.rates import named, on_scale, scale
from dying_relu.design import sizes
from dying_relu.design.catalogue import ARCHITECTURES
from dying_relu.design.settings import SETTINGS

SHARED, UNSHARED, DENSE = "conv", "local", "dense"
OWN_RATES, SAME_RATE = "killing rate of each", "same rate"
SAME_SHARE, SAME_FALL = "same share of the limit", "same first fall"
MATCHED = (OWN_RATES, SAME_RATE, SAME_SHARE, SAME_FALL)  # what is held equal where convolutions are compared
ROBUSTNESS = "standardised"  # the grid that repeats the comparison on other inputs
CLASS = ["architecture", "width", "name"]
SHAPE = ["architecture", "width", "depth", "dataset", "output_layer"]  # as `sizes.parameters` takes them


def other_less_shared_deaths(tables: Tables) -> pd.DataFrame:
    """Dead share of other networks, with unshared weights or dense, less that of convolutions of the same seed.

    Architecture, width and rate are the others'. ``matched``: the rate of the convolutions that they are held against,
    one of `MATCHED`; between two rates their dead share is interpolated. Each layer, and the mean of all (0).
    """
    networks, found = treated(tables["networks"]), dead_by_layer(treated(tables["activity"]))
    is_shared = found["architecture"] == SHARED
    others, rates = found[~is_shared], matched_rates(networks, tables["history"])
    parts = [
        maps.pair(others, at_rates(found[is_shared], rates.assign(rate=rates[matched])), []).assign(matched=matched)
        for matched in MATCHED
    ]
    return on_scale(pd.concat(parts, ignore_index=True), networks)


def dead_by_layer(activity: pd.DataFrame) -> pd.DataFrame:
    """A map of the dead share of each layer at the end, and of their mean, layer 0."""
    layers = maps.sums(last(activity), "n_dead", "n_units", ["layer"]).drop(columns=["events", "exposure"])
    return pd.concat([layers, maps.pool(layers, ["layer"]).assign(layer=maps.ALL_LAYERS)], ignore_index=True)


def matched_rates(networks: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """For each class of other networks and rate, the rate of convolutions that is its match in each way of `MATCHED`.

    Two networks that stand at the same share of their failure limits, or whose first step promises the same fall of the
    loss, have rates in one proportion. Limits and first gradients are those of pilot seeds. A rate is missing where
    half of some class fail at no rate, or at all.
    """
    by = [key for key in SETTINGS if key in networks and key != "learning_rate"]
    classes = scale(networks, by).merge(gradient_sizes(history, by).rename("size").reset_index(), on=by, how="left")
    is_shared = classes["architecture"] == SHARED
    same = [key for key in by if key not in ("architecture", "width")]
    shared = classes[is_shared].drop(columns=["architecture", "width"])
    both = classes[~is_shared].merge(shared, on=same, suffixes=("", "_shared"))
    rates = networks[[*by, "learning_rate"]].drop_duplicates().merge(both, on=by)
    rate = rates["learning_rate"]
    values = {
        OWN_RATES: rates["killing_shared"].where(rate == rates["killing"]),
        SAME_RATE: rate,
        SAME_SHARE: rate / rates["limit"] * rates["limit_shared"],
        SAME_FALL: rate * rates["size"] / rates["size_shared"],
    }
    return rates[[*by, "learning_rate"]].assign(**values)


def at_rates(shared: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """The map of convolutions, repeated for each class and rate of others, at the column ``rate`` of these."""
    keys = [key for key in SETTINGS if key in rates]
    same = [key for key in keys if key not in ("architecture", "width", "learning_rate")]
    parts = []
    for _, row in rates[np.isfinite(rates["rate"].astype(float))].iterrows():
        levels = row[keys].to_frame().T.astype(rates[keys].dtypes.to_dict())
        here = shared.drop(columns=["architecture", "width"]).merge(levels[same], on=same)
        parts.append(between(here, row["rate"]).merge(levels, on=same))
    return pd.concat(parts, ignore_index=True) if parts else shared.iloc[:0]


def between(found: pd.DataFrame, rate: float) -> pd.DataFrame:
    """A map of one class at a rate: linear in log rate between the two rates next to it; nothing beyond them."""
    rates = np.sort(found["learning_rate"].unique().astype(float))
    tried = rates[np.isclose(rates, rate)]
    if len(tried):
        return matching(found, learning_rate=tried[0]).drop(columns="learning_rate")
    if len(rates) == 0 or not rates[0] < rate < rates[-1]:
        return found.iloc[:0].drop(columns="learning_rate")
    above = int(np.searchsorted(rates, rate))
    low, high = rates[above - 1], rates[above]
    share = float(np.log(rate / low) / np.log(high / low))
    below, beyond = (matching(found, learning_rate=one) for one in (low, high))
    return maps.pair(below, beyond, ["learning_rate"], lambda one, other: (1 - share) * one + share * other)


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


def killing_rate(networks: pd.DataFrame, architecture: str = UNSHARED, width: int | None = None) -> float | None:
    """The killing rate of an architecture, and a width.

    Args:
        networks: those `compared`.
    """
    return named(of(networks, architecture, width), "killing")


def difference(
    shares: pd.DataFrame,
    rate: float | None,
    rate_shared: float | None = None,
    architecture: str = UNSHARED,
    width: int | None = None,
) -> pd.Series:
    """Dead share of other units less that of shared weights by confirmatory seed, each at its rate, as in `between`.

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


def gradient_sizes(history: pd.DataFrame, by: str | list[str] = "name") -> pd.Series:
    """Squared norm of the first gradient, mean over pilot seeds, for each class.

    Under plain SGD the first step is the rate times the gradient, so its root mean square over all P weights gives
    norm^2 = P (rms / rate)^2. Rate times norm^2 is the fall of the loss on that batch to first order.
    """
    first = matching(pilot(treated(history)), step=1, optimizer="sgd")
    count = np.array([sizes.parameters(*shape) for shape in first[SHAPE].itertuples(index=False)], float)
    found = first.assign(size=np.square(first["update_rms"] / first["learning_rate"]) * count)
    return grouped(found, [by] if isinstance(by, str) else by)["size"].mean()


def failure_limits(networks: pd.DataFrame) -> pd.Series:
    """For each class the rate at which half of its pilot networks fail; missing if they do at no rate."""
    return scale(networks, ["name"]).set_index("name")["limit"].replace(np.inf, np.nan)


def _name(levels: dict[str, object]) -> str:
    architecture, width = levels.pop("architecture"), levels.pop("width")
    return ", ".join(filter(None, (ARCHITECTURES[architecture], str(width), label(levels))))


def _at(shares: pd.DataFrame, rate: float | None) -> pd.Series:
    """Dead share at a rate by seed, of one class."""
    if rate is None or not np.isfinite(rate):
        return pd.Series(dtype=float)
    return between(maps.of(shares, shares["dead"], shares["dead"].isna()), rate).set_index("seed")["value"]
