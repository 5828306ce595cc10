"""Estimands of the study distribution_shift: dead units on other data, and what a change of data brings back."""

import pandas as pd

from dying_relu.analysis import fates, maps
from dying_relu.analysis.arms import comparable
from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.rates import named, on_scale
from dying_relu.design.catalogue import INTERVENTIONS

NO_SHIFT = fates.NO_SHIFT
MOMENTS = ("at once", "at the end")
CLAIMED = ("new_data", "other_task")
FINE_TUNING = 0.1  # the rate factor at which the claim is judged


def _controls() -> dict[str, str]:
    """What training goes on with, and the intervention of the same first phase that goes on with what it had."""
    known = {name: entry for name, entry in INTERVENTIONS.items() if "portion" in entry.before}
    same = {entry.before["portion"]: name for name, entry in known.items() if entry.settings == entry.before}
    pairs = {name: same.get(entry.before["portion"]) for name, entry in known.items()}
    return {name: control for name, control in pairs.items() if control not in (None, name)}


CONTROLS = _controls()


def alive_on_test(tables: Tables) -> pd.DataFrame:
    """See `fates.alive_under_shift`: of the grid ``main``."""
    return fates.alive_under_shift(tested(tables["shifted"]), tested(tables["networks"]))


def alive_under_shift_less_unshifted(tables: Tables) -> pd.DataFrame:
    """See `fates.alive_under_shift_less_unshifted`: of the grid ``main``."""
    return fates.alive_under_shift_less_unshifted(tested(tables["shifted"]), tested(tables["networks"]))


def revived_by_change_of_data(tables: Tables) -> pd.DataFrame:
    """Share of dead units alive after a change of data, less that of the network that goes on as it was.

    ``change``: what training goes on with; ``moment``: one step after it, or the end; each layer, and all (0). The
    killing rate is that of the control that keeps its rate.
    """
    found = maps.by_layer(at_moments(tables["activity"]), "n_back", "n_followed", ["moment"])
    parts = []
    for change, control in CONTROLS.items():
        arm, other = (matching(found, intervention=name) for name in (change, control))
        compared = maps.pair(arm, other, ["intervention"])
        parts.append(on_scale(compared, as_before(tables["networks"], control)).assign(change=change))
    return pd.concat(parts, ignore_index=True)


def tested(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the grid ``main``, whose networks are tested on shifted samples."""
    return comparable(matching(frame, grid="main"), ("learning_rate",))


def killing_rate(networks: pd.DataFrame) -> float | None:
    """The killing rate of the grid ``main``."""
    return named(tested(networks), "killing")


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


def at_moments(activity: pd.DataFrame) -> pd.DataFrame:
    """`changed` one step after the change and at the end, with the ``moment``."""
    rows = changed(activity).astype({"intervention": str})
    after = rows["epoch"][rows["epoch"] > rows["intervention_epoch"]].min()
    moments = pd.Series(MOMENTS[0], rows.index).where(rows["epoch"] == after)
    return rows.assign(moment=moments.mask(rows["epoch"] == rows["epochs"], MOMENTS[1])).dropna(subset="moment")


def revived_shares(activity: pd.DataFrame) -> pd.DataFrame:
    """Of the units dead right before the change, the share alive one step after it and at the end.

    Alive: on the data that is trained on by then. A row a network, moment (`MOMENTS`) and layer; layer 0 is all
    layers together. Networks that diverged by then, or had no dead unit, are left out.
    """
    rows = at_moments(activity)
    key = ["phase", "learning_rate", "rate_factor", "intervention", "seed", "moment"]
    counts = ["n_followed", "n_back"]
    layers = rows.groupby([*key, "layer"], observed=True)[counts].sum(min_count=1).reset_index()
    complete = rows["layer"].nunique()  # a diverged network has no counts
    together = rows.groupby(key, observed=True)[counts].sum(min_count=complete).reset_index().assign(layer=0)
    found = pd.concat([layers, together], ignore_index=True).dropna(subset="n_back")
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


def learned_after_change(activity: pd.DataFrame, rate: float | None, change: str) -> pd.Series:
    """What training after a change adds to the difference that is there one step after it, by seed.

    `differences` of all layers at the end less one step after, at a rate and a tenth of it from the change on.
    """
    found = differences(confirmatory(activity))
    found = matching(found, learning_rate=rate, rate_factor=FINE_TUNING, layer=0, intervention=change)
    once, end = (matching(found, moment=moment).set_index("seed")["value"] for moment in MOMENTS)
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


def as_before(networks: pd.DataFrame, control: str) -> pd.DataFrame:
    """The networks of a control that go on as they were and keep their rate; of these is a change's killing rate."""
    rows = matching(changed(networks), intervention=control)
    rows = rows[rows["rate_factor"] == rows["rate_factor"].max()]
    return rows.drop(columns=["intervention", "rate_factor"])


def pretraining_rate(networks: pd.DataFrame) -> float | None:
    """The killing rate of networks that go on with the same half of the data."""
    return named(as_before(networks, CONTROLS["new_data"]), "killing")
