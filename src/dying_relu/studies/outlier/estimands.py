"""Estimands of the study outlier: what one extreme sample does to a network that has settled.

Every network that meets an outlier has a twin of the same seed and settings that does not; values are differences or
ratios between the two, so that ordinary deaths and ordinary gradients drop out. The outlier's ``strength`` k puts one
feature 10**k standard deviations out. Each gives a map over scalings, rates, optimisers and strengths.
"""

import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import Tables, grouped, last, matching, pilot, treated
from dying_relu.studies.outlier import CONTENTS

AT_ONCE, LATER = MOMENTS = ("at once", "after training on")
DEADLY = 0.05  # the smallest excess of dead units that counts
SIZE = 3.5  # strength that the claims of deaths name: the deadliest that all raw networks of the first run stood
_OWN_SIZE = CONTENTS.choices["own_size"]


def gradient_ratio_outlier(tables: Tables) -> pd.DataFrame:
    """Norm of the batch's gradient with the outlier over that without.

    Measured by the step, which is the rate times the gradient under plain SGD alone: no other optimiser is in it.
    """
    steps = matching(at_once(treated(tables["history"])), optimizer="sgd")
    met = _beside_twins(maps.of(steps, steps["update_rms"], steps["update_rms"].isna()), "ratio")
    return maps.without(matching(met, intervention="outlier"), "intervention")


def lasting_deaths(tables: Tables) -> pd.DataFrame:
    """Dead fraction in excess of the twin's after training on."""
    return met_outlier(excess(treated(tables["activity"])), LATER)


def lasting_deaths_at_own_size(tables: Tables) -> pd.DataFrame:
    """`lasting_deaths` of each class of networks at its own strength: the deadliest that all pilot networks stand."""
    found = lasting_deaths(tables)
    return maps.without(at_chosen(found, own_sizes(found)), "strength")


def share_undone_by_bias(tables: Tables) -> pd.DataFrame:
    """Share of the excess of dead units that is undone by putting back all biases right after the outlier's step.

    By moment and by layer, and all layers together; see `undone`.
    """
    return undone(by_layer(treated(tables["activity"])), "outlier_bias_put_back")


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
    return since[since["epoch"] == since["epoch"].min()]


def _beside_twins(found: pd.DataFrame, how: str) -> pd.DataFrame:
    """A map of networks that met an intervention, each compared with its twin, the same for all strengths."""
    met = found[found["intervention"] != "none"]
    twins = matching(found, intervention="none").drop(columns=["intervention", "strength"])
    shared = maps.axes(twins)
    strengths = met[[*shared, "intervention", "strength"]].drop_duplicates()
    return maps.pair(met, twins.merge(strengths, on=shared), [], how)
