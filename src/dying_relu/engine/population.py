"""The engine: many networks of one graph trained at once, each in its own row.

A population keeps one matrix for each variable of an ordinary Keras model, one row a network. One
network's step is ``model.stateless_call`` on its own row inside ``tf.vectorized_map``; one stock Keras
optimiser updates the matrices, with a learning rate of shape (networks, 1), so every row has its own.
The rules of the catalogue's optimisers act elementwise, hence rows never mix, and a row taken out *is*
the ordinary Keras model. Epochs run compiled, gathering batches by index from a constant table.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.engine import activations, models
from dying_relu.engine.costs import Costs

CHUNK = 125  # samples in one piece of a pass over the data set: small enough for the processor's cache

NEAR_ZERO = 1e-3  # an output this small counts as zero, so that smooth activations can be compared with ReLU


def use_one_thread() -> None:
    """Let TensorFlow use one thread: bit-identical results whatever the machine's number of cores."""
    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


@dataclass(frozen=True)
class Measurement:
    """One pass over a data set. Lists run over hidden layers; arrays start with the network.

    Attributes:
        loss, accuracy: mean over the data set, shape (networks,).
        n_active: samples on which each unit is active, a channel at any position; shape (networks, units).
        n_active_strict, n_active_lenient: the same with ten times the threshold, and with a tenth of it.
        n_open: samples on which z is positive, likewise; same shape.
        mean_output: mean of abs(h) over the data set and positions, same shape.
        zero_share: share of the outputs h of each layer with abs(h) below `NEAR_ZERO`, shape (networks,).
    """

    loss: np.ndarray
    accuracy: np.ndarray
    n_active: list[np.ndarray]
    n_active_strict: list[np.ndarray]
    n_active_lenient: list[np.ndarray]
    n_open: list[np.ndarray]
    mean_output: list[np.ndarray]
    zero_share: list[np.ndarray]


@dataclass(frozen=True)
class Inspection:
    """What is looked at once, at the end.

    Attributes:
        gradients: of the mean loss over the data set, for each trainable variable, shape
            (networks, *shape of the variable).
        smallest, largest: h over the data set, for each hidden layer, shape (networks, units).
        outputs: smallest and largest of each output, shape (networks, outputs).
    """

    gradients: list[np.ndarray]
    smallest: list[np.ndarray]
    largest: list[np.ndarray]
    outputs: tuple[np.ndarray, np.ndarray]


class Samples(NamedTuple):
    """Each network's own samples, ready for passes over them; see `Population.samples`.

    Attributes:
        chunks: their indices, int32, shape (chunks, networks, CHUNK).
        weight: 1, or 0 for padding, shape (chunks, CHUNK).
        n: samples of a network.
    """

    chunks: tf.Tensor
    weight: tf.Tensor
    n: int


class Batches(NamedTuple):
    """Batches drawn afresh: features and targets, shapes (batches, batch size, features) and (batches, batch size)."""

    x: tf.Tensor
    y: tf.Tensor


class _Row(NamedTuple):
    """What a vectorised function sees of a network; from outside, with one axis more in front, of all of them.

    Attributes:
        trainable, state: its variables, each flat.
        shift, scale: of its inputs, shape (features,).
        strengths: of its penalties by name, scalars.
        samples: indices, int32, shape (samples,); or that of one batch, shape (1,).
    """

    trainable: Sequence[tf.Tensor]
    state: Sequence[tf.Tensor]
    shift: tf.Tensor
    scale: tf.Tensor
    strengths: Mapping[str, tf.Tensor]
    samples: tf.Tensor


class _Sums(NamedTuple):
    """Sums over samples: of the loss, and of the correct answers."""

    loss: tf.Tensor
    correct: tf.Tensor


class _LayerSums(NamedTuple):
    """Sums over samples of what is measured of a hidden layer: of units, and of the share of zero outputs."""

    active: tf.Tensor
    active_strict: tf.Tensor
    active_lenient: tf.Tensor
    open: tf.Tensor
    output: tf.Tensor
    zeros: tf.Tensor


