"""The study feature_scaling on small tables: rates chosen on pilot seeds, curvature held to a direct computation."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks as table
from dying_relu.analysis.intervals import Estimate
from dying_relu.engine import datasets
from dying_relu.report import numbers
from dying_relu.studies.feature_scaling import CONTENTS, figures, tables, text
from dying_relu.workflow import files


def networks(rows, **common):
    """Rows of (scaling, rate, seed, dead fraction, accuracy); without a dead fraction it diverged."""
    names = ["scaling", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    common = {"grid": "digits", "born_dead_fraction": 0.1} | common
    return table(*(dict(zip(names, row, strict=True)) for row in rows), **common)


NETWORKS = networks(
    [
        ("raw", 0.01, 0, 0.2, 0.8),
        ("raw", 0.1, 0, 0.2, 0.3),
        ("standardised", 0.01, 0, 0.2, 0.6),
        ("standardised", 0.1, 0, 0.2, 0.9),
        ("standardised", 0.1, 1, np.nan, np.nan),
        ("standardised", 0.1, 2, 0.2, 0.9),  # two of three finite are enough
        ("standardised", 1.0, 0, np.nan, np.nan),
        ("raw", 0.01, 1000, 0.3, 0.7),
        ("raw", 0.1, 1000, 0.9, 0.99),
        ("raw", 0.1, 1001, np.nan, np.nan),
        ("raw", 1.0, 1000, np.nan, np.nan),
        ("standardised", 0.1, 1000, 0.0, 0.95),
        ("standardised", 1.0, 1000, 0.2, 0.5),
    ]
)
TABLES = {"networks": NETWORKS}


def test_own_and_common_rates_come_from_pilot_seeds():
    own = tables.best_rates(NETWORKS).set_index("scaling")["learning_rate"]
    common = tables.common_rates(NETWORKS).set_index("scaling")["learning_rate"]
    assert own.to_dict() == {"raw": 0.01, "standardised": 0.1}
    assert common.to_dict() == {"raw": 0.1, "standardised": 0.1}
    found = tables.scaling_at_best_rate(TABLES)
    accuracy = found[found["measure"] == "test_accuracy"].set_index(["scaling", "rate"])["mean"]
    assert accuracy["raw", "own"] == 0.7 and accuracy["raw", "common"] == 0.99


def test_the_highest_finite_rate_is_one_at_which_most_stay_finite():
    found = tables.highest_finite_rates(NETWORKS).set_index("scaling")["learning_rate"]
    assert found.to_dict() == {"raw": 0.01, "standardised": 1}  # raw: half diverge at 0.1


def test_curvature_is_the_largest_stretch_of_any_direction():
    x = datasets.load("breast_cancer").x.astype(float)
    seen = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))])
    direction = np.ones(seen.shape[1])
    for _ in range(200):  # power iteration
        direction = seen.T @ (seen @ direction)
        direction /= np.linalg.norm(direction)
    expected = np.mean((seen @ direction) ** 2)
    assert tables.largest_curvature("breast_cancer", "standardised") == pytest.approx(expected, rel=1e-3)
    assert tables.largest_curvature("breast_cancer", "raw") > 1000 * expected


def test_each_data_set_is_compared_at_its_own_settings_and_controls_are_left_out(capsys):
    others = networks([("raw", 1e-5, 0, 0.1, 0.5)] * 2, dataset="breast_cancer", epochs=20, grid="breast_cancer")
    controls = NETWORKS.assign(grid="control", learning_rate=7.0)
    wide = NETWORKS.iloc[:2].assign(width=99)
    found = tables.compared(pd.concat([NETWORKS, others, controls, wide]))
    assert found.groupby("dataset").size().to_dict() == {"digits": len(NETWORKS), "breast_cancer": 2}
    assert set(found["width"]) == {64} and "width 64" in capsys.readouterr().out


def test_regressions_have_no_best_rate_and_that_is_said(capsys):
    regression = networks([("raw", 0.1, seed, 0.5, np.nan) for seed in (0, 1000)], dataset="friedman")
    both = {"networks": pd.concat([NETWORKS, regression])}
    assert set(tables.scaling_at_best_rate(both)["dataset"]) == {"digits"}
    assert "friedman" in capsys.readouterr().out
    drawn = tables.scaling_by_rate(both)
    assert set(drawn[drawn["dataset"] == "friedman"]["measure"]) == {"born_dead_fraction", "dead_fraction", "diverged"}
    row = text.tables(both)["scalings"].frame.set_index("data").loc["Friedman's function"]
    assert row["limit"] == 0.1 and np.isnan(row["rate"]) and row["curvature"] > 0


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("feature_scaling", made, CONTENTS.numbers)
    assert made["seeds"] == 2 and made["digits.common.rate"] == 0.1
    assert made["digits.rate.spread"] == pytest.approx(10)
    curvature = [tables.largest_curvature("digits", scaling) for scaling in ("raw", "standardised")]
    assert made["digits.curvature.spread"] == pytest.approx(curvature[0] / curvature[1])
    assert made["digits.raw.common.dead"] == 0.9 and made["digits.raw.common.diverged"] == 0.5
    assert made["digits.raw.own.dead"] == 0.3 and made["digits.raw.own.born"] == 0.1
    assert made["digits.raw.gap"] == Estimate(pytest.approx(-0.25), -1, 1, 1)
    assert made["digits.raw.dead.gap"] == Estimate(pytest.approx(0.3), -1, 1, 1)
    assert pd.isna(made["digits.centred.common.dead"]) and pd.isna(made["cancer.common.rate"])


def test_the_table_of_scalings_by_hand():
    made = text.tables(TABLES)["scalings"]
    frame = made.frame.set_index("features")
    assert list(frame.index) == ["raw", "standardised"] and set(frame["data"]) == {"digits"}
    raw = frame.loc["raw"]
    assert (raw["rate"], raw["limit"], raw["own.accuracy"], raw["common.accuracy"]) == (0.01, 0.01, 0.7, 0.99)
    assert raw["common.diverged"] == 0.5 and raw["own.diverged"] == 0
    assert [column.group for column in made.columns[-6:]] == ["own best rate"] * 3 + ["common rate"] * 3


def saved(table, path):
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def test_curves_against_the_rate_one_column_a_data_set(tmp_path):
    more = networks([("unit", 0.1, 1000, 0.5, 0.5)], dataset="breast_cancer")
    found = saved(tables.scaling_by_rate({"networks": pd.concat([NETWORKS, more])}), tmp_path)
    figure = figures.scaling_by_rate(found)
    assert [axis.get_title() for axis in figure.axes] == ["digits", "breast cancer", "", ""]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["raw", "standardised", "unit-scaled"]
    dashed = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "--"]
    assert [line.get_ydata().tolist() for line in dashed] == [[0, 0.5, 1], [0, 0]]  # raw, standardised
    accuracy = next(line for line in figure.axes[2].get_lines() if line.get_label() == "raw")
    assert accuracy.get_xydata().tolist() == [[0.01, 0.7], [0.1, 0.99]]


def test_means_at_the_two_rates_a_line_a_scaling(tmp_path):
    figure = figures.scaling_at_best_rate(saved(tables.scaling_at_best_rate(TABLES), tmp_path))
    titles = ["born dead", "dead at the end", "share diverged", "test accuracy"]
    assert [axis.get_title() for axis in figure.axes] == titles
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["raw", "standardised"]
    own, common = (figure.axes[3].containers[k][0].get_xdata().tolist() for k in range(2))
    assert own == [0.7, 0.95] and common == [0.99, 0.95]


def test_tables_without_rows():
    empty = {"networks": NETWORKS.iloc[:0]}
    numbers.check("feature_scaling", text.numbers(empty), CONTENTS.numbers)
    assert tables.scaling_at_best_rate(empty).empty and text.tables(empty)["scalings"].frame.empty
