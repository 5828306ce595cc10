"""From results to LaTeX: every kind of command that the text may use."""

import json
import re

import pandas as pd
import pytest

from conftest import ROOT, TINY
from dying_relu import studies
from dying_relu.analysis.intervals import Estimate
from dying_relu.design.contents import Choice, Contents
from dying_relu.report import numbers, paper, tex
from dying_relu.report.tables import Table, column

LEDGER = pd.DataFrame(
    {
        **{"claim": ["holds", "open"], "source": ["Q1", "Q2"], "told": ["50 % die.", "x"], "statement": ["a_b", "y"]},
        **{"verdict": ["supported", "inconclusive"], "effect": [0.5, float("nan")], "ci_low": [0.4, 0.0]},
        **{"ci_high": [0.6, 1.0], "p": [0.001, 1.0], "p_adjusted": [0.002, 1.0], "n_seeds": [40, 0]},
        **{"unit": ["points", "share"], "events": [0, None], "exposure": [10.0, None], "n_diverged": [3, 0]},
        **{
            "of": ["holds", "open"],
            "kind": ["assertion", "question"],
            "own": [False, False],
            "decided_by": ["experiment", "arithmetic"],
        },
        **{"cell": ["depth 3", ""], "cells": [4, 1], "stands": ["depends", "inconclusive"]},
        **{"depends_on": ["learning_rate", ""], "holds_where": ["2 of 4 supported, 1 refuted, 1 open"] * 2},
        **{"cells_supported": [2, 0], "cells_refuted": [1, 0], "cells_open": [1, 1], "cells_without": [0, 0]},
        **{"needed_share": [0.8, float("nan")], "share_inside": [0.9, 0.5], "share_inside_pilot": [1.0, 0.5]},
    }
)
MAPS = pd.DataFrame({"claim": ["holds"] * 4, "verdict_survivors": ["supported"] * 3 + ["inconclusive"]})
COVERAGE = pd.DataFrame(
    {"world": "as they are", "alpha": [0.05, 0.05], "missed_low": [0.01, 0.02], "missed_high": [0.0, 0.01]}
)
EDITS = pd.DataFrame({"date": ["2026-01-01"], "commit": ["abc"], "change": ["region"], "of": ["holds"]})
TABLES = {"held_out.arms": Table(pd.DataFrame({"arm": ["a_b"]}), [column("arm", "arm")])}
PROVENANCE = {"commit": "abc_1", "processor": "A & B"}


@pytest.fixture
def made(small_study, monkeypatch):
    """The commands, by kind and key."""
    monkeypatch.chdir(ROOT)
    item = small_study(figures={"main": {"kind": "dead_by_rate", "caption": "100 % seen"}})
    rule = Choice("best rate", ("r",), "test_accuracy", among="all of a_b")
    monkeypatch.setattr(studies, "contents", lambda name: Contents(choices={"best": rule}))
    made = {
        "held_out.dead": Estimate(0.5, 0.4, 0.6, 9),
        "held_out.gain": Estimate(float("nan")),
        "held_out.best": "SGD_2",
    }
    table = numbers.frame(made, ["share", "points", "text"])
    text = paper.generated(table, TABLES, LEDGER, MAPS, COVERAGE, EDITS, {"held_out": item}, TINY, PROVENANCE, {})
    assert text.startswith("% Made by the workflow; do not edit.\n")
    found = re.findall(r"\\define\{(\w+)\}\{([^}]*)\}\{(.*?)\}\n(?=\\define|\Z)", text, re.DOTALL)
    assert text.count(r"\define{") == len(found)
    return {kind: {key: value for k, key, value in found if k == kind} for kind, _, _ in found}


def test_numbers_and_intervals(made):
    assert (made["result"]["held_out.dead"], made["interval"]["held_out.dead"]) == (r"50\,\%", r"[40\,\%, 60\,\%]")
    assert (made["result"]["held_out.gain"], made["interval"]["held_out.gain"]) == ("--", "")
    assert made["result"]["held_out.best"] == r"SGD\_2" and "held_out.best" not in made["interval"]
    assert made["result"]["provenance.processor"] == r"A \& B"


def test_claims(made):
    assert (made["result"]["holds"], made["interval"]["holds"]) == ("50 points", "[40, 60]")
    assert made["result"]["holds.high"] == "60 points" and made["result"]["holds.events"] == "0"
    assert (made["result"]["open"], made["interval"]["open"]) == ("--", "")
    assert made["ledger"] == {"holds": "supported", "open": "inconclusive"}
    assert made["stands"] == {"holds": "depends", "open": "inconclusive"}


