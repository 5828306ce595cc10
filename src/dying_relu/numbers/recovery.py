"""The numbers and tables that the section on recovery speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from dying_relu import latex
from dying_relu.datasets import DATASETS
from dying_relu.estimands import recovery as estimate
from dying_relu.estimands.common import Tables, alive, confirmatory
from dying_relu.figure_data.common import exact_interval
from dying_relu.figure_data.recovery import logrank, recovery_accuracy, recovery_depth
from dying_relu.labels import INTERVENTION_NAMES, activation_name
from dying_relu.latex import longtable, number, percent, tabular
from dying_relu.numbers.common import estimate_over_seeds, points, section

_LAYERS = (1, 2, 3)


@dataclass(frozen=True)
class _Arm:
    """Networks killed in one way under one treatment, and the treatment they are compared with."""

    grids: tuple[str, ...]
    intervention: str
    factor: float
    other: str
    other_factor: float

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self._rows(frame, self.intervention, self.factor)

    def others(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self._rows(frame, self.other, self.other_factor)

    @property
    def is_reference(self) -> bool:
        return (self.intervention, self.factor) == (self.other, self.other_factor)

    def _rows(self, frame: pd.DataFrame, intervention: str, factor: float) -> pd.DataFrame:
        here = estimate.of_grids(frame, *self.grids)
        return here[(here["intervention"] == intervention) & (here["rate_factor"] == factor)]


@section("networks", "activity", "history", "units")
def recovery(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    networks, activity = confirmatory(found["networks"]), confirmatory(found["activity"])
    factor = estimate.proper_factor(found["networks"])
    shares = estimate.reopened(activity, by_layer=True)
    lives = estimate.life_table(activity[activity["intervention_epoch"] > 0])
    arms = list(_arms(networks, factor))
    values = {
        "factor": f"{factor:g}",
        **_killing(networks, activity, found["history"]),
        **_comparisons(found, factor),
        **_first_layer(lives),
        **_milder(networks, activity),
        **_long(activity),
        **_resampling(found["networks"]),
        **_saturation(found),
        **_sunk(found),
    }
    return values, {
        "reversibility": _reversibility(arms, shares, lives, networks, recovery_accuracy(found)),
        "hazards": _hazards(arms, shares, lives),
        "saturation": _saturation_table(found),
        "frozen": _frozen(found),
        "travel": _travel(found),
    }


def _arms(networks: pd.DataFrame, proper: float) -> Iterator[_Arm]:
    """All treatments of killed networks in the order of the tables: by way of killing, by factor, by treatment."""
    for grids in (estimate.KILLED, ("carried",), ("data",)):
        here = estimate.of_grids(networks, *grids)[["intervention", "rate_factor"]].drop_duplicates()
        reference = "same_data" if grids == ("data",) else "none"
        factors = set(here["rate_factor"][here["intervention"] == reference])
        order = list(INTERVENTION_NAMES)
        rows = sorted(here.itertuples(index=False), key=lambda r: (order.index(r.intervention), -r.rate_factor))
        for row in rows:
            own = row.intervention in ("switch_to_momentum", "switch_to_adam")
            beside = proper if own or row.rate_factor not in factors else row.rate_factor
            yield _Arm(grids, row.intervention, row.rate_factor, reference, beside)


def _killing(networks: pd.DataFrame, activity: pd.DataFrame, history: pd.DataFrame) -> dict[str, str]:
    """What the networks are like when the treatment begins."""
    values = {}
    for name, grid in (("kill", "treatments"), ("carried", "carried"), ("milder", "milder"), ("healthy", "healthy")):
        first = networks[networks["grid"] == grid]
        then = activity[(activity["grid"] == grid) & (activity["epoch"] == activity["intervention_epoch"])]
        then = then[then["intervention"] == "none"]
        share = (then["n_dead"] / then["n_units"]).astype(float).groupby(then["layer"]).mean()
        curve = confirmatory(history)
        curve = curve[(curve["grid"] == grid) & (curve["epoch"] == curve["intervention_epoch"])]
        values |= {
            f"{name}.rate": f"{first['learning_rate'].iloc[0]:g}",
            f"{name}.epochs": number(int(first["intervention_epoch"].max())),
            f"{name}.after": number(int((first["epochs"] - first["intervention_epoch"]).max())),
            f"{name}.dead": percent(share.mean()),
            f"{name}.accuracy": percent(curve["train_accuracy"].mean()),
            f"{name}.seeds": number(first["seed"].nunique()),
            **{f"{name}.dead.{layer}": percent(share.get(layer, np.nan)) for layer in _LAYERS},
        }
    return values


def _comparisons(found: Tables, factor: float) -> dict[str, str]:
    """Shares reopened and accuracies of the claims' arms, at the factor best for untreated networks."""
    networks = found["networks"]
    everyone = confirmatory(estimate.of_grids(networks, *estimate.KILLED))
    fastest = everyone["rate_factor"].max()
    shares = confirmatory(estimate.reopened(estimate.of_grids(found["activity"], *estimate.KILLED)))
    values = {}
    names = {
        "none": "none",
        "leaky": "switch_to_leaky",
        "elu": "switch_to_elu",
        "norm": "add_batch_norm",
        "living": estimate.CONTROL,
    }
    for name, intervention in names.items():
        open_ = shares[(shares["intervention"] == intervention) & (shares["rate_factor"] == factor)]
        values[f"{name}.open"] = percent(open_["share"].mean())
        fast = everyone[(everyone["intervention"] == intervention) & (everyone["rate_factor"] == fastest)]
        values[f"{name}.diverged"] = percent(fast["diverged"].mean())
        if intervention != "none":
            values[f"{name}.gain"] = points(estimate.accuracy_gains(networks, intervention, factor))
    layers = confirmatory(estimate.reopened(estimate.of_grids(found["activity"], "treatments"), by_layer=True))
    layers = layers[(layers["intervention"] == "none") & (layers["rate_factor"] == factor)].groupby("layer")["share"]
    values |= {f"none.open.{layer}": percent(layers.mean().get(layer, np.nan)) for layer in _LAYERS}
    values["renewal.over.living"] = points(
        estimate.accuracy_gains(networks, estimate.RENEWAL, factor, estimate.CONTROL)
    )
    healthy = alive(confirmatory(networks))
    healthy = healthy[(healthy["grid"] == "healthy") & (healthy["intervention"] == "none")]
    values["healthy.after.accuracy"] = percent(healthy["test_accuracy"].mean())
    history = confirmatory(estimate.of_grids(found["history"], "treatments"))
    history = history[history["rate_factor"] == factor]
    for name, after in (("slow.first", 0.0), ("slow.epoch", 1.0)):
        elapsed = history["epoch"] - history["intervention_epoch"]
        times = np.unique(elapsed[elapsed > 0])
        time = times[np.argmin(np.abs(times - after))] if len(times) else np.nan
        then = history[np.isclose(elapsed, time)].pivot_table(
            index="seed", columns="intervention", values="train_accuracy", observed=True
        )
        both = {"none", estimate.RENEWAL} <= set(then.columns)
        values[name] = points((then[estimate.RENEWAL] - then["none"]).dropna() if both else pd.Series(dtype=float))
        values[f"{name}.epochs"] = number(time, 2)
    return values


