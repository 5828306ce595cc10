"""From a study to training jobs: which networks share a population, and what each job will cost.

The cut decides speed only. A network's result depends on its study, seed and settings, never on its
neighbours (`population`), so any cut gives the same tables.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dying_relu.datasets import DATASETS
from dying_relu.errors import UserError
from dying_relu.study import Network, Study

ROWS = 8  # networks in one population: few enough that their weights stay in a core's cache
MEMORY_BUDGET = 2 * 2**30  # bytes one training job may use beyond TensorFlow itself
TABLE_BUDGET = 8 * 2**30  # bytes the activity table of a study may take in memory
JOB_SECONDS = 120.0  # aimed-at length of a training job on one core

# Estimates for one core of a common laptop or server; they cut jobs and inform, no result uses them.
_TRAINING_FLOPS = 45e9
_MEASURING_FLOPS = 28e9
_START_SECONDS = 8.0  # import TensorFlow
_COMPILE_SECONDS = 6.0  # each graph
_TENSORFLOW_BYTES = 900 * 2**20
_BYTES_A_RECORD = 250

_GRAPH = ("dataset", "depth", "width", "activation", "batch_norm", "optimizer", "batch_size", "epochs")


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
        graphs = {graph(network) for network in self.networks}
        work = sum(_seconds(self.study, network) for network in self.networks)
        return _START_SECONDS + _COMPILE_SECONDS * len(graphs) + work

    @property
    def memory(self) -> int:
        """Estimated peak memory in bytes."""
        return _TENSORFLOW_BYTES + max(
            _data_bytes(population[0]) + len(population) * _network_bytes(population[0])
            for population in self.populations
        )

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the job trains or measures changes."""
        content = [
            [n.grid, n.phase, n.seed, n.settings, moments(self.study.measure, n.settings)] for n in self.networks
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def graph(network: Network) -> tuple:
    """What makes two networks need two compiled graphs; networks with equal keys can share a population."""
    return (*(network.settings[key] for key in _GRAPH), network.settings["bias"] is None)


def steps_per_epoch(settings: Mapping[str, object]) -> int:
    """Optimiser steps an epoch; samples that do not fill a batch wait for another epoch's order."""
    return DATASETS[settings["dataset"]].n_train // settings["batch_size"]


def moments(measure: Mapping[str, float], settings: Mapping[str, object]) -> list[int]:
    """Steps after which activity is measured: 0, each step at first, then geometrically spaced.

    Always among them: the end of the first epoch, the start of the last, and the end.
    """
    per_epoch = steps_per_epoch(settings)
    last = per_epoch * settings["epochs"]
    steps = {0, per_epoch, last - per_epoch, last}
    steps.update(range(min(measure["every_step_until"], last) + 1))
    step = float(max(measure["every_step_until"], 1))
    while (step := step * measure["growth"]) < last:
        steps.add(round(step))
    return sorted(steps)


def rows(network: Network) -> int:
    """How many networks of this graph share a population: `ROWS`, or as many as the memory budget allows."""
    room = MEMORY_BUDGET - _data_bytes(network)
    return max(1, min(ROWS, room // _network_bytes(network)))


def jobs(study: Study) -> list[Job]:
    """Cut a study into training jobs of similar estimated length, at least two where possible.

    Raises:
        UserError: one network or the study's table would not fit into memory.
    """
    populations = _populations(study)
    costs = [sum(_seconds(study, network) for network in networks) for networks in populations]
    count = max(min(2, len(populations)), round(sum(costs) / JOB_SECONDS))
    share = sum(costs) / count
    parts: list[list] = [[] for _ in range(count)]
    done = 0.0
    for networks, cost in zip(populations, costs, strict=True):
        parts[min(int((done + cost / 2) / share), count - 1)].append(networks)
        done += cost
    return [Job(study, part) for part in parts if part]


def check(study: Study, path: Path) -> None:
    """Hold the study's size to the memory budgets.

    Raises:
        UserError: what is too large, and what would be right.
    """
    for grid, settings in study.cells():
        network = Network(grid, "pilot", 0, settings)
        need = _data_bytes(network) + _network_bytes(network)
        if need > MEMORY_BUDGET:
            raise UserError(
                f"{path}: grids.{grid}: one network of width {settings['width']} and depth {settings['depth']} "
                f"on {settings['dataset']} needs {need / 2**30:.1f} GiB, the budget of a training job is "
                f"{MEMORY_BUDGET / 2**30:.0f} GiB; lower width, depth or batch_size"
            )
    seeds = sum(study.seeds.values())
    records = seeds * sum(settings["depth"] * len(moments(study.measure, settings)) for _, settings in study.cells())
    if records * _BYTES_A_RECORD > TABLE_BUDGET:
        raise UserError(
            f"{path}: grids: {records:,} records of activity need {records * _BYTES_A_RECORD / 2**30:.0f} GiB, "
            f"the budget is {TABLE_BUDGET / 2**30:.0f} GiB; use fewer levels, seeds or measured moments"
        )


def _populations(study: Study) -> list[list[Network]]:
    """Networks of one graph side by side; equal rates together, so that diverging ones can stop together."""
    order = sorted(study.networks(), key=lambda n: (str(graph(n)), n.settings["learning_rate"], n.seed))
    populations = []
    for _, same in groupby(order, key=graph):
        networks = list(same)
        size = rows(networks[0])
        populations += [networks[i : i + size] for i in range(0, len(networks), size)]
    return populations


def _parameters(settings: Mapping[str, object]) -> int:
    info, depth, width = DATASETS[settings["dataset"]], settings["depth"], settings["width"]
    return (info.n_features + 1) * width + (depth - 1) * (width + 1) * width + (width + 1) * info.n_classes


def _seconds(study: Study, network: Network) -> float:
    settings = network.settings
    steps = steps_per_epoch(settings) * settings["epochs"]
    measured = len(moments(study.measure, settings))
    parameters = _parameters(settings)
    training = 6 * parameters * settings["batch_size"] * steps / _TRAINING_FLOPS
    return training + 2 * parameters * DATASETS[settings["dataset"]].n_train * measured / _MEASURING_FLOPS


def _network_bytes(network: Network) -> int:
    """Weights, gradient, two optimiser slots and a copy each; activations of one chunk or batch, with gradients."""
    settings = network.settings
    samples = max(settings["batch_size"], 250)
    units = settings["depth"] * settings["width"] + DATASETS[settings["dataset"]].n_features
    return 4 * (6 * _parameters(settings) + 6 * samples * units)


def _data_bytes(network: Network) -> int:
    info = DATASETS[network.settings["dataset"]]
    return 2 * 4 * info.n_samples * (info.n_features + 1)
