"""Where a job's time goes: every second in one kind, and operations counted by hand."""

import re

import pytest

from dying_relu.design import plan, sizes
from dying_relu.design.settings import Settings
from dying_relu.engine import models
from dying_relu.engine.costs import KINDS, Costs


@pytest.mark.parametrize(
    "changes",
    [
        {"depth": 2, "width": 7},
        {"architecture": "conv", "depth": 2, "width": 5},
        {"architecture": "local", "width": 3},
        {"dataset": "mnist_5k", "architecture": "conv_pool", "depth": 3, "width": 4},
    ],
)
def test_products_of_a_model_are_those_of_its_plan(engine, changes):
    settings = Settings(**changes)
    found = sizes.layers(*sizes.shape(settings))
    expected = sum(layer.positions * layer.inputs * layer.units for layer in found)
    assert models.products(models.build(settings)) == expected


def test_operations_are_those_of_the_steps_and_passes(engine, small_study):
    """One epoch of 30 steps of 50, passes over 1500 and 297 samples; copies of the last network fill the rows."""
    from dying_relu.engine import train

    item = small_study(measure={"every_step_until": 1, "growth": 1000})
    (job,) = plan.jobs(item)
    costs = Costs()
    train.train(job, costs=costs)
    course = job.populations[0].course
    assert course.moments == (0, 1, 30)
    a_pass = 2 * course.rows * (64 * 8 + 8 * 8 + 8 * 8 + 8 * 10)
    # the first call of each function compiles it and is not counted: a step, a pass
    assert costs.operations["train"] == 3 * a_pass * 50 * 29
    assert costs.operations["measure"] == a_pass * (1500 * 2 + 297)


def test_every_second_is_of_one_kind(engine):
    costs = Costs()
    with costs.of("draw"):
        sum(range(100_000))
    lines = [re.fullmatch(r"cost (\w+) (-?[\d.]+) s ([\d.e+]+) operations", line) for line in costs.lines()]
    assert [line[1] for line in lines] == list(KINDS)
    assert costs.seconds["draw"] > 0 and min(costs.seconds.values()) > -1e-3
