"""The numbers and the table that the section on feature scaling speaks of."""

import pandas as pd

from dying_relu.analysis.choice import at_chosen
from dying_relu.analysis.frames import Tables, confirmatory, matching, paired
from dying_relu.analysis.intervals import DIFFERENCE, Estimate, estimate
from dying_relu.design.datasets import DATASETS, SCALINGS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.feature_scaling.tables import (
    CELL,
    best_rates,
    common_rates,
    compared,
    highest_finite_rates,
    largest_curvature,
)

_DATA = {"digits": "digits", "cancer": "breast_cancer"}  # by their names in the keys
_SHARES = {"born": "born_dead_fraction", "dead": "dead_fraction", "diverged": "diverged", "accuracy": "test_accuracy"}
_MEANS = {
    "raw": ("common.dead", "common.diverged", "own.born", "own.dead"),
    "centred": ("common.dead", "common.diverged"),
    "standardised": ("common.dead", "own.born"),
}
_PAIR = {"scaling": "raw"}, {"scaling": "standardised"}


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    networks = compared(tables["networks"])
    made: dict[str, Estimate | float] = {"seeds": confirmatory(networks)["seed"].nunique()}
    for key, name in _DATA.items():
        here = matching(networks, dataset=name)
        found, own = scalings(here).set_index("scaling"), at_chosen(confirmatory(here), best_rates(here))
        values = {
            "common.rate": found["common_rate"].max(),
            "rate.spread": found["rate"].max() / found["rate"].min(),
            "curvature.spread": found["curvature"].max() / found["curvature"].min(),
            **{f"{scaling}.{mean}": found[mean].get(scaling) for scaling, means in _MEANS.items() for mean in means},
            "raw.gap": estimate(paired(own, "test_accuracy", *_PAIR), DIFFERENCE),
            "raw.dead.gap": estimate(paired(own, "dead_fraction", *_PAIR), DIFFERENCE),
        }
        made |= {f"{key}.{name}": value for name, value in values.items()}
    return made


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    columns = [
        column("data", "data"),
        column("features", "features"),
        column("curvature", "curvature", "rough number"),
        column("born dead", "own.born", "share"),
        column("limit", "limit", "order of magnitude"),
        column("best rate", "rate", "order of magnitude"),
    ]
    for rate, group in {"own": "own best rate", "common": "common rate"}.items():
        columns += [column(short, f"{rate}.{short}", "share", group) for short in ("dead", "diverged", "accuracy")]
    return {"scalings": Table(scalings(compared(found["networks"])), columns)}


def scalings(networks: pd.DataFrame) -> pd.DataFrame:
    """A row a data set and scaling, in their order: names, curvature, rates, and means at the own and common rate."""
    cells = networks[CELL].astype(str).drop_duplicates()
    place = {name: k for k, name in enumerate([*DATASETS, *SCALINGS])}
    cells = cells.sort_values(CELL, key=lambda names: names.map(place), ignore_index=True)
    own, common = best_rates(networks), common_rates(networks)
    found = cells.assign(
        data=[DATASETS[name].name for name in cells["dataset"]],
        features=[SCALINGS[name] for name in cells["scaling"]],
        curvature=[largest_curvature(*cell) for cell in cells.itertuples(index=False)],
    )
    for rates, name in ((highest_finite_rates(networks), "limit"), (own, "rate"), (common, "common_rate")):
        found = found.merge(
            rates.astype(dict.fromkeys(CELL, str)).rename(columns={"learning_rate": name}), "left", CELL
        )
    for name, rates in (("own", own), ("common", common)):
        here = at_chosen(confirmatory(networks), rates).astype(dict.fromkeys(CELL, str) | {"diverged": float})
        means = here.groupby(CELL)[list(_SHARES.values())].mean()
        means.columns = [f"{name}.{short}" for short in _SHARES]
        found = found.merge(means.reset_index(), "left", CELL)
    return found
