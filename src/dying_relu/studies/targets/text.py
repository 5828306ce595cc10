"""The numbers and the table that the section on targets, momentum and decay speaks of."""

import numpy as np
import pandas as pd

from dying_relu.analysis import maps, rates
from dying_relu.analysis.arms import listed, name
from dying_relu.analysis.frames import Tables, confirmatory, last, matching
from dying_relu.analysis.intervals import DIFFERENCE, Estimate, estimate
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.targets.estimands import dead_with_scaled_targets, openings, part

SMALL, LARGE, LEARNT = 0.01, 10.0, rates.PASSED
_OPTIMIZERS = {"sgd": "sgd", "momentum_low": "momentum_0.5", "momentum": "momentum", "momentum_high": "momentum_0.99"}
_ARM = ["optimizer", "weight_decay", "decoupled_decay", "scaling"]
_LAYERS = (1, 2, 3)


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks, changed = tables["networks"], confirmatory(dead_with_scaled_targets(tables))
    changed = matching(changed, dataset="friedman")
    return {
        **{
            f"small.{key}": _most(matching(changed, optimizer=one, target_scale=SMALL))
            for key, one in _OPTIMIZERS.items()
        },
        "large.sgd": _most(matching(changed, optimizer="sgd", target_scale=LARGE)),
        **_smaller(part(networks, "targets")),
        **_symmetry(networks),
        **_decay(confirmatory(part(networks, "decay"))),
        **_never(confirmatory(openings(tables["activity"]))),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    end = last(confirmatory(part(found["activity"], "decay")))
    shares = end.assign(share=(end["n_dead"] / end["n_units"]).astype(float))
    networks = confirmatory(part(found["networks"], "decay"))
    rows = []
    for arm in listed(networks, _ARM):
        own = matching(networks, **arm)
        layers = matching(shares, **arm)
        decay = {"penalty": arm["weight_decay"], "decoupled": arm["decoupled_decay"]}
        kind = next((word for word, strength in decay.items() if strength), "none")
        rows.append(
            {
                "optimizer": name("optimizer", arm["optimizer"]),
                "inputs": name("scaling", arm["scaling"]),
                "decay": kind,
                "strength": decay.get(kind, np.nan),
                **{f"layer{layer}": matching(layers, layer=layer)["share"].mean() for layer in _LAYERS},
                "accuracy": own["test_accuracy"].astype(float).mean(),
                "diverged": own["diverged"].astype(float).mean(),
            }
        )
    columns = [column("optimiser", "optimizer"), column("inputs", "inputs"), column("decay", "decay")]
    columns.append(column("strength", "strength", "setting"))
    columns += [column(f"{layer}", f"layer{layer}", "share", "dead in layer") for layer in _LAYERS]
    columns += [column("accuracy", "accuracy", "share"), column("diverged", "diverged", "share")]
    return {"decay": Table(pd.DataFrame(rows), columns)}


def _most(found: pd.DataFrame) -> Estimate:
    """The mean over seeds that is largest in size, over the rates at which more than half of the pairs are finite."""
    rates = found.groupby("learning_rate")
    means = rates["value"].mean()[rates["diverged"].mean() < 0.5].dropna()
    if means.empty:
        return Estimate(np.nan)
    return estimate(matching(found, learning_rate=means.abs().idxmax()).set_index("seed")["value"], DIFFERENCE)


def _smaller(networks: pd.DataFrame) -> Made:
    """What targets much smaller still change against `SMALL` ones: dead fraction, mean over rates that both have."""
    found = maps.of(networks, networks["dead_fraction"])
    scale = found["target_scale"].min()
    small, smaller = (matching(found, target_scale=size) for size in (SMALL, scale))
    change = confirmatory(maps.pair(smaller, small, ["target_scale"])) if scale < SMALL else small.iloc[:0]
    further = change.groupby("seed")["value"].mean()
    return {"smaller.scale": scale, "smaller.further": estimate(further, DIFFERENCE)}


def _symmetry(networks: pd.DataFrame) -> Made:
    """Networks of the control that must be the same but for scale, and in how many dead fraction and loss are equal."""
    one, other = (
        confirmatory(matching(networks, grid=grid)).set_index("seed")
        for grid in ("control_symmetry", "control_symmetric")
    )
    both = one.merge(other, on="seed", suffixes=("", "_other"))
    loss = both["train_loss_other"] / both["target_scale_other"].astype(float) ** 2
    same = (both["dead_fraction"] == both["dead_fraction_other"]) & (both["train_loss"] == loss)
    return {"symmetry.networks": len(both), "symmetry.same": int(same.sum())}


def _decay(networks: pd.DataFrame) -> Made:
    """Dead fractions with and without decay on inputs in the unit interval."""
    unit = matching(networks, scaling="unit")
    adam, sgd = (matching(unit, optimizer=one) for one in ("adam", "sgd"))
    coupled, decoupled = adam[adam["weight_decay"] > 0], adam[adam["decoupled_decay"] > 0]
    means = coupled.groupby("weight_decay")[["dead_fraction", "test_accuracy"]].mean()
    strongest = networks["weight_decay"].max()
    at_strongest = matching(coupled, weight_decay=strongest)
    return {
        "decay.none.dead": matching(adam, weight_decay=0, decoupled_decay=0)["dead_fraction"].mean(),
        "decay.coupled.dead": matching(coupled, weight_decay=coupled["weight_decay"].min())["dead_fraction"].mean(),
        "decay.decoupled.dead": decoupled.groupby("decoupled_decay")["dead_fraction"].mean().max(),
        "decay.learning.dead": means["dead_fraction"][means["test_accuracy"] >= LEARNT].max(),
        "decay.strongest": strongest,
        "decay.strongest.dead": at_strongest["dead_fraction"].mean(),
        "decay.strongest.accuracy": at_strongest["test_accuracy"].mean(),
        "decay.strongest.sgd.dead": matching(sgd, weight_decay=strongest)["dead_fraction"].mean(),
    }


def _never(found: pd.DataFrame) -> Made:
    """Networks in which no unit may ever open for all that decay does, and in how many one did."""
    never = found[
        np.isinf(found["predicted"])
        & ((found["bias"] <= 0) | (found["decoupled_biases"].astype(bool) & (found["weight_decay"] == 0)))
    ]
    return {"never.networks": len(never), "never.opened": int(never["value"].notna().sum())}
