"""The numbers and table that the section on the cost of activations speaks of."""

import pandas as pd

from dying_relu.estimands.activation_cost import PARTS
from dying_relu.estimands.common import Tables
from dying_relu.figure_data.activation_cost import activation_times
from dying_relu.labels import activation_name
from dying_relu.latex import bracket, number, tabular, with_interval
from dying_relu.numbers.common import section

_KEYS = dict(zip(PARTS, ("forward", "both", "step"), strict=True))


@section("timings")
def activation_cost(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    shown = activation_times(found)
    timings = found["timings"]
    values = {
        "pilot": number(int(timings[timings["phase"] == "pilot"]["seed"].nunique())),
        "confirmatory": number(int(timings[timings["phase"] == "confirmatory"]["seed"].nunique())),
        "activations": number(int(timings["activation"].nunique())),
    }
    for part, key in _KEYS.items():
        here = shown[shown["part"] == part].set_index("activation")
        for name in here.index:
            row = here.loc[name]
            values[f"{key}.{name}"] = number(row["mean"])
            values[f"{key}.{name}.interval"] = bracket(row["ci_low"], row["ci_high"], number)
        others = here.drop("relu")["mean"]
        values |= {
            f"{key}.dearest": activation_name(others.idxmax()),
            f"{key}.dearest.ratio": number(others.max()),
            f"{key}.cheapest": activation_name(others.idxmin()),
            f"{key}.cheapest.ratio": number(others.min()),
        }
    return values, {"ratios": _ratios_table(shown)}


def _ratios_table(shown: pd.DataFrame) -> str:
    rows = []
    wide = shown.set_index(["activation", "part"])
    order = shown[shown["part"] == PARTS[1]].sort_values("mean")["activation"]
    for name in order:
        cells = [wide.loc[(name, part)] for part in PARTS]
        shares = [with_interval(c["mean"], c["ci_low"], c["ci_high"], number) for c in cells]
        rows.append([activation_name(name), *shares])
    return tabular(["activation", "outputs", "outputs and gradient", "training step"], rows, "lrrr")
