"""The studies that have a package of their own, and the stock pieces that suit any: what there is, and where it is.

A study is one file in config/studies. What only it has (estimands, kinds of figures, the numbers and tables of its
section) stands in the package of its name, with a table of contents (`design.contents.Contents`) in ``__init__``.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from dying_relu.design.contents import Contents, Kind

STOCK = "dying_relu.analysis.stock"  # kinds of figures that suit any study
LEDGER = "dying_relu.ledger"  # the picture of the verdicts


def package(study: str) -> str:
    """The full name of a study's package."""
    return f"{__name__}.{study}"


@cache
def names() -> tuple[str, ...]:
    """The studies with a package, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")))


@cache
def contents(study: str) -> Contents:
    """What a study has beside its file; nothing where it has no package."""
    return import_module(package(study)).CONTENTS if study in names() else Contents()


@cache
def kinds() -> Mapping[str, tuple[str, Kind]]:
    """For each kind of figure the package it stands in, and what it needs."""
    places = {STOCK: import_module(STOCK).CONTENTS, LEDGER: import_module(LEDGER).CONTENTS}
    places |= {package(study): contents(study) for study in names()}
    return {name: (place, kind) for place, held in places.items() for name, kind in held.kinds.items()}


def function(place: str, module: str, name: str) -> Callable:
    """A function of a package, e.g. the drawing (module ``figures``) of a kind."""
    return getattr(import_module(f"{place}.{module}"), name)


def table() -> str:
    """The kinds of figures as the Markdown table of config/README.md."""
    rows = []
    for name, (_, kind) in kinds().items():
        if kind.tables:  # the picture of the verdicts is no study's
            needs = [f"grids {', '.join(f'`{grid}`' for grid in kind.grids)}"] if kind.grids else []
            needs += [f"tables {', '.join(kind.tables)}"]
            rows.append(f"| `{name}` | {kind.shows} | {'; '.join(needs)} |")
    return "\n".join(["| kind | shows | needs |", "| --- | --- | --- |", *rows]) + "\n"
