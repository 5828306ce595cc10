"""The cut into jobs: nothing lost, nothing doubled, nothing that depends on wording."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dying_relu import plan
from dying_relu.study import REFERENCE


def identity(network):
    return (network.grid, network.seed, tuple(network.settings.items()))


def test_every_network_is_in_exactly_one_job(small_study):
    item = small_study(grids={"main": {"learning_rate": [0.1, 1, 2], "depth": [1, 3], "optimizer": ["sgd", "adam"]}})
    planned = [identity(n) for job in plan.jobs(item) for n in job.networks]
    assert sorted(planned) == sorted(identity(n) for n in item.networks())
    assert len(set(planned)) == len(planned)


def test_a_job_changes_with_what_is_trained_and_with_nothing_else(small_study):
    item = small_study()
    before = [job.digest for job in plan.jobs(item)]
    assert [job.digest for job in plan.jobs(replace(item, title="Other", figures={}))] == before
    assert [
        job.digest for job in plan.jobs(replace(item, measure={**item.measure, "every_step_until": 3, "growth": 3}))
    ] != before
    assert [job.digest for job in plan.jobs(replace(item, seeds={"main": {"pilot": 0, "confirmatory": 2}}))] != before


@given(st.integers(0, 50), st.floats(1.01, 10), st.integers(1, 40), st.sampled_from([1, 7, 50, 1500]))
def test_moments_are_every_step_at_first_then_sparse(until, growth, epochs, batch):
    settings = REFERENCE | {"epochs": epochs, "batch_size": batch}
    steps = plan.moments({"every_step_until": until, "growth": growth}, settings)
    per_epoch = plan.steps_per_epoch(settings)
    assert steps == sorted(set(steps)) and steps[0] == 0 and steps[-1] == per_epoch * epochs
    assert {per_epoch, per_epoch * (epochs - 1)} <= set(steps)
    assert set(range(min(until, steps[-1]) + 1)) <= set(steps)


def test_wide_networks_share_a_population_with_fewer(small_study):
    wide = small_study(settings={"width": 4000, "depth": 2}, grids={"main": {"learning_rate": [0.1, 0.2, 0.3, 0.4]}})
    sizes = [len(rows) for job in plan.jobs(wide) for rows in job.populations]
    assert max(sizes) < plan.ROWS
    assert all(job.memory < plan.MEMORY_BUDGET + 2**30 for job in plan.jobs(wide))
