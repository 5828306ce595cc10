"""Tables behind the figures of the study bias."""

import pandas as pd

from dying_relu.estimands.bias import best_arm, killing_rate, penalised_arms, proper_rate, with_arms
from dying_relu.figure_data.common import Tables, drawn, kind, summarise


@kind("networks", grids=("start", "penalty"))
def bias_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction, test accuracy and divergence of each arm against the rate."""
    networks = with_arms(drawn(tables["networks"]))
    networks = networks.assign(diverged=networks["diverged"].astype(float))
    cell = ["arm", "learning_rate"]
    frames = [
        summarise(networks.assign(value=networks[column]), cell).assign(measure=column)
        for column in ("dead_fraction", "test_accuracy", "diverged")
    ]
    return pd.concat(frames, ignore_index=True)


@kind("networks", "activity", "history", grids=("start", "penalty"))
def bias_over_time(tables: Tables) -> pd.DataFrame:
    """Dead fraction and training accuracy against the epoch, at the proper and the killing rate of zero bias."""
    networks = with_arms(tables["networks"])
    chosen = {"proper rate": proper_rate(networks, "zero"), "killing rate": killing_rate(networks)}
    arms = ["zero", "none", "start 0.01", "start 0.1", "start 1", "start -1"]
    arms += [best_arm(networks, penalised_arms(networks), chosen["killing rate"])]
    frames = []
    for name, rate in chosen.items():
        activity, history = (with_arms(drawn(tables[table])) for table in ("activity", "history"))
        activity, history = (f[f["arm"].isin(arms) & (f["learning_rate"] == rate)] for f in (activity, history))
        layers = activity["layer"].nunique()
        sums = activity.groupby(["arm", "seed", "epoch"])[["n_dead", "n_units"]].sum(min_count=layers)
        dead = (sums["n_dead"] / sums["n_units"]).astype(float).rename("value").reset_index()
        learned = history.assign(value=history["train_accuracy"])
        for measure, frame in (("dead fraction", dead), ("training accuracy", learned)):
            frames.append(summarise(frame, ["arm", "epoch"]).assign(measure=measure, moment=name, rate=rate))
    return pd.concat(frames, ignore_index=True)
