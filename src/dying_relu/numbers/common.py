"""How the numbers and tables of a study's section are registered."""

from collections.abc import Callable

from dying_relu.estimands.common import Tables

Section = Callable[[Tables], tuple[dict[str, str], dict[str, str]]]
SECTIONS: dict[str, Section] = {}


def section(*tables: str) -> Callable[[Section], Section]:
    """Register a function of a study's name: from its tables to LaTeX numbers and LaTeX tables, by key.

    `registry` reads here which tables it needs.
    """

    def register(function: Section) -> Section:
        SECTIONS[function.__name__] = function
        return function

    return register
