"""Tables behind the figures of the study activation."""

import pandas as pd

from dying_relu.estimands.activation import ARM, at_chosen, fastest, lost, most_accurate, times
from dying_relu.estimands.common import NETWORK, Tables
from dying_relu.figure_data.common import drawn, kind, summarise


@kind("networks", "history", grids=("main",))
def activation_arms(tables: Tables) -> pd.DataFrame:
    """Each arm at its own settings: epochs to the fixed accuracy, and test accuracy."""
    found, networks = times(tables), tables["networks"]
    measures = {
        "time": at_chosen(found, fastest(found)).assign(value=lambda t: t["time"]),
        "accuracy": at_chosen(networks, most_accurate(networks)).assign(
            value=lambda t: t["test_accuracy"].astype(float)
        ),
    }
    cell = [*ARM, "initializer", "learning_rate"]
    return pd.concat(
        [summarise(drawn(frame), cell).assign(measure=measure) for measure, frame in measures.items()],
        ignore_index=True,
    )


@kind("networks", "activity", grids=("main",))
def activation_by_rate(tables: Tables) -> pd.DataFrame:
    """Without batch normalisation, against the rate: test error, dead or saturated share, closed, diverged share."""
    return _by_rate(tables, batch_norm=False)


@kind("networks", "activity", grids=("main",))
def activation_by_rate_normalised(tables: Tables) -> pd.DataFrame:
    """The same with batch normalisation."""
    return _by_rate(tables, batch_norm=True)


def _by_rate(tables: Tables, batch_norm: bool) -> pd.DataFrame:
    networks = tables["networks"]
    networks = drawn(networks[networks["initializer"] == common_initializer(networks)])
    networks = networks[networks["batch_norm"] == batch_norm]
    shares = lost(tables["activity"]).merge(networks[NETWORK], on=NETWORK)
    cell = [*ARM, "learning_rate"]
    measures = {
        "error": networks.assign(value=1 - networks["test_accuracy"].astype(float)),
        "dead": shares.assign(value=shares["dead"]),
        "closed": shares.assign(value=shares["closed"]),
        "diverged": networks.assign(value=networks["diverged"].astype(float)),
    }
    return pd.concat(
        [summarise(frame, cell).assign(measure=measure) for measure, frame in measures.items()], ignore_index=True
    )


def common_initializer(networks: pd.DataFrame) -> str:
    """The initialisation that most networks of a study have."""
    return str(networks["initializer"].astype(str).mode()[0])
