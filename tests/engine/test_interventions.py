"""Interventions, regression and single units: held to networks trained alone, and to a forward pass by hand."""

import numpy as np
import pytest
import yaml

from conftest import TINY
from dying_relu.design import plan, study
from dying_relu.design.course import Measure, Network, of
from dying_relu.design.datasets import PORTIONS
from dying_relu.design.settings import Settings
from training import ONE_UNIT, held_to_alone, trained


@pytest.fixture(scope="module")
def outliers(engine, tmp_path_factory):
    """Small networks that meet outliers of two sizes, with parts put back, and their twins."""
    content = {
        "title": "Outliers",
        "question": "?",
        "settings": {"epochs": 3, "width": 16, "depth": 2, "scaling": "raw", "learning_rate": 0.005}
        | {"intervention_epoch": 2, "batch_size": 100},
        "grids": {
            "twin": {"learning_rate": [0.005]},
            "outlier": {
                "intervention": [
                    "outlier",
                    "outlier_in_inputs",
                    "outlier_bias_put_back",
                    "outlier_weights_put_back",
                ],
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
    for seed in (2000, 2001):
        plain = size.loc[(seed, 0.0, "none"), "update_rms"]
        assert size.loc[(seed, 3.0, "outlier"), "update_rms"] > 3 * plain
        assert size.loc[(seed, 0.0, "outlier"), "update_rms"] < 3 * plain


def test_outliers_and_putting_back_agree_with_networks_trained_alone(outliers):
    item, tables = outliers
    chosen = [n for n in item.networks() if n.seed == 2001 and n.settings.strength == 3]
    held_to_alone(tables, chosen, tolerance=0.02)


def test_the_outlier_is_one_feature_of_a_training_sample():
    from dying_relu.engine import batches, datasets

    data = datasets.load("breast_cancer")
    x, y = data.x[:450], data.y[:450]
    far, near = (
        batches.outlier(of("a", Settings(dataset="breast_cancer", strength=strength), Measure()), 7, x, y)
        for strength in (3.0, 1.0)
    )
    changed = np.flatnonzero(far.x != x[far.place])
    assert len(changed) == 1 and far.y == y[far.place]
    column = x[:, changed[0]]
    assert (far.x[changed[0]] - column.mean()) / column.std() == pytest.approx(1000, rel=1e-3)
    assert near.place == far.place and np.flatnonzero(near.x != x[near.place]).tolist() == changed.tolist()


@pytest.mark.parametrize("scaling", ["raw", "centred", "scaled", "standardised"])
def test_an_outlier_of_equal_inputs_lies_as_far_out_after_any_scaling(scaling):
    from dying_relu.engine import batches, datasets

    data = datasets.load("breast_cancer")
    x, y = data.x[:450], data.y[:450]
    settings = Settings(dataset="breast_cancer", scaling=scaling, strength=3.0, intervention="outlier_in_inputs")
    far = batches.outlier(of("a", settings, Measure()), 7, x, y)
    changed = np.flatnonzero(far.x != x[far.place])
    seen = datasets.affine(scaling, x)
    assert (seen(far.x) - seen(x).mean(axis=0))[changed] == pytest.approx([1000], rel=1e-3)


def test_units_are_revived_by_putting_back_what_killed_them(engine, small_study):
    """Counted again by a forward pass in NumPy."""
    from dying_relu.engine import datasets, models
    from dying_relu.engine.costs import Costs
    from dying_relu.engine.run import Run
    from dying_relu.engine.setup import Setup

    item = small_study(
        settings={"epochs": 1, "width": 16, "depth": 2, "scaling": "unit"},
        grids={"main": {"learning_rate": [2.0]}},
        seeds={"full": {"pilot": 0, "confirmatory": 3}, "tiny": {"pilot": 0, "confirmatory": 3}},
        measure={"every_step_until": 0, "growth": 100, "parts": True},
    )
    (job,) = plan.jobs(item)
    run = Run(Setup(job.networks[0].course, {}, Costs()), job.networks)
    units = {piece["layer"]: piece for piece in run.tables()["units"] if piece["status"] == "dead"}
    final = run.population.weights()
    found = 0
    for row, network in enumerate(job.networks):
        samples, _ = datasets.split("digits", item.name, network.seed)
        data = datasets.load("digits").x
        shift, scale = datasets.affine("unit", data[samples])
        h = (data[samples] - shift) / scale
        first = models.initial_weights(run.population.template, network.settings, item.name, network.seed)
        for layer in range(2):
            kernel, bias = final[2 * layer][row], final[2 * layer + 1][row]
            dead = ((h @ kernel + bias) > 0).sum(axis=0) == 0
            by_bias = dead & ((h @ kernel + first[2 * layer + 1]) > 0).any(axis=0)
            by_weights = dead & ((h @ first[2 * layer] + bias) > 0).any(axis=0)
            columns = units[layer + 1]
            assert abs(columns["n_active_bias_put_back"][row] - by_bias.sum()) <= 1
            assert abs(columns["n_active_weights_put_back"][row] - by_weights.sum()) <= 1
            found += dead.sum()
            h = np.maximum(h @ kernel + bias, 0)
    assert found > 5


def test_a_switch_carries_over_what_the_new_network_has_too(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "depth": 2, "batch_norm": True, "intervention_epoch": 1},
        grids={"main": {"activation": ["prelu"], "intervention": ["switch_to_relu"]}},
        seeds={"full": {"pilot": 0, "confirmatory": 1}, "tiny": {"pilot": 0, "confirmatory": 1}},
    )
    held_to_alone(trained(item), list(item.networks()), tolerance=0.02)


def test_an_outlier_also_comes_to_data_drawn_afresh(engine, small_study):
    item = small_study(
        settings={**ONE_UNIT, "epochs": 2, "initializer": "ones", "learning_rate": 0.001, "intervention_epoch": 1},
        grids={"twin": {"learning_rate": [0.001]}, "met": {"intervention": ["outlier"], "strength": [2]}},
    )
    tables = trained(item)
    held_to_alone(tables, [n for n in item.networks() if n.seed == 2000])
    paths = tables["trajectory"][tables["trajectory"]["seed"] == 2000].pivot(
        index="step", columns="grid", values="unit_weight"
    )
    np.testing.assert_allclose(paths.loc[:100, "twin"], paths.loc[:100, "met"], rtol=1e-6)


def test_larger_networks_leave_no_trajectory(outliers):
    assert len(outliers[1]["trajectory"]) == 0 and "unit_weight" in outliers[1]["trajectory"]


TREATED = {"epochs": 4, "width": 12, "depth": 2, "scaling": "unit", "batch_size": 100, "intervention_epoch": 2}
SGD_TREATMENTS = ["renew_dead", "renew_dead_silently", "renew_living_silently", "renew_dead_every_epoch"]
OTHER_TREATMENTS = ["switch_to_leaky", "switch_to_adam", "add_weight_decay"]
DATA_TREATMENTS = ["new_data", "shifted_data", "other_task"]


@pytest.fixture(scope="module")
def treated(engine, tmp_path_factory):
    """Small networks killed by their rate, and treated in every way."""
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


def test_treatments_agree_with_networks_trained_alone(treated):
    """The rest is held to plain Keras below."""
    item, tables = treated
    subtle = ["renew_living_silently", "renew_dead_every_epoch", "shifted_data", "other_task"]
    chosen = [n for n in item.networks() if n.seed == 2000 and (n.settings.intervention in subtle or n.grid == "adam")]
    assert len(chosen) == 5
    held_to_alone(tables, chosen, tolerance=0.03)


def test_treatments_agree_with_plain_keras(treated):
    """Both stages written out by hand, without our interventions."""
    import keras

    from dying_relu.engine import batches, datasets, models

    def sequential(activation="relu", decay=None):
        kinds = {"relu": keras.layers.ReLU, "leaky": lambda: keras.layers.LeakyReLU(0.01)}
        penalty = {"kernel_regularizer": keras.regularizers.L2(decay) if decay else None}
        hidden = [[keras.layers.Dense(12, **penalty), kinds[activation]()] for _ in range(2)]
        return keras.Sequential([keras.Input((64,)), *hidden[0], *hidden[1], keras.layers.Dense(10, **penalty)])

    def fitted(model, optimizer, epochs):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss)
        for epoch in epochs:
            order = batches.epoch_order("treatments", 2000, epoch, split.train, 100).ravel()
            model.fit(x[order], data.y[order], batch_size=100, shuffle=False, verbose=0)
        return float(loss(data.y[split.train], model(x[split.train])))

    _, tables = treated
    data, split = datasets.load("digits"), datasets.split("digits", "treatments", 2000)
    low, high = data.x[split.train].min(axis=0), data.x[split.train].max(axis=0)
    x = (data.x - low) / np.where(high > low, high - low, 1)
    settings = Settings(**TREATED)
    start = models.initial_weights(models.build(settings), settings, "treatments", 2000)
    sgd, momentum, adam = keras.optimizers.SGD, lambda rate: keras.optimizers.SGD(rate, 0.9), keras.optimizers.Adam
    networks = tables["networks"].set_index(["grid", "intervention", "seed"])["train_loss"]
    for grid, first, rate, treatments in (
        ("momentum", momentum, 0.1, {"forget_moments": (sequential, momentum)}),
        (
            *("sgd", sgd, 1.0),
            {
                "none": (sequential, sgd),
                "switch_to_leaky": (lambda: sequential("leaky"), sgd),
                "switch_to_adam": (sequential, adam),
                "add_weight_decay": (lambda: sequential(decay=1e-3), sgd),
            },
        ),
    ):
        before = sequential()
        before.set_weights(start)
        fitted(before, first(rate), range(2))
        for treatment, (build, second) in treatments.items():
            model = build()
            model.set_weights(before.get_weights())
            loss = fitted(model, second(rate / 10), range(2, 4))
            assert networks.loc[grid, treatment, 2000] == pytest.approx(loss, rel=0.02), treatment


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


@pytest.fixture(params=["dense", "conv", "conv_pool", "local"])
def half_dead(engine, request):
    """A template with its weights, inputs on which some of its units are dead, and freshly drawn weights."""
    from dying_relu.engine import models

    data = {"dataset": "mnist_5k"} if request.param == "conv_pool" else {}
    settings = Settings(width=5, depth=2, bias=-0.4, architecture=request.param, **data)
    template = models.build(settings)
    template.model.set_weights(models.initial_weights(template, settings, "t", 1))
    fresh = models.initial_weights(template, settings.model_copy(update={"bias": 1.0}), "t", 2)
    x = np.random.default_rng(0).random((40, template.model.input_shape[1]), dtype=np.float32)
    outputs = [np.asarray(h) for h in template.probe(x)[2:4]]
    dead = [(h.reshape(-1, h.shape[-1]) == 0).all(axis=0) for h in outputs]
    assert 0 < sum(mask.sum() for mask in dead) < sum(mask.size for mask in dead)
    return template, x, dead, fresh


def renewed(half_dead, intervention):
    """The trainable variables before and after, without the axis for the network, and what the optimiser forgets."""
    from dying_relu.engine import interventions

    template, _, dead, fresh = half_dead
    settings = Settings(epochs=2, intervention=intervention, intervention_epoch=1)
    network = Network("g", "pilot", 1, of("t", settings, Measure()))
    before = [v.numpy() for v in template.model.trainable_variables]
    new = interventions.renewed(
        template, [network], [v[None] for v in before], [mask[None] for mask in dead], 1, lambda network: fresh
    )
    return before, [v[0] for v in new.weights], [v[0] for v in new.cleared]


def test_silent_renewal_leaves_the_function_as_it_is_and_the_other_changes_it(half_dead):
    """Held to a forward pass before and after, for dense, shared and unshared weights."""
    template, x, *_ = half_dead
    before = np.asarray(template.model(x))
    for intervention, same in (("renew_dead_silently", True), ("renew_dead", False)):
        old, new, _ = renewed(half_dead, intervention)
        for variable, value in zip(template.model.trainable_variables, new, strict=True):
            variable.assign(value)
        assert np.allclose(template.model(x), before, atol=1e-6) == same
        for variable, value in zip(template.model.trainable_variables, old, strict=True):
            variable.assign(value)


@pytest.mark.parametrize("half_dead", ["dense"], indirect=True)
@pytest.mark.parametrize("intervention", ["renew_dead_silently", "renew_dead", "renew_living_silently"])
def test_renewal_by_hand(half_dead, intervention):
    """Columns into renewed units are the fresh ones, rows out of them to others zero, everything else stays."""
    _, _, dead, fresh = half_dead
    before, after, cleared = renewed(half_dead, intervention)
    changed = [(after[2 * layer + 1] != before[2 * layer + 1]) for layer in range(2)]  # the biases tell which
    for layer, units in enumerate(changed):
        living = intervention == "renew_living_silently"
        assert (units & dead[layer]).sum() == (0 if living else dead[layer].sum())
        assert units.sum() == (min(dead[layer].sum(), (~dead[layer]).sum()) if living else dead[layer].sum())
    for layer, units in enumerate([*changed, np.zeros(10, bool)]):
        kernel, bias = before[2 * layer].copy(), before[2 * layer + 1].copy()
        forgotten = np.zeros(kernel.shape, bool)
        if layer and intervention != "renew_dead":
            kernel[changed[layer - 1]] = 0
            forgotten[changed[layer - 1]] = True
        kernel[:, units], bias[units] = fresh[2 * layer][:, units], fresh[2 * layer + 1][units]
        forgotten[:, units] = True
        np.testing.assert_array_equal(after[2 * layer], kernel)
        np.testing.assert_array_equal(after[2 * layer + 1], bias)
        np.testing.assert_array_equal(cleared[2 * layer], forgotten)
        np.testing.assert_array_equal(cleared[2 * layer + 1], units)


def test_what_is_put_back_is_named_by_the_intervention(engine):
    from dying_relu.engine import interventions, models

    template = models.build(Settings(width=3, depth=1))
    networks = [
        Network("g", "pilot", 1, of("t", Settings(epochs=2, intervention=name, intervention_epoch=1), Measure()))
        for name in ("outlier", "outlier_bias_put_back", "outlier_weights_put_back")
    ]
    shapes = [(3, *v.shape) for v in template.model.trainable_variables]
    back = interventions.put_back(template, networks, [np.zeros(s) for s in shapes], [np.ones(s) for s in shapes])
    for variable, values in zip(template.model.trainable_variables, back, strict=True):
        kept = [1, 1, 0] if variable.name == "kernel" else [1, 0, 1]
        assert [set(row.ravel()) for row in values] == [{value} for value in kept]


def test_new_data_and_another_task_change_what_counts_as_the_training_set(treated):
    from dying_relu.engine import batches, datasets

    y = datasets.load("digits").y
    split = datasets.split("digits", "treatments", 2000)
    parts = {name: batches.of_portion(y, split, name) for name in PORTIONS}
    assert not set(parts["first_half"][0]) & set(parts["second_half"][0])
    assert y[parts["low_classes"][0]].max() == 4 and y[parts["high_classes"][0]].min() == 5
    assert y[parts["high_classes"][1]].min() == 5
    assert {len(parts[name][0]) for name in PORTIONS} == {1500, 735}


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
