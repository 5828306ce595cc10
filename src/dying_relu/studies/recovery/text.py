"""The numbers and tables that the section on recovery speaks of."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu.analysis.arms import listed
from dying_relu.analysis.frames import Tables, alive, confirmatory, counts, matching, paired
from dying_relu.analysis.intervals import DIFFERENCE, SHARE, Estimate, estimate, share
from dying_relu.analysis.maps import ALL_LAYERS
from dying_relu.analysis.rates import failed, scale
from dying_relu.analysis.survival import logrank
from dying_relu.design.catalogue import ACTIVATIONS, INTERVENTIONS
from dying_relu.design.datasets import DATASETS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Column, Table, column
from dying_relu.report.tables import estimate as with_interval
from dying_relu.studies.recovery.estimands import (
    ARM,
    CONTROL,
    ELU,
    HEALTHY,
    KILLED,
    LEAKY,
    RENEWAL,
    RESAMPLING,
    SATURATED,
    TREATMENT,
    accuracy_won,
    beside,
    best_rate,
    come_back,
    damage,
    finished,
    life_table,
    low_factor,
    of_grids,
    opened,
    positive_bias_share_of_dead,
    untreated_networks,
)
from dying_relu.studies.recovery.tables import recovery_accuracy, recovery_depth

# how networks are killed: the grids, and what their treatments are compared with
_WAYS = {
    "SGD": (KILLED, "none"),
    "momentum": (("carried",), "none"),
    "Adam": (("carried_adam",), "none"),
    "half of the data": (("data",), "same_data"),
}
_LAYERS = (1, 2, 3)


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    return {
        "factor": low_factor(tables["networks"]),
        **_limit(tables["networks"]),
        **_killing(tables),
        **_at_the_factor(tables),
        **_first_layer(tables["activity"]),
        **_deeper_layers(tables["activity"]),
        **_biases(tables),
        **_long(tables),
        **_resampling(tables["networks"], "regression"),
        **_resampling(tables["networks"], "classes"),
        **_saturation(tables),
        **_sunk(tables["networks"]),
    }


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    arms = list(_arms(found))
    saturated = [
        column("activation", "activation"),
        column("rate", "rate", "setting"),
        column("then rate ×", "factor", "setting"),
        column("saturated", "saturated", "share"),
        column("seeds with any", "seeds", "count"),
        column("back: median", "median", "share"),
        with_interval("mean", "back", "share"),
        column("failed", "failed", "share"),
        column("accuracy", "accuracy", "share"),
    ]
    return {
        "reversibility": _reversibility(arms, recovery_accuracy(found)),
        "hazards": _hazards(arms),
        "saturation": Table(_saturated(found), saturated),
        "frozen": _frozen(recovery_depth(found)),
        "travel": _travel(recovery_depth(found), of_grids(found["networks"], "sunk", by=("activation", "bias"))),
    }


def _limit(networks: pd.DataFrame) -> Made:
    """The limit of networks that nothing is done to, and the killing rate that the one rule finds."""
    here = scale(untreated_networks(networks), []).to_dict("records") or [{}]
    return {"kill.limit": here[0].get("limit"), "kill.rule": here[0].get("killing")}


def _killing(found: Tables) -> Made:
    """What the networks are like when the treatment begins."""
    made: dict[str, float] = {}
    others = {name: (name,) for name in ("carried", "carried_adam", "milder", "harsher")}
    for name, grids in {"kill": KILLED, **others, "healthy": HEALTHY}.items():
        networks, activity, history = (
            matching(confirmatory(of_grids(found[key], *grids)), intervention="none")
            for key in ("networks", "activity", "history")
        )
        then = activity[activity["epoch"] == activity["intervention_epoch"]]
        dead = (then["n_dead"] / then["n_units"]).astype(float).groupby(then["layer"]).mean()
        made |= {f"{name}.rate": networks["learning_rate"].max(), f"{name}.dead": dead.mean()}
        if name == "kill":
            start, curve = networks["intervention_epoch"], history[history["epoch"] == history["intervention_epoch"]]
            made |= {f"kill.dead.{layer}": dead.get(layer) for layer in _LAYERS}
            made |= {"kill.epochs": start.max(), "kill.after": (networks["epochs"] - start).max()}
            made["kill.accuracy"] = curve["train_accuracy"].mean()
    return made


def _at_the_factor(found: Tables) -> Made:
    """Shares reopened and accuracies of the claims' arms at the low factor, and divergence at the full rate."""
    everyone = confirmatory(of_grids(found["networks"], *KILLED))
    fastest = matching(everyone, rate_factor=everyone["rate_factor"].max())
    shares, layers = opened(found), matching(opened(found, by_layer=True), intervention="none")
    arms = {"none": "none", "leaky": LEAKY, "elu": ELU, "norm": "add_batch_norm", "living": CONTROL}
    return {
        **{f"{key}.open": _mean(shares, arms[key], "share") for key in ("none", "leaky", "elu", "living")},
        **{f"{key}.diverged": _mean(fastest, arms[key], "diverged") for key in ("none", "leaky", "elu")},
        **{f"{key}.gain": estimate(accuracy_won(found, arms[key]), DIFFERENCE) for key in list(arms)[1:]},
        **{f"none.open.{layer}": matching(layers, layer=layer)["share"].mean() for layer in _LAYERS},
        "renewal.over.living": estimate(accuracy_won(found, RENEWAL, CONTROL), DIFFERENCE),
        "healthy.after.accuracy": _mean(finished(found, *HEALTHY), "none", "test_accuracy"),
    }


