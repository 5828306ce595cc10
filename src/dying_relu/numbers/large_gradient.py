"""The numbers and tables that the section on large gradients speaks of."""

import pandas as pd

from dying_relu.estimands.single_unit import JUDGED_ON
from dying_relu.figure_data.single_unit import closing, closing_samples
from dying_relu.latex import number, percent, tabular
from dying_relu.numbers.common import Tables, section


@section("networks", "trajectory")
def large_gradient(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    cells = closing(found)
    dead, rate = (cells[cells["measure"] == measure] for measure in ("p_dead", "activity_rate"))
    one, many = cells["steps"] == 1, cells["steps"] > 1
    error = (cells["mean"] - cells["theory"]).abs()
    values = {"judged": number(JUDGED_ON)}
    for scaling in ("centred", "raw"):
        here = dead[(dead["scaling"] == scaling) & (dead["steps"] == 1)]
        worst = here.loc[here["mean"].idxmax()]
        values |= {
            f"{scaling}.worst": percent(worst["mean"]),
            f"{scaling}.worst.theory": percent(here["theory"].max()),
            f"{scaling}.features": str(worst["features"]),
            f"{scaling}.total": f"{worst['total']:g}",
            f"{scaling}.worst.staged": percent(dead[(dead["scaling"] == scaling) & (dead["steps"] > 1)]["mean"].max()),
        }
    largest = rate[(rate["steps"] == 1) & (rate["total"] == rate["total"].max()) & (rate["scaling"] == "centred")]
    for row in largest.itertuples():
        values[f"rate.{row.features}"] = percent(row.mean)
    fifth = rate[(rate["steps"] == 1) & (rate["total"] == 0.2) & (rate["scaling"] == "centred")]
    for row in fifth.itertuples():
        values[f"shift.{row.features}"] = percent(row.mean)
    samples = closing_samples(found)
    few = samples[(samples["scaling"] == "raw") & (samples["features"] == 16)].set_index("n")["mean"]
    start = found["trajectory"][found["trajectory"]["step"] == 0]
    return values | {
        "error.one": number(error[one].max(), 2),
        "error.many": number(error[many].max(), 2),
        "before": percent(start["activity_rate"][start["grid"] == "one"].mean()),
        "after": percent(start["activity_rate"][start["grid"] == "shifted"].mean()),
        "few": percent(few.loc[10]),
        "many": percent(few.loc[10_000]),
    }, {"closing": _closing_table(dead)}


def _closing_table(dead: pd.DataFrame) -> str:
    """Death probability, measured / expected, at the largest push and at a middling one, by number of steps."""
    totals = sorted(dead["total"].unique())
    chosen = dead[dead["total"].isin([totals[len(totals) // 2], totals[-1]])]
    cuts = sorted(chosen["steps"].unique())
    rows = []
    for (scaling, features, total), part in chosen.groupby(["scaling", "features", "total"], observed=True):
        by_steps = part.set_index("steps")
        cells = [f"{percent(by_steps['mean'][cut])} / {percent(by_steps['theory'][cut])}" for cut in cuts]
        rows.append(["mean 0" if scaling == "centred" else "mean 1", str(features), f"{total:g}", *cells])
    head = ["inputs", "features", "total push", *(f"{cut} steps" if cut > 1 else "1 step" for cut in cuts)]
    return tabular(head, rows, "lrr" + "r" * len(cuts))
