"""Estimands of the study distribution_shift: dead units on other data, and what a change of data brings back."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import Tables, by_seed, confirmatory, estimand

NO_SHIFT, STRONGEST = "none", "noise_2"
CONTROLS = {  # what training goes on with, and the network of the same first phase that it is held against
    "new_data": "same_data",
    "shifted_data": "same_data",
    "inverted_data": "same_data",
    "other_task": "same_task",
}
MOMENTS = ("at once", "at the end")
CLAIMED = ("new_data", "other_task")
FINE_TUNING = 0.1  # the rate factor at which the claim is judged
_LEARNED = 0.5  # training accuracy from which a network counts as trained


@estimand("networks", "shifted")
def alive_under_shift_less_unshifted(tables: Tables) -> pd.DataFrame:
    """Of the units dead on the training set: share alive on noisy test samples, less the share on plain ones.

    Noise of two standard deviations of each feature; all layers of a network together, at `killing_rate`.
    """
    shares = alive_shares(at_killing_rate(confirmatory(tables["shifted"]), tables["networks"]))
    wide = shares.pivot_table(index="seed", columns="test_shift", values="value", observed=True)
    wide = wide.reindex(columns=[NO_SHIFT, STRONGEST])
    return by_seed((wide[STRONGEST] - wide[NO_SHIFT]).dropna())


@estimand("history", "activity")
def revived_by_new_data(tables: Tables) -> pd.DataFrame:
    """Share of dead units alive at the end after a change of data, less that without it; mean of two changes.

    The changes: to new samples of the same task, and to another task, at a tenth of the rate chosen by
    `pretraining_rate`. Seeds with both differences.
    """
    found = differences(tables["activity"])
    rate = pretraining_rate(tables["history"], tables["activity"])
    found = found[(found["moment"] == MOMENTS[1]) & (found["layer"] == 0) & (found["phase"] == "confirmatory")]
    found = found[(found["learning_rate"] == rate) & (found["rate_factor"] == FINE_TUNING)]
    wide = found.pivot_table(index="seed", columns="intervention", values="value", observed=True)
    return by_seed(wide.reindex(columns=list(CLAIMED)).dropna().mean(axis=1))


def killing_rate(networks: pd.DataFrame) -> float:
    """The rate of the grid ``main`` with a dead fraction nearest to one half on pilot seeds, most of them finite."""
    pilot = networks[(networks["grid"] == "main") & (networks["phase"] == "pilot")]
    rates = pilot.groupby("learning_rate")
    finite = rates["dead_fraction"].mean()[rates["diverged"].mean() < 0.5].dropna()
    return float((finite - 0.5).abs().idxmin()) if len(finite) else np.nan


def at_killing_rate(frame: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Rows of the grid ``main`` at `killing_rate`."""
    return frame[(frame["grid"] == "main") & (frame["learning_rate"] == killing_rate(networks))]


