"""Estimands of the study learning_rate: who dies, who comes back, and whether it matters."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dying_relu.analysis.arms import nearest_to_reference, varying
from dying_relu.analysis.choice import Chosen, choose
from dying_relu.analysis.frames import (
    NETWORK,
    Tables,
    alive,
    at_reference_depth,
    by_seed,
    confirmatory,
    counts,
    grouped,
    last,
    matching,
    plain,
    treated,
    with_risk,
)
from dying_relu.studies.learning_rate import CONTENTS

LATE_FALL = 0.1  # a training loss that falls by less than this share has stopped falling
RULES = CONTENTS.choices


def dead_fraction_at_killing_rate(tables: Tables) -> pd.DataFrame:
    """Dead fraction of the network at the end, at the scaling and rate chosen by `killing_cell`."""
    networks = tables["networks"]
    return by_seed(_dead(networks, killing_cell(networks)))


def dead_fraction_ratio_proper_to_killing(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the proper rate (`proper_cell`) over that at the killing rate, same seed and scaling."""
    networks = tables["networks"]
    proper, killing = _dead(networks, proper_cell(networks)), _dead(networks, killing_cell(networks))
    return by_seed(proper / killing.where(killing > 0))


def rank_correlation_update_death(tables: Tables) -> pd.DataFrame:
    """Spearman correlation, over learning rates, of early update size with the final dead fraction.

    Update size: root mean square change of the weights a step, averaged over the steps measured one by
    one at the start. One correlation for each seed and SGD arm (settings that vary beside the rate) in which units
    die at some rate; averaged over the arms.
    """
    history = confirmatory(plain(tables["history"]))
    early = history[history["step"].isin(_single_steps(history))]
    updates = grouped(early, NETWORK)["update_rms"].mean().rename("update")
    networks = alive(confirmatory(plain(tables["networks"]))).merge(updates.reset_index(), on=NETWORK)
    arms = grouped(networks, ["seed", *varying(networks)])
    found = pd.DataFrame([(key[0], _spearman(part)) for key, part in arms], columns=["seed", "value"])
    return by_seed(found.astype({"value": float}).groupby("seed")["value"].mean())


def first_layer_revivals(tables: Tables) -> pd.DataFrame:
    """Revivals in the first hidden layer under plain SGD; exposure in dead units times epochs."""
    first = matching(confirmatory(plain(tables["activity"])), layer=1)
    return counts(with_risk(first), "n_revived", "risk")


def recovered_share(tables: Tables) -> pd.DataFrame:
    """Of the units found dead at any measurement under SGD, the share alive at the end."""
    return recovered(last(confirmatory(plain(tables["activity"]))))


def recovered_share_deeper(tables: Tables) -> pd.DataFrame:
    """`recovered_share` of the layers after the first."""
    end = last(confirmatory(plain(tables["activity"])))
    return recovered(end[end["layer"] > 1])


def stopped_share_with_half_a_layer_dead(tables: Tables) -> pd.DataFrame:
    """Of the networks with more than half of some layer dead after one epoch, the share that stopped learning.

    Stopped: the training loss falls by less than 10 % from then to the end.
    """
    after = matching(treated(confirmatory(tables["activity"])), epoch=1)
    after = after.assign(dead=(after["n_dead"] / after["n_units"]).astype(float))
    worst = grouped(after, NETWORK)["dead"].max().reset_index()
    history = treated(confirmatory(tables["history"]))
    then, end = matching(history, epoch=1), last(history)
    losses = then.merge(end, on=NETWORK, suffixes=("_then", "_end")).merge(worst, on=NETWORK)
    losses = losses[losses["dead"] > 0.5].dropna(subset="train_loss_end")
    stopped = losses["train_loss_end"] > (1 - LATE_FALL) * losses["train_loss_then"]
    return by_seed(stopped.astype(float).groupby(losses["seed"]).mean())


def movement_ratio_nearly_dead(tables: Tables) -> pd.DataFrame:
    """Movement over the last epoch of nearly dead units over that of active units of the same layer.

    Movement: Euclidean length of the change of a unit's incoming weights and bias, plain SGD. The sums
    run over all nearly dead units of the seed, each against the mean of its active siblings.
    """
    units = confirmatory(plain(tables["units"]))
    units = units[units["n_units"] > 0]
    near, active = (matching(units, status=status) for status in ("nearly dead", "active"))
    pairs = near.merge(active, on=[*NETWORK, "layer"], suffixes=("", "_of_active"))
    columns = ["movement_mean", "movement_mean_of_active"]
    sums = pairs[columns].astype(float).mul(pairs["n_units"].astype(float), axis=0).groupby(pairs["seed"]).sum()
    return by_seed(sums[columns[0]] / sums[columns[1]].where(sums[columns[1]] > 0))


