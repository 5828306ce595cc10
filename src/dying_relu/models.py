"""The template: one ordinary Keras model a graph, and the initial weights of each network of it."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

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
        parts: of each trainable variable whether it is "bias" (whatever is added) or "weights".
        threshold: a unit is active on x where abs(phi'(z(x))) exceeds it.
        regression: whether the loss is the squared error and not the cross-entropy of the logits.
    """

    model: keras.Model
    probe: keras.Model
    activations: list[keras.layers.Layer]
    incoming: list[list[int]]
    parts: list[str]
    threshold: float
    regression: bool


class ZeroSum(keras.initializers.Orthogonal):
    """Columns of unit length in random directions whose entries sum to zero: blind to a mean all inputs share."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        kernel = super().__call__(shape, dtype)
        kernel = kernel - tf.reduce_mean(kernel, axis=0)
        return kernel / tf.norm(kernel, axis=0)


class NegativeSlopeReLU(keras.layers.Layer):
    """max(0, z) + slope * min(0, z) for a slope below zero, which Keras's own layers refuse."""

    def __init__(self, negative_slope: float) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def call(self, z: tf.Tensor) -> tf.Tensor:
        return keras.ops.leaky_relu(z, self.negative_slope)


def build(settings: Mapping[str, object]) -> Template:
    """A dense network: ``depth`` hidden layers of ``width`` units, then one linear output a class or target.

    Without ``output_layer`` the last hidden layer is the output.
    """
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
    logits = keras.layers.Dense(dataset.n_outputs)(x) if settings["output_layer"] else x
    model = keras.Model(inputs, logits)
    position = {id(v): i for i, v in enumerate(model.trainable_variables)}
    return Template(
        model=model,
        probe=keras.Model(inputs, [a.input for a in hidden] + [a.output for a in hidden] + [logits]),
        activations=hidden,
        incoming=[[position[id(v)] for lay in layers for v in lay.trainable_variables] for layers in into],
        parts=["bias" if v.name in ("bias", "beta") else "weights" for v in model.trainable_variables],
        threshold=ACTIVATIONS[settings["activation"]].threshold,
        regression=dataset.regression,
    )


def _activation(name: str) -> keras.layers.Layer:
    entry = ACTIVATIONS[name]
    return _ours_or(keras.layers, entry.layer)(**entry.config)


def initial_weights(template: Template, settings: Mapping[str, object], study: str, seed: int) -> list[np.ndarray]:
    """The starting value of each variable of ``template.model``, in the order of ``model.variables``.

    Kernels are drawn by the initialiser, those of hidden layers multiplied by ``init_scale``; biases of
    hidden units start at ``bias``, those of the output at 0; everything else starts as Keras starts it. The
    draw depends on the study, the seed and the place of the layer only, so networks of one seed that differ
    in rate, optimiser or scaling start from the same weights (common random numbers).
    """
    values = []
    dense = [layer for layer in template.model.layers if isinstance(layer, keras.layers.Dense)]
    kernels = {id(layer.kernel): place for place, layer in enumerate(dense)}
    depth = len(template.activations)
    hidden_biases = {id(layer.bias) for layer in dense[:depth] if layer.use_bias}
    for variable in template.model.variables:
        if id(variable) in kernels:
            place = kernels[id(variable)]
            draw = _initializer(settings["initializer"], integer_seed(study, seed, "kernel", place))
            value = np.asarray(draw(variable.shape))
            if place < depth:
                value = value * np.float32(settings["init_scale"])
        elif id(variable) in hidden_biases:
            value = np.full(variable.shape, settings["bias"], np.float32)
        else:
            value = variable.numpy()
        values.append(value)
    return values


def carried_over(old: Template, new: Template, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Values of the old template's variables as values of the new one's, layer by layer of each kind.

    What the new one has no counterpart for is dropped; what only the new one has starts as Keras starts it.
    """
    known = dict(zip(_places(old.model), values, strict=True))
    places = zip(_places(new.model), new.model.variables, strict=True)
    return [known.get(place, variable.numpy()) for place, variable in places]


def counterparts(old: Template, new: Template) -> list[int | None]:
    """For each trainable variable of the new template, which of the old one's it goes on, if any."""
    places = [{place: i for i, place in enumerate(_places(template.model, trainable=True))} for template in (old, new)]
    return [places[0].get(place) for place in places[1]]


def _places(model: keras.Model, trainable: bool = False) -> list[tuple[str, int, str]]:
    """Of each variable the kind of its layer, that layer's number among its kind, and its own name."""
    owners, numbers = {}, {}
    for layer in model.layers:
        kind = type(layer).__name__
        number = numbers[kind] = numbers.get(kind, -1) + 1
        owners |= {id(variable): (kind, number, variable.name) for variable in layer.variables}
    return [owners[id(variable)] for variable in (model.trainable_variables if trainable else model.variables)]


def _initializer(name: str, seed: int) -> keras.initializers.Initializer:
    kind = _ours_or(keras.initializers, INITIALIZERS[name])
    return kind(seed=seed) if "seed" in inspect.signature(kind).parameters else kind()


def _ours_or(library: ModuleType, name: str) -> type:
    """A class of this module, else of the library."""
    return globals().get(name) or getattr(library, name)


def optimizer(name: str, learning_rate: object, **changes: object) -> keras.optimizers.Optimizer:
    """The stock Keras optimiser that the catalogue names so, with some of its arguments changed."""
    kind, config = OPTIMIZERS[name]
    return getattr(keras.optimizers, kind)(learning_rate=learning_rate, **{**config, **changes})


def derivative(layer: keras.layers.Layer, z: tf.Tensor, variables: Sequence[tf.Tensor] | None = None) -> tf.Tensor:
    """phi'(z), elementwise, of an activation layer; with other values of its variables if given."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        own = layer.trainable_variables if variables is None else variables
        h, _ = layer.stateless_call(own, [], z)
    return tape.gradient(h, z)