def alive_shares(shifted: pd.DataFrame, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """For each network and shift: of the units dead on the training set, the share alive on the test samples.

    Columns: ``phase``, ``learning_rate``, ``seed``, ``test_shift``, those of ``by``; ``value``, missing where no
    unit is dead; ``reverse``: of the units alive on the training set, the share dead on the test samples. Diverged
    networks are left out.
    """
    key = ["phase", "learning_rate", "seed", "test_shift", *by]
    counts = ["n_units", "n_dead", "n_dead_shifted", "n_dead_both"]
    sums = shifted.dropna(subset="n_dead").groupby(key, observed=True)[counts].sum().astype(float).reset_index()
    living = sums["n_units"] - sums["n_dead"]
    return sums.assign(
        value=1 - sums["n_dead_both"] / sums["n_dead"].where(sums["n_dead"] > 0),
        reverse=(sums["n_dead_shifted"] - sums["n_dead_both"]) / living.where(living > 0),
    )


def changed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the grid ``change``."""
    return frame[frame["grid"] == "change"]


def revived_shares(activity: pd.DataFrame) -> pd.DataFrame:
    """Of the units dead right before the change, the share alive one step after it and at the end.

    Alive: on the data that is trained on by then. A row a network, moment (`MOMENTS`) and layer; layer 0 is all
    layers together. Networks that diverged by then, or had no dead unit, are left out.
    """
    rows = changed(activity).reset_index(drop=True)
    once = rows["epoch"] == rows["epoch"][rows["epoch"] > rows["intervention_epoch"]].min()
    end = rows["epoch"] == rows["epochs"]
    rows = rows.assign(moment=np.where(end, MOMENTS[1], MOMENTS[0]))[once | end]
    key = ["phase", "learning_rate", "rate_factor", "intervention", "seed", "moment"]
    counts = ["n_followed", "n_back", "n_units"]
    layers = rows.groupby([*key, "layer"], observed=True)[counts].sum(min_count=1).reset_index()
    complete = rows["layer"].nunique()  # a diverged network has no counts
    together = rows.groupby(key, observed=True)[counts].sum(min_count=complete).reset_index().assign(layer=0)
    found = pd.concat([layers, together], ignore_index=True).dropna(subset="n_back")
    found = found[found["n_followed"] > 0]
    return found.assign(
        value=(found["n_back"] / found["n_followed"]).astype(float),
        dead=(found["n_followed"] / found["n_units"]).astype(float),
    )


def differences(activity: pd.DataFrame) -> pd.DataFrame:
    """`revived_shares` after each change of `CONTROLS`, less that of its control: the same seed, rate and moment."""
    shares = revived_shares(activity)
    key = ["phase", "learning_rate", "rate_factor", "seed", "moment", "layer"]
    shares = shares.assign(intervention=shares["intervention"].astype(str))
    parts = [
        shares[shares["intervention"] == change].merge(
            shares[shares["intervention"] == control][[*key, "value"]], on=key, suffixes=("", "_control")
        )
        for change, control in CONTROLS.items()
    ]
    found = pd.concat(parts, ignore_index=True)
    return found.assign(value=found["value"] - found["value_control"])


def learned_after_change(activity: pd.DataFrame, rate: float) -> pd.Series:
    """What training after the change adds to the difference that is there one step after it, by seed.

    `differences` of all layers at the end less one step after, at a rate and a tenth of it from the change on; mean of
    new samples and another task.
    """
    found = differences(confirmatory(activity))
    found = found[(found["learning_rate"] == rate) & (found["rate_factor"] == FINE_TUNING) & (found["layer"] == 0)]
    found = found[found["intervention"].isin(CLAIMED)]
    moments = found.set_index(["seed", "intervention", "moment"])["value"].unstack("moment").reindex(columns=MOMENTS)
    return (moments[MOMENTS[1]] - moments[MOMENTS[0]]).unstack("intervention").mean(axis=1, skipna=False).dropna()


def before_change(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the moment right before the change; of networks with an equal first phase only one."""
    rows = changed(frame)
    rows = rows[(rows["epoch"] == rows["intervention_epoch"]) & rows["intervention"].isin(["same_data", "same_task"])]
    return rows[rows["rate_factor"] == rows["rate_factor"].min()]


def pretraining_rate(history: pd.DataFrame, activity: pd.DataFrame) -> float:
    """The rate of the grid ``change`` that kills most units before the change, of those at which networks learn.

    On pilot seeds. Learn: the mean training accuracy by then is at least one half; if it is so at no rate, the rate
    with the highest.
    """
    curves, lives = (before_change(frame[frame["phase"] == "pilot"]) for frame in (history, activity))
    accuracy = curves.dropna(subset="train_loss").groupby("learning_rate")["train_accuracy"].mean()
    if accuracy.empty:
        return np.nan
    dead = (lives["n_dead"] / lives["n_units"]).astype(float).groupby(lives["learning_rate"]).mean()
    learned = dead[accuracy.index[accuracy >= _LEARNED]].dropna()
    return float(learned.idxmax() if len(learned) else accuracy.idxmax())
