"""Tables behind the figures of the study convolution."""

import pandas as pd

from dying_relu.analysis.frames import Tables, drawn, last, treated
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.analysis.rates import failed
from dying_relu.studies.convolution.estimands import (
    CLASS,
    dead_shares,
    failure_limits,
    gradient_sizes,
    with_class,
)


def convolution_dead(tables: Tables) -> pd.DataFrame:
    """Against the rate, for each class: dead share and share of zero outputs of each layer, share that failed."""
    networks, end = with_class(drawn(tables["networks"])), with_class(last(drawn(tables["activity"])))
    cell = [*CLASS, "learning_rate"]
    dead = (end["n_dead"] / end["n_units"]).astype(float)
    zero = end["zero_share"].astype(float).where(dead.notna())
    parts = [
        summarise(end.assign(value=dead), [*cell, "layer"], SHARE).assign(measure="dead"),
        summarise(end.assign(value=zero), [*cell, "layer"], SHARE).assign(measure="zero"),
        summarise(networks.assign(value=failed(networks).astype(float)), cell, SHARE).assign(measure="failed"),
    ]
    return pd.concat(parts, ignore_index=True)


def convolution_relative(tables: Tables) -> pd.DataFrame:
    """Dead share, mean of the layers, of each class on three scales ``x``.

    The rate; the rate times the squared norm of the first gradient; the rate over the failure limit.
    """
    shares = with_class(dead_shares(drawn(tables["activity"])))
    cells = summarise(shares.assign(value=shares["dead"]), [*CLASS, "learning_rate"], SHARE)
    cells = cells.join(failure_limits(with_class(treated(tables["networks"]))), on="name")
    cells = cells.join(gradient_sizes(with_class(tables["history"])), on="name")
    rate = cells["learning_rate"]
    scales = {"rate": rate, "first fall": rate * cells["size"], "failure limit": rate / cells["limit"]}
    parts = [cells.assign(scale=scale, x=x) for scale, x in scales.items()]
    return pd.concat(parts, ignore_index=True).dropna(subset="x")
