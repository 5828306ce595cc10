"""What is measured of a population on its way, and how it becomes the columns of tables.

Arrays start with the network; a diverged network has no counts: they are missing, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dying_relu.design.course import Course
from dying_relu.engine import activity, causes, definitions
from dying_relu.engine.models import Template
from dying_relu.engine.population import Inspection, Measurement, Moved

Columns = dict[str, Any]  # of a table: arrays of shape (networks,), or one value for all
WEIGHTS = ("unit_weight", "unit_weight_norm", "unit_bias", "output_weight", "output_bias")  # of a single hidden unit


@dataclass(frozen=True)
class Moment:
    """What is measured at one moment.

    Attributes:
        step: optimiser steps taken.
        finite: whether each network has been finite so far.
        counts: for each hidden layer columns of the table of activity.
        curves: columns of the table of history.
        path: columns of the table of trajectories, of networks of a single hidden unit.
    """

    step: int
    finite: np.ndarray
    counts: list[dict[str, np.ndarray]]
    curves: dict[str, np.ndarray]
    path: dict[str, np.ndarray] | None

    def known(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Values of finite networks; missing for the others."""
        return {key: np.where(self.finite, value, np.nan) for key, value in values.items()}


class Record:
    """What is measured of one population, moment by moment.

    Attributes:
        template: of the stage that it is in.
        n_samples: of the training set.
        layers, causes: pieces of the tables of these names.
    """

    def __init__(self, course: Course, template: Template, n_samples: int) -> None:
        self.course = course
        self.template = template
        self.n_samples = n_samples
        self.moments: list[Moment] = []
        self.layers: list[Columns] = []
        self.causes: list[Columns] = []
        self._trackers = [activity.Tracker() for _ in template.activations]
        self._before_last_epoch: list[np.ndarray] | None = None

    def begin_recovery(self) -> None:
        """From now on the units that are dead now are followed; see `activity.Tracker`."""
        for tracker in self._trackers:
            tracker.begin_recovery()

    def mark_last_epoch(self) -> None:
        """The last epoch begins at this moment."""
        self._before_last_epoch = self.now.n_active

    def add(self, step: int, now: Measurement, weights: list[np.ndarray], change: np.ndarray, ok: np.ndarray) -> None:
        """Note a moment.

        Args:
            change: of the weights since the moment before, root mean square, shape (networks,).
            ok: whether all batch losses of a network so far were finite.
        """
        since = step - self.moments[-1].step if self.moments else 1
        finite = ok & np.isfinite(change / since) & np.isfinite(now.loss)
        if self.moments:
            finite &= self.moments[-1].finite
        self.now = now
        counts = [self._counts(layer, now, weights) for layer in range(len(self._trackers))]
        curves = _floats({"train_loss": now.loss, "train_accuracy": now.accuracy, "update_rms": change / since})
        path = None
        if len(now.n_active) == 1 and now.n_active[0].shape[1] == 1:
            rate = now.n_active[0][:, 0] / self.n_samples
            path = _floats(_single_unit(self.template, weights) | {"activity_rate": rate})
        self.moments.append(Moment(step, finite, counts, curves, path))

    def _counts(self, layer: int, now: Measurement, weights: list[np.ndarray]) -> dict[str, np.ndarray]:
        n_active, biases = now.n_active[layer], self._biases(layer, weights)
        displaced = None if biases is None else biases != 0
        counts = self._trackers[layer].record(
            n_active, now.n_open[layer], now.mean_output[layer], self.n_samples, displaced
        )
        return counts | {
            "n_dead_strict": activity.is_dead(now.n_active_strict[layer]).sum(axis=1),
            "n_dead_lenient": activity.is_dead(now.n_active_lenient[layer]).sum(axis=1),
            "activity_rate": n_active.mean(axis=1) / self.n_samples,
            "zero_share": now.zero_share[layer],
        }

    def _biases(self, layer: int, weights: list[np.ndarray]) -> np.ndarray | None:
        """The bias of each unit of a hidden layer, shape (networks, units), if it has any."""
        n_units, biases = self.now.n_active[layer].shape[1], self.template.penalised["bias_decay"]
        own = [weights[i].reshape(-1, n_units) for i in self.template.incoming[layer] if i in biases]
        return own[0] if own else None

    @property
    def after_one_step(self) -> bool:
        """Whether the last moment is one step after the one before it."""
        return len(self.moments) > 1 and self.moments[-1].step - self.moments[-2].step == 1

    @property
    def anything_happened(self) -> bool:
        """Whether since the moment before any unit of a network that is finite died or came back."""
        finite = self.moments[-1].finite[:, None]
        return any(((tracker.just_died | tracker.just_revived) & finite).any() for tracker in self._trackers)

    def attribute(self, moved: Sequence[Moved]) -> None:
        """Note which part of the last step did what happened in it.

        Args:
            moved: of each hidden layer; see `Population.compare`.
        """
        moment = self.moments[-1]
        for layer, (tracker, found) in enumerate(zip(self._trackers, moved, strict=True), start=1):
            alive = dict(zip(causes.mixtures(), np.moveaxis(found.alive, 1, 0), strict=True))
            dead = {mixture: ~units for mixture, units in alive.items()}
            sizes = dict(zip(causes.MOVED, found.squares.T, strict=True))
            for event, units, happened in zip(
                causes.EVENTS, (tracker.just_died, tracker.just_revived), (dead, alive), strict=True
            ):
                counted = _floats(causes.counts(units, happened) | sizes)
                self.causes.append(self._at(moment.step, layer) | {"event": event} | moment.known(counted))

    @property
    def diverged(self) -> np.ndarray:
        return ~self.moments[-1].finite

    @property
    def died(self) -> list[np.ndarray]:
        """For each layer the units of finite networks that are dead now and were not at first, bool."""
        return [tracker.died & ~self.diverged[:, None] for tracker in self._trackers]

    def outcome(self, test: Measurement, pruned_loss: np.ndarray | None = None) -> Columns:
        """Columns of the table of networks.

        Args:
            test: at the end, on the test samples.
            pruned_loss: at the end, on the training samples, without what dead units put out; shape (networks,).
        """
        n_units = sum(active.shape[1] for active in self.now.n_active)
        finite = np.stack([moment.finite for moment in self.moments])
        steps = np.array([moment.step for moment in self.moments], float)
        last, first = (
            sum(layer["n_dead"] for layer in moment.counts) / n_units for moment in (self.moments[-1], self.moments[0])
        )
        measured = {
            "train_loss": self.now.loss,
            "test_loss": test.loss,
            "train_accuracy": self.now.accuracy,
            "test_accuracy": test.accuracy,
            "dead_fraction": last,
            "pruned_loss": np.full(len(last), np.nan) if pruned_loss is None else pruned_loss,
        }
        return {
            "diverged": self.diverged,
            "diverged_step": np.where(finite.all(axis=0), np.nan, steps[np.argmin(finite, axis=0)]),
            **self.moments[-1].known(_floats(measured)),
            "born_dead_fraction": first,
        }

    def activity(self) -> list[Columns]:
        """For each planned moment and layer the columns of the table of activity."""
        return [
            self._at(step, layer) | {"n_units": self.now.n_active[layer - 1].shape[1]} | moment.known(counts)
            for step, moment in self._planned()
            for layer, counts in enumerate(moment.counts, start=1)
        ]

    def history(self) -> list[Columns]:
        """For each planned moment the columns of the table of history."""
        return [self._at(step) | moment.known(moment.curves) for step, moment in self._planned()]

    def trajectory(self) -> list[Columns]:
        """For each moment until divergence the columns of the table of trajectories; none for larger networks."""
        return [self._at(moment.step) | moment.known(moment.path) for moment in self.moments if moment.path is not None]

    def _planned(self) -> list[tuple[int, Moment]]:
        """Each planned step with what is known of it: where all diverged before, the last moment, without counts."""
        late = [self.moments[-1]] * (len(self.course.moments) - len(self.moments))
        return list(zip(self.course.moments, [*self.moments, *late], strict=True))

    def _at(self, step: int, layer: int | None = None) -> Columns:
        place = {"step": step, "epoch": step / self.course.steps}
        return place if layer is None else place | {"layer": layer}

    def inspect(self, inspection: Inspection) -> None:
        """Note each layer's columns of the table of layers at this moment."""
        for layer, incoming in enumerate(self.template.incoming):
            smallest, largest = inspection.smallest[layer], inspection.largest[layer]
            gradient = norm_by_unit([inspection.gradients[i] for i in incoming], largest.shape[1])
            values = {
                "gradient_norm": np.sqrt((gradient**2).sum(axis=1)),
                "largest": np.maximum(largest, -smallest).max(axis=1),
                "mean_output": self.now.mean_output[layer].mean(axis=1),
                "zero_share": self.now.zero_share[layer],
            }
            moment = self.moments[-1]
            self.layers.append(self._at(moment.step, layer + 1) | moment.known(_floats(values)))

    def shifted(self, shift: str, there: Measurement) -> list[Columns]:
        """For each layer the columns of the table of shifted test samples: dead units here, there, and in both."""
        pieces = []
        for layer, (here, other) in enumerate(zip(self.now.n_active, there.n_active, strict=True), start=1):
            dead, dead_there = activity.is_dead(here), activity.is_dead(other)
            masks = {"n_dead": dead, "n_dead_shifted": dead_there, "n_dead_both": dead & dead_there}
            values = {name: mask.sum(axis=1) for name, mask in masks.items()} | {"shifted_accuracy": there.accuracy}
            fixed: Columns = {"test_shift": shift, "layer": layer, "n_units": here.shape[1]}
            pieces.append(fixed | self.moments[-1].known(_floats(values)))
        return pieces

    def definitions(self, elsewhere: Mapping[str, Measurement], n_test: int, final: Inspection) -> list[Columns]:
        """For each layer and definition the columns of the table of definitions, at this moment.

        Args:
            elsewhere: by name, what is measured on samples other than the training set.
            n_test: samples of the test set.
        """
        pieces, batch_size = [], self.course.settings.batch_size
        for layer, incoming in enumerate(self.template.incoming):
            n_active, mean_output = self.now.n_active[layer], self.now.mean_output[layer]
            gradient = norm_by_unit([final.gradients[i] for i in incoming], n_active.shape[1])
            called = {
                **{name: activity.is_dead(there.n_active[layer]) for name, there in elsewhere.items()},
                **definitions.by_activity(n_active, mean_output, self.n_samples, batch_size, n_test),
                "frozen": gradient == 0,
            }
            dead = activity.is_dead(n_active)
            pieces += [self._called(name, layer + 1, units, dead) for name, units in called.items()]
        constant = definitions.is_constant(*final.outputs)[:, None]
        whole = [activity.is_dead(units).all(axis=1) for units in self.now.n_active]
        silent = np.asarray(np.stack(whole, axis=1).any(axis=1, keepdims=True))
        return [*pieces, self._called(definitions.COLLAPSED, 0, constant, silent)]

    def _called(self, name: str, layer: int, called: np.ndarray, dead: np.ndarray) -> Columns:
        """How many units are dead by a definition, by the project's, and by both; shapes (networks, units)."""
        both = np.where(dead, called, 0).sum(axis=1)
        values = {"n": called.sum(axis=1), "n_dead": dead.sum(axis=1), "n_both": np.round(both)}
        fixed: Columns = {"definition": name, "layer": layer, "n_units": called.shape[1]}
        return fixed | self.moments[-1].known(_floats(values))

    def units(
        self,
        final: Inspection,
        weights: list[np.ndarray],
        movement: list[np.ndarray],
        revived: Mapping[str, list[np.ndarray]] | None,
    ) -> list[Columns]:
        """For each layer and status the columns of the table of units.

        Args:
            weights: each trainable variable.
            movement: of each trainable variable over the last epoch.
            revived: for ``bias`` and ``weights``, and each layer, the units active with that part put back; bool.
        """
        pieces = []
        died_by_layer, before = self.died, self._before_last_epoch or self.now.n_active
        for layer, incoming in enumerate(self.template.incoming):
            n_units = self.now.n_active[layer].shape[1]
            values = {
                "gradient": norm_by_unit([final.gradients[i] for i in incoming], n_units),
                "output_range": final.largest[layer] - final.smallest[layer],
                "movement": norm_by_unit([movement[i] for i in incoming], n_units),
            }
            earlier = activity.status(before[layer], self.n_samples)
            biases = self._biases(layer, weights)
            for status, mask in activity.status(self.now.n_active[layer], self.n_samples).items():
                mask = mask & ~self.diverged[:, None]
                mask_before = earlier[status] & ~self.diverged[:, None]
                columns: Columns = {"layer": layer + 1, "status": status, "n_units": mask.sum(axis=1)}
                for name, value in values.items():
                    columns |= {f"{name}_max": _largest(value, mask), f"{name}_mean": _mean(value, mask)}
                columns["n_units_before"] = mask_before.sum(axis=1)
                columns["movement_before_mean"] = _mean(values["movement"], mask_before)
                died = died_by_layer[layer] & mask
                columns["n_died"] = died.sum(axis=1)
                positive = np.full(len(mask), np.nan) if biases is None else (mask & (biases > 0)).sum(axis=1)
                columns["n_bias_positive"] = positive
                for part in ("bias", "weights"):
                    active = None if revived is None else (died & revived[part][layer]).sum(axis=1)
                    columns[f"n_active_{part}_put_back"] = np.full(len(mask), np.nan) if active is None else active
                pieces.append(columns)
        return pieces


