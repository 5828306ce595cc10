"""How the numbers and tables of a study's section are registered."""

from collections.abc import Callable

import pandas as pd

from dying_relu.estimands.common import Tables
from dying_relu.figure_data.common import summarise
from dying_relu.latex import number

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


def points(values: pd.Series) -> str:
    """A mean difference of shares in points of per cent, with its interval over seeds."""
    values = values.dropna()
    if values.empty:
        return "--"
    cell = summarise(values.rename("value").rename_axis("seed").reset_index().assign(all=0), ["all"]).iloc[0]
    mean, low, high = (number(100 * round(cell[name], 5), 2) for name in ("mean", "ci_low", "ci_high"))
    return f"{mean} points [{low}, {high}]"
