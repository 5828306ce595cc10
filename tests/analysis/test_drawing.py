"""The dress of all figures: what is on which axis, and tables that have nothing to show."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from dying_relu.analysis.drawing import MARKERS, Line, Panel, draw, facets, finish, line, looks, points

TABLE = pd.DataFrame(
    [
        (kind, arm, x, 0.1 * place + x / 10, 0.0, 1.0, 8)
        for place, (kind, arm) in enumerate((k, a) for k in ("dead", "accuracy") for a in ("one", "two"))
        for x in (4.0, 1.0, 2.0)
    ],
    columns=["kind", "arm", "x", "mean", "ci_low", "ci_high", "n_seeds"],
)
ROWS = [Panel("dead fraction", {"kind": "dead"}), Panel("test accuracy", {"kind": "accuracy"})]
LINES = [look._replace(levels={"arm": name}) for name, look in looks(["one", "two"], str.upper).items()]


def named(axis):
    return {drawn.get_label(): drawn for drawn in axis.get_lines() if not drawn.get_label().startswith("_")}


def test_each_panel_shows_its_own_rows_and_columns():
    columns = [Panel("all", {}), Panel("two alone", {"arm": "two"}), Panel("none", {"arm": "three"})]
    figure, axes = facets(TABLE, "x", ROWS, columns, LINES, ylim=(0, 1))
    finish(figure, axes, "rate", [row.title for row in ROWS], legend=2)
    assert axes.shape == (2, 3) and [axis.get_title() for axis in axes[0]] == ["all", "two alone", "none"]
    assert [set(named(axis)) for axis in axes[1]] == [{"ONE", "TWO"}, {"TWO"}, set()]
    assert named(axes[1][0])["TWO"].get_xdata().tolist() == [1, 2, 4]
    assert named(axes[1][0])["TWO"].get_ydata() == pytest.approx([0.4, 0.5, 0.7])
    assert [row[0].get_ylabel() for row in axes] == ["dead fraction", "test accuracy"]
    assert [axis.get_xlabel() for axis in axes[1]] == ["rate"] * 3 and axes[0][0].get_xlabel() == ""
    assert axes[0][0].get_xscale() == "log" and axes[0][0].get_ylim() == (0, 1)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ONE", "TWO"]


def test_one_panel_where_nothing_is_said_of_rows_and_columns():
    figure, axes = facets(TABLE, "x", [], [], LINES, xscale="linear")
    assert axes.shape == (1, 1) and axes[0][0].get_xscale() == "linear"
    finish(figure, axes, ["rate"], "y", legend=9)


def test_a_panel_of_several_levels():
    _, axes = facets(TABLE, "x", [], [Panel("", {"kind": ("dead", "accuracy")})], LINES[:1])
    assert len(named(axes[0][0])["ONE"].get_xdata()) == 6


def test_markers_are_hollow_where_less_than_half_of_the_seeds_are_left():
    _, axis = plt.subplots()
    part = pd.DataFrame({"x": [1, 2, 3], "mean": [0.1, 0.2, 0.3], "ci_low": 0.0, "ci_high": 1.0, "n_seeds": [10, 4, 5]})
    line(axis, part, "x", "C0", "o", "a")
    hollow, full = axis.get_lines()
    assert hollow.get_xdata().tolist() == [2] and to_rgba(hollow.get_markerfacecolor()) == to_rgba("white")
    assert full.get_xdata().tolist() == [1, 2, 3] and hollow.get_zorder() > full.get_zorder()


MISSING = {"ci_low": [np.nan, 0.1, np.nan], "ci_high": [np.nan, np.nan, np.inf]}


@pytest.mark.parametrize("ends", [MISSING, {"ci_low": np.nan, "ci_high": np.nan}])
def test_intervals_without_ends_are_left_out_and_means_are_drawn(ends, tmp_path):
    part = pd.DataFrame({"x": [1.0, 2.0, 3.0], "mean": [0.1, 0.2, 0.3], "n_seeds": 5} | ends)

    def both(table):
        figure, axes = facets(table, "x", [], [], [Line({}, "a", "C0")])
        points(axes[0][0], table, "x", Line({}, "b", "C1"))
        assert named(axes[0][0])["a"].get_ydata().tolist() == [0.1, 0.2, 0.3]
        return finish(figure, axes, "x", "y", legend=2)

    draw(both, part, [tmp_path / "figure.png"])
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_a_mean_beside_its_interval_is_drawn():
    _, axis = plt.subplots()
    part = pd.DataFrame({"x": [1.0], "mean": [0.5], "ci_low": [0.6], "ci_high": [0.7], "n_seeds": [5]})
    points(axis, part, "x", Line({}, "b", "C1"))
    assert axis.containers[0].lines[0].get_ydata().tolist() == [0.5]


def test_means_that_are_missing_are_not_drawn():
    _, axis = plt.subplots()
    nothing = TABLE.assign(mean=np.nan)
    line(axis, nothing, "x", "C0", "o", "a")
    points(axis, nothing, "x", Line({}, "b", "C1"))
    assert not axis.get_lines() and not axis.containers


@pytest.mark.parametrize("n", [0, 1, 10, 25])
def test_every_name_has_a_look_of_its_own_for_as_long_as_there_are_any(n):
    found = looks(map(str, range(n)))
    assert list(found) == list(map(str, range(n))) and len({(*look.color, look.marker) for look in found.values()}) == n
    assert [look.marker for look in found.values()][: len(MARKERS)] == list(MARKERS[:n])


def test_an_empty_table_says_so(tmp_path):
    draw(lambda table: pytest.fail("drawn"), TABLE.iloc[:0], [tmp_path / "folder" / "figure.pdf"])
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["figure.pdf"]


def test_equal_tables_give_equal_bytes_without_a_date(tmp_path):
    def both(table):
        figure, axes = facets(table, "x", ROWS, [], LINES)
        return finish(figure, axes, "x", "y", legend=2)

    for folder in ("a", "b"):
        draw(both, TABLE, [tmp_path / folder / f"figure.{end}" for end in ("pdf", "png")])
    for end in ("pdf", "png"):
        first, second = ((tmp_path / folder / f"figure.{end}").read_bytes() for folder in ("a", "b"))
        assert first == second and len(first) > 1000 and b"CreationDate" not in first


@pytest.mark.parametrize("legend", [1, 3, 6, 7, 30])
def test_legends_fit_below_the_panels(legend):
    lines = [
        look._replace(levels={"arm": "one"}) for look in looks([f"a long name {k}" for k in range(legend)]).values()
    ]
    figure, axes = facets(TABLE, "x", [], [], lines)
    finish(figure, axes, "x", "y", legend=legend)
    figure.canvas.draw()
    below = figure.legends[0].get_window_extent().transformed(figure.transFigure.inverted())
    assert below.y1 < axes[0][0].get_position().y0
