"""Table behind the figure of the study definitions: the one that `python -m dying_relu convert` reads."""

import numpy as np
import pandas as pd

from dying_relu.analysis.frames import Tables, drawn, matching
from dying_relu.studies.definitions.estimands import DEAD, NEAR, shares_by_layer

LEVELS = np.arange(0, 1.01, 2 * NEAR)
FEWEST = 5  # networks that a range is told of
RANGE = (0.05, 0.5, 0.95)  # quantiles: low, median, high
_COLUMNS = ["networks", "layer", "source", "target", "level", "n_networks", "low", "median", "high"]


def dead_conversions(tables: Tables) -> pd.DataFrame:
    """Quantiles of networks' shares by a definition (``target``) where that by another (``source``) is near a level.

    Layer 0: all layers together, for each pair of definitions; of single layers the pairs with the
    project's. Finite networks of confirmatory seeds; no row where there are fewer than `FEWEST`.
    """
    return conversions(shares_by_layer(drawn(tables["definitions"])))


def conversions(shares: pd.DataFrame, only: str | None = None) -> pd.DataFrame:
    """The same of some `shares_by_layer`; from one definition to the project's alone, if one is named."""
    keys = ["networks", "grid", "scaling", "optimizer", "learning_rate", "seed"]
    rows: list[tuple] = []
    for (kind, layer), part in shares.groupby(["networks", "layer"], observed=True):
        wide = part.pivot_table(index=keys, columns="definition", values="called", observed=True)
        pairs = [(a, b) for a in wide for b in wide if a != b and (layer == 0 or DEAD in (a, b))]
        if only or kind != "reference shape":
            pairs = [(a, b) for a, b in pairs if b == DEAD and only in (a, None)]
        values = {name: wide[name].to_numpy(float) for name in wide}
        for source, target in pairs:
            rows += [(kind, layer, source, target, *row) for row in _quantiles(values[source], values[target])]
    return pd.DataFrame(rows, columns=_COLUMNS)


def spread(table: pd.DataFrame, **levels: object) -> float:
    """The widest range, high less low, at any level."""
    here = matching(table, **levels)
    return float((here["high"] - here["low"]).max()) if len(here) else np.nan


def _quantiles(source: np.ndarray, target: np.ndarray) -> list[tuple]:
    found = []
    known = ~np.isnan(target)
    for level in LEVELS:
        near = target[known & (np.abs(source - level) <= NEAR)]
        if len(near) >= FEWEST:
            found.append((round(level, 3), len(near), *np.quantile(near, RANGE).round(4)))
    return found
