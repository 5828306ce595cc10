"""Networks as Keras builds them: activations, initial weights, patches, and the count of parameters."""

import numpy as np
import pytest

from dying_relu.design import sizes
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.design.settings import Settings
from dying_relu.engine import activations, models


@pytest.mark.parametrize("architecture", ["dense", "conv", "conv_pool", "local"])
@pytest.mark.parametrize("output_layer", [True, False])
def test_parameters_are_those_that_keras_counts(engine, architecture, output_layer):
    data = "mnist_5k" if architecture == "conv_pool" else "digits"
    settings = Settings(dataset=data, architecture=architecture, width=10, depth=2, output_layer=output_layer)
    if output_layer or architecture == "dense":
        model = models.build(settings).model
        assert sizes.parameters(*sizes.shape(settings)) == model.count_params()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activity_rate_follows_the_derivative_of_every_activation(engine, name):
    z = np.linspace(-12, 12, 2401).astype(np.float32)
    import tensorflow as tf

    layer = models.build(Settings(activation=name, width=1, depth=1)).activations[0]
    step = 1e-3
    with tf.device("CPU"):
        slope = activations.derivative(layer, tf.constant(z[:, None])).numpy()[:, 0]
        up, down = (layer(tf.constant(z[:, None] + s)).numpy()[:, 0].astype(float) for s in (step, -step))
    smooth = abs(z) > 2 * step
    np.testing.assert_allclose(slope[smooth], (up - down)[smooth] / (2 * step), atol=6e-3)


def test_winners_are_the_largest_and_the_rest_is_zero(engine):
    z = np.random.default_rng(0).standard_normal((20, 16)).astype(np.float32)
    layer = activations.layer("k_winners_0.25")
    h = layer(z).numpy()
    largest = np.argsort(z, axis=-1)[:, -4:]
    expected = np.zeros_like(z)
    np.put_along_axis(expected, largest, np.maximum(np.take_along_axis(z, largest, axis=-1), 0), axis=-1)
    np.testing.assert_array_equal(h, expected)


def test_weights_depend_on_seed_and_study_only(engine):
    small, faster = Settings(width=4), Settings(width=4, learning_rate=9.0)
    template = models.build(small)
    again = models.initial_weights(models.build(small), faster, "test", 5)
    for a, b in zip(models.initial_weights(template, small, "test", 5), again, strict=True):
        np.testing.assert_array_equal(a, b)
    others = [models.initial_weights(template, small, *key)[0] for key in (("test", 6), ("other", 5))]
    assert all((a != again[0]).any() for a in others)


def test_zero_sums_are_sums_of_columns_of_unit_length(engine):
    settings = Settings(initializer="zero_sum", width=6, depth=2)
    for kernel in models.initial_weights(models.build(settings), settings, "test", 1)[0:4:2]:
        np.testing.assert_allclose(kernel.sum(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), 1, rtol=1e-5)


def test_randomised_asymmetric_initialisation_follows_its_definition(engine):
    rows = models.RandomizedAsymmetric(3).with_biases((100, 20000))
    draws = models.RandomizedAsymmetric(4).with_biases((1, 20000))
    assert rows.std() == pytest.approx(np.sqrt((100 * 0.6007**2 / 100 + 0.5) / 101), rel=0.02)
    assert (draws > 0).any(axis=0).mean() > 0.99  # one of the two entries is from Beta(2, 1)
    replaced = models.RandomizedAsymmetric(5).with_biases((10_000, 4000)).max(axis=0)
    assert replaced.mean() == pytest.approx(2 / 3, abs=0.01)


def test_biases_start_where_the_settings_say(engine):
    settings = Settings(depth=3, width=5, bias=-3.0, bias_layer=2, bias_share=0.4)
    template = models.build(settings)
    weights = models.trainable(template, models.initial_weights(template, settings, "t", 1))
    biases = [weights[i].tolist() for i in template.penalised["bias_decay"]]
    assert biases == [[0] * 5, [-3, -3, 0, 0, 0], [0] * 5] and not weights[-1].any()
    everywhere = models.initial_weights(template, Settings(depth=3, width=5, bias=-3.0), "t", 1)
    weights = models.trainable(template, everywhere)
    assert all((weights[i] == -3).all() for i in template.penalised["bias_decay"])


def test_convolution_of_patches_is_keras_convolution(engine):
    import keras

    settings = Settings(width=3, depth=1, architecture="conv")
    template = models.build(settings)
    weights = models.trainable(template, models.initial_weights(template, settings, "t", 1))
    template.model.set_weights(models.initial_weights(template, settings, "t", 1))
    x = np.random.default_rng(0).random((7, 64), dtype=np.float32)
    expected = keras.ops.conv(x.reshape(7, 8, 8, 1), weights[0].reshape(3, 3, 1, 3))
    np.testing.assert_allclose(np.asarray(template.probe(x)[0]), expected.numpy().reshape(7, 36, 3), atol=1e-5)


@pytest.mark.parametrize("depth", [1, 3])
def test_pooled_convolutions_are_those_of_keras(engine, depth):
    """z at every position before pooling, logits, gradients: those of Conv2D and MaxPooling2D, odd sides among them."""
    import keras
    import tensorflow as tf

    settings = Settings(dataset="mnist_5k", architecture="conv_pool", width=4, depth=depth, bias=0.1)
    template = models.build(settings)
    template.model.set_weights(models.initial_weights(template, settings, "t", 1))
    x = np.random.default_rng(0).random((5, 784), dtype=np.float32)
    image = y = keras.Input((28, 28, 1))
    entering = []
    for _ in range(depth):
        entering.append(y := keras.layers.Conv2D(4, 3)(y))
        y = keras.layers.MaxPooling2D()(keras.layers.ReLU()(y))
    ordinary = keras.Model(image, [*entering, keras.layers.Dense(10)(keras.layers.Flatten()(y))])
    weights = zip(template.model.get_weights(), ordinary.get_weights(), strict=True)
    ordinary.set_weights([ours.reshape(theirs.shape) for ours, theirs in weights])
    with tf.GradientTape() as tape, tf.GradientTape() as other:
        ours = [*template.probe(x)[:depth], template.model(x)]
        theirs = ordinary(x.reshape(5, 28, 28, 1))
        losses = [tf.reduce_sum(out[-1] ** 2) for out in (ours, theirs)]
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.ravel(one), np.ravel(two), atol=1e-5)
    gradients = zip(
        tape.gradient(losses[0], template.model.trainable_variables),
        other.gradient(losses[1], ordinary.trainable_variables),
        strict=True,
    )
    for one, two in gradients:
        np.testing.assert_allclose(np.ravel(one), np.ravel(two), rtol=1e-3, atol=1e-4)


def test_the_next_layer_reads_the_pooled_channels(engine):
    template = models.build(Settings(dataset="mnist_5k", architecture="conv_pool", width=3, depth=2))
    np.testing.assert_array_equal(template.outgoing[0].reads, np.tile(range(3), 9))  # of each patch
    np.testing.assert_array_equal(template.outgoing[1].reads, np.tile(range(3), 5 * 5))  # 28, 26, 13, 11, 5
