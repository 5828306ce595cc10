"""A row of a population is the ordinary Keras model: held to Keras's fit, and to itself in other packings."""

import keras
import numpy as np
import pytest

from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.design.settings import Settings
from dying_relu.engine import datasets, models

SMALL = {"width": 16, "depth": 2, "batch_size": 30}
STEPS = 40


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def batches(rows, steps=STEPS, batch=30, n=600):
    """Row r's batches, shape (steps, rows, batch): its own shuffle of the first n samples."""
    orders = [np.concatenate([np.random.default_rng([r, e]).permutation(n) for e in range(3)]) for r in range(rows)]
    return np.stack([order[: steps * batch].reshape(steps, batch) for order in orders], axis=1).astype(np.int32)


def plain_sequential(settings):
    """The same network written out by hand, without any of our code."""
    layers = [keras.Input((64,))]
    special = {"leaky_relu_0.1": lambda: keras.layers.LeakyReLU(negative_slope=0.1), "prelu": keras.layers.PReLU}
    for _ in range(settings.depth):
        layers.append(keras.layers.Dense(settings.width, use_bias=settings.bias is not None))
        if settings.batch_norm:
            layers.append(keras.layers.BatchNormalization())
        name = settings.activation
        layers.append(special[name]() if name in special else keras.layers.Activation(name))
    return keras.Sequential([*layers, keras.layers.Dense(10)])


def by_hand(optimizer, rate):
    return {
        "sgd": lambda: keras.optimizers.SGD(rate),
        "momentum_0.5": lambda: keras.optimizers.SGD(rate, momentum=0.5),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.9),
        "momentum_0.99": lambda: keras.optimizers.SGD(rate, momentum=0.99),
        "nesterov": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate),
        "adam": lambda: keras.optimizers.Adam(rate),
        "amsgrad": lambda: keras.optimizers.Adam(rate, amsgrad=True),
        "sgd_clip_norm": lambda: keras.optimizers.SGD(rate, global_clipnorm=1.0),
        "sgd_clip_value": lambda: keras.optimizers.SGD(rate, clipvalue=0.1),
    }[optimizer]()


def populate(engine, settings, data, rates, seeds):
    template = models.build(settings)
    population = engine.Population(template, settings.optimizer, data.x, data.y, len(rates), 1500)
    weights = [models.initial_weights(template, settings, "test", seed) for seed in seeds]
    scale = datasets.affine(settings.scaling, data.x[:1500])
    population.reset(weights, rates, [scale] * len(rates))
    return population, weights, scale


