"""Printed tables: the same after a file, and LaTeX made by pandas."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import studies
from dying_relu.design.contents import Contents
from dying_relu.report import tables
from dying_relu.report.tables import Column, Table, column, estimate, interval
from dying_relu.workflow.errors import UserError

FRAME = pd.DataFrame(
    {
        "arm": ["from 0.1", "a_b & c", "none"],
        "dead": [0.5, np.nan, 0.0],
        "dead_low": [0.4, np.nan, np.nan],
        "dead_high": [0.6, np.nan, 0.1],
        "n": [1200, 3, 4],
        "rate": [0.05, np.nan, 1.0],
        "sign": ["<", "", None],
        "unused": 1,
    }
)
COLUMNS = [
    column("arm", "arm"),
    estimate("dead", "dead", "share", "at the end"),
    interval("range", "dead_low", "dead_high", "points", "at the end"),
    column("n", "n", "count"),
    Column("rate", ("rate",), "setting", sign="sign"),
    Column("of", ("n", "dead"), "number", "{} / {}"),
]


def rows(text):
    return [line.removesuffix(r" \\").split(" & ") for line in text.splitlines() if line.endswith(r"\\")]


@pytest.fixture(params=["made", "read"])
def table(request, tmp_path):
    made = Table(FRAME, COLUMNS)
    if request.param == "made":
        return made
    made.write(tmp_path / "table.csv")
    return tables.read(tmp_path / "table.csv")


def test_cells_are_printed_in_their_units(table):
    made = rows(table.latex())[2:]
    assert made[0] == ["from 0.1", r"50\,\% [40\,\%, 60\,\%]", "[40, 60]", r"1\,200", "$<$0.05", r"1\,200 / 0.500"]
    assert r"a\_b \& c & -- & -- & 3 & -- & 3 / --" in table.latex()
    assert made[2] == ["none", r"0\,\% [--, 10\,\%]", "--", "4", "1", "4 / 0"]


def test_heads_stand_over_their_columns(table):
    text = table.latex()
    assert r"\multicolumn{2}{c}{at the end}" in text
    assert rows(text)[1] == ["arm", "dead", "range", "n", "rate", "of"]
    assert text.startswith(r"\begin{tabular}{@{}lrrrrr@{}}") and r"\toprule" in text and r"\bottomrule" in text


def test_only_what_is_printed_is_kept_and_unrounded(tmp_path):
    Table(FRAME.assign(dead=[1 / 3, 0.1, 0.2]), COLUMNS).write(tmp_path / "table.csv")
    kept = pd.read_csv(tmp_path / "table.csv")
    assert "unused" not in kept and kept["dead"].tolist() == pytest.approx([1 / 3, 0.1, 0.2], rel=1e-9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["table.csv", "table.json"]


def test_texts_that_look_like_numbers_stay_texts(tmp_path):
    Table(pd.DataFrame({"width": ["010", "1.50"]}), [column("width", "width")]).write(tmp_path / "table.csv")
    assert rows(tables.read(tmp_path / "table.csv").latex()) == [["width"], ["010"], ["1.50"]]


def test_running_text_has_a_width_and_latex_is_left_as_it_is():
    columns = [
        Column("claim", ("name", "told"), "text", r"\textbf{{{}}}: {}", width=0.4),
        column("p & q", "p", "latex"),
    ]
    text = Table(pd.DataFrame({"name": ["a_b"], "told": ["50 %"], "p": [r"$<$3"]}), columns).latex()
    assert r"@{}p{0.4\textwidth}r@{}" in text and r"p \& q" in text
    assert rows(text)[1] == [r"\textbf{a\_b}: 50 \%", "$<$3"]


def test_a_long_table_may_span_pages(tmp_path):
    Table(FRAME, COLUMNS, long=True).write(tmp_path / "table.csv")
    text = tables.read(tmp_path / "table.csv").latex()
    assert text.startswith(r"\begin{longtable}") and text.endswith(r"\end{longtable}")
    assert text.count(r"\endfirsthead") == text.count(r"\endhead") == 1


@pytest.mark.parametrize("long", [False, True])
def test_tables_without_rows_or_with_heads_alike_are_tables(long):
    twice = [column("rate", "rate", "setting", "best"), column("rate", "rate", "setting", "best")]
    assert r"\begin{" in Table(FRAME.iloc[:0], COLUMNS, long).latex()
    assert rows(Table(FRAME, twice, long).latex())[-1] == ["1", "1"]
    assert r"\begin{" in Table(pd.DataFrame(), COLUMNS, long).latex()


def test_a_frame_without_a_column_prints_dashes():
    assert rows(Table(FRAME, [column("x", "absent", "share")]).latex())[1:] == [["--"]] * 3


@pytest.fixture
def owned(monkeypatch):
    def give(made, named):
        monkeypatch.setattr(studies, "contents", lambda name: Contents(tables=named))
        monkeypatch.setattr(studies, "function", lambda *place: lambda found: made)

    return give


def test_a_studys_tables_fill_its_folder_and_nothing_else_stays_there(owned, tmp_path):
    folder = tmp_path / "held_out"
    folder.mkdir()
    (folder / "old.csv").write_text("x\n1\n")
    owned({"arms": Table(FRAME, COLUMNS)}, ("arms",))
    tables.write_all("held_out", {}, folder)
    assert set(tables.read_all([folder])) == {"held_out.arms"}
    owned({}, ())
    tables.write_all("held_out", {}, tmp_path / "bare")
    assert tables.read_all([tmp_path / "bare"]) == {}


@pytest.mark.parametrize("made", [{}, {"other": None}])
def test_tables_made_and_named_must_be_the_same(owned, made, tmp_path):
    owned(made, ("arms",))
    with pytest.raises(
        UserError, match=r"studies/held_out: tables: __init__\.py names arms, text\.py makes (none|other)"
    ):
        tables.write_all("held_out", {}, tmp_path)
