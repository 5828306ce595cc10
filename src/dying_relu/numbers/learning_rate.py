"""The numbers and tables that the section on the learning rate speaks of."""

import numpy as np
import pandas as pd

from dying_relu import activity, latex
from dying_relu.estimands import learning_rate as estimate
from dying_relu.estimands.common import Tables, alive, confirmatory, is_control, last, treated, with_risk
from dying_relu.figure_data.learning_rate import divergence_limits, narrow
from dying_relu.labels import OPTIMIZER_NAMES
from dying_relu.latex import number, percent, tabular
from dying_relu.numbers.common import estimate_over_seeds, section


@section("networks", "activity", "units")
def learning_rate(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    return _numbers(found), {
        "limits": _limits_table(found["networks"]),
        "revivals": _revivals_table(found["activity"]),
        "definitions": _definitions_table(found),
        "warm_up": _warm_up_table(found["networks"]),
    }


def _numbers(found: Tables) -> dict[str, str]:
    networks = found["networks"]
    plain = networks[(networks["optimizer"] == "sgd") & ~is_control(networks)]
    killing = estimate.killing_cell(plain)
    proper = estimate.proper_cell(plain, killing)
    end = last(estimate.plain(found["activity"]))
    values = {}
    for name, cell in (("killing", killing), ("proper", proper)):
        here = estimate.in_cell(plain, cell)
        values |= {
            f"{name}.rate": f"{cell['learning_rate']:g}",
            f"{name}.scaling": str(cell["scaling"]).replace("unit", "unit-scaled"),
            f"{name}.dead": percent(here["dead_fraction"].mean()),
            f"{name}.diverged": percent(here["diverged"].mean()),
            f"{name}.accuracy": percent(here["test_accuracy"].mean()),
            f"{name}.recovered": percent(estimate.recovered(estimate.in_cell(end, cell))["value"].mean()),
        }
    put_back = estimate.revived_shares(found)
    revived, silent = estimate.revivals_in_silent_layers(found["activity"])
    controls = networks[is_control(networks)]
    for name, part in (
        ("linear", controls[controls["activation"] == "linear"]),
        ("bias", controls[controls["grid"] == "control_bias"]),
    ):
        values[f"control.{name}.dead"] = percent(part["dead_fraction"].mean())
        values[f"control.{name}.networks"] = number(int((~part["diverged"]).sum()))
    limits = divergence_limits(networks)
    reached = limits.dropna(subset="limit_dead")
    before = reached[reached["limit"].isna() | (reached["limit_dead"] < reached["limit"])]
    many = treated(confirmatory(networks))
    best = many[many["dead_fraction"] >= 0.4]["test_accuracy"]
    for width, part in narrow(networks).groupby("width"):
        values |= {
            f"narrow.{width}.lacking": percent(part["lacking"].mean()),
            f"narrow.{width}.accuracy": percent(part["test_accuracy"].mean()),
        }
    return values | {
        "revived.by.weights": percent(put_back["weights"].mean()),
        "silent.revived": number(revived),
        "silent.moments": number(silent),
        "classes": number(len(limits)),
        "classes.forty": number(len(reached)),
        "classes.forty.before": number(len(before)),
        "forty.networks": number(len(best)),
        "forty.accuracy.median": percent(best.median()),
        "forty.accuracy.best": percent(best.max()),
        "forty.learned": percent((best >= 0.9).mean()),
    }


def _warm_up_table(networks: pd.DataFrame) -> str:
    """Dead fraction and accuracy with one epoch at a tenth of the rate before, and without, paired by seed."""
    warm = confirmatory(networks[networks["grid"] == "control_warm_up"])
    cold = confirmatory(networks[networks["grid"] == "main"])
    rows = []
    for low, part in warm.groupby("learning_rate"):
        rate = low * part["rate_factor"].iloc[0]
        same = (cold["scaling"] == part["scaling"].iloc[0]) & np.isclose(cold["learning_rate"], rate)
        other = cold[same & cold["seed"].isin(part["seed"])]
        cells = [percent(frame["diverged"].mean()) for frame in (other, part)]
        for column in ("dead_fraction", "test_accuracy"):
            means = [alive(frame).set_index("seed")[column] for frame in (other, part)]
            cells += [percent(values.mean()) for values in means]
            cells.append(estimate_over_seeds(means[1] - means[0], latex.points))
        rows.append([f"{rate:g}", *cells])
    head = ["rate", *("without", "with"), *("without", "with", "difference"), *("without", "with", "difference")]
    groups = [(2, "diverged"), (3, "dead"), (3, "test accuracy")]
    group = "".join(rf" & \multicolumn{{{size}}}{{c}}{{{name}}}" for size, name in groups)
    return tabular(head, rows, "l" + "r" * 8).replace(r"\toprule", rf"\toprule {group} \\ ", 1)


def _limits_table(networks: pd.DataFrame) -> str:
    rows = [
        [
            OPTIMIZER_NAMES[row.optimizer],
            str(row.depth),
            row.scaling,
            number(row.limit_dead, 2),
            number(row.limit, 2),
            number(row.limit_dead / row.limit, 2),
            percent(row.most_dead),
        ]
        for row in divergence_limits(networks).itertuples()
    ]
    head = ["optimiser", "depth", "inputs", r"rate of 40\,\% dead", "divergence limit", "their ratio", "most dead"]
    return tabular(head, rows, "lrlrrrr")


def _revivals_table(frame: pd.DataFrame) -> str:
    frame = frame[(frame["phase"] == "confirmatory") & ~is_control(frame)]
    frame = with_risk(frame)
    sums = frame.groupby(["optimizer", "depth", "scaling", "layer"], observed=True)[
        ["n_died", "n_revived", "risk"]
    ].sum()
    rows = []
    order = sorted(sums.index, key=lambda index: (list(OPTIMIZER_NAMES).index(index[0]), *index[1:]))
    for optimizer, depth, scaling, layer in order:
        cell = sums.loc[(optimizer, depth, scaling, layer)]
        # three over the exposure bounds a rate of which no event was seen (rule of three)
        events = cell.n_revived if cell.n_revived > 0 else 3
        rate = events / cell.risk if cell.risk > 0 else np.nan
        hazard = number(rate, 2) if cell.n_revived > 0 else rf"$<${number(rate, 2)}"
        rows.append(
            [
                OPTIMIZER_NAMES[optimizer],
                str(depth),
                scaling,
                str(layer),
                number(int(cell.n_died)),
                number(int(cell.n_revived)),
                number(round(cell.risk)),
                hazard if cell.risk > 0 else "--",
            ]
        )
    head = [
        "optimiser",
        "depth",
        "inputs",
        "layer",
        "deaths",
        "revivals",
        r"dead units $\times$ epochs",
        "revival hazard",
    ]
    return tabular(head, rows, "lrlrrrrr")


def _definitions_table(found: Tables) -> str:
    networks = found["networks"]
    plain = networks[(networks["optimizer"] == "sgd") & ~is_control(networks)]
    killing = estimate.killing_cell(plain)
    frame = found["activity"]
    frame = frame[(frame["optimizer"] == "sgd") & ~is_control(frame) & (frame["epoch"] == frame["epochs"])]
    names = {
        "n_dead": "dead",
        "n_nearly_dead": "nearly dead",
        "n_ever_dead": "dead at some measurement",
        **{f"n_dormant_{tau:g}": rf"$\tau$-dormant, $\tau={tau:g}$" for tau in activity.DORMANT_TAUS},
    }
    pair = [estimate.in_cell(frame, cell) for cell in (estimate.proper_cell(plain, killing), killing)]
    layers = sorted(set().union(*(cell["layer"] for cell in pair)))
    rows = []
    for column, name in names.items():
        cells = []
        for cell in pair:
            finite = cell.dropna(subset="n_dead").groupby("layer")[[column, "n_units"]].sum().astype(float)
            shares = (finite[column] / finite["n_units"]).reindex(layers)
            cells += [percent(share) for share in shares]
        rows.append([name, *cells])
    head = ["definition", *(f"layer {layer}" for layer in layers * 2)]
    group = (
        rf"& \multicolumn{{{len(layers)}}}{{c}}{{proper rate}} & \multicolumn{{{len(layers)}}}{{c}}{{killing rate}} \\"
    )
    return tabular(head, rows, "l" + "r" * 2 * len(layers)).replace(r"\toprule", rf"\toprule {group} ", 1)
