"""Tables behind the figures of the study feature_scaling; what its text takes from them."""

import numpy as np
import pandas as pd

from dying_relu.analysis import arms
from dying_relu.analysis.choice import at_chosen, choose_each
from dying_relu.analysis.frames import Tables, confirmatory, matching, treated
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.engine import datasets
from dying_relu.studies.feature_scaling import CONTENTS

MEASURES = ("born_dead_fraction", "dead_fraction", "diverged", "test_accuracy")
CELL = ["dataset", "scaling"]


def scaling_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead and born-dead fraction, divergence and test accuracy of each data set and scaling against the rate."""
    return _summaries(confirmatory(compared(tables["networks"])), [*CELL, "learning_rate"])


def scaling_at_best_rate(tables: Tables) -> pd.DataFrame:
    """The same at each scaling's own best rate, and at the common one (``rate``)."""
    networks = compared(tables["networks"])
    missing = set(networks["dataset"]) - set(best_rates(networks)["dataset"])
    if missing:
        print("left out, without an accuracy on pilot seeds by which to choose a rate:", ", ".join(sorted(missing)))
    frames = [
        _summaries(at_chosen(confirmatory(networks), rates(networks)), CELL).assign(rate=name)
        for name, rates in (("own", best_rates), ("common", common_rates))
    ]
    return pd.concat(frames, ignore_index=True)


def compared(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in data set, scaling and rate alone, without controls; each data set has its own length."""
    names = treated(networks).astype({"dataset": str})
    parts = [arms.comparable(part, [*CELL, "learning_rate"]) for _, part in names.groupby("dataset")]
    return pd.concat(parts, ignore_index=True) if parts else names


def best_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each data set and scaling the rate of best mean test accuracy on pilot seeds: `CELL`, ``learning_rate``."""
    return choose_each(networks, CONTENTS.choices["own"], CELL)


def common_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each data set and scaling the rate that `best_rates` gives standardised features."""
    standardised = matching(best_rates(networks), scaling="standardised")[["dataset", "learning_rate"]]
    return networks[CELL].astype(str).drop_duplicates().merge(standardised, on="dataset")


def highest_finite_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each data set and scaling the highest rate tried at which most networks stay finite, confirmatory seeds."""
    diverged = confirmatory(networks).groupby([*CELL, "learning_rate"], observed=True)["diverged"].mean()
    return diverged[diverged < 0.5].reset_index().groupby(CELL, observed=True)["learning_rate"].max().reset_index()


def largest_curvature(dataset: str, scaling: str) -> float:
    """Largest eigenvalue of the features' matrix of second moments, E[x x^T], bias input included.

    The squared error of a linear layer on these features has twice that as its largest curvature: the scale that a
    feature's size and mean set for the rate.
    """
    x = datasets.load(dataset).x
    seen = np.column_stack([datasets.affine(scaling, x)(x), np.ones(len(x))]).astype(float)
    return float(np.linalg.eigvalsh(seen.T @ seen / len(seen))[-1])


def _summaries(networks: pd.DataFrame, cell: list[str]) -> pd.DataFrame:
    frames = [
        summarise(networks.assign(value=networks[name].astype(float)), cell, SHARE).assign(measure=name)
        for name in MEASURES
    ]
    return pd.concat(frames, ignore_index=True)