def _first_layer(lives: pd.DataFrame) -> dict[str, str]:
    """Openings in the first layer while only plain SGD with ReLU acts, and with the penalty on the weights."""
    first = lives[lives["layer"] == 1]
    plain = first[(first["optimizer"] == "sgd") & (first["activation"] == "relu")]
    values = {}
    momentum = lives[(lives["layer"] == 1) & (lives["grid"] == "carried") & (lives["intervention"] == "none")]
    for name, here in (
        ("plain", plain[plain["intervention"].isin(["none", "same_data"]) & (plain["dataset"] == "digits")]),
        ("decay", plain[plain["intervention"] == "add_weight_decay"]),
        ("momentum", plain[plain["intervention"] == "switch_to_momentum"]),
        ("adam", plain[plain["intervention"] == "switch_to_adam"]),
        ("carried", momentum),
        ("new", plain[plain["intervention"] == "new_data"]),
    ):
        seeds, with_any, events, exposure = _exposure(here)
        high = exact_interval(with_any, seeds)[1] if seeds else np.nan
        values |= {
            f"first.{name}.seeds": number(seeds),
            f"first.{name}.seeds.open": number(with_any),
            f"first.{name}.events": number(int(events)),
            f"first.{name}.exposure": number(round(exposure)),
            f"first.{name}.high": percent(high),
        }
    return values


