"""Interventions, regression and single units: held to networks trained alone, and to a forward pass by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import plan, study

ONE_UNIT = {
    "dataset": "relu_target",
    "scaling": "raw",
    "depth": 1,
    "width": 1,
    "bias": None,
    "output_layer": False,
    "batch_size": 1000,
}


def trained(item):
    from dying_relu import train

    results = [train.train(job) for job in plan.jobs(item)]
    return {name: pd.concat([r[name] for r in results], ignore_index=True) for name in train.TABLES}


def held_to_alone(item, tables, networks, tolerance=2e-3):
    from dying_relu import alone

    key = ["grid", *(k for k in study.SETTINGS if k != "bias"), "seed"]
    for network in networks:
        _, single = alone.train_alone(item, network)
        wanted = pd.DataFrame([{"grid": network.grid, **network.settings, "seed": network.seed}])
        row = tables["networks"].astype({"grid": str}).merge(wanted[key], on=key)
        assert len(row) == 1
        for name in ("train_loss", "test_loss"):
            assert row[name].iloc[0] == pytest.approx(single[name], rel=tolerance, abs=1e-5), network.settings
        assert row["dead_fraction"].iloc[0] == pytest.approx(single["dead_fraction"], abs=0.02)


@pytest.fixture(scope="module")
def outliers(engine, tmp_path_factory):
    """Small networks that meet outliers of two sizes, with parts put back, and their twins."""
    import yaml

    from conftest import TINY

    content = {
        "title": "Outliers",
        "question": "?",
        "settings": {"epochs": 3, "width": 16, "depth": 2, "scaling": "raw", "learning_rate": 0.005}
        | {"intervention_epoch": 2, "batch_size": 100},
        "grids": {
            "twin": {"learning_rate": [0.005]},
            "outlier": {
                "intervention": ["outlier", "outlier_bias_put_back", "outlier_weights_put_back"],
                "strength": [0, 3],
            },
        },
        "seeds": {"full": {"pilot": 0, "confirmatory": 2}, "tiny": {"pilot": 0, "confirmatory": 2}},
    }
    path = tmp_path_factory.mktemp("study") / "outliers.yaml"
    path.write_text(yaml.safe_dump(content))
    item = study.load(path, TINY)
    return item, trained(item)


def test_an_outlier_changes_nothing_before_it_comes(outliers):
    _, tables = outliers
    history = tables["history"][tables["history"]["epoch"] <= 2]
    losses = history.groupby(["seed", "step"])["train_loss"]
    np.testing.assert_allclose(losses.max(), losses.min(), rtol=1e-4)
    steps = sorted(tables["history"]["step"].unique())
    assert {30, 31} <= set(steps)  # before the intervention, and one step later


def test_a_far_outlier_lengthens_the_step_and_one_at_the_mean_hardly_does(outliers):
    _, tables = outliers
    step = tables["history"][tables["history"]["step"] == 31]
    size = step[step["intervention"].isin(["none", "outlier"])].set_index(["seed", "strength", "intervention"])
    for seed in (1000, 1001):
        plain = size.loc[(seed, 0.0, "none"), "update_rms"]
        assert size.loc[(seed, 3.0, "outlier"), "update_rms"] > 3 * plain
        assert size.loc[(seed, 0.0, "outlier"), "update_rms"] < 3 * plain


def test_outliers_and_putting_back_agree_with_networks_trained_alone(outliers):
    item, tables = outliers
    mild = [n for n in item.networks() if n.seed == 1000 and n.settings["strength"] == 0]
    far = [n for n in item.networks() if n.seed == 1001 and n.settings["strength"] == 3]
    held_to_alone(item, tables, [*mild, *far], tolerance=0.02)


def test_the_outlier_is_one_feature_of_a_training_sample():
    from dying_relu import datasets, surgery

    x = datasets.load("breast_cancer").x[:450]
    sample, far = surgery.outlier("a", 7, x, 3.0)
    changed = np.flatnonzero(far != x[sample])
    assert len(changed) == 1
    column = x[:, changed[0]]
    assert (far[changed[0]] - column.mean()) / column.std() == pytest.approx(1000, rel=1e-3)
    again, same = surgery.outlier("a", 7, x, 1.0)
    assert again == sample and np.flatnonzero(same != x[sample]).tolist() == changed.tolist()


def test_units_are_revived_by_putting_back_what_killed_them(engine, small_study):
    """Counted again by a forward pass in NumPy."""
    from dying_relu import datasets, models, train

    item = small_study(
        settings={"epochs": 1, "width": 16, "depth": 2, "scaling": "unit"},
        grids={"main": {"learning_rate": [2.0]}},
        seeds={"full": {"pilot": 0, "confirmatory": 3}, "tiny": {"pilot": 0, "confirmatory": 3}},
        measure={"every_step_until": 0, "growth": 100, "parts": True},
    )
    job = plan.jobs(item)[0]
    trainer = train._Trainer(item, job.networks[0], {})
    tables = trainer.train(job.networks)
    final = trainer.population.weights()
    units = pd.DataFrame(dict(tables["units"]))
    units = units[units["status"] == "dead"].set_index(["network", "layer"])
    found = 0
    for row, network in enumerate(job.networks):
        samples, _ = datasets.split("digits", item.name, network.seed)
        data = datasets.load("digits").x
        shift, scale = datasets.affine("unit", data[samples])
        h = (data[samples] - shift) / scale
        first = models.initial_weights(trainer.population.template, network.settings, item.name, network.seed)
        for layer in range(2):
            kernel, bias = final[2 * layer][row], final[2 * layer + 1][row]
            dead = ((h @ kernel + bias) > 0).sum(axis=0) == 0
            by_bias = dead & ((h @ kernel + first[2 * layer + 1]) > 0).any(axis=0)
            by_weights = dead & ((h @ first[2 * layer] + bias) > 0).any(axis=0)
            line = units.loc[(row, layer + 1)]
            assert abs(line["n_active_bias_put_back"] - by_bias.sum()) <= 1
            assert abs(line["n_active_weights_put_back"] - by_weights.sum()) <= 1
            found += dead.sum()
            h = np.maximum(h @ kernel + bias, 0)
    assert found > 5


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_single_units_agree_with_units_trained_alone(engine, small_study, optimizer):
    item = small_study(
        settings={**ONE_UNIT, "epochs": 2, "optimizer": optimizer, "learning_rate": 0.02},
        grids={
            "starts": {"initializer": ["ones"], "init_scale": [-1, 2]},
            "full": {"initializer": ["glorot_uniform"], "bias": [0.1], "output_layer": [True]},
            "switch": {"activation": ["softplus"], "intervention": ["switch_to_relu"], "intervention_epoch": [1]},
        },
    )
    tables = trained(item)
    held_to_alone(item, tables, [n for n in item.networks() if n.seed == 1000])
    assert tables["networks"][["train_accuracy", "test_accuracy"]].isna().all(axis=None)
    start = tables["trajectory"][(tables["trajectory"]["step"] == 0) & (tables["trajectory"]["grid"] == "starts")]
    assert set(start["unit_weight"]) == {-1.0, 2.0}
    end = tables["trajectory"][tables["trajectory"]["epoch"] == 2]
    alone = end[end["grid"] == "full"]
    assert alone[["unit_bias", "output_weight", "output_bias"]].notna().all(axis=None)
    assert end[end["grid"] == "starts"][["unit_bias", "output_weight"]].isna().all(axis=None)


def test_a_switch_carries_over_what_the_new_network_has_too(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2, "batch_norm": True, "intervention_epoch": 1},
        grids={"main": {"activation": ["prelu", "tanh"], "intervention": ["switch_to_relu"]}},
        seeds={"full": {"pilot": 1, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(item, trained(item), list(item.networks()), tolerance=0.02)


def test_an_outlier_also_comes_to_data_drawn_afresh(engine, small_study):
    item = small_study(
        settings={**ONE_UNIT, "epochs": 2, "initializer": "ones", "learning_rate": 0.001, "intervention_epoch": 1},
        grids={"twin": {"learning_rate": [0.001]}, "met": {"intervention": ["outlier"], "strength": [2]}},
    )
    tables = trained(item)
    held_to_alone(item, tables, [n for n in item.networks() if n.seed == 1000])
    paths = tables["trajectory"][tables["trajectory"]["seed"] == 1000].pivot(
        index="step", columns="grid", values="unit_weight"
    )
    np.testing.assert_allclose(paths.loc[:100, "twin"], paths.loc[:100, "met"], rtol=1e-6)


def test_larger_networks_leave_no_trajectory(outliers):
    assert len(outliers[1]["trajectory"]) == 0 and "unit_weight" in outliers[1]["trajectory"]


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


TREATED = {"epochs": 4, "width": 12, "depth": 2, "scaling": "unit", "batch_size": 100, "intervention_epoch": 2}
SGD_TREATMENTS = ["renew_dead", "renew_dead_silently", "renew_living_silently", "renew_dead_every_epoch"]
OTHER_TREATMENTS = ["switch_to_leaky", "switch_to_adam", "add_batch_norm", "add_weight_decay"]
DATA_TREATMENTS = ["new_data", "shifted_data", "inverted_data", "other_task", "same_task"]


@pytest.fixture(scope="module")
def treated(engine, tmp_path_factory):
    """Small networks killed by their rate, and treated in every way."""
    import yaml

    from conftest import TINY

    content = {
        "title": "Treatments",
        "question": "?",
        "settings": TREATED | {"learning_rate": 1.0, "rate_factor": 0.1},
        "grids": {
            "sgd": {"intervention": ["none", *SGD_TREATMENTS, *OTHER_TREATMENTS]},
            "momentum": {"optimizer": ["momentum"], "learning_rate": [0.1], "intervention": ["none", "forget_moments"]},
            "adam": {"optimizer": ["adam"], "learning_rate": [0.03], "intervention": ["renew_dead_silently"]},
            "data": {"intervention": DATA_TREATMENTS},
        },
        "seeds": {"full": {"pilot": 0, "confirmatory": 2}, "tiny": {"pilot": 0, "confirmatory": 2}},
        "measure": {"layers": True, "shifts": ["none", "noise_1"]},
    }
    path = tmp_path_factory.mktemp("study") / "treatments.yaml"
    path.write_text(yaml.safe_dump(content))
    item = study.load(path, TINY)
    return item, trained(item)


def test_every_treatment_agrees_with_networks_trained_alone(treated):
    item, tables = treated
    held_to_alone(item, tables, [n for n in item.networks() if n.seed == 1000], tolerance=0.03)


def test_all_treatments_of_a_seed_start_from_the_same_killed_network(treated):
    _, tables = treated
    activity = tables["activity"]
    before = activity[(activity["step"] == 30) & (activity["grid"] == "sgd")]
    assert before["n_dead"].sum() > 0
    assert (before.groupby(["seed", "layer"])["n_dead"].nunique() == 1).all()


def test_followed_units_are_those_dead_before_and_renewed_ones_are_back_at_once(treated):
    _, tables = treated
    activity = tables["activity"][tables["activity"]["grid"] == "sgd"]
    key = ["intervention", "seed", "layer"]
    before, after = (activity[activity["step"] == step].set_index(key) for step in (30, 31))
    assert (before["n_followed"] == 0).all() and (after["n_followed"] == before["n_dead"]).all()
    assert (activity["n_back"] <= activity["n_returned"]).all()
    renewed = after.loc["renew_dead_silently"]
    assert renewed["n_back"].sum() > 0.5 * renewed["n_followed"].sum()
    first = after.loc["none"].xs(1, level="layer")
    assert (first["n_back"] == 0).all()


@pytest.mark.parametrize("architecture", ["dense", "conv", "local"])
def test_silent_renewal_leaves_the_function_as_it_is_and_the_other_changes_it(engine, architecture):
    """Held to a forward pass before and after, for dense, shared and unshared weights."""
    from dying_relu import models, surgery

    settings = {**study.REFERENCE, "width": 5, "depth": 2, "bias": -0.4, "architecture": architecture}
    template = models.build(settings)
    start = models.initial_weights(template, settings, "t", 1)
    fresh = models.trainable(template, models.initial_weights(template, {**settings, "bias": 1.0}, "t", 2))
    template.model.set_weights(start)
    x = np.random.default_rng(0).random((40, 64), dtype=np.float32)
    outputs = [np.asarray(h) for h in template.probe(x)[2:4]]
    dead = [(h.reshape(-1, h.shape[-1]) == 0).all(axis=0)[None] for h in outputs]
    assert 0 < sum(mask.sum() for mask in dead) < sum(mask.size for mask in dead)
    before = np.asarray(template.model(x))
    for name, same in (("renew_dead_silently", True), ("renew_dead", False)):
        network = study.Network("g", "pilot", 1, {**settings, "intervention": name, "intervention_epoch": 1})
        template.model.set_weights(start)
        now = [v.numpy()[None] for v in template.model.trainable_variables]
        weights, cleared = surgery.renewed(template, [network], now, dead, 1, lambda network, epoch: fresh)
        for variable, value in zip(template.model.trainable_variables, weights, strict=True):
            variable.assign(value[0])
        assert np.allclose(template.model(x), before, atol=1e-6) == same
        assert sum(c.sum() for c in cleared) > 0


def test_new_data_and_another_task_change_what_counts_as_the_training_set(treated):
    from dying_relu import datasets, train

    y = datasets.load("digits").y
    split = datasets.split("digits", "treatments", 1000)
    parts = {name: train.portions(y, split, name) for name in datasets.PORTIONS}
    assert not set(parts["first_half"][0]) & set(parts["second_half"][0])
    assert y[parts["low_classes"][0]].max() == 4 and y[parts["high_classes"][0]].min() == 5
    assert y[parts["high_classes"][1]].min() == 5
    assert {len(parts[name][0]) for name in datasets.PORTIONS} == {1500, 735}


def test_tables_of_layers_and_of_shifted_samples(treated):
    item, tables = treated
    layers, shifted = tables["layers"], tables["shifted"]
    finite = int((~tables["networks"]["diverged"]).sum())
    assert (
        set(layers["epoch"]) == {0, 1, 4} and (layers.groupby("epoch").size() == 2 * len(list(item.networks()))).all()
    )
    assert (layers["zero_share"].dropna().between(0, 1)).all() and (layers["largest"].dropna() >= 0).all()
    assert len(shifted) == 2 * 2 * len(list(item.networks())) and shifted["n_dead"].notna().sum() == 4 * finite
    assert (shifted["n_dead_both"].dropna() <= shifted["n_dead_shifted"].dropna()).all()
    plain = shifted[(shifted["test_shift"] == "none") & (shifted["layer"] == 1)]
    both = plain.merge(tables["networks"], on=["grid", "intervention", "seed"])
    straight = both[(both["grid"] == "sgd") & ~both["diverged"]]
    np.testing.assert_allclose(straight["shifted_accuracy"], straight["test_accuracy"], atol=1e-6)


@pytest.mark.parametrize("architecture", ["conv", "local"])
def test_image_networks_agree_with_networks_trained_alone(engine, small_study, architecture):
    item = small_study(
        settings={"epochs": 1, "width": 3, "depth": 2, "architecture": architecture},
        grids={"main": {"batch_norm": [True]}, "slopes": {"activation": ["prelu"]}},
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(item, trained(item), list(item.networks()), tolerance=0.02)


def test_convolution_of_patches_is_keras_convolution(engine):
    import keras

    from dying_relu import models

    settings = {**study.REFERENCE, "width": 3, "depth": 1, "architecture": "conv"}
    template = models.build(settings)
    weights = models.trainable(template, models.initial_weights(template, settings, "t", 1))
    template.model.set_weights(models.initial_weights(template, settings, "t", 1))
    x = np.random.default_rng(0).random((7, 64), dtype=np.float32)
    expected = keras.ops.conv(x.reshape(7, 8, 8, 1), weights[0].reshape(3, 3, 1, 3))
    np.testing.assert_allclose(np.asarray(template.probe(x)[0]), expected.numpy().reshape(7, 36, 3), atol=1e-5)


def test_penalties_agree_with_keras_regularisers(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2},
        grids={
            "weights": {"weight_decay": [0.01, 0.1]},
            "biases": {"bias_decay": [0.5], "bias": [0.3]},
            "activity": {"activity_penalty": [0.01]},
            "adam": {"optimizer": ["adam"], "learning_rate": [0.01], "weight_decay": [0.05]},
        },
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    tables = trained(item)
    held_to_alone(item, tables, list(item.networks()), tolerance=5e-3)
    assert tables["networks"]["train_loss"].nunique() == 5


def test_regressions_new_activations_and_initialisers_agree_with_networks_trained_alone(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2, "learning_rate": 0.01},
        grids={
            "friedman": {"dataset": ["friedman"]},
            "absolute": {"dataset": ["absolute"], "initializer": ["rai", "normal_1"]},
            "activations": {"activation": ["sigmoid_4x", "k_winners_0.5", "k_winners_0.25"]},
        },
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(item, trained(item), list(item.networks()))


def test_randomised_asymmetric_initialisation_follows_its_definition(engine):
    from dying_relu import models

    rows = models.RandomizedAsymmetric(3).with_biases((100, 20000))
    draws = models.RandomizedAsymmetric(4).with_biases((1, 20000))
    assert rows.std() == pytest.approx(np.sqrt((100 * 0.6007**2 / 100 + 0.5) / 101), rel=0.02)
    assert (draws > 0).any(axis=0).mean() > 0.99  # one of the two entries is from Beta(2, 1)
    replaced = models.RandomizedAsymmetric(5).with_biases((10_000, 4000)).max(axis=0)
    assert replaced.mean() == pytest.approx(2 / 3, abs=0.01)
