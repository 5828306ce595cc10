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
            weights into its units; their last axes run over the units.
        outgoing: for each hidden layer the index of the next layer's kernel, and for each of that kernel's
            leading axes' places the unit of this layer that it reads; None where there is no next layer.
        parts: of each trainable variable whether it is "bias" (whatever is added), "weights", or of the
            "activation" itself.
        penalised: for ``weight_decay`` and ``bias_decay`` the indices of the variables under it: all kernels, and
            the biases of hidden units.
        threshold: a unit is active on x where abs(phi'(z(x))) exceeds it.
        regression: whether the loss is the squared error and not the cross-entropy of the logits.
    """

    model: keras.Model
    probe: keras.Model
    activations: list[keras.layers.Layer]
    incoming: list[list[int]]
    outgoing: list[tuple[int, np.ndarray] | None]
    parts: list[str]
    penalised: dict[str, list[int]]
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


class Patches(keras.layers.Layer):
    """Each 3 by 3 patch of an image, flat, without padding: shape (batch, patches, 9 channels).

    A dense layer on them is a convolution; written as slices it compiles to a product, which XLA runs many
    times faster on a processor than its own small convolutions.
    """

    def __init__(self, image: tuple[int, int, int]) -> None:
        super().__init__()
        self.image = image

    def call(self, x: tf.Tensor) -> tf.Tensor:
        height, width, channels = self.image
        x = tf.reshape(x, (-1, height, width, channels))
        slices = [x[:, i : i + height - 2, j : j + width - 2] for i in range(3) for j in range(3)]
        return tf.reshape(tf.concat(slices, axis=-1), (-1, (height - 2) * (width - 2), 9 * channels))


def build(settings: Mapping[str, object]) -> Template:
    """``depth`` hidden layers of ``width`` units, then one linear output a class or target.

    ``dense``: every unit sees the whole layer before. ``conv``: 3 by 3 convolutions of ``width`` channels
    without padding. ``local``: the same patches, but every position has weights of its own. Without
    ``output_layer`` the last hidden layer is the output.
    """
    dataset = DATASETS[settings["dataset"]]
    image, architecture = dataset.image, settings["architecture"]
    x = inputs = keras.Input((dataset.n_features,))
    hidden, into, rearranged = [], [], []
    for _ in range(settings["depth"]):
        between = []
        if architecture != "dense":
            between = [Patches(image)]
            image = (image[0] - 2, image[1] - 2, settings["width"])
        layers = [_units(settings, image)]
        if architecture == "local":
            layers.append(keras.layers.Flatten())
        if settings["batch_norm"]:
            layers.append(keras.layers.BatchNormalization())
        for layer in [*between, *layers]:
            x = layer(x)
        hidden.append(activation(settings["activation"], shared=architecture == "conv"))
        into.append(layers)
        rearranged.append(between)
        x = hidden[-1](x)
    last = [keras.layers.Flatten()] if architecture == "conv" else []
    for layer in last:
        x = layer(x)
    final = keras.layers.Dense(dataset.n_outputs) if settings["output_layer"] else None
    logits = final(x) if final else x
    model = keras.Model(inputs, logits)
    position = {id(v): i for i, v in enumerate(model.trainable_variables)}
    following = [*zip(rearranged[1:], (layers[0] for layers in into[1:]), strict=True), (last, final)]
    activation_variables = {id(v) for layer in hidden for v in layer.variables}
    return Template(
        model=model,
        probe=keras.Model(inputs, [a.input for a in hidden] + [a.output for a in hidden] + [logits]),
        activations=hidden,
        incoming=[[position[id(v)] for lay in layers for v in lay.trainable_variables] for layers in into],
        outgoing=[
            (position[id(layer.kernel)], _read(activation, between, layer)) if layer else None
            for activation, (between, layer) in zip(hidden, following, strict=True)
        ],
        parts=[
            "activation" if id(v) in activation_variables else "bias" if v.name in ("bias", "beta") else "weights"
            for v in model.trainable_variables
        ],
        penalised={
            "weight_decay": [i for i, v in enumerate(model.trainable_variables) if v.name == "kernel"],
            "bias_decay": [position[id(layers[0].bias)] for layers in into if layers[0].bias is not None],
        },
        threshold=ACTIVATIONS[settings["activation"]].threshold,
        regression=dataset.regression,
    )


def _units(settings: Mapping[str, object], image: tuple[int, int, int] | None) -> keras.layers.Layer:
    width, use_bias = settings["width"], settings["bias"] is not None
    if settings["architecture"] != "local":
        return keras.layers.Dense(width, use_bias=use_bias)
    shape = (image[0] * image[1], width)
    return keras.layers.EinsumDense("bpk,kpc->bpc", shape, bias_axes="pc" if use_bias else None)


def _read(
    activation: keras.layers.Layer, between: Sequence[keras.layers.Layer], layer: keras.layers.Layer
) -> np.ndarray:
    """Which unit each input of the next layer's kernel comes from, by sending the units' numbers along the way."""
    shape = activation.output.shape[1:]
    numbers = tf.broadcast_to(tf.range(float(shape[-1])), shape)[None]
    for step in between:
        numbers = step(numbers)
    numbers = numbers.numpy().astype(int)[0]
    if numbers.ndim == 1:
        return numbers
    return numbers[0] if isinstance(layer, keras.layers.Dense) else numbers.T


def activation(name: str, shared: bool = False) -> keras.layers.Layer:
    """The layer of an activation; in a convolution all positions of a channel share its slope, if it learns one."""
    entry = ACTIVATIONS[name]
    config = {**entry.config, "shared_axes": [1]} if shared and entry.layer == "PReLU" else entry.config
    return _ours_or(keras.layers, entry.layer)(**config)


class RandomizedAsymmetric(keras.initializers.Initializer):
    """Randomised asymmetric initialisation (Lu et al. 2020, section 4): a unit's weights and bias are one row,
    N(0, 0.6007^2 / fan_in), of which one entry at random is replaced by a draw from Beta(2, 1)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> np.ndarray:
        """The weights without the biases, as any initialiser gives them."""
        return self.with_biases(shape)[:-1]

    def with_biases(self, shape: tuple[int, ...]) -> np.ndarray:
        """Weights and, as the last row, biases: shape (fan_in + 1, units)."""
        fan_in, units = shape
        draw = np.random.default_rng(self.seed)
        values = draw.normal(0, 0.6007 / np.sqrt(fan_in), (fan_in + 1, units))
        values[draw.integers(fan_in + 1, size=units), np.arange(units)] = draw.beta(2, 1, units)
        return values.astype(np.float32)


def initial_weights(template: Template, settings: Mapping[str, object], *key: object) -> list[np.ndarray]:
    """The starting value of each variable of ``template.model``, in the order of ``model.variables``.

    Kernels are drawn by the initialiser, those of hidden layers multiplied by ``init_scale``; biases of
    hidden units start at ``bias``, those of the output at 0; everything else starts as Keras starts it. The
    draw depends on the key (study, seed) and the place of the layer only, so networks of one seed that differ
    in rate, optimiser or scaling start from the same weights (common random numbers). ``rai`` also draws the
    hidden biases, to which ``bias`` is added.
    """
    values = {id(v): v.numpy() for v in template.model.variables}
    layers = [layer for layer in template.model.layers if hasattr(layer, "kernel")]
    for place, layer in enumerate(layers):
        shape = layer.kernel.shape
        draw = _initializer(settings["initializer"], integer_seed(*key, "kernel", place))
        flat = shape[0], int(np.prod(shape[1:]))
        value = np.asarray(draw(flat))
        if place < len(template.activations):
            value = value * np.float32(settings["init_scale"])
            if layer.bias is not None:
                drawn = draw.with_biases(flat)[-1] if isinstance(draw, RandomizedAsymmetric) else np.zeros(flat[1])
                values[id(layer.bias)] = (drawn + settings["bias"]).astype(np.float32).reshape(layer.bias.shape)
        values[id(layer.kernel)] = value.reshape(shape)
    return [values[id(v)] for v in template.model.variables]


def trainable(template: Template, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Of values in the order of ``model.variables`` those of the trainable ones, in their order."""
    by_id = {id(v): value for v, value in zip(template.model.variables, values, strict=True)}
    return [by_id[id(v)] for v in template.model.trainable_variables]


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
    kind, config = INITIALIZERS[name]
    kind = _ours_or(keras.initializers, kind)
    return kind(seed=seed, **config) if "seed" in inspect.signature(kind).parameters else kind(**config)


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
