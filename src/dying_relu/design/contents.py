"""What a study's package holds, as plain data: the dry run reads it, so nothing here takes time to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        shows: one line for config/README.md.
        tables: of the study's tables those that it is made from.
        grids: grids that the study must have; none where the kind suits any study.
    """

    shows: str
    tables: tuple[str, ...]
    grids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """A choice made on pilot seeds: what is chosen, by which measure and rule. The methods section prints it.

    Attributes:
        name: of what is chosen, as the text calls it.
        over: columns of whose levels the best is chosen.
        measure: the column whose mean over pilot networks is compared.
        best: ``largest``, ``smallest``, or a number: the mean nearest to it.
        finite: levels that take part: at which ``most`` networks are finite (more than half of them), ``all`` are, or
            ``any`` level. A network is finite where it did not diverge and its measure is known.
        diverged_as: the value a network that is not finite counts with; none: it is left out of the mean.
        among: the networks compared, in words.
    """

    name: str
    over: tuple[str, ...]
    measure: str
    best: str | float = "largest"
    finite: str = "most"
    diverged_as: float | None = None
    among: str = ""


@dataclass(frozen=True)
class Contents:
    """What a study has beside its file in config/studies.

    The functions stand under the same names in the package's modules: estimands in ``estimands``; a kind's table in
    ``tables`` and its drawing in ``figures``; ``numbers`` and ``tables`` of the text in ``text``.

    Attributes:
        estimands: for each estimand the study's tables that it takes.
        kinds: kinds of figures by name.
        choices: what is chosen on pilot seeds, by name.
        reads: the study's tables that its text takes.
        numbers: for each number that the paper prints of the study its unit, one of `report.units.UNITS`.
        tables: names of the tables that the paper prints of the study.
    """

    estimands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()


def by_unit(**keys: str) -> dict[str, str]:
    """The unit of each number, from the numbers' keys by unit: one text each, with an underscore for a blank."""
    return {key: unit.replace("_", " ") for unit, text in keys.items() for key in text.split()}
