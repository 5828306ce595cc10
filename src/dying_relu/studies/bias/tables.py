"""Tables behind the figures of the study bias."""

import pandas as pd

from dying_relu.analysis.frames import Tables, drawn
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.studies.bias.estimands import NONE, PENALTY, ZERO, of_arm, rate_of, with_arms

ARM = ["kind", "size"]
SHOWN = (ZERO, NONE, ("start", 0.01), ("start", 0.1), ("start", 1.0), ("start", -1.0), PENALTY)


def bias_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction, test accuracy and divergence of each arm against the rate."""
    networks = with_arms(drawn(tables["networks"]))
    frames = [
        summarise(networks.assign(value=networks[column].astype(float)), [*ARM, "learning_rate"], SHARE).assign(
            measure=column
        )
        for column in ("dead_fraction", "test_accuracy", "diverged")
    ]
    return pd.concat(frames, ignore_index=True)


def bias_over_time(tables: Tables) -> pd.DataFrame:
    """Dead fraction and training accuracy against the epoch, at the proper and the killing rate of zero bias."""
    networks = with_arms(tables["networks"])
    named = {f"{name} rate": rate_of(networks, ZERO, name) for name in ("proper", "killing")}
    lives = pd.concat([of_arm(with_arms(drawn(tables["activity"])), arm) for arm in SHOWN])
    curves = pd.concat([of_arm(with_arms(drawn(tables["history"])), arm) for arm in SHOWN])
    measures = {
        "dead fraction": dead_fractions(lives),
        "training accuracy": curves.assign(value=curves["train_accuracy"]),
    }
    frames = [
        summarise(frame[frame["learning_rate"] == rate], [*ARM, "epoch"], SHARE).assign(
            measure=measure, moment=moment, rate=rate
        )
        for moment, rate in named.items()
        for measure, frame in measures.items()
    ]
    return pd.concat(frames, ignore_index=True)


def dead_fractions(activity: pd.DataFrame) -> pd.DataFrame:
    """Dead fraction (``value``) of each network and moment over all layers; missing from divergence on."""
    keys = [*ARM, "learning_rate", "phase", "seed", "epoch"]
    sums = activity.groupby(keys)[["n_dead", "n_units"]].sum(min_count=activity["layer"].nunique())
    return (sums["n_dead"] / sums["n_units"]).astype(float).rename("value").reset_index()
