"""What `make benchmark` measured, as it is kept in reference/benchmark: read, summarised, drawn, and carried on.

`engine.benchmark` gives speed, peak and growth; stages come from the logs of a full run, peers from peers/run.py.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from dying_relu.analysis.drawing import WIDTH, draw
from dying_relu.report.provenance import training_costs
from dying_relu.report.tables import Column, Table, column
from dying_relu.report.units import bracket, printed
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

KEPT = Path("reference/benchmark")
PAGE = "README.md"
PARTS = ("speed", "peak", "growth", "stages", "peers")
MILLION = 1_000_000
_WAYS = {
    "process each": "a Keras process each, with fit",
    "fit in a loop": "fit in a loop, one process",
    "population": "populations, one process",
    "long population": "populations, start and compiling apart",
}
_HEADS = {
    "import": "importing",
    "compile": "compiling",
    "train": "training steps",
    "measure": "measuring",
    "draw": "drawing samples",
    "write": "writing",
}
Parts = Mapping[str, pd.DataFrame]


def read(folder: Path = KEPT) -> dict[str, pd.DataFrame]:
    """The parts that are kept."""
    return {part: files.read(folder / f"{part}.csv") for part in PARTS if (folder / f"{part}.csv").exists()}


def stages(logs: Path, benchmarks: Path) -> pd.DataFrame:
    """Where a full run's processor time went: columns stage, kind, seconds, operations.

    Training by kind, exactly, from the logs; the other rules from Snakemake's benchmark files, which miss up to half a
    second at the end of a process. Snakemake's own time is in neither.
    """
    training = training_costs(logs / "train" / "full").assign(stage="train")
    others = pd.DataFrame(
        [
            {"stage": path.relative_to(benchmarks).parts[0].removesuffix(".tsv"), "kind": "all", "seconds": spent}
            for path in sorted(benchmarks.rglob("*.tsv"))
            if path.relative_to(benchmarks).parts[0] != "train" and (spent := _cpu_time(path)) is not None
        ],
        columns=["stage", "kind", "seconds"],
    )
    both = pd.concat([training, others.assign(operations=0.0)])
    return both.groupby(["stage", "kind"], sort=False)[["seconds", "operations"]].sum().reset_index()


def _cpu_time(path: Path) -> float | None:
    with path.open(encoding="utf-8") as file:
        text = next(csv.DictReader(file, delimiter="\t"))["cpu_time"]
    return float(text) if text.replace(".", "").isdigit() else None


# ---- tables ----


def summary(parts: Parts) -> pd.DataFrame:
    """What the paper's supplement prints: columns part, case, unit, median, least, most, over repetitions."""
    found = [frame for part, frame in _SUMMARIES.items() if part in parts for frame in [frame(parts)]]
    return pd.concat(found, ignore_index=True) if found else _rows("", pd.DataFrame(), "")


def _rows(part: str, values: pd.DataFrame, unit: str) -> pd.DataFrame:
    """A row for each column of values, which has a row a repetition."""
    rows = [
        {"part": part, "case": case, "unit": unit, "median": v.median(), "least": v.min(), "most": v.max()}
        for case, v in values.items()
    ]
    return pd.DataFrame(rows, columns=["part", "case", "unit", "median", "least", "most"])


def _speed(parts: Parts) -> pd.DataFrame:
    seconds = parts["speed"].pivot(index="repetition", columns="way", values="seconds")[list(_WAYS)]
    ratios = seconds.rdiv(seconds["process each"], axis=0).drop(columns="process each")
    milliseconds = _rows("processor time a network (ms)", 1000 * seconds.rename(columns=_WAYS), "number")
    times = {way: f"{text} (times as fast as a process each)" for way, text in _WAYS.items()}
    return pd.concat([milliseconds, _rows("gain", ratios.rename(columns=times), "time ratio")])