def dead_units_with_varying_output(tables: Tables) -> pd.DataFrame:
    """Networks' layers with a dead ReLU whose output differs between two training samples; exposure: dead units."""
    return _dead_units(tables, "output_range_max")


def dead_units_with_gradient(tables: Tables) -> pd.DataFrame:
    """Layers with a dead ReLU into whose weights some gradient of the full-batch loss flows; exposure: dead units."""
    return _dead_units(tables, "gradient_max")


def share_revived_by_bias(tables: Tables) -> pd.DataFrame:
    """Of the units that died at the killing rate, the share active again once their bias alone is put back."""
    return by_seed(revived_shares(tables)["bias"].dropna())


def revived_shares(tables: Tables) -> pd.DataFrame:
    """By confirmatory seed, the shares of killed units that are active with only ``bias`` or ``weights`` put back.

    Killed: dead at the end, not at the start; scaling and rate chosen by `killing_cell`, plain SGD.
    """
    units = in_cell(tables["units"], killing_cell(tables["networks"]))
    columns = ["n_died", "n_active_bias_put_back", "n_active_weights_put_back"]
    sums = units.groupby("seed")[columns].sum(min_count=1).astype(float)
    killed = sums["n_died"].where(sums["n_died"] > 0)
    return pd.DataFrame({part: sums[f"n_active_{part}_put_back"] / killed for part in ("bias", "weights")})


def reference(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks of the reference depth trained by plain SGD, at all scalings and rates.

    Of whatever else a study varies, the level of the reference network, or the nearest.
    """
    rows = at_reference_depth(plain(frame))
    return nearest_to_reference(rows, varying(rows, but=("learning_rate", "scaling")))


def killing_cell(networks: pd.DataFrame) -> Chosen:
    """The scaling and rate with most dead units on pilot seeds, most of them finite."""
    return choose(reference(networks), RULES["killing"])


def proper_cell(networks: pd.DataFrame) -> Chosen:
    """The rate with the best mean test accuracy on pilot seeds, all of them finite, at the killing cell's scaling."""
    scaling = killing_cell(networks)["scaling"]
    return {"scaling": scaling, **choose(matching(reference(networks), scaling=scaling), RULES["proper"])}


def in_cell(frame: pd.DataFrame, cell: Mapping[str, object]) -> pd.DataFrame:
    """Confirmatory rows of `reference` networks at a scaling and rate."""
    return matching(confirmatory(reference(frame)), **cell)


def recovered(end: pd.DataFrame) -> pd.DataFrame:
    """Of the units ever dead, those alive at the end, summed over the seed's finite networks.

    Args:
        end: rows of the activity table at the end of training.
    """
    sums = end.groupby("seed")[["n_ever_dead", "n_dead"]].sum().astype(float)
    exposure, events = sums["n_ever_dead"], sums["n_ever_dead"] - sums["n_dead"]
    values = events / exposure.where(exposure > 0)
    return by_seed(values).assign(events=events.to_numpy(), exposure=exposure.to_numpy())


def revivals_in_silent_layers(activity: pd.DataFrame) -> tuple[int, int]:
    """Revivals right after a measurement that found *all* units of the layer dead, and how often it did, plain SGD.

    With no living sibling no gradient passes the layer, so nothing before it moves: a control for how
    deeper units come back.
    """
    rows = confirmatory(plain(activity)).sort_values("step", kind="stable", ignore_index=True)
    same = grouped(rows, [*NETWORK, "layer"])
    silent = (same["n_dead"].shift() == same["n_units"].shift()).fillna(False).astype(bool) & rows["n_dead"].notna()
    return int(rows.loc[silent, "n_revived"].sum()), int(silent.sum())


def _dead(networks: pd.DataFrame, cell: Mapping[str, object]) -> pd.Series:
    """Dead fraction of the finite networks of a cell, by seed."""
    return alive(in_cell(networks, cell)).set_index("seed")["dead_fraction"].astype(float)


def _single_steps(history: pd.DataFrame) -> np.ndarray:
    """The steps from the first on that were measured one by one."""
    steps = np.sort(history["step"].unique())
    return steps[steps == np.arange(len(steps))][1:]


def _spearman(pair: pd.DataFrame) -> float:
    if len(pair) < 3 or pair["update"].nunique() < 2 or pair["dead_fraction"].nunique() < 2:
        return np.nan
    from scipy import stats  # here, since it takes seconds to import and the other estimands do without

    return float(stats.spearmanr(pair["update"], pair["dead_fraction"]).statistic)


def _dead_units(tables: Tables, column: str) -> pd.DataFrame:
    dead = matching(treated(confirmatory(tables["units"])), status="dead", activation="relu")
    return counts(dead.assign(nonzero=(dead[column] > 0).astype(int)), "nonzero", "n_units")
