"""The numbers and tables that the section on other data speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, matching
from dying_relu.analysis.intervals import DIFFERENCE, Estimate, estimate
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.design.datasets import DATASETS, SHIFTS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.report.tables import estimate as estimates
from dying_relu.studies.distribution_shift.estimands import (
    CLAIMED,
    CONTROLS,
    FINE_TUNING,
    MOMENTS,
    NO_SHIFT,
    at_killing_rate,
    before_change,
    changed,
    dead_before_change,
    killing_rate,
    learned_after_change,
    pretraining_rate,
    revived_shares,
    tested,
)
from dying_relu.studies.distribution_shift.tables import elsewhere, revivals, shown

_SUMMARY = ["mean", "ci_low", "ci_high", "n_seeds"]
_PRINTED = (NO_SHIFT, "noise_0.5", "noise_2", "translated_2", "inverted")  # shifts of the table of rates


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    return _of_shifts(tables) | _of_changes(tables)


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {"rates": _rates(found), "change": _changes(found["activity"])}


def _of_shifts(found: Tables) -> Made:
    networks = confirmatory(tested(found["networks"]))
    rate = killing_rate(found["networks"])
    here = matching(networks, learning_rate=rate)
    there = elsewhere(at_killing_rate(found["shifted"], found["networks"]))
    data = next((DATASETS[name] for name in networks["dataset"].unique()), None)
    shares = {
        f"{shift.replace('_', '.')}.alive": {"test_shift": shift, "layer": 0, "question": "alive"}
        for shift in (NO_SHIFT, "noise_2", "translated_2", "inverted")
    }
    silent = {"test_shift": NO_SHIFT, "question": "dead"}
    shares |= {"none.dead": {**silent, "layer": 0}, "none.layer.1.dead": {**silent, "layer": 1}}
    return {
        "train": data and data.n_train,
        "test": data and data.n_samples - data.n_train,
        "rate": rate,
        "dead": here["dead_fraction"].mean(),
        "accuracy": here["test_accuracy"].mean(),
        "main.epochs": networks["epochs"].max(),
        "main.rates": networks["learning_rate"].nunique(),
        **{key: _only(there, levels) for key, levels in shares.items()},
    }


def _of_changes(found: Tables) -> Made:
    rate = pretraining_rate(found["networks"])
    networks = changed(confirmatory(found["networks"]))
    lives = matching(dead_before_change(confirmatory(found["activity"])), learning_rate=rate)
    curves = matching(before_change(confirmatory(found["history"])), learning_rate=rate).dropna(subset="train_loss")
    controls = matching(revived_shares(confirmatory(found["activity"])), layer=1, intervention=list(CONTROLS.values()))
    made = {
        "change.rate": rate,
        "change.before": networks["intervention_epoch"].max(),
        "change.after": (networks["epochs"] - networks["intervention_epoch"]).max(),
        "change.seeds": networks["seed"].nunique(),
        "change.factor": FINE_TUNING,
        "change.diverged": matching(networks, learning_rate=rate)["diverged"].mean(),
        "control.first.followed": matching(controls, moment=MOMENTS[1])["n_followed"].sum(),
        "control.first.back": controls["n_back"].sum(),
    }
    for key, control in (("data", "same_data"), ("task", "same_task")):
        made[f"change.{key}.accuracy"] = matching(curves, intervention=control)["train_accuracy"].mean()
        made[f"change.{key}.dead"] = matching(lives, intervention=control)["dead_share"].mean()
    for change in CLAIMED:
        learned = learned_after_change(found["activity"], rate, change)
        made[f"{change.replace('_', '.')}.learned"] = estimate(learned, DIFFERENCE)
    back = revivals(matching(found["activity"], learning_rate=rate))
    return made | {key: _only(back, levels) for key, levels in _revival_keys().items()}


def _revival_keys() -> dict[str, dict[str, object]]:
    """For each printed number on a change of data the levels of `revivals` that it stands for."""
    once, end = ({"moment": moment} for moment in MOMENTS)
    slow, fast = {"rate_factor": FINE_TUNING}, {"rate_factor": 1.0}
    found: dict[str, dict[str, object]] = {}
    for change in ("new_data", "other_task", "shifted_data"):
        key, levels = change.replace("_", "."), {"intervention": change}
        found[f"{key}.end.x0.1.layer.1.changed"] = {**levels, **end, **slow, "layer": 1, "what": "changed"}
        if change in CLAIMED:
            every = {**levels, "layer": 0}
            found |= {
                f"{key}.end.x0.1.{what}": {**every, **end, **slow, "what": what} for what in ("changed", "control")
            }
            found |= {
                f"{key}.end.x1.{what}": {**every, **end, **fast, "what": what} for what in ("control", "difference")
            }
            found[f"{key}.once.x0.1.difference"] = {**every, **once, **slow, "what": "difference"}
    return found


def _only(summary: pd.DataFrame, levels: dict[str, object]) -> Estimate:
    """The one row of a summary at these levels."""
    here = matching(summary, **levels)
    return Estimate(*here[_SUMMARY].iloc[0]) if len(here) else Estimate(float("nan"))


def _rates(found: Tables) -> Table:
    networks = confirmatory(tested(found["networks"])).astype({"dead_fraction": float, "test_accuracy": float})
    frame = networks.groupby("learning_rate")[["diverged", "test_accuracy", "dead_fraction"]].mean()
    there = matching(elsewhere(tested(found["shifted"])), layer=0).set_index("learning_rate")
    for shift in _PRINTED:
        frame[shift] = matching(there, test_shift=shift, question="alive")["mean"]
    frame["reverse"] = matching(there, test_shift=NO_SHIFT, question="dead")["mean"]
    columns = [
        column("rate", "learning_rate", "setting"),
        column("diverged", "diverged", "share"),
        column("accuracy", "test_accuracy", "share"),
        column("dead", "dead_fraction", "share"),
        *(column("test" if shift == NO_SHIFT else SHIFTS[shift].name, shift, "share") for shift in _PRINTED),
        column("reverse", "reverse", "share"),
    ]
    return Table(frame.reset_index(), columns)


def _changes(activity: pd.DataFrame) -> Table:
    back = shown(revivals(activity))
    layers = [*sorted(set(back["layer"]) - {0}), 0]
    cells, rows = ["learning_rate", "intervention", "moment", "rate_factor"], []
    for cell, part in back.groupby(cells, observed=True):
        row = dict(zip(cells, cell, strict=True)) | {"change": INTERVENTIONS[cell[1]].name}
        for here in part.itertuples():
            name = f"layer{here.layer}"
            row |= {name: here.mean, f"{name}_low": here.ci_low, f"{name}_high": here.ci_high}
        rows.append(row)
    columns = [
        column("rate", "learning_rate", "setting"),
        column("change", "change"),
        column("alive", "moment"),
        column("×", "rate_factor", "setting"),
        *(estimates(f"layer {layer}" if layer else "all layers", f"layer{layer}", "share") for layer in layers),
    ]
    return Table(pd.DataFrame(rows), columns)
