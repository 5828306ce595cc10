"""Tables behind the figures of the study mechanism."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import NETWORK, Tables, confirmatory, grouped, matching
from dying_relu.analysis.intervals import POSITIVE, SHARE, summarise
from dying_relu.analysis.rates import at
from dying_relu.studies.mechanism.estimands import PLAIN, PREDICTOR, first_steps, predicted_ratio

PARTS = ("inputs", "weights", "bias")
CLASS = ["optimizer", "depth", "scaling"]
_SPAN = ["scaling", "layer", "step"]
WAYS = ("credit", "n_undone", "n_alone")  # of a part: its credit, what it undoes put back alone, what it does alone


def causes_at(tables: Tables, name: str = "killing") -> pd.DataFrame:
    """Events in steps measured singly, of the confirmatory networks of each class at its rate of that name."""
    networks = matching(tables["networks"], **PLAIN)
    rows = matching(tables["causes"].astype({"event": str}), **PLAIN)
    return confirmatory(at(rows, networks, name))


def shares(rows: pd.DataFrame, way: str = "credit") -> pd.DataFrame:
    """Of each class, event, layer and part the share of the events, one value a seed.

    Args:
        way: one of `WAYS`.
    """
    found = []
    for part in PARTS:
        made = maps.sums(rows, f"{way}_{part}", "n_clear", ["event", "layer"])
        found.append(made.assign(part=part, value=made["value"]))
    return pd.concat(found, ignore_index=True)


def death_causes(tables: Tables) -> pd.DataFrame:
    """Mean share of each part, by class, event and layer, with the number of ``events`` over all seeds."""
    rows = causes_at(tables)
    found = shares(rows)
    means = summarise(found, [*CLASS, "event", "layer", "part"], SHARE)
    events = rows.groupby([*CLASS, "event", "layer"], observed=True)["n_events"].sum().astype(float).rename("events")
    return means.join(events, on=[*CLASS, "event", "layer"])


def step_hazard(tables: Tables) -> pd.DataFrame:
    """Hazards in single steps, by scaling, named rate, layer and step: death, revival, and divergence (layer 0).

    A seed's steps are pooled in spans that double, each at its geometric middle: events over exposure.
    """
    networks = matching(tables["networks"], depth=3, optimizer="sgd", **PLAIN)
    activity = matching(tables["activity"], depth=3, optimizer="sgd", **PLAIN)
    parts = []
    for name in ("proper", "killing"):
        rows = single_steps(confirmatory(at(activity, networks, name)))
        rows = rows.assign(step=np.sqrt(2) * 2.0 ** np.floor(np.log2(rows["step"])))
        at_risk = {"death": rows, "revival": rows, "divergence": matching(rows, layer=1).assign(layer=0)}
        for event, of in at_risk.items():
            counts = of.groupby([*_SPAN, "seed"], observed=True)[[event, f"risk_of_{event}"]].sum().reset_index()
            value = counts[event] / counts[f"risk_of_{event}"].where(counts[f"risk_of_{event}"] > 0)
            parts.append(summarise(counts.assign(value=value), _SPAN, POSITIVE).assign(event=event, rate=name))
    return pd.concat(parts, ignore_index=True)


def single_steps(activity: pd.DataFrame) -> pd.DataFrame:
    """Rows of moments one step after the one before, with the events of that step and what was at risk.

    ``death`` of units alive before, ``revival`` of units dead before, ``divergence`` of a network finite before; the
    numbers at risk are called ``risk_of_death`` and so on. A network that diverges in the step has no deaths to count.
    """
    ordered = activity.sort_values("step", kind="stable", ignore_index=True)
    before = grouped(ordered, [*NETWORK, "layer"])[["step", "n_dead"]].shift()
    dead = before["n_dead"].astype(float)
    lost = ordered["n_dead"].isna()
    found = ordered.assign(
        death=ordered["n_died"].astype(float),
        revival=ordered["n_revived"].astype(float),
        divergence=(lost & dead.notna()).astype(float),
        risk_of_death=(ordered["n_units"].astype(float) - dead).where(~lost),
        risk_of_revival=dead.where(~lost),
        risk_of_divergence=dead.notna().astype(float),
    )
    return found[ordered["step"] - before["step"] == 1]


def step_movement(tables: Tables) -> pd.DataFrame:
    """Movement by inputs over that by own weights in the first step at the lowest rate, with what ``theory`` says."""
    rows = confirmatory(first_steps(tables["causes"]))
    rows = rows[rows["learning_rate"] == rows.groupby(CLASS, observed=True)["learning_rate"].transform("min")]
    rows = matching(rows, optimizer="sgd")
    found = summarise(rows.assign(value=rows["ratio"]), [*PREDICTOR, "depth"], POSITIVE)
    predicted = [predicted_ratio(*key) for key in found[PREDICTOR].itertuples(index=False, name=None)]
    return found.assign(theory=np.array(predicted, float))
