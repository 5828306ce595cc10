"""Tables behind the stock kinds of figures, which suit any study.

An arm is a combination of the settings that vary in the study, the learning rate apart: nothing is averaged over them.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, rates
from dying_relu.analysis.frames import Tables, alive, confirmatory, drawn, grouped, last, matching, pilot, treated
from dying_relu.analysis.intervals import POSITIVE, SHARE, summarise

NARROW = "control_narrow"  # a grid of networks that have few units from the start
_RATES = 4  # drawn of each arm


def dead_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end against the rate: each layer, and the share of diverged networks beside it."""
    networks, end = drawn(tables["networks"]), last(drawn(tables["activity"]))
    cell = [*arms.varying(networks), "learning_rate"]
    diverged = summarise(networks.assign(value=networks["diverged"].astype(float)), cell, SHARE)
    dead = end.assign(value=(end["n_dead"] / end["n_units"]).astype(float))
    layers = summarise(dead, [*cell, "layer"], SHARE)
    layers["series"] = "layer " + layers.pop("layer").astype(str)
    return pd.concat([layers, diverged.assign(series="diverged")], ignore_index=True)


def dead_by_scaled_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction against the rate over the limit of its arm (`rates.scale`)."""
    networks = drawn(tables["networks"])
    arm = arms.varying(networks)
    known = treated(tables["networks"])
    limits = rates.scale(known if len(pilot(known)) else known.assign(phase="pilot"), arm)
    limits = limits[np.isfinite(limits["limit"])]
    cells = summarise(networks.assign(value=networks["dead_fraction"]), [*arm, "learning_rate"], SHARE)
    cells = cells.merge(limits[[*arm, "limit"]], on=arm) if arm else cells.merge(limits[["limit"]], how="cross")
    return cells.assign(scaled_rate=cells["learning_rate"] / cells["limit"])


def events_over_time(tables: Tables) -> pd.DataFrame:
    """Deaths and revivals so far, for each unit of a layer, against the step; each arm by itself.

    Of an arm's rates, among those at which at least half of the networks stay finite, the four at which most units die.
    """
    rows = drawn(tables["activity"]).sort_values("step", kind="stable", ignore_index=True)
    arm = arms.varying(rows)
    network, cell = [*arm, "grid", "learning_rate", "seed", "layer"], [*arm, "learning_rate"]
    finite = grouped(rows.assign(known=rows["n_dead"].notna()), network)["known"].transform("all")
    rows = rows[finite & (grouped(rows.assign(finite=finite), cell)["finite"].transform("mean") >= 0.5)]
    rows = rows.assign(deaths=(rows["n_died"] / rows["n_units"]).astype(float))
    deaths = grouped(rows, cell)["deaths"].mean().reset_index()
    ranks = grouped(deaths, arm)["deaths"] if arm else deaths["deaths"]
    rows = rows.merge(deaths[ranks.rank(ascending=False, method="first") <= _RATES][cell], on=cell)
    frames = []
    for event, column in (("deaths", "n_died"), ("revivals", "n_revived")):
        so_far = grouped(rows, network)[column].cumsum() / rows["n_units"]
        cells = summarise(rows.assign(value=so_far.astype(float)), [*cell, "layer", "step", "epoch"], POSITIVE)
        frames.append(cells.assign(event=event))
    return pd.concat(frames, ignore_index=True)


def accuracy_by_dead(tables: Tables) -> pd.DataFrame:
    """Test accuracy at the end against the dead fraction, in tenths, for each scaling and optimiser.

    It speaks of all networks of a study together: other settings are pooled. Beside them those of `narrow`, against
    the share of units that they lack.
    """
    networks = drawn(tables["networks"])
    networks = networks.assign(arm=networks["optimizer"].astype(str))
    few = narrow(tables["networks"])
    networks = pd.concat([networks, few.assign(arm=NARROW, dead_fraction=few["lacking"])], ignore_index=True)
    networks = alive(networks).dropna(subset=["test_accuracy", "dead_fraction"])
    tenth = np.clip(np.digitize(networks["dead_fraction"].astype(float), np.linspace(0, 1, 11)) - 1, 0, 9)
    binned = networks.assign(value=networks["test_accuracy"].astype(float), dead_low=tenth / 10)
    group = ["scaling", "arm", "dead_low"]
    spread = binned.groupby(group, observed=True).agg(
        dead_fraction=("dead_fraction", "mean"),
        n_networks=("value", "size"),
        lower_quartile=("value", lambda v: v.quantile(0.25)),
        upper_quartile=("value", lambda v: v.quantile(0.75)),
        best=("value", "max"),
    )
    return summarise(binned, group, SHARE).set_index(group).join(spread).reset_index()


def narrow(networks: pd.DataFrame) -> pd.DataFrame:
    """Confirmatory networks of the grid `NARROW`, if there is one, with a column ``lacking``.

    It holds the share of the widest network's units that are not there, or dead.
    """
    few = matching(confirmatory(networks), grid=NARROW)
    living = few["width"] * (1 - few["dead_fraction"])
    return few.assign(lacking=1 - living / networks["width"].max())
