"""What is registered where, read from the source: the workflow's plan needs no pandas, SciPy or Matplotlib."""

import ast
from functools import cache

from dying_relu import sources


@cache
def marked(module: str, decorator: str) -> dict[str, tuple[str, ...]]:
    """Functions of a module or package of ours under ``@decorator("a", "b")``, with the decorator's arguments."""
    return {
        function.name: tuple(argument.value for argument in mark.args)
        for path in sources.paths(module)
        for function in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == decorator
    }