def _mean(frame: pd.DataFrame, intervention: str, measure: str) -> float:
    return matching(frame, intervention=intervention)[measure].astype(float).mean()


def _first_layer(activity: pd.DataFrame) -> Made:
    """Openings in the first layer while only plain SGD with ReLU acts, and under what does not help or does."""
    first = matching(life_table(confirmatory(activity)), layer=1)
    plain = matching(first, optimizer="sgd", activation="relu")
    nothing = matching(plain, intervention=("none", "same_data"), dataset="digits", batch_norm=False, weight_decay=0)
    parts = {
        "plain": (nothing, ("seeds", "events", "exposure", "high")),
        "decay": (matching(plain, intervention="add_weight_decay"), ("events", "high")),
        "momentum": (matching(plain, intervention="switch_to_momentum"), ("events", "high")),
        "adam": (matching(plain, intervention="switch_to_adam"), ("events", "high")),
        "carried": (matching(first, grid="carried", intervention="none"), ("events", "exposure")),
        "adam_killed": (matching(first, grid="carried_adam"), ("events", "exposure")),
        "new": (matching(plain, intervention="new_data"), ("events", "seeds", "seeds.open")),
    }
    return {f"first.{name}.{key}": _openings(lives)[key] for name, (lives, keys) in parts.items() for key in keys}


def _deeper_layers(activity: pd.DataFrame) -> Made:
    """Openings behind the first layer in untreated networks, by what killed them."""
    lives = matching(life_table(confirmatory(activity)), intervention="none")
    deeper = lives[lives["layer"] > 1]
    parts = {"plain": KILLED, "carried": ("carried",), "adam_killed": ("carried_adam",)}
    return {f"deeper.{name}.events": _openings(matching(deeper, grid=grids))["events"] for name, grids in parts.items()}


def _biases(found: Tables) -> Made:
    """Of the units dead at the end of untreated networks the share with a bias above zero, by what killed them."""
    shares = matching(confirmatory(positive_bias_share_of_dead(found)), layer=ALL_LAYERS)
    return {f"bias.{name}": matching(shares, optimizer=name)["value"].mean() for name in ("sgd", "momentum", "adam")}


def _openings(lives: pd.DataFrame) -> dict[str, float]:
    """Seeds with units at risk, and with an opening; the upper bound on their share; openings; unit-epochs at risk."""
    seeds = counts(lives, "events", "exposure")
    with_any, sums = int(seeds["value"].sum()), seeds[["events", "exposure"]].sum()
    return {"seeds": len(seeds), "seeds.open": with_any, "high": share(with_any, len(seeds)).ci_high, **sums}


