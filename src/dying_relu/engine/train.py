"""Train the populations of one job and turn what is measured into tables."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from dying_relu.design.course import Population
from dying_relu.design.datasets import DATASETS
from dying_relu.engine import tables
from dying_relu.engine.costs import Costs
from dying_relu.engine.run import Run
from dying_relu.engine.setup import Compiled, Setup
from dying_relu.engine.tables import TABLES, Stacked


class Job(Protocol):
    """What is asked of a job of `design.plan`."""

    @property
    def populations(self) -> Sequence[Population]: ...


def train(
    job: Job, progress: tqdm | None = None, costs: Costs | None = None, xla: bool = True
) -> dict[str, pd.DataFrame]:
    """Train every network of the job, compiled by XLA or not; returns the tables named in `TABLES`."""
    with np.errstate(invalid="ignore", over="ignore"):  # diverged rows hold what they hold
        pieces = _trained(job.populations, progress, costs or Costs(), xla)
    networks = tables.described([network for population in job.populations for network in population.networks])
    return {name: tables.table(networks, found) for name, found in pieces.items()}


def _trained(
    populations: Sequence[Population], progress: tqdm | None, costs: Costs, xla: bool
) -> dict[str, list[Stacked]]:
    """Of each table a piece from each population, its networks counted through."""
    pieces: dict[str, list[Stacked]] = {name: [{}] * len(populations) for name in TABLES}
    compiled: Compiled = {}
    setups: dict[tuple, Setup] = {}
    firsts = [0, *accumulate(len(population.networks) for population in populations)]
    for place in _in_turn(populations):
        networks, course = populations[place].networks, populations[place].course
        if course.shared not in setups:
            setups = {shared: setup for shared, setup in setups.items() if setup.room is not None}  # they take turns
            setups[course.shared] = Setup(course, compiled, costs, xla)
        for name, found in Run(setups[course.shared], networks).tables().items():
            columns = tables.stacked(name, found, len(networks))
            pieces[name][place] = {**columns, "network": columns["network"] + firsts[place]}
        if progress is not None:
            progress.update(len(networks))
    return pieces


def _in_turn(populations: Sequence[Population]) -> list[int]:
    """The places of populations in the order of training: where samples are drawn afresh seed by seed, since all
    networks of a seed see the same."""

    def seed(place: int) -> int:
        fresh = DATASETS[populations[place].course.settings.dataset].steps is not None
        return populations[place].networks[0].seed if fresh else -1

    return sorted(range(len(populations)), key=seed)
