"""What is registered where, read from the source: the workflow's plan needs no pandas, SciPy or Matplotlib."""

import ast
from functools import cache
from pathlib import Path


@cache
def marked(module: str, decorator: str) -> dict[str, tuple[str, ...]]:
    """Functions of a module of this package under ``@decorator("a", "b")``, with the decorator's arguments."""
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    return {
        function.name: tuple(argument.value for argument in mark.args)
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == decorator
    }