def _long(found: Tables) -> Made:
    """Shares open after the long treatments."""
    networks = confirmatory(of_grids(found["networks"], "long"))
    shares, first = opened(found, "long"), matching(opened(found, "long", by_layer=True), layer=1)
    return {
        "long.after": (networks["epochs"] - networks["intervention_epoch"]).max(),
        "long.seeds": networks["seed"].nunique(),
        "long.none": _mean(shares, "none", "share"),
        "long.leaky": _mean(shares, LEAKY, "share"),
        "long.leaky.first": _mean(first, LEAKY, "share"),
    }


def _resampling(networks: pd.DataFrame, grid: str) -> Made:
    """Best rates and outcomes with and without resampling, in regression or in classification."""
    here = of_grids(networks, grid, by=ARM)
    rates = {"none": best_rate(here, "none", grid), "resampled": best_rate(here, RESAMPLING, grid)}
    arms = {"none": matching(confirmatory(here), intervention="none")}
    arms["resampled"] = matching(confirmatory(here), intervention=RESAMPLING)
    made: dict[str, float | Estimate | None] = {}
    for name, rows in arms.items():
        diverged = rows.groupby("learning_rate")["diverged"].mean()
        made |= {f"{grid}.{name}.rate": rates[name], f"{grid}.{name}.highest": diverged[diverged <= 0.05].index.max()}
    if grid == "classes":
        at_best = matching(alive(confirmatory(here)), learning_rate=rates["none"])
        won = paired(at_best, "test_accuracy", {"intervention": RESAMPLING}, {"intervention": "none"})
        return {**made, "classes.difference": estimate(won, DIFFERENCE)}
    for name, rows in arms.items():
        made[f"regression.{name}.dead"] = matching(rows, learning_rate=rates[name])["dead_fraction"].mean()
    return made


def _saturation(found: Tables) -> Made:
    """The killing rates of sigmoid and tanh networks at the low factor, and the share saturated there."""
    networks = matching(found["networks"], grid=SATURATED)
    here = matching(networks, rate_factor=networks["rate_factor"].min())
    rates, hurt = scale(here, ["activation"]), damage(confirmatory(matching(found["activity"], grid=SATURATED)))
    made: dict[str, float] = {"saturation.after": (networks["epochs"] - networks["intervention_epoch"]).max()}
    for name in SATURATED:
        rate = matching(rates, activation=name)["killing"].astype(float).max()  # it is one
        at_it = matching(hurt, activation=name, learning_rate=rate)
        made |= {f"{name}.rate": rate, f"{name}.saturated": at_it["damage"].mean()}
    return made


def _saturated(found: Tables) -> pd.DataFrame:
    """At each rate and factor on it: share saturated, seeds with any, share back, failed, accuracy at the end."""
    rows, keys = [], ["activation", "learning_rate", "rate_factor"]
    networks, activity = (confirmatory(matching(found[key], grid=SATURATED)) for key in ("networks", "activity"))
    shares, hurt = come_back(activity, "n_back"), damage(activity)
    networks = networks.assign(failed=failed(networks))
    for arm in listed(networks, keys):
        here, killed = matching(networks, **arm), {key: arm[key] for key in keys[:2]}
        back = matching(shares, **arm).set_index("seed")["share"]
        value = estimate(back, SHARE)
        rows.append(
            {"activation": ACTIVATIONS[str(arm["activation"])].name, "rate": arm["learning_rate"]}
            | {"factor": arm["rate_factor"], "failed": here["failed"].mean(), "accuracy": here["test_accuracy"].mean()}
            | {"saturated": matching(hurt, **killed)["damage"].mean(), "seeds": len(back), "median": back.median()}
            | {"back": value.value, "back_low": value.ci_low, "back_high": value.ci_high}
        )
    columns = ["activation", "rate", "factor", "saturated", "seeds", "median", "back", "back_low", "back_high"]
    return pd.DataFrame(rows, columns=[*columns, "failed", "accuracy"])


