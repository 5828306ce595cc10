"""The tables that the paper prints, as data: a frame of plain values, and how its columns are laid out.

A study's ``text.tables`` gives for each name of its contents a `Table`. It is kept, all values unrounded, as
results/tables/<study>/<name>.csv, with its layout beside it (.json); LaTeX is made from the two by pandas' Styler.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from dying_relu import studies
from dying_relu.report.units import TEXTS, escape, printed
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

Levels = Mapping[str, object]


@dataclass(frozen=True)
class Column:
    """A printed column.

    Attributes:
        head: its head, plain text.
        of: the frame's columns whose values it shows.
        unit: of all of them, one of `units.UNITS`.
        form: how the values are put together, e.g. ``{} [{}, {}]`` or ``{} / {}``.
        group: a head over several neighbouring columns.
        width: of a column of running text, as a share of the text's width.
        sign: the frame's column of signs before the values, e.g. ``<`` where a value is a bound; else empty.
    """

    head: str
    of: tuple[str, ...]
    unit: str
    form: str = "{}"
    group: str = ""
    width: float | None = None
    sign: str = ""


def column(head: str, of: str, unit: str = "text", group: str = "") -> Column:
    """A column of plain values."""
    return Column(head, (of,), unit, group=group)


def estimate(head: str, of: str, unit: str, group: str = "") -> Column:
    """A column of means with their intervals: the frame's ``of``, ``of_low`` and ``of_high``."""
    return Column(head, (of, f"{of}_low", f"{of}_high"), unit, "{} [{}, {}]", group)


def interval(head: str, low: str, high: str, unit: str, group: str = "") -> Column:
    """A column of intervals, or bounds, alone."""
    return Column(head, (low, high), unit, "[{}, {}]", group)


@dataclass(frozen=True)
class Table:
    """A frame and its layout; ``long``: whether it may span pages."""

    frame: pd.DataFrame
    columns: Sequence[Column]
    long: bool = False

    def write(self, path: Path) -> None:
        """Keep it as ``path`` (.csv), with its layout beside it (.json)."""
        kept = list(dict.fromkeys(name for column in self.columns for name in (*column.of, column.sign) if name))
        files.write(self.frame.reindex(columns=kept), path)
        layout = {"long": self.long, "columns": [asdict(column) for column in self.columns]}
        files.write_text(json.dumps(layout, indent=1) + "\n", Path(path).with_suffix(".json"))

    def latex(self) -> str:
        """As a booktabs table, without its caption."""
        shown = pd.DataFrame(
            {
                place: [_cell(column, row) for _, row in self.frame.iterrows()]
                for place, column in enumerate(self.columns)
            },
            dtype=object,
        )
        grouped = any(column.group for column in self.columns)
        heads = [(escape(column.group), escape(column.head)) for column in self.columns]
        shown.columns = pd.MultiIndex.from_tuples(heads) if grouped else pd.Index([head for _, head in heads])
        text = shown.style.hide(axis="index").to_latex(
            hrules=True,
            multicol_align="c",
            column_format="@{}" + "".join(map(_alignment, self.columns)) + "@{}",
            environment="longtable" if self.long else None,
        )
        return text.strip()


def read(path: Path) -> Table:
    """A table that `Table.write` kept."""
    layout = json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))
    columns = [Column(**{**entry, "of": tuple(entry["of"])}) for entry in layout["columns"]]
    texts = {name: str for column in columns if column.unit in TEXTS for name in column.of}
    return Table(pd.read_csv(path, dtype=texts, keep_default_na=True), columns, layout["long"])


def write_all(study: str, found: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Keep the printed tables of a study in a folder, which holds nothing else afterwards.

    Raises:
        UserError: its text makes other tables than its contents name.
    """
    named = studies.contents(study).tables
    made = studies.function(studies.package(study), "text", "tables")(found) if named else {}
    if set(made) != set(named):
        raise UserError(
            f"studies/{study}: tables: __init__.py names {', '.join(named)}, text.py makes {', '.join(made) or 'none'}"
        )
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in Path(folder).iterdir():
        path.unlink()
    for name, table in made.items():
        table.write(Path(folder) / f"{name}.csv")


def read_all(folders: Sequence[Path]) -> dict[str, Table]:
    """All tables of studies' folders, by the name that the text uses: study.table."""
    return {
        f"{Path(folder).name}.{path.stem}": read(path)
        for folder in folders
        for path in sorted(Path(folder).glob("*.csv"))
    }


def _alignment(column: Column) -> str:
    if column.width:
        return rf"p{{{column.width}\textwidth}}"
    return "l" if column.unit in ("text", "timed choice") else "r"


def _cell(column: Column, row: pd.Series) -> str:
    values = [row.get(name) for name in column.of]
    if pd.isna(values[0]):
        return "--"
    sign = row.get(column.sign)
    return (escape(sign) if isinstance(sign, str) else "") + column.form.format(
        *(printed(v, column.unit) for v in values)
    )
