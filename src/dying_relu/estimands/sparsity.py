"""Estimands of the study sparsity: how sparse representations are, whether it helps, whether it pays.

An *arm* is a way of setting how sparse the hidden outputs of the reference network are: its activation, and the
strength of an L1 penalty on them. All arms have the same weights to learn. Each is taken at the rate with its best
mean test accuracy on pilot seeds, among rates at which no pilot network diverged.
"""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import Tables, alive, by_seed, confirmatory, estimand, grouped, last

DENSE = ("leaky_relu_0.3", "elu", "tanh", "sigmoid")  # outputs are zero at single points only
NEARLY_RELU = (
    "leaky_relu_0.01"  # no zeros either, but what ReLU shuts off passes at a hundredth: neither sparse nor dense
)
TASKS = ("none", "noise_1")  # levels of the setting shift


@estimand("networks", "activity")
def relu_zero_share_less_sigmoid(tables: Tables) -> pd.DataFrame:
    """Share of hidden outputs below 0.001 in size at the end, mean over layers: ReLU's less sigmoid's, by seed."""
    share = zero_shares(tables)
    return by_seed(_of(share, "relu")["zero_share"].sub(_of(share, "sigmoid")["zero_share"]).dropna())


@estimand("networks")
def accuracy_sparse_less_dense(tables: Tables) -> pd.DataFrame:
    """Test accuracy of the best sparse arm less that of the best dense one, as pilot seeds have them; by seed."""
    return by_seed(
        difference(tables["networks"], *(best_arm(tables["networks"], kind) for kind in ("sparse", "dense")))
    )


@estimand("networks", "activity", "timings")
def sparse_speed_up(tables: Tables) -> pd.DataFrame:
    """Time of the dense product over that of the sparse one, at the density that ReLU networks have.

    No conversion is counted; batch, width and library are those with the greatest speed-up on pilot repetitions.
    """
    found = speed_ups(tables["timings"], density(tables))
    return by_seed(in_place(confirmatory(found), fastest(found)).set_index("seed")["speed_up"])


