"""The course of a network: all that happens to it in training, whatever its seed.

The plan hands courses down to the engine, which asks for nothing else: neither the plan nor a network trained alone
can then make something different of the same settings.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import Field

from dying_relu.design import sizes
from dying_relu.design.catalogue import ACTIVATIONS, INITIALIZERS, INTERVENTIONS, OPTIMIZERS, Intervention
from dying_relu.design.datasets import DATASETS, SHIFTS, portion_size
from dying_relu.design.reading import Distinct, Strict, Whole, one_of
from dying_relu.design.settings import Settings

PENALTIES = ("weight_decay", "bias_decay", "activity_penalty")
STRENGTHS = (*PENALTIES, "decoupled_decay", "target_scale")  # numbers that each network of a population has its own of
_WORDS = (
    "name",
    "does",
    "note",
    "family",
    "slope",
    "archive",
    "folder",
)  # of catalogue entries: what is printed, or where a file comes from


ALWAYS = ("networks", "activity", "history", "trajectory")  # tables that every training job makes


class Measure(Strict):
    """When and what is measured.

    Attributes:
        every_step_until: activity is measured at every step until this one,
        growth: then at steps growing by this factor; always at the end of the first epoch, at the start of the last,
            and at the end.
        units: whether gradients, output ranges and movement are, by the status of units at the end.
        parts: whether these are also measured with their bias, or weights, put back.
        causes: whether the step before each moment is measured too, and of each unit that died or came back in one step
            which part of the step did it.
        layers: whether gradients and outputs are, at the start, after the first epoch and at the end.
        pruned: whether the training loss is also measured with what dead units put out taken away, at the end.
        shifts: on which shifted test samples activity is, at the end.
        definitions: whether units are also judged by other definitions of death, at the end.
    """

    every_step_until: Annotated[Whole, Field(ge=0)] = 10
    growth: Annotated[float, Field(gt=1)] = 1.5
    units: bool = False
    parts: bool = False
    causes: bool = False
    layers: bool = False
    pruned: bool = False
    shifts: Annotated[list[Annotated[str, one_of(lambda: SHIFTS)]], Distinct] = Field(default_factory=list)
    definitions: bool = False

    @property
    def tables(self) -> dict[str, bool]:
        """The tables that are made only if asked for, and whether they are."""
        units = self.units or self.parts
        made = {"units": units, "causes": self.causes, "layers": self.layers, "shifted": bool(self.shifts)}
        return made | dict.fromkeys(("definitions", "slopes"), self.definitions)


TABLES = (*ALWAYS, *Measure().tables)  # of a training job; empty where a study does not ask for them


class Graph(NamedTuple):
    """What two networks must have in common to be compiled as one: settings, and which penalties they have."""

    dataset: str
    architecture: str
    depth: int
    width: int
    activation: str
    batch_norm: bool
    output_layer: bool
    optimizer: str
    batch_size: int
    without_bias: bool
    frozen: int
    weight_decay: bool
    bias_decay: bool
    activity_penalty: bool
    decoupled_decay: bool
    target_scale: bool
    decoupled_biases: bool
    biased_output: bool

    @property
    def penalties(self) -> list[str]:
        """Names of the penalties of the loss."""
        return [name for name in PENALTIES if getattr(self, name)]

    @property
    def strengths(self) -> list[str]:
        """Names of those of `STRENGTHS` that its networks have: its penalties, and what else is of each network."""
        return [name for name in STRENGTHS if getattr(self, name)]


@dataclass(frozen=True)
class Stage:
    """A part of training under the same settings.

    Attributes:
        settings: in force.
        first, stop: epochs, counted from 0, the second no longer among them.
    """

    settings: Settings
    first: int
    stop: int

    @cached_property
    def graph(self) -> Graph:
        s = self.settings
        penalties = (getattr(s, name) > 0 for name in (*PENALTIES, "decoupled_decay"))
        targets = DATASETS[s.dataset].regression
        shape = s.dataset, s.architecture, s.depth, s.width, s.activation, s.batch_norm, s.output_layer
        own = *penalties, targets, s.decoupled_biases, s.biased_output
        return Graph(*shape, s.optimizer, s.batch_size, s.bias is None, s.frozen, *own)


@dataclass(frozen=True)
class Course:
    """All that a network goes through, whatever its seed.

    Attributes:
        study: its name, part of the key of every random draw.
        settings: as the study gives them.
        stages: until the intervention and, if there is one, from then on.
        intervention: what happens to it, to say nothing of the settings of its stages.
        change: the epoch, counted from 0, before which the intervention comes, if one may.
        renewals: the epochs before which units are renewed.
        steps: of the optimiser in an epoch.
        moments: steps after which activity is measured.
        measure: what is measured then.
        rows: of a population of such networks.
        extra: room in it for samples beside those of the data set.
    """

    study: str
    settings: Settings
    stages: tuple[Stage, ...]
    intervention: Intervention
    change: int | None
    renewals: range
    steps: int
    moments: tuple[int, ...]
    measure: Measure
    rows: int
    extra: int

    @property
    def last_step(self) -> int:
        return self.steps * self.settings.epochs

    @property
    def shutting(self) -> int | None:
        """The epoch, counted from 0, before which units are shut for ever, if any are."""
        return self.settings.shut_epoch if self.settings.shut else None

    @cached_property
    def shared(self) -> tuple:
        """What networks must have in common to share a population: graphs and data, and when each stage ends."""
        stages = [(stage.graph, stage.settings.portion, stage.settings.shift) for stage in self.stages]
        return (*stages, self.settings.intervention_epoch, self.settings.epochs)

    @cached_property
    def digest(self) -> str:
        """Changes when, and only when, what is trained or measured does: also with the entries of the catalogue.

        The engine takes nothing else from `design` that could change it, so no file of `design` has to be watched.
        """
        return hashlib.sha256(json.dumps(_content(self), default=list).encode()).hexdigest()


@dataclass(frozen=True)
class Network:
    """One network of a study: where it comes from, its seed, and what it goes through."""

    grid: str
    phase: str  # "pilot" (may be looked at while designing) or "confirmatory" (decides)
    seed: int
    course: Course

    @property
    def settings(self) -> Settings:
        return self.course.settings


@dataclass(frozen=True)
class Population:
    """Networks trained side by side, at most as many as their course has rows.

    Attributes:
        course: of the first of them: whatever concerns all rows is the same in the others' (`Course.shared`).
    """

    networks: Sequence[Network]

    @property
    def course(self) -> Course:
        return self.networks[0].course


def of(study: str, settings: Settings, measure: Measure) -> Course:
    """The course that settings stand for in a study."""
    steps, rows = steps_per_epoch(settings), sizes.rows(settings)
    return Course(
        study=study,
        settings=settings,
        stages=stages(settings),
        intervention=INTERVENTIONS[settings.intervention],
        change=settings.intervention_epoch or None,
        renewals=_renewals(settings),
        steps=steps,
        moments=tuple(moments(settings, measure)),
        measure=measure,
        rows=rows,
        extra=sizes.extra_samples(settings, rows),
    )


def stages(settings: Settings) -> tuple[Stage, ...]:
    """The stages of training: settings until the intervention and, if there is one, from then on."""
    if not settings.intervention_epoch:
        return (Stage(settings, 0, settings.epochs),)
    intervention = INTERVENTIONS[settings.intervention]
    rate = settings.learning_rate * settings.rate_factor
    before = settings.model_copy(update=dict(intervention.before))
    after = settings.model_copy(update={**intervention.settings, "learning_rate": rate})
    start = settings.intervention_epoch
    return Stage(before, 0, start), Stage(after, start, settings.epochs)


def _renewals(settings: Settings) -> range:
    """The epochs before which units are renewed: the one after the intervention, or all from there."""
    start, intervention = settings.intervention_epoch, INTERVENTIONS[settings.intervention]
    if not start or intervention.renew is None:
        return range(0)
    return range(start, settings.epochs if intervention.every_epoch else start + 1)


def training_samples(settings: Settings) -> int:
    """Samples of the smallest training set of any stage."""
    n_train = DATASETS[settings.dataset].n_train
    return min(portion_size(stage.settings.portion, n_train) for stage in stages(settings))


def steps_per_epoch(settings: Settings) -> int:
    """Optimiser steps an epoch; samples that do not fill a batch wait for another epoch's order."""
    return DATASETS[settings.dataset].steps or training_samples(settings) // settings.batch_size


