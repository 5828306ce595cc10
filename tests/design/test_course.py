"""The course of a network, by hand; and that its digest follows what is trained and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dying_relu.design import catalogue, course, datasets, seeding, sizes
from dying_relu.design.course import Measure
from dying_relu.design.settings import Settings

TREATED = {"epochs": 6, "intervention_epoch": 2}


def of(**settings):
    return course.of("study", Settings(**settings), Measure())


def test_a_plain_course_has_one_stage():
    plain = of(epochs=6)
    assert [(stage.first, stage.stop) for stage in plain.stages] == [(0, 6)]
    assert plain.stages[0].settings == plain.settings
    assert plain.steps == 30 and plain.last_step == 180
    assert plain.change is None and not plain.renewals


def test_stages_by_hand():
    treated = of(**TREATED, intervention="other_task", rate_factor=0.5, learning_rate=0.2)
    before, after = treated.stages
    assert (before.first, before.stop, after.first, after.stop) == (0, 2, 2, 6)
    assert (before.settings.portion, after.settings.portion) == ("low_classes", "high_classes")
    assert (before.settings.learning_rate, after.settings.learning_rate) == (0.2, 0.1)
    assert before.graph == after.graph and treated.steps == 735 // 50
    assert treated.change == 2


def test_a_change_of_graph_by_hand():
    before, after = of(**TREATED, intervention="add_weight_decay").stages
    assert before.graph.penalties == [] and after.graph.penalties == ["weight_decay"]
    assert before.graph._replace(weight_decay=True) == after.graph


@pytest.mark.parametrize(
    "intervention, epochs", [("renew_dead", [2]), ("renew_dead_every_epoch", [2, 3, 4, 5]), ("outlier", [])]
)
def test_when_units_are_renewed(intervention, epochs):
    assert list(of(**TREATED, intervention=intervention).renewals) == epochs


@given(st.integers(0, 50), st.floats(1.01, 10), st.integers(1, 40), st.sampled_from([1, 7, 50, 1500]))
def test_moments_are_every_step_at_first_then_sparse(until, growth, epochs, batch):
    settings = Settings(epochs=epochs, batch_size=batch)
    steps = course.moments(settings, course.Measure(every_step_until=until, growth=growth))
    per_epoch = 1500 // batch
    assert steps == sorted(set(steps)) and steps[0] == 0 and steps[-1] == per_epoch * epochs
    assert {per_epoch, per_epoch * (epochs - 1)} <= set(steps)
    assert set(range(min(until, steps[-1]) + 1)) <= set(steps)


def test_when_units_are_shut():
    assert of(epochs=6, shut=0.4, shut_epoch=3).shutting == 3 and of(shut=0.4).shutting == 0
    assert of(epochs=6, shut_epoch=3).shutting is None  # none is


def test_an_intervention_is_measured_before_and_one_step_later():
    assert {60, 61} <= set(of(**TREATED).moments)


@pytest.mark.parametrize("architecture, count", [("dense", 985), ("conv", 2522), ("conv_pool", 2674), ("local", 9632)])
def test_parameters_by_hand(architecture, count):
    """Two hidden layers of 8 on digits: 64 features, 10 classes; patches of 9 leave 36 and then 16 positions."""
    by_hand = {
        "dense": 65 * 8 + 9 * 8 + 9 * 10,
        "conv": 10 * 8 + 73 * 8 + (16 * 8 + 1) * 10,
        "local": 36 * 10 * 8 + 16 * 73 * 8 + (16 * 8 + 1) * 10,
    }
    if architecture == "conv_pool":  # 28, 26, 13, 11, 5: no room for two on digits
        assert sizes.parameters("conv_pool", 8, 2, "mnist_5k") == 10 * 8 + 73 * 8 + (25 * 8 + 1) * 10 == 2674
        return
    assert sizes.parameters(architecture, 8, 2, "digits") == by_hand[architecture]
    without = sizes.parameters(architecture, 8, 2, "digits", output_layer=False)
    assert without == by_hand[architecture] - (9 if architecture == "dense" else 129) * 10


# one network whose course takes something from each part of the catalogue
NETWORK = {
    "activation": "leaky_relu_0.3",
    "optimizer": "momentum",
    "initializer": "normal_1",
    "shift": "noise_1",
    "intervention": "switch_to_elu",
    "rate_factor": 0.5,
    **TREATED,
}


def entries():
    return {
        "activation": (catalogue.ACTIVATIONS, "leaky_relu_0.3"),
        "switched": (catalogue.ACTIVATIONS, "elu"),
        "optimizer": (catalogue.OPTIMIZERS, "momentum"),
        "initializer": (catalogue.INITIALIZERS, "normal_1"),
        "intervention": (catalogue.INTERVENTIONS, "switch_to_elu"),
        "dataset": (datasets.DATASETS, "digits"),
        "shift": (datasets.SHIFTS, "noise_1"),
    }


@pytest.mark.parametrize(
    "part, change",
    [
        ("activation", {"config": {"negative_slope": 0.25}}),
        ("activation", {"threshold": 1e-3}),
        ("switched", {"threshold": 1e-2}),
        ("optimizer", {"config": {"momentum": 0.8}}),
        ("initializer", {"config": {"stddev": 2.0}}),
        ("initializer", {"kind": "RandomUniform"}),
        ("intervention", {"settings": {"activation": "selu"}}),
        ("intervention", {"forget": True}),
        ("dataset", {"n_train": 1400}),
        ("shift", {"size": 1.5}),
    ],
)
def test_a_course_changes_with_the_entries_that_it_uses(monkeypatch, part, change):
    before = of(**NETWORK).digest
    mapping, key = entries()[part]
    monkeypatch.setitem(mapping, key, replace(mapping[key], **change))
    assert of(**NETWORK).digest != before


@pytest.mark.parametrize("part", entries())
def test_a_course_does_not_change_with_what_is_printed(monkeypatch, part):
    before = of(**NETWORK).digest
    mapping, key = entries()[part]
    monkeypatch.setitem(mapping, key, replace(mapping[key], name="another word"))
    assert of(**NETWORK).digest == before


def test_a_course_does_not_change_with_entries_that_it_does_not_use(monkeypatch):
    before = of(**NETWORK).digest
    monkeypatch.setitem(catalogue.OPTIMIZERS, "adam", catalogue.OPTIMIZERS["sgd"])
    monkeypatch.setitem(catalogue.ACTIVATIONS, "relu", catalogue.ACTIVATIONS["selu"])
    monkeypatch.setattr(sizes, "MEMORY_BUDGET", 2 * sizes.MEMORY_BUDGET)
    assert of(**NETWORK).digest == before


def test_a_course_changes_with_what_stages_make_of_settings(monkeypatch):
    before, stages = of(**NETWORK).digest, course.stages
    monkeypatch.setattr(
        course, "stages", lambda settings: stages(settings.model_copy(update={"rate_factor": 2 * settings.rate_factor}))
    )
    assert of(**NETWORK).digest != before


@pytest.mark.parametrize("module, name", [(course, "portion_size"), (course, "steps_per_epoch"), (course, "_spaced")])
def test_a_course_changes_with_how_it_is_worked_out(monkeypatch, module, name):
    network = NETWORK | {"portion": "first_half"}
    before, old = of(**network).digest, getattr(module, name)
    changed = (lambda *args: [*old(*args), 17]) if name == "_spaced" else (lambda *args: old(*args) - 1)
    monkeypatch.setattr(module, name, changed)
    assert of(**network).digest != before


def test_a_course_changes_with_how_randomness_is_drawn(monkeypatch):
    before, old = of(**NETWORK).digest, seeding._digest
    monkeypatch.setattr(seeding, "_digest", lambda key: old((*key, "salt")))
    assert of(**NETWORK).digest != before
