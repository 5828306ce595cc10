"""Tables behind the figures of the study initialisation."""

from functools import cache

import numpy as np
import pandas as pd

from dying_relu.analysis import theory
from dying_relu.analysis.frames import Tables, drawn, grouped, matching
from dying_relu.analysis.intervals import POSITIVE, SHARE, share, summarise
from dying_relu.studies.initialisation.estimands import FATES, at_best_rates, born_dead, fates, schemes

MEASURES = ("mean_output", "gradient_norm")
SUMMARY = ["mean", "ci_low", "ci_high", "n_seeds"]
SAMPLED = {"he_normal": 20_000, "rai": 8_000}  # networks of the independent Monte Carlo
_SUITED = {"dataset": "absolute", "scaling": "raw", "activation": "relu", "bias": 0.0, "batch_norm": False}
_WIDEST = 16  # wider nets are not sampled: a layer is silent on a ray with a probability below 2^-16


def layers_by_scheme(tables: Tables) -> pd.DataFrame:
    """Mean output and gradient norm of each layer by scheme at three moments, each scheme at its best pilot rate.

    A scheme without any is seen before its first step all the same.
    """
    layers = at_best_rates(schemes(drawn(tables["layers"])), schemes(tables["networks"]))
    layers = layers[layers["best"].notna() | (layers["step"] == 0)]
    moments = {0.0: "before", 1.0: "after one epoch", float(layers["epochs"].max()): "at the end"}
    layers = layers.assign(moment=layers["epoch"].map(moments)).dropna(subset="moment")
    cell = ["initializer", "moment", "layer"]
    frames = [summarise(layers.assign(value=layers[name]), cell, POSITIVE).assign(measure=name) for name in MEASURES]
    return pd.concat(frames, ignore_index=True)


def born_dead_by_depth(tables: Tables) -> pd.DataFrame:
    """Born-dead shares of networks against depth, and of units against layer, beside Monte Carlo and bounds.

    A network of depth d is dead if some whole layer up to the d-th is: the first layers of a deep network are those
    of a shallower one of the same seed.
    """
    rows = born_dead(drawn(tables["activity"]))
    units = rows.assign(value=(rows["n_dead"] / rows["n_units"]).astype(float), depth=rows["layer"])
    units = summarise(units, ["initializer", "width", "depth"], SHARE).assign(of="units", how="networks")
    return pd.concat([networks_born_dead(rows), units, born_dead_sampled(rows)], ignore_index=True)


def collapse_by_rate(tables: Tables) -> pd.DataFrame:
    """Share of networks with each fate (`estimands.fates`), with exact intervals."""
    found = fates(drawn(tables["activity"]), drawn(tables["networks"]))
    cell = ["initializer", "arm", "learning_rate"]
    rows = [
        (*levels, fate, *share(int(part[fate].sum()), len(part)))
        for levels, part in grouped(found, cell)
        for fate in FATES
    ]
    return pd.DataFrame(rows, columns=[*cell, "fate", *SUMMARY])


def networks_born_dead(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of networks dead by each depth, with exact intervals.

    Args:
        rows: activity before the first step, one row a network and layer.
    """
    rows = rows.assign(whole=(rows["n_dead"] == rows["n_units"]).astype(int)).sort_values("layer")
    rows = rows.assign(dead=grouped(rows, ["initializer", "width", "seed"])["whole"].cummax())
    cells = [
        (*cell, *share(int(dead.sum()), len(dead)))
        for cell, dead in grouped(rows, ["initializer", "width", "layer"])["dead"]
    ]
    found = pd.DataFrame(cells, columns=["initializer", "width", "depth", *SUMMARY])
    return found.assign(of="networks", how="networks")


def born_dead_sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """The same shares by independent Monte Carlo, and for zero biases the closed-form bounds.

    Of the schemes and widths of the table that the theory speaks of: one input, ReLU, not too wide.
    """
    suited = matching(rows, initializer=list(SAMPLED), **_SUITED)
    wide = suited["width"] > _WIDEST
    if wide.any():
        print(f"not sampled: nets of width {', '.join(map(str, sorted(set(suited['width'][wide]))))}")
    deepest = grouped(suited[~wide], ["initializer", "width"])["layer"].max()
    frames = [_sampled(str(scheme), int(width), int(depth)) for (scheme, width), depth in deepest.items()]
    return pd.concat(frames) if frames else pd.DataFrame(columns=["initializer", "width", "depth", "mean", "of", "how"])


@cache
def _sampled(scheme: str, width: int, depth: int) -> pd.DataFrame:
    """One scheme and width; kept, since figure, numbers and table take it and it takes seconds."""
    n, depths = SAMPLED[scheme], np.arange(1, depth + 1)
    dead = theory.sample_born_dead(width, depth, n, asymmetric=scheme == "rai")
    by_depth = np.maximum.accumulate(dead == width, axis=1).mean(axis=0)
    found = [
        pd.DataFrame({"depth": depths, "mean": mean, "of": of, "how": "sampled", "n_seeds": n})
        for of, mean in (("networks", by_depth), ("units", dead.mean(axis=0) / width))
    ]
    if scheme == "he_normal":
        low, high = theory.born_dead_bounds(width, depths)
        found.append(pd.DataFrame({"depth": depths, "ci_low": low, "ci_high": high, "of": "networks", "how": "bounds"}))
    return pd.concat(found).assign(initializer=scheme, width=width)
