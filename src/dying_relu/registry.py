"""What is registered where, read from the source: the workflow's plan needs no pandas, SciPy or Matplotlib."""

import ast
from functools import cache
from importlib import import_module

from dying_relu import sources


@cache
def keyword(module: str, decorator: str, name: str) -> dict[str, tuple[str, ...]]:
    """What those decorators are given for one keyword, a tuple of strings; empty where they are not given it."""
    return {
        function.name: next((ast.literal_eval(k.value) for k in mark.keywords if k.arg == name), ())
        for function, mark in _decorated(module, decorator)
    }


@cache
def marked(module: str, decorator: str) -> dict[str, tuple[str, ...]]:
    """Functions of a module or package of ours under ``@decorator("a", "b")``, with the decorator's arguments."""
    return {
        function.name: tuple(argument.value for argument in mark.args)
        for function, mark in _decorated(module, decorator)
    }


def _decorated(module: str, decorator: str) -> list[tuple[ast.FunctionDef, ast.Call]]:
    return [
        (function, mark)
        for path in sources.paths(module)
        for function in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == decorator
    ]


def load(package: str) -> None:
    """Import every module of a package, by its full name, so that all they define is registered."""
    for path in sources.paths(package.rpartition(".")[2]):
        if path.stem != "__init__":
            import_module(f"{package}.{path.stem}")
