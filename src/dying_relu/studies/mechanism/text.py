"""The numbers and the table that the section on the mechanism of death speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, confirmatory, last, matching
from dying_relu.analysis.intervals import SHARE, estimate
from dying_relu.analysis.rates import at
from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.datasets import SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.mechanism.estimands import PLAIN
from dying_relu.studies.mechanism.tables import CLASS, PARTS, WAYS, causes_at, shares, step_movement


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key: means over confirmatory seeds at the killing rate of each class."""
    networks = matching(tables["networks"], **PLAIN)
    causes, activity = causes_at(tables), confirmatory(at(matching(tables["activity"], **PLAIN), networks, "killing"))
    every = confirmatory(tables["causes"]).astype({"event": str})
    behind = causes[causes["layer"] > 1].assign(layer=maps.ALL_LAYERS)
    credit = pd.concat([shares(causes), shares(behind)], ignore_index=True)
    undone = matching(shares(behind, "n_undone"), event="death", scaling="unit")
    main = {"optimizer": "sgd", "depth": 3}
    deaths = matching(credit, event="death", **main)
    ends = matching(last(activity), **main, scaling="unit")
    frozen = matching(confirmatory(tables["activity"]), layer=3)
    ratio = step_movement(tables)
    off = ratio["mean"] / ratio["theory"]
    return {
        **{
            f"{scaling}.inputs.{layer}": _mean(matching(deaths, scaling=scaling, layer=layer, part="inputs"))
            for scaling in ("unit", "standardised")
            for layer in (2, 3)
        },
        **{
            f"{scaling}.bias": _mean(matching(deaths, scaling=scaling, layer=maps.ALL_LAYERS, part="bias"))
            for scaling in ("unit", "standardised")
        },
        **{
            f"deep.{scaling}.inputs.5": _mean(
                matching(credit, event="death", scaling=scaling, depth=5, layer=5, part="inputs", optimizer="sgd")
            )
            for scaling in ("unit", "standardised")
        },
        "adam.revivals.inputs": _mean(
            matching(credit, event="revival", optimizer="adam", scaling="unit", layer=maps.ALL_LAYERS, part="inputs")
        ),
        **{f"unit.undone.{part}": _mean(matching(undone, part=part, **main)) for part in PARTS},
        "again": _ratio(matching(activity, **main, scaling="unit"), "n_died_again", "n_died"),
        "behind.back": 1 - _ratio(ends[ends["layer"] > 1], "n_dead", "n_ever_dead"),
        "unclear": 1 - _ratio(every, "n_clear", "n_events"),
        "events": every["n_events"].astype(float).sum(),
        "first.revivals": matching(every, layer=1, event="revival", optimizer="sgd")["n_events"].astype(float).sum(),
        "frozen.deaths": frozen[frozen["frozen"] > 0]["n_died"].astype(float).sum(),
        "frozen.revivals": frozen[frozen["frozen"] > 0]["n_revived"].astype(float).sum(),
        "theory.smallest": off.min(),
        "theory.largest": off.max(),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name: each class, event and layer at the killing rate; means over seeds."""
    rows = causes_at(found)
    keys = [*CLASS, "event", "layer"]
    events = rows.groupby(keys, observed=True)["n_events"].sum().astype(float).rename("events").reset_index()
    for way in WAYS:
        made = shares(rows, way).groupby([*keys, "part"], observed=True)["value"].mean().unstack("part")
        made = made.reindex(columns=list(PARTS)).add_prefix(f"{way}_")
        events = events.join(made, on=keys)
    events = events[(events["events"] > 0) & ((events["event"] == "death") | (events["optimizer"] != "sgd"))]
    frame = events.assign(
        arm=[
            f"{OPTIMIZERS[row.optimizer].name}, {row.depth} layers, {SCALINGS[row.scaling]}"
            for row in events.astype({"optimizer": str, "scaling": str}).itertuples()
        ]
    ).sort_values(["event", "optimizer", "depth", "scaling", "layer"], ignore_index=True)
    heads = {"credit": "credit", "n_undone": "undone if put back alone", "n_alone": "done if moved alone"}
    columns = [
        column("class", "arm"),
        column("event", "event"),
        column("layer", "layer", "count"),
        column("events", "events", "count"),
        *(column(part, f"{way}_{part}", "share", heads[way]) for way in WAYS for part in PARTS),
    ]
    return {"causes": Table(frame, columns, long=True)}


def _mean(found: pd.DataFrame):
    """Mean over seeds, with its interval, of one value each."""
    return estimate(found.set_index("seed")["value"], SHARE)


def _ratio(rows: pd.DataFrame, events: str, exposure: str) -> float:
    total = rows[exposure].astype(float).sum()
    return rows[events].astype(float).sum() / total if total else np.nan
