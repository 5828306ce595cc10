"""Every number in its printed form, and text that cannot break LaTeX."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dying_relu.report import units


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0"),
        (12345, r"12\,345"),
        (-3, "$-$3"),
        (0.2561, "0.256"),
        (0.05, "0.0500"),
        (97.4, "97.4"),
        (1234.5, "1234"),
        (0.9996, "1.00"),
        (1.00014, "1.00"),
        (-0.256, "$-$0.256"),
        (1.234e-7, r"$1.23\times10^{-7}$"),
        (-2.5e12 - 0.5, r"$-2.50\times10^{12}$"),
        (np.inf, r"$\infty$"),
        (-np.inf, r"$-\infty$"),
    ],
)
def test_numbers(value, text):
    assert units.number(value) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (0.5, r"50\,\%"),
        (0.0312, r"3.1\,\%"),
        (1, r"100\,\%"),
        (0, r"0\,\%"),
        (0.0999, r"10\,\%"),
        (0.00095, r"0.1\,\%"),
        (0.0004, r"0.040\,\%"),
        (1e-7, r"$<$0.001\,\%"),
        (-1e-7, r"0\,\%"),
        (-0.25, r"$-$25\,\%"),
    ],
)
def test_percentages(value, text):
    assert units.percent(value) == text


@pytest.mark.parametrize(
    "value, unit, text",
    [
        (0.96666, "accuracy", r"96.7\,\%"),
        (-0.0123, "points", "$-$1.2"),
        (0.123456, "number", "0.123"),
        (0.123456, "rough number", "0.12"),
        (0.123456, "order of magnitude", "0.1"),
        (1234.0, "count", r"1\,234"),
        (0.003, "setting", "0.003"),
        (-1.0, "setting", "$-$1"),
        (1.5e-5, "setting", r"$1.5\times10^{-5}$"),
        ("a_b", "text", r"a\_b"),
        (r"\emph{a}", "latex", r"\emph{a}"),
        (1.5, "time ratio", "1.50"),
        (0.5, "timed share", r"50\,\%"),
        ("GELU & Co", "timed choice", r"GELU \& Co"),
    ],
)
def test_each_unit_prints_its_way(value, unit, text):
    assert units.printed(value, unit) == text


@pytest.mark.parametrize("unit", units.UNITS)
@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_what_is_missing_is_a_dash_in_any_unit(unit, missing):
    assert units.printed(missing, unit) == "--"


@pytest.mark.parametrize("unit", [unit for unit in units.UNITS if unit not in units.TEXTS])
def test_a_number_that_a_file_gives_as_text_is_printed_as_the_number(unit):
    assert units.printed("0.25", unit) == units.printed(0.25, unit)
    assert units.printed("3", unit) == units.printed(3, unit)


def test_every_special_unit_is_one():
    assert set(units.TEXTS) | set(units.TIMED_UNITS) <= set(units.UNITS)


def test_intervals_are_in_brackets():
    assert units.bracket(-0.0123, 0.5, "points") == "[$-$1.2, 50]"
    assert units.bracket(0.25, np.nan, "share") == r"[25\,\%, --]"


def test_text_is_escaped():
    assert units.escape("95 % of a_b & {c} \\") == r"95 \% of a\_b \& \{c\} \textbackslash{}"
    assert units.escape("x² < 3 ∞ ~ ^ #1 $") == r"x$^2$ $<$ 3 $\infty$ \textasciitilde{} \textasciicircum{} \#1 \$"
    assert units.escape(3) == "3"


@given(st.floats(-1e15, 1e15), st.sampled_from([unit for unit in units.UNITS if unit not in units.TEXTS]))
def test_any_number_is_printed_without_a_bare_minus_or_exponent(value, unit):
    text = units.printed(abs(value) if unit == "accuracy" else value, unit)
    outside = "".join(text.split("$")[::2])
    assert text.count("$") % 2 == 0 and "-" not in outside and "e" not in outside


@given(st.floats(-1e5, 1e5).filter(lambda v: abs(v) >= 1e-4))
def test_a_printed_number_is_the_number_to_three_digits(value):
    text = units.number(value).replace("$", "").replace(r"\,", "")
    assert float(text) == pytest.approx(value, rel=5.1e-3)
