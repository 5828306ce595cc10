"""What code a rule's result depends on, as one digest that a rule names among its parameters.

Snakemake notices an edited script but not an edited library, and takes a touched script for an edited one. The
digest is of the script and of all modules of this package that it imports, directly or not, as parsed: comments,
docstrings and layout do not count.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SCRIPTS = PACKAGE.parents[1] / "workflow" / "scripts"


@cache
def digest(script: str, *modules: str, without: str | None = None) -> str:
    """Changes when, and only when, code does that a script runs.

    Args:
        script: name of a file in workflow/scripts, without .py.
        modules: full names of modules that it imports by a name it is given, e.g. those of a study.
        without: a package to leave out, with what only it imports.
    """
    found = hashlib.sha256()
    for path in [SCRIPTS / f"{script}.py", *files(SCRIPTS / f"{script}.py", *modules, without=without)]:
        found.update(_parsed(path)[0])
    return found.hexdigest()[:16]


def files(script: Path, *modules: str, without: str | None = None) -> list[Path]:
    """The files of this package behind a script and modules, sorted."""
    found: set[str] = set()
    waiting = [*_parsed(script)[1], *modules]
    while waiting:
        module = waiting.pop()
        path = _path(module)
        left_out = without is not None and (module == without or module.startswith(f"{without}."))
        if module not in found and path is not None and not left_out:
            found.add(module)
            waiting += _parsed(path)[1]
    return sorted(path for module in found if (path := _path(module)) is not None)


@cache
def _path(module: str) -> Path | None:
    """The file of a module of this package; none for a name that is not one."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.exists():
            return path
    return None


@cache
def _parsed(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """A digest of what a file says to the interpreter, and the names in this package that it imports anywhere."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = tuple(_imports(tree))
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).digest(), imported


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE.name)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