class _Probed(NamedTuple):
    """A forward pass of one network: z and h of each hidden layer, and the logits."""

    z: Sequence[tf.Tensor]
    h: Sequence[tf.Tensor]
    logits: tf.Tensor


class _RowRates(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate of shape (networks, 1), constant in time."""

    def __init__(self, rates: tf.Variable) -> None:
        self.rates = rates

    def __call__(self, step: object) -> tf.Variable:
        return self.rates


class Population:
    """Networks of one template and one optimiser, trained side by side on one data set.

    Args:
        template: the graph.
        optimizer: a name of the catalogue.
        x, y: the whole data set, shapes (samples, features) and (samples,).
        size: number of networks (rows).
        longest: the most samples a measurement will be asked for; shorter ones are padded to it, so
            that each graph is compiled once.
        extra: room for samples that `feed` brings.
        penalties: names of those penalties that any network has; see `reset`.
        costs: where the time is counted.
        xla: whether XLA compiles the graphs: faster from some thousands of steps on, and rounded otherwise.
    """

    def __init__(
        self,
        template: models.Template,
        optimizer: str,
        x: np.ndarray,
        y: np.ndarray,
        size: int,
        longest: int,
        extra: int = 0,
        penalties: Sequence[str] = (),
        costs: Costs | None = None,
        xla: bool = True,
    ) -> None:
        self._advance, self._measure, self._inspect = (
            tf.function(function, jit_compile=xla) for function in (self._steps, self._sums, self._looks)
        )
        self.template = template
        self.size = size
        self._pass = 2.0 * size * models.products(template)  # operations of a forward pass of a sample of each network
        self._costs = costs or Costs()
        self.shift = "none"  # of the inputs; whoever sets others notes it here
        self._n_chunks = -(-longest // CHUNK)
        self._n = len(x)
        self._x = tf.Variable(np.pad(x, ((0, extra), (0, 0))))
        self._y = tf.Variable(np.pad(y, (0, extra)))
        self._trainable_shapes = [tuple(v.shape) for v in template.model.trainable_variables]
        self._state_shapes = [tuple(v.shape) for v in template.model.non_trainable_variables]
        self._trainable = [self._matrix(shape) for shape in self._trainable_shapes]
        self._state = [self._matrix(shape) for shape in self._state_shapes]
        self._shift, self._scale = (tf.Variable(tf.zeros((size, x.shape[1]))) for _ in range(2))
        self._rates = tf.Variable(tf.zeros((size, 1)))
        self._strengths = {name: tf.Variable(tf.zeros(size)) for name in penalties}
        # clipping by norm is of each row, so it happens to each network's gradient, not in the optimiser
        self._clip_norm = OPTIMIZERS[optimizer].config.get("global_clipnorm")
        unclipped = {"global_clipnorm": None} if self._clip_norm else {}
        self._optimizer = models.optimizer(optimizer, _RowRates(self._rates), **unclipped)
        self._optimizer.build(self._trainable)
        place = {id(v): i for i, v in enumerate(template.model.trainable_variables)}
        self._learned = [[place[id(v)] for v in layer.trainable_variables] for layer in template.activations]
        self._units = [int(layer.output.shape[-1]) for layer in template.activations]
        self._alike = _alike([tuple(layer.output.shape[1:]) for layer in template.activations])

    def _matrix(self, shape: tuple[int, ...]) -> keras.Variable:
        return keras.Variable(np.zeros((self.size, int(np.prod(shape))), np.float32))

    def reset(
        self,
        weights: Sequence[Sequence[np.ndarray]],
        learning_rates: Sequence[float],
        affines: Sequence[tuple[np.ndarray, np.ndarray]],
        penalties: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Start anew.

        Args: for each network
            weights: as ``model.variables``.
            learning_rates, affines: its rate, and (shift, scale) of its inputs.
            penalties: the strength of each by name; see `_penalty`.
        """
        model = self.template.model
        position = {id(v): i for i, v in enumerate(model.variables)}
        for matrices, variables in (
            (self._trainable, model.trainable_variables),
            (self._state, model.non_trainable_variables),
        ):
            for matrix, variable in zip(matrices, variables, strict=True):
                matrix.assign(np.stack([row[position[id(variable)]].ravel() for row in weights]))
        self.set_rates(learning_rates, penalties)
        self._shift.assign(np.stack([shift for shift, _ in affines]))
        self._scale.assign(np.stack([scale for _, scale in affines]))
        for variable in self._optimizer.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    def set_rates(
        self, learning_rates: Sequence[float], penalties: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Give each network its learning rate and the strengths of its penalties."""
        self._rates.assign(np.asarray(learning_rates, np.float32)[:, None])
        for name, strength in self._strengths.items():
            strength.assign(np.asarray((penalties or {})[name], np.float32))

    def set_inputs(self, x: np.ndarray) -> None:
        """Put other features in place of the data set's."""
        self._x[: self._n].assign(x)

    def forget(self, masks: Sequence[np.ndarray]) -> None:
        """Set moments of the optimiser to zero where a mask, of the form that `weights` has, is true."""
        for slots in _slots(self._optimizer, self._trainable):
            for slot, mask in zip(slots, masks, strict=True):
                slot.assign(np.where(mask.reshape(slot.shape), 0, slot.numpy()))

    def feed(self, x: np.ndarray, y: np.ndarray) -> int:
        """Bring samples, in place of those brought before; returns the index of the first."""
        self._x[self._n : self._n + len(x)].assign(x)
        self._y[self._n : self._n + len(y)].assign(y)
        return self._n

    def assign(self, weights: Sequence[np.ndarray]) -> None:
        """Set the trainable variables, in the form that `weights` gives them."""
        for matrix, value in zip(self._trainable, weights, strict=True):
            matrix.assign(value.reshape(self.size, -1))

    def variables(self) -> list[list[np.ndarray]]:
        """For each network all its variables, as ``model.variables``: what `reset` takes."""
        model = self.template.model
        own = [*model.trainable_variables, *model.non_trainable_variables]
        by_id = {id(v): value for v, value in zip(own, [*self.weights(), *self.state()], strict=True)}
        return [[by_id[id(variable)][row] for variable in model.variables] for row in range(self.size)]

    def weights(self) -> list[np.ndarray]:
        """The trainable variables, each of shape (networks, *shape of the variable)."""
        return _unpacked(self._trainable, self._trainable_shapes)

    def state(self) -> list[np.ndarray]:
        """The non-trainable variables, each of shape (networks, *shape of the variable)."""
        return _unpacked(self._state, self._state_shapes)

    def advance(self, order: np.ndarray, start: int, stop: int, fresh: Batches | None = None) -> np.ndarray:
        """Take the optimiser steps start, ..., stop - 1 of an epoch.

        Args:
            order: samples of each batch of the epoch, int32, shape (steps an epoch, networks, batch); or, if
                fresh batches are given, the number of each, shape (steps an epoch, networks, 1).
            fresh: batches to train on instead of the data set's samples.

        Returns:
            Whether all batch losses on the way were finite, bool, shape (networks,).
        """
        batch = order.shape[-1] if fresh is None else fresh.x.shape[1]
        work = 3 * self._pass * batch * (stop - start)
        place = tf.constant(order), tf.constant(start), tf.constant(stop)
        return self._costs.call("train", work, self._advance, *place, fresh).numpy()

    def _steps(self, order: tf.Tensor, start: tf.Tensor, stop: tf.Tensor, fresh: Batches | None) -> tf.Tensor:
        finite = tf.ones((self.size,), tf.bool)
        step = start
        while step < stop:  # not tf.range, whose bounds XLA takes for constants to compile anew for
            gradients, state, losses = tf.vectorized_map(
                lambda row: self._step(row, fresh), self._rows(order[step]), fallback_to_while_loop=False
            )
            self._optimizer.apply(gradients, self._trainable)
            for matrix, value in zip(self._state, state, strict=True):
                matrix.assign(value)
            finite = finite & tf.math.is_finite(losses)
            step += 1
        return finite

    def samples(self, places: np.ndarray) -> Samples:
        """Each network's own samples, from their indices in the data set, int32, shape (networks, n)."""
        networks, n = places.shape
        length = self._n_chunks * CHUNK
        padded = np.pad(places, ((0, 0), (0, length - n)), mode="edge")
        weight = (np.arange(length) < n).astype(np.float32).reshape(-1, CHUNK)
        return Samples(tf.constant(padded.reshape(networks, -1, CHUNK).swapaxes(0, 1)), tf.constant(weight), n)

    def measure(self, samples: Samples) -> Measurement:
        """Forward pass, in inference mode, over each network's own samples."""
        n = samples.n
        sums, layers = self._costs.call("measure", self._pass * n, self._measure, samples.chunks, samples.weight)
        found = _LayerSums(*(_by_layer(parts) for parts in zip(*layers, strict=True)))
        return Measurement(
            sums.loss.numpy() / n,
            sums.correct.numpy() / n,
            *(found.active, found.active_strict, found.active_lenient, found.open),
            [total / n for total in found.output],
            [total / n for total in found.zeros],
        )

    def _sums(self, samples: tf.Tensor, weight: tf.Tensor) -> tuple[_Sums, list[_LayerSums]]:
        shapes = [(self.size, len(group), self._units[group[0]]) for group in self._alike]
        layers = [_LayerSums(*(*[tf.zeros(s, tf.int32)] * 4, tf.zeros(s), tf.zeros(s[:2]))) for s in shapes]
        sums = _Sums(tf.zeros((self.size,)), tf.zeros((self.size,)))
        for chunk in tf.range(tf.shape(samples)[0]):
            part_sums, parts = self._map(self._measure_row, samples[chunk], weight[chunk])
            sums = _added(sums, part_sums)
            layers = [_added(layer, part) for layer, part in zip(layers, parts, strict=True)]
        return sums, layers

    def inspect(self, samples: Samples) -> Inspection:
        """Gradients and output ranges, in inference mode, over each network's own samples."""
        work = 3 * self._pass * samples.n
        sums, low, high = self._costs.call("measure", work, self._inspect, samples.chunks, samples.weight)
        gradients = [value / samples.n for value in _unpacked(sums, self._trainable_shapes)]
        (*low, last_low), (*high, last_high) = low, high
        outputs = last_low.numpy()[:, 0], last_high.numpy()[:, 0]
        return Inspection(gradients, _by_layer(low), _by_layer(high), outputs)

    def _looks(self, samples: tf.Tensor, weight: tf.Tensor) -> tuple[list, list, list]:
        sums = [tf.zeros(matrix.shape) for matrix in self._trainable]
        shapes = [(self.size, len(group), self._units[group[0]]) for group in self._alike]
        shapes.append((self.size, 1, int(self.template.model.output.shape[-1])))
        low, high = ([tf.fill(shape, edge) for shape in shapes] for edge in (np.inf, -np.inf))
        for chunk in tf.range(tf.shape(samples)[0]):
            gradients, lows, highs = self._map(self._inspect_row, samples[chunk], weight[chunk])
            sums = [a + b for a, b in zip(sums, gradients, strict=True)]
            low = [tf.minimum(a, b) for a, b in zip(low, lows, strict=True)]
            high = [tf.maximum(a, b) for a, b in zip(high, highs, strict=True)]
        return sums, low, high

    def _map(self, function: Callable[[_Row, tf.Tensor], Any], samples: tf.Tensor, mask: tf.Tensor) -> Any:
        """A function of one network and a mask over its samples, applied to all networks."""
        return tf.vectorized_map(lambda row: function(row, mask), self._rows(samples), fallback_to_while_loop=False)

    def _rows(self, samples: tf.Tensor) -> _Row:
        """What one call of a vectorised function sees."""
        return _Row(
            [matrix.value for matrix in self._trainable],
            [matrix.value for matrix in self._state],
            self._shift.value(),
            self._scale.value(),
            {name: strength.value() for name, strength in self._strengths.items()},
            samples,
        )

    def _step(self, row: _Row, fresh: Batches | None) -> tuple[list, list, tf.Tensor]:
        """One network: gradient of the mean loss of a batch and its penalties, clipped; new state; mean loss."""
        if fresh is None:
            x, y = self._chosen(row)
        else:
            x, y = (tf.gather(values, row.samples[0]) for values in fresh)
            x = (x - row.shift) / row.scale
        with tf.GradientTape() as tape:
            tape.watch(row.trainable)
            probed, new_state = self._forward(row, x, training=True)
            loss = tf.reduce_mean(self._losses(y, probed.logits))
            if row.strengths:
                loss += self._penalty(row, probed)
        gradient = tape.gradient(loss, row.trainable)
        if self._clip_norm:
            norm = tf.sqrt(sum(tf.reduce_sum(tf.square(g)) for g in gradient))
            gradient, _ = tf.clip_by_global_norm(gradient, self._clip_norm, use_norm=norm)
        return gradient, [tf.reshape(value, [-1]) for value in new_state], loss

    def _chosen(self, row: _Row) -> tuple[tf.Tensor, tf.Tensor]:
        """Of one network's samples the inputs, scaled, and the targets."""
        x = (tf.gather(self._x.value(), row.samples) - row.shift) / row.scale
        return x, tf.gather(self._y.value(), row.samples)

    def _forward(self, row: _Row, x: tf.Tensor, training: bool) -> tuple[_Probed, list]:
        """One network on scaled inputs, and its state after that."""
        outputs, state = self.template.probe.stateless_call(
            _shaped(row.trainable, self._trainable_shapes),
            _shaped(row.state, self._state_shapes),
            x,
            training=training,
        )
        depth = len(self.template.activations)
        return _Probed(outputs[:depth], outputs[depth:-1], outputs[-1]), state

    def _penalty(self, row: _Row, probed: _Probed) -> tf.Tensor:
        """One network: strength times the squared entries, or for activity the summed abs(h) of a sample's mean."""
        total = 0.0
        for name, places in self.template.penalised.items():
            if name in row.strengths:
                total += row.strengths[name] * sum(tf.reduce_sum(tf.square(row.trainable[i])) for i in places)
        if "activity_penalty" in row.strengths:
            sizes = [tf.reduce_sum(tf.abs(h)) / tf.cast(tf.shape(h)[0], h.dtype) for h in probed.h]
            total += row.strengths["activity_penalty"] * sum(sizes)
        return total

    def _losses(self, y: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """Loss of each sample: squared error, or cross-entropy of the logits."""
        if self.template.regression:
            return tf.reduce_mean(tf.square(outputs - y[:, None]), axis=-1)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)

    def _measure_row(self, row: _Row, mask: tf.Tensor) -> tuple[_Sums, list[_LayerSums]]:
        """One network on one chunk."""
        x, y = self._chosen(row)
        probed, _ = self._forward(row, x, training=False)
        if self.template.regression:
            correct = tf.fill(tf.shape(y), np.nan)  # there is no accuracy
        else:
            correct = tf.cast(tf.equal(tf.argmax(probed.logits, axis=-1, output_type=tf.int32), y), tf.float32)
        sums = _Sums(tf.reduce_sum(self._losses(y, probed.logits) * mask), tf.reduce_sum(correct * mask))
        return sums, [self._measure_layers(group, row, probed, mask) for group in self._alike]

    def _measure_layers(self, group: Sequence[int], row: _Row, probed: _Probed, mask: tf.Tensor) -> _LayerSums:
        """Hidden layers of one shape of one network on one chunk; arrays (layers, samples, [positions,] units).

        Together, since XLA then compiles each operation once and not once a layer.
        """
        z, h = (tf.stack([values[place] for place in group]) for values in (probed.z, probed.h))
        slope = tf.abs(self._slopes(group, row, z))
        threshold, size, present = self.template.threshold, tf.abs(h), _like(mask, h)
        positions = list(range(2, len(h.shape) - 1))
        steepness = [slope > threshold * factor for factor in ((1, 10, 0.1) if threshold else (1,))]
        *active, opened = _counts([tf.reduce_any(true, axis=positions) for true in (*steepness, z > 0)], mask)
        if not threshold:  # piecewise linear: the same whatever the threshold
            active *= 3
        output = tf.reduce_sum(tf.where(mask[:, None] > 0, tf.reduce_mean(size, axis=positions), 0.0), axis=1)
        zeros = tf.reduce_sum(tf.cast(size < NEAR_ZERO, tf.float32) * present, axis=list(range(1, len(h.shape))))
        return _LayerSums(*(*active, opened, output, zeros / math.prod(h.shape[2:])))

    def _slopes(self, group: Sequence[int], row: _Row, z: tf.Tensor) -> tf.Tensor:
        """The derivatives of layers' activations, with the network's own values of what they learn."""
        layers = [self.template.activations[place] for place in group]
        if not layers[0].trainable_variables:
            return activations.derivative(layers[0], z)
        own = [
            [tf.reshape(row.trainable[i], self._trainable_shapes[i]) for i in self._learned[place]] for place in group
        ]
        return tf.stack([activations.derivative(*each) for each in zip(layers, tf.unstack(z), own, strict=True)])

    def _inspect_row(self, row: _Row, mask: tf.Tensor) -> tuple[list, list, list]:
        """One network on one chunk: gradient of the summed loss; smallest and largest h by group, and output."""
        x, y = self._chosen(row)
        with tf.GradientTape() as tape:
            tape.watch(row.trainable)
            probed, _ = self._forward(row, x, training=False)
            loss = tf.reduce_sum(self._losses(y, probed.logits) * mask)
        outputs = [tf.stack([probed.h[place] for place in group]) for group in self._alike] + [probed.logits[None]]
        pairs = [(_like(mask, h) > 0, h, list(range(1, len(h.shape) - 1))) for h in outputs]
        low = [tf.reduce_min(tf.where(present, h, np.inf), axis=axes) for present, h, axes in pairs]
        high = [tf.reduce_max(tf.where(present, h, -np.inf), axis=axes) for present, h, axes in pairs]
        return tape.gradient(loss, row.trainable), low, high


def _alike(shapes: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The places of layers, those of one shape that follow each other together."""
    groups: list[list[int]] = []
    for place, shape in enumerate(shapes):
        if groups and shapes[groups[-1][0]] == shape:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _by_layer(groups: Iterable[tf.Tensor]) -> list[np.ndarray]:
    """Values of groups of layers, each of shape (networks, layers, ...), as those of one layer after the other."""
    return [values[:, place] for values in map(np.asarray, groups) for place in range(values.shape[1])]


def _counts(conditions: Sequence[tf.Tensor], mask: tf.Tensor) -> list[tf.Tensor]:
    """On how many samples of a chunk each condition holds; shapes (layers, samples, units), counts (layers, units).

    A chunk has fewer than 128 samples, so four counts fit into one integer: one pass over memory in place of four.
    """
    weights = [128**place for place in range(len(conditions))]
    held = sum(tf.cast(true, tf.int32) * weight for true, weight in zip(conditions, weights, strict=True))
    totals = tf.reduce_sum(tf.where(mask[:, None] > 0, held, 0), axis=1)
    return [totals // weight % 128 for weight in weights]


def _added(one: Any, other: Any) -> Any:
    """The sums of two named tuples' fields."""
    return type(one)(*(a + b for a, b in zip(one, other, strict=True)))


def _like(mask: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """The mask over samples, ready to go with h of shape (layers, samples, ..., units)."""
    return tf.reshape(mask, [-1] + [1] * (len(h.shape) - 2))


def _slots(optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]) -> list[list[keras.Variable]]:
    """The optimiser's moments: each a list with one entry a variable."""
    shapes = [tuple(v.shape) for v in variables]
    lists = [value for name, value in vars(optimizer).items() if name != "_trainable_variables"]
    return [
        value
        for value in lists
        if isinstance(value, list) and value and [tuple(getattr(v, "shape", (-1,))) for v in value] == shapes
    ]


def _shaped(values: Iterable[tf.Tensor], shapes: Sequence[tuple[int, ...]]) -> list[tf.Tensor]:
    return [tf.reshape(value, shape) for value, shape in zip(values, shapes, strict=True)]


def _unpacked(matrices: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Matrices of shape (networks, entries) as arrays, each of shape (networks, *shape)."""
    pairs = zip(matrices, shapes, strict=True)
    return [matrix.numpy().reshape(matrix.shape[0], *shape) for matrix, shape in pairs]
