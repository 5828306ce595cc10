r"""Values as LaTeX: numbers, shares, tables."""

from collections.abc import Callable, Iterable

import numpy as np

_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{c: "\\" + c for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escape(text: object) -> str:
    """Plain text as LaTeX."""
    return "".join(_SPECIAL.get(character, character) for character in str(text))


def number(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, without exponents where it can be read without."""
    if value is None or not np.isfinite(value):
        return "--"
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}".replace(",", r"\,").replace("-", "$-$")
    if 1e-4 <= abs(value) < 1e5:
        decimals = max(digits - 1 - int(f"{value:.{digits - 1}e}".split("e")[1]), 0)
        return f"{value:.{decimals}f}".replace("-", "$-$")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$"


def percent(value: float) -> str:
    r"""A share as per cent, with one decimal below ten."""
    if value is None or not np.isfinite(value):
        return "--"
    shown = 100 * value
    if 0 < abs(shown) < 0.001:
        return r"$<$0.001\,\%" if shown > 0 else r"0\,\%"
    size = round(abs(shown), 1)
    digits = 0 if shown == 0 or size >= 10 else 1 if size >= 0.1 else 3
    return rf"{shown:.{digits}f}\,\%".replace("-", "$-$")


def finely(value: float) -> str:
    r"""A share as per cent with one decimal, for accuracies that lie close together."""
    return "--" if value is None or not np.isfinite(value) else rf"{100 * value:.1f}\,\%"


def points(value: float) -> str:
    """A difference of shares in percentage points."""
    return "--" if value is None or not np.isfinite(value) else number(round(100 * value, 3), 2)


def bracket(low: float, high: float, show: Callable[[float], str] = percent) -> str:
    """An interval as it is printed, e.g. [12 %, 15 %]."""
    return f"[{show(low)}, {show(high)}]"


def with_interval(mean: float, low: float, high: float, show: Callable[[float], str] = percent) -> str:
    """An estimate followed by its interval."""
    return f"{show(mean)} {bracket(low, high, show)}" if np.isfinite(mean) else "--"


def longtable(head: list[str], rows: Iterable[Iterable[str]], columns: str) -> str:
    r"""A booktabs table that may span pages, with the caption that the text defines as ``\longcaption``."""
    body = "".join(" & ".join(row) + r" \\" + "\n" for row in rows)
    top = rf"\toprule {' & '.join(head)} \\ \midrule"
    return (
        rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}\longcaption\\ {top} \endfirsthead {top} \endhead "
        rf"\bottomrule \endfoot {body}\end{{longtable}}"
    )


def tabular(head: list[str], rows: Iterable[Iterable[str]], columns: str) -> str:
    """A booktabs table body; cells are LaTeX already."""
    body = "".join(" & ".join(row) + r" \\" + "\n" for row in rows)
    top = rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}\toprule {' & '.join(head)} \\ \midrule"
    return f"{top} {body}\\bottomrule\\end{{tabular}}"
