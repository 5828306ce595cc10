"""Estimands of the study sparsity: how sparse representations are, whether it helps, whether it pays.

An *arm* is a way of setting how sparse the hidden outputs of the reference network are: its activation, and the
strength of an L1 penalty on them. All arms have the same weights to learn. Each is taken at the rate with its best
mean test accuracy on pilot seeds, among rates at which no pilot network diverged. A *task* is a shift of all inputs.
"""

from itertools import product

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, maps
from dying_relu.analysis.choice import Chosen, at_chosen, choose, choose_each
from dying_relu.analysis.curves import crossing
from dying_relu.analysis.frames import Tables, alive, confirmatory, grouped, last, matching, paired, pilot, treated
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.studies.sparsity import CONTENTS

RULES = CONTENTS.choices
ARM = list(RULES["arm"].over)
PLACE = list(RULES["place"].over)
RELU = {"activation": "relu", "activity_penalty": 0}
SIGMOID = {"activation": "sigmoid", "activity_penalty": 0}
NEARLY_RELU = {"activation": "leaky_relu_0.01", "activity_penalty": 0}
LIBRARIES = {"scipy": "SciPy", "tensorflow": "TensorFlow"}  # of sparse products, as printed
FAVOURABLE = "most favourable"  # batch, width and library
BEST = "the best"  # arm of its kind
_STEEP = 0.1  # a slope below zero from here on makes an arm dense; ReLU's is 0
_UNTIMED = pd.DataFrame(columns=["phase", "seed", *PLACE, "with_conversion", "density", "ratio"])


def relu_zero_share_less_sigmoid(tables: Tables) -> pd.DataFrame:
    """Share of hidden outputs below 0.001 in size: ReLU's less sigmoid's, each at its best rate.

    Of each layer, and the mean over layers, layer 0; at the ``end`` and the ``start`` of training.
    """
    activity = tables["activity"]
    moments = {"end": last(activity), "start": activity[activity["step"] == 0]}
    parts = []
    for moment, frame in moments.items():
        rows = at_best_rates(tables["networks"], frame)
        found = maps.of(rows, rows["zero_share"], rows["zero_share"].isna(), ["layer"])
        every = pd.concat([maps.pool(found, ["layer"]).assign(layer=maps.ALL_LAYERS), found], ignore_index=True)
        relu, sigmoid = (matching(every, **arm) for arm in (RELU, SIGMOID))
        parts.append(maps.pair(relu, sigmoid, [*ARM, "learning_rate"]).assign(moment=moment))
    return pd.concat(parts, ignore_index=True)


def accuracy_sparse_less_dense(tables: Tables) -> pd.DataFrame:
    """Test accuracy of a ``sparse`` arm of a task less that of a ``dense`` one, each at its best rate.

    The best of each kind, as pilot seeds have them, and all pairs of arms.
    """
    found = at_best_rates(tables["networks"])
    parts = []
    for task in sorted(set(found["shift"])) or ["none"]:
        here = matching(found, shift=task)
        best = tuple((BEST, best_arm(found, kind, task)) for kind in ("sparse", "dense"))
        pairs = [best, *product(*(_named_arms(matching(here, kind=kind)) for kind in ("sparse", "dense")))]
        for (sparse, one), (dense, other) in pairs:
            rows = (matching(here, **arm) for arm in (one, other))
            first, second = (maps.of(frame, frame["test_accuracy"]) for frame in rows)
            made = maps.pair(first, second, [*ARM, "learning_rate"])
            parts.append(made.assign(sparse=sparse, dense=dense))
    return pd.concat(parts, ignore_index=True)


def sparse_speed_up(tables: Tables) -> pd.DataFrame:
    """Time of the dense product over that of the sparse one, at the density that trained ``networks`` have.

    By ``place``: the batch, width and library most favourable on pilot repetitions, for each sparse arm; each of them,
    for ReLU. ``conversion`` of dense activations into the sparse form: not counted, or counted.
    """
    shares = matching(zero_shares(tables), shift="none", kind="sparse")
    parts = [_UNTIMED.assign(speed_up=np.nan, networks="", place="", conversion="")]
    for converted, conversion in ((False, "not counted"), (True, "counted")):
        for name, arm in _named_arms(shares):
            found = speed_ups(timed(tables), _density(shares, arm), with_conversion=converted)
            parts.append(
                matching(found, **fastest(found)).assign(networks=name, place=FAVOURABLE, conversion=conversion)
            )
            if arm == RELU:
                names = [f"{library}, batch {batch}, width {width}" for batch, width, library in _places(found)]
                parts.append(found.assign(networks=name, place=names, conversion=conversion))
    every = pd.concat(parts, ignore_index=True).drop(columns=PLACE)
    return maps.of(every, every["speed_up"], pd.Series(False, every.index), ["networks", "place", "conversion"])


def _named_arms(found: pd.DataFrame) -> list[tuple[str, Chosen]]:
    """The arms in a table, with their printed names."""
    return [(str(arm_name(**arm)), arm) for arm in arms.listed(found, ARM)]


def _places(found: pd.DataFrame) -> list[tuple]:
    return list(found[PLACE].itertuples(index=False, name=None))


def arm_name(activation: str | None, activity_penalty: float) -> str | None:
    """The printed name of an arm, e.g. ReLU with L1 0.01."""
    if activation is None:
        return None
    return ACTIVATIONS[activation].name + (f" with L1 {activity_penalty:g}" if activity_penalty else "")


