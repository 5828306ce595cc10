"""Tables behind the figures of the study bias."""

import pandas as pd

from dying_relu.analysis.frames import Tables, drawn
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.studies.bias.estimands import NONE, ZERO, best_penalty, killing_rate, of_arm, proper_rate, with_arms

ARM = ["kind", "size"]
SHOWN = (ZERO, NONE, ("start", 0.01), ("start", 0.1), ("start", 1.0), ("start", -1.0))


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
    chosen = {"proper rate": proper_rate(networks, ZERO), "killing rate": killing_rate(networks)}
    arms = [*SHOWN, best_penalty(networks, chosen["killing rate"])]
    lives = pd.concat([of_arm(with_arms(drawn(tables["activity"])), arm) for arm in arms])
    curves = pd.concat([of_arm(with_arms(drawn(tables["history"])), arm) for arm in arms])
    measures = {
        "dead fraction": dead_fractions(lives),
        "training accuracy": curves.assign(value=curves["train_accuracy"]),
    }
    frames = [
        summarise(frame[frame["learning_rate"] == rate], [*ARM, "epoch"], SHARE).assign(
            measure=measure, moment=moment, rate=rate
        )
        for moment, rate in chosen.items()
        for measure, frame in measures.items()
    ]
    return pd.concat(frames, ignore_index=True)


def dead_fractions(activity: pd.DataFrame) -> pd.DataFrame:
    """Dead fraction (``value``) of each network and moment over all layers; missing from divergence on."""
    keys = [*ARM, "learning_rate", "phase", "seed", "epoch"]
    sums = activity.groupby(keys)[["n_dead", "n_units"]].sum(min_count=activity["layer"].nunique())
    return (sums["n_dead"] / sums["n_units"]).astype(float).rename("value").reset_index()
