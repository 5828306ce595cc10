"""From a study to training jobs: which networks share a population, and what each job will cost.

The cut decides speed only. A network's result depends on its study, seed and settings, never on its
neighbours (`engine.population`), so any cut gives the same tables.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dying_relu.design import sizes
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.design.course import Course, Graph, Network, Population
from dying_relu.design.datasets import DATASETS, check_available
from dying_relu.design.sizes import MEMORY_BUDGET
from dying_relu.design.study import Study
from dying_relu.workflow.errors import UserError

TABLE_BUDGET = 8 * 2**30  # bytes the activity table of a study may take in memory
JOB_SECONDS = 120.0  # aimed-at length of a training job on one core

# Costs of one core of a common laptop or server, fitted to the logs of a full run; they cut jobs and inform, no result
# uses them.
_START_SECONDS = 5.0  # import TensorFlow
_COMPILE_SECONDS = 1.5  # each graph
_COMPILE_LAYER_SECONDS = 0.5  # each hidden layer of it
_POPULATION_SECONDS = 0.03  # begin and end a population
_CALL_SECONDS = 4e-4  # go on from one moment, or epoch, to the next
_LAYER_SECONDS = 2e-5  # start the products of a layer in a step, or a chunk, of a population
_ROW_SECONDS = 6e-7  # go on to the next network in them
_TRAINED = 1.15e-11, 7e-10  # an operation, and a number that a layer puts out or takes in, of a step
_MEASURED = 1.4e-11, 4e-10  # the same of a measurement
_LOOKED_UP = 3  # such numbers is one that is looked up for a patch
_DRAW_SECONDS = 7e-9  # a number drawn afresh
_TENSORFLOW_BYTES = 960 * 2**20
_GRAPH_BYTES = 30 * 2**20  # compiled,
_GRAPH_LAYER_BYTES = 5 * 2**20  # and each hidden layer of it
_DRAWN = 8  # epochs of samples drawn afresh that wait for Python's collector
_BYTES_A_RECORD = 300


@dataclass(frozen=True)
class Job:
    """One training job: populations trained one after the other in one process on one core."""

    populations: Sequence[Population]

    @property
    def networks(self) -> list[Network]:
        return [network for population in self.populations for network in population.networks]

    @property
    def seconds(self) -> float:
        """Estimated duration on one core."""
        work = sum(_seconds(population) for population in self.populations)
        layers = sum(graph.depth for graph in self.graphs)
        return _START_SECONDS + _COMPILE_SECONDS * len(self.graphs) + _COMPILE_LAYER_SECONDS * layers + work

    @cached_property
    def graphs(self) -> set[Graph]:
        """The graphs it compiles."""
        return {stage.graph for population in self.populations for stage in population.course.stages}

    @property
    def memory(self) -> int:
        """Estimated peak memory in bytes."""
        largest = max(
            sizes.data_bytes(population.course.settings)
            + len(population.networks) * sizes.network_bytes(population.course.settings)
            for population in self.populations
        )
        drawn = max(sizes.drawn_bytes(population.course.settings) for population in self.populations)
        compiled = sum(_GRAPH_BYTES + _GRAPH_LAYER_BYTES * graph.depth for graph in self.graphs)
        return _TENSORFLOW_BYTES + compiled + largest + _DRAWN * drawn

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the job trains or measures changes; see `Course.digest`."""
        seeds: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for network in self.networks:
            seeds[network.grid, network.phase, network.course.digest].append(network.seed)
        return hashlib.sha256(repr(sorted(seeds.items())).encode()).hexdigest()[:16]


def jobs(study: Study) -> list[Job]:
    """Cut a study into training jobs of similar estimated length; a small study is one job, one of timings none."""
    populations = list(_populations(study))
    costs = [_seconds(population) for population in populations]
    count = max(1, min(len(populations), round(sum(costs) / JOB_SECONDS + 0.5)))
    share = sum(costs) / count
    parts: list[list[Population]] = [[] for _ in range(count)]
    done = 0.0
    for population, cost in zip(populations, costs, strict=True):
        parts[min(int((done + cost / 2) / share), count - 1)].append(population)
        done += cost
    return [Job(part) for part in parts if part]


