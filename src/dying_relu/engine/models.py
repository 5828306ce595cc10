"""The template: one ordinary Keras model a graph, and the initial weights of each network of it."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from dying_relu.design.catalogue import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, SHARED
from dying_relu.design.datasets import DATASETS
from dying_relu.design.seeding import integer_seed
from dying_relu.design.settings import Settings
from dying_relu.engine import activations


class Outgoing(NamedTuple):
    """Where a layer's outputs go.

    Attributes:
        kernel: index of the next layer's kernel in ``model.trainable_variables``.
        reads: for each place of that kernel's leading axes the unit of this layer that it reads.
    """

    kernel: int
    reads: np.ndarray


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
        outgoing: for each hidden layer where its outputs go; None where there is no next layer.
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
    outgoing: list[Outgoing | None]
    parts: list[str]
    penalised: dict[str, list[int]]
    threshold: float
    regression: bool


class Segment(NamedTuple):
    """What lies between the outputs of one hidden layer, or the features, and the pre-activation of the next.

    Attributes:
        model: from the one to the other; it shares its variables with the template.
        trainable: the indices of its trainable variables in those of ``Template.model``.
    """

    model: keras.Model
    trainable: list[int]


class ZeroSum(keras.initializers.Orthogonal):
    """Columns of unit length in random directions whose entries sum to zero: blind to a mean all inputs share."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        kernel = super().__call__(shape, dtype)
        kernel = kernel - tf.reduce_mean(kernel, axis=0)
        return kernel / tf.norm(kernel, axis=0)


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


