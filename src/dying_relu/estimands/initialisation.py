"""Estimands of the study initialisation: what a start does to the layers, and to training after it."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import Tables, alive, by_seed, confirmatory, estimand, last

FADED = 1e-3  # the last layer's mean output over the first's, at most: the activations have died out
SURVIVING = 0.3  # at least: they have survived
STUCK, TRAINED = 0.2, 0.8  # test accuracy with ten classes, at most and at least
TARGET_VARIANCE = 0.25  # of abs(x), x uniform with variance 1: E x^2 - (E abs(x))^2 = 1 - 3/4


@estimand("networks", "layers")
def choked_share_by_initialisation(tables: Tables) -> pd.DataFrame:
    """Whether one scheme chokes the net and another does not, for each seed.

    Choked: before the first step the mean output of the last hidden layer is at most `FADED` times that of the
    first, and the trained network's test accuracy is at most `STUCK`. Not choked: at least `SURVIVING` times, and at
    least `TRAINED`. The two schemes are chosen by `extreme_schemes`, their rates by `best_rates`, on pilot seeds.
    """
    ratios, networks = attenuation(tables["layers"]), schemes(tables["networks"])
    choking, surviving = extreme_schemes(ratios)
    rates = best_rates(networks)
    if choking == surviving or not {choking, surviving} <= set(rates.index):
        return by_seed(pd.Series(dtype=float))
    holds = []
    for scheme in (choking, surviving):
        start = confirmatory(ratios[ratios["initializer"] == scheme]).groupby("seed")["ratio"].mean()
        arm = (networks["initializer"] == scheme) & (networks["learning_rate"] == rates[scheme])
        accuracy = alive(confirmatory(networks[arm])).set_index("seed")["test_accuracy"]
        start, accuracy = start.align(accuracy, join="inner")
        if scheme == choking:
            holds.append((start <= FADED) & (accuracy <= STUCK))
        else:
            holds.append((start >= SURVIVING) & (accuracy >= TRAINED))
    first, second = holds[0].align(holds[1], join="inner")
    return by_seed((first & second).astype(float))


def schemes(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the comparison of schemes."""
    return frame[frame["grid"] == "schemes"]


def attenuation(layers: pd.DataFrame) -> pd.DataFrame:
    """For each network before its first step the last layer's mean output over the first's: ``ratio``.

    Where the first layer puts out nothing there is no ratio.
    """
    start = schemes(layers)
    start = start[start["step"] == 0]
    key = ["phase", "initializer", "learning_rate", "seed"]
    ends = [start[start["layer"] == layer].set_index(key)["mean_output"] for layer in (start["layer"].max(), 1)]
    ratio = ends[0] / ends[1].where(ends[1] > 0)
    return ratio.rename("ratio").dropna().reset_index()


def extreme_schemes(ratios: pd.DataFrame) -> tuple[str, str]:
    """The scheme whose outputs fade most over the layers, and the one that keeps them best, on pilot seeds.

    Args:
        ratios: from `attenuation`. Kept best: mean logarithm of the ratio closest to zero.
    """
    pilot = ratios[ratios["phase"] == "pilot"]
    logs = np.log10(pilot["ratio"].where(pilot["ratio"] > 0, np.finfo(np.float32).tiny))
    means = logs.groupby(pilot["initializer"].astype(str)).mean()
    return means.idxmin(), means.abs().idxmin()


def best_rates(networks: pd.DataFrame) -> pd.Series:
    """For each scheme the rate with the best mean test accuracy on pilot seeds, most of them finite.

    A scheme whose networks diverge at every rate has none.
    """
    pilot = networks[networks["phase"] == "pilot"]
    cells = pilot.groupby([pilot["initializer"].astype(str), "learning_rate"])
    accuracy = cells["test_accuracy"].mean()[cells["diverged"].mean() < 0.5]
    if accuracy.empty:
        return pd.Series(dtype=float)
    return accuracy.groupby(level=0).idxmax().map(lambda cell: cell[1])


def with_silent_layer(activity: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Of each finite network whether some whole hidden layer is dead, at the ``start`` or the ``end``.

    Then no input reaches the output, which is constant. Columns: what tells the networks apart, ``silent``.
    """
    rows = activity[activity["step"] == 0] if moment == "start" else last(activity)
    rows = rows.dropna(subset="n_dead")
    whole = (rows["n_dead"] == rows["n_units"]).astype(bool)
    key = ["phase", "optimizer", "initializer", "width", "learning_rate", "seed"]
    return whole.groupby([rows[name] for name in key], observed=True).any().rename("silent").reset_index()


def fates(activity: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """What became of each network of the collapse: one of four columns is 1, or none.

    ``born dead``: a wholly dead layer before the first step. ``killed``: none then, one at the end. ``constant``: none
    at the end either, but a training loss above nine tenths of the target's variance. ``learned``: at most a tenth
    of it. Also ``revived``: a wholly dead layer at the start and none at the end.
    """
    activity, networks = _collapse(activity), _collapse(networks)
    key = ["phase", "optimizer", "initializer", "width", "learning_rate", "seed"]
    start, end = (with_silent_layer(activity, moment).set_index(key)["silent"] for moment in ("start", "end"))
    found = networks[[*key, "train_loss"]].merge(start.rename("start").reset_index(), on=key, how="left")
    found = found.merge(end.rename("end").reset_index(), on=key, how="left")
    start = found["start"].eq(True)
    silent, finite = found["end"].eq(True), found["end"].notna()
    lively = finite & ~silent
    return found.assign(
        **{
            "born dead": start.astype(float),
            "killed": (silent & ~start).astype(float),
            "constant": (lively & ~start & (found["train_loss"] > 0.9 * TARGET_VARIANCE)).astype(float),
            "learned": (lively & ~start & (found["train_loss"] <= 0.1 * TARGET_VARIANCE)).astype(float),
            "revived": (start & lively).astype(float),
        }
    )


def _collapse(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["grid"].isin(["collapse", "collapse_adam"])]
