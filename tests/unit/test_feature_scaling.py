"""The study feature_scaling: rates chosen on pilot seeds, curvature held to a direct computation, figures drawn."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import datasets, figure_data, figures
from dying_relu.figure_data import feature_scaling
from dying_relu.study import REFERENCE

BASE = REFERENCE | {"grid": "digits", "dead_fraction": 0.2, "born_dead_fraction": 0.1}


def networks(rows):
    """Rows of (scaling, rate, seed, accuracy); without an accuracy it diverged."""
    found = [dict(zip(["scaling", "learning_rate", "seed", "test_accuracy"], row, strict=True)) for row in rows]
    return pd.DataFrame(
        BASE
        | row
        | {"phase": "pilot" if row["seed"] < 1000 else "confirmatory", "diverged": np.isnan(row["test_accuracy"])}
        for row in found
    )


NETWORKS = networks(
    [
        ("raw", 0.01, 0, 0.8),
        ("raw", 0.1, 0, 0.3),
        ("standardised", 0.01, 0, 0.6),
        ("standardised", 0.1, 0, 0.9),
        ("standardised", 1.0, 0, np.nan),
        ("raw", 0.01, 1000, 0.7),
        ("raw", 0.1, 1000, 0.99),
        ("raw", 1.0, 1000, np.nan),
        ("standardised", 0.1, 1000, 0.95),
        ("standardised", 1.0, 1000, 0.5),
    ]
)


def test_own_and_common_rates_come_from_pilot_seeds():
    own = feature_scaling.best_rates(NETWORKS).set_index("scaling")["learning_rate"]
    common = feature_scaling.common_rates(NETWORKS).set_index("scaling")["learning_rate"]
    assert own.to_dict() == {"raw": 0.01, "standardised": 0.1}
    assert common.to_dict() == {"raw": 0.1, "standardised": 0.1}
    table = figure_data.KINDS["scaling_at_best_rate"]({"networks": NETWORKS})
    accuracy = table[table["measure"] == "test_accuracy"].set_index(["scaling", "rate"])["mean"]
    assert accuracy["raw", "own"] == 0.7 and accuracy["raw", "common"] == 0.99


def test_limits_are_the_highest_rates_at_which_most_stay_finite():
    assert feature_scaling.divergence_limits(NETWORKS).droplevel("dataset").to_dict() == {"raw": 0.1, "standardised": 1}


def test_curvature_is_the_largest_stretch_of_any_direction():
    x = datasets.load("breast_cancer").x.astype(float)
    seen = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))])
    direction = np.ones(seen.shape[1])
    for _ in range(200):  # power iteration
        direction = seen.T @ (seen @ direction)
        direction /= np.linalg.norm(direction)
    expected = np.mean((seen @ direction) ** 2)
    assert feature_scaling.largest_curvature("breast_cancer", "standardised") == pytest.approx(expected, rel=1e-3)
    assert feature_scaling.largest_curvature("breast_cancer", "raw") > 1000 * expected


def test_figures_can_be_drawn(tmp_path):
    for kind in ("scaling_by_rate", "scaling_at_best_rate"):
        figures.draw(kind, figure_data.KINDS[kind]({"networks": NETWORKS}), [str(tmp_path / f"{kind}.png")])
        assert (tmp_path / f"{kind}.png").stat().st_size > 1000
