"""Estimands of the study outlier: what one extreme sample does to a network that has settled.

Every network that meets an outlier has a twin of the same seed and settings that does not; values are differences or
ratios between the two, so that ordinary deaths and ordinary gradients drop out. The outlier's ``strength`` k puts one
feature 10**k standard deviations out. Each gives a map over scalings, rates, optimisers and strengths.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import Tables, grouped, last, matching, pilot, treated
from dying_relu.studies.outlier import CONTENTS, theory

AT_ONCE, LATER = MOMENTS = ("at once", "after training on")
DEADLY = 0.05  # the smallest excess of dead units that counts
SIZE = 3.5  # strength that the claims of deaths name: the deadliest that all raw networks of the first run stood
LEVEL = 0.1  # the excess of dead units right after the step at which an outlier is called deadly
EQUAL_SIZE = (
    4  # strength in the network's inputs at which scalings are compared: raw networks lose units, none diverges
)
EFFECTS = CENTRING, SCALING, INTERACTION = ("centring", "scaling", "interaction")
DEVIATIONS, INPUTS = EQUAL = ("deviations", "inputs")
STEPS = ("step_low", "step_high", "squared", "squared_centred")  # grids whose rate is another from the outlier on
_TWINS = ("twin_step", "twin_squared", "twin_squared_centred")
_EQUAL_GRID = "equal_inputs"
_OWN_SIZE = CONTENTS.choices["own_size"]


def gradient_ratio_outlier(tables: Tables) -> pd.DataFrame:
    """Norm of the batch's gradient with the outlier over that without.

    Measured by the step, which is the rate times the gradient under plain SGD alone: no other optimiser is in it.
    """
    steps = matching(at_once(told(tables["history"])), optimizer="sgd")
    met = _beside_twins(maps.of(steps, steps["update_rms"], steps["update_rms"].isna()), "ratio")
    return maps.without(matching(met, intervention="outlier"), "intervention")


def lasting_deaths(tables: Tables) -> pd.DataFrame:
    """Dead fraction in excess of the twin's after training on."""
    return met_outlier(excess(told(tables["activity"])), LATER)


def lasting_deaths_at_own_size(tables: Tables) -> pd.DataFrame:
    """`lasting_deaths` of each class of networks at its own strength: the deadliest that all pilot networks stand."""
    found = lasting_deaths(tables)
    return maps.without(at_chosen(found, own_sizes(found)), "strength")


def share_undone_by_bias(tables: Tables) -> pd.DataFrame:
    """Share of the excess of dead units that is undone by putting back all biases right after the outlier's step.

    By moment and by layer, and all layers together; see `undone`.
    """
    return undone(by_layer(told(tables["activity"])), "outlier_bias_put_back")


def lasting_deaths_spared_by_standardising(tables: Tables) -> pd.DataFrame:
    """`lasting_deaths` with standardised features less that with raw ones, same strength, rate and seed.

    Missing in cells where there is nothing to prevent: on pilot seeds raw networks lose less than `DEADLY` in the mean,
    diverged ones counted as lost.
    """
    found = lasting_deaths(tables)
    standardised, raw = (matching(found, scaling=name) for name in ("standardised", "raw"))
    spared = maps.pair(standardised, raw, ["scaling"])
    cell = [key for key in maps.axes(raw) if key != "scaling"]
    lost = pilot(raw).assign(lost=pilot(raw)["value"].mask(pilot(raw)["diverged"], 1.0))
    deadly = (grouped(lost, cell)["lost"].mean() >= DEADLY).rename("deadly").reset_index()
    spoken = spared.merge(deadly, on=cell, how="left")["deadly"].eq(True).to_numpy(bool)
    return spared.assign(value=spared["value"].where(spoken), diverged=spared["diverged"] & spoken)


