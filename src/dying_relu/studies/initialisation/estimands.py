"""Estimands of the study initialisation: what a start does to the layers, and to training after it."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.arms import comparable, label, listed, varying
from dying_relu.analysis.choice import at_chosen, choose, choose_each
from dying_relu.analysis.frames import NETWORK, Tables, grouped, last, matching
from dying_relu.design.catalogue import INITIALIZERS
from dying_relu.studies.initialisation import CONTENTS

RULES = CONTENTS.choices
FADED = 1e-3  # the last layer's mean output over the first's, at most: the activations have died out
SURVIVING = 0.3  # at least: they have survived
STUCK, TRAINED = 0.2, 0.8  # test accuracy with ten classes, at most and at least
TARGET_VARIANCE = {"absolute": 0.25}  # of abs(x), x uniform with variance 1: E x^2 - (E abs(x))^2 = 1 - 3/4
FATES = ("born dead", "killed", "constant", "learned")
_NETWORK = ["phase", *NETWORK]
SCHEMES, ADAM = "schemes", "patience_adam"  # grids that compare schemes
BEST = "best of each"


def choked_share_by_initialisation(tables: Tables) -> pd.DataFrame:
    """Whether one scheme chokes the net and another does not, for each seed; by optimiser.

    Choked: before the first step the mean output of the last hidden layer is at most `FADED` times that of the
    first, and the trained network's test accuracy is at most `STUCK`. Not choked: at least `SURVIVING` times, and at
    least `TRAINED`. The two schemes are chosen by `extreme_schemes` on pilot seeds; ``rates``: each at its best rate,
    likewise chosen, or both at the same.
    """
    chosen = extreme_schemes(attenuation(tables["layers"]))
    parts = []
    for grid in (SCHEMES, ADAM):
        networks = schemes(tables["networks"], grid)
        each = at_chosen(networks, best_rates(networks))
        parts.append(_one_choked(each, tables, grid, chosen, ["initializer", "learning_rate"]).assign(rates=BEST))
        same = _one_choked(networks, tables, grid, chosen, ["initializer"])
        parts.append(same.assign(rates="both " + same["learning_rate"].astype(str)).drop(columns="learning_rate"))
    return pd.concat(parts, ignore_index=True)


def _one_choked(
    networks: pd.DataFrame, tables: Tables, grid: str, chosen: tuple[str | None, str | None], over: list[str]
) -> pd.DataFrame:
    """A map over networks of a grid: whether the first scheme chokes, and the second does not."""
    ratios = attenuation(tables["layers"], grid)[[*_NETWORK, "ratio"]].astype({"initializer": str})
    found = networks.astype({"initializer": str}).merge(ratios, on=_NETWORK, how="left")
    choked = (found["ratio"] <= FADED) & (found["test_accuracy"] <= STUCK)
    survived = (found["ratio"] >= SURVIVING) & (found["test_accuracy"] >= TRAINED)
    one, other = (
        matching(maps.of(found, holds.astype(float).where(found["ratio"].notna())), initializer=scheme)
        for holds, scheme in zip((choked, survived), chosen, strict=True)
    )
    return maps.pair(one, other, over, lambda chokes, survives: chokes * survives)


def schemes(frame: pd.DataFrame, grid: str = SCHEMES) -> pd.DataFrame:
    """Rows of a comparison of schemes."""
    return comparable(matching(frame, grid=grid), ("initializer", "learning_rate"))


def attenuation(layers: pd.DataFrame, grid: str = SCHEMES) -> pd.DataFrame:
    """For each network before its first step the last layer's mean output over the first's: ``ratio``, ``log_ratio``.

    Where the first layer puts out nothing there is no ratio; one of zero has the logarithm of single precision's
    smallest number.
    """
    start = matching(schemes(layers, grid), step=0)
    first = matching(start, layer=1)[[*_NETWORK, "mean_output"]]
    ends = start[start["layer"] == start["depth"]].merge(first, on=_NETWORK, suffixes=("", "_first"))
    ratio = ends["mean_output"] / ends["mean_output_first"].where(ends["mean_output_first"] > 0)
    logs = np.log10(ratio.clip(lower=np.finfo(np.float32).tiny))
    return ends.assign(ratio=ratio, log_ratio=logs).dropna(subset="ratio")


def extreme_schemes(ratios: pd.DataFrame) -> tuple[str | None, str | None]:
    """The scheme whose outputs fade most over the layers, and the one that keeps them best; of `attenuation`."""
    return tuple(choose(ratios, RULES[role])["initializer"] for role in ("choking", "surviving"))


def best_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each scheme (``initializer``) its most accurate ``learning_rate`` on pilot seeds.

    A scheme of which most networks diverge at every rate is missing.
    """
    return choose_each(networks, RULES["rate"], ["initializer"])


