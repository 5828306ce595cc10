"""The numbers and tables that the section on outliers speaks of."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import confirmatory
from dying_relu.estimands.outlier import MOMENTS, at_main_rate, deadliest, excess, undone
from dying_relu.figure_data.outlier import outlier_cause, outlier_effect
from dying_relu.latex import number, percent, tabular
from dying_relu.numbers.common import Tables, section


@section("networks", "activity", "history")
def outlier(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    all_excess = excess(at_main_rate(found["activity"]))
    effect, cause = outlier_effect(found), outlier_cause(found)
    strength = deadliest(all_excess)
    values = {
        "strength": f"{strength:g}",
        "settle": number(int(found["networks"]["intervention_epoch"].max())),
        "after": number(int((found["networks"]["epochs"] - found["networks"]["intervention_epoch"]).max())),
    }
    networks = confirmatory(found["networks"])
    settled = networks[networks["grid"] == "twin"]
    for scaling in ("raw", "centred", "scaled", "standardised"):
        values[f"{scaling}.accuracy"] = percent(settled[settled["scaling"] == scaling]["test_accuracy"].mean())
        for moment in MOMENTS:
            here = _layers(effect, scaling, moment, strength)
            key = f"{scaling}.{moment.split()[0]}"
            values[key] = percent(here.mean())
            values[f"{key}.first"] = percent(here.iloc[0])
        met = networks[(networks["grid"] == "outlier") & (networks["scaling"] == scaling)]
        met = met[met["strength"] == strength]
        values[f"{scaling}.diverged"] = percent(met["diverged"].mean())
        values[f"{scaling}.after.accuracy"] = percent(met["test_accuracy"].mean())
        ratio = effect[(effect["measure"] == "gradient ratio") & (effect["scaling"] == scaling)]
        ratio = ratio[(ratio["strength"] >= 3) & (ratio["strength"] <= 4)]
        values[f"{scaling}.power"] = number(np.polyfit(ratio["strength"], np.log10(ratio["mean"]), 1)[0], 2)
    for name, arm in (("bias", "outlier_bias_put_back"), ("weights", "outlier_weights_put_back")):
        for moment in MOMENTS:
            values[f"undone.{name}.{moment.split()[0]}"] = percent(undone(all_excess, arm, moment).mean())
    clipped = cause[cause["arm"].astype(str).str.startswith("sgd_clip")]
    values["clipped.worst"] = percent(clipped["mean"].max())
    return values, {"effect": _effect_table(effect)}


def _layers(effect: pd.DataFrame, scaling: str, moment: str, strength: float) -> pd.Series:
    here = effect[(effect["measure"] == f"dead {moment}") & (effect["scaling"] == scaling)]
    return here[here["strength"] == strength].set_index("layer")["mean"].sort_index()


def _effect_table(effect: pd.DataFrame) -> str:
    rows = []
    for (scaling, strength), part in effect.groupby(["scaling", "strength"], observed=True):
        ratio = part[part["measure"] == "gradient ratio"]["mean"].mean()
        shares = [
            part[part["measure"] == name]["mean"].mean() for name in (*(f"dead {m}" for m in MOMENTS), "diverged")
        ]
        rows.append([scaling, f"{strength:g}", number(ratio, 2), *map(percent, shares)])
    head = ["features", "$k$", "gradient ratio", "dead at once", "dead later", "diverged"]
    return tabular(head, rows, "lrrrrr")