class Pooling(keras.layers.Layer):
    """The largest of each 2 by 2 positions, each channel by itself; an odd last row or column is left out.

    As `Patches` in shape, (batch, positions, channels); written as slices, whose gradient XLA runs faster than that
    of its own pooling.
    """

    def __init__(self, sides: Sequence[int]) -> None:
        super().__init__()
        self.sides = tuple(sides)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        (height, width), channels = self.sides, x.shape[-1]
        x = tf.reshape(x, (-1, height, width, channels))[:, : height // 2 * 2, : width // 2 * 2]
        x = tf.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
        x = tf.maximum(x[:, :, 0], x[:, :, 1])
        return tf.reshape(tf.maximum(x[:, :, :, 0], x[:, :, :, 1]), (-1, (height // 2) * (width // 2), channels))


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


_OWN: dict[str, type[keras.initializers.Initializer]] = {
    kind.__name__: kind for kind in (ZeroSum, RandomizedAsymmetric)
}


class _Hidden(NamedTuple):
    """One hidden layer.

    Attributes:
        patches: what cuts its input into patches, if it looks at patches.
        units: the layer of its weights.
        after: layers between its weights and its activation.
        pooling: what follows the activation, if anything does.
    """

    patches: Patches | None
    units: keras.layers.Layer
    after: list[keras.layers.Layer]
    activation: keras.layers.Layer
    pooling: Pooling | None


def build(settings: Settings) -> Template:
    """``depth`` hidden layers of ``width`` units, then one linear output a class or target.

    ``dense``: every unit sees the whole layer before. ``conv``: 3 by 3 convolutions of ``width`` channels
    without padding. ``conv_pool``: the same, after each activation the largest of 2 by 2 positions. ``local``: the
    same patches, but every position has weights of its own. Without ``output_layer`` the last hidden layer is the
    output.
    """
    dataset = DATASETS[settings.dataset]
    x = inputs = keras.Input((dataset.n_features,))
    hidden = _hidden_layers(settings, dataset.image)
    for layer in hidden:
        for part in (layer.patches, layer.units, *layer.after, layer.activation, layer.pooling):
            x = x if part is None else part(x)
    flatten = keras.layers.Flatten() if settings.architecture in SHARED else None
    x = x if flatten is None else flatten(x)
    final = keras.layers.Dense(dataset.n_outputs, use_bias=settings.biased_output) if settings.output_layer else None
    logits = x if final is None else final(x)
    model = keras.Model(inputs, logits)
    position = {id(v): i for i, v in enumerate(model.trainable_variables)}
    following = [*((layer.patches, layer.units) for layer in hidden[1:]), (flatten, final)]
    own, pooling = [layer.activation for layer in hidden], [layer.pooling for layer in hidden]
    learned = {id(v) for activation in own for v in activation.variables}
    return Template(
        model=model,
        probe=keras.Model(inputs, [a.input for a in own] + [a.output for a in own] + [logits]),
        activations=own,
        incoming=[
            [position[id(v)] for part in (layer.units, *layer.after) for v in part.trainable_variables]
            for layer in hidden
        ],
        outgoing=[
            None if units is None else Outgoing(position[id(units.kernel)], _reads(activation, [pool, cut], units))
            for activation, pool, (cut, units) in zip(own, pooling, following, strict=True)
        ],
        parts=[
            "activation" if id(v) in learned else "bias" if v.name in ("bias", "beta") else "weights"
            for v in model.trainable_variables
        ],
        penalised={
            "weight_decay": [i for i, v in enumerate(model.trainable_variables) if v.name == "kernel"],
            "bias_decay": [position[id(layer.units.bias)] for layer in hidden if layer.units.bias is not None],
        },
        threshold=ACTIVATIONS[settings.activation].threshold,
        regression=dataset.regression,
    )


def _hidden_layers(settings: Settings, image: tuple[int, int, int] | None) -> list[_Hidden]:
    """The hidden layers, not yet connected; ``image`` is the shape of what the first one sees, if it is one."""
    hidden = []
    for _ in range(settings.depth):
        patches, pooling, following = None, None, image
        if settings.architecture != "dense":
            assert image is not None  # validation has seen to it
            patches = Patches(image)
            looked = image[0] - 2, image[1] - 2
            pooling = Pooling(looked) if settings.architecture == "conv_pool" else None
            seen = (looked[0] // 2, looked[1] // 2) if pooling else looked
            image, following = ((*sides, settings.width) for sides in (looked, seen))
        after = [keras.layers.Flatten()] if settings.architecture == "local" else []
        after += [keras.layers.BatchNormalization()] if settings.batch_norm else []
        activation = activations.layer(settings.activation, shared=settings.architecture in SHARED)
        hidden.append(_Hidden(patches, _units(settings, image), after, activation, pooling))
        image = following
    return hidden


def _units(settings: Settings, image: tuple[int, int, int] | None) -> keras.layers.Layer:
    """The layer of a hidden layer's weights; ``image`` is the shape of what it gives, if it looks at patches."""
    use_bias = settings.bias is not None
    if settings.architecture != "local" or image is None:
        return keras.layers.Dense(settings.width, use_bias=use_bias)
    shape = (image[0] * image[1], settings.width)
    return keras.layers.EinsumDense("bpk,kpc->bpc", shape, bias_axes="pc" if use_bias else None)


def _reads(
    activation: keras.layers.Layer, between: Sequence[keras.layers.Layer | None], units: keras.layers.Layer
) -> np.ndarray:
    """Which unit each input of the next layer's kernel comes from, by sending the units' numbers along the way."""
    shape = activation.output.shape[1:]
    numbers = tf.broadcast_to(tf.range(float(shape[-1])), shape)[None]
    for layer in between:
        numbers = numbers if layer is None else layer(numbers)
    numbers = np.asarray(numbers).astype(int)[0]
    if numbers.ndim == 1:
        return numbers
    return numbers[0] if isinstance(units, keras.layers.Dense) else numbers.T


def segments(template: Template) -> list[Segment]:
    """The segment that ends in each hidden layer's pre-activation."""
    position = {id(v): i for i, v in enumerate(template.model.trainable_variables)}
    starts = [template.model.inputs[0], *(activation.output for activation in template.activations[:-1])]
    parts = [keras.Model(start, after.input) for start, after in zip(starts, template.activations, strict=True)]
    return [Segment(part, [position[id(v)] for v in part.trainable_variables]) for part in parts]


def products(template: Template) -> int:
    """Multiplications of a forward pass of one sample: one for each input of each number that a layer puts out."""
    layers = [layer for layer in template.model.layers if hasattr(layer, "kernel")]
    return sum(int(np.prod(layer.output.shape[1:])) * layer.kernel.shape[0] for layer in layers)


def initial_weights(template: Template, settings: Settings, *key: object) -> list[np.ndarray]:
    """The starting value of each variable of ``template.model``, in the order of ``model.variables``.

    Kernels are drawn by the initialiser, those of hidden layers multiplied by ``init_scale``, those of the output by
    ``output_scale``; biases of hidden units start as `_started` has it, those of the output at 0; everything else
    starts as Keras starts it. The draw depends on the key (study, seed) and the place of the layer only, so networks of
    one seed that differ in rate, optimiser or scaling start from the same weights (common random numbers). ``rai`` also
    draws the hidden biases, to which ``bias`` is added.
    """
    values = {id(v): v.numpy() for v in template.model.variables}
    layers = [layer for layer in template.model.layers if hasattr(layer, "kernel")]
    for place, layer in enumerate(layers):
        draw = _initializer(settings.initializer, integer_seed(*key, "kernel", place))
        shape = layer.kernel.shape
        flat = shape[0], int(np.prod(shape[1:]))
        value = np.asarray(draw(flat))
        if place < len(template.activations):
            value = value * np.float32(settings.init_scale)
            if layer.bias is not None:
                drawn = draw.with_biases(flat)[-1] if isinstance(draw, RandomizedAsymmetric) else np.zeros(flat[1])
                bias = drawn.reshape(layer.bias.shape) + _started(settings, place + 1, layer.bias.shape[-1])
                values[id(layer.bias)] = bias.astype(np.float32)
        else:
            value = value * np.float32(settings.output_scale)
        values[id(layer.kernel)] = value.reshape(shape)
    return [values[id(v)] for v in template.model.variables]


def _started(settings: Settings, layer: int, width: int) -> np.ndarray:
    """The initial bias of each unit of a hidden layer (1 = first): ``bias`` of its first ones, of others 0."""
    first = np.arange(width) < round(settings.bias_share * width)
    starts = np.where(first & (settings.bias_layer in (0, layer)), settings.bias or 0.0, 0.0)
    return starts.astype(np.float32)


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
    owners: dict[int, tuple[str, int, str]] = {}
    numbers: dict[str, int] = {}
    for layer in model.layers:
        kind = type(layer).__name__
        number = numbers[kind] = numbers.get(kind, -1) + 1
        owners |= {id(variable): (kind, number, variable.name) for variable in layer.variables}
    return [owners[id(variable)] for variable in (model.trainable_variables if trainable else model.variables)]


def _initializer(name: str, seed: int) -> keras.initializers.Initializer:
    entry = INITIALIZERS[name]
    kind = _OWN.get(entry.kind) or getattr(keras.initializers, entry.kind)
    seeded = {"seed": seed} if "seed" in inspect.signature(kind).parameters else {}
    return kind(**seeded, **entry.config)


def undecayed(template: Template, variables: Sequence[object]) -> list[object]:
    """Of the trainable variables, or what stands for each, those that are no weights of units."""
    return [variable for variable, part in zip(variables, template.parts, strict=True) if part != "weights"]


def optimizer(name: str, learning_rate: object, **changes: object) -> keras.optimizers.Optimizer:
    """The stock Keras optimiser that the catalogue names so, with some of its arguments changed."""
    entry = OPTIMIZERS[name]
    return getattr(keras.optimizers, entry.kind)(learning_rate=learning_rate, **{**entry.config, **changes})
