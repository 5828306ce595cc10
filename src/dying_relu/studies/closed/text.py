"""The numbers and the table that the section on closed units speaks of."""

import pandas as pd

from dying_relu.analysis.arms import listed
from dying_relu.analysis.frames import Tables, confirmatory, is_control, last, matching
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.closed.estimands import ALL, QUANTILE, followed, shares_back, time_exponent, times
from dying_relu.studies.closed.theory import travel_time, turning_point

DEEP = -5.0  # the start that the text speaks of


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks = confirmatory(tables["networks"])
    few = networks["bias_share"][networks["bias_share"] < ALL]
    control = last(followed(confirmatory(tables["activity"][is_control(tables["activity"])])))
    back, slopes = confirmatory(shares_back(tables)), confirmatory(time_exponent(tables))
    deep, single = matching(back, depth=3), matching(slopes, depth=1, bias_share=ALL)
    elu = matching(back, activation="elu", depth=1, bias=DEEP)
    beyond = matching(back, activation="gelu", bias_share=ALL)
    made: Made = {
        "rate": networks["learning_rate"].max(),
        "epochs": networks["epochs"].max(),
        "few.share": few.max(),
        "quantile": QUANTILE,
        "gelu.turn": turning_point("gelu"),
        "gelu.back": matching(beyond, bias=-2.0)["value"].mean(),
        "control.units": control["n_born_one_sided"].sum(),
        "control.back": control["n_ever_crossed"].sum(),
        "first.elu.back": matching(deep, bias_layer=1, activation="elu", bias_share=ALL)["value"].mean(),
        "third.elu.back": matching(deep, bias_layer=3, activation="elu", bias_share=ALL)["value"].mean(),
        "first.elu.few.back": _few(matching(deep, bias_layer=1, activation="elu")),
        "third.elu.few.back": _few(matching(deep, bias_layer=3, activation="elu")),
        "third.relu.back": _few(matching(deep, bias_layer=3, activation="relu")),
        "elu.few.back": _few(elu),
        "elu.all.back": matching(elu, bias_share=ALL)["value"].mean(),
        "elu.exponent": matching(single, activation="elu", side="below")["value"].median(),
    }
    sides = {
        f"{name}.{side}.exponent": matching(single, activation=name, side=side)["value"].median()
        for name in ("sigmoid", "tanh")
        for side in ("below", "above")
    }
    return {**made, **sides}


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    time, back = confirmatory(times(found)), confirmatory(shares_back(found))
    rows, keys = [], ["activation", "depth", "bias_layer", "bias", "bias_share"]
    for arm in listed(matching(back, bias_share=ALL), keys[:4]):
        row: dict[str, object] = {"activation": ACTIVATIONS[str(arm["activation"])].name, "start": arm["bias"]}
        row["layer"] = f"{arm['bias_layer'] or 1} of {arm['depth']}"
        row["travel"] = travel_time(str(arm["activation"]), abs(float(str(arm["bias"]))))
        here, shares = matching(time, **arm), matching(back, **arm)
        for name, few in (("all", False), ("few", True)):
            row[f"{name} time"] = here["value"][(here["bias_share"] < ALL) == few].median()
            row[f"{name} back"] = shares["value"][(shares["bias_share"] < ALL) == few].mean()
        rows.append(row)
    columns = [
        column("activation", "activation"),
        column("layer", "layer"),
        column("start", "start", "setting"),
        column("derived", "travel", "rough number"),
        *(
            column(head, f"{name} {key}", unit, title)
            for name, title in (("all", "all units"), ("few", "a few"))
            for head, key, unit in (("steps", "time", "rough number"), ("back", "back", "share"))
        ),
    ]
    names = ["activation", "layer", "start", "travel", "all time", "all back", "few time", "few back"]
    return {"times": Table(pd.DataFrame(rows, columns=names), columns)}


def _few(found: pd.DataFrame) -> float:
    return found["value"][found["bias_share"] < ALL].mean()