def _peak(parts: Parts) -> pd.DataFrame:
    peak = parts["peak"]
    found = [_rows("product of matrices (GFLOP/s)", peak[["peak_gigaflops"]].set_axis(["one core"], axis=1), "number")]
    for kind, head in (("train", "training, share of it"), ("measure", "measuring, share of it")):
        shares = peak.assign(case=[f"{g}, {r} networks" for g, r in zip(peak["graph"], peak["rows"], strict=True)])
        wide = shares.pivot(index="repetition", columns="case", values=kind)
        found.append(_rows(head, wide[list(dict.fromkeys(shares.sort_values(["graph", "rows"])["case"]))], "share"))
    return pd.concat(found)


def _peers(parts: Parts) -> pd.DataFrame:
    speeds = parts["peers"].pivot(
        index="repetition", columns=["framework", "variant"], values="network_epochs_per_second"
    )
    best = {name: speeds[name].median().idxmax() for name in speeds.columns.levels[0]}
    chosen = pd.DataFrame({f"{name}, {variant}": speeds[name, variant] for name, variant in best.items()})
    own = speeds["engine", best["engine"]]
    ratios = pd.DataFrame({name: own / speeds[name, v] for name, v in best.items() if name != "engine"})
    return pd.concat(
        [
            _rows("epochs of a network a second, all cores", chosen, "number"),
            _rows("times as fast as", ratios, "time ratio"),
        ]
    )


def _stages(parts: Parts) -> pd.DataFrame:
    found = parts["stages"]
    names = [
        s if k == "all" else f"training: {_HEADS.get(k, k)}" for s, k in zip(found["stage"], found["kind"], strict=True)
    ]
    seconds = pd.DataFrame([found["seconds"].to_numpy()], columns=names)
    seconds["all"] = found["seconds"].sum()
    lines = [_rows("a full run, core-seconds", seconds, "count")]
    if "peak" in parts:
        share = pd.DataFrame({"all, products at the peak over all": [share_of_peak(parts)]})
        lines.append(_rows("share of the peak", share, "share"))
    return pd.concat(lines)


def share_of_peak(parts: Parts) -> float:
    """Of a full run's processor time, what its products would have taken at the processor's peak."""
    peak = 1e9 * parts["peak"]["peak_gigaflops"].median()
    return float(parts["stages"]["operations"].sum() / peak / parts["stages"]["seconds"].sum())


_SUMMARIES = {"speed": _speed, "peak": _peak, "peers": _peers, "stages": _stages}


def table(parts: Parts) -> Table:
    """The summary as the paper prints it."""
    frame = summary(parts)
    frame["value"] = [printed(row.median, row.unit) for row in frame.itertuples()]
    same = frame["least"] == frame["most"]
    ranges = [bracket(row.least, row.most, row.unit) for row in frame.itertuples()]
    frame["range"] = np.where(same, "", ranges)
    frame["part"] = frame["part"].where(~frame["part"].duplicated(), "")
    columns = [
        Column("measured", ("part",), "text", width=0.24),
        Column("of", ("case",), "text", width=0.4),
        column("median", "value", "latex"),
        column("least and most", "range", "latex"),
    ]
    return Table(frame, columns, long=True)


# ---- carried on ----


def million(parts: Parts, networks: int, cores: int) -> float:
    """Hours that a million networks like those of the full run would take on so many cores.

    Its training jobs' processor time a network, importing and compiling included: jobs of the same length have the same
    share of both.

    Args:
        networks: that the full run trained.
    """
    return MILLION * _each(parts, networks) / cores / 3600


def _each(parts: Parts, networks: int) -> float:
    """Core-seconds of training jobs for each network of the full run."""
    found = parts["stages"]
    return float(found.loc[found["stage"] == "train", "seconds"].sum() / networks)


