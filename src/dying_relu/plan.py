"""From a study to training jobs: which networks share a population, and what each job will cost.

The cut decides speed only. A network's result depends on its study, seed and settings, never on its
neighbours (`population`), so any cut gives the same tables.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dying_relu.datasets import DATASETS, check_available, portion_size
from dying_relu.errors import UserError
from dying_relu.study import Network, Study, stages

ROWS = 8  # networks in one population: few enough that their weights stay in a core's cache;
SMALL_ROWS = 64  # more where the networks are so small
SMALL_PARAMETERS = 1000  # that overhead decides
MEMORY_BUDGET = 2 * 2**30  # bytes one training job may use beyond TensorFlow itself
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

_GRAPH = (
    *("dataset", "architecture", "depth", "width", "activation", "batch_norm"),
    *("output_layer", "optimizer", "batch_size"),
)
PENALTIES = ("weight_decay", "bias_decay", "activity_penalty")


@dataclass(frozen=True)
class Job:
    """One training job: populations trained one after the other in one process on one core."""

    study: Study
    populations: Sequence[Sequence[Network]]

    @property
    def networks(self) -> list[Network]:
        return [network for population in self.populations for network in population]

    @property
    def seconds(self) -> float:
        """Estimated duration on one core."""
        work = sum(_seconds(self.study, network) for network in self.networks)
        layers = sum(key[_GRAPH.index("depth")] for key in self.graphs)
        return _START_SECONDS + _COMPILE_SECONDS * len(self.graphs) + _COMPILE_LAYER_SECONDS * layers + work

    @property
    def graphs(self) -> set[tuple]:
        """The graphs it compiles."""
        return {graph(stage) for network in self.networks for stage in network.stages}

    @property
    def memory(self) -> int:
        """Estimated peak memory in bytes."""
        return (
            _TENSORFLOW_BYTES
            + _GRAPH_BYTES * len(self.graphs)
            + max(
                _data_bytes(population[0]) + len(population) * _network_bytes(population[0])
                for population in self.populations
            )
        )

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the job trains or measures changes."""
        content = [
            [n.grid, n.phase, n.seed, n.settings, moments(self.study.measure, n.settings)] for n in self.networks
        ] + [self.study.measure[key] for key in ("parts", "layers", "shifts")]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def graph(settings: Mapping[str, object]) -> tuple:
    """What makes two networks need two compiled graphs."""
    return (*(settings[key] for key in _GRAPH), settings["bias"] is None, *(settings[key] > 0 for key in PENALTIES))


def course(network: Network) -> tuple:
    """What networks must have in common to share a population: their graphs and data, and when each stage ends."""
    settings = network.settings
    stages = [(graph(stage), stage["portion"], stage["shift"]) for stage in network.stages]
    return (*stages, settings["intervention_epoch"], settings["epochs"])


def steps_per_epoch(settings: Mapping[str, object]) -> int:
    """Optimiser steps an epoch; samples that do not fill a batch wait for another epoch's order."""
    info = DATASETS[settings["dataset"]]
    size = min(portion_size(stage["portion"], info.n_train) for stage in stages(settings))
    return info.steps or size // settings["batch_size"]


def moments(measure: Mapping[str, float], settings: Mapping[str, object]) -> list[int]:
    """Steps after which activity is measured: 0, each step at first, then geometrically spaced.

    Always among them: the end of the first epoch, the start of the last, and the end. Where an
    intervention may happen: also the moment before it, one step later, and from there geometrically.
    """
    per_epoch = steps_per_epoch(settings)
    last = per_epoch * settings["epochs"]
    steps = {0, per_epoch, last - per_epoch, last}
    steps.update(range(min(measure["every_step_until"], last) + 1))
    steps.update(_spaced(max(measure["every_step_until"], 1), measure["growth"], last))
    if settings["intervention_epoch"]:
        start = per_epoch * settings["intervention_epoch"]
        steps.update([start, start + 1])
        steps.update(start + step for step in _spaced(1, measure["growth"], last - start))
    return sorted(steps)


def _spaced(first: int, growth: float, last: int) -> Iterator[int]:
    """Whole steps after the first, growing by a factor, before the last."""
    step = float(first)
    while (step := step * growth) < last:
        yield round(step)