def test_tables(made):
    assert r"a\_b" in made["table"]["held_out.arms"] and r"\begin{tabular}" in made["table"]["held_out.arms"]
    ledger = made["table"]["ledger"]
    told = r"\textbf{holds} (Q1). \emph{50 \% die.} Tested: a\_b at: depth 3. & 50 points & [40, 60] & 40 (3) &"
    assert f"{told} supported, depends" in ledger and "& inconclusive" in ledger
    maps = made["table"]["maps"]
    assert r"holds & 4 & 2 & 1 & 1 & 0 & 3 & 0 & learning rate \\" in maps and "\nopen &" not in maps
    assert r"holds & 40 & 80\,\% & 100\,\% & 90\,\% & supported \\" in made["table"]["power"]
    assert r"as they are & truth below & 2.5\,\% & 1.5\,\% & 2.0\,\% \\" in made["table"]["coverage"]
    assert "2026-01-01 & abc & region & holds" in made["table"]["edits"]
    assert ledger.startswith(r"\begin{longtable}")
    choices = made["table"]["choices"]
    assert r"Held out & best rate & test accuracy & largest; more than half finite & all of a\_b \\" in choices


def test_replications_are_a_table_of_conditions_and_claims():
    """Named by what is other than in the reference network, that one first; what has nothing to show is left empty."""
    ledger = LEDGER.assign(claim=["a-again", "b-again"], of=["a", "b"], kind="replication", study="g", unit="share")
    cells = [
        ("a-again", {"dataset": "digits", "width": 512}, "refuted", 0.25),
        ("a-again", {"dataset": "digits", "width": 64}, "supported", 0.5),
        ("a-again", {"dataset": "digits", "width": 16}, "not testable", float("nan")),
        ("b-again", {"dataset": "digits"}, "inconclusive", 0.75),
        ("b-again", {"dataset": "diabetes"}, "supported", 0.0),
    ]
    maps = pd.DataFrame(cells, columns=["claim", "levels", "verdict", "effect"])
    maps["levels"] = [json.dumps(levels) for levels in maps["levels"]]
    ((study, part),) = paper.replications(pd.concat([ledger, LEDGER]))
    found = paper.conditions_table(part, maps)
    assert study == "g" and [column.head for column in found.columns] == ["condition", "a", "b"]
    frame = found.frame.set_index("condition")
    assert frame.index.tolist() == ["reference", "diabetes", "width 16", "width 512"]
    assert frame["a-again"].dropna().to_dict() == {"reference": r"yes 50\,\%", "width 512": r"no 25\,\%"}
    assert frame["b-again"].dropna().to_dict() == {"reference": r"open 75\,\%", "diabetes": r"yes 0\,\%"}
    assert found.latex().count("--") == 4


def test_figures(made):
    figure = made["figure"]["held_out"]
    assert r"\includegraphics[width=\textwidth]{held_out.pdf}" in figure and r"\label{fig:held_out}" in figure
    assert (
        r"\caption{100 \% seen Remake: \texttt{snakemake results/\allowbreak figures/\allowbreak held\_out.pdf}}"
        in figure
    )
    assert set(made["figure"]) == {"held_out", "verdicts", "hypotheses", "maps"}


def test_drafts_say_so(made):
    assert made["text"]["draft"] == "DRAFT: built from the tiny preset, not from a full run"


def test_a_study_without_a_section_still_gets_its_figures(made):
    section = made["text"]["studies"]
    assert section.startswith(r"\section{Held out} Does it run? See Figures \ref{fig:held_out}.")
    assert section.endswith(r"\studyfigure{held_out}")


def test_a_study_with_a_section_gets_no_other(small_study, study_file, monkeypatch):
    monkeypatch.chdir(ROOT)
    from dying_relu.design import study

    item = study.load(study_file(name="bias"), TINY)
    other = study.load(study_file(name="second"), TINY.model_copy(update={"draft": False}))
    full = TINY.model_copy(update={"draft": False})
    text = paper.generated(
        numbers.frame({}, []), {}, LEDGER, MAPS, COVERAGE, EDITS, {"bias": item, "second": other}, full, {}, {}
    )
    assert text.count(r"\section{") == 1 and r"\define{text}{draft}{}" in text
    assert paper.plain_section(item) == r"\section{Held out} Does it run? "


def test_commented_sections_are_not_placed(tmp_path):
    path = tmp_path / "paper.tex"
    path.write_text("\\input{sections/one.tex}\n% \\input{sections/two.tex}\n5\\% \\input{sections/three}\n")
    assert tex.inputs(tex.text(path)) == {"one", "three"}


def test_every_kind_of_command_is_known_to_the_text(made):
    known = (ROOT / "paper" / "generated.tex").read_text()
    assert all(rf"\made{{{kind}}}" in known or kind == "text" for kind in made)
    assert (ROOT / "paper" / "paper.tex").read_text().count(r"\made{text}") == len(made["text"])


def test_sections_refer_to_no_number_by_hand():
    for path in (ROOT / "paper").rglob("*.tex"):
        assert not re.search(r"(p *[=<] *0?\.\d+|\d+(\.\d+)? *\\%)", path.read_text()), path
