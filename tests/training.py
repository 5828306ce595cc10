"""What tests of the engine share: training a whole study, and holding it to networks trained alone."""

import pandas as pd
import pytest

from dying_relu.design import plan
from dying_relu.design.settings import SETTINGS

ONE_UNIT = {
    "dataset": "relu_target",
    "scaling": "raw",
    "depth": 1,
    "width": 1,
    "bias": None,
    "output_layer": False,
    "batch_size": 1000,
}
KEY = ["grid", *(name for name in SETTINGS if name != "bias"), "seed"]


def trained(item):
    """The tables of a study, all jobs together."""
    from dying_relu.engine import train

    results = [train.train(job) for job in plan.jobs(item)]
    return {name: pd.concat([result[name] for result in results], ignore_index=True) for name in train.TABLES}


def held_to_alone(tables, networks, tolerance=2e-3):
    """Each of these networks, trained with Keras's own fit, ends as its row in the table of networks."""
    from dying_relu.engine import alone

    for network in networks:
        _, single = alone.train_alone(network)
        wanted = pd.DataFrame([{"grid": network.grid, **network.settings.model_dump(), "seed": network.seed}])
        row = tables["networks"].astype({"grid": str}).merge(wanted[KEY], on=KEY)
        assert len(row) == 1
        for name in ("train_loss", "test_loss"):
            assert row[name].iloc[0] == pytest.approx(single[name], rel=tolerance, abs=1e-5), network.settings
        assert row["dead_fraction"].iloc[0] == pytest.approx(single["dead_fraction"], abs=0.02)
