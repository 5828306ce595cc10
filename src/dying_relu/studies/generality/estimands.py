"""Estimands of the study generality: those of the popular claims, in every condition.

A *condition* is what a network is but for its rate and seed; controls are none. Each estimand is defined in
`analysis.fates`, once for this study and for the one that the claim was tested in first; of its map one cell a
condition is kept: at the condition's own killing rate, all layers together.
"""

import pandas as pd

from dying_relu.analysis import arms, fates, maps
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import Tables, matching, treated
from dying_relu.studies.generality import CONTENTS

RATE = "learning_rate"


def dead_fraction_at_the_end(tables: Tables) -> pd.DataFrame:
    """See `fates.dead_fraction_at_the_end`: at the killing rate."""
    return _at_killing(fates.dead_fraction_at_the_end(tables))


def dead_fraction_ratio_proper_to_killing(tables: Tables) -> pd.DataFrame:
    """See `fates.dead_fraction_ratio_proper_to_killing`."""
    return fates.dead_fraction_ratio_proper_to_killing(tables)


def rank_correlation_update_death(tables: Tables) -> pd.DataFrame:
    """See `fates.rank_correlation_update_death`: over the rates up to the limit."""
    return fates.rank_correlation_update_death(tables)


def recovered_share(tables: Tables) -> pd.DataFrame:
    """See `fates.recovered_share`: at the killing rate, all layers together."""
    return _together(_at_killing(fates.recovered_share(tables)))


def recovered_share_deeper(tables: Tables) -> pd.DataFrame:
    """See `fates.recovered_share_deeper`: at the killing rate."""
    return _at_killing(fates.recovered_share_deeper(tables))


def revival_in_the_first_layer(tables: Tables) -> pd.DataFrame:
    """See `fates.revival_in_the_first_layer`: at the killing rate."""
    return _at_killing(fates.revival_in_the_first_layer(tables))


def share_revived_by_bias(tables: Tables) -> pd.DataFrame:
    """See `fates.revived_share`: by the bias, at the killing rate, all layers together."""
    return _together(_at_killing(fates.revived_share(tables, "bias")))


def movement_ratio_nearly_dead(tables: Tables) -> pd.DataFrame:
    """See `fates.movement_ratio_nearly_dead`: at the killing rate."""
    return _at_killing(fates.movement_ratio_nearly_dead(tables))


def learning_stopped(tables: Tables) -> pd.DataFrame:
    """See `fates.learning_stopped`: at the rate, of each condition on pilot seeds, that leaves the most networks with
    more than half of some layer dead after one epoch."""
    worst = fates.worst_layer(tables["activity"])
    half = worst.assign(half_dead=(worst["dead"] > 0.5).astype(float).where(worst["dead"].notna()))
    chosen = choose_each(half, CONTENTS.choices["half dead"], arms.varying(half))
    return maps.without(at_chosen(fates.learning_stopped(tables), chosen), RATE)


def alive_under_shift_less_unshifted(tables: Tables) -> pd.DataFrame:
    """See `fates.alive_under_shift_less_unshifted`: at the killing rate, all layers together, each shift."""
    shifted, networks = treated(tables["shifted"]), treated(tables["networks"])
    return _together(_at_killing(fates.alive_under_shift_less_unshifted(shifted, networks)))


def _at_killing(found: pd.DataFrame) -> pd.DataFrame:
    """A map at the killing rate of each condition, which has but one."""
    return maps.without(found[found["killing"].astype(bool)], RATE)


def _together(found: pd.DataFrame) -> pd.DataFrame:
    """Of a map by layer that of all layers together."""
    return maps.without(matching(found, layer=maps.ALL_LAYERS), "layer")