def _sunk(networks: pd.DataFrame) -> Made:
    """Single-layer networks whose units start deep below zero."""
    sunk = confirmatory(of_grids(networks, "sunk", by=("activation", "bias")))
    return {
        "sunk.epochs": sunk["epochs"].max(),
        "sunk.rate": sunk["learning_rate"].max(),
        "sunk.seeds": sunk["seed"].nunique(),
        "sunk.shallowest": -sunk["bias"].max(),
        "sunk.deepest": -sunk["bias"].min(),
    }


class _Arm(NamedTuple):
    """Networks killed in one way under one treatment.

    Attributes:
        levels: of the treatment.
        others: of the treatment it is compared with; the same for that itself.
        networks, shares, lives: of all treatments after this killing; shares and lives by layer.
    """

    killed: str
    levels: Mapping[str, object]
    others: Mapping[str, object]
    networks: pd.DataFrame
    shares: pd.DataFrame
    lives: pd.DataFrame


def _arms(found: Tables) -> Iterator[_Arm]:
    """All treatments of killed networks in the order of the tables: by killing, treatment, and falling factor."""
    for killed, (grids, reference) in _WAYS.items():
        networks, activity = (confirmatory(of_grids(found[key], *grids)) for key in ("networks", "activity"))
        low = low_factor(found["networks"], *grids, untreated=reference)
        shares, lives = come_back(activity, "n_reopened", by_layer=True), life_table(activity)
        untreated = set(matching(networks, intervention=reference)["rate_factor"])
        rows = networks[list(TREATMENT)].drop_duplicates()
        rows = rows.assign(beside=beside(rows, untreated, low), intervention=rows["intervention"].astype(str))
        for row in sorted(rows.itertuples(), key=lambda r: (list(INTERVENTIONS).index(r.intervention), -r.rate_factor)):
            levels = {"intervention": row.intervention, "rate_factor": row.rate_factor}
            others = {"intervention": reference, "rate_factor": row.beside}
            yield _Arm(killed, levels, others, networks, shares, lives)


def _described(arm: _Arm) -> dict[str, object]:
    name = INTERVENTIONS[arm.levels["intervention"]].name
    return {"killed": arm.killed, "treatment": name, "factor": arm.levels["rate_factor"]}


_DESCRIBED = [column("killed", "killed"), column("treatment", "treatment"), column("rate ×", "factor", "setting")]


def _reversibility(arms: list[_Arm], prices: pd.DataFrame) -> Table:
    """Treatment by layer: share of killed units open at the end; test against no treatment; accuracy and price."""
    healthy = matching(prices, state="healthy").sort_values("rate_factor")
    price = healthy.groupby("intervention", observed=True)["mean"].last()  # of several factors at the highest
    layers = {layer for arm in arms for layer in arm.lives["layer"].unique()}
    rows = []
    for arm in arms:
        here, itself = matching(arm.networks, **arm.levels), arm.levels == arm.others
        layer_shares = matching(arm.shares, **arm.levels).groupby("layer")["share"].mean()
        won = paired(alive(arm.networks), "test_accuracy", arm.levels, arm.others).mean()
        p = logrank(matching(arm.lives, **arm.levels), matching(arm.lives, **arm.others))[1]
        rows.append(
            {**_described(arm), **layer_shares.add_prefix("layer ")}
            | {"p": np.nan if itself else p, "won": np.nan if itself else won}
            | {"diverged": here["diverged"].mean(), "accuracy": here["test_accuracy"].mean()}
            | {"price": price.get(arm.levels["intervention"]) if arm.killed == "SGD" else np.nan}
        )
    frame = pd.DataFrame(rows, columns=None if rows else ["p"])
    known = frame["p"].notna()
    if known.any():
        frame.loc[known, "q"] = stats.false_discovery_control(frame["p"][known])
    columns = [
        *_DESCRIBED,
        *(column(f"layer {layer}", f"layer {layer}", "share") for layer in sorted(layers)),
        column("q", "q", "order of magnitude"),
        column("diverged", "diverged", "share"),
        column("accuracy", "accuracy", "share"),
        column("won back", "won", "points"),
        column("price", "price", "points"),
    ]
    return Table(frame, columns)