def effect_of_scalings(tables: Tables) -> pd.DataFrame:
    """What centring and scaling each do to the excess of dead units: main effects and interaction of the two by two.

    By ``effect``: *centring*, centred less not, averaged over scaled and not; *scaling*, scaled less not, averaged over
    centred and not; *interaction*, what centring does to scaled networks less what it does to the others. By what is
    ``equal`` in the four: the outlier's size in the feature's *deviations*, or in the network's *inputs*.
    For scaled features the two are one, so their networks serve both. By moment and layer.
    """
    activity = treated(tables["activity"])
    activity = activity[~activity["grid"].isin([*STEPS, *_TWINS])]
    parts = []
    deviations = matching(activity[activity["grid"] != _EQUAL_GRID], intervention={"none", "outlier"})
    for equal, rows in ((DEVIATIONS, deviations), (INPUTS, _equal_inputs(activity))):
        found = by_layer(matching(rows, optimizer="sgd"))
        found = maps.without(found, "intervention")
        raw, centred, scaled, both = (
            matching(found, scaling=name) for name in ("raw", "centred", "scaled", "standardised")
        )
        unscaled, in_scaled = maps.pair(centred, raw, ["scaling"]), maps.pair(both, scaled, ["scaling"])
        uncentred, in_centred = maps.pair(scaled, raw, ["scaling"]), maps.pair(both, centred, ["scaling"])
        made = {
            CENTRING: maps.pair(unscaled, in_scaled, [], _mean),
            SCALING: maps.pair(uncentred, in_centred, [], _mean),
            INTERACTION: maps.pair(in_scaled, unscaled, []),
        }
        parts += [part.assign(effect=effect, equal=equal) for effect, part in made.items()]
    return pd.concat(parts, ignore_index=True)


def deaths_at_once(tables: Tables) -> pd.DataFrame:
    """Dead fraction in excess of the twin's right after the outlier's step, of networks whose rate changed for it.

    By layer, and of all together. The networks of a seed had the same weights before, whatever their rate (`stepped`).
    """
    return met_outlier(by_layer(stepped(tables["activity"])), AT_ONCE)


def deadly_sizes(tables: Tables) -> pd.DataFrame:
    """Strength at which the excess right after the step crosses `LEVEL`, by rate factor.

    Interpolated between strengths. Missing where already the smallest outlier is beyond the level, or not even the
    largest is.
    """
    found = maps.without(matching(deaths_at_once(tables), layer=maps.ALL_LAYERS), "layer")
    keys = [key for key in maps.axes(found) if key != "strength"]
    rows = [
        dict(zip([*keys, "phase", "seed"], network, strict=True))
        | {"value": _crossing(part.sort_values("strength")), "diverged": part["diverged"].any()}
        for network, part in grouped(found, [*keys, "phase", "seed"])
    ]
    return pd.DataFrame(rows, columns=[*keys, "phase", "seed", "value", "diverged"])


def collapse_exponent(tables: Tables) -> pd.DataFrame:
    """The p with which rate times size to the power p is the same at all rates where the outlier becomes deadly.

    The deadly strength k (`deadly_sizes`) is fitted by a straight line in log10 of the rate; its slope is -1/p. A
    seed of which a network has no deadly size among those tried counts as diverged, at both bounds.
    """
    found = deadly_sizes(tables)
    keys = [key for key in maps.axes(found) if key != "rate_factor"]
    several = grouped(found, keys)["rate_factor"].transform("nunique") > 1
    rows = [
        (*network, power := _power(part), part["diverged"].any() or bool(np.isnan(power)))
        for network, part in grouped(found[several], [*keys, "phase", "seed"])
    ]
    return pd.DataFrame(rows, columns=[*keys, "phase", "seed", "value", "diverged"])


def deadly_size_over_predicted(tables: Tables) -> pd.DataFrame:
    """The size at which an outlier becomes deadly over the one predicted from the same network at rate factor one.

    Predicted by `theory.exponent` of the loss, without anything fitted.
    """
    found = deadly_sizes(tables)
    exponent = found["dataset"].map(theory.exponent).astype(float)
    level = found.assign(value=found["value"] + np.log10(found["rate_factor"].astype(float)) / exponent)
    here = level[level["rate_factor"] == 1].drop(columns="rate_factor")
    other = level[level["rate_factor"] != 1]
    return maps.pair(other, maps.repeated(here, other, "rate_factor"), [], lambda k, reference: 10 ** (k - reference))


