"""Tables behind the figures of the study sparsity."""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import alive
from dying_relu.estimands.sparsity import at_best_rates, density, zero_shares
from dying_relu.figure_data.common import Tables, drawn, kind, summarise


@kind("networks", "activity", grids=("unbounded", "saturating", "winners", "penalties"))
def accuracy_by_sparsity(tables: Tables) -> pd.DataFrame:
    """Test accuracy of each arm at its best rate, with the zero share that it reaches; the task is in ``shift``."""
    key = ["shift", "arm", "kind"]
    found = alive(at_best_rates(tables["networks"], tables["networks"]))
    accuracy = summarise(drawn(found).assign(value=drawn(found)["test_accuracy"]), key)
    share = zero_shares(tables)
    share = share[share["phase"] == "confirmatory"]
    reached = summarise(share.assign(value=share["zero_share"]), key)
    reached = reached.rename(columns={"mean": "zero_share", "ci_low": "zero_low", "ci_high": "zero_high"})
    return accuracy.merge(reached.drop(columns="n_seeds"), on=key)


@kind("networks", "activity", grids=("unbounded", "saturating"))
def zero_share_by_layer(tables: Tables) -> pd.DataFrame:
    """Share of zero outputs of each layer, at the start and at the end, for each activation at its best rate."""
    found = at_best_rates(tables["networks"], drawn(tables["activity"]))
    found = found[(found["activity_penalty"] == 0) & (found["shift"] == "none")]
    found = found[~found["arm"].str.startswith("k_winners")]
    found = found[(found["step"] == 0) | (found["epoch"] == found["epochs"])]
    moment = np.where(found["step"] == 0, "start", "end")
    return summarise(found.assign(value=found["zero_share"], moment=moment), ["arm", "moment", "layer"])


@kind("networks", "activity", "timings", grids=("unbounded",))
def sparse_product_speed(tables: Tables) -> pd.DataFrame:
    """Speed-up of the sparse product against density; ``networks``: the density that trained ReLU networks have."""
    found = tables["timings"]
    found = found[found["phase"] == "confirmatory"]
    found = found.assign(value=1 / found["ratio"])
    cells = summarise(found, ["batch", "width", "library", "with_conversion", "density"])
    return cells.assign(networks=density(tables))
