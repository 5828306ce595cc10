"""Units shut for ever: which they are, that nothing opens or moves them, and what the network is without them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dying_relu.design import plan
from dying_relu.design.course import Measure, Network, of
from dying_relu.design.settings import Settings
from training import held_to_alone, trained

WIDTH = 12
ONE = {"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}}
SHUT = {"epochs": 3, "width": WIDTH, "depth": 2, "scaling": "unit", "batch_size": 100, "learning_rate": 0.2}


def network(shut, seed=7, **more):
    return Network("g", "pilot", seed, of("t", Settings(**SHUT | more | {"shut": shut}), Measure()))


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.integers(1, 200), st.integers(0, 3))
def test_the_units_of_a_smaller_share_are_among_those_of_a_larger(one, other, width, layer):
    from dying_relu.engine.interventions import shut_units

    few, many = (shut_units(network(share), layer, width) for share in sorted((one, other)))
    assert few.sum() == round(min(one, other) * width) and many.sum() == round(max(one, other) * width)
    assert not (few & ~many).any()


def test_layers_and_seeds_have_units_of_their_own():
    from dying_relu.engine.interventions import shut_units

    masks = [shut_units(network(0.5, seed), layer, 64) for seed in (1, 2) for layer in (0, 1)]
    assert len({tuple(mask) for mask in masks}) == 4


@pytest.fixture(scope="module")
def template(engine):
    from dying_relu.engine import models

    return models.build(Settings(**SHUT))


def start(template):
    """Trainable variables with an axis for the network; biases that are not zero."""
    draw = np.random.default_rng(3)
    return [draw.normal(size=(2, *v.shape)).astype(np.float32) for v in template.model.trainable_variables]


def test_shutting_by_hand(template):
    """Weights into shut units are 0, their biases -1, and forgotten; all else stays, and so does who is not due."""
    from dying_relu.engine import interventions

    before, due = start(template), network(0.5)
    new = interventions.shut(template, [due, network(0.5, shut_epoch=1)], before, 0)
    for i, (old, changed, cleared) in enumerate(zip(before, *new, strict=True)):
        assert (changed[1] == old[1]).all() and not cleared[1].any()
        if i >= 4:  # the output's
            assert (changed[0] == old[0]).all() and not cleared[0].any()
            continue
        units = interventions.shut_units(due, i // 2, WIDTH)
        assert (changed[0][..., units] == (-1.0 if i % 2 else 0.0)).all() and cleared[0][..., units].all()
        assert (changed[0][..., ~units] == old[0][..., ~units]).all() and not cleared[0][..., ~units].any()


def test_pruning_takes_the_rows_out_of_the_dead(template):
    from dying_relu.engine import interventions

    before = start(template)
    dead = [np.zeros((2, WIDTH), bool) for _ in range(2)]
    dead[0][0, 3] = dead[1][1, 5] = True
    new = interventions.pruned(template, before, dead)
    changed = [np.argwhere(a != b) for a, b in zip(before, new, strict=True)]
    assert [len(places) for places in changed] == [0, 0, WIDTH, 0, 10, 0]
    assert set(map(tuple, changed[2][:, :2])) == {(0, 3)} and set(map(tuple, changed[4][:, :2])) == {(1, 5)}


@pytest.fixture(scope="module")
def item(engine, tmp_path_factory):
    import yaml

    from conftest import TINY
    from dying_relu.design import study

    content = {
        "title": "Shut",
        "question": "?",
        "settings": SHUT,
        "grids": {
            "start": {"shut": [0, 0.25, 0.75]},
            "late": {"shut": [0, 0.5], "shut_epoch": [2]},
            "adam": {"optimizer": ["adam"], "learning_rate": [0.01], "shut": [0.5], "shut_epoch": [1]},
            "momentum": {"optimizer": ["momentum"], "learning_rate": [0.05], "shut": [0.5], "shut_epoch": [1]},
            "lowered": {"shut": [0.5], "shut_epoch": [1], "intervention_epoch": [1], "rate_factor": [0.1]},
        },
        "seeds": {name: {"pilot": 0, "confirmatory": 2} for name in ("full", "tiny")},
        "measure": {"every_step_until": 2, "growth": 1.5, "pruned": True},
    }
    path = tmp_path_factory.mktemp("study") / "shut.yaml"
    path.write_text(yaml.safe_dump(content))
    found = study.load(path, TINY)
    return found, trained(found)


def test_a_share_is_shut_when_it_is_due_and_never_opens(item):
    """Under any optimiser, and whatever else dies beside."""
    _, tables = item
    activity = tables["activity"]
    since = activity[activity["epoch"] > activity["shut_epoch"]]
    shut = (since["shut"] * WIDTH).round()
    assert (since["n_dead"] >= shut).all() and (since["n_ever_dead"] >= shut).all()
    start = activity[activity["step"] == 0]
    assert start["n_dead"].max() <= 3  # not yet
    one_step = since[(since["shut_epoch"] == 0) & (since["step"] == 1)]
    died = one_step["n_died"] + one_step["n_born_dead"]  # or were so from the start
    assert (died >= (one_step["shut"] * WIDTH).round()).all()


def test_shutting_none_changes_nothing_bitwise(item):
    nets = item[1]["networks"]
    none = nets[(nets["shut"] == 0)].set_index(["seed", "shut_epoch"])[["train_loss", "test_loss", "dead_fraction"]]
    assert (none.xs(0, level="shut_epoch") == none.xs(2, level="shut_epoch")).all(axis=None)
    assert none["train_loss"].nunique() == 2


def test_pruning_changes_the_loss_of_no_network_bitwise(item):
    nets = item[1]["networks"]
    assert (nets["dead_fraction"] > 0.2).any() and (nets["pruned_loss"] == nets["train_loss"]).all()


def test_shut_networks_agree_with_networks_trained_alone(item):
    found, tables = item
    held_to_alone(tables, [n for n in found.networks() if n.seed == 2001 and n.settings.shut], tolerance=5e-3)


def test_a_shut_network_is_the_narrow_one_of_its_other_units(engine):
    """A plain Keras model of the living units alone, trained by fit on the same batches: the same losses."""
    import keras

    from dying_relu.engine import alone, interventions
    from dying_relu.engine.alone import _enter, _epoch

    whole = network(0.5)
    template, outcome = alone.train_alone(whole)
    here = _enter(whole, whole.course.stages[0], None)
    first = [v.numpy() for v in here.template.model.trainable_variables]
    living = [~interventions.shut_units(whole, layer, WIDTH) for layer in range(2)]
    narrow = keras.Sequential(
        [keras.Input((64,)), *(keras.layers.Dense(6, "relu") for _ in range(2)), keras.layers.Dense(10)]
    )
    narrow.set_weights(
        [
            first[0][:, living[0]],
            first[1][living[0]],
            first[2][living[0]][:, living[1]],
            first[3][living[1]],
            first[4][living[1]],
            first[5],
        ]
    )
    narrow.compile(keras.optimizers.SGD(0.2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for epoch in range(SHUT["epochs"]):
        narrow.fit(*_epoch(here, epoch), 100, shuffle=False, verbose=0)
    for name, samples in here.samples._asdict().items():
        loss = narrow.evaluate(here.scale(here.x[samples]), here.y[samples], len(samples), verbose=0)
        assert loss == pytest.approx(outcome[f"{name}_loss"], rel=1e-4)
    kernel, bias = (v.numpy() for v in template.trainable_variables[:2])
    assert (kernel[:, ~living[0]] == 0).all() and (bias[~living[0]] == -1).all()


@pytest.mark.parametrize("architecture", ["conv", "local"])
def test_channels_and_units_of_a_position_are_shut_too(engine, small_study, architecture):
    item = small_study(
        settings={"epochs": 1, "width": 4, "depth": 2, "batch_size": 300, "architecture": architecture},
        grids={"main": {"shut": [0.5]}},
        seeds=ONE,
        measure={"pruned": True},
    )
    tables = trained(item)
    assert (tables["networks"]["dead_fraction"] >= 0.5).all()
    assert (tables["networks"]["pruned_loss"] == tables["networks"]["train_loss"]).all()
    held_to_alone(tables, list(item.networks()), tolerance=0.02)


def test_a_loss_without_the_dead_is_missing_unless_asked_for(engine, small_study):
    assert trained(small_study(seeds=ONE))["networks"]["pruned_loss"].isna().all()
    assert len(plan.jobs(small_study(seeds=ONE))) == 1


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_shut_start_is_smaller_by_the_share_living_at_each_layer(engine, share):
    """Closed form: each layer behind the first, and the output, sums the living units' part of its inputs alone."""
    from dying_relu.engine import interventions, models

    settings = Settings(width=50, shut=share)
    template = models.build(settings)
    x = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    ratios = []
    for seed in range(300):
        one = Network("g", "pilot", seed, of("t", settings, Measure()))
        first = models.trainable(template, models.initial_weights(template, settings, "t", seed))
        sizes = []
        for weights in (
            first,
            [v[0] for v in interventions.shut(template, [one], [v[None] for v in first], 0).weights],
        ):
            h = x
            for layer in range(3):
                h = np.maximum(h @ weights[2 * layer] + weights[2 * layer + 1], 0)
            sizes.append(np.mean((h @ weights[6]) ** 2))
        ratios.append(sizes)
    shut, whole = np.mean(ratios, axis=0)[::-1]
    assert shut / whole == pytest.approx((1 - share) ** 3, rel=0.12)
