"""Train a random sample of a study's networks again, alone and with Keras's own fit, and compare."""

from collections.abc import Iterable

import pandas as pd

from dying_relu.design.course import Network
from dying_relu.design.seeding import generator
from dying_relu.design.settings import SETTINGS
from dying_relu.design.study import Study
from dying_relu.engine import alone

MEASURES = ("diverged", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "dead_fraction")


def sample(study: Study, size: int) -> list[Network]:
    """Networks drawn at random, by a draw that depends on the study's name only."""
    networks = list(study.networks())
    chosen = generator(study.name, "audit").choice(len(networks), min(size, len(networks)), replace=False)
    return [networks[place] for place in sorted(chosen)]


def audit_all(studies: Iterable[Study], tables: Iterable[pd.DataFrame], size: int) -> pd.DataFrame:
    """The audits of several studies, from the tables of their networks, in the same order."""
    found = [audit(study, table, size).assign(study=study.name) for study, table in zip(studies, tables, strict=True)]
    return pd.concat(found, ignore_index=True)


def audit(study: Study, networks: pd.DataFrame, size: int) -> pd.DataFrame:
    """One row a sampled network: its settings and seed, and each measure in the population and alone.

    Args:
        networks: the study's table of networks.
    """
    key = ["grid", *SETTINGS, "seed"]
    rows = []
    for network in sample(study, size):
        _, single = alone.train_alone(network)
        rows.append({"grid": network.grid, **network.settings.model_dump(), "seed": network.seed, **single})
    again = pd.DataFrame(rows).astype({"bias": float})
    table = networks[[*key, *MEASURES]].astype({"grid": str})
    return table.merge(again, on=key, suffixes=("_population", "_alone"), validate="one_to_one")
