r"""From results to LaTeX: every number, table, figure and verdict of the paper, as generated commands.

``\result{key}`` prints a number, ``\interval{key}`` its interval, ``\estimate{key}`` both, ``\generatedtable{name}`` a
table, ``\studyfigure{name}`` a figure with its caption and the command that remakes it, ``\verdict{claim}{if
supported}{if refuted}{if inconclusive}`` chooses a wording by
the verdict in the claim's cell, ``\holds{claim}{...}{...}{if it depends}{if open}`` by how it stands over its map. An
unknown key stops the build, and `report.lint` finds it before anything is trained.
"""

import json
from collections.abc import Mapping

import pandas as pd

from dying_relu import studies
from dying_relu.analysis import arms
from dying_relu.analysis.choice import in_words
from dying_relu.design.study import Preset, Study
from dying_relu.report import benchmark, edits, tex
from dying_relu.report.captions import captions
from dying_relu.report.numbers import of_claims
from dying_relu.report.tables import Column, Table, column
from dying_relu.report.units import bracket, escape, printed

# what the ledger says of a text's claim, and of what this project asks
_TOLD = ("claim", "source", "told", "statement", "at"), r"\textbf{{{}}} ({}). \emph{{{}}} Tested: {} {}"
_ASKED = ("claim", "statement", "at"), r"\textbf{{{}}}. {} {}"


def generated(
    numbers: pd.DataFrame,
    tables: Mapping[str, Table],
    ledger: pd.DataFrame,
    maps: pd.DataFrame,
    coverage: pd.DataFrame,
    history: pd.DataFrame,
    all_studies: Mapping[str, Study],
    preset: Preset,
    provenance: Mapping[str, str],
    measured: benchmark.Parts,
) -> str:
    """The text of results/paper/numbers.tex: all that paper.tex may refer to.

    Args:
        numbers: of all studies and of the paper as a whole; columns `numbers.COLUMNS`.
        tables: by their name in the text, e.g. ``bias.arms``.
        ledger, maps, coverage: of the claims.
        history: how claims and seeds changed.
        measured: what `make benchmark` kept.
    """
    numbers = pd.concat([numbers, of_claims(ledger)], ignore_index=True)
    shown = {row.key: _with_word(row.value, row.unit) for row in numbers.itertuples()}
    shown |= {f"provenance.{key}": escape(value) for key, value in provenance.items()}
    intervals = {
        row.key: bracket(row.ci_low, row.ci_high, row.unit) if pd.notna(row.value) else ""
        for row in numbers.itertuples()
        if pd.notna(row.n_seeds) or pd.isna(row.value)
    }
    bodies = {name: table.latex() for name, table in tables.items()}
    own_rows = ledger["own"].astype(bool)
    own = {
        "ledger": ledger_table(ledger[~own_rows], shown, _TOLD),
        "hypotheses": ledger_table(ledger[own_rows], shown, _ASKED),
        "maps": maps_table(ledger, maps),
        "power": power_table(ledger),
        "coverage": coverage_table(coverage),
        "edits": edits.table(history),
        "choices": choices_table(all_studies),
        "benchmark": benchmark.table(measured),
    }
    own |= {f"{study}.replications": conditions_table(part, maps) for study, part in replications(ledger)}
    bodies |= {name: table.latex() for name, table in own.items()}
    figures = {name: figure(name, caption) for name, caption in captions(all_studies).items()}
    placed = tex.inputs(tex.text(tex.PAPER / "paper.tex"))
    others = "".join(plain_section(study) for name, study in all_studies.items() if name not in placed)
    draft = f"DRAFT: built from the {preset.name} preset, not from a full run" if preset.draft else ""
    everything = {
        "result": shown,
        "interval": intervals,
        "table": bodies,
        "figure": figures,
        "ledger": dict(zip(ledger["claim"], ledger["verdict"], strict=True)),
        "stands": dict(zip(ledger["claim"], ledger["stands"], strict=True)),
        "text": {"draft": draft, "studies": others},
    }
    return "% Made by the workflow; do not edit.\n" + "".join(commands(*item) for item in everything.items())