def at_best_rates(frame: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Rows of each scheme at its best rate (``best``), or all of a scheme that has none."""
    best = best_rates(networks).rename(columns={"learning_rate": "best"}).astype({"initializer": str, "best": float})
    rows = frame.astype({"initializer": str}).merge(best, on="initializer", how="left")
    return rows[rows["best"].isna() | (rows["learning_rate"] == rows["best"])]


def in_order(names: pd.Series) -> list[str]:
    """The initialisers of a column in the order of the catalogue."""
    found = set(names.dropna().astype(str))
    return [name for name in INITIALIZERS if name in found]


def born_dead(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of the nets that are looked at before their first step, by layer."""
    rows = matching(activity, grid="born_dead", step=0).dropna(subset="n_dead")
    return comparable(rows, ("initializer", "width"))


def collapse(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the nets that collapse, with the column ``arm``: optimiser, and what else varies but scheme and rate."""
    rows = matching(frame, grid=("collapse", "collapse_adam"))
    keys = list(dict.fromkeys(["optimizer", *varying(rows, but=("initializer", "learning_rate"))]))
    found = listed(rows, keys)
    names = [label(arm) for arm in found]
    arms = pd.DataFrame(found, columns=keys).assign(arm=pd.Categorical(names, list(dict.fromkeys(names))))
    order = pd.Categorical(rows["initializer"].astype(str), list(INITIALIZERS))
    return rows.assign(initializer=order).merge(arms, on=keys)


def with_silent_layer(activity: pd.DataFrame, moment: str) -> pd.Series:
    """Of each finite network whether some whole hidden layer is dead, at the ``start`` or the ``end``.

    Then no input reaches the output, which is constant. Indexed by what tells the networks apart.
    """
    rows = (activity[activity["step"] == 0] if moment == "start" else last(activity)).dropna(subset="n_dead")
    return grouped(rows.assign(silent=(rows["n_dead"] == rows["n_units"]).astype(bool)), _NETWORK)["silent"].any()


def fates(activity: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """What became of each network of `collapse`: one of the columns `FATES` is 1, or none.

    ``born dead``: a wholly dead layer before the first step. ``killed``: none then, one at the end. ``constant``: none
    at the end either, but a training loss above nine tenths of the target's variance. ``learned``: at most a tenth
    of it. Also ``revived``: a wholly dead layer at the start and none at the end.
    """
    activity, found = collapse(activity), collapse(networks)
    for moment in ("start", "end"):
        silent = with_silent_layer(activity, moment).rename(moment).reset_index()
        found = found.merge(silent, on=_NETWORK, how="left")
    born, silent = found["start"].eq(True), found["end"].eq(True)
    lively = found["end"].eq(False)
    loss = found["train_loss"] / found["dataset"].astype(str).map(TARGET_VARIANCE).astype(float)
    made = {
        "born dead": born,
        "killed": silent & ~born,
        "constant": lively & ~born & (loss > 0.9),
        "learned": lively & ~born & (loss <= 0.1),
        "revived": born & lively,
    }
    return found.assign(**{fate: holds.astype(float) for fate, holds in made.items()})