def _exposure(lives: pd.DataFrame) -> tuple[int, int, float, float]:
    """Seeds with units at risk, seeds with an opening, openings, and exposure in unit-epochs."""
    lives = lives.assign(exposure=lives["at_risk"] * lives["span"])
    sums = lives.groupby("seed")[["events", "exposure"]].sum()
    sums = sums[sums["exposure"] > 0]
    return len(sums), int((sums["events"] > 0).sum()), float(sums["events"].sum()), float(sums["exposure"].sum())


def _milder(networks: pd.DataFrame, activity: pd.DataFrame) -> dict[str, str]:
    """The differences behind the claims once more, in networks killed at the lower of the two killing rates."""
    keys = ["seed", "intervention"]
    shares = estimate.reopened(estimate.of_grids(activity, "milder")).set_index(keys)["share"].unstack()
    accuracy = alive(estimate.of_grids(networks, "milder")).set_index(keys)["test_accuracy"].unstack()
    pairs = {
        "leaky": (shares, "switch_to_leaky", "none"),
        "elu": (shares, "switch_to_elu", "switch_to_leaky"),
        "renewal": (accuracy, estimate.RENEWAL, "none"),
        "renewal.over.living": (accuracy, estimate.RENEWAL, estimate.CONTROL),
    }
    return {
        f"milder.{name}": points((frame.get(first, np.nan) - frame.get(second, pd.Series(dtype=float))).dropna())
        for name, (frame, first, second) in pairs.items()
    }


def _long(activity: pd.DataFrame) -> dict[str, str]:
    """Shares open after the long treatments."""
    long = activity[activity["grid"] == "long"]
    shares = estimate.reopened(long)
    layers = estimate.reopened(long, by_layer=True)
    values = {
        "long.after": number(int((long["epochs"] - long["intervention_epoch"]).max())),
        "long.seeds": number(long["seed"].nunique()),
    }
    for name, intervention in (("none", "none"), ("leaky", "switch_to_leaky"), ("elu", "switch_to_elu")):
        values[f"long.{name}"] = percent(shares["share"][shares["intervention"] == intervention].mean())
        first = layers[(layers["intervention"] == intervention) & (layers["layer"] == 1)]
        values[f"long.{name}.first"] = percent(first["share"].mean())
    return values


def _resampling(networks: pd.DataFrame) -> dict[str, str]:
    """Best rates and outcomes with and without resampling, in regression and in classification."""
    values = {}
    for grid, measure in (("regression", "test_loss"), ("classes", "test_accuracy")):
        here = networks[networks["grid"] == grid]
        seeds = {}
        for name, arm in (("none", "none"), ("resampled", "renew_dead_every_epoch")):
            rate = estimate.best_rate(here, arm, measure)
            rows = confirmatory(here)
            rows = rows[rows["intervention"] == arm]
            best = rows[rows["learning_rate"] == rate]
            finite = rows.groupby("learning_rate")["diverged"].mean()
            values |= {
                f"{grid}.{name}.rate": f"{rate:g}",
                f"{grid}.{name}.dead": percent(best["dead_fraction"].mean()),
                f"{grid}.{name}.highest": f"{finite.index[finite <= 0.05].max():g}",
            }
            seeds[name] = alive(rows).set_index(["learning_rate", "seed"])[measure]
        both = (seeds["resampled"] - seeds["none"]).dropna()
        if grid == "classes":
            rates = both.index.get_level_values("learning_rate")
            values[f"{grid}.difference"] = points(
                both[rates == estimate.best_rate(here, "none", measure)].droplevel("learning_rate")
            )
        else:
            ratios = (seeds["resampled"] / seeds["none"]).dropna().groupby("learning_rate").mean()
            values[f"{grid}.ratio.low"] = number(ratios.min(), 3)
            values[f"{grid}.ratio.low.rate"] = f"{ratios.idxmin():g}" if len(ratios) else "--"
            values[f"{grid}.ratio.high"] = number(ratios.max(), 3)
            values[f"{grid}.ratio.high.rate"] = f"{ratios.idxmax():g}" if len(ratios) else "--"
    return values


