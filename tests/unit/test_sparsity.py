"""Estimands of the study sparsity on small tables whose answer is computed by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, numbers, tables, timing
from dying_relu.estimands import sparsity
from dying_relu.study import REFERENCE


def networks(rows):
    """Rows of (phase, activation, penalty, rate, seed, diverged, accuracy)."""
    names = ["phase", "activation", "activity_penalty", "learning_rate", "seed", "diverged", "test_accuracy"]
    return pd.DataFrame({**REFERENCE, "grid": "unbounded"} | dict(zip(names, row, strict=True)) for row in rows)


def activity(frame, shares):
    """Two layers of each network, at the start half zero, at the end as given for its activation and penalty."""
    rows = []
    for row in frame.drop(columns=["diverged", "test_accuracy"]).to_dict("records"):
        end = shares[row["activation"], row["activity_penalty"]]
        for step, epoch, share in ((0, 0, 0.5), (9, row["epochs"], end)):
            rows += [
                row | {"step": step, "epoch": epoch, "layer": k, "zero_share": share + (k - 1.5) / 10} for k in (1, 2)
            ]
    return pd.DataFrame(rows)


def timings():
    """Ratio of the sparse to the dense product: ten times the density times a factor for the place."""
    rows = []
    for phase, seed in (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001)):
        for batch, width, factor in ((1, 64, 2.0), (50, 64, 1.0)):
            for library, more in (("scipy", 1.0), ("tensorflow", 3.0)):
                for converted in (False, True):
                    for density in (0.01, 0.1, 1.0):
                        ratio = 10 * density * factor * more * (5 if converted else 1)
                        row = {"phase": phase, "seed": seed, "batch": batch, "width": width, "library": library}
                        rows.append(row | {"with_conversion": converted, "density": density, "ratio": ratio})
    return pd.DataFrame(rows)


CELLS = [
    # activation, penalty, rate: accuracies of pilot seed 0, confirmatory seeds 1000 and 1001
    ("relu", 0.0, 0.1, (0.90, 0.80, 0.80)),
    ("relu", 0.0, 0.3, (0.95, 0.94, 0.96)),
    ("relu", 0.0, 0.5, (None, 0.99, 0.99)),  # diverges on the pilot seed: not to be chosen
    ("relu", 0.01, 0.3, (0.96, 0.93, 0.94)),
    ("k_winners_0.1", 0.0, 0.3, (0.90, 0.90, 0.90)),
    ("elu", 0.0, 0.3, (0.97, 0.96, None)),
    ("sigmoid", 0.0, 0.3, (0.60, 0.99, 0.99)),
    ("leaky_relu_0.01", 0.0, 0.3, (0.99, 0.99, 0.99)),  # neither sparse nor dense
]
SHARES = {("relu", 0.0): 0.5, ("relu", 0.01): 0.7, ("k_winners_0.1", 0.0): 0.9, ("elu", 0.0): 0.0}
SHARES |= {("sigmoid", 0.0): 0.05, ("leaky_relu_0.01", 0.0): 0.02}
SEEDS = (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001))


@pytest.fixture
def found():
    frame = networks(
        (phase, name, penalty, rate, seed, value is None, np.nan if value is None else value)
        for name, penalty, rate, values in CELLS
        for (phase, seed), value in zip(SEEDS, values, strict=True)
    )
    return {"networks": frame, "activity": activity(frame, SHARES), "timings": timings()}


def test_rates_are_the_best_on_pilot_seeds_that_all_stay_finite(found):
    rates = sparsity.best_rates(found["networks"])
    assert rates["none", "relu"] == 0.3 and rates["none", "relu + L1 0.01"] == 0.3


def test_zero_share_is_a_mean_over_layers_at_the_best_rate(found):
    values = sparsity.relu_zero_share_less_sigmoid(found)
    assert values["seed"].tolist() == [1000, 1001]
    assert values["value"].tolist() == pytest.approx([0.45, 0.45])
    assert sparsity.density(found) == pytest.approx(0.5)


def test_best_sparse_arm_is_held_against_best_dense_arm_of_pilot_seeds(found):
    frame = found["networks"]
    assert sparsity.best_arm(frame, "sparse") == sparsity.best_arm(frame, "sparsified") == "relu + L1 0.01"
    assert sparsity.best_arm(frame, "dense") == "elu"
    values = sparsity.accuracy_sparse_less_dense(found)  # elu diverged on seed 1001: no pair
    assert values["seed"].tolist() == [1000] and values["value"].tolist() == [pytest.approx(-0.03)]
    assert sparsity.best_arm(frame, "dense", "noise_1") is None
    assert len(sparsity.difference(frame, None, "relu", "noise_1")) == 0


def test_dose_response_is_spearmans_over_the_sparse_arms(found):
    # zero shares 0.5, 0.7, 0.9 with accuracies 0.94, 0.93, 0.90 and 0.96, 0.94, 0.90: falling
    assert sparsity.dose_responses(found).to_dict() == {1000: pytest.approx(-1), 1001: pytest.approx(-1)}


def test_speed_up_is_interpolated_in_logarithms_at_the_most_favourable_place(found):
    ups = sparsity.speed_ups(found["timings"], 0.05)
    assert sparsity.fastest(ups) == {"batch": 50, "width": 64, "library": "scipy"}
    assert sparsity.fastest(ups, batch=1) == {"batch": 1, "width": 64, "library": "scipy"}
    values = sparsity.sparse_speed_up(found)  # density 0.5: ratio 5
    assert values["seed"].tolist() == [1000, 1001] and values["value"].tolist() == pytest.approx([0.2, 0.2])


def test_break_even_density(found):
    table = sparsity.break_even(found["timings"]).set_index(["batch", "library", "with_conversion"])
    assert table.loc[(50, "scipy", False), "density"] == pytest.approx(0.1)
    assert table.loc[(1, "tensorflow", False), "density"] == pytest.approx(1 / 60)
    assert table.loc[(50, "scipy", True), "density"] == pytest.approx(1 / 50)
    assert table.loc[(1, "tensorflow", True), "edge"] == "low"  # a ratio of 3 at the lowest density
    dear = found["timings"].assign(ratio=found["timings"]["ratio"] * 1000)
    assert set(sparsity.break_even(dear)["edge"]) == {"low"}
    cheap = found["timings"].assign(ratio=found["timings"]["ratio"] / 1000)
    assert set(sparsity.break_even(cheap)["edge"]) == {"high"}


@pytest.mark.parametrize("kind", ["accuracy_by_sparsity", "zero_share_by_layer", "sparse_product_speed"])
def test_figures_are_drawn_from_their_saved_tables(kind, found, tmp_path):
    tables.write(figure_data.KINDS[kind](found), tmp_path / "table.csv")
    figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / "figure.pdf")])
    assert (tmp_path / "figure.pdf").stat().st_size > 1000


def test_numbers_of_the_section(found):
    values, bodies = numbers.SECTIONS["sparsity"](found)
    assert values["plain.sparse"] == "ReLU with L1 0.01" and values["plain.dense"] == "ELU"
    assert values["noisy.dense"] == "--" and values["fastest.library"] == "SciPy"
    assert "ReLU with L1 0.01" in bodies["arms"]


def test_a_repetition_times_each_product_once(engine, monkeypatch):
    monkeypatch.setattr(timing, "WIDTHS", (8,))
    monkeypatch.setattr(timing, "DENSITIES", (0.1, 0.5))
    monkeypatch.setattr(timing, "_SECONDS", 1e-5)
    table = timing.sparse_product(0)
    keys = ["batch", "width", "density", "library", "with_conversion"]
    assert len(table) == 2 * 1 * 2 * 2 * 2 and not table.duplicated(keys).any()
    assert (table["ratio"] > 0).all()


def test_products_agree_and_have_the_density_asked_for(engine):
    calls = timing._product_calls(50, 16, 0.3)
    expected = calls["numpy", "dense"]()
    for (_, form), call in calls.items():
        np.testing.assert_allclose(np.asarray(call()), expected, rtol=1e-4, atol=1e-4, err_msg=form)
    kept = (np.asarray(expected) != 0).any(axis=1).mean()
    assert kept > 0.9
