"""The numbers and tables that the section on sparsity speaks of."""

import numpy as np
import pandas as pd

from dying_relu import latex
from dying_relu.estimands import sparsity as estimate
from dying_relu.estimands.common import Tables, confirmatory
from dying_relu.figure_data.sparsity import accuracy_by_sparsity, zero_share_by_layer
from dying_relu.labels import activation_name
from dying_relu.latex import finely, number, percent, tabular
from dying_relu.numbers.common import estimate_over_seeds, mean_over_seeds, points, section

_TASKS = {"none": "plain", "noise_1": "noisy"}


@section("networks", "activity", "timings")
def sparsity(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    reached = accuracy_by_sparsity(found)
    return _shares(found) | _accuracies(found, reached) | _products(found), {
        "arms": _arms_table(found, reached),
        "break_even": _break_even_table(found["timings"]),
    }


def _shares(found: Tables) -> dict[str, str]:
    share = confirmatory(estimate.zero_shares(found))
    share = share[share["shift"] == "none"]
    layers = zero_share_by_layer(found).set_index(["arm", "moment", "layer"])["mean"]
    values = {"half": percent((share[share["arm"] == "relu"]["zero_share"] > 0.5).mean())}
    rates = estimate.best_rates(found["networks"])
    for arm in ("relu", "sigmoid", "tanh", "elu", "leaky_relu_0.01", "leaky_relu_0.3"):
        values[f"{arm}.zero"] = percent(share[share["arm"] == arm]["zero_share"].mean())
        values[f"{arm}.rate"] = f"{rates.get(('none', arm), np.nan):g}"
    for moment in ("start", "end"):
        curve = layers.get(("relu", moment), pd.Series(dtype=float))
        values[f"relu.{moment}.first"], values[f"relu.{moment}.last"] = (
            percent(curve.get(place(curve.index, default=0))) if len(curve) else "--" for place in (min, max)
        )
    return values


def _accuracies(found: Tables, reached: pd.DataFrame) -> dict[str, str]:
    networks = found["networks"]
    values = {}
    for task, name in _TASKS.items():
        here = reached[reached["shift"] == task].set_index("arm")
        best = {kind: estimate.best_arm(networks, kind, task) for kind in ("sparse", "sparsified", "dense")}
        for kind, arm in best.items():
            row = here.loc[arm] if arm in here.index else pd.Series({"mean": np.nan, "zero_share": np.nan})
            values[f"{name}.{kind}"] = arm_name(arm)
            values[f"{name}.{kind}.accuracy"] = finely(row["mean"])
            values[f"{name}.{kind}.zero"] = percent(row["zero_share"])
        for key, pair in (
            ("sparse.dense", (best["sparse"], best["dense"])),
            ("sparsified.relu", (best["sparsified"], "relu")),
            ("relu.dense", ("relu", best["dense"])),
            ("leaky.relu", (estimate.NEARLY_RELU, "relu")),
        ):
            values[f"{name}.{key}"] = points(estimate.difference(networks, *pair, task))
        values |= _interval(f"{name}.dose", estimate.dose_responses(found, task), number)
    return values


def _products(found: Tables) -> dict[str, str]:
    timings, at = found["timings"], estimate.density(found)
    values = {
        "density": percent(at),
        "repetitions": number(int(confirmatory(timings)["seed"].nunique())),
        "repetitions.pilot": number(int(timings[timings["phase"] == "pilot"]["seed"].nunique())),
    }
    for name, converted in (("", False), ("converted.", True)):
        ups = estimate.speed_ups(timings, at, converted)
        places = {"fastest": estimate.fastest(ups)} | {
            f"{'one' if batch == 1 else 'batch'}.{width}": estimate.fastest(ups, batch=batch, width=width)
            for batch, width in sorted(set(zip(ups["batch"], ups["width"], strict=True)))
        }
        for key, place in places.items():
            values |= _interval(f"{name}{key}", estimate.in_place(confirmatory(ups), place)["speed_up"], number)
        if not converted:
            place = places["fastest"]
            values |= {f"fastest.{key}": _printed(place.get(key)) for key in ("batch", "width", "library")}
    return values


def _interval(key: str, values: pd.Series, shown) -> dict[str, str]:
    """Mean over seeds and its pointwise interval."""
    mean, interval = mean_over_seeds(values, shown)
    return {key: mean, f"{key}.interval": interval}


def arm_name(arm: str | None) -> str:
    """The printed name of an arm, e.g. ReLU with L1 0.01."""
    if arm is None:
        return "--"
    base, _, penalty = arm.partition(" + L1 ")
    return activation_name(base) + (f" with L1 {penalty}" if penalty else "")


def _printed(value: object) -> str:
    return {"scipy": "SciPy", "tensorflow": "TensorFlow", None: "--"}.get(value, str(value))


def _arms_table(found: Tables, reached: pd.DataFrame) -> str:
    rates = estimate.best_rates(found["networks"])
    confirmed = confirmatory(estimate.at_best_rates(found["networks"], found["networks"]))
    rows = []
    for task, name in _TASKS.items():
        for row in reached[reached["shift"] == task].sort_values("zero_share").itertuples():
            same = confirmed[(confirmed["shift"] == task) & (confirmed["arm"] == row.arm)]
            gap = estimate_over_seeds(estimate.difference(found["networks"], row.arm, "relu", task), latex.points)
            rows.append(
                [
                    name,
                    arm_name(row.arm),
                    row.kind,
                    f"{rates[task, row.arm]:g}",
                    percent(row.zero_share),
                    finely(row.mean),
                    "--" if row.arm == "relu" else gap,
                    percent(same["diverged"].mean()),
                ]
            )
    head = ["task", "arm", "kind", "rate", "zeros", "accuracy", "less ReLU's", "diverged"]
    return tabular(head, rows, "lllrrrrr")


def _break_even_table(timings: pd.DataFrame) -> str:
    found = estimate.break_even(timings)
    marks = {"low": "$<$", "high": "$>$", "": ""}
    found = found.assign(cell=[marks[row.edge] + percent(row.density) for row in found.itertuples()])
    keys = ["batch", "width"]
    wide = found.set_index([*keys, "library", "with_conversion"])["cell"].unstack(["library", "with_conversion"])
    columns = sorted(wide.columns)
    rows = [[*map(str, index), *(wide.loc[index, column] for column in columns)] for index in wide.index]
    head = [*keys, *(_printed(lib) + (", converted" if converted else "") for lib, converted in columns)]
    return tabular(head, rows, "rr" + "r" * len(columns))
