"""The numbers and the table that the section on large gradients speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, matching
from dying_relu.design.datasets import SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.studies.large_gradient.estimands import JUDGED_ON, starts
from dying_relu.studies.large_gradient.tables import closing, closing_samples

_FEATURES = (4, 16, 64)
_SHIFT = 0.2  # total push of one step that moves the mean as the rigid shift does


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    cells = closing(tables)
    one, many = cells[cells["steps"] == 1], cells[cells["steps"] > 1]
    dead = {name: matching(one, measure="p_dead", scaling=name) for name in ("raw", "centred")}
    worst = dead["raw"].sort_values("mean", kind="stable", ascending=False).head(1)
    rate = matching(one, measure="activity_rate", scaling="centred")
    largest, shifted = (
        matching(rate, total=total).set_index("features")["mean"] for total in (one["total"].max(), _SHIFT)
    )
    judged = matching(closing_samples(tables), scaling="raw", features=16).set_index("n")["mean"]
    before, after = (start["activity_rate"].mean() for start in starts(tables["trajectory"]))
    return {
        "judged": JUDGED_ON,
        "raw.worst": worst["mean"].max(),
        "raw.features": worst["features"].max(),
        "raw.total": worst["total"].max(),
        "centred.worst": dead["centred"]["mean"].max(),
        "centred.worst.theory": dead["centred"]["theory"].max(),
        "centred.worst.staged": matching(many, measure="p_dead", scaling="centred")["mean"].max(),
        **{f"rate.{features}": largest.get(features) for features in _FEATURES},
        **{f"shift.{features}": shifted.get(features) for features in _FEATURES},
        "before": before,
        "after": after,
        "few": judged.get(10),
        "many": judged.get(10_000),
        "error.one": (one["mean"] - one["theory"]).abs().max(),
        "error.many": (many["mean"] - many["theory"]).abs().max(),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Death probability, measured / expected, at the largest push and at a middling one, by number of steps."""
    dead = matching(closing(found), measure="p_dead")
    totals, cuts = sorted(dead["total"].unique()), sorted(dead["steps"].unique())
    chosen = matching(dead, total={totals[len(totals) // 2], totals[-1]} if totals else ())
    rows = []
    for (scaling, features, total), part in chosen.groupby(["scaling", "features", "total"], observed=True):
        inputs = {"centred": "mean 0", "raw": "mean 1"}.get(scaling, SCALINGS[scaling])
        by_steps = part.set_index("steps")
        cells = {f"{name}_{cut}": by_steps[name].get(cut) for cut in cuts for name in ("mean", "theory")}
        rows.append({"inputs": inputs, "features": features, "total": total, **cells})
    columns = [
        column("inputs", "inputs"),
        column("features", "features", "count"),
        column("total push", "total", "setting"),
    ]
    columns += [
        Column("1 step" if cut == 1 else f"{cut} steps", (f"mean_{cut}", f"theory_{cut}"), "share", "{} / {}")
        for cut in cuts
    ]
    return {"closing": Table(pd.DataFrame(rows), columns)}
