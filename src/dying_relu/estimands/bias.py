"""Estimands of the study bias: what a bias does to death, and apart from that to accuracy."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import Tables, alive, by_seed, confirmatory, estimand

SMALL_POSITIVE = (0.01, 0.1)


@estimand("networks")
def dead_ratio_positive_to_zero_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with a small positive initial bias over that with zero bias, at the killing rate.

    The killing rate is that of `killing_rate`; of the small positive biases the one that leaves fewest dead units
    there on pilot seeds. Seeds without a dead unit at zero bias say nothing.
    """
    networks = with_arms(tables["networks"])
    rate = killing_rate(networks)
    return by_seed(_ratio(networks, best_arm(networks, positive_arms(networks), rate), rate))


@estimand("networks")
def dead_ratio_regularised_bias(tables: Tables) -> pd.DataFrame:
    """Dead fraction at the end with an L2 penalty on the hidden biases over that without, at the killing rate.

    The strength is the one that leaves fewest dead units there on pilot seeds.
    """
    networks = with_arms(tables["networks"])
    rate = killing_rate(networks)
    return by_seed(_ratio(networks, best_arm(networks, penalised_arms(networks), rate), rate))


@estimand("networks")
def accuracy_lost_without_bias(tables: Tables) -> pd.DataFrame:
    """Test accuracy with biases (started at zero) less that without, each at its best rate on pilot seeds."""
    networks = with_arms(tables["networks"])
    values = [at(networks, arm, proper_rate(networks, arm), "test_accuracy") for arm in ("zero", "none")]
    return by_seed((values[0] - values[1]).dropna())


def with_arms(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of inputs in the unit interval with a column ``arm``.

    ``none``, ``zero``, ``start <bias>`` or ``penalty <strength>``.
    """
    frame = frame[frame["scaling"] == "unit"]
    start, penalty = frame["bias"].astype(float), frame["bias_decay"].astype(float)
    arms = [_arm(*pair) for pair in zip(start, penalty, strict=True)]
    return frame.assign(arm=pd.Series(arms, frame.index, dtype=object))


def _arm(start: float, penalty: float) -> str:
    if penalty > 0:
        return f"penalty {penalty:g}"
    if np.isnan(start):
        return "none"
    return "zero" if start == 0 else f"start {start:g}"


def positive_arms(networks: pd.DataFrame) -> list[str]:
    """Arms of a small positive initial bias that the table has."""
    return [f"start {bias:g}" for bias in SMALL_POSITIVE if f"start {bias:g}" in set(networks["arm"])]


def penalised_arms(networks: pd.DataFrame) -> list[str]:
    """Arms with a penalty on the biases that the table has."""
    return sorted(arm for arm in set(networks["arm"]) if arm.startswith("penalty"))


def killing_rate(networks: pd.DataFrame) -> float:
    """The rate at which nets with zero initial bias lose most units on pilot seeds, most of them finite."""
    cells = _pilot(networks, "zero").groupby("learning_rate")
    return float(cells["dead_fraction"].mean()[cells["diverged"].mean() < 0.5].idxmax())


def proper_rate(networks: pd.DataFrame, arm: str) -> float:
    """The rate of an arm with the best mean test accuracy on pilot seeds, all of them finite where there is one."""
    cells = _pilot(networks, arm).groupby("learning_rate")
    accuracy = cells["test_accuracy"].mean()
    finite = accuracy[cells["diverged"].mean() == 0]
    return float((accuracy if finite.empty else finite).fillna(0).idxmax())


def best_arm(networks: pd.DataFrame, arms: list[str], rate: float) -> str:
    """Of arms the one with fewest dead units at a rate on pilot seeds, most of them finite where there is one."""
    found = {arm: _pilot(networks, arm) for arm in arms}
    found = {arm: part[part["learning_rate"] == rate] for arm, part in found.items()}
    finite = {arm: part for arm, part in found.items() if part["diverged"].mean() < 0.5}
    means = {arm: part["dead_fraction"].mean() for arm, part in (finite or found).items()}
    return min(means, key=lambda arm: (np.nan_to_num(means[arm], nan=2.0), arm))


def at(networks: pd.DataFrame, arm: str, rate: float, column: str) -> pd.Series:
    """A column of the finite confirmatory networks of an arm at a rate, by seed."""
    here = alive(confirmatory(networks))
    here = here[(here["arm"] == arm) & (here["learning_rate"] == rate)]
    return here.set_index("seed")[column].astype(float)


def _ratio(networks: pd.DataFrame, arm: str, rate: float) -> pd.Series:
    without = at(networks, "zero", rate, "dead_fraction")
    return (at(networks, arm, rate, "dead_fraction") / without.where(without > 0)).dropna()


def _pilot(networks: pd.DataFrame, arm: str) -> pd.DataFrame:
    return networks[(networks["phase"] == "pilot") & (networks["arm"] == arm)]
