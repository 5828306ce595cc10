"""Which files of the library a module is made of, so that a rule can name them as its inputs.

Snakemake notices an edited script but not an edited library. With these files as inputs, editing one
reruns exactly the rules whose results it can change.
"""

import ast
from collections.abc import Collection
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


def paths(module: str) -> list[Path]:
    """The files of a module, or of a package with all its modules."""
    folder = _PACKAGE / module
    return sorted(folder.glob("*.py")) if folder.is_dir() else [_PACKAGE / f"{module}.py"]


def files(*modules: str, relative_to: Path, without: Collection[str] = ()) -> list[str]:
    """Source files of modules of this package and of all they import from it, relative to a folder.

    ``without`` names modules to leave out, with what only they import.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and module not in without:
            found.add(module)
            waiting += _imports(module)
    all_paths = [path for module in found for path in paths(module)]
    if "config" in found:
        all_paths += (_PACKAGE / "schemas").glob("*.yaml")
    return sorted(str(path.relative_to(relative_to)) for path in all_paths)


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The package's own modules that a module imports, at its top or inside a function."""
    names = set()
    for node in [node for path in paths(module) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]:
        if isinstance(node, ast.ImportFrom) and node.module == "dying_relu":
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dying_relu."):
            names.add(node.module.split(".")[1])
    return tuple(sorted(name for name in names if paths(name) and paths(name)[0].exists()))
