"""How the numbers and tables of a study's section are registered."""

from collections.abc import Callable

import pandas as pd

from dying_relu import latex
from dying_relu.estimands.common import Tables
from dying_relu.figure_data.common import summarise

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


def mean_over_seeds(values: pd.Series, show: Callable[[float], str] = latex.percent) -> tuple[str, str]:
    """Mean of a value indexed by seed, and its pointwise 95 per cent interval, both printed; "--" without values."""
    cells = summarise(values.rename("value").rename_axis("seed").reset_index().assign(all=0), ["all"])
    if cells.empty:
        return "--", "--"
    mean, low, high = cells.loc[0, ["mean", "ci_low", "ci_high"]]
    return show(mean), latex.bracket(low, high, show)


def estimate_over_seeds(values: pd.Series, show: Callable[[float], str] = latex.percent, unit: str = "") -> str:
    """`mean_over_seeds` as one text, with the unit after the mean."""
    mean, interval = mean_over_seeds(values, show)
    return mean if mean == "--" else f"{mean}{unit} {interval}"


def points(values: pd.Series) -> str:
    """A mean difference of shares in points of per cent, with its interval over seeds."""
    return estimate_over_seeds(values, latex.points, " points")