def _saturation(found: Tables) -> dict[str, str]:
    """How many units were saturated at the matched killing rate, and the share that came back."""
    values = {}
    for activation in ("sigmoid", "tanh"):
        rows = {row["rate"]: row for row in _saturation_rows(found, activation)}
        rate = estimate.matched_rate(found["activity"], activation)
        nothing = {"saturated": "--", "back": "--"}
        for name, row in (("", rows.get(rate, nothing)), ("mild.", rows[min(rows)] if rows else nothing)):
            values |= {f"{activation}.{name}{key}": row[key] for key in nothing}
    epochs = confirmatory(found["networks"])
    epochs = epochs[epochs["grid"] == "sigmoid"]
    values["saturation.after"] = number(int((epochs["epochs"] - epochs["intervention_epoch"]).max()))
    return values


def _saturation_rows(found: Tables, activation: str) -> list[dict]:
    """For each killing rate: share saturated, factor chosen for recovery, share back, seeds, accuracy at the end."""
    activity, networks = found["activity"], alive(confirmatory(found["networks"]))
    damage = estimate.damage(confirmatory(estimate.of_grids(activity, activation))).groupby("learning_rate").mean()
    seeds = estimate.saturated(activity, activation)
    rows = []
    for rate, share in damage.items():
        here = seeds[seeds["learning_rate"] == rate]
        factor = here["rate_factor"].iloc[0] if len(here) else np.nan
        trained = networks[(networks["grid"] == activation) & (networks["learning_rate"] == rate)]
        rows.append(
            {
                "rate": rate,
                "factor": factor,
                "saturated": percent(share),
                "back": estimate_over_seeds(here.set_index("seed")["share"]),
                "seeds": number(len(here)),
                "accuracy": percent(trained["test_accuracy"][trained["rate_factor"] == factor].mean()),
            }
        )
    return rows


def _saturation_table(found: Tables) -> str:
    """Saturated and recovered shares at every killing rate."""
    keys = ("saturated", "seeds", "back", "accuracy")
    rows = [
        [activation, f"{row['rate']:g}", f"{row['factor']:g}", *(row[key] for key in keys)]
        for activation in ("sigmoid", "tanh")
        for row in _saturation_rows(found, activation)
    ]
    head = ["activation", "killing rate", "then rate $\\times$", "saturated", "seeds with any", "back at the end"]
    return tabular([*head, "accuracy"], rows, "lrrrrrr")


def _sunk(found: Tables) -> dict[str, str]:
    """Single-layer networks whose units start deep below zero."""
    sunk = confirmatory(found["networks"])
    sunk = sunk[sunk["grid"] == "sunk"]
    return {
        "sunk.epochs": number(int(sunk["epochs"].max())),
        "sunk.rate": f"{sunk['learning_rate'].iloc[0]:g}",
        "sunk.seeds": number(sunk["seed"].nunique()),
        "sunk.shallowest": f"{-sunk['bias'].max():g}",
        "sunk.deepest": f"{-sunk['bias'].min():g}",
    }


def _reversibility(
    arms: list[_Arm], shares: pd.DataFrame, lives: pd.DataFrame, networks: pd.DataFrame, prices: pd.DataFrame
) -> str:
    """Treatment by layer: share of killed units open at the end; test against no treatment; accuracy and price."""
    p = [np.nan if arm.is_reference else logrank(arm.of(lives), arm.others(lives))[1] for arm in arms]
    known = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(np.array(p)[known])
    healthy = prices[prices["state"] == "healthy"].groupby("intervention", observed=True)["mean"].mean()
    rows = []
    for arm, q in zip(arms, adjusted, strict=True):
        here = arm.of(networks)
        opened = arm.of(shares).groupby("layer")["share"].mean()
        pair = [alive(part).set_index("seed")["test_accuracy"] for part in (here, arm.others(networks))]
        price = healthy.get(arm.intervention, np.nan) if arm.grids == estimate.KILLED else np.nan
        rows.append(
            [
                INTERVENTION_NAMES[arm.intervention],
                f"{arm.factor:g}",
                *(percent(opened.get(layer, np.nan)) for layer in _LAYERS),
                "--" if not np.isfinite(q) else number(q, 1),
                percent(here["diverged"].mean()),
                percent(here["test_accuracy"].mean()),
                "--" if arm.is_reference else latex.points((pair[0] - pair[1]).dropna().mean()),
                latex.points(price),
            ]
        )
    head = ["treatment", "rate $\\times$", *(f"layer {layer}" for layer in _LAYERS)]
    head += ["$q$", "diverged", "accuracy", "won back", "price"]
    table = tabular(head, rows, "lrrrrrrrrr")
    return _with_headings(table, arms, len(head))