def _with_word(value: object, unit: str) -> str:
    text = printed(value, unit)
    return f"{text} points" if unit == "points" and text != "--" else text


def commands(kind: str, values: Mapping[str, str]) -> str:
    r"""LaTeX definitions behind ``\result``, ``\generatedtable`` and their like (see paper/generated.tex)."""
    return "".join(rf"\define{{{kind}}}{{{key}}}{{{value}}}" + "\n" for key, value in values.items())


def figure(name: str, caption: str) -> str:
    """A figure environment, its caption ending with the command that remakes it."""
    return (
        rf"\begin{{figure}}[tbp]\centering\includegraphics[width=\textwidth]{{{name}.pdf}}"
        rf"\caption{{{escape(caption)} {remake(f'results/figures/{name}.pdf')}}}\label{{fig:{name}}}\end{{figure}}"
    )


def remake(target: str) -> str:
    """The command that makes a file again, as the end of a caption."""
    path = escape(target).replace("/", r"/\allowbreak ")
    return rf"Remake: \texttt{{snakemake {path}}}"


def plain_section(study: Study) -> str:
    r"""A section for a study that paper.tex inputs none of: its title, question and figures."""
    names = [study.figure_name(key) for key in study.figures]
    references = ", ".join(rf"\ref{{fig:{name}}}" for name in names)
    seen = f" See Figures {references}." if names else ""
    figures = "".join(rf"\studyfigure{{{name}}}" for name in names)
    return rf"\section{{{escape(study.title)}}} {escape(study.question)}{seen} {figures}"


def ledger_table(ledger: pd.DataFrame, shown: Mapping[str, str], sentence: tuple[tuple[str, ...], str]) -> Table:
    """The verdicts.

    Args:
        shown: the claims' numbers as they are printed.
        sentence: what is said of each claim: columns, and how they are put together.
    """
    words = ledger["verdict"].where(ledger["stands"] != "depends", ledger["verdict"] + ", depends")
    frame = ledger.assign(
        estimate=[shown[name] for name in ledger["claim"]],
        interval=[bracket(row.ci_low, row.ci_high, row.unit) for row in ledger.itertuples()],
        at=[f"at: {cell}." if isinstance(cell, str) and cell else "" for cell in ledger["cell"]],
        n=[f"{row.n_seeds}" + (f" ({row.n_diverged:.0f})" if row.n_diverged else "") for row in ledger.itertuples()],
        words=words,
    )
    columns = [
        Column("claim, its sharpened statement, and its cell", sentence[0], "text", sentence[1], width=0.44),
        Column("median or share", ("estimate",), "latex"),
        Column("interval", ("interval",), "latex"),
        column("n (diverged)", "n"),
        Column("verdict", ("words",), "text", width=0.11),
    ]
    return Table(frame, columns, long=True)


def maps_table(ledger: pd.DataFrame, maps: pd.DataFrame) -> Table:
    """Of each claim with more cells than one how it fares over them; and with survivors alone."""
    survivors = maps.groupby("claim")["verdict_survivors"].value_counts().unstack(fill_value=0)
    survivors = survivors.reindex(ledger["claim"]).reindex(columns=["supported", "refuted"], fill_value=0)
    frame = ledger.assign(
        depends=[str(text).replace("_", " ") if isinstance(text, str) else "" for text in ledger["depends_on"]],
        alone_supported=survivors["supported"].to_numpy(),
        alone_refuted=survivors["refuted"].to_numpy(),
    )[ledger["cells"] > 1]
    columns = [
        column("claim", "claim"),
        column("cells", "cells", "count"),
        column("supported", "cells_supported", "count"),
        column("refuted", "cells_refuted", "count"),
        column("open", "cells_open", "count"),
        column("nothing to see", "cells_without", "count"),
        column("supported", "alone_supported", "count", "survivors alone"),
        column("refuted", "alone_refuted", "count", "survivors alone"),
        Column("turns over on", ("depends",), "text", width=0.2),
    ]
    return Table(frame, columns, long=True)


