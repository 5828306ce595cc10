"""Numbers as they are printed, and LaTeX that cannot be broken by text."""

import numpy as np
import pytest

from conftest import ROOT
from dying_relu import latex, paper, sources, study


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0"),
        (12345, r"12\,345"),
        (0.2561, "0.256"),
        (0.05, "0.0500"),
        (97.4, "97.4"),
        (1234.5, "1234"),
        (0.9996, "1.00"),
        (1.00014, "1.00"),
        (np.nan, "--"),
    ],
)
def test_numbers(value, text):
    assert latex.number(value) == text


@pytest.mark.parametrize(
    "value, text", [(0.5, r"50\,\%"), (0.0312, r"3.1\,\%"), (1, r"100\,\%"), (0, r"0\,\%"), (0.0999, r"10\,\%")]
)
def test_percentages(value, text):
    assert latex.percent(value) == text


def test_estimates_are_printed_in_their_unit():
    assert latex.with_interval(0.5, 0.25, 0.75) == r"50\,\% [25\,\%, 75\,\%]"
    assert latex.bracket(-0.0123, 0.5, latex.points) == "[$-$1.2, 50]"
    assert latex.finely(0.96666) == r"96.7\,\%"
    assert latex.with_interval(np.nan, np.nan, np.nan) == latex.points(np.nan) == latex.finely(np.nan) == "--"


def test_text_is_escaped():
    assert latex.escape("95 % of a_b & {c} \\") == r"95 \% of a\_b \& \{c\} \textbackslash{}"


def test_a_study_without_a_section_still_gets_its_figures(small_study):
    item = small_study(figures={"main": {"kind": "dead_by_rate", "caption": "What is seen"}})
    text = paper.plain_section(item)
    assert r"\section{Held out}" in text and r"\studyfigure{held_out}" in text


def test_sections_refer_to_no_number_by_hand():
    import re

    for path in (ROOT / "paper").rglob("*.tex"):
        assert not re.search(r"(p *[=<] *0?\.\d+|\d+(\.\d+)? *\\%)", path.read_text()), path


def test_library_files_of_a_rule_follow_imports():
    files = sources.files("judge", relative_to=ROOT)
    assert {"src/dying_relu/statistics.py", "src/dying_relu/schemas/claims.yaml"} <= set(files)
    assert not any("population" in name for name in files)
    assert not any("estimands" in name for name in sources.files("figures", relative_to=ROOT))  # drawn from CSV alone
    training = sources.files("train", relative_to=ROOT, without=("config", "plan", "study"))
    assert {"src/dying_relu/population.py", "src/dying_relu/activity.py"} <= set(training)
    assert not any(name.endswith(("study.py", "paper.py", "statistics.py")) for name in training)


def test_names_of_figures(small_study):
    item = small_study()
    assert (
        isinstance(item, study.Study)
        and item.figure_name("main") == "held_out"
        and item.figure_name("x") == "held_out_x"
    )
