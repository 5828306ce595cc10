"""The cut into jobs: nothing lost, nothing doubled, nothing that depends on wording."""

from dataclasses import replace

import pytest

from conftest import TINY
from dying_relu.design import datasets, plan, sizes, study
from dying_relu.workflow.errors import UserError


def identity(network):
    return (network.grid, network.seed, tuple(network.settings.model_dump().items()))


def digests(item):
    return [job.digest for job in plan.jobs(item)]


def test_every_network_is_in_exactly_one_job(small_study, monkeypatch):
    monkeypatch.setattr(plan, "JOB_SECONDS", 0.01)
    item = small_study(grids={"main": {"learning_rate": [0.1, 1, 2], "depth": [1, 3], "optimizer": ["sgd", "adam"]}})
    jobs = plan.jobs(item)
    planned = [identity(n) for job in jobs for n in job.networks]
    assert len(jobs) > 1
    assert sorted(planned) == sorted(identity(n) for n in item.networks())
    assert len(set(planned)) == len(planned)


def test_networks_of_different_graphs_never_share_a_population(small_study):
    item = small_study(
        settings={"width": 32},
        grids={"main": {"depth": [1, 2], "activation": ["relu", "tanh"], "bias": [0, None], "learning_rate": [0.1, 1]}},
    )
    for job in plan.jobs(item):
        for population in job.populations:
            assert len({network.course.shared for network in population.networks}) == 1
            assert 1 <= len(population.networks) <= population.course.rows <= sizes.ROWS


def test_wide_networks_share_a_population_with_fewer(small_study):
    wide = small_study(settings={"width": 4000, "depth": 2}, grids={"main": {"learning_rate": [0.1, 0.2, 0.3, 0.4]}})
    jobs = plan.jobs(wide)
    assert max(len(population.networks) for job in jobs for population in job.populations) < sizes.ROWS
    assert all(job.memory < sizes.MEMORY_BUDGET + 2**30 for job in jobs)


def test_small_networks_share_a_population_with_more(small_study):
    seeds = {"pilot": 0, "confirmatory": 100}
    small = small_study(settings={"width": 3, "depth": 1}, seeds={"full": seeds, "tiny": seeds})
    (job,) = plan.jobs(small)
    assert [len(population.networks) for population in job.populations] == [64, 64, 64, 8]


def test_a_study_of_timings_alone_has_no_jobs(small_study):
    assert plan.jobs(small_study(grids=None, timings="activation_cost")) == []


def test_a_job_does_not_change_with_words(small_study):
    item = small_study()
    assert digests(replace(item, title="Other", question="What?", figures={})) == digests(item)


@pytest.mark.parametrize(
    "change",
    [
        {"measure": {"every_step_until": 3, "growth": 3}},
        {"measure": {"shifts": ["noise_1"]}},
        {"measure": {"parts": True}},
        {"seeds": {"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 3}}},
        {"grids": {"other": {"learning_rate": [0.01, 0.1]}}},
        {"grids": {"main": {"learning_rate": [0.01, 0.2]}}},
        {"settings": {"epochs": 1, "width": 9}},
        {"name": "held_in"},
    ],
)
def test_a_job_changes_with_what_is_trained_or_measured(small_study, change):
    assert digests(small_study(**change)) != digests(small_study())


def test_a_job_does_not_change_with_another_grid(small_study):
    """Nothing of a job is trained again because the study has grown elsewhere."""
    grown = small_study(grids={"main": {"learning_rate": [0.01, 0.1]}, "more": {"depth": [1]}})
    jobs = plan.jobs(grown)
    kept = plan.Job([p for job in jobs for p in job.populations if p.networks[0].grid == "main"])
    assert [kept.digest] == digests(small_study())


def test_a_data_set_that_cannot_be_had_is_one_sentence_before_anything_is_trained(monkeypatch, tmp_path, study_file):
    def no_network(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(datasets, "urlopen", no_network)
    datasets.check_available.cache_clear()
    path = study_file(settings={"dataset": "mnist", "width": 4})
    with pytest.raises(UserError, match=r"held_out.yaml: dataset: data set 'mnist' is neither .* use a bundled one"):
        plan.check(study.load(path, TINY), path)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/mnist.npz").touch()
    datasets.check_available.cache_clear()
    plan.check(study.load(path, TINY), path)
    datasets.check_available.cache_clear()
