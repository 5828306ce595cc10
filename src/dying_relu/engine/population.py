"""The engine: many networks of one graph trained at once, each in its own row.

A population keeps one matrix for each variable of an ordinary Keras model, one row a network. One
network's step is ``model.stateless_call`` on its own row inside ``tf.vectorized_map``; one stock Keras
optimiser updates the matrices, with a learning rate of shape (networks, 1), so every row has its own.
The rules of the catalogue's optimisers act elementwise, hence rows never mix, and a row taken out *is*
the ordinary Keras model. Epochs run compiled, gathering batches by index from a constant table.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from dying_relu.design.catalogue import OPTIMIZERS
from dying_relu.engine import activations, causes, models
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


class Moved(NamedTuple):
    """What becomes of a hidden layer if only some parts of a step are taken; see `engine.causes`.

    Attributes:
        alive: whether each unit is active on some sample, for each of `causes.mixtures`; bool, shape (networks,
            mixtures, units).
        squares: mean square change of z over units and samples, if only the inputs move, only weights and biases, and
            all; shape (networks, 3).
    """

    alive: np.ndarray
    squares: np.ndarray


_JOINED = tf.logical_or, operator.add  # how what `Moved` holds is put together over samples


class Samples(NamedTuple):
    """Each network's own samples, ready for passes over them; see `Population.samples`.

    Attributes:
        chunks: their indices, int32, shape (chunks, networks, CHUNK).
        weight: 1, or 0 for padding, shape (chunks, CHUNK).
        stop: the first chunk of padding alone: passes end before it.
        n: samples of a network.
    """

    chunks: tf.Tensor
    weight: tf.Tensor
    stop: tf.Tensor
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
        strengths: its own of `design.course.STRENGTHS` by name, scalars.
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
        strengths: names of those of `design.course.STRENGTHS` that the networks have; see `reset`.
        decoupled_biases: whether decoupled decay, if there is any, is of biases too.
        costs: where the time is counted.
        xla: whether XLA compiles the graphs: faster from some thousands of steps on, and rounded otherwise.
        frozen: hidden layers, counted from the input, that no step moves.
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
        strengths: Sequence[str] = (),
        decoupled_biases: bool = True,
        costs: Costs | None = None,
        xla: bool = True,
        frozen: int = 0,
    ) -> None:
        self._advance, self._measure, self._inspect, self._compare = (
            tf.function(function, jit_compile=xla, autograph=False)  # reading Keras's code would cost a second a graph
            for function in (self._steps, self._sums, self._looks, self._mixed)
        )
        self._segments: list[models.Segment] = []  # made when first asked for
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
        self._strengths = {name: tf.Variable(tf.zeros(size)) for name in strengths}
        # clipping by norm is of each row, so it happens to each network's gradient, not in the optimiser
        self._clip_norm = OPTIMIZERS[optimizer].config.get("global_clipnorm")
        changes: dict[str, object] = {"global_clipnorm": None} if self._clip_norm else {}
        if "decoupled_decay" in self._strengths:  # of shape (networks, 1), as the rates are
            changes["weight_decay"] = self._decay = tf.Variable(tf.zeros((size, 1)))
        self._optimizer = models.optimizer(optimizer, _RowRates(self._rates), **changes)
        if not decoupled_biases:
            self._optimizer.exclude_from_weight_decay(models.undecayed(template, self._trainable))
        self._optimizer.build(self._trainable)
        place = {id(v): i for i, v in enumerate(template.model.trainable_variables)}
        self._learned = [[place[id(v)] for v in layer.trainable_variables] for layer in template.activations]
        self._held = {i for incoming in template.incoming[:frozen] for i in incoming}
        self._units = [int(layer.output.shape[-1]) for layer in template.activations]
        self._alike = _alike([tuple(layer.output.shape[1:]) for layer in template.activations])

    def _matrix(self, shape: tuple[int, ...]) -> keras.Variable:
        return keras.Variable(np.zeros((self.size, int(np.prod(shape))), np.float32))

    def reset(
        self,
        weights: Sequence[Sequence[np.ndarray]],
        learning_rates: Sequence[float],
        affines: Sequence[tuple[np.ndarray, np.ndarray]],
        strengths: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Start anew.

        Args: for each network
            weights: as ``model.variables``.
            learning_rates, affines: its rate, and (shift, scale) of its inputs.
            strengths: by name.
        """
        model = self.template.model
        position = {id(v): i for i, v in enumerate(model.variables)}
        for matrices, variables in (
            (self._trainable, model.trainable_variables),
            (self._state, model.non_trainable_variables),
        ):
            for matrix, variable in zip(matrices, variables, strict=True):
                matrix.assign(np.stack([row[position[id(variable)]].ravel() for row in weights]))
        self.set_rates(learning_rates, strengths)
        self._shift.assign(np.stack([shift for shift, _ in affines]))
        self._scale.assign(np.stack([scale for _, scale in affines]))
        for variable in self._optimizer.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    def set_rates(
        self, learning_rates: Sequence[float], strengths: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Give each network its learning rate and what else it has of its own."""
        self._rates.assign(np.asarray(learning_rates, np.float32)[:, None])
        for name, strength in self._strengths.items():
            strength.assign(np.asarray((strengths or {})[name], np.float32))
        if "decoupled_decay" in self._strengths:
            self._decay.assign(self._strengths["decoupled_decay"][:, None])

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
        def taken(step: tf.Tensor, finite: tf.Tensor) -> tf.Tensor:
            gradients, state, losses = tf.vectorized_map(
                lambda row: self._step(row, fresh), self._rows(order[step]), fallback_to_while_loop=False
            )
            self._optimizer.apply(gradients, self._trainable)
            for matrix, value in zip(self._state, state, strict=True):
                matrix.assign(value)
            return finite & tf.math.is_finite(losses)

        return _repeated(taken, start, stop, tf.ones((self.size,), tf.bool))

    def samples(self, places: np.ndarray) -> Samples:
        """Each network's own samples, from their indices in the data set, int32, shape (networks, n)."""
        networks, n = places.shape
        length = self._n_chunks * CHUNK
        padded = np.pad(places, ((0, 0), (0, length - n)), mode="edge")
        weight = (np.arange(length) < n).astype(np.float32).reshape(-1, CHUNK)
        chunks = tf.constant(padded.reshape(networks, -1, CHUNK).swapaxes(0, 1))
        return Samples(chunks, tf.constant(weight), tf.constant(-(-n // CHUNK)), n)

    def measure(self, samples: Samples) -> Measurement:
        """Forward pass, in inference mode, over each network's own samples."""
        n = samples.n
        sums, layers = self._costs.call("measure", self._pass * n, self._measure, *samples[:3])
        found = _LayerSums(*(_by_layer(parts) for parts in zip(*layers, strict=True)))
        return Measurement(
            sums.loss.numpy() / n,
            sums.correct.numpy() / n,
            *(found.active, found.active_strict, found.active_lenient, found.open),
            [total / n for total in found.output],
            [total / n for total in found.zeros],
        )

    def _sums(self, samples: tf.Tensor, weight: tf.Tensor, stop: tf.Tensor) -> tuple[_Sums, list[_LayerSums]]:
        shapes = [(self.size, len(group), self._units[group[0]]) for group in self._alike]
        layers = [_LayerSums(*(*[tf.zeros(s, tf.int32)] * 4, tf.zeros(s), tf.zeros(s[:2]))) for s in shapes]
        sums = _Sums(tf.zeros((self.size,)), tf.zeros((self.size,)))

        def added(chunk: tf.Tensor, so_far: tuple[_Sums, list[_LayerSums]]) -> tuple[_Sums, list[_LayerSums]]:
            sums, parts = self._map(self._measure_row, samples[chunk], weight[chunk])
            return _added(so_far[0], sums), [_added(*pair) for pair in zip(so_far[1], parts, strict=True)]

        return _repeated(added, tf.constant(0), stop, (sums, layers))

    def inspect(self, samples: Samples) -> Inspection:
        """Gradients and output ranges, in inference mode, over each network's own samples."""
        work = 3 * self._pass * samples.n
        sums, low, high = self._costs.call("measure", work, self._inspect, *samples[:3])
        gradients = [value / samples.n for value in _unpacked(sums, self._trainable_shapes)]
        (*low, last_low), (*high, last_high) = low, high
        outputs = last_low.numpy()[:, 0], last_high.numpy()[:, 0]
        return Inspection(gradients, _by_layer(low), _by_layer(high), outputs)

    def _looks(self, samples: tf.Tensor, weight: tf.Tensor, stop: tf.Tensor) -> tuple[list, list, list]:
        sums = [tf.zeros(matrix.shape) for matrix in self._trainable]
        shapes = [(self.size, len(group), self._units[group[0]]) for group in self._alike]
        shapes.append((self.size, 1, int(self.template.model.output.shape[-1])))
        low, high = ([tf.fill(shape, edge) for shape in shapes] for edge in (np.inf, -np.inf))

        def seen(chunk: tf.Tensor, so_far: tuple[list, list, list]) -> tuple[list, list, list]:
            found = self._map(self._inspect_row, samples[chunk], weight[chunk])
            joined = zip((operator.add, tf.minimum, tf.maximum), so_far, found, strict=True)
            sums, low, high = ([join(*each) for each in zip(*pair, strict=True)] for join, *pair in joined)
            return sums, low, high

        return _repeated(seen, tf.constant(0), stop, (sums, low, high))

    def compare(self, before: Sequence[np.ndarray], samples: Samples) -> list[Moved]:
        """For each hidden layer what becomes of it if only some parts of a step are taken, over own samples.

        Args:
            before: the weights before the step, as `weights` gives them; those of now are after it.
        """
        if not self._segments:
            self._segments = models.segments(self.template)
        old = [tf.constant(value.reshape(self.size, -1)) for value in before]
        work = 5 * self._pass * samples.n
        alive, squares = self._costs.call("measure", work, self._compare, *samples[:3], old)
        return [Moved(a.numpy(), s.numpy() / samples.n) for a, s in zip(alive, squares, strict=True)]

    def _mixed(self, samples: tf.Tensor, weight: tf.Tensor, stop: tf.Tensor, old: list[tf.Tensor]) -> tuple[list, list]:
        n = len(causes.mixtures())
        alive = [tf.zeros((self.size, n, units), tf.bool) for units in self._units]
        squares = [tf.zeros((self.size, len(causes.MOVED))) for _ in self._units]

        def seen(chunk: tf.Tensor, so_far: tuple[list, list]) -> tuple[list, list]:
            found = tf.vectorized_map(
                lambda pair: self._compare_row(pair[0], pair[1], weight[chunk]),
                (self._rows(samples[chunk]), old),
                fallback_to_while_loop=False,
            )
            alive, squares = (list(map(join, *pair)) for join, *pair in zip(_JOINED, so_far, found, strict=True))
            return alive, squares

        return _repeated(seen, tf.constant(0), stop, (alive, squares))

    def _compare_row(self, row: _Row, old: Sequence[tf.Tensor], mask: tf.Tensor) -> tuple[list, list]:
        """One network on one chunk: of each hidden layer which units are active, and summed squared changes of z."""
        x, _ = self._chosen(row)
        rows = row._replace(trainable=old), row
        inputs = [[x, *self._forward(each, x, training=False)[0].h] for each in rows]
        active, squares = [], []
        for place, segment in enumerate(self._segments):
            z = {m: self._segment(segment, rows, inputs[m[0]][place], m) for m in causes.mixtures()}
            outputs = self.template.activations[place]
            slopes = [self._slopes([place], row, v[None], outputs(v)[None])[0] for v in z.values()]
            steep = [tf.abs(slope) > self.template.threshold for slope in slopes]
            present = _like(mask, z[0, 0, 0][None]) > 0
            samples = list(range(len(z[0, 0, 0].shape) - 1))
            active.append(tf.stack([tf.reduce_any(true & present, axis=samples) for true in steep]))
            changes = [tf.square(z[m] - z[0, 0, 0]) for m in ((1, 0, 0), (0, 1, 1), (1, 1, 1))]
            size = math.prod(z[0, 0, 0].shape[1:])
            squares.append(tf.stack([tf.reduce_sum(tf.where(present, c, 0.0)) / size for c in changes]))
        return active, squares

    def _segment(
        self, segment: models.Segment, rows: tuple[_Row, _Row], inputs: tf.Tensor, mixture: tuple[int, ...]
    ) -> tf.Tensor:
        """The pre-activation of a layer from given inputs, its weights and its bias each of one of two rows."""
        part = dict(zip(causes.PARTS, mixture, strict=True))
        values = [
            tf.reshape(rows[part[self.template.parts[i]]].trainable[i], self._trainable_shapes[i])
            for i in segment.trainable
        ]
        return segment.model.stateless_call(values, [], inputs, training=False)[0]

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
            x, y = (x - row.shift) / row.scale, self._targets(row, y)
        with tf.GradientTape() as tape:
            tape.watch(row.trainable)
            probed, new_state = self._forward(row, x, training=True)
            loss = tf.reduce_mean(self._losses(y, probed.logits))
            loss += self._penalty(row, probed)
        gradient = tape.gradient(loss, row.trainable)
        gradient = [tf.zeros_like(g) if i in self._held else g for i, g in enumerate(gradient)]
        if self._clip_norm:
            norm = tf.sqrt(sum(tf.reduce_sum(tf.square(g)) for g in gradient))
            gradient, _ = tf.clip_by_global_norm(gradient, self._clip_norm, use_norm=norm)
        return gradient, [tf.reshape(value, [-1]) for value in new_state], loss

    def _chosen(self, row: _Row) -> tuple[tf.Tensor, tf.Tensor]:
        """Of one network's samples the inputs, scaled, and the targets."""
        x = (tf.gather(self._x.value(), row.samples) - row.shift) / row.scale
        return x, self._targets(row, tf.gather(self._y.value(), row.samples))

    def _targets(self, row: _Row, y: tf.Tensor) -> tf.Tensor:
        """The targets of one network: those of a regression times its scale of them."""
        return y * row.strengths["target_scale"] if "target_scale" in row.strengths else y

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

    def _penalty(self, row: _Row, probed: _Probed) -> tf.Tensor | float:
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
        slope = tf.abs(self._slopes(group, row, z, h))
        threshold, size, present = self.template.threshold, tf.abs(h), _like(mask, h)
        positions = list(range(2, len(h.shape) - 1))
        steepness = [slope > threshold * factor for factor in ((1, 10, 0.1) if threshold else (1,))]
        *active, opened = _counts([tf.reduce_any(true, axis=positions) for true in (*steepness, z > 0)], mask)
        if not threshold:  # piecewise linear: the same whatever the threshold
            active *= 3
        output = tf.reduce_sum(tf.where(mask[:, None] > 0, tf.reduce_mean(size, axis=positions), 0.0), axis=1)
        zeros = tf.reduce_sum(tf.cast(size < NEAR_ZERO, tf.float32) * present, axis=list(range(1, len(h.shape))))
        return _LayerSums(*(*active, opened, output, zeros / math.prod(h.shape[2:])))

    def _slopes(self, group: Sequence[int], row: _Row, z: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        """The derivatives of layers' activations, with the network's own values of what they learn."""
        layers = [self.template.activations[place] for place in group]
        if isinstance(layers[0], activations.KWinners):
            return tf.cast(h > 0, h.dtype)  # who wins need not be counted again
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


def _repeated(body: Callable[[tf.Tensor, Any], Any], start: tf.Tensor, stop: tf.Tensor, values: Any) -> Any:
    """What becomes of values that a body takes, with each number from start to before stop, and gives anew.

    The numbers are no range, whose bounds XLA takes for constants to compile anew for.
    """
    return tf.while_loop(lambda i, _: i < stop, lambda i, now: (i + 1, body(i, now)), (start, values))[1]


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
