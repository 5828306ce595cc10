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
from dying_relu.design.course import Course, Graph, Network, Population
from dying_relu.design.datasets import DATASETS, check_available
from dying_relu.design.sizes import MEMORY_BUDGET
from dying_relu.design.study import Study
from dying_relu.workflow.errors import UserError

TABLE_BUDGET = 8 * 2**30  # bytes the activity table of a study may take in memory
JOB_SECONDS = 120.0  # aimed-at length of a training job on one core

# Estimates for one core of a common laptop or server; they cut jobs and inform, no result uses them.
_TRAINING_FLOPS = 45e9
_MEASURING_FLOPS = 28e9
_TRAINING_SAMPLE = 2e-8  # seconds, beside what its parameters cost
_MEASURING_SAMPLE = 4e-9
_START_SECONDS = 10.0  # import TensorFlow
_COMPILE_SECONDS = 2.0  # each graph
_COMPILE_LAYER_SECONDS = 0.4  # each hidden layer of it
_POPULATION_SECONDS = 0.15  # begin and end a population
_MOMENT_SECONDS = 0.003  # stop a population to measure it
_TENSORFLOW_BYTES = 900 * 2**20
_GRAPH_BYTES = 30 * 2**20  # compiled
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
        return _TENSORFLOW_BYTES + _GRAPH_BYTES * len(self.graphs) + largest

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the job trains or measures changes; see `Course.digest`."""
        digest = hashlib.sha256()
        for network in self.networks:
            digest.update(f"{network.grid} {network.phase} {network.seed} {network.course.digest}\n".encode())
        return digest.hexdigest()[:16]


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
        records += sum(study.seeds[grid].values()) * settings.depth * len(course.moments)
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


def _seconds(population: Population) -> float:
    """Estimated duration of training and measuring it on one core."""
    course = population.course
    settings = course.settings
    products = sizes.products(*sizes.shape(settings))
    n_train = DATASETS[settings.dataset].n_train
    training = (6 * products / _TRAINING_FLOPS + _TRAINING_SAMPLE) * settings.batch_size * course.last_step
    extra = len(course.shifts) + 6 * course.layers + 2 * settings.depth * course.parts
    passes = len(course.moments) + extra
    measuring = (2 * products / _MEASURING_FLOPS + _MEASURING_SAMPLE) * n_train * passes
    overhead = (_POPULATION_SECONDS + _MOMENT_SECONDS * len(course.moments)) / course.rows
    return len(population.networks) * (training + measuring + overhead)
