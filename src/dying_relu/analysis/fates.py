"""What becomes of units and networks: estimands that several studies have in common.

Each takes tables of a study whose networks vary in anything, the rate among it, and gives a map over all their
conditions. A condition of networks but for their rate is a *class*; what its killing and its proper rate are says
`analysis.rates`. A study's own ``estimands`` say which of them it takes, and of which of its networks.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import NETWORK, Tables, grouped, last, matching, treated
from dying_relu.analysis.rates import at, on_scale

LATE_FALL = 0.1  # a training loss that falls by less than this share has stopped falling
NO_SHIFT = "none"  # of the test samples
_SCALE = ["limit_share", "killing", "proper"]


def dead_fraction_at_the_end(tables: Tables) -> pd.DataFrame:
    """Dead fraction of each network at the end."""
    networks = treated(tables["networks"])
    return on_scale(maps.of(networks, networks["dead_fraction"]), networks)


def dead_fraction_ratio_proper_to_killing(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the proper rate of a class over that at its killing rate, same seed.

    Of classes in which the two are the same rate there is nothing to compare.
    """
    networks = treated(tables["networks"])
    proper, killing = (at(networks, networks, name) for name in ("proper", "killing"))
    same = proper.index.intersection(killing.index)
    one, other = (maps.of(rows, rows["dead_fraction"]) for rows in (proper.drop(same), killing.drop(same)))
    return maps.pair(one, other, ["learning_rate"], "ratio")


def rank_correlation_update_death(tables: Tables) -> pd.DataFrame:
    """Spearman correlation, over the learning rates up to the limit of a class, of early update size with death.

    Update size: root mean square change of the weights a step, averaged over the steps measured one by one at the
    start. Death: the final dead fraction. One correlation for each seed and class, over the same rates for all seeds;
    missing where no unit dies at any of them.
    """
    history, networks = treated(tables["history"]), treated(tables["networks"])
    early = history[history["step"].isin(_single_steps(history))]
    updates = grouped(early, NETWORK)["update_rms"].mean().rename("update").reset_index()
    below = on_scale(maps.of(networks, networks["dead_fraction"]), networks).query("limit_share <= 1")
    rows = below.merge(updates, on=[key for key in NETWORK if key != "grid"])
    classes = [key for key in maps.axes(below) if key != "learning_rate"]
    found = [
        (*key, _spearman(part["update"], part["value"]), part["diverged"].any())
        for key, part in grouped(rows, [*classes, "phase", "seed"])
    ]
    made = pd.DataFrame(found, columns=[*classes, "phase", "seed", "value", "diverged"])
    return maps.of(made, made["value"])


def revival_in_the_first_layer(tables: Tables) -> pd.DataFrame:
    """Whether a dead unit of the first hidden layer was alive again at a later measurement, plain SGD.

    Of networks with a dead unit there; ``events``: revivals, ``exposure``: units that were dead.
    """
    first = matching(treated(tables["activity"]), layer=1, optimizer="sgd")
    networks = matching(treated(tables["networks"]), optimizer="sgd")
    sums = grouped(first, NETWORK)["n_revived"].sum().rename("revived").reset_index()
    end = last(first).merge(sums, on=NETWORK)
    dead = end["n_ever_dead"].astype(float)
    found = maps.of(end, (end["revived"] > 0).where(dead > 0), dead.isna())
    return on_scale(found.assign(events=end["revived"].to_numpy(float), exposure=dead.to_numpy()), networks)


def recovered_share(tables: Tables) -> pd.DataFrame:
    """Of the units found dead at any measurement, the share alive at the end; by layer, and all layers together."""
    return on_scale(maps.by_layer(_ever_dead(tables), "n_back", "n_ever_dead"), treated(tables["networks"]))


def recovered_share_deeper(tables: Tables) -> pd.DataFrame:
    """`recovered_share` of the layers after the first together."""
    end = _ever_dead(tables)
    return on_scale(maps.sums(end[end["layer"] > 1], "n_back", "n_ever_dead"), treated(tables["networks"]))


def worst_layer(activity: pd.DataFrame) -> pd.DataFrame:
    """Of each network, after one epoch, the dead share ``dead`` of the layer that lost most; missing if diverged."""
    after = matching(treated(activity), epoch=1)
    after = after.assign(dead=(after["n_dead"] / after["n_units"]).astype(float))
    return grouped(after, [*NETWORK, "phase"])["dead"].max().reset_index()


