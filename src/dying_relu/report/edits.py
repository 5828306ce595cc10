"""How the claims, and the seeds that decide them, changed from commit to commit: reference/edits.csv."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml

from dying_relu.design.study import STUDIES
from dying_relu.ledger.claims import ASKED, CLAIMS
from dying_relu.report.tables import Column, Table, column
from dying_relu.workflow.errors import UserError

KEPT = Path("reference/edits.csv")
COLUMNS = ["date", "commit", "change", "of"]
_FIRST = "first written"


def history() -> pd.DataFrame:
    """A row a commit and kind of change, oldest first, columns `COLUMNS`; ``of``: the claims or studies concerned.

    Raises:
        UserError: there is no history to read.
    """
    rows, before = [], {}
    for commit, date in _commits():
        now = {**_claims(commit), **_seeds(commit)}
        found: dict[str, list[str]] = {}
        for name in sorted({*before, *now}):
            for change in _changes(before.get(name), now.get(name)):
                found.setdefault(change, []).append(name)
        rows += [(date, commit, change, ", ".join(names)) for change, names in sorted(found.items())]
        before = now
    return pd.DataFrame(rows, columns=COLUMNS)


def table(kept: pd.DataFrame) -> Table:
    """As the supplement prints it."""
    columns = [
        column("date", "date"),
        column("commit", "commit"),
        Column("what changed", ("change",), "text", width=0.2),
        Column("of which claims, or of which studies' seeds", ("of",), "text", width=0.5),
    ]
    return Table(kept, columns, long=True)


def _changes(before: Mapping | None, now: Mapping | None) -> list[str]:
    if before is None:
        return [_FIRST]
    if now is None:
        return ["dropped"]
    return [key.replace("_", " ") for key in sorted({*before, *now}) if before.get(key) != now.get(key)]


def _commits() -> list[tuple[str, str]]:
    """(commit, date) of each change on the main line, first to last; what was tried beside it before is not listed."""
    places = str(CLAIMS), str(STUDIES)
    lines = _git("log", "--first-parent", "--reverse", "--format=%h %as", "--abbrev=9", "--", *places).splitlines()
    return [(commit, date) for commit, date in (line.split() for line in lines)]


def _claims(commit: str) -> dict[str, dict]:
    """Of each claim what is asked, as far as that version of the file says it."""
    found = _yaml(commit, str(CLAIMS))
    return {name: {key: entry[key] for key in ASKED if key in entry} for name, entry in found.items()}


def _seeds(commit: str) -> dict[str, dict]:
    """The seeds of each study in the full preset."""
    files = _git("ls-tree", "--name-only", commit, f"{STUDIES}/").split()
    seeds = {f"seeds of {Path(path).stem}": _yaml(commit, path).get("seeds", {}) for path in files}
    return {name: {"seeds": given.get("full")} for name, given in seeds.items()}


def _yaml(commit: str, path: str) -> dict:
    try:
        return yaml.safe_load(_git("show", f"{commit}:{path}")) or {}
    except UserError:
        return {}  # not there yet


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(f"{KEPT}: needs the repository's history: {error}") from None