def page(parts: Parts, networks: int, processor: str) -> str:
    """The page reference/benchmark/README.md: all of it as Markdown, and a million networks.

    Args:
        networks: that the full run trained.
    """
    found = summary(parts)
    found["part"] = found["part"].where(~found["part"].duplicated(), "")
    shown = [
        f"| {row.part} | {row.case} | {_plain(row.median, row.unit)} | "
        + (f"{_plain(row.least, row.unit)} to {_plain(row.most, row.unit)} |" if row.least != row.most else "|")
        for row in found.itertuples()
    ]
    growth = parts["growth"].groupby(["what", "size"]).median().reset_index()
    grown = [
        f"| {row.what} | {row.size:,} | {row.train:.2f} | {row.grown:.2f} | {row.compile:.1f} | {row.mebibytes:,.0f} |"
        for row in growth.itertuples()
    ]
    hours = [f"| {cores} | {million(parts, networks, cores):.1f} |" for cores in (2, 16, 64)]
    return _PAGE.format(
        processor=processor,
        table="\n".join(shown),
        growth="\n".join(grown),
        networks=f"{networks:,}",
        milliseconds=f"{1000 * _each(parts, networks):.0f}",
        hours="\n".join(hours),
    )


_PAGE = """\
# How fast it is

Measured by `make benchmark` and `make benchmark-peers` on one machine ({processor}), which write this page. The values
are in the CSV files beside it.

| measured | of | median | least to most |
| --- | --- | --- | --- |
{table}

## What grows with what

Ten epochs of 64 networks like the reference network but for one thing; processor seconds of the steps, of all that
grows with the networks, and of compiling; the process's peak memory.

| changed | to | steps, s | all that grows, s | compiling, s | memory, MiB |
| --- | --- | --- | --- | --- | --- |
{growth}

![How time, memory and share of the peak grow](growth.png)

## A million networks

The full run trained {networks} networks; its training jobs took {milliseconds} ms of a core each, importing and
compiling included, whose share stays the same as long as jobs stay as long. Jobs know nothing of each other, so a
million networks of the same mixture would take:

| cores | hours |
| --- | --- |
{hours}

A job needs the memory that `python -m dying_relu plan` says, whatever the number of networks. Planning a million takes
seconds.
"""


def _plain(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.0f} %"
    return f"{value:,.0f}" if unit == "count" or abs(value) >= 1000 else f"{value:.3g}"


def growth(parts: Parts) -> plt.Figure:
    """Three panels: seconds of ten epochs against what is made larger; memory; share of the peak against rows."""
    grown, peak = parts["growth"], parts["peak"]
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.4))
    for marker, (what, rows) in zip("os^D", grown.groupby("what", sort=False), strict=False):
        middle = rows.groupby("size")[["grown", "mebibytes"]].median()
        relative = middle.index / middle.index.min()
        axes[0].plot(relative, middle["grown"] / middle["grown"].iloc[0], marker=marker, label=what)
        axes[1].plot(relative, middle["mebibytes"], marker=marker, label=what)
    axes[0].axline((1, 1), slope=1, color="0.6", linewidth=0.8, linestyle=":")
    axes[0].set(xscale="log", yscale="log", xlabel="times as large", ylabel="times as long")
    axes[0].legend(frameon=False)
    axes[1].set(xscale="log", xlabel="times as large", ylabel="memory (MiB)", ylim=(0, None))
    rows = peak[peak["graph"] == "dense, depth 3"].groupby("rows")[["train", "measure"]].median()
    for marker, kind in zip("os", rows, strict=True):
        axes[2].plot(rows.index, rows[kind], marker=marker, label=kind)
    axes[2].set(xscale="log", xlabel="networks at once", ylabel="share of the peak", ylim=(0, 1))
    axes[2].legend(frameon=False)
    figure.tight_layout()
    return figure


def keep(measured: Parts, folder: Path, networks: int, processor: str) -> None:
    """Write parts, then the figure and the page that are made of all parts that are kept.

    Raises:
        UserError: a part that the page needs was never measured.
    """
    for name, frame in measured.items():
        files.write(frame, folder / f"{name}.csv")
    parts = read(folder)
    for name in ("speed", "peak", "growth", "stages"):
        if name not in parts:
            needed = "a full run (`make`), then `make benchmark`" if name == "stages" else "`make benchmark`"
            raise UserError(f"{folder / name}.csv: there is none yet, and the page needs it; it comes with {needed}")
    draw(lambda _: growth(parts), parts["growth"], [str(folder / f"growth.{kind}") for kind in ("pdf", "png")])
    files.write_text(page(parts, networks, processor), folder / PAGE)