def with_arm(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a column ``arm``, and ``kind``: sparse (it sets outputs to zero), dense, or neither."""
    arm = frame["activation"].astype(str)
    penalised = frame["activity_penalty"] > 0
    arm = arm.where(~penalised, arm + " + L1 " + frame["activity_penalty"].map("{:g}".format).astype(str))
    kind = np.where(arm.isin(DENSE), "dense", np.where(arm == NEARLY_RELU, "neither", "sparse"))
    return frame.assign(arm=arm, kind=kind)


def best_rates(networks: pd.DataFrame) -> pd.Series:
    """For each task and arm the rate of best mean test accuracy on pilot seeds, none of them diverged."""
    pilot = with_arm(networks[networks["phase"] == "pilot"])
    cells = pilot.assign(shift=pilot["shift"].astype(str)).groupby(["shift", "arm", "learning_rate"])
    mean = cells["test_accuracy"].mean()[cells["diverged"].mean() == 0].reset_index()
    best = mean.sort_values("test_accuracy", kind="stable").groupby(["shift", "arm"]).tail(1)
    return best.set_index(["shift", "arm"])["learning_rate"].sort_index()


def at_best_rates(networks: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of each arm at its best rate, with ``arm`` and ``kind``."""
    frame = with_arm(frame)
    rates = best_rates(networks).rename("best_rate").reset_index()
    joined = frame.assign(shift=frame["shift"].astype(str)).merge(rates, on=["shift", "arm"])
    return joined[joined["learning_rate"] == joined["best_rate"]]


def zero_shares(tables: Tables, start: bool = False) -> pd.DataFrame:
    """Mean over layers of the share of zero outputs of each network at its best rate, at the end or the start."""
    rows = tables["activity"]
    rows = at_best_rates(tables["networks"], rows[rows["step"] == 0] if start else last(rows))
    return grouped(rows, ["phase", "shift", "arm", "kind", "seed"])["zero_share"].mean().dropna().reset_index()


def best_arm(networks: pd.DataFrame, kind: str, task: str = "none", below: float | None = None) -> str | None:
    """The arm of a kind with the best mean test accuracy on pilot seeds; without plain ReLU for ``sparsified``."""
    found = at_best_rates(networks, networks)
    wanted = found["kind"] == "sparse" if kind == "sparsified" else found["kind"] == kind
    if kind == "sparsified":
        wanted &= found["arm"] != "relu"
    here = found[wanted & (found["phase"] == "pilot") & (found["shift"] == task)]
    mean = here.groupby("arm")["test_accuracy"].mean()
    return None if mean.empty else str(mean.idxmax())


def difference(networks: pd.DataFrame, one: str | None, other: str | None, task: str = "none") -> pd.Series:
    """Test accuracy of an arm less that of another by confirmatory seed, each at its best rate, both finite."""
    found = alive(at_best_rates(networks, networks))
    pair = [_of(found, arm, task)["test_accuracy"] for arm in (one, other)]
    return (pair[0] - pair[1]).dropna()


def dose_responses(tables: Tables, task: str = "none") -> pd.Series:
    """Spearman correlation by confirmatory seed of zero share with test accuracy over ReLU and its sparser arms.

    How sparse the arms are is set by the intervention (penalty, winners), not found: a dose and its response.
    """
    share = zero_shares(tables)
    found = alive(at_best_rates(tables["networks"], tables["networks"]))
    key = ["phase", "shift", "arm", "seed"]
    both = confirmatory(found[[*key, "kind", "test_accuracy"]].merge(share[[*key, "zero_share"]], on=key))
    both = both[(both["shift"] == task) & (both["kind"] == "sparse")]
    ranks = both.groupby("seed")[["zero_share", "test_accuracy"]].rank()
    values = {
        seed: np.corrcoef(part["zero_share"], part["test_accuracy"])[0, 1]
        for seed, part in ranks.groupby(both["seed"])
        if (part.nunique() > 1).all()
    }
    return pd.Series(values, dtype=float)


def density(tables: Tables) -> float:
    """Share of hidden outputs of trained ReLU networks that are not zero: mean over layers and confirmatory seeds."""
    return float(1 - _of(zero_shares(tables), "relu")["zero_share"].mean())


def speed_ups(timings: pd.DataFrame, at: float, with_conversion: bool = False) -> pd.DataFrame:
    """Speed-up of each repetition, batch, width and library at a density, from the timings around it.

    Interpolated linearly in the logarithms of density and ratio; beyond the densities timed, that of the nearest.
    """
    rows = timings[timings["with_conversion"] == with_conversion].sort_values("density")
    cells = rows.groupby(["phase", "seed", "batch", "width", "library"], observed=True)
    values = cells[["density", "ratio"]].apply(
        lambda part: np.exp(-np.interp(np.log(at), np.log(part["density"]), np.log(part["ratio"])))
    )
    return values.rename("speed_up").reset_index().dropna()


def fastest(found: pd.DataFrame, **given: object) -> dict[str, object]:
    """Batch, width and library with the greatest median speed-up on pilot repetitions, among those given."""
    pilot = found[found["phase"] == "pilot"]
    for key, value in given.items():
        pilot = pilot[pilot[key] == value]
    cells = pilot.groupby(["batch", "width", "library"], observed=True)["speed_up"].median()
    return {} if cells.empty else dict(zip(cells.index.names, cells.idxmax(), strict=True))


def in_place(found: pd.DataFrame, place: dict[str, object]) -> pd.DataFrame:
    """Rows of a batch, width and library; none where there is no such place."""
    if not place:
        return found.iloc[:0]
    return found[np.logical_and.reduce([found[key] == value for key, value in place.items()])]


def break_even(timings: pd.DataFrame) -> pd.DataFrame:
    """Density below which the sparse product takes less time than the dense one; medians over confirmatory repetitions.

    For each batch, width, library, and with or without conversion: the first crossing of the ratio with 1, in
    logarithms; ``low``: even the lowest density timed does not pay, ``high``: the highest still does.
    """
    rows = confirmatory(timings)
    keys = ["batch", "width", "library", "with_conversion"]
    found = []
    for cell, part in rows.groupby(keys, observed=True):
        curve = part.groupby("density")["ratio"].median().sort_index()
        x, y = np.log(curve.index.to_numpy()), np.log(curve.to_numpy())
        dearer = np.flatnonzero(y >= 0)
        if len(dearer) == 0:
            at, edge = curve.index[-1], "high"
        elif dearer[0] == 0:
            at, edge = curve.index[0], "low"
        else:
            k = dearer[0]
            at, edge = np.exp(x[k - 1] - y[k - 1] * (x[k] - x[k - 1]) / (y[k] - y[k - 1])), ""
        found.append({**dict(zip(keys, cell, strict=True)), "density": float(at), "edge": edge})
    return pd.DataFrame(found, columns=[*keys, "density", "edge"])


def _of(frame: pd.DataFrame, arm: str | None, task: str = "none") -> pd.DataFrame:
    """Confirmatory rows of an arm by seed."""
    return confirmatory(frame[(frame["arm"] == arm) & (frame["shift"] == task)]).set_index("seed")