def check(study: Study, path: Path) -> None:
    """Ask for the study's data sets, and hold its size to the memory budgets.

    Raises:
        UserError: what cannot be had, or is too large, and what would be right.
    """
    for name in sorted({settings.dataset for _, settings in study.cells()}):
        try:
            check_available(name)
        except UserError as error:
            raise UserError(f"{path}: dataset: {error}") from error
    records = 0
    for grid, course in study.courses():
        settings = course.settings
        need = sizes.data_bytes(settings) + sizes.network_bytes(settings)
        if need > MEMORY_BUDGET:
            raise UserError(
                f"{path}: grids.{grid}: one network of width {settings.width} and depth {settings.depth} "
                f"on {settings.dataset} needs {need / 2**30:.1f} GiB, the budget of a training job is "
                f"{MEMORY_BUDGET / 2**30:.0f} GiB; lower width, depth or batch_size"
            )
        records += sum(map(len, study.seeds[grid].values())) * settings.depth * len(course.moments)
    if records * _BYTES_A_RECORD > TABLE_BUDGET:
        raise UserError(
            f"{path}: grids: {records:,} records of activity need {records * _BYTES_A_RECORD / 2**30:.0f} GiB, "
            f"the budget is {TABLE_BUDGET / 2**30:.0f} GiB; use fewer levels, seeds or measured moments"
        )


def _populations(study: Study) -> Iterator[Population]:
    """Networks whose courses have in common what they must, side by side."""
    alike: dict[str, list[tuple[str, Course]]] = defaultdict(list)
    for grid, course in study.courses():
        alike[str(course.shared)].append((grid, course))
    for key in sorted(alike):
        networks = _ordered(study, alike[key])
        rows = networks[0].course.rows
        yield from (Population(networks[start : start + rows]) for start in range(0, len(networks), rows))


def _ordered(study: Study, cells: Sequence[tuple[str, Course]]) -> list[Network]:
    """The networks of some cells: equal rates together, so that diverging ones can stop together; or equal seeds,
    where a seed's samples are drawn afresh and serve all its networks."""
    keyed = []
    for grid, course in cells:
        rate, fresh = course.settings.learning_rate, DATASETS[course.settings.dataset].steps is not None
        for phase, seed in study.numbered_seeds(grid):
            keyed.append(((seed, rate) if fresh else (rate, seed), Network(grid, phase, seed, course)))
    return [network for _, network in sorted(keyed, key=lambda pair: pair[0])]


def _passes(course: Course) -> int:
    """How many passes over the training set measuring takes, at most."""
    measure, moments = course.measure, len(course.moments)
    inspected = 3 * (measure.tables["units"] + 3 * measure.layers)
    parts = course.settings.depth * measure.parts
    return moments + len(measure.shifts) + 1 + inspected + parts + measure.pruned + 3 * moments * measure.causes


def _seconds(population: Population) -> float:
    """Estimated duration of training and measuring it on one core."""
    course = population.course
    settings, info = course.settings, DATASETS[course.settings.dataset]
    found = sizes.layers(*sizes.shape(settings))
    products = sizes.products(*sizes.shape(settings))
    numbers = float(info.n_features)
    numbers += sum(layer.positions * (layer.units + _LOOKED_UP * layer.looked_up) for layer in found)
    if ACTIVATIONS[settings.activation].layer == "KWinners":  # compares each of a layer's outputs with all others
        numbers += sum(layer.positions * layer.units**2 for layer in found) / 2
    passes = _passes(course)
    stepped, measured = settings.batch_size * course.last_step, info.n_train * passes
    row = (6 * products * _TRAINED[0] + numbers * _TRAINED[1]) * stepped
    row += (2 * products * _MEASURED[0] + numbers * _MEASURED[1]) * measured
    row += _ROW_SECONDS * len(found) * course.last_step
    starts = _LAYER_SECONDS * len(found) * course.last_step
    shared = _POPULATION_SECONDS + _CALL_SECONDS * (passes + settings.epochs) + starts
    if info.steps is not None:
        seeds = len({network.seed for network in population.networks})
        shared += _DRAW_SECONDS * seeds * info.n_features * stepped
    return shared + course.rows * row