def learning_stopped(tables: Tables) -> pd.DataFrame:
    """Of networks with more than half of some layer dead after one epoch, whether learning stopped.

    Stopped: the training loss falls by less than 10 % from then to the end.
    """
    networks = treated(tables["networks"])
    worst = worst_layer(tables["activity"]).drop(columns="phase")
    history = treated(tables["history"])
    then, end = (rows[[*NETWORK, "phase", "train_loss"]] for rows in (matching(history, epoch=1), last(history)))
    both = then.merge(end, on=[*NETWORK, "phase"], suffixes=("_then", "_end")).merge(worst, on=NETWORK)
    stopped = (both["train_loss_end"] > (1 - LATE_FALL) * both["train_loss_then"]).astype(float)
    half_dead = both["dead"] > 0.5
    lost = both["train_loss_end"].isna() & (half_dead | both["dead"].isna())
    return on_scale(maps.of(both, stopped.where(half_dead & ~lost), lost), networks)


def movement_ratio_nearly_dead(tables: Tables) -> pd.DataFrame:
    """Movement over the last epoch of units nearly dead before it over that of active units of the same layer.

    Movement: Euclidean length of the change of a unit's incoming weights and bias. The status is the one before the
    last epoch, so it does not follow from the movement. The sums run over all nearly dead units of the network, each
    against the mean of its active siblings.
    """
    units = treated(tables["units"])
    near, active = (matching(units, status=status) for status in ("nearly dead", "active"))
    columns = ["n_units_before", "movement_before_mean"]
    key = [*NETWORK, "phase", "layer"]
    pairs = near[[*key, *columns]].merge(active[[*key, *columns]], on=key, suffixes=("", "_active"))
    weight = pairs["n_units_before"].astype(float).where(pairs["n_units_before_active"] > 0, 0)
    moved = pairs.assign(
        near=pairs["movement_before_mean"] * weight, active=pairs["movement_before_mean_active"] * weight
    )
    network = [*NETWORK, "phase"]
    sums = grouped(moved, network)[["near", "active"]].sum().reset_index()
    sums = sums.merge(tables["networks"][[*NETWORK, "diverged"]], on=NETWORK)
    return on_scale(maps.of(sums, sums["near"] / sums["active"].where(sums["active"] > 0)), treated(tables["networks"]))


def revived_share(tables: Tables, part: str) -> pd.DataFrame:
    """Of the units that died, the share active with one part (``bias``, ``weights``) put back; by layer, and all."""
    died = matching(treated(tables["units"]), status="dead")
    found = maps.by_layer(died, f"n_active_{part}_put_back", "n_died")
    networks = treated(tables["networks"])
    diverged = networks[[key for key in networks if key in found and key not in ("value", "diverged")] + ["diverged"]]
    found = found.drop(columns="diverged").merge(diverged, on=[key for key in diverged if key != "diverged"])
    return on_scale(found, networks)


def alive_under_shift(shifted: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Of the units dead on the training set, the share alive on test samples by shift; each layer, and all (0)."""
    counts = shifted.assign(n_alive=shifted["n_dead"] - shifted["n_dead_both"])
    return on_scale(maps.by_layer(counts, "n_alive", "n_dead", ["test_shift"]), networks)


def alive_under_shift_less_unshifted(shifted: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """`alive_under_shift`, less the share on plain test samples."""
    found = alive_under_shift(shifted, networks).drop(columns=_SCALE).astype({"test_shift": str})
    moved, plain = found[found["test_shift"] != NO_SHIFT], matching(found, test_shift=NO_SHIFT)
    return on_scale(maps.pair(moved, maps.repeated(plain, moved, "test_shift"), []), networks)


def _ever_dead(tables: Tables) -> pd.DataFrame:
    """Rows at the end, with the units ever found dead that are alive: ``n_back``."""
    end = last(treated(tables["activity"]))
    return end.assign(n_back=end["n_ever_dead"] - end["n_dead"])


def _single_steps(history: pd.DataFrame) -> np.ndarray:
    """The steps from the first on that were measured one by one."""
    steps = np.sort(history["step"].unique())
    return steps[steps == np.arange(len(steps))][1:]


def _spearman(one: pd.Series, other: pd.Series) -> float:
    if len(one) < 3 or one.isna().any() or one.nunique() < 2 or other.nunique() < 2:
        return np.nan
    return float(one.rank().corr(other.rank()))
