r"""From a value and its unit to LaTeX: the one place in which a number gets its printed form."""

from collections.abc import Callable

import numpy as np
import pandas as pd

_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{c: "\\" + c for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "²": r"$^2$",
    "×": r"$\times$",
    "τ": r"$\tau$",
    "φ": r"$\varphi$",
    "∞": r"$\infty$",
}


def escape(text: object) -> str:
    """Plain text as LaTeX."""
    return "".join(_SPECIAL.get(character, character) for character in str(text))


def number(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, without exponents where it can be read without."""
    if np.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
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
    shown = 100 * value
    if 0 < abs(shown) < 0.001:
        return r"$<$0.001\,\%" if shown > 0 else r"0\,\%"
    size = round(abs(shown), 1)
    digits = 0 if shown == 0 or size >= 10 else 1 if size >= 0.1 else 3
    return rf"{shown:.{digits}f}\,\%".replace("-", "$-$")


def points(value: float) -> str:
    """A difference of shares in percentage points, without the word."""
    return number(round(100 * value, 3), 2)


def setting(value: float) -> str:
    """A setting as study files have it, e.g. 0.05."""
    mantissa, _, exponent = f"{value:g}".partition("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$" if exponent else mantissa.replace("-", "$-$")


UNITS: dict[str, Callable[[float], str]] = {
    "share": percent,  # as per cent
    "accuracy": lambda value: rf"{100 * value:.1f}\,\%",  # a share with one decimal, where many lie close together
    "points": points,  # a difference of shares; the text adds the word
    "number": number,  # three significant digits
    "rough number": lambda value: number(value, 2),
    "order of magnitude": lambda value: number(value, 1),
    "count": lambda value: number(round(value)),
    "setting": setting,  # a learning rate or the like
    "text": escape,
    "latex": str,  # made in `report` alone
    "time ratio": number,  # of two times: another machine may be off by half
    "timed share": percent,  # that hangs on such a ratio
    "timed choice": escape,  # what took least or most time: another machine may choose otherwise
}
TEXTS = ("text", "latex", "timed choice")
TIMED_UNITS = ("time ratio", "timed share", "timed choice")


def printed(value: object, unit: str) -> str:
    """A value in its unit; ``--`` where it is missing."""
    if pd.isna(value):
        return "--"
    return UNITS[unit](value if unit in TEXTS else float(value))  # a file in which there are texts too has texts alone


def bracket(low: float, high: float, unit: str) -> str:
    """An interval as it is printed, e.g. [12 %, 15 %]."""
    return f"[{printed(low, unit)}, {printed(high, unit)}]"