def rows(network: Network) -> int:
    """How many networks of this graph share a population: `ROWS`, or as many as the memory budget allows."""
    room = MEMORY_BUDGET - _data_bytes(network)
    most = SMALL_ROWS if _parameters(network.settings) < SMALL_PARAMETERS else ROWS
    return max(1, min(most, room // _network_bytes(network)))


def jobs(study: Study) -> list[Job]:
    """Cut a study into training jobs of similar estimated length; a small study is one job.

    Raises:
        UserError: one network or the study's table would not fit into memory.
    """
    populations = _populations(study)
    if not populations:
        return []  # a study of timings alone
    costs = [sum(_seconds(study, network) for network in networks) for networks in populations]
    count = max(1, min(len(populations), round(sum(costs) / JOB_SECONDS + 0.5)))
    share = sum(costs) / count
    parts: list[list] = [[] for _ in range(count)]
    done = 0.0
    for networks, cost in zip(populations, costs, strict=True):
        parts[min(int((done + cost / 2) / share), count - 1)].append(networks)
        done += cost
    return [Job(study, part) for part in parts if part]


def check(study: Study, path: Path) -> None:
    """Ask for the study's data sets, and hold its size to the memory budgets.

    Raises:
        UserError: what cannot be had, or is too large, and what would be right.
    """
    for name in sorted({settings["dataset"] for _, settings in study.cells()}):
        try:
            check_available(name)
        except UserError as error:
            raise UserError(f"{path}: dataset: {error}") from error
    for grid, settings in study.cells():
        network = Network(grid, "pilot", 0, settings)
        need = _data_bytes(network) + _network_bytes(network)
        if need > MEMORY_BUDGET:
            raise UserError(
                f"{path}: grids.{grid}: one network of width {settings['width']} and depth {settings['depth']} "
                f"on {settings['dataset']} needs {need / 2**30:.1f} GiB, the budget of a training job is "
                f"{MEMORY_BUDGET / 2**30:.0f} GiB; lower width, depth or batch_size"
            )
    records = sum(
        sum(study.seeds[grid].values()) * settings["depth"] * len(moments(study.measure, settings))
        for grid, settings in study.cells()
    )
    if records * _BYTES_A_RECORD > TABLE_BUDGET:
        raise UserError(
            f"{path}: grids: {records:,} records of activity need {records * _BYTES_A_RECORD / 2**30:.0f} GiB, "
            f"the budget is {TABLE_BUDGET / 2**30:.0f} GiB; use fewer levels, seeds or measured moments"
        )


def _populations(study: Study) -> list[list[Network]]:
    """Networks of one course side by side.

    Equal rates together, so that diverging ones can stop together; or equal seeds, where a seed's samples
    are drawn afresh and serve all its networks.
    """
    populations = []
    for _, same in groupby(sorted(study.networks(), key=_order), key=course):
        networks = list(same)
        size = rows(networks[0])
        populations += [networks[i : i + size] for i in range(0, len(networks), size)]
    return populations


def _order(network: Network) -> tuple:
    by = [network.settings["learning_rate"], network.seed]
    return str(course(network)), *(reversed(by) if DATASETS[network.settings["dataset"]].source == "fresh" else by)


def _layers(settings: Mapping[str, object]) -> Iterator[tuple[int, int, int, int]]:
    """(copies of its weights, positions, inputs, units at a position) of each layer, the output last."""
    info, width, architecture = DATASETS[settings["dataset"]], settings["width"], settings["architecture"]
    inputs, sides, positions = info.n_features, info.image, 1
    for _ in range(settings["depth"]):
        if architecture == "dense":
            yield 1, 1, inputs, width
        else:
            sides = (sides[0] - 2, sides[1] - 2, sides[2])
            positions = sides[0] * sides[1]
            yield positions if architecture == "local" else 1, positions, 9 * sides[2], width
            sides = (*sides[:2], width)
        inputs = width * positions
    if settings["output_layer"]:
        yield 1, 1, inputs, info.n_outputs


def _parameters(settings: Mapping[str, object]) -> int:
    return sum(copies * (inputs + 1) * units for copies, _, inputs, units in _layers(settings))


def _products(settings: Mapping[str, object]) -> int:
    """Multiplications of one sample's forward pass."""
    return sum(positions * (inputs + 1) * units for _, positions, inputs, units in _layers(settings))


def _seconds(study: Study, network: Network) -> float:
    settings = network.settings
    steps = steps_per_epoch(settings) * settings["epochs"]
    measured = len(moments(study.measure, settings))
    products = _products(settings)
    n_train = DATASETS[settings["dataset"]].n_train
    training = (6 * products / _TRAINING_FLOPS + _TRAINING_SAMPLE) * settings["batch_size"] * steps
    extra = len(study.measure["shifts"]) + 6 * study.measure["layers"]
    passes = measured + extra + 2 * settings["depth"] * study.measure["parts"]
    measuring = (2 * products / _MEASURING_FLOPS + _MEASURING_SAMPLE) * n_train * passes
    overhead = (_POPULATION_SECONDS + _MOMENT_SECONDS * measured) / rows(network)
    return training + measuring + overhead


def _network_bytes(network: Network) -> int:
    """Weights, gradient, two optimiser slots and a copy each; activations of one chunk or batch, with gradients."""
    settings = network.settings
    samples = max(settings["batch_size"], 250)
    units = sum(positions * units for _, positions, _, units in _layers(settings))
    units += DATASETS[settings["dataset"]].n_features
    return 4 * (6 * _parameters(settings) + 6 * samples * units)


def _data_bytes(network: Network) -> int:
    info = DATASETS[network.settings["dataset"]]
    return 2 * 4 * (info.n_samples + extra_samples(network, SMALL_ROWS)) * (info.n_features + 1)


def extra_samples(network: Network, size: int) -> int:
    """Samples that a population of a size needs beside its data set: those drawn afresh, or one a network."""
    info, settings = DATASETS[network.settings["dataset"]], network.settings
    if info.source == "fresh":
        return size * info.steps * settings["batch_size"]
    return size if settings["intervention_epoch"] else 0
