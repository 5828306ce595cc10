"""Estimands of the study definitions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dying_relu.analysis import maps
from dying_relu.analysis.frames import Tables, matching, pilot, remembered
from dying_relu.analysis.rates import on_scale

DENSE = ("main", "adam")  # grids of networks of the reference shape, by whose percentages others are converted
CHANNELS = ("channels",)
NEAR = 0.025  # shares so far apart are near
CONVERTIBLE = (0.05, 0.95)  # shares that there is something to convert of
DEAD = "dead"  # the project's definition, among the others
Counted = Callable[[pd.DataFrame], pd.Series]
_COUNTS = ["n_units", "n", "n_dead", "n_both"]


def dead_of_called(tables: Tables) -> pd.DataFrame:
    """Of the units that a definition calls dead at the end, the share that are dead."""
    return _of_units(tables, lambda rows: rows["n_both"], lambda rows: rows["n"])


def agreement_on_death(tables: Tables) -> pd.DataFrame:
    """Share of units that are dead both by a definition and by the project's, or by neither."""
    agreeing = lambda rows: rows["n_units"] - rows["n"] - rows["n_dead"] + 2 * rows["n_both"]  # noqa: E731
    return _of_units(tables, agreeing, lambda rows: rows["n_units"])


def called_less_dead(tables: Tables) -> pd.DataFrame:
    """Share of units that a definition calls dead, less the dead share."""
    return _of_units(tables, lambda rows: rows["n"] - rows["n_dead"], lambda rows: rows["n_units"])


def test_less_batch_of_its_size(tables: Tables) -> pd.DataFrame:
    """Share of units silent on the test set, less that expected on as many random samples of the training set."""
    share = maps.sums(of_units(tables["definitions"]), "n", "n_units", ["definition"])
    test, batch = (matching(share, definition=name) for name in ("test", "batch_test"))
    return on_scale(maps.pair(test, batch, ["definition"]), tables["networks"])


def conversion_error(tables: Tables) -> pd.DataFrame:
    """Mean error, in absolute shares, with which a network's dead share is read from its share by another definition.

    It is read from the pilot networks of the reference shape, of other seeds, whose share by that definition is near:
    the median of their dead shares. Of each seed the mean over its ``networks`` (``reference shape`` or
    ``convolution``) whose share lies within `CONVERTIBLE`; one with no network near is read as wrongly as can
    be. Diverged ones have no share.
    """
    shares = network_shares(tables)
    known = pilot(matching(shares, networks="reference shape")).dropna(subset="dead")
    rows = shares[shares["called"].between(*CONVERTIBLE) & (shares["definition"] != DEAD)]
    columns = ["called", "dead", "seed"]
    by_name = {name: part[columns].to_numpy(float).T for name, part in known.groupby("definition", observed=True)}
    nothing = np.empty((len(columns), 0))
    read = [_read(row, by_name.get(row.definition, nothing)) for row in rows.itertuples()]
    found = rows.assign(error=np.abs(np.array(read, float) - rows["dead"]).fillna(1.0))
    keys = ["definition", "networks", "phase", "seed"]
    means = found.groupby(keys, observed=True)["error"].mean().reset_index()
    return maps.of(means, means["error"], pd.Series(False, means.index), ["definition", "networks"])


def of_units(definitions: pd.DataFrame) -> pd.DataFrame:
    """Rows on hidden layers, not on the network as a whole; counts as real numbers."""
    rows = definitions[definitions["layer"] > 0]
    return rows.astype({**dict.fromkeys(_COUNTS, float), "definition": str})


@remembered
def network_shares(tables: Tables) -> pd.DataFrame:
    """Of each finite ReLU network of the reference shape, or convolution, its shares by layer 0 (all together)."""
    return shares_by_layer(tables["definitions"], layers=False)


def shares_by_layer(definitions: pd.DataFrame, layers: bool = True) -> pd.DataFrame:
    """Shares by each definition, ``called``, beside the ``dead`` one: a row a network, definition and layer.

    ``networks`` says of which kind; layer 0: all together. The project's definition has rows of its own.
    """
    rows = of_units(definitions[definitions["grid"].isin([*DENSE, *CHANNELS])]).dropna(subset="n")
    kinds = np.where(rows["grid"].isin(CHANNELS), "convolution", "reference shape")
    rows = rows.assign(networks=kinds)
    own = rows[rows["definition"] == "test"].assign(definition=DEAD)
    rows = pd.concat([rows, own.assign(n=own["n_dead"])], ignore_index=True)
    keys = ["networks", "grid", "scaling", "optimizer", "learning_rate", "phase", "seed", "definition", "layer"]
    parts = [rows.assign(layer=0), *([rows] if layers else [])]
    sums = pd.concat([part.groupby(keys, observed=True)[_COUNTS].sum().reset_index() for part in parts])
    return sums.assign(called=sums["n"] / sums["n_units"], dead=sums["n_dead"] / sums["n_units"]).reset_index(drop=True)


def _read(row: Any, known: np.ndarray) -> float:
    """The median dead share of networks, columns of ``called``, ``dead`` and ``seed``, that are near a row."""
    called, dead, seed = known
    near = dead[(np.abs(called - row.called) <= NEAR) & (seed != row.seed)]
    return float(np.median(near)) if len(near) else np.nan


def _of_units(tables: Tables, events: Counted, exposure: Counted) -> pd.DataFrame:
    """A map of shares of units, all layers together, by definition; rates on the scale of the class."""
    rows = of_units(tables["definitions"])
    found = maps.sums(rows.assign(events=events(rows), exposure=exposure(rows)), "events", "exposure", ["definition"])
    return on_scale(found, tables["networks"])
