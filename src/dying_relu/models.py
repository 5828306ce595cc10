"""The template: one ordinary Keras model a graph, and the initial weights of each network of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from dying_relu.catalogue import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from dying_relu.datasets import DATASETS
from dying_relu.seeding import integer_seed


@dataclass(frozen=True)
class Template:
    """A Keras model and what is measured in it.

    Attributes:
        model: from features to logits.
        probe: the same variables, from features to [z_1, ..., z_L, h_1, ..., h_L, logits], where
            z is what enters a hidden activation and h what leaves it.
        activations: the hidden activation layers, first to last.
        incoming: for each hidden layer the indices, in ``model.trainable_variables``, of the
            weights into its units; their last axis runs over the units.
        threshold: a unit is active on x where abs(phi'(z(x))) exceeds it.
    """

    model: keras.Model
    probe: keras.Model
    activations: list[keras.layers.Layer]
    incoming: list[list[int]]
    threshold: float


def build(settings: Mapping[str, object]) -> Template:
    """A dense classifier: ``depth`` hidden layers of ``width`` units, and one logit a class."""
    dataset = DATASETS[settings["dataset"]]
    use_bias = settings["bias"] is not None
    x = inputs = keras.Input((dataset.n_features,))
    hidden, into = [], []
    for _ in range(settings["depth"]):
        layers = [keras.layers.Dense(settings["width"], use_bias=use_bias)]
        if settings["batch_norm"]:
            layers.append(keras.layers.BatchNormalization())
        for layer in layers:
            x = layer(x)
        hidden.append(_activation(settings["activation"]))
        into.append(layers)
        x = hidden[-1](x)
    logits = keras.layers.Dense(dataset.n_classes)(x)
    model = keras.Model(inputs, logits)
    position = {id(v): i for i, v in enumerate(model.trainable_variables)}
    return Template(
        model=model,
        probe=keras.Model(inputs, [a.input for a in hidden] + [a.output for a in hidden] + [logits]),
        activations=hidden,
        incoming=[[position[id(v)] for lay in layers for v in lay.trainable_variables] for layers in into],
        threshold=ACTIVATIONS[settings["activation"]].threshold,
    )


def _activation(name: str) -> keras.layers.Layer:
    entry = ACTIVATIONS[name]
    return getattr(keras.layers, entry.layer)(**entry.config)


def initial_weights(template: Template, settings: Mapping[str, object], study: str, seed: int) -> list[np.ndarray]:
    """The starting value of each variable of ``template.model``, in the order of ``model.variables``.

    Kernels are drawn by the stock Keras initialiser; biases of hidden units start at ``bias``, those
    of the logits at 0; everything else starts as Keras starts it. The draw depends on the study, the
    seed and the place of the layer only, so networks of one seed that differ in rate, optimiser or
    scaling start from the same weights (common random numbers).
    """
    values = []
    dense = [layer for layer in template.model.layers if isinstance(layer, keras.layers.Dense)]
    kernels = {id(layer.kernel): place for place, layer in enumerate(dense)}
    hidden_biases = {id(layer.bias) for layer in dense[:-1]}
    for variable in template.model.variables:
        if id(variable) in kernels:
            draw = getattr(keras.initializers, INITIALIZERS[settings["initializer"]])
            place = kernels[id(variable)]
            value = np.asarray(draw(seed=integer_seed(study, seed, "kernel", place))(variable.shape))
        elif id(variable) in hidden_biases and settings["bias"] is not None:
            value = np.full(variable.shape, settings["bias"], np.float32)
        else:
            value = variable.numpy()
        values.append(value)
    return values


def optimizer(name: str, learning_rate: object) -> keras.optimizers.Optimizer:
    """The stock Keras optimiser that the catalogue names so."""
    kind, config = OPTIMIZERS[name]
    return getattr(keras.optimizers, kind)(learning_rate=learning_rate, **config)


def derivative(layer: keras.layers.Layer, z: tf.Tensor, variables: Sequence[tf.Tensor] | None = None) -> tf.Tensor:
    """phi'(z), elementwise, of an activation layer; with other values of its variables if given."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        own = layer.trainable_variables if variables is None else variables
        h, _ = layer.stateless_call(own, [], z)
    return tape.gradient(h, z)
