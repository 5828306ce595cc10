"""Hold a run against the published numbers, line by line.

`reference/` keeps of one full run the ledger, the data behind each figure and what it was made with. The same
machine gives the same bytes. Another one rounds differently, and single networks at killing rates then end
elsewhere: so a value agrees within a tolerance that is stated with it.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from dying_relu import config, tables
from dying_relu.errors import UserError

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
    shutil.rmtree(reference, ignore_errors=True)
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
        names: figures, or ``claims``, to which to keep, which need not be of a complete run; all where there are none.

    Raises:
        UserError: nothing is published, a name is unknown, a complete run is of another preset, or a file is missing.
    """
    published = _provenance(reference, "keep the numbers of a full run first: python -m dying_relu publish")
    if not names and (made := _provenance(results))["preset"] != published["preset"]:
        raise UserError(
            f"{results}/provenance.json: preset: the published numbers are of '{published['preset']}', these of "
            f"'{made['preset']}'; run snakemake first"
        )
    files = _files(reference)
    known = [path.stem for path in files]
    for name in names:
        if name not in known:
            raise UserError(f"{reference}: there is nothing published under '{name}'; known: {', '.join(known)}")
    frames = []
    for path in files:
        if not names or path.stem in names:
            found = results / path.relative_to(reference)
            if not found.exists():
                raise UserError(f"{found}: is not there; make it with: snakemake {found}")
            compared = compare(tables.read(path), tables.read(found))
            frames.append(compared.assign(file=str(path.relative_to(reference))))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def compare(published: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Two tables value by value: line (2 = the first below the header), column, both values, tolerance, agreement.

    A line that only one of them has disagrees; so does a column.
    """
    lines = pd.RangeIndex(max(len(published), len(found)))
    columns = [*published, *(column for column in found if column not in published)]
    pairs = [frame.reindex(index=lines, columns=columns) for frame in (published, found)]
    tolerances = _tolerances(pairs[0])
    parts = []
    for column in columns:
        a, b = (frame[column] for frame in pairs)
        if column in tolerances:
            a, b = a.astype(float), pd.to_numeric(b, errors="coerce")
            agrees = ((a - b).abs() <= tolerances[column]) | (a == b) | (a.isna() & b.isna())
        else:
            agrees = (a == b) | (a.isna() & b.isna())
        one_sided = (lines >= len(published)) | (lines >= len(found))
        parts.append(
            pd.DataFrame(
                {"line": lines + 2, "column": column, "published": a.astype(object), "found": b.astype(object)}
            ).assign(tolerance=tolerances.get(column, np.nan), agrees=agrees & ~one_sided)
        )
    order = pd.concat(parts, ignore_index=True)
    return order.sort_values("line", kind="stable", ignore_index=True)


def _tolerances(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """For each numeric column how far another run may be off: where there is an interval, its width."""
    numeric = frame.select_dtypes("number")
    timed = "part" in frame or "library" in frame
    base = {name: (TIMED if timed else RELATIVE) * numeric[name].abs() + ROUNDING for name in numeric}
    if {"ci_low", "ci_high"} <= set(numeric):
        width = (numeric["ci_high"] - numeric["ci_low"]).fillna(0)
        for name in ("mean", "effect", "ci_low", "ci_high"):
            if name in base:
                base[name] = base[name] + width
    for name in ("p", "p_adjusted", "confidence"):
        if name in base:
            base[name] = pd.Series(np.inf, frame.index)  # follow from the interval
    return base


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
    ledger, data = folder / "claims.csv", folder / "figures" / "data"
    if not ledger.exists() or not data.is_dir():
        raise UserError(f"{folder}: has no claims.csv and figures/data; run snakemake first")
    return [ledger, *sorted(data.glob("*.csv"))]


def _provenance(folder: Path, remedy: str = "run snakemake first") -> dict[str, str]:
    path = folder / "provenance.json"
    if not path.exists():
        raise UserError(f"{path}: is not there; {remedy}")
    return config.read_yaml(path)
