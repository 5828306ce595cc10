"""A row of a population and the same network trained alone with Keras's fit, on all kinds of networks."""

import numpy as np
import pytest

from dying_relu.design.settings import Settings
from dying_relu.engine import models
from training import ONE_UNIT, held_to_alone, trained


def test_single_units_agree_with_units_trained_alone(engine, small_study):
    item = small_study(
        settings={**ONE_UNIT, "epochs": 2, "learning_rate": 0.02},
        grids={
            "starts": {"initializer": ["ones"], "init_scale": [-1, 2], "optimizer": ["adam"]},
            "full": {"initializer": ["glorot_uniform"], "bias": [0.1], "output_layer": [True]},
            "switch": {"activation": ["softplus"], "intervention": ["switch_to_relu"], "intervention_epoch": [1]},
        },
    )
    tables = trained(item)
    held_to_alone(tables, [n for n in item.networks() if n.seed == 2000])
    assert tables["networks"][["train_accuracy", "test_accuracy"]].isna().all(axis=None)
    start = tables["trajectory"][(tables["trajectory"]["step"] == 0) & (tables["trajectory"]["grid"] == "starts")]
    assert set(start["unit_weight"]) == {-1.0, 2.0}
    end = tables["trajectory"][tables["trajectory"]["epoch"] == 2]
    alone = end[end["grid"] == "full"]
    assert alone[["unit_bias", "output_weight", "output_bias"]].notna().all(axis=None)
    assert end[end["grid"] == "starts"][["unit_bias", "output_weight"]].isna().all(axis=None)


def test_networks_of_which_some_units_start_elsewhere_agree_with_the_same_alone(engine, small_study):
    settings = {"width": 8, "depth": 2, "epochs": 1, "activation": "elu"}
    grids = {"main": {"bias": [-3], "bias_layer": [0, 1, 2], "bias_share": [0.25, 1]}}
    item = small_study(settings=settings, grids=grids)
    tables = trained(item)
    held_to_alone(tables, [n for n in item.networks() if n.seed == 2000])
    start = tables["activity"][tables["activity"]["step"] == 0]
    closed = start[start["bias_share"] == 0.25]["n_born_one_sided"]
    assert 0 < closed.max() <= 2


def test_steps_that_pull_a_unit_down_are_as_long_as_promised(engine, small_study):
    item = small_study(
        settings={"dataset": "pull_down_16", "scaling": "centred", "depth": 1, "width": 1, "output_layer": False}
        | {"initializer": "zero_sum", "init_scale": 0.05, "bias": 0.1, "batch_size": 1, "epochs": 1},
        grids={"main": {"learning_rate": [5e-6]}},
        seeds={"full": {"pilot": 0, "confirmatory": 40}, "tiny": {"pilot": 0, "confirmatory": 40}},
    )
    path = trained(item)["trajectory"]
    before, after = (path[path["step"] == step].set_index("seed") for step in (0, 1))
    np.testing.assert_allclose(before["unit_weight_norm"], 0.05, rtol=1e-4)
    assert before["activity_rate"].mean() == pytest.approx(0.9772, abs=0.01)
    moved = after["unit_bias"] < before["unit_bias"]
    assert 0.8 < moved.mean() <= 1
    np.testing.assert_allclose(after["unit_bias"][moved], 0.1 - 0.1, atol=1e-3)
    assert (after[~moved]["unit_weight_norm"] == before[~moved]["unit_weight_norm"]).all()


