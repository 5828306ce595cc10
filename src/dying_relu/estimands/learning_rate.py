"""Estimands of the study learning_rate: who dies, who comes back, and whether it matters."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dying_relu.estimands.common import (
    NETWORK,
    Tables,
    alive,
    by_seed,
    confirmatory,
    counts,
    estimand,
    grouped,
    last,
    plain,
    treated,
    with_risk,
)

LATE_FALL = 0.1  # a training loss that falls by less than this share has stopped falling


@estimand("networks")
def dead_fraction_at_killing_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction of the network at the end, at the scaling and rate chosen by `killing_cell`."""
    networks = plain(tables["networks"])
    chosen = alive(in_cell(networks, killing_cell(networks)))
    return by_seed(chosen.set_index("seed")["dead_fraction"])


@estimand("networks")
def dead_fraction_ratio_proper_to_killing(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the proper rate over that at the killing rate of the same seed and scaling.

    The proper rate is the one with the best mean test accuracy on pilot seeds.
    """
    networks = plain(tables["networks"])
    killing = killing_cell(networks)
    pair = [
        alive(in_cell(networks, cell)).set_index("seed")["dead_fraction"]
        for cell in (proper_cell(networks, killing), killing)
    ]
    return by_seed(pair[0] / pair[1].where(pair[1] > 0))


@estimand("networks", "history")
def rank_correlation_update_death(tables: Tables) -> pd.DataFrame:
    """Spearman correlation, over learning rates, of early update size with the final dead fraction.

    Update size: root mean square change of the weights a step, averaged over the steps measured one by
    one at the start. One correlation for each seed and SGD arm (scaling, depth) in which units die at
    some rate; averaged over the arms.
    """
    early = confirmatory(plain(tables["history"]))
    early = early[(early["step"] > 0) & (early["step"] <= _single_steps(early))]
    updates = grouped(early, NETWORK)["update_rms"].mean().rename("update")
    networks = alive(confirmatory(plain(tables["networks"]))).merge(updates.reset_index(), on=NETWORK)
    arms = networks.groupby(["seed", "scaling", "depth"], observed=True)[["update", "dead_fraction"]]
    return by_seed(arms.apply(_spearman).groupby("seed").mean())


@estimand("activity")
def first_layer_revivals(tables: Tables) -> pd.DataFrame:
    """Revivals in the first hidden layer under plain SGD; exposure in dead units times epochs."""
    activity = confirmatory(plain(tables["activity"]))
    first = activity[activity["layer"] == 1]
    return counts(with_risk(first), "n_revived", "risk")


@estimand("activity")
def recovered_share(tables: Tables) -> pd.DataFrame:
    """Of the units found dead at any measurement under SGD, the share alive at the end."""
    return recovered(last(confirmatory(plain(tables["activity"]))))


@estimand("activity")
def recovered_share_deeper(tables: Tables) -> pd.DataFrame:
    """`recovered_share` of the layers after the first."""
    end = last(confirmatory(plain(tables["activity"])))
    return recovered(end[end["layer"] > 1])


@estimand("activity", "history")
def stopped_share_with_half_a_layer_dead(tables: Tables) -> pd.DataFrame:
    """Of the networks with more than half of some layer dead after one epoch, the share that stopped learning.

    Stopped: the training loss falls by less than 10 % from then to the end.
    """
    activity = treated(confirmatory(tables["activity"]))
    after = activity[activity["epoch"] == 1]
    after = after.assign(dead=(after["n_dead"] / after["n_units"]).astype(float))
    worst = grouped(after, NETWORK)["dead"].max().reset_index()
    history = treated(confirmatory(tables["history"]))
    then, end = history[history["epoch"] == 1], last(history)
    losses = then.merge(end, on=NETWORK, suffixes=("_then", "_end")).merge(worst, on=NETWORK)
    losses = losses[losses["dead"] > 0.5].dropna(subset="train_loss_end")
    stopped = losses["train_loss_end"] > (1 - LATE_FALL) * losses["train_loss_then"]
    return by_seed(stopped.astype(float).groupby(losses["seed"]).mean())


@estimand("units")
def movement_ratio_nearly_dead(tables: Tables) -> pd.DataFrame:
    """Movement over the last epoch of nearly dead units over that of active units of the same layer.

    Movement: Euclidean length of the change of a unit's incoming weights and bias, plain SGD. The sums
    run over all nearly dead units of the seed, each against the mean of its active siblings.
    """
    units = confirmatory(plain(tables["units"]))
    units = units[units["n_units"] > 0]
    wide = (
        units.set_index([*NETWORK, "layer", "status"])[["n_units", "movement_mean"]]
        .unstack()
        .dropna(subset=[("n_units", "nearly dead"), ("n_units", "active")])
    )
    count = wide[("n_units", "nearly dead")]
    near = (wide[("movement_mean", "nearly dead")] * count).groupby("seed").sum()
    active = (wide[("movement_mean", "active")] * count).groupby("seed").sum()
    return by_seed(near / active.where(active > 0))


@estimand("units")
def dead_units_with_varying_output(tables: Tables) -> pd.DataFrame:
    """Networks' layers with a dead ReLU whose output differs between two training samples; exposure: dead units."""
    return _dead_units(tables, "output_range_max")


@estimand("units")
def dead_units_with_gradient(tables: Tables) -> pd.DataFrame:
    """Layers with a dead ReLU into whose weights some gradient of the full-batch loss flows; exposure: dead units."""
    return _dead_units(tables, "gradient_max")


@estimand("networks", "units")
def share_revived_by_bias(tables: Tables) -> pd.DataFrame:
    """Of the units that died at the killing rate, the share active again once their bias alone is put back."""
    return by_seed(revived_shares(tables)["bias"])


def revived_shares(tables: Tables) -> pd.DataFrame:
    """By confirmatory seed, the shares of killed units that are active with only ``bias`` or ``weights`` put back.

    Killed: dead at the end, not at the start; scaling and rate chosen by `killing_cell`, plain SGD.
    """
    networks = plain(tables["networks"])
    units = in_cell(plain(tables["units"]), killing_cell(networks))
    sums = units.groupby("seed")[["n_died", "n_active_bias_put_back", "n_active_weights_put_back"]].sum().astype(float)
    killed = sums["n_died"].where(sums["n_died"] > 0)
    return pd.DataFrame({part: (sums[f"n_active_{part}_put_back"] / killed).dropna() for part in ("bias", "weights")})


def killing_cell(networks: pd.DataFrame) -> dict[str, object]:
    """The scaling and rate of the reference depth with most dead units on pilot seeds, most of them finite."""
    pilot = _depth(networks[networks["phase"] == "pilot"])
    cells = pilot.groupby(["scaling", "learning_rate"], observed=True)
    finite = cells["dead_fraction"].mean()[cells["diverged"].mean() < 0.5]
    scaling, rate = finite.idxmax()
    return {"scaling": scaling, "learning_rate": rate}


def proper_cell(networks: pd.DataFrame, killing: Mapping[str, object]) -> dict[str, object]:
    """The rate with the best mean test accuracy on pilot seeds, all of them finite, at the same scaling."""
    pilot = _depth(networks[(networks["phase"] == "pilot") & (networks["scaling"] == killing["scaling"])])
    rates = pilot.groupby("learning_rate")
    return {**killing, "learning_rate": rates["test_accuracy"].mean()[rates["diverged"].mean() == 0].idxmax()}


def revivals_in_silent_layers(activity: pd.DataFrame) -> tuple[int, int]:
    """Revivals right after a measurement that found *all* units of the layer dead, and how often it did, plain SGD.

    With no living sibling no gradient passes the layer, so nothing before it moves: a control for how
    deeper units come back.
    """
    rows = confirmatory(plain(activity)).sort_values("step", kind="stable", ignore_index=True)
    same = grouped(rows, [*NETWORK, "layer"])
    silent = (same["n_dead"].shift() == same["n_units"].shift()).fillna(False).astype(bool) & rows["n_dead"].notna()
    return int(rows.loc[silent, "n_revived"].sum()), int(silent.sum())


def _depth(networks: pd.DataFrame) -> pd.DataFrame:
    """The reference depth 3, or the nearest that the study has."""
    depths = networks["depth"].unique()
    return networks[networks["depth"] == min(depths, key=lambda depth: (abs(depth - 3), depth))]


def in_cell(frame: pd.DataFrame, cell: Mapping[str, object]) -> pd.DataFrame:
    """Confirmatory rows of the reference depth at a scaling and rate."""
    frame = _depth(confirmatory(frame))
    return frame[(frame["scaling"] == cell["scaling"]) & (frame["learning_rate"] == cell["learning_rate"])]


def _single_steps(history: pd.DataFrame) -> int:
    """How many steps at the start were measured one by one."""
    steps = np.sort(history["step"].unique())
    gaps = np.flatnonzero(np.diff(steps) > 1)
    return int(steps[gaps[0]] if len(gaps) else steps[-1])


def _spearman(pair: pd.DataFrame) -> float:
    if len(pair) < 3 or pair["update"].nunique() < 2 or pair["dead_fraction"].nunique() < 2:
        return np.nan
    from scipy import stats  # here, since it takes seconds to import and the other estimands do without

    return float(stats.spearmanr(pair["update"], pair["dead_fraction"]).statistic)


def recovered(end: pd.DataFrame) -> pd.DataFrame:
    """Of the units ever dead, those alive at the end, summed over the seed's finite networks.

    Args:
        end: rows of the activity table at the end of training.
    """
    sums = end.groupby("seed")[["n_ever_dead", "n_dead"]].sum().astype(float)
    alive = sums["n_ever_dead"] - sums["n_dead"]
    return by_seed(alive / sums["n_ever_dead"].where(sums["n_ever_dead"] > 0)).assign(
        events=alive.to_numpy(), exposure=sums["n_ever_dead"].to_numpy()
    )


def _dead_units(tables: Tables, column: str) -> pd.DataFrame:
    units = treated(confirmatory(tables["units"]))
    dead = units[(units["status"] == "dead") & (units["activation"] == "relu")]
    return counts(dead.assign(nonzero=(dead[column] > 0).astype(int)), "nonzero", "n_units")
