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
    from dying_relu import datasets, train

    x = datasets.load("breast_cancer").x[:450]
    sample, far = train.outlier("a", 7, x, 3.0)
    changed = np.flatnonzero(far != x[sample])
    assert len(changed) == 1
    column = x[:, changed[0]]
    assert (far[changed[0]] - column.mean()) / column.std() == pytest.approx(1000, rel=1e-3)
    again, same = train.outlier("a", 7, x, 1.0)
    assert again == sample and np.flatnonzero(same != x[sample]).tolist() == changed.tolist()


def test_units_are_revived_by_putting_back_what_killed_them(engine, small_study):
    """Counted again by a forward pass in NumPy."""
    from dying_relu import datasets, models, train

    item = small_study(
        settings={"epochs": 1, "width": 16, "depth": 2, "scaling": "unit"},
        grids={"main": {"learning_rate": [2.0]}},
        seeds={"full": {"pilot": 0, "confirmatory": 3}, "tiny": {"pilot": 0, "confirmatory": 3}},
        measure={"every_step_until": 0, "growth": 100},
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