@pytest.mark.parametrize("architecture", ["conv", "conv_pool", "local"])
def test_image_networks_agree_with_networks_trained_alone(engine, small_study, architecture):
    item = small_study(
        settings={"epochs": 1, "width": 3, "depth": 2, "batch_size": 300, "architecture": architecture}
        | ({"depth": 1} if architecture == "conv_pool" else {}),
        grids={"main": {"batch_norm": [True], "activation": ["prelu"]}},
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(trained(item), list(item.networks()), tolerance=0.02)


def test_penalties_agree_with_keras_regularisers(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2},
        grids={
            "all": {"weight_decay": [0.01, 0.1], "bias_decay": [0.5], "bias": [0.3], "activity_penalty": [0.01]},
            "adam": {"optimizer": ["adam"], "learning_rate": [0.01], "weight_decay": [0.05]},
        },
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    tables = trained(item)
    held_to_alone(tables, list(item.networks()), tolerance=5e-3)
    assert tables["networks"]["train_loss"].nunique() == 3


def test_regressions_new_activations_and_initialisers_agree_with_networks_trained_alone(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2, "learning_rate": 0.01},
        grids={
            "friedman": {"dataset": ["friedman"], "activation": ["sigmoid_4x"]},
            "absolute": {"dataset": ["absolute"], "initializer": ["rai", "normal_1"], "activation": ["k_winners_0.5"]},
        },
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(trained(item), list(item.networks()))


def test_a_penalty_that_was_there_before_takes_its_new_strength(engine, small_study):
    """The graph stays, and so do the optimiser's moments."""
    item = small_study(
        settings={"epochs": 3, "width": 4, "depth": 1, "batch_size": 300, "optimizer": "adam", "intervention_epoch": 2},
        grids={"main": {"weight_decay": [0.5], "intervention": ["add_weight_decay", "none"]}},
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    tables = trained(item)
    held_to_alone(tables, item.networks(), tolerance=1e-3)
    assert tables["networks"]["train_loss"].nunique() == 2


@pytest.mark.parametrize("biases", [True, False])
def test_decoupled_decay_is_that_of_keras_optimisers(engine, small_study, biases):
    """AdamW is Adam with it; every network of a population has its own strength."""
    item = small_study(
        settings={"epochs": 1, "width": 8, "depth": 2, "bias": 0.3, "learning_rate": 0.01, "decoupled_biases": biases},
        grids={"main": {"optimizer": ["sgd", "adam"], "decoupled_decay": [0.1, 2.0]}},
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    tables = trained(item)
    held_to_alone(tables, list(item.networks()), tolerance=5e-3)
    assert tables["networks"]["train_loss"].nunique() == 4


def test_decoupled_decay_by_hand(engine):
    """One step: v (1 - rate strength), of biases only if asked, then the optimiser's own; each row its own strength."""
    x, y = np.ones((1, 10), np.float32), np.zeros(1, np.float32)
    for biases in (True, False):
        settings = Settings(dataset="friedman", depth=1, width=2, bias=-100.0, optimizer="adam")
        template = models.build(settings)
        names = {"strengths": ["decoupled_decay", "target_scale"], "decoupled_biases": biases}
        population = engine.Population(template, "adam", x, y, 2, 1, **names)
        start = models.initial_weights(template, settings, 0)
        own = {"decoupled_decay": [0.5, 2.0], "target_scale": [1.0, 1.0]}
        population.reset([start] * 2, [0.1, 0.1], [(np.zeros(10), np.ones(10))] * 2, own)
        population.advance(
            np.zeros((1, 2, 1), np.int32), 0, 1
        )  # all units are closed: no gradient but the output bias's
        kernel, bias, output, _ = population.weights()
        for row, strength in enumerate((0.5, 2.0)):
            kept = 1 - 0.1 * strength
            np.testing.assert_allclose(kernel[row], kept * start[0], rtol=1e-5)
            np.testing.assert_allclose(output[row], kept * start[2], rtol=1e-5)
            np.testing.assert_allclose(bias[row], -100 * (kept if biases else 1), rtol=1e-5)


def test_scaled_targets_agree_with_networks_trained_alone(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2, "learning_rate": 0.01, "output_scale": 0.5},
        grids={
            "friedman": {"dataset": ["friedman"], "target_scale": [0.01, 1, 3]},
            "fresh": {"dataset": ["relu_target"], "target_scale": [0.1]},
        },
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    tables = trained(item)
    held_to_alone(tables, list(item.networks()))
    assert tables["networks"]["train_loss"].nunique() == 4


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_without_biases_scaled_targets_are_another_start_at_another_rate_bit_by_bit(engine, small_study, optimizer):
    """Each of L layers' weights times a, targets times s = a^L, the rate times a^2 / s^2; a is a power of two."""
    a, layers = 0.25, 3
    s = a**layers
    other = {"target_scale": [s], "init_scale": [a], "output_scale": [a], "learning_rate": [0.02 * a**2 / s**2]}
    item = small_study(
        settings={
            "dataset": "friedman",
            "epochs": 2,
            "width": 8,
            "depth": layers - 1,
            "bias": None,
            "biased_output": False,
            "optimizer": optimizer,
        },
        grids={"unit": {"learning_rate": [0.02]}, "scaled": other},
        seeds={"full": {"pilot": 0, "confirmatory": 2}, "tiny": {"pilot": 0, "confirmatory": 2}},
    )
    tables = trained(item)
    history = tables["history"].sort_values(["seed", "step"])
    one, scaled = (history[history["grid"] == grid]["train_loss"].to_numpy() for grid in ("unit", "scaled"))
    np.testing.assert_array_equal(one, scaled / s**2)
    ends = tables["networks"].sort_values("seed")
    assert (
        ends[ends["grid"] == "unit"]["dead_fraction"].tolist()
        == ends[ends["grid"] == "scaled"]["dead_fraction"].tolist()
    )