def moments(settings: Settings, measure: Measure) -> list[int]:
    """Steps after which activity is measured: 0, each step at first, then geometrically spaced.

    Always among them: the end of the first epoch, the start of the last, and the end. Where an
    intervention may happen: also the moment before it, one step later, and from there geometrically. With causes: also
    the step before each of these.
    """
    every_step_until, growth = measure.every_step_until, measure.growth
    per_epoch = steps_per_epoch(settings)
    last = per_epoch * settings.epochs
    steps = {0, per_epoch, last - per_epoch, last}
    steps.update(range(min(every_step_until, last) + 1))
    steps.update(_spaced(max(every_step_until, 1), growth, last))
    if settings.intervention_epoch:
        start = per_epoch * settings.intervention_epoch
        steps.update([start, start + 1])
        steps.update(start + step for step in _spaced(1, growth, last - start))
    if measure.causes:
        steps.update([step - 1 for step in steps if step])
    return sorted(steps)


def _spaced(first: int, growth: float, last: int) -> Iterator[int]:
    """Whole steps after the first, growing by a factor, before the last."""
    step = float(first)
    while (step := step * growth) < last:
        yield round(step)


_PLAIN = ("study", "change", "renewals", "steps", "moments", "rows", "extra")


def _content(course: Course) -> dict[str, object]:
    """All that decides what is trained and measured, in plain values."""
    from dying_relu.design.seeding import generator, integer_seed

    return {key: getattr(course, key) for key in _PLAIN} | {
        "settings": course.settings.model_dump(),
        "stages": [[s.first, s.stop, s.graph.penalties, _resolved(s.settings, course.steps)] for s in course.stages],
        "initializer": _entry(INITIALIZERS[course.settings.initializer]),
        "intervention": _entry(course.intervention),
        "measure": course.measure.model_dump(exclude={"every_step_until", "growth", "shifts"}),
        "shifts": [[shift, _entry(SHIFTS[shift])] for shift in course.measure.shifts],
        "draws": [integer_seed(course.study, 0), *generator(course.study, 0).random(2)],
    }


def _resolved(settings: Settings, steps: int) -> dict[str, object]:
    """Settings of a stage with the entries of the catalogue that they name."""
    info = DATASETS[settings.dataset]
    lengths = info.n_train, info.n_samples - info.n_train, steps * settings.batch_size
    return {
        "settings": settings.model_dump(),
        "dataset": [_entry(info), info.regression],
        "portions": [portion_size(settings.portion, n) for n in lengths],
        "shift": _entry(SHIFTS[settings.shift]),
        "activation": _entry(ACTIVATIONS[settings.activation]),
        "optimizer": _entry(OPTIMIZERS[settings.optimizer]),
    }


def _entry(entry: object) -> dict[str, object]:
    """An entry of the catalogue without what does not reach training."""
    return {key: value for key, value in asdict(entry).items() if key not in _WORDS}  # type: ignore[call-overload]
