"""Tables behind the figures of the study feature_scaling."""

import numpy as np
import pandas as pd

from dying_relu import datasets
from dying_relu.figure_data.common import Tables, drawn, kind, summarise

MEASURES = ("born_dead_fraction", "dead_fraction", "diverged", "test_accuracy")
SCALINGS = ("raw", "centred", "scaled", "unit", "standardised")


@kind("networks", grids=("digits", "breast_cancer"))
def scaling_by_rate(tables: Tables) -> pd.DataFrame:
    """Dead and born-dead fraction, divergence and test accuracy of each data set and scaling against the rate."""
    return _summaries(drawn(tables["networks"]), ["dataset", "scaling", "learning_rate"])


@kind("networks", grids=("digits", "breast_cancer"))
def scaling_at_best_rate(tables: Tables) -> pd.DataFrame:
    """The same at each scaling's own best rate, and at the common one."""
    networks = tables["networks"]
    frames = []
    for name, rates in (("own", best_rates(networks)), ("common", common_rates(networks))):
        here = at_rates(drawn(networks), rates)
        frames.append(_summaries(here, ["dataset", "scaling"]).assign(rate=name))
    return pd.concat(frames, ignore_index=True)


def best_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each data set and scaling the rate of best mean test accuracy on pilot seeds, most of them finite.

    Columns: ``dataset``, ``scaling``, ``learning_rate``.
    """
    pilot = networks[networks["phase"] == "pilot"]
    pilot = pilot.astype({"dataset": str, "scaling": str})
    cells = pilot.groupby(["dataset", "scaling", "learning_rate"])
    accuracy = cells["test_accuracy"].mean()[cells["diverged"].mean() < 0.5].reset_index()
    return accuracy.loc[
        accuracy.groupby(["dataset", "scaling"])["test_accuracy"].idxmax(), ["dataset", "scaling", "learning_rate"]
    ].reset_index(drop=True)


def common_rates(networks: pd.DataFrame) -> pd.DataFrame:
    """For each data set and scaling the rate that `best_rates` gives standardised features."""
    best = best_rates(networks)
    standardised = best[best["scaling"] == "standardised"][["dataset", "learning_rate"]]
    pairs = networks.astype({"dataset": str, "scaling": str})[["dataset", "scaling"]].drop_duplicates()
    return pairs.merge(standardised, on="dataset").reset_index(drop=True)


def at_rates(networks: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """The networks of each data set and scaling at its rate."""
    return networks.astype({"dataset": str, "scaling": str}).merge(rates, on=["dataset", "scaling", "learning_rate"])


def divergence_limits(networks: pd.DataFrame) -> pd.Series:
    """For each data set and scaling the highest rate tried at which most networks stay finite, drawn seeds."""
    networks = drawn(networks).astype({"dataset": str, "scaling": str})
    share = networks.groupby(["dataset", "scaling", "learning_rate"])["diverged"].mean()
    return share[share < 0.5].reset_index().groupby(["dataset", "scaling"])["learning_rate"].max()


def largest_curvature(dataset: str, scaling: str) -> float:
    """Largest eigenvalue of the features' matrix of second moments, E[x x^T], bias input included.

    The squared error of a linear layer on these features has twice that as its largest curvature: the scale that a
    feature's size and mean set for the rate.
    """
    x = datasets.load(dataset).x
    shift, scale = datasets.affine(scaling, x)
    seen = np.column_stack([(x - shift) / scale, np.ones(len(x))]).astype(float)
    return float(np.linalg.eigvalsh(seen.T @ seen / len(seen))[-1])


def _summaries(networks: pd.DataFrame, cell: list[str]) -> pd.DataFrame:
    networks = networks.assign(diverged=networks["diverged"].astype(float))
    frames = [summarise(networks.assign(value=networks[name]), cell).assign(measure=name) for name in MEASURES]
    return pd.concat(frames, ignore_index=True)
