"""The formulas of the activations against the Keras layers of the catalogue's entries."""

import numpy as np
import pytest

from dying_relu.analysis import activations
from dying_relu.design.catalogue import ACTIVATIONS

Z = np.concatenate([np.linspace(-9, 9, 181), [-90.0, -20.0, 0.0, 30.0]])


@pytest.fixture
def keras_layer(engine):
    """Output and slope of the layer of an activation on some z, in a precision."""
    import keras
    import tensorflow as tf

    from dying_relu.engine import activations as layers

    def of(name, z, precision):
        keras.config.set_dtype_policy(precision)
        layer = layers.layer(name)
        layer.build((1, len(z)))
        z = tf.constant(z[None].astype(precision))
        return np.asarray(layer(z))[0], np.asarray(layers.derivative(layer, z))[0]

    before = keras.config.dtype_policy()
    yield of
    keras.config.set_dtype_policy(before)


def test_every_activation_but_the_winners_has_a_formula():
    assert set(activations.FORMULAS) == {name for name, entry in ACTIVATIONS.items() if entry.family != "winners"}


@pytest.mark.parametrize("name", activations.FORMULAS)
def test_values_and_slopes_are_those_of_the_keras_layer(name, keras_layer):
    value, slope = keras_layer(name, Z, "float64")
    assert activations.value(name, Z) == pytest.approx(value, rel=1e-7, abs=1e-7)
    assert activations.slope(name, Z) == pytest.approx(slope, rel=1e-7, abs=1e-7)  # Keras has some constants in single
    single = activations.single_slope(name, Z)
    assert single.dtype == np.float32
    assert single == pytest.approx(keras_layer(name, Z, "float32")[1], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", activations.FORMULAS)
def test_slopes_are_frozen_where_those_of_keras_are(name, keras_layer):
    depths = np.round(np.arange(0, 120.05, 0.1), 1)
    moving = np.flatnonzero(keras_layer(name, -depths, "float32")[1] != 0)
    frozen = 0.0 if len(moving) == 0 else np.inf if moving[-1] == len(depths) - 1 else depths[moving[-1] + 1]
    if name == "tanh":  # TensorFlow approximates it, and reaches the end sooner
        assert frozen < activations.frozen_depth(name) < frozen + 1.5
    else:
        assert activations.frozen_depth(name) == frozen


def test_slopes_vanish_where_single_precision_ends():
    spacing, tiny = 2.0**-24, np.finfo(np.float32).tiny  # numbers just below one; the smallest normal number
    assert activations.frozen_depth("elu") == pytest.approx(-np.log(spacing / 2), abs=0.1)
    assert activations.frozen_depth("tanh") == pytest.approx(-np.log(spacing / 4) / 2, abs=0.1)
    assert activations.frozen_depth("sigmoid") == pytest.approx(-np.log(tiny), abs=0.1)
    assert activations.frozen_depth("gelu") == pytest.approx(np.sqrt(-2 * np.log(tiny)), abs=0.2)
    assert activations.frozen_depth("relu") == 0 and np.isinf(activations.frozen_depth("leaky_relu_0.01"))
    assert np.isinf(activations.frozen_depth("k_winners_0.5"))
