"""The numbers and table that the section on the cost of activations speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, matching, pilot
from dying_relu.analysis.intervals import Estimate
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.report import tables as layout
from dying_relu.report.numbers import Made
from dying_relu.studies.activation_cost.estimands import PARTS
from dying_relu.studies.activation_cost.tables import activation_times


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    timings, shown = tables["timings"], activation_times(tables)
    return {
        "pilot": pilot(timings)["seed"].nunique(),
        "confirmatory": confirmatory(timings)["seed"].nunique(),
        "activations": timings["activation"].nunique(),
        "forward.sigmoid": _ratio(shown, "sigmoid", "forward"),
        "both.leaky_relu_0.01": _ratio(shown, "leaky_relu_0.01", "both passes"),
        "both.elu": _ratio(shown, "elu", "both passes"),
        "step.sigmoid": _ratio(shown, "sigmoid", "training step"),
        "step.tanh": _ratio(shown, "tanh", "training step"),
        **_dearest("both", shown, "both passes"),
        **_dearest("step", shown, "training step"),
    }


def tables(found: Tables) -> dict[str, layout.Table]:
    """Tables of the section, by name: each activation but ReLU, whose ratio is 1, the cheapest first."""
    shown = activation_times(found)
    wide = pd.DataFrame(index=shown.loc[shown["part"] == "both passes"].sort_values("mean")["activation"]).drop(
        index="relu", errors="ignore"
    )
    for part in PARTS:
        here = shown[shown["part"] == part].set_index("activation")
        wide = wide.join(here[["mean", "ci_low", "ci_high"]].set_axis([part, f"{part}_low", f"{part}_high"], axis=1))
    wide.insert(0, "name", [ACTIVATIONS[name].name for name in wide.index])
    heads = {"forward": "outputs", "both passes": "outputs and gradient", "training step": "training step"}
    columns = [layout.estimate(head, part, "time ratio") for part, head in heads.items()]
    return {"ratios": layout.Table(wide, [layout.column("activation", "name"), *columns])}


def _ratio(shown: pd.DataFrame, activation: str, part: str) -> Estimate | None:
    """Time of an activation over that of ReLU."""
    rows = matching(shown, activation=activation, part=part)[["mean", "ci_low", "ci_high", "n_seeds"]]
    return Estimate(*rows.iloc[0]) if len(rows) else None


def _dearest(key: str, shown: pd.DataFrame, part: str) -> Made:
    """The activation other than ReLU that takes longest, and its ratio."""
    means = shown[shown["part"] == part].set_index("activation")["mean"].drop("relu", errors="ignore")
    name = means.idxmax() if len(means) else None
    return {f"{key}.dearest": name and ACTIVATIONS[name].name, f"{key}.dearest.ratio": means.max()}
