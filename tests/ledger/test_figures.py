"""The picture of the verdicts: a marker a claim, on a scale of its own."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from dying_relu.analysis import drawing
from dying_relu.ledger import figures

VERDICTS = ["supported", "refuted", "inconclusive"]
TABLE = pd.DataFrame(
    [
        ("holds", "supported", 0.5, 0.45, 0.55, 0.4, 1.0, 0.0, "share"),
        ("fails", "refuted", 0.1, 0.0, 0.2, 0.4, 1.0, 0.0, "points"),
        ("open", "inconclusive", 3.0, -1.0, 4.0, 0.0, 9.0, 0.0, "number"),
        ("exact", "supported", 0.0, 0.0, 0.01, 0.0, 0.0, 0.05, "share"),
        ("silent", "inconclusive", np.nan, 0.0, 1.0, 0.4, 1.0, 0.0, "share"),
    ],
    columns=["claim", "verdict", "effect", "ci_low", "ci_high", "region_low", "region_high", "margin", "unit"],
).assign(
    own=False,
    stands=["depends", "refuted", "inconclusive", "supported", "inconclusive"],
    cells=[4, 1, 2, 3, 2],
    cells_supported=[2, 0, 0, 3, 0],
    cells_refuted=[1, 1, 0, 0, 0],
    cells_open=[1, 0, 2, 0, 2],
    depends_on=["learning_rate", "", "", "", np.nan],
)


def drawn(table):
    figure = figures.verdicts(table)
    found = {}
    for axis in figure.axes:
        names = {
            round(text.get_position()[1]): text.get_text().rstrip("*")
            for text in axis.texts
            if text.get_ha() == "right"
        }
        numbers = {round(text.get_position()[1]): text.get_text() for text in axis.texts if text.get_ha() == "left"}
        for place, name in names.items():
            lines = [line for line in axis.get_lines() if round(line.get_ydata()[0]) == place]
            bars = [bar for bar in axis.patches if round(bar.get_y() + bar.get_height() / 2) == place]
            found[name] = (numbers[place], lines, bars)
    return figure, found


def test_each_claim_has_a_marker_an_interval_and_its_region():
    _, found = drawn(TABLE)
    assert list(found) == TABLE["claim"].tolist()
    for name, (_, (interval, marker), (region,)) in found.items():
        assert len(interval.get_xdata()) == 2 and len(marker.get_xdata()) == 1
        low, high = interval.get_xdata()
        assert 0 <= low <= high <= 1 and region.get_x() >= 0 and region.get_x() + region.get_width() <= 1 + 1e-9
        assert name == "silent" or low <= marker.get_xdata()[0] <= high


@pytest.mark.parametrize(("name", "inside"), [("holds", True), ("fails", False), ("exact", True)])
def test_the_interval_lies_where_the_verdict_says(name, inside):
    _, found = drawn(TABLE)
    _, (interval, _), (region,) = found[name]
    low, high = interval.get_xdata()
    left, right = region.get_x(), region.get_x() + region.get_width()
    assert (left <= low + 1e-9 and high <= right + 1e-9) if inside else (high < left)


def test_verdicts_differ_in_marker_and_colour_and_only_those_there_are_are_named():
    figure, found = drawn(TABLE)
    looks = {v: found[n][1][1] for n, v in zip(TABLE["claim"], TABLE["verdict"], strict=True)}
    assert (
        len({look.get_marker() for look in looks.values()})
        == len({to_rgb(look.get_color()) for look in looks.values()})
        == 3
    )
    assert [text.get_text() for text in figure.legends[0].get_texts()] == VERDICTS
    alone, _ = drawn(TABLE.iloc[:1])
    assert [text.get_text() for text in alone.legends[0].get_texts()] == ["supported"]


def test_numbers_stand_in_their_unit():
    _, found = drawn(TABLE)
    assert found["holds"][0] == "50 % [45, 55]" and found["fails"][0] == "10 pts [0, 20]"
    assert found["open"][0] == "3 [-1, 4]" and found["silent"][0] == "no value"


@pytest.mark.parametrize("n", [1, 2, 5])
def test_any_number_of_claims_can_be_drawn(n, tmp_path):
    drawing.draw(figures.verdicts, TABLE.iloc[:n], [tmp_path / "verdicts.png"])
    assert (tmp_path / "verdicts.png").stat().st_size > 1000


def test_a_verdict_that_turns_over_has_an_asterisk():
    names = {text.get_text() for axis in figures.verdicts(TABLE).axes for text in axis.texts}
    assert "holds*" in names and "fails" in names


def test_a_map_is_a_bar_of_what_its_cells_say():
    figure = figures.maps(TABLE)
    names = [text.get_text() for axis in figure.axes for text in axis.texts if text.get_ha() == "right"]
    assert names == ["holds", "open", "exact", "silent"]  # the one with a single cell has no map
    bars = [bar for bar in figure.axes[0].patches if round(bar.get_y() + bar.get_height() / 2) == 0]
    assert [bar.get_width() for bar in bars] == [0.5, 0.25, 0.25]
    notes = [text.get_text() for axis in figure.axes for text in axis.texts if text.get_ha() == "left"]
    assert notes == ["4, learning rate", "2", "3", "2"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["supported", "open", "refuted"]


@pytest.mark.parametrize("n", [0, 1])
def test_few_maps_or_none_can_be_drawn(n, tmp_path):
    drawing.draw(figures.maps, TABLE.iloc[:n], [tmp_path / "maps.png"])
    assert (tmp_path / "maps.png").stat().st_size > 1000
