"""Hold a run against the published numbers, line by line.

`reference/` keeps of one full run the ledger, every number and table that the paper prints, the data behind each figure
and what it was made with. The same machine gives the same bytes. Another one rounds differently, and single networks at
killing rates then end elsewhere: so a value agrees within a tolerance that is stated with it.
"""

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dying_relu.design import reading
from dying_relu.ledger import judge
from dying_relu.ledger.claims import Claim
from dying_relu.report.units import TIMED_UNITS
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

REFERENCE = Path("reference")
RESULTS = Path("results")
RELATIVE = 0.02  # of a value without an interval
TIMED = 0.5  # of a ratio of times: processors differ
ROUNDING = 1e-6
_SHOWN = 100
COLUMNS = ["file", "line", "column", "published", "found", "tolerance", "agrees"]


def publish(results: Path = RESULTS, reference: Path = REFERENCE) -> list[Path]:
    """Keep the numbers of a full run as the published ones; returns the files written.

    Raises:
        UserError: the run is not complete, or not of the full preset.
    """
    made = _provenance(results)
    if made["preset"] != "full":
        raise UserError(f"{results}/provenance.json: preset: only a full run is published, found '{made['preset']}'")
    for kind in ("figures", "numbers", "tables"):
        shutil.rmtree(reference / kind, ignore_errors=True)
    written = []
    for path in [results / "provenance.json", *_files(results)]:
        target = reference / path.relative_to(results)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        written.append(target)
    return written


def verify(names: Collection[str] = (), results: Path = RESULTS, reference: Path = REFERENCE) -> pd.DataFrame:
    """Compare every value of the published files with those of a run; one row a value, columns `COLUMNS`.

    Args:
        names: what to keep to, which need not be of a complete run: figures, ``claims``, ``numbers/<study>``,
            ``tables/<study>/<table>``; all where there are none.

    Raises:
        UserError: nothing is published, a name is unknown, a complete run is of another preset, or a file is missing.
    """
    published = _provenance(reference, "keep the numbers of a full run first: python -m dying_relu publish")
    if not names and (made := _provenance(results))["preset"] != published["preset"]:
        raise UserError(
            f"{results}/provenance.json: preset: the published numbers are of '{published['preset']}', these of "
            f"'{made['preset']}'; run snakemake first"
        )
    kept = [path for path in _files(reference) if path.suffix == ".csv"]
    published_files = {_name(path.relative_to(reference)): path for path in kept}
    for name in names:
        if name not in published_files:
            known = ", ".join(published_files)
            raise UserError(f"{reference}: there is nothing published under '{name}'; known: {known}")
    frames = []
    for name, path in published_files.items():
        if not names or name in names:
            found = results / path.relative_to(reference)
            if not found.exists():
                target = found.parent if name.startswith("tables/") else found
                raise UserError(f"{found}: is not there; make it with: snakemake {target}")
            compared = compare(files.read(path), files.read(found), _timed(path))
            frames.append(compared.assign(file=str(path.relative_to(reference))))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def changed(claims: Mapping[str, Claim], reference: Path = REFERENCE) -> list[str]:
    """One sentence for each claim that is not what it was when the published seeds were run."""
    kept = files.read(reference / "claims.csv").set_index("claim")
    found = []
    for name in sorted({*kept.index, *claims}):
        if name not in claims or name not in kept.index:
            when = "is no longer asked" if name not in claims else "was not asked"
            found.append(f"{name}: {when} of the published seeds")
        elif "asked" not in kept or kept.loc[name, "asked"] != claims[name].asked:
            found.append(
                f"{name}: its statement, estimand, cell, map, region or bounds changed after its seeds were run"
            )
        elif kept.loc[name, "code"] != judge.code_of(claims[name]):
            found.append(f"{name}: the code behind its estimand changed after its seeds were run")
    return found


def compare(published: pd.DataFrame, found: pd.DataFrame, timed: Collection[str] = ()) -> pd.DataFrame:
    """Two tables value by value: line (2 = the first below the header), column, both values, tolerance, agreement.

    A line that only one of them has disagrees; so does a column.

    Args:
        timed: columns that hang on how fast a machine is, if a column ``unit`` does not say so.
    """
    lines = pd.RangeIndex(max(len(published), len(found)))
    columns = [*published, *(column for column in found if column not in published)]
    pair = [frame.reindex(index=lines, columns=columns) for frame in (published, found)]
    tolerances = _tolerances(pair[0], timed)
    one_sided = (lines >= len(published)) | (lines >= len(found))
    parts = []
    for column in columns:
        a, b = (frame[column].astype(object) for frame in pair)
        numbers = [pd.to_numeric(values, errors="coerce").astype(float) for values in (a, b)]
        tolerance = tolerances[column].where(numbers[0].notna() | np.isinf(tolerances[column]))
        near = (numbers[0] - numbers[1]).abs() <= tolerance
        agrees = near | (a == b) | (a.isna() & b.isna()) | np.isinf(tolerance)
        parts.append(
            pd.DataFrame({"line": lines + 2, "column": column, "published": a, "found": b}).assign(
                tolerance=tolerance, agrees=agrees & ~one_sided
            )
        )
    return pd.concat(parts, ignore_index=True).sort_values("line", kind="stable", ignore_index=True)


