"""The engine is handed courses and asks nothing back: a job's digest then covers all that `design` does to it."""

import ast

import pytest

from conftest import ROOT

ALLOWED = {"catalogue", "course", "datasets", "seeding", "settings"}
ENTRY_POINTS = {"audit": {"study"}, "benchmark": {"plan", "study"}, "timings": {"study"}}


@pytest.mark.parametrize("path", sorted((ROOT / "src/dying_relu/engine").glob("*.py")), ids=lambda path: path.stem)
def test_the_engine_takes_little_from_the_design(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "dying_relu.design":
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dying_relu.design."):
            imported.add(node.module.split(".")[2])
    assert imported <= ALLOWED | ENTRY_POINTS.get(path.stem, set())