def compared(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks that differ in task, arm and rate alone, without controls; with the ``kind`` of arm."""
    frame = arms.comparable(treated(frame), ["shift", *ARM, "learning_rate"])
    frame = frame.astype({"shift": str, "activation": str})
    return frame.assign(kind=[_kind(*arm) for arm in zip(*(frame[key] for key in ARM), strict=True)])


def _kind(activation: str, penalty: float) -> str:
    """``sparse``: sets outputs to zero; ``dense``: they are zero at single points only; ``neither``: what is shut off
    passes, but hardly, or by a slope that is learned, or a penalty makes it small."""
    entry = ACTIVATIONS[activation]
    if entry.family == "winners" or entry.slope == 0:
        return "sparse"
    nearly = entry.family == "piecewise linear" and (entry.slope is None or abs(entry.slope) < _STEEP)
    return "neither" if nearly or penalty > 0 else "dense"


def best_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each task and arm the rate of best mean test accuracy on pilot seeds, none of them diverged."""
    return choose_each(compared(networks), RULES["rate"], ["shift", *ARM])


def at_best_rates(networks: pd.DataFrame, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rows of a table, by default of the networks, of each task and arm at its best rate, with the ``kind`` of arm."""
    return at_chosen(compared(networks if frame is None else frame), best_rates(networks))


def zero_shares(tables: Tables) -> pd.DataFrame:
    """Mean over layers of the share of zero outputs of each network at its best rate, at the end of training."""
    rows = at_best_rates(tables["networks"], last(tables["activity"]))
    return grouped(rows, ["phase", "shift", *ARM, "kind", "seed"])["zero_share"].mean().dropna().reset_index()


def best_arm(found: pd.DataFrame, kind: str, task: str = "none") -> Chosen:
    """The arm of a kind with the best mean test accuracy on pilot seeds; of kind ``sparsified`` all sparser than ReLU.

    Args:
        found: from `at_best_rates`.
    """
    here = matching(found, shift=task, kind="sparse" if kind == "sparsified" else kind)
    if kind == "sparsified":
        here = here.drop(matching(here, **RELU).index)
    return choose(here, RULES["arm"])


def difference(found: pd.DataFrame, one: Chosen, other: Chosen, task: str = "none") -> pd.Series:
    """Test accuracy of an arm less that of another by confirmatory seed, both finite.

    Args:
        found: from `at_best_rates`.
    """
    return paired(matching(alive(confirmatory(found)), shift=task), "test_accuracy", one, other)


def dose_responses(tables: Tables, task: str = "none") -> pd.Series:
    """Spearman correlation by confirmatory seed of zero share with test accuracy over ReLU and its sparser arms.

    How sparse the arms are is set by the intervention (penalty, winners), not found: a dose and its response.
    """
    key = ["seed", *ARM]
    share, found = (
        matching(confirmatory(frame), shift=task, kind="sparse")
        for frame in (zero_shares(tables), alive(at_best_rates(tables["networks"])))
    )
    both = found[[*key, "test_accuracy"]].merge(share[[*key, "zero_share"]], on=key).set_index("seed")
    ranks = both.groupby("seed")[["zero_share", "test_accuracy"]].rank()
    values = {
        seed: np.corrcoef(part["zero_share"], part["test_accuracy"])[0, 1]
        for seed, part in ranks.groupby("seed")
        if (part.nunique() > 1).all()
    }
    return pd.Series(values, dtype=float)


def density(tables: Tables) -> float:
    """Share of hidden outputs of trained ReLU networks that are not zero: mean over layers and pilot seeds."""
    return _density(matching(zero_shares(tables), shift="none"), RELU)


def _density(shares: pd.DataFrame, arm: Chosen) -> float:
    return float(1 - matching(pilot(shares), **arm)["zero_share"].mean())


def timed(tables: Tables) -> pd.DataFrame:
    """The timings of the sparse product; none where the study times nothing."""
    return tables.get("timings", _UNTIMED)


def speed_ups(timings: pd.DataFrame, at: float, with_conversion: bool = False) -> pd.DataFrame:
    """Speed-up of each repetition, batch, width and library at a density, from the timings around it.

    Interpolated linearly in the logarithms of density and ratio; beyond the densities timed, that of the nearest.
    """
    rows = matching(timings, with_conversion=with_conversion).sort_values("density")
    keys = ["phase", "seed", *PLACE]
    found = []
    for cell, part in rows.groupby(keys, observed=True):
        place = np.log(max(at, part["density"].iloc[0]))
        found.append((*cell, np.exp(-np.interp(place, np.log(part["density"]), np.log(part["ratio"])))))
    return pd.DataFrame(found, columns=[*keys, "speed_up"]).dropna()


def fastest(found: pd.DataFrame, **given: object) -> Chosen:
    """Batch, width and library with the greatest mean speed-up on pilot repetitions, among those given.

    Args:
        found: from `speed_ups`.
    """
    return choose(matching(found, **given), RULES["place"])


def break_even(timings: pd.DataFrame) -> pd.DataFrame:
    """Density below which the sparse product takes less time than the dense one; medians over confirmatory repetitions.

    For each batch, width, library, and with or without conversion: the first crossing of the ratio with 1, in
    logarithms. ``sign``: ``<`` where even the lowest density timed does not pay, ``>`` where the highest still does.
    """
    found = []
    for cell, part in confirmatory(timings).groupby([*PLACE, "with_conversion"], observed=True):
        curve = np.log(part.groupby("density")["ratio"].median().astype(float))
        at, ends = crossing(curve, 0), curve.index[[0, -1]]
        found.append(
            (*cell, ends[1] if np.isnan(at) else at, ">" if np.isnan(at) else "<" if curve.iloc[0] >= 0 else "")
        )
    return pd.DataFrame(found, columns=[*PLACE, "with_conversion", "density", "sign"])
