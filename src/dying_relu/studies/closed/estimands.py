"""Estimands of the study closed: how long units that start on one side of zero take to leave it.

A unit is *one-sided* if its pre-activation has the same sign on all training samples: it is closed, or on the other
side nowhere closed. It is *back* when that has ended. The time of a network is the step by which a `QUANTILE` of the
units of the layer that started so is back, between two measurements linear in the logarithm of the step; infinite if
they are not by the end of training.
"""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.curves import crossing
from dying_relu.analysis.frames import Tables, grouped, last, matching, pilot, remembered, treated
from dying_relu.studies.closed.theory import exponent, travel_time

QUANTILE = 0.25  # of units: where the task is learned through closed units, many have no cause to open
ALL = 1.0  # share of units that start closed
SIDES = {-1.0: "below", 1.0: "above"}


def time_exponent(tables: Tables) -> pd.DataFrame:
    """Exponent of the time against the derived time of travel, over the starting depths: 1 if the law holds.

    By least squares of logarithms over the depths for which the derived time is finite and from which, on pilot seeds,
    the `QUANTILE` came back in every network; missing with fewer than three. A network of which it does not come back
    from one of them is slower than any law: infinite. ``side``: below or above zero.
    """
    found = times(tables)
    found = found[found["bias"] != 0]
    found = found.assign(
        side=np.sign(found["bias"]).map(SIDES),
        travel=[travel_time(str(name), abs(z)) for name, z in zip(found["activation"], found["bias"], strict=True)],
    )
    keys = [key for key in maps.axes(found) if key not in ("bias", "travel")]
    pilots = grouped(pilot(found).assign(back=np.isfinite(pilot(found)["value"])), [*keys, "travel"])["back"].all()
    found = found.join(pilots, on=[*keys, "travel"])
    found = found[found["back"].fillna(False).astype(bool) & np.isfinite(found["travel"])]
    rows = []
    for cell, part in grouped(found, [*keys, "phase", "seed"]):
        value = exponent(part["value"].to_numpy(float), part["travel"].to_numpy(float))
        value = np.inf if np.isinf(part["value"]).any() else value
        rows.append((*cell, value, bool(part["diverged"].any())))
    made = pd.DataFrame(rows, columns=[*keys, "phase", "seed", "value", "diverged"])
    return maps.of(made, made["value"], made["diverged"].astype(bool), ["layer", "side"])


def share_back_few_less_all(tables: Tables) -> pd.DataFrame:
    """Share of units back at some time where a few start one-sided among ordinary ones, less where all do."""
    found = shares_back(tables)
    return maps.pair(found[found["bias_share"] < ALL], matching(found, bias_share=ALL), ["bias_share"])


def share_back_gelu_less_elu(tables: Tables) -> pd.DataFrame:
    """Share of units back at some time, of GELU less that of ELU from the same depth."""
    found = shares_back(tables)
    gelu, elu = (matching(found, activation=name) for name in ("gelu", "elu"))
    return maps.pair(gelu, elu, ["activation"])


def shares_back(tables: Tables) -> pd.DataFrame:
    """A map of the share of units that started one-sided and have been back at some time."""
    return maps.sums(last(followed(tables["activity"])), "n_ever_crossed", "n_born_one_sided", ["layer"])


@remembered
def times(tables: Tables) -> pd.DataFrame:
    """A map of times, in steps."""
    activity = followed(treated(tables["activity"])).sort_values("step", kind="stable")
    end = last(activity).reset_index(drop=True)
    keys = [*maps.axes(maps.of(end, end["step"], end["n_units"].isna(), ["layer"])), "phase", "seed"]
    activity = activity.assign(back=(activity["n_ever_crossed"] / activity["n_born_one_sided"]).astype(float))
    rows = []
    for cell, part in grouped(activity, keys):
        lost, curve = part["n_ever_crossed"].isna().any(), part[part["step"] > 0].set_index("step")["back"]
        known = crossing(curve, QUANTILE)
        nothing = lost or not len(curve) or not (part["n_born_one_sided"].iloc[0] > 0)
        rows.append((*cell, np.nan if nothing else np.inf if np.isnan(known) else known, bool(lost)))
    made = pd.DataFrame(rows, columns=[*keys, "value", "diverged"])
    return maps.of(made, made["value"], made["diverged"].astype(bool), ["layer"])


def followed(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of the layer whose units start at the bias; of networks in which all do, the first layer's."""
    return activity[activity["layer"] == activity["bias_layer"].clip(lower=1)]
