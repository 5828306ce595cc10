"""Estimands of the study learning_rate: who dies, who comes back, and whether it matters.

Each gives a map over all conditions of the study: scaling, depth, optimiser, rate. A condition of networks but for
their rate is a *class*; what its killing and its proper rate are says `analysis.rates`.
What other studies ask of their networks too is in `analysis.fates`.
"""

import pandas as pd

from dying_relu.analysis import fates, maps
from dying_relu.analysis.frames import NETWORK, Tables, grouped, is_control, matching, treated
from dying_relu.analysis.rates import on_scale

_NARROW = "control_narrow"


def dead_fraction_at_the_end(tables: Tables) -> pd.DataFrame:
    """See `fates.dead_fraction_at_the_end`: of all networks of the study."""
    return fates.dead_fraction_at_the_end(tables)


def dead_fraction_ratio_proper_to_killing(tables: Tables) -> pd.DataFrame:
    """See `fates.dead_fraction_ratio_proper_to_killing`: of all networks of the study."""
    return fates.dead_fraction_ratio_proper_to_killing(tables)


def rank_correlation_update_death(tables: Tables) -> pd.DataFrame:
    """See `fates.rank_correlation_update_death`: of all networks of the study."""
    return fates.rank_correlation_update_death(tables)


def revival_in_the_first_layer(tables: Tables) -> pd.DataFrame:
    """See `fates.revival_in_the_first_layer`: of all networks of the study."""
    return fates.revival_in_the_first_layer(tables)


def recovered_share(tables: Tables) -> pd.DataFrame:
    """See `fates.recovered_share`: of all networks of the study."""
    return fates.recovered_share(tables)


def recovered_share_deeper(tables: Tables) -> pd.DataFrame:
    """See `fates.recovered_share_deeper`: of all networks of the study."""
    return fates.recovered_share_deeper(tables)


def learning_stopped(tables: Tables) -> pd.DataFrame:
    """See `fates.learning_stopped`: of all networks of the study."""
    return fates.learning_stopped(tables)


def movement_ratio_nearly_dead(tables: Tables) -> pd.DataFrame:
    """See `fates.movement_ratio_nearly_dead`: of all networks of the study."""
    return fates.movement_ratio_nearly_dead(tables)


def training_accuracy_lost_when_narrow(tables: Tables) -> pd.DataFrame:
    """Training accuracy of full networks less that of networks with few units from the start; by their width."""
    networks = tables["networks"]
    rows = matching(networks, grid=_NARROW), treated(networks)
    few, full = (maps.of(frame, frame["train_accuracy"]) for frame in rows)
    full = full[full["width"] == full["width"].max()]
    return maps.pair(maps.repeated(full, few, "width"), few, [])


def dead_unit_with_varying_output(tables: Tables) -> pd.DataFrame:
    """Whether the output of some dead unit differs between two training samples; exposure: dead units."""
    return _dead_units(tables, "output_range_max")


def dead_unit_with_gradient(tables: Tables) -> pd.DataFrame:
    """Whether some gradient of the full-batch loss flows into the weights of a dead unit; exposure: dead units."""
    return _dead_units(tables, "gradient_max")


def share_revived_by_bias(tables: Tables) -> pd.DataFrame:
    """Of the units that died, the share active again once their bias alone is put back to where it started.

    Died: dead at the end, not at the start; by layer, and all layers together.
    """
    return fates.revived_share(tables, "bias")


def revivals_in_silent_layers(activity: pd.DataFrame) -> tuple[int, int]:
    """Revivals right after a measurement that found *all* units of the layer dead, and how often it did, plain SGD.

    With no living sibling no gradient passes the layer, so nothing before it moves: a control for how
    deeper units come back.
    """
    rows = matching(treated(activity[activity["phase"] == "confirmatory"]), optimizer="sgd")
    rows = rows.sort_values("step", kind="stable", ignore_index=True)
    same = grouped(rows, [*NETWORK, "layer"])
    silent = (same["n_dead"].shift() == same["n_units"].shift()).fillna(False).astype(bool) & rows["n_dead"].notna()
    return int(rows.loc[silent, "n_revived"].sum()), int(silent.sum())


def _dead_units(tables: Tables, column: str) -> pd.DataFrame:
    units = treated(tables["units"])
    dead = matching(units[~is_control(units)], status="dead", activation="relu")
    sums = grouped(dead.assign(nonzero=(dead[column] > 0).astype(float) * dead["n_units"]), [*NETWORK, "phase"])
    found = sums[["nonzero", "n_units"]].sum().reset_index()
    found = found.merge(tables["networks"][[*NETWORK, "diverged"]], on=NETWORK)
    exposure = found["n_units"].astype(float)
    made = maps.of(found, (found["nonzero"] > 0).where(exposure > 0))
    return on_scale(made.assign(events=found["nonzero"].astype(float), exposure=exposure), treated(tables["networks"]))
