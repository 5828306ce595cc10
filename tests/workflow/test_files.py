"""Tables on disk: complete or not there, and the same however the work was cut."""

import pandas as pd
import pytest

from dying_relu.workflow import files

FRAME = pd.DataFrame({"x": [1 / 3, 2.0], "name": ["a", "b"], "n": pd.array([1, None], dtype="Int32")})


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_a_table_comes_back(tmp_path, end):
    path = tmp_path / "folder" / f"table.{end}"
    files.write(FRAME, path)
    found = files.read(path)
    assert found["x"].tolist() == pytest.approx(FRAME["x"].tolist(), rel=1e-9) and found["n"].isna().tolist() == [
        False,
        True,
    ]
    assert [place.name for place in path.parent.iterdir()] == [path.name]
    assert files.read_all([path])["table"].equals(found)


def test_parquet_keeps_types_and_categories(tmp_path):
    frame = FRAME.astype({"name": "category"})
    files.write(frame, tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(files.read(tmp_path / "table.parquet"), frame)


def test_equal_tables_give_equal_bytes(tmp_path):
    for name in ("a.csv", "b.csv"):
        files.write(FRAME, tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == b"x,name,n\n0.3333333333,a,1\n2,b,\n"


class _Broken:
    """Half of a table, and then the disk is full."""

    def to_csv(self, partial, **_):
        partial.write_text("x,na")
        raise OSError("disk full")


def test_what_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="disk full"):
        files.write(_Broken(), path)
    with pytest.raises(TypeError):
        files.write_text(None, path)
    assert path.read_text() == "old"


def test_texts_are_written_as_they_are(tmp_path):
    files.write_text("é\n", tmp_path / "folder" / "text.tex")
    assert (tmp_path / "folder" / "text.tex").read_bytes() == "é\n".encode()


def rows(*cells):
    frame = pd.DataFrame(cells, columns=["grid", "learning_rate", "seed", "step", "value"])
    return frame.astype({"grid": "category"})


CELLS = [
    *(("main", 0.1, 0, 0, 1.0), ("main", 0.1, 0, 5, 2.0), ("main", 0.1, 1000, 0, 3.0)),
    *(("depths", 0.1, 0, 0, 4.0), ("depths", 0.2, 0, 0, 5.0)),
]


@pytest.mark.parametrize("cuts", [[5], [1, 4], [2, 2, 1], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize("backwards", [False, True])
def test_jobs_are_gathered_in_an_order_that_is_not_that_of_the_cut(tmp_path, cuts, backwards):
    left, paths = CELLS[::-1] if backwards else list(CELLS), []
    for place, n in enumerate(cuts):
        paths.append(tmp_path / f"{place}.parquet")
        files.write(rows(*left[:n]), paths[-1])
        left = left[n:]
    found = files.gather(paths)
    assert found["value"].tolist() == [4.0, 5.0, 1.0, 2.0, 3.0]
    assert list(found["grid"].cat.categories) == ["depths", "main"]


def test_a_table_without_rows_is_gathered(tmp_path):
    files.write(rows(*CELLS).iloc[:0], tmp_path / "a.parquet")
    files.write(rows(*CELLS), tmp_path / "b.parquet")
    assert len(files.gather([tmp_path / "a.parquet"])) == 0
    assert len(files.gather([tmp_path / "a.parquet", tmp_path / "b.parquet"])) == 5
