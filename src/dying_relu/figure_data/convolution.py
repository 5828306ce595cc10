"""Tables behind the figures of the study convolution."""

import pandas as pd

from dying_relu.estimands.common import last
from dying_relu.estimands.convolution import CLASS, dead_shares, failed, failure_limits, gradient_sizes
from dying_relu.figure_data.common import Tables, drawn, kind, summarise

SCALES = ("rate", "first fall", "failure limit")
_MAIN = ("main", "dense")


@kind("networks", "activity", grids=("main", "dense"))
def convolution_dead(tables: Tables) -> pd.DataFrame:
    """Against the rate, for each class: dead share and share of zero outputs of each layer, share that failed."""
    networks, activity = (drawn(_main(tables[name])) for name in ("networks", "activity"))
    cell = [*CLASS, "learning_rate"]
    end = last(activity)
    dead = (end["n_dead"] / end["n_units"]).astype(float)
    zero = end["zero_share"].astype(float)
    parts = [
        summarise(end.assign(value=dead), [*cell, "layer"]).assign(measure="dead"),
        summarise(end.assign(value=zero.where(dead.notna())), [*cell, "layer"]).assign(measure="zero"),
        summarise(networks.assign(value=failed(networks).astype(float)), cell).assign(measure="failed"),
    ]
    return pd.concat(parts, ignore_index=True)


@kind("networks", "activity", "history", grids=("main", "dense"))
def convolution_relative(tables: Tables) -> pd.DataFrame:
    """Dead share, mean of the layers, against the rate on several scales (`SCALES`), for each class."""
    shares = dead_shares(drawn(_main(tables["activity"])))
    cells = summarise(shares.assign(value=shares["dead"]), [*CLASS, "learning_rate"])
    limits = failure_limits(_main(tables["networks"])).rename("limit").reset_index()
    sizes = gradient_sizes(_main(tables["history"])).rename("size").reset_index()
    cells = cells.merge(limits, on=CLASS, how="left").merge(sizes, on=CLASS, how="left")
    x = (cells["learning_rate"], cells["learning_rate"] * cells["size"], cells["learning_rate"] / cells["limit"])
    parts = [cells.assign(scale=scale, x=values) for scale, values in zip(SCALES, x, strict=True)]
    return pd.concat(parts, ignore_index=True).dropna(subset="x")


def _main(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["grid"].isin(_MAIN)]
