"""Which rows of a study's tables an estimand, a figure or a number looks at.

Tables are as config/README.md has them. Everything here also takes tables without any row.
"""

from collections.abc import Callable, Mapping
from functools import wraps

import numpy as np
import pandas as pd

from dying_relu.design.settings import SETTINGS

Tables = Mapping[str, pd.DataFrame]
NETWORK = ["grid", *SETTINGS, "seed"]  # what tells the networks of a study apart


def remembered(function: Callable[[Tables], pd.DataFrame]) -> Callable[[Tables], pd.DataFrame]:
    """Do the work once for all estimands of a study: keep the result for as long as the same tables are given."""
    known: list = []

    @wraps(function)
    def once(tables: Tables) -> pd.DataFrame:
        if not known or known[0] is not tables:
            known[:] = [tables, function(tables)]
        return known[1]

    return once


def with_risk(activity: pd.DataFrame) -> pd.DataFrame:
    """The table with a column ``risk``: units dead at the measurement before, times the epochs since."""
    ordered = activity.sort_values("step", kind="stable", ignore_index=True)
    same = grouped(ordered, [*NETWORK, "layer"])
    return ordered.assign(risk=(same["n_dead"].shift() * same["epoch"].diff()).astype(float))


def is_control(frame: pd.DataFrame) -> pd.Series:
    """Networks of a grid that serves as control: its name begins with ``control``."""
    return frame["grid"].astype(str).str.startswith("control")


def treated(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks that are no controls."""
    return frame[~is_control(frame)]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks trained by plain SGD, without the controls."""
    return treated(frame[frame["optimizer"] == "sgd"])


def pilot(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the seeds that may be looked at while designing."""
    return frame[frame["phase"] == "pilot"]


def confirmatory(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the seeds that decide."""
    return frame[frame["phase"] == "confirmatory"]


def alive(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that did not diverge."""
    return networks[~networks["diverged"]]


def of_diverged(frame: pd.DataFrame, networks: pd.DataFrame) -> pd.Series:
    """Whether the network of each row of a table diverged, as the table of networks has it."""
    keys = [key for key in NETWORK if key in frame and key in networks]
    gone = networks.loc[networks["diverged"].astype(bool), keys].drop_duplicates().assign(gone=True)
    return pd.Series(frame[keys].merge(gone, how="left", on=keys)["gone"].notna().to_numpy(), frame.index)


def last(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last measured moment."""
    return frame[frame["epoch"] == frame["epochs"]]


def counts(frame: pd.DataFrame, events: str, exposure: str) -> pd.DataFrame:
    """Whether a seed saw any event, how many, and its exposure; seeds without exposure say nothing."""
    sums = frame.groupby("seed")[[events, exposure]].sum().astype(float)
    sums = sums[sums[exposure] > 0].rename(columns={events: "events", exposure: "exposure"})
    return sums.assign(value=(sums["events"] > 0).astype(float)).reset_index()[["seed", "value", "events", "exposure"]]


def by_seed(values: pd.Series) -> pd.DataFrame:
    """A frame with a row a seed from values indexed by seed."""
    return values.rename("value").rename_axis("seed").reset_index().sort_values("seed", ignore_index=True)


def grouped(frame: pd.DataFrame, keys: list[str]):
    """Group by keys of which some may be missing (a network without biases) or have unseen levels."""
    return frame.groupby(keys, observed=True, dropna=False)


def matching(frame: pd.DataFrame, **levels: object) -> pd.DataFrame:
    """Rows with these levels of columns; a level may be a collection of levels. A missing level matches nothing."""
    same = np.ones(len(frame), bool)
    for column, level in levels.items():
        if isinstance(level, (list, tuple, set, frozenset)):
            same &= frame[column].isin(list(level)).to_numpy()
        else:
            same &= (frame[column] == level).to_numpy(bool, na_value=False)
    return frame[same]


def drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that figures show: confirmatory seeds, no controls."""
    return treated(confirmatory(frame))


def at_reference_depth(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the reference depth 3, or of the nearest that there is."""
    depths = frame["depth"].unique()
    if len(depths) == 0:
        return frame
    return frame[frame["depth"] == min(depths, key=lambda depth: (abs(depth - 3), depth))]


def paired(frame: pd.DataFrame, column: str, one: Mapping[str, object], other: Mapping[str, object]) -> pd.Series:
    """A column under some levels less that under others, by seed; seeds that have both.

    Args:
        one, other: levels as `matching` takes them, each leaving at most one row a seed.
    """
    values = [matching(frame, **levels).set_index("seed")[column].astype(float) for levels in (one, other)]
    return (values[0] - values[1]).dropna()
