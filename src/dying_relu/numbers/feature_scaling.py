"""The numbers and tables that the section on feature scaling speaks of."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import confirmatory
from dying_relu.figure_data.feature_scaling import (
    SCALINGS,
    at_rates,
    best_rates,
    common_rates,
    divergence_limits,
    largest_curvature,
)
from dying_relu.labels import DATASET_NAMES
from dying_relu.latex import number, percent, tabular
from dying_relu.numbers.common import Tables, points, section

_KEYS = {"digits": "digits", "breast_cancer": "cancer"}


@section("networks")
def feature_scaling(found: Tables) -> tuple[dict[str, str], dict[str, str]]:
    """Numbers and tables of the section."""
    networks = found["networks"]
    rates = {"own": best_rates(networks), "common": common_rates(networks)}
    at = {name: at_rates(confirmatory(networks), chosen) for name, chosen in rates.items()}
    limits = divergence_limits(networks)
    curvature = {(name, scaling): largest_curvature(name, scaling) for name in _KEYS for scaling in SCALINGS}
    values = {"seeds": number(confirmatory(networks)["seed"].nunique())}
    for name, key in _KEYS.items():
        common = rates["common"][rates["common"]["dataset"] == name]["learning_rate"]
        values[f"{key}.common.rate"] = _rate(common.iloc[0] if len(common) else np.nan)
        reference = _accuracy(at["own"], name, "standardised")
        for scaling in SCALINGS:
            own = rates["own"]
            own = own[(own["dataset"] == name) & (own["scaling"] == scaling)]["learning_rate"]
            values[f"{key}.{scaling}.rate"] = _rate(own.iloc[0] if len(own) else np.nan)
            for which, frame in at.items():
                here = frame[(frame["dataset"] == name) & (frame["scaling"] == scaling)]
                columns = {"born_dead_fraction": "born", "dead_fraction": "dead"}
                columns |= {"test_accuracy": "accuracy", "diverged": "diverged"}
                for column, short in columns.items():
                    values[f"{key}.{scaling}.{which}.{short}"] = percent(here[column].astype(float).mean())
            gap = (_accuracy(at["own"], name, scaling) - reference).dropna()
            values[f"{key}.{scaling}.gap"] = points(gap)
            values[f"{key}.{scaling}.dead.gap"] = points(
                _of(at["own"], name, scaling, "dead_fraction") - _of(at["own"], name, "standardised", "dead_fraction")
            )
            values[f"{key}.{scaling}.curvature"] = number(curvature[name, scaling], 2)
            values[f"{key}.{scaling}.limit"] = _rate(limits.get((name, scaling), np.nan))
        own_rates = rates["own"][rates["own"]["dataset"] == name]["learning_rate"]
        values[f"{key}.rate.spread"] = number(own_rates.max() / own_rates.min(), 1)
        sizes = [curvature[name, scaling] for scaling in SCALINGS]
        values[f"{key}.curvature.spread"] = number(max(sizes) / min(sizes), 2)
    return values, {"scalings": _table(rates["own"], at, limits, curvature)}


def _accuracy(frame: pd.DataFrame, name: str, scaling: str) -> pd.Series:
    return _of(frame, name, scaling, "test_accuracy")


def _of(frame: pd.DataFrame, name: str, scaling: str, column: str) -> pd.Series:
    here = frame[(frame["dataset"] == name) & (frame["scaling"] == scaling)]
    return here.set_index("seed")[column].astype(float)


def _rate(value: float) -> str:
    return number(value, 1)


def _table(own: pd.DataFrame, at: dict, limits: pd.Series, curvature: dict) -> str:
    rows = []
    for name in _KEYS:
        for scaling in SCALINGS:
            rate = own[(own["dataset"] == name) & (own["scaling"] == scaling)]["learning_rate"]
            cells = []
            for frame in at.values():
                here = frame[(frame["dataset"] == name) & (frame["scaling"] == scaling)]
                shares = (
                    here[column].astype(float).mean() for column in ("dead_fraction", "diverged", "test_accuracy")
                )
                cells += [percent(share) for share in shares]
            born = at["own"]
            born = born[(born["dataset"] == name) & (born["scaling"] == scaling)]["born_dead_fraction"].mean()
            rows.append(
                [
                    DATASET_NAMES[name],
                    scaling,
                    number(curvature[name, scaling], 2),
                    percent(born),
                    _rate(limits.get((name, scaling), np.nan)),
                    _rate(rate.iloc[0] if len(rate) else np.nan),
                    *cells,
                ]
            )
    three = ["dead", "diverged", "accuracy"]
    body = tabular(
        ["data", "features", "curvature", "born dead", "limit", "best rate", *three, *three], rows, "ll" + "r" * 10
    )
    group = r"\toprule & & & & & & \multicolumn{3}{c}{own best rate} & \multicolumn{3}{c}{common rate} \\ "
    return body.replace(r"\toprule", group, 1)