def _hazards(arms: list[_Arm]) -> Table:
    """Exposure, openings and hazard of each treatment and layer; where none opened, the bound by the rule of three."""
    rows = []
    for arm in arms:
        for layer, lives in matching(arm.lives, **arm.levels).groupby("layer"):
            seen, units = _openings(lives), lives["at_risk"][lives["time"] == lives["time"].min()].sum()
            value = estimate(matching(arm.shares, **arm.levels, layer=layer).set_index("seed")["share"], SHARE)
            rows.append(
                {**_described(arm), "layer": layer, "units": units, **seen}
                | {"hazard": (seen["events"] or 3) / seen["exposure"] if seen["exposure"] else np.nan}
                | {"sign": "" if seen["events"] else "<"}
                | {"open": value.value, "open_low": value.ci_low, "open_high": value.ci_high}
            )
    columns = [
        *_DESCRIBED,
        column("layer", "layer", "count"),
        column("units", "units", "count"),
        column("opened", "events", "count"),
        column("unit-epochs", "exposure", "count"),
        Column("hazard", ("hazard",), "rough number", sign="sign"),
        with_interval("open at the end", "open", "share"),
        Column("seeds", ("seeds.open", "seeds"), "count", "{}/{}"),
        column("at most", "high", "share"),
    ]
    return Table(pd.DataFrame(rows), columns, long=True)


def _frozen(table: pd.DataFrame) -> Table:
    """For each activation where its derivative is exactly zero, and shares open at the end by depth."""
    depths, rows = sorted(set(table["depth"])), []
    for name, part in _by_activation(table):
        moving = part["depth"][(part["measure"] == "movement") & (part["mean"] > 0)].max()
        still = [depth for depth in depths if not depth <= moving]
        here = matching(part, measure="open")
        limits = {"frozen": part["frozen"].iloc[0], "still": min(still, default=np.inf)}
        rows.append({"activation": name, **limits, **_by_depth(here, here["mean"])})
    columns = [
        column("activation", "activation"),
        column("φ'=0 from", "frozen", "number"),
        column("still from", "still", "number"),
        *_depths(table, "share"),
    ]
    return Table(pd.DataFrame(rows), columns)


def _travel(table: pd.DataFrame, networks: pd.DataFrame) -> Table:
    """The fewest epochs in which a unit could reach zero at the speed of the last epoch, by starting depth.

    A change of the incoming weights and bias of length m moves a pre-activation by at most m times the length of
    (x, 1), which is at most sqrt(features + 1) for features in [0, 1]. Units whose slope is nowhere below zero are
    left out.
    """
    features = max((DATASETS[name].n_features for name in networks["dataset"].unique()), default=0)
    table = table[(table["measure"] == "movement") & (table["frozen"] > 0)]
    rows = [
        {"activation": name, **_by_depth(part, part["depth"] / part["mean"] / np.sqrt(features + 1))}
        for name, part in _by_activation(table)
    ]
    return Table(pd.DataFrame(rows), [column("activation", "activation"), *_depths(table, "rough number")])


def _by_activation(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Names and parts in the catalogue's order."""
    parts = dict(iter(table.groupby("activation", observed=True)))
    return ((entry.name, parts[name]) for name, entry in ACTIVATIONS.items() if name in parts)


def _by_depth(table: pd.DataFrame, values: pd.Series) -> dict[str, float]:
    return {f"depth {depth:g}": value for depth, value in zip(table["depth"], values, strict=True)}


def _depths(table: pd.DataFrame, unit: str) -> list[Column]:
    """A column for each starting depth, as `_by_depth` calls them."""
    return [column(f"{depth:g}", f"depth {depth:g}", unit) for depth in sorted(set(table["depth"]))]