def replications(ledger: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Of each study that asks the texts' claims again the rows of the ledger of these."""
    again = ledger[ledger["kind"] == "replication"]
    if again.empty:
        return []
    return [(str(study), part) for study, part in again.groupby("study", sort=False)]


def conditions_table(again: pd.DataFrame, maps: pd.DataFrame) -> Table:
    """Replications of claims over the cells of their maps: a row a condition, a column a claim.

    A condition is named by what it has other than the reference network. In each cell whether the claim holds there,
    and the median seed or the share of seeds.
    """
    rows: dict[tuple, dict[str, object]] = {}
    for claim in again.itertuples():
        for cell in maps[maps["claim"] == claim.claim].itertuples():
            levels = arms.unlike_reference(json.loads(cell.levels))
            row = rows.setdefault(arms.place(levels), {"condition": arms.label(levels) or "reference"})
            if cell.verdict in _HOLDS:
                row[claim.claim] = f"{_HOLDS[cell.verdict]} {printed(cell.effect, claim.unit)}"
    frame = pd.DataFrame([rows[key] for key in sorted(rows)], columns=["condition", *again["claim"]])
    columns = [Column("condition", ("condition",), "text", width=0.16)]
    share = round(0.72 / max(len(again), 1), 3)
    columns += [Column(claim.of, (claim.claim,), "latex", width=share) for claim in again.itertuples()]
    return Table(frame, columns)


_HOLDS = {"supported": "yes", "refuted": "no", "inconclusive": "open"}


def power_table(ledger: pd.DataFrame) -> Table:
    """What each claim could have detected: the seeds' share on its side from which on it is decided, and that seen."""
    columns = [
        column("claim", "claim"),
        column("seeds", "n_seeds", "count"),
        column("needed", "needed_share", "share", "share of seeds inside the region"),
        column("pilot", "share_inside_pilot", "share", "share of seeds inside the region"),
        column("seen", "share_inside", "share", "share of seeds inside the region"),
        column("verdict", "verdict"),
    ]
    return Table(ledger, columns, long=True)


def coverage_table(coverage: pd.DataFrame) -> Table:
    """How often intervals missed in simulation, by world and level: the largest and the median over claims."""
    rows = [
        (world, alpha / 2, side, part[key].median(), part[key].max())
        for (world, alpha), part in coverage.groupby(["world", "alpha"])
        for side, key in (("truth below", "missed_low"), ("truth above", "missed_high"))
    ]
    frame = pd.DataFrame(rows, columns=["world", "allowed", "side", "median", "largest"])
    columns = [
        column("seeds drawn from the paper's own", "world"),
        column("side", "side"),
        column("allowed", "allowed", "share"),
        column("median claim", "median", "share", "missed"),
        column("worst claim", "largest", "share", "missed"),
    ]
    return Table(frame, columns)


def choices_table(all_studies: Mapping[str, Study]) -> Table:
    """Everything that is chosen on pilot seeds, by study: what, by which measure and rule, among which networks."""
    rows = [
        (study.title, rule.name, rule.measure.replace("_", " "), in_words(rule), rule.among)
        for name, study in all_studies.items()
        for rule in studies.contents(name).choices.values()
    ]
    frame = pd.DataFrame(rows, columns=["study", "choice", "measure", "rule", "among"])
    frame["study"] = frame["study"].where(~frame["study"].duplicated(), "")
    widths = {"study": 0.14, "choice": 0.16, "measure": 0.12, "rule": 0.2, "among": 0.24}
    return Table(frame, [Column(name, (name,), "text", width=width) for name, width in widths.items()], long=True)
