"""Tables behind the figures of the study learning_rate; the kinds suit any study that varies the rate."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import confirmatory
from dying_relu.figure_data.common import Tables, drawn, kind, summarise
from dying_relu.labels import NARROW

_DEATH_LEVEL = 0.4  # the share of dead units that the best-known claim names


@kind("networks", "activity")
def dead_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end against the rate: each layer, and the share of diverged networks beside it."""
    arm = ["scaling", "optimizer", "depth", "learning_rate"]
    networks = drawn(tables["networks"])
    diverged = summarise(networks.assign(value=networks["diverged"].astype(float)), arm).assign(series="diverged")
    activity = drawn(tables["activity"])
    end = activity[activity["epoch"] == activity["epochs"]]
    layers = summarise(end.assign(value=(end["n_dead"] / end["n_units"]).astype(float)), [*arm, "layer"])
    layers["series"] = "layer " + layers.pop("layer").astype(str)
    return pd.concat([layers, diverged], ignore_index=True)


@kind("networks")
def dead_by_scaled_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction against the rate over the divergence limit of its class (`divergence_limits`)."""
    arm = ["scaling", "optimizer", "depth"]
    networks = drawn(tables["networks"])
    limits = divergence_limits(tables["networks"])
    cells = summarise(networks.assign(value=networks["dead_fraction"]), [*arm, "learning_rate"])
    cells = cells.merge(limits.dropna(subset="limit"), on=arm)
    return cells.assign(scaled_rate=cells["learning_rate"] / cells["limit"]).drop(columns="limit_dead")


@kind("activity")
def events_over_time(tables: Tables) -> pd.DataFrame:
    """Deaths and revivals so far, for each unit of a layer, against the step, at up to four rates.

    Plain SGD (or the study's only optimiser) at the reference depth or the nearest; of the rates at which
    less than half of the networks diverge, the four at which most units die.
    """
    activity = _reference_arm(drawn(tables["activity"]))
    network = ["scaling", "learning_rate", "seed", "layer"]
    rows = activity.sort_values([*network, "step"], ignore_index=True)
    finite = rows["n_dead"].notna().groupby([rows[key] for key in network], observed=True).transform("all")
    cell = [rows["scaling"], rows["learning_rate"]]
    most_finite = finite.groupby(cell, observed=True).transform("mean") >= 0.5
    rows = rows[finite & most_finite]
    deaths = rows.groupby(["scaling", "learning_rate"], observed=True)["n_died"].mean().astype(float)
    chosen = deaths[deaths.groupby("scaling", observed=True).rank(ascending=False, method="first") <= 4]
    rows = rows.merge(chosen.index.to_frame(index=False), on=["scaling", "learning_rate"])
    frames = []
    for event, column in (("deaths", "n_died"), ("revivals", "n_revived")):
        so_far = rows.groupby(network, observed=True)[column].cumsum() / rows["n_units"]
        cells = summarise(
            rows.assign(value=so_far.astype(float)), ["scaling", "learning_rate", "layer", "step", "epoch"]
        )
        frames.append(cells.assign(event=event))
    return pd.concat(frames, ignore_index=True)


@kind("networks")
def accuracy_by_dead(tables: Tables) -> pd.DataFrame:
    """Test accuracy at the end against the dead fraction, in tenths, for each optimiser and scaling.

    Beside them the networks of `narrow`, against the share of units that they lack.
    """
    networks = drawn(tables["networks"])
    networks = networks.assign(arm=networks["optimizer"].astype(str))
    lacking = narrow(tables["networks"])
    lacking = lacking.assign(arm=NARROW, dead_fraction=lacking["lacking"])
    networks = pd.concat([networks, lacking], ignore_index=True)
    networks = networks[~networks["diverged"]]
    edges = np.linspace(0, 1, 11)
    low = edges[np.clip(np.digitize(networks["dead_fraction"], edges) - 1, 0, 9)]
    binned = networks.assign(value=networks["test_accuracy"], dead_low=low.round(1))
    group = ["scaling", "arm", "dead_low"]
    spread = binned.groupby(group, observed=True).agg(
        dead_fraction=("dead_fraction", "mean"),
        n_networks=("value", "size"),
        lower_quartile=("value", lambda v: v.quantile(0.25)),
        upper_quartile=("value", lambda v: v.quantile(0.75)),
        best=("value", "max"),
    )
    return summarise(binned, group).set_index(group).join(spread).reset_index()


def narrow(networks: pd.DataFrame) -> pd.DataFrame:
    """Confirmatory networks of the grid control_narrow, if there is one, with a column ``lacking``.

    It holds the share of the widest network's units that are not there, or dead.
    """
    few = confirmatory(networks[networks["grid"] == f"control_{NARROW}"])
    living = few["width"] * (1 - few["dead_fraction"])
    return few.assign(lacking=1 - living / networks["width"].max())


def divergence_limits(networks: pd.DataFrame) -> pd.DataFrame:
    """For each class (scaling, optimiser, depth) the rate at which half of the confirmatory networks diverge.

    ``limit``: interpolated in log rate between the last rate with less than half and the first with at
    least half; missing where none of the rates reaches it. ``limit_dead``: the same for a mean dead
    fraction of 40 %, and ``most_dead`` the largest one, over rates at which at least half of the networks
    stay finite and of these.
    """
    networks = drawn(networks)
    rows = []
    for arm, part in networks.groupby(["scaling", "optimizer", "depth"], observed=True):
        rates = part.groupby("learning_rate")
        dead = rates["dead_fraction"].mean()[rates["diverged"].mean() <= 0.5].dropna()
        rows.append(
            {
                **dict(zip(("scaling", "optimizer", "depth"), arm, strict=True)),
                "limit": _crossing(rates["diverged"].mean(), 0.5),
                "limit_dead": _crossing(dead, _DEATH_LEVEL),
                "most_dead": dead.max(),
            }
        )
    return pd.DataFrame(rows)


def _crossing(curve: pd.Series, level: float) -> float:
    """The rate at which a curve over rates first reaches a level, linear in log rate; NaN where it never does."""
    above = np.flatnonzero(curve.to_numpy() >= level)
    if len(above) == 0:
        return np.nan
    first = above[0]
    if first == 0:
        return float(curve.index[0])
    x, y = np.log(curve.index[first - 1 : first + 1].to_numpy()), curve.iloc[first - 1 : first + 1].to_numpy()
    return float(np.exp(np.interp(level, y, x)))


def _reference_arm(frame: pd.DataFrame) -> pd.DataFrame:
    optimizers, depths = list(frame["optimizer"].unique()), frame["depth"].unique()
    optimizer = "sgd" if "sgd" in optimizers else optimizers[0]
    depth = min(depths, key=lambda depth: (abs(depth - 3), depth))
    return frame[(frame["optimizer"] == optimizer) & (frame["depth"] == depth)]