def _with_headings(table: str, arms: list[_Arm], columns: int) -> str:
    """The table with a line before each way of killing."""
    names = {
        estimate.KILLED: "killed by plain SGD",
        ("carried",): "killed under momentum",
        ("data",): "killed by plain SGD on half of the data",
    }
    lines = table.split("\n")
    head, first = lines[0].split(r"\midrule ")
    body = [first, *lines[1:-1]]
    out, before = [], None
    for arm, line in zip(arms, body, strict=True):
        if arm.grids != before:
            rule = "" if before is None else r"\midrule "
            out.append(rf"{rule}\multicolumn{{{columns}}}{{@{{}}l}}{{\emph{{{names[arm.grids]}}}}} \\")
            before = arm.grids
        out.append(line)
    return "\n".join([head + r"\midrule " + out[0], *out[1:], lines[-1]])


def _hazards(arms: list[_Arm], shares: pd.DataFrame, lives: pd.DataFrame) -> str:
    """Exposure, openings and hazard of each treatment and layer."""
    rows = []
    for arm in arms:
        for layer in _LAYERS:
            here = arm.of(lives)
            here = here[here["layer"] == layer]
            seeds, with_any, events, exposure = _exposure(here)
            units = here[here["time"] == here["time"].min()]["at_risk"].sum()
            hazard = number((events or 3) / exposure, 2) if exposure else "--"  # rule of three where none was seen
            high = exact_interval(with_any, seeds)[1] if seeds else np.nan
            share = arm.of(shares)
            share = share[share["layer"] == layer]
            rows.append(
                [
                    INTERVENTION_NAMES[arm.intervention],
                    {estimate.KILLED: "SGD", ("carried",): "momentum", ("data",): "half"}[arm.grids],
                    f"{arm.factor:g}",
                    str(layer),
                    number(int(units)),
                    number(int(events)),
                    number(round(exposure)),
                    hazard if events or not exposure else rf"$<${hazard}",
                    estimate_over_seeds(share.set_index("seed")["share"]),
                    f"{with_any}/{seeds}",
                    percent(high),
                ]
            )
    head = ["treatment", "killed", "rate $\\times$", "layer", "units", "opened", "unit-epochs", "hazard"]
    head += ["open at the end", "seeds", "at most"]
    return longtable(head, rows, "lllrrrrrrrr")


def _frozen(found: Tables) -> str:
    """For each activation where its derivative is exactly zero, and shares open at the end by depth."""
    table = recovery_depth(found)
    depths = sorted(table["depth"].unique())
    rows = []
    for activation, part in table.groupby("activation", observed=True):
        opened, moved = (part[part["measure"] == name].set_index("depth")["mean"] for name in ("open", "movement"))
        frozen = part["frozen"].iloc[0]
        moving = moved.index[moved > 0]
        still = [depth for depth in depths if len(moving) == 0 or depth > moving.max()]
        rows.append(
            [
                activation_name(str(activation)),
                "never" if np.isinf(frozen) else number(frozen),
                f"{min(still):g}" if still else "never",
                *(percent(opened.get(depth, np.nan)) for depth in depths),
            ]
        )
    rows.sort(key=lambda row: row[0].lower())
    head = ["activation", r"$\varphi'=0$ from", "still from", *(f"{depth:g}" for depth in depths)]
    return tabular(head, rows, "lrr" + "r" * len(depths))


def _travel(found: Tables) -> str:
    """The fewest epochs in which a unit could reach zero at the speed of the last epoch, by starting depth.

    A change of the incoming weights and bias of length m moves a pre-activation by at most m times the length of
    (x, 1), which is at most sqrt(features + 1) for features in [0, 1].
    """
    table = recovery_depth(found)
    table = table[(table["measure"] == "movement") & (table["activation"] != "relu")]
    reach = np.sqrt(DATASETS["digits"].n_features + 1)
    depths = sorted(table["depth"].unique())
    rows = []
    for activation, part in table.groupby("activation", observed=True):
        moved = part.set_index("depth")["mean"]
        cells = []
        for depth in depths:
            speed = moved.get(depth, np.nan) * reach
            cells.append(r"$\infty$" if speed == 0 else number(depth / speed, 2))
        rows.append([activation_name(str(activation)), *cells])
    rows.sort(key=lambda row: row[0].lower())
    return tabular(["activation", *(f"{depth:g}" for depth in depths)], rows, "l" + "r" * len(depths))