def told(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of the networks that the texts' claims are read at: neither controls nor grids that vary the step alone."""
    return treated(activity)[~treated(activity)["grid"].isin([*STEPS, *_TWINS, _EQUAL_GRID])]


def stepped(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks of which those of a seed differ in the rate from the outlier on, and of the outlier, alone.

    The grids `STEPS` with their twins, and of the grids that everything is read at those with the same settings at rate
    factor one and the same seeds.
    """
    own = activity[activity["grid"].isin([*STEPS, *_TWINS])]
    keys = ["dataset", "scaling", "learning_rate", "optimizer", "epochs", "intervention_epoch", "phase", "seed"]
    others = matching(activity, grid={"twin", "outlier"})
    same = others.merge(own[keys].drop_duplicates(), on=keys)
    return pd.concat([own, same], ignore_index=True)


def excess(activity: pd.DataFrame, *axes: str) -> pd.DataFrame:
    """A map of the dead fraction less that of the twin, by ``intervention`` and ``moment``, one of `MOMENTS`.

    Args:
        axes: ``layer``, if each layer is to be looked at alone.
    """
    rows = pd.concat([at_once(activity).assign(moment=AT_ONCE), last(activity).assign(moment=LATER)])
    return _beside_twins(maps.sums(rows, "n_dead", "n_units", ["moment", *axes]), "difference")


def by_layer(activity: pd.DataFrame) -> pd.DataFrame:
    """`excess` for each layer, and for all together, layer `maps.ALL_LAYERS`."""
    return pd.concat([excess(activity).assign(layer=maps.ALL_LAYERS), excess(activity, "layer")], ignore_index=True)


def met_outlier(found: pd.DataFrame, moment: str) -> pd.DataFrame:
    """The map of networks of which nothing was put back, at one moment.

    Args:
        found: from `excess`.
    """
    return maps.without(matching(found, intervention="outlier", moment=moment), "intervention", "moment")


def own_sizes(found: pd.DataFrame) -> pd.DataFrame:
    """The strength of each class of networks (all settings but the strength), chosen on pilot seeds.

    Args:
        found: from `lasting_deaths`.
    """
    classes = [key for key in maps.axes(found) if key != "strength"]
    return choose_each(found.rename(columns={"value": _OWN_SIZE.measure}), _OWN_SIZE, classes)


def undone(found: pd.DataFrame, intervention: str) -> pd.DataFrame:
    """One less the excess of dead units with a part put back, over that with none; same seed.

    Missing where the outlier's excess is below `DEADLY`; diverged where either network did.

    Args:
        found: from `excess`.
    """
    met, put_back = (
        maps.without(matching(found, intervention=name), "intervention") for name in ("outlier", intervention)
    )
    return maps.pair(met, put_back, [], lambda all_, rest: 1 - rest / all_.where(all_ >= DEADLY))


def at_once(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the moment one step after the intervention's epoch."""
    since = frame[frame["epoch"] > frame["intervention_epoch"]]
    return since[since["epoch"] == grouped(since, ["dataset", "intervention_epoch"])["epoch"].transform("min")]


def _equal_inputs(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks whose outlier is equally large in their inputs, and of their twins, of seeds that have all."""
    own = matching(activity, grid=_EQUAL_GRID, scaling={"raw", "centred"}, intervention="outlier_in_inputs")
    here = matching(activity, seed=set(own["seed"]), grid={"twin", "outlier"}, intervention={"none", "outlier"})
    scaled = matching(here, scaling={"scaled", "standardised"}, strength={0.0, *own["strength"]})
    return pd.concat([own, scaled, matching(here, scaling={"raw", "centred"}, intervention="none")], ignore_index=True)


def _mean(one: pd.Series, other: pd.Series) -> pd.Series:
    return (one + other) / 2


def _crossing(part: pd.DataFrame) -> float:
    """Where values cross `LEVEL` for the first time, on a straight line between two strengths."""
    strengths, values = part["strength"].to_numpy(float), part["value"].to_numpy(float)
    beyond = np.flatnonzero(values >= LEVEL)
    if len(beyond) == 0 or beyond[0] == 0 or np.isnan(values[: beyond[0]]).any():
        return np.nan
    at = slice(beyond[0] - 1, beyond[0] + 1)
    return float(np.interp(LEVEL, values[at], strengths[at]))


def _power(part: pd.DataFrame) -> float:
    """Less one over the slope of the deadly strength in log10 of the rate."""
    if part["value"].isna().any() or len(part) < 2:
        return np.nan
    slope = np.polyfit(np.log10(part["rate_factor"].astype(float)), part["value"], 1)[0]
    return -1 / slope if slope < 0 else np.nan


def _beside_twins(found: pd.DataFrame, how: str) -> pd.DataFrame:
    """A map of networks that met an intervention, each compared with its twin, the same for all strengths."""
    met = found[found["intervention"] != "none"]
    twins = matching(found, intervention="none").drop(columns=["intervention", "strength"])
    shared = maps.axes(twins)
    strengths = met[[*shared, "intervention", "strength"]].drop_duplicates()
    return maps.pair(met, twins.merge(strengths, on=shared), [], how)