def _tolerances(frame: pd.DataFrame, timed: Collection[str]) -> dict[str, pd.Series]:
    """For each column, line by line, how far another run may be off: where there is an interval, its width.

    Processors differ, so ratios of times may be off by half, and what takes least time may be another thing.
    """
    numeric = frame.apply(pd.to_numeric, errors="coerce").astype(float)
    unit = frame["unit"] if "unit" in frame else pd.Series("", frame.index)
    slow = pd.Series({name: name in timed for name in frame})
    relative = {name: np.where(unit.isin(TIMED_UNITS) | slow[name], TIMED, RELATIVE) for name in frame}
    base = {name: relative[name] * numeric[name].abs() + ROUNDING for name in frame}
    for middle, low, high in _intervals(list(frame)):
        width = (numeric[high] - numeric[low]).fillna(0)
        for name in (middle, low, high):
            base[name] = base[name] + width
    for name in ("p", "p_adjusted", "confidence", "share_inside", "share_inside_pilot", "needed_share"):
        if name in base:
            base[name] = pd.Series(np.inf, frame.index)  # follow from the interval
    if "value" in base:
        base["value"] = base["value"].mask(unit == "timed choice", np.inf)
    for name in slow.index[slow]:
        base[name] = base[name].fillna(np.inf)  # a sign, or a name
    return base


def _timed(path: Path) -> list[str]:
    """Columns of a published table that hang on how fast a machine is."""
    layout = path.with_suffix(".json")
    if layout.exists():
        columns = json.loads(layout.read_text(encoding="utf-8"))["columns"]
        return [name for column in columns if column["unit"] in TIMED_UNITS for name in (*column["of"], column["sign"])]
    table = files.read(path)
    return list(table.select_dtypes("number")) if {"part", "library"} & set(table) else []


def _intervals(columns: list[str]) -> list[tuple[str, str, str]]:
    """The columns of means and of the ends of their intervals."""
    found = [
        (name, "ci_low", "ci_high")
        for name in ("mean", "effect", "value")
        if {name, "ci_low", "ci_high"} <= set(columns)
    ]
    return found + [
        (name, f"{name}_low", f"{name}_high") for name in columns if {f"{name}_low", f"{name}_high"} <= set(columns)
    ]


def summary(compared: pd.DataFrame) -> str:
    """For each file the share of values that agree, then the values that do not, at most `_SHOWN` of a file."""
    found = compared.groupby("file")["agrees"].agg(["sum", "size"])
    text = [f"{file}: {row['sum']:,} of {row['size']:,} values agree" for file, row in found.iterrows()]
    for file, rows in compared[~compared["agrees"]].groupby("file"):
        for row in rows.head(_SHOWN).itertuples():
            within = f" (within {row.tolerance:.3g})" if np.isfinite(row.tolerance) else ""
            text.append(f"{file}:{row.line}: {row.column}: published {row.published}, found {row.found}{within}")
        if len(rows) > _SHOWN:
            text.append(f"{file}: {len(rows) - _SHOWN:,} more values disagree; was it made with another preset?")
    return "\n".join(text)


def _files(folder: Path) -> list[Path]:
    ledger = folder / "claims.csv"
    parts = [sorted((folder / name).glob(pattern)) for name, pattern in _KEPT.items()]
    if not ledger.exists() or not all(parts):
        raise UserError(f"{folder}: has no claims.csv, or none of {', '.join(_KEPT)}; run snakemake first")
    beside = [folder / name for name in _BESIDE if (folder / name).exists()]
    return [ledger, *beside, *(path for part in parts for path in part)]


_BESIDE = ("maps.csv", "coverage.csv")  # the ledger
_KEPT = {"numbers": "*.csv", "tables": "*/*", "figures/data": "*.csv"}


def _name(path: Path) -> str:
    """What a published file is called: a figure, or ``claims``, by its name, others by their place."""
    return path.stem if path.parts[0] in ("figures", "claims.csv", *_BESIDE) else str(path.with_suffix(""))


def _provenance(folder: Path, remedy: str = "run snakemake first") -> dict[str, str]:
    path = folder / "provenance.json"
    if not path.exists():
        raise UserError(f"{path}: is not there; {remedy}")
    return reading.read_yaml(path)