def _floats(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Values in double precision."""
    return {key: value.astype(float) for key, value in values.items()}


def _largest(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Of each network the largest value where a mask of the same shape is true, missing where it never is."""
    return np.where(mask.any(axis=1), np.where(mask, values, -np.inf).max(axis=1), np.nan)


def _mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Of each network the mean where a mask of the same shape is true, missing where it never is."""
    return np.where(mask, values, 0).sum(axis=1) / np.where(mask.any(axis=1), mask.sum(axis=1), np.nan)


def _single_unit(template: Template, weights: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Weights of networks of one hidden unit, shape (networks,); missing where a network has no such weight."""
    missing = np.full(len(weights[0]), np.nan)
    values = dict.fromkeys(WEIGHTS, missing)
    kernels, biases = template.penalised["weight_decay"], template.penalised["bias_decay"]
    for place, value in enumerate(weights):
        flat = value.reshape(len(missing), -1)
        if place in template.incoming[0]:
            if place in kernels:
                values["unit_weight_norm"] = np.linalg.norm(flat, axis=1)
                values["unit_weight"] = flat[:, 0] if flat.shape[1] == 1 else missing
            elif place in biases:
                values["unit_bias"] = flat[:, 0]
        elif place in kernels:
            values["output_weight"] = flat[:, 0]
        elif template.parts[place] == "bias":
            values["output_bias"] = flat[:, 0]
    return values


def norm_by_unit(values: Sequence[np.ndarray], n_units: int) -> np.ndarray:
    """Euclidean norm over everything but network and unit (the last axes), shape (networks, units)."""
    squares = [(value.astype(float) ** 2).reshape(len(value), -1, n_units).sum(axis=1) for value in values]
    return np.sqrt(sum(squares))


def rms_change(before: list[np.ndarray], after: list[np.ndarray]) -> np.ndarray:
    """Root mean square change over all weights of each network, shape (networks,)."""
    pairs = zip(before, after, strict=True)
    squares = [np.square(b - a).reshape(len(a), -1).sum(axis=1, dtype=float) for a, b in pairs]
    return np.sqrt(sum(squares) / sum(value[0].size for value in before))
