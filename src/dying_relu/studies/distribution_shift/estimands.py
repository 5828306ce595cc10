"""Estimands of the study distribution_shift: dead units on other data, and what a change of data brings back."""

import pandas as pd

from dying_relu.analysis.arms import comparable
from dying_relu.analysis.choice import choose
from dying_relu.analysis.frames import Tables, by_seed, confirmatory, matching, paired, pilot
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.studies.distribution_shift import CONTENTS

RULES = CONTENTS.choices
NO_SHIFT, STRONGEST = "none", "noise_2"
MOMENTS = ("at once", "at the end")
CLAIMED = ("new_data", "other_task")
FINE_TUNING = 0.1  # the rate factor at which the claim is judged
_LEARNED = 0.5  # training accuracy from which a network counts as trained


def _controls() -> dict[str, str]:
    """What training goes on with, and the intervention of the same first phase that goes on with what it had."""
    known = {name: entry for name, entry in INTERVENTIONS.items() if "portion" in entry.before}
    same = {entry.before["portion"]: name for name, entry in known.items() if entry.settings == entry.before}
    pairs = {name: same.get(entry.before["portion"]) for name, entry in known.items()}
    return {name: control for name, control in pairs.items() if control not in (None, name)}


CONTROLS = _controls()


def alive_under_shift_less_unshifted(tables: Tables) -> pd.DataFrame:
    """Of the units dead on the training set: share alive on noisy test samples, less the share on plain ones.

    Noise of two standard deviations of each feature; all layers of a network together, at `killing_rate`.
    """
    shares = alive_shares(at_killing_rate(confirmatory(tables["shifted"]), tables["networks"]))
    return by_seed(paired(shares, "value", {"test_shift": STRONGEST}, {"test_shift": NO_SHIFT}))


def revived_by_new_data(tables: Tables) -> pd.DataFrame:
    """Share of dead units alive at the end after a change of data, less that without it; mean of two changes.

    The changes: to new samples of the same task, and to another task, at a tenth of the rate chosen by
    `pretraining_rate`. Seeds with both differences.
    """
    rate = pretraining_rate(tables["history"], tables["activity"])
    return by_seed(_claimed(differences(confirmatory(tables["activity"])), rate, MOMENTS[1]))


def tested(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the grid ``main``, whose networks are tested on shifted samples."""
    return comparable(matching(frame, grid="main"), ("learning_rate",))


def killing_rate(networks: pd.DataFrame) -> float | None:
    """The rate of the grid ``main`` with a dead fraction nearest to one half on pilot seeds."""
    return choose(tested(networks), RULES["killing"])["learning_rate"]


def at_killing_rate(frame: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Rows of the grid ``main`` at `killing_rate`."""
    return matching(tested(frame), learning_rate=killing_rate(networks))


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
    """Rows of the grid ``change`` where data change, or go on as controls."""
    rows = matching(frame, grid="change")
    other = sorted(set(rows["intervention"].astype(str)) - {*CONTROLS, *CONTROLS.values()})
    if other:
        print("no change of data, left out:", ", ".join(other))
    rows = matching(rows, intervention=[*CONTROLS, *CONTROLS.values()])
    return comparable(rows, ("learning_rate", "rate_factor", "intervention"))


def revived_shares(activity: pd.DataFrame) -> pd.DataFrame:
    """Of the units dead right before the change, the share alive one step after it and at the end.

    Alive: on the data that is trained on by then. A row a network, moment (`MOMENTS`) and layer; layer 0 is all
    layers together. Networks that diverged by then, or had no dead unit, are left out.
    """
    rows = changed(activity)
    after = rows["epoch"][rows["epoch"] > rows["intervention_epoch"]].min()
    moments = pd.Series(MOMENTS[0], rows.index).where(rows["epoch"] == after)
    rows = rows.assign(moment=moments.mask(rows["epoch"] == rows["epochs"], MOMENTS[1])).dropna(subset="moment")
    key = ["phase", "learning_rate", "rate_factor", "intervention", "seed", "moment"]
    counts = ["n_followed", "n_back"]
    layers = rows.groupby([*key, "layer"], observed=True)[counts].sum(min_count=1).reset_index()
    complete = rows["layer"].nunique()  # a diverged network has no counts
    together = rows.groupby(key, observed=True)[counts].sum(min_count=complete).reset_index().assign(layer=0)
    found = pd.concat([layers, together], ignore_index=True).dropna(subset="n_back").astype({"intervention": str})
    found = found[found["n_followed"] > 0]
    return found.assign(value=(found["n_back"] / found["n_followed"]).astype(float))


def differences(activity: pd.DataFrame) -> pd.DataFrame:
    """`revived_shares` after each change of `CONTROLS`, less that of its control: the same seed, rate and moment."""
    shares = revived_shares(activity)
    key = ["phase", "learning_rate", "rate_factor", "seed", "moment", "layer"]
    parts = [
        matching(shares, intervention=change).merge(
            matching(shares, intervention=control)[[*key, "value"]], on=key, suffixes=("", "_control")
        )
        for change, control in CONTROLS.items()
    ]
    found = pd.concat(parts, ignore_index=True)
    return found.assign(value=found["value"] - found["value_control"])


def learned_after_change(activity: pd.DataFrame, rate: float | None) -> pd.Series:
    """What training after the change adds to the difference that is there one step after it, by seed.

    `differences` of all layers at the end less one step after, at a rate and a tenth of it from the change on; mean of
    new samples and another task.
    """
    found = differences(confirmatory(activity))
    once, end = (_claimed(found, rate, moment) for moment in MOMENTS)
    return (end - once).dropna()


def before_change(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the moment right before the change; of networks with an equal first phase only one."""
    rows = changed(frame)
    rows = matching(rows[rows["epoch"] == rows["intervention_epoch"]], intervention=[*CONTROLS.values()])
    return rows[rows["rate_factor"] == rows["rate_factor"].min()]


def dead_before_change(activity: pd.DataFrame) -> pd.DataFrame:
    """`before_change` with the column ``dead_share`` of each layer."""
    rows = before_change(activity)
    return rows.assign(dead_share=(rows["n_dead"] / rows["n_units"]).astype(float))


def pretraining_rate(history: pd.DataFrame, activity: pd.DataFrame) -> float | None:
    """The rate of the grid ``change`` that kills most units before the change, of those at which networks learn.

    On pilot seeds. Learn: the mean training accuracy by then is at least one half; if it is so at no rate, the rate
    with the highest.
    """
    curves = before_change(history).dropna(subset="train_loss")
    accuracy = pilot(curves).groupby("learning_rate")["train_accuracy"].mean()
    lives = matching(dead_before_change(activity), learning_rate=list(accuracy.index[accuracy >= _LEARNED]))
    killing = choose(lives, RULES["learned"])["learning_rate"]
    return choose(curves, RULES["accurate"])["learning_rate"] if killing is None else killing


def _claimed(found: pd.DataFrame, rate: float | None, moment: str) -> pd.Series:
    """`differences` of all layers at a rate and a tenth of it, mean of the `CLAIMED` changes; seeds with both."""
    found = matching(found, learning_rate=rate, rate_factor=FINE_TUNING, layer=0, moment=moment)
    values = [matching(found, intervention=change).set_index("seed")["value"] for change in CLAIMED]
    return pd.concat(values, axis=1, join="inner").mean(axis=1)
