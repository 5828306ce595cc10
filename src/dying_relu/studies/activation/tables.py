"""Tables behind the figures of the study activation."""

import pandas as pd

from dying_relu.analysis.choice import at_chosen
from dying_relu.analysis.frames import NETWORK, Tables, drawn, matching
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.studies.activation.estimands import ARM, alike, fastest, lost, most_accurate, times


def activation_arms(tables: Tables) -> pd.DataFrame:
    """Each arm at its own settings: epochs to the fixed accuracy, and test accuracy."""
    found = times(tables)
    run = (0.0, float(found["epochs"].max()))
    measures = {"time": (fastest(found), "time", run), "accuracy": (most_accurate(found), "test_accuracy", SHARE)}
    frames = []
    for measure, (chosen, column, bounds) in measures.items():
        here = drawn(at_chosen(found, chosen))
        here = here.assign(value=here[column].astype(float))
        frames.append(summarise(here, [*ARM, "initializer", "learning_rate"], bounds).assign(measure=measure))
    return pd.concat(frames, ignore_index=True)


def activation_by_rate(tables: Tables) -> pd.DataFrame:
    """Without batch normalisation, against the rate: test error, dead or saturated share, diverged share."""
    return _by_rate(tables, batch_norm=False)


def activation_by_rate_normalised(tables: Tables) -> pd.DataFrame:
    """The same with batch normalisation."""
    return _by_rate(tables, batch_norm=True)


def _by_rate(tables: Tables, batch_norm: bool) -> pd.DataFrame:
    networks = matching(alike(drawn(tables["networks"])), batch_norm=batch_norm)
    networks = networks.merge(lost(tables["activity"]), on=NETWORK, how="left")
    measures = {"error": 1 - networks["test_accuracy"], "dead": networks["dead"], "diverged": networks["diverged"]}
    frames = [
        summarise(networks.assign(value=value.astype(float)), [*ARM, "learning_rate"], SHARE).assign(measure=measure)
        for measure, value in measures.items()
    ]
    return pd.concat(frames, ignore_index=True)
