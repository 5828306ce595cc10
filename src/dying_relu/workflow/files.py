"""Reading and writing tables, so that an interrupted run never leaves half a file behind."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """Write parquet or CSV, by the path's ending; the file appears complete or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    if path.suffix == ".parquet":
        frame.to_parquet(partial, index=False, compression="zstd")
    else:
        frame.to_csv(partial, index=False, float_format="%.10g", lineterminator="\n")
    partial.replace(path)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file; it appears complete or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def read(path: str | Path) -> pd.DataFrame:
    """Read parquet or CSV, by the path's ending."""
    return pd.read_parquet(path) if Path(path).suffix == ".parquet" else pd.read_csv(path)


def read_all(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables by the names of their files."""
    return {Path(path).stem: read(path) for path in paths}


def gather(paths: Iterable[str | Path]) -> pd.DataFrame:
    """The tables of all jobs of a study as one, in an order that does not depend on the cut into jobs."""
    frames = [read(path) for path in paths]
    texts = frames[0].select_dtypes("category").columns
    for text in texts:
        levels = sorted(set().union(*(frame[text].cat.categories for frame in frames)))
        frames = [frame.assign(**{text: frame[text].cat.set_categories(levels)}) for frame in frames]
    frame = pd.concat(frames, ignore_index=True)
    settled = list(frame.columns[: frame.columns.get_loc("seed") + 1])
    keys = settled + [key for key in ("step", "layer", "status") if key in frame]
    return frame.sort_values(keys, ignore_index=True, kind="stable")
