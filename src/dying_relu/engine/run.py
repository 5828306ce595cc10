"""One population going through its course: trained, treated, and measured at the planned moments."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dying_relu.design.course import STRENGTHS, Network
from dying_relu.engine import activity, batches, definitions, interventions, models
from dying_relu.engine.batches import Outlier
from dying_relu.engine.datasets import Data
from dying_relu.engine.interventions import Changed, Weights
from dying_relu.engine.population import Batches, Inspection, Measurement
from dying_relu.engine.record import Columns, Record, rms_change
from dying_relu.engine.setup import Setup


class Marks(NamedTuple):
    """Weights at earlier moments: at first, at the last measurement, and at the start of the last epoch."""

    first: Weights
    before: Weights
    last_epoch: Weights


class Run:
    """Networks trained side by side, at most as many as their course has rows; copies of the last fill it up.

    Attributes:
        population: of the stage they are in.
        places: of the training samples of each, in the data set; int32, shape (networks, samples).
        seen, tested: what each is trained and measured on, and tested on.
    """

    def __init__(self, setup: Setup, networks: Sequence[Network]) -> None:
        self.setup, self.course = setup, setup.course
        self.networks = [*networks, *[networks[-1]] * (setup.course.rows - len(networks))]
        self._enter(0, [setup.weights(network) for network in self.networks])
        self.record = Record(self.course, self.population.template, self.seen.n)
        self.marks = Marks(*[self.population.weights()] * 3)
        self.treated = False  # since the last moment

    def tables(self) -> dict[str, list[Columns]]:
        """Train the networks; gives the columns of each table, piece by piece."""
        for step, finite in self._segments():
            self._measure(step, finite)
            if self.record.diverged.all():
                break
        asked, tested = self.course.measure.tables, self.population.measure(self.tested)
        outcome = self.record.outcome(tested, self._pruned_loss())
        inspection = self.population.inspect(self.seen) if asked["units"] or asked["definitions"] else None
        return {
            "networks": [outcome],
            "activity": self.record.activity(),
            "history": self.record.history(),
            "units": self._units(inspection) if inspection and asked["units"] else [],
            "causes": self.record.causes,
            "layers": self.record.layers,
            **self._beside_others(tested, inspection),
            "trajectory": self.record.trajectory(),
        }

    def _units(self, inspection: Inspection) -> list[Columns]:
        """Pieces of the table of units."""
        last = self.population.weights()
        movement = [b - a for a, b in zip(self.marks.last_epoch, last, strict=True)]
        revived = self._revived_by_putting_back(last) if self.course.measure.parts else None
        return self.record.units(inspection, last, movement, revived)

    def _segments(self) -> Iterator[tuple[int, np.ndarray]]:
        """Train from each measured moment to the next; gives (step, all batch losses so far finite)."""
        finite = np.ones(len(self.networks), bool)
        yield 0, finite
        steps = self.course.steps
        for epoch in range(self.course.settings.epochs):
            changes = epoch == self.course.change
            self._treat(epoch)
            order, fresh = self._order(epoch)
            first = start = epoch * steps
            for stop in [*(m for m in self.course.moments if first < m < first + steps), first + steps]:
                before = self.population.weights() if changes and start == first else None
                finite = finite & self.population.advance(order, start - first, stop - first, fresh)
                if before is not None:
                    self._put_back(before)
                start = stop
                if stop in self.course.moments:
                    yield stop, finite

    def _measure(self, step: int, finite: np.ndarray) -> None:
        course, weights = self.course, self.population.weights()
        change = rms_change(self.marks.before, weights)
        self.record.template = self.population.template
        self.record.add(step, self.population.measure(self.seen), weights, change, finite)
        if self._one_plain_step() and (step == 1 or self.record.anything_happened):
            self.record.attribute(self.population.compare(self.marks.before, self.seen))
        self.marks, self.treated = self.marks._replace(before=weights), False
        if step == course.last_step - course.steps:
            self.marks = self.marks._replace(last_epoch=weights)
            self.record.mark_last_epoch()
        looked_into = course.measure.layers and step in (0, course.steps, course.last_step)
        if looked_into and not self.record.diverged.all():
            self.record.inspect(self.population.inspect(self.seen))

    def _one_plain_step(self) -> bool:
        """Whether it is asked what did what, and since the last moment one step moved weights and biases alone."""
        plain = not self.treated and not self.population.template.model.non_trainable_variables
        return self.course.measure.causes and plain and self.record.after_one_step

    def _enter(self, stage: int, variables: list[list[np.ndarray]]) -> None:
        """Go on with the population of a stage, from given variables."""
        self.population = self.setup.populations[stage]
        rates, strengths = self._rates(stage)
        self.population.reset(variables, rates, [self.setup.affine(network) for network in self.networks], strengths)
        self._see(stage)

    def _rates(self, stage: int) -> tuple[list[float], dict[str, list[float]]]:
        """Learning rates, and `STRENGTHS`, of a stage."""
        settings = [network.course.stages[stage].settings for network in self.networks]
        strengths = {name: [getattr(s, name) for s in settings] for name in STRENGTHS}
        return [s.learning_rate for s in settings], strengths

    def _see(self, stage: int) -> None:
        """From now on train and measure on the data of a stage."""
        self.stage = self.course.stages[stage]
        self._shift(self.stage.settings.shift)
        y, portion = self.setup.data.y, self.stage.settings.portion
        splits = [batches.of_portion(y, self.setup.split(network.seed), portion) for network in self.networks]
        self.places, tested = map(np.stack, zip(*splits, strict=True))
        self.seen, self.tested = self.population.samples(self.places), self.population.samples(tested)

    def _shift(self, shift: str) -> None:
        if self.population.shift != shift:
            self.population.shift = shift
            self.population.set_inputs(self.setup.shifted(shift))

    def _treat(self, epoch: int) -> None:
        """What happens to the networks before an epoch."""
        if epoch == self.course.change:
            self._intervene()
        if any(epoch in network.course.renewals for network in self.networks):
            self._renew(epoch)
        if any(network.course.shutting == epoch for network in self.networks):
            self._change(interventions.shut(self.population.template, self.networks, self.population.weights(), epoch))

    def _intervene(self) -> None:
        """Go on with the second stage from where the first one is; what is marked comes along."""
        self.treated = True
        self.record.begin_recovery()
        first, second = self.setup.populations
        if first is second:
            self.population.set_rates(*self._rates(1))
            self._see(1)
        else:
            old, new = first.template, second.template
            self._enter(1, [models.carried_over(old, new, values) for values in first.variables()])
            now, origins = second.weights(), models.counterparts(old, new)
            self.marks = Marks(
                *(
                    [now[i] if origin is None else values[origin] for i, origin in enumerate(origins)]
                    for values in self.marks
                )
            )
        forget = [network.course.intervention.forget for network in self.networks]
        if any(forget):
            weights = self.population.weights()
            self.population.forget([np.broadcast_to(interventions.over_rows(forget, w), w.shape) for w in weights])

    def _renew(self, epoch: int) -> None:
        """Renew units of those networks whose intervention asks for it before this epoch."""
        going = ~self.record.diverged[:, None]  # of others nothing is told any more
        dead = [activity.is_dead(n_active) & going for n_active in self.population.measure(self.seen).n_active]
        if not any(mask.any() for mask in dead):
            return
        template = self.population.template
        new = interventions.renewed(
            template,
            self.networks,
            self.population.weights(),
            dead,
            epoch,
            lambda network: models.trainable(template, self.setup.weights(network, "renewed", epoch)),
        )
        self._change(new)

    def _change(self, new: Changed) -> None:
        """Go on with other weights, of which the optimiser has forgotten some."""
        self.treated = True
        self.population.assign(new.weights)
        self.population.forget(new.cleared)

    def _put_back(self, before: Weights) -> None:
        """Undo what the last step did to those parts that the interventions name."""
        after = self.population.weights()
        self.population.assign(interventions.put_back(self.population.template, self.networks, before, after))

    def _order(self, epoch: int) -> tuple[np.ndarray, Batches | None]:
        """Which samples make each batch of an epoch, or which fresh batches it has; see `Population.advance`.

        In the epoch after the intervention an outlier takes the first place of the first batch of the networks
        that are to meet one.
        """
        outliers: list[Outlier | None] = [None] * len(self.networks)
        if epoch == self.course.change:
            x, y = self.setup.shifted(self.stage.settings.shift), self.setup.data.y
            for row, network in enumerate(self.networks):
                if network.course.intervention.outlier:
                    samples = self.places[row]
                    outliers[row] = batches.outlier(network.course, network.seed, x[samples], y[samples])
        with self.setup.costs.of("draw"):
            if self.setup.room is not None:
                return self._fresh_order(epoch, outliers, self.setup.room)
            return self._table_order(epoch, outliers), None

    def _table_order(self, epoch: int, outliers: Sequence[Outlier | None]) -> np.ndarray:
        """Shuffle each network's training set; outliers are fed, each to its network's place."""
        by_seed: dict[int, np.ndarray] = {}
        for network, samples in zip(self.networks, self.places, strict=True):
            if network.seed not in by_seed:
                key = self.course.study, network.seed, epoch
                by_seed[network.seed] = batches.epoch_order(*key, samples, self.course.settings.batch_size)
        order = np.stack([by_seed[network.seed] for network in self.networks], axis=1)
        met = np.array([outlier is not None for outlier in outliers])
        if met.any():
            data = self.setup.data
            x = np.stack([data.x[0] if outlier is None else outlier.x for outlier in outliers])
            y = np.array([0 if outlier is None else outlier.y for outlier in outliers], data.y.dtype)
            order[0, met, 0] = self.population.feed(x, y) + np.flatnonzero(met)
        return order

    def _fresh_order(self, epoch: int, outliers: Sequence[Outlier | None], room: Data) -> tuple[np.ndarray, Batches]:
        """Draw the epoch's batches, one set for all networks of a seed that see the same, and say which are whose."""
        steps, size = self.course.steps, self.course.settings.batch_size
        place: dict[tuple, int] = {}
        whose = []
        for network, outlier in zip(self.networks, outliers, strict=True):
            key = network.seed, None if outlier is None else network.settings.strength
            if key not in place:
                part = slice(len(place) * steps * size, (len(place) + 1) * steps * size)
                own = batches.fresh_epoch(
                    self.course, network.seed, epoch, self.stage.settings, Data(room.x[part], room.y[part])
                )
                if outlier is not None:
                    own.x[0], own.y[0] = outlier.x, outlier.y
                place[key] = len(place)
            whose.append(place[key])
        numbers = np.arange(len(place) * steps, dtype=np.int32).reshape(len(place), steps, 1)
        # XLA reads the room itself: `tf.convert_to_tensor` would copy all of it in every epoch
        views = (v.reshape(-1, size, *v.shape[1:]).__dlpack__() for v in (room.x, room.y))
        fresh = Batches(*map(tf.experimental.dlpack.from_dlpack, views))
        return numbers[whose].swapaxes(0, 1), fresh

    def _beside_others(self, tested: Measurement, inspection: Inspection | None) -> dict[str, list[Columns]]:
        """Dead units on shifted test samples, and by other definitions, as far as the study asks."""
        found: list[Columns] = []
        elsewhere = {"test": tested}
        for shift in self.course.measure.shifts:
            self._shift(shift)
            there = self.population.measure(self.tested)
            found += self.record.shifted(shift, there)
            elsewhere[f"test_{shift}"] = there
        if not self.course.measure.definitions or inspection is None:
            return {"shifted": found, "definitions": [], "slopes": []}
        if self.setup.data.x.shape[1] == 1:
            elsewhere["dense_grid"] = self._on_grid()
        slopes = definitions.zero_slopes(self.stage.settings.activation)
        return {
            "shifted": found,
            "definitions": self.record.definitions(elsewhere, self.tested.n, inspection),
            "slopes": [slopes],
        }

    def _on_grid(self) -> Measurement:
        """On as many inputs as there are training samples, evenly spaced over the range of the only feature."""
        x, n = self.setup.data.x, self.seen.n
        inputs = np.resize(np.linspace(x.min(), x.max(), n, dtype=x.dtype), x.shape)
        self.population.shift = "dense grid"
        self.population.set_inputs(inputs)
        places = np.tile(np.arange(n, dtype=np.int32), (len(self.networks), 1))
        return self.population.measure(self.population.samples(places))

    def _pruned_loss(self) -> np.ndarray | None:
        """Training loss at the end without what the units dead then put out, if it is measured; shape (networks,)."""
        if not self.course.measure.pruned:
            return None
        last = self.population.weights()
        dead = [activity.is_dead(n_active) for n_active in self.record.now.n_active]
        self.population.assign(interventions.pruned(self.population.template, last, dead))
        loss = self.population.measure(self.seen).loss
        self.population.assign(last)
        return loss

    def _revived_by_putting_back(self, last: Weights) -> dict[str, list[np.ndarray]]:
        """For each part, and each layer, which units are active if only their own part were as at first.

        Everything else, the layers before included, stays as it is at the end; shape (networks, units). Layers in
        which no unit died are passed over: nothing is asked of them.
        """
        template, died = self.population.template, self.record.died
        active: dict[str, list[np.ndarray]] = {}
        for part in ("bias", "weights"):
            active[part] = [np.zeros_like(units) for units in died]
            for layer, incoming in enumerate(template.incoming):
                if not died[layer].any():
                    continue
                own = {i for i in incoming if template.parts[i] == part}
                self.population.assign([self.marks.first[i] if i in own else value for i, value in enumerate(last)])
                active[part][layer] = ~activity.is_dead(self.population.measure(self.seen).n_active[layer])
        self.population.assign(last)
        return active
