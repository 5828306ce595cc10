r"""Hold the text to what the workflow makes, without training anything: keys, tables, figures, claims and sections.

A misspelt key would stop the build in its last rule, a forgotten ``\input`` would drop a section without a word.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dying_relu import studies
from dying_relu.design.study import STUDIES, Study
from dying_relu.ledger.claims import Claim
from dying_relu.report import tex
from dying_relu.report.captions import captions
from dying_relu.report.names import CLAIM_SUFFIXES, COUNTS, GENERAL, PROVENANCE, TABLES

_USE = re.compile(
    r"\\(result|interval|estimate|generatedtable|generatedlongtable|studyfigure|verdict|holds)\{([^}#]*)\}"
)

_CITED = re.compile(r"\\cite[a-z]*\*?(?:\[[^]]*\])*\{([^}#\\]*)\}")


def problems(all_studies: Mapping[str, Study], claims: Mapping[str, Claim], paper: Path = tex.PAPER) -> list[str]:
    """What does not fit together between paper/ and the studies, each as one sentence with its place."""
    files = {path: tex.text(path) for path in sorted(paper.rglob("*.tex"))}
    uses = [(path, *use) for path, text in files.items() for use in _uses(text) if path.name != "generated.tex"]
    return [
        *_unmade(uses, all_studies, claims),
        *_unused(uses, all_studies),
        *_sections(files, paper, all_studies),
        *_citations(files, paper / "references.bib"),
    ]


def _uses(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, command, key) of each use of something that the workflow makes."""
    for match in _USE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1], re.sub(r"\s+", " ", match[2])


def _unmade(uses: list, all_studies: Mapping[str, Study], claims: Mapping[str, Claim]) -> Iterator[str]:
    again = {f"{claim.study}.replications" for claim in claims.values() if claim.kind == "replication"}
    made = {
        "number": {*GENERAL, *PROVENANCE, *(f"{claim}{suffix}" for claim in claims for suffix in CLAIM_SUFFIXES)},
        "table": {*TABLES, *again},
        "figure": set(captions(all_studies)),
        "claim": set(claims),
    }
    for name, study in all_studies.items():
        contents = studies.contents(name)
        made["number"] |= {f"{name}.{key}" for key in (*contents.numbers, *(COUNTS if study.grids else ()))}
        made["table"] |= {f"{name}.{table}" for table in contents.tables}
    for path, line, command, key in uses:
        what = _WHAT[command]
        if key not in made[what]:
            owner = key.partition(".")[0]
            if owner in studies.names():
                place = f"src/dying_relu/studies/{owner}/__init__.py"
            else:
                place = "config/claims.yaml" if what == "claim" else str(STUDIES)
            yield f"{path}:{line}: \\{command}{{{key}}}: nothing makes this {what}; see {place}"


_WHAT = {
    "result": "number",
    "interval": "number",
    "estimate": "number",
    "generatedtable": "table",
    "generatedlongtable": "table",
    "studyfigure": "figure",
    "verdict": "claim",
    "holds": "claim",
}


def _unused(uses: list, all_studies: Mapping[str, Study]) -> Iterator[str]:
    used = {(_WHAT[command], key) for _, _, command, key in uses}
    for name in all_studies:
        contents, place = studies.contents(name), f"src/dying_relu/studies/{name}/__init__.py"
        for what, keys in (("number", contents.numbers), ("table", contents.tables)):
            for key in keys:
                if (what, f"{name}.{key}") not in used:
                    yield f"{place}: {what}s: '{key}' is made, but no file in paper/ uses it"


def _sections(files: Mapping[Path, str], paper: Path, all_studies: Mapping[str, Study]) -> Iterator[str]:
    placed = set().union(*map(tex.inputs, files.values()))
    for path in files:
        if path.parent.name == "sections" and path.stem not in placed:
            yield f"{path}: no file inputs this section; add \\input{{sections/{path.name}}} to {paper}/paper.tex"
    for name in sorted(placed - {path.stem for path in files}):
        yield f"{paper}/paper.tex: \\input{{sections/{name}.tex}}: there is no such file"
    shown = {use[2] for text in files.values() for use in _uses(text) if use[1] == "studyfigure"}
    for name in sorted(placed & set(all_studies)):
        for key in all_studies[name].figures:
            figure = all_studies[name].figure_name(key)
            if figure not in shown:
                remedy = rf"write \studyfigure{{{figure}}}"
                yield f"{STUDIES}/{name}.yaml: figures.{key}: no file in paper/ shows it; {remedy}"
    for name in studies.names():
        if name not in all_studies:
            yield f"src/dying_relu/studies/{name}: there is no {STUDIES}/{name}.yaml"


def _citations(files: Mapping[Path, str], references: Path) -> Iterator[str]:
    """LaTeX typesets an unknown citation as a question mark, and says nothing of a reference that is never cited."""
    listed = references.read_text() if references.exists() else ""
    known = set(re.findall(r"(?m)^@\w+\{([^,\s]+)", listed))
    cited = {
        key.strip(): (path, text.count("\n", 0, match.start()) + 1)
        for path, text in {**files, references: listed}.items()  # references speak of others
        for match in _CITED.finditer(text)
        for key in match[1].split(",")
    }
    for key in sorted(set(cited) - known):
        path, line = cited[key]
        yield f"{path}:{line}: \\cite of '{key}': {references} has no such reference"
    for key in sorted(known - set(cited)):
        yield f"{references}: '{key}' is cited nowhere in the text"
