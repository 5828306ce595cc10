"""Train the populations of one job and turn what is measured into tables."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from dying_relu.design.course import Population
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
    pieces: dict[str, list[Stacked]] = {name: [] for name in TABLES}
    compiled: Compiled = {}
    setup, done = None, 0
    for population in populations:
        if setup is None or setup.course.shared != population.course.shared:
            setup = Setup(population.course, compiled, costs, xla)
        n = len(population.networks)
        for name, found in Run(setup, population.networks).tables().items():
            columns = tables.stacked(name, found, n)
            pieces[name].append({**columns, "network": columns["network"] + done})
        done += n
        if progress is not None:
            progress.update(n)
    return pieces
