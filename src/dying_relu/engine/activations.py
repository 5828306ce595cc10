"""Activation layers: Keras's own and three that it lacks, by their names in the catalogue; and their derivatives."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from dying_relu.design.catalogue import ACTIVATIONS


class NegativeSlopeReLU(keras.layers.Layer):
    """max(0, z) + slope * min(0, z) for a slope below zero, which Keras's own layers refuse."""

    def __init__(self, negative_slope: float) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def call(self, z: tf.Tensor) -> tf.Tensor:
        return keras.ops.leaky_relu(z, self.negative_slope)


class SteepSigmoid(keras.layers.Layer):
    """1 / (1 + exp(-slope z)): with slope 4 its derivative at zero is 1, as in a ReLU's open half."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def call(self, z: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(self.slope * z)


class KWinners(keras.layers.Layer):
    """max(0, z) of the largest z of a layer, a fixed share of its units; zero for all others."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def call(self, z: tf.Tensor) -> tf.Tensor:
        k = max(1, round(self.share * z.shape[-1]))
        larger = tf.cast(z[..., None, :] > z[..., :, None], tf.int32)  # counting is faster here than sorting
        return tf.where(tf.reduce_sum(larger, axis=-1) < k, tf.nn.relu(z), 0.0)


_OWN: dict[str, type[keras.layers.Layer]] = {
    kind.__name__: kind for kind in (NegativeSlopeReLU, SteepSigmoid, KWinners)
}


def layer(name: str, shared: bool = False) -> keras.layers.Layer:
    """The layer of an activation; in a convolution all positions of a channel share its slope, if it learns one."""
    entry = ACTIVATIONS[name]
    kind = _OWN.get(entry.layer) or getattr(keras.layers, entry.layer)
    return kind(**entry.config, **({"shared_axes": [1]} if shared and entry.layer == "PReLU" else {}))


def derivative(layer: keras.layers.Layer, z: tf.Tensor, variables: Sequence[tf.Tensor] | None = None) -> tf.Tensor:
    """phi'(z), elementwise, of an activation layer; with other values of its variables if given."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        own = layer.trainable_variables if variables is None else variables
        h, _ = layer.stateless_call(own, [], z)
    return tape.gradient(h, z)