BESIDE = {  # what is tried together with an optimiser
    "sgd": {"activation": "gelu", "scaling": "unit", "initializer": "orthogonal", "bias": 0.1},
    "momentum": {"activation": "prelu"},
    "nesterov": {"activation": "leaky_relu_0.1", "bias": None},
    "sgd_clip_value": {"batch_norm": True},
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_row_ends_where_keras_fit_ends(engine, digits, optimizer):
    settings = Settings(**SMALL, optimizer=optimizer, **BESIDE.get(optimizer, {}))
    rates = [0.001, 0.01]
    order = batches(2)
    population, weights, scale = populate(engine, settings, digits, rates, seeds=[1, 2])
    population.advance(order, 0, 17)
    population.advance(order, 17, STEPS)
    x = (digits.x - scale.shift) / scale.scale
    for row, rate in enumerate(rates):
        model = plain_sequential(settings)
        model.compile(by_hand(settings.optimizer, rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.set_weights(weights[row])
        samples = order[:, row].ravel()
        model.fit(x[samples], digits.y[samples], batch_size=30, shuffle=False, verbose=0)
        for ours, theirs in zip(population.weights(), model.trainable_variables, strict=True):
            np.testing.assert_allclose(ours[row], theirs.numpy(), rtol=2e-3, atol=2e-4)
        for ours, theirs in zip(population.state(), model.non_trainable_variables, strict=True):
            np.testing.assert_allclose(ours[row], theirs.numpy(), rtol=2e-3, atol=2e-4)
        assert abs(model.trainable_variables[0].numpy() - weights[row][0]).max() > 1e-4  # it did train


def test_packing_does_not_change_a_network(engine, digits):
    order = batches(8)
    together, _, _ = populate(engine, Settings(**SMALL), digits, np.geomspace(0.001, 0.3, 8), seeds=range(8))
    together.advance(order, 0, STEPS)
    for row in (0, 5):
        alone, _, _ = populate(engine, Settings(**SMALL), digits, [np.geomspace(0.001, 0.3, 8)[row]], seeds=[row])
        alone.advance(order[:, row : row + 1], 0, STEPS)
        for a, b in zip(alone.weights(), together.weights(), strict=True):
            np.testing.assert_allclose(a[0], b[row], rtol=1e-3, atol=1e-5)


def test_reset_forgets_the_networks_before(engine, digits):
    settings = Settings(**SMALL, optimizer="adam")
    order = batches(2)
    population, weights, scale = populate(engine, settings, digits, [0.01, 0.02], seeds=[1, 2])
    population.advance(order, 0, 10)
    first = population.weights()
    population.reset(weights, [0.01, 0.02], [scale] * 2)
    population.advance(order, 0, 10)
    for a, b in zip(first, population.weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_diverging_row_leaves_the_others_alone(engine, digits):
    order = batches(2)
    pair, _, _ = populate(engine, Settings(**SMALL), digits, [1e6, 0.01], seeds=[1, 2])
    finite = pair.advance(order, 0, STEPS)
    assert list(finite) == [False, True]
    calm, _, _ = populate(engine, Settings(**SMALL), digits, [0.02, 0.01], seeds=[1, 2])
    calm.advance(order, 0, STEPS)
    for a, b in zip(pair.weights(), calm.weights(), strict=True):
        assert np.isfinite(a[1]).all()
        np.testing.assert_allclose(a[1], b[1], rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def populated(engine, digits):
    """Two networks of which many units are closed, their weights, and the scale of their inputs."""
    return populate(engine, Settings(**SMALL, bias=-0.5), digits, [0.01, 0.01], seeds=[1, 2])


@pytest.mark.parametrize("n", [1, 125, 437])
def test_measurement_is_a_plain_forward_pass_over_all_samples(populated, digits, n):
    population, weights, (shift, scale) = populated
    samples = np.stack([np.random.default_rng(r).permutation(1500)[:n] for r in range(2)]).astype(np.int32)
    measured = population.measure(population.samples(samples))
    inspected = population.inspect(population.samples(samples))
    for row in range(2):
        h = ((digits.x - shift) / scale)[samples[row]].astype(np.float64)
        for layer in range(2):
            z = h @ weights[row][2 * layer] + weights[row][2 * layer + 1]
            assert (abs(z) > 1e-4).all() or n > 100  # no rounding at the edge decides the small cases
            active = (z > 0).sum(axis=0)
            assert np.abs(measured.n_active[layer][row] - active).max() <= (abs(z) < 1e-4).sum()
            h = np.maximum(z, 0)
            np.testing.assert_allclose(measured.mean_output[layer][row], h.mean(axis=0), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(inspected.smallest[layer][row], h.min(axis=0), rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(inspected.largest[layer][row], h.max(axis=0), rtol=1e-4, atol=1e-4)
            assert measured.zero_share[layer][row] == pytest.approx((h < 1e-3).mean(), abs=1e-3)
        logits = h @ weights[row][4] + weights[row][5]
        y = digits.y[samples[row]]
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(n), y]
        np.testing.assert_allclose(measured.loss[row], losses.mean(), rtol=1e-4)
        np.testing.assert_allclose(
            measured.accuracy[row], (logits.argmax(axis=1) == y).mean(), atol=1.5 / n * (n > 100)
        )


def test_gradients_agree_with_finite_differences(engine, digits):
    population, weights, scale = populate(engine, Settings(**SMALL, activation="tanh"), digits, [0.1], seeds=[4])
    samples = population.samples(np.arange(300, dtype=np.int32)[None])
    gradient = population.inspect(samples).gradients
    direction = [np.random.default_rng(0).normal(size=w.shape) for w in weights[0]]
    losses = []
    for step in (-1e-2, 1e-2):
        moved = [(w + step * d).astype(np.float32) for w, d in zip(weights[0], direction, strict=True)]
        population.reset([moved], [0.1], [scale])
        losses.append(population.measure(samples).loss[0])
    expected = sum((g[0] * d).sum() for g, d in zip(gradient, direction, strict=True))
    assert (losses[1] - losses[0]) / 2e-2 == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_saturation_is_counted_at_three_thresholds(engine, digits, activation):
    """Held to the derivative s (1 - s) by hand; a ReLU's slope is either 0 or above all of them."""
    population, weights, (shift, scale) = populate(
        engine, Settings(**SMALL, bias=-6.0, activation=activation), digits, [0.01], seeds=[1]
    )
    samples = np.arange(500, dtype=np.int32)[None]
    measured = population.measure(population.samples(samples))
    z = ((digits.x - shift) / scale)[samples[0]].astype(np.float64) @ weights[0][0] + weights[0][1]
    s = 1 / (1 + np.exp(-z))
    slope = s * (1 - s) if activation == "sigmoid" else (z > 0).astype(float)
    base = 1e-3 if activation == "sigmoid" else 0.0
    for found, threshold in (
        (measured.n_active, base),
        (measured.n_active_strict, 10 * base),
        (measured.n_active_lenient, base / 10),
    ):
        assert np.abs(found[0][0] - (slope > threshold).sum(axis=0)).max() <= 1
    np.testing.assert_array_equal(measured.n_open[0][0], (z > 0).sum(axis=0))
