"""What does not fit together between the text and the studies is told before anything is trained."""

import pytest

from conftest import ROOT, TINY
from dying_relu import studies
from dying_relu.design import study
from dying_relu.design.contents import Contents
from dying_relu.ledger import claims
from dying_relu.ledger.claims import Claim
from dying_relu.report import lint

CLAIM = Claim(
    **{"id": "it-dies", "source": "Q1", "told": "t", "statement": "s", "study": "held_out", "estimand": "e"},
    **{"effect_name": "n", "family": "median", "region": [0.0, 1.0], "bounds": [0.0, 1.0]},
)
PAPER = "\\input{generated.tex}\n\\input{sections/held_out.tex}\n\\studyfigure{verdicts}\n"
SECTION = r"""
Of \result{held_out.networks} networks \estimate{held_out.dead} died, see \interval{held_out.dead},
\result{provenance.commit} and \result{claims.supported}. % \result{held_out.old} is gone; 5\% is not
\studyfigure{held_out} \generatedtable{held_out.arms} \generatedlongtable{ledger}{a}{b}
It is \result{it-dies.verdict}, \estimate{it-dies}: \verdict{it-dies}{yes}{no}{open}.
"""


@pytest.fixture
def found(tmp_path, small_study, monkeypatch):
    """The problems of a small paper, changed in one place."""
    item = small_study(figures={"main": {"kind": "dead_by_rate", "caption": "c"}})
    held = Contents(numbers={"dead": "share"}, tables=("arms",))
    monkeypatch.setattr(studies, "contents", lambda name: held if name == "held_out" else Contents())
    monkeypatch.setattr(studies, "names", lambda: ("held_out",))

    def problems(old="", new="", paper=PAPER, all_studies=None, **more):
        folder = tmp_path / "paper"
        (folder / "sections").mkdir(parents=True)
        (folder / "generated.tex").write_text(
            r"\newcommand{\estimate}[1]{\result{#1} \interval{#1}} \result{made.here}"
        )
        (folder / "paper.tex").write_text(paper)
        assert old in SECTION
        (folder / "sections" / "held_out.tex").write_text(SECTION.replace(old, new) if old else SECTION)
        for name, text in more.items():
            (folder / "sections" / f"{name}.tex").write_text(text)
        known = {"held_out": item} if all_studies is None else all_studies
        return [text.replace(str(tmp_path) + "/", "") for text in lint.problems(known, {"it-dies": CLAIM}, folder)]

    return problems


def test_a_text_that_fits_has_no_problem(found):
    assert found() == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            r"\result{held_out.networks}",
            r"\result{held_out.netwroks}",
            r"paper/sections/held_out.tex:2: \result{held_out.netwroks}: nothing makes this number; "
            "see src/dying_relu/studies/held_out/__init__.py",
        ),
        (
            r"\result{claims.supported}",
            r"\result{claim.supported}",
            r"paper/sections/held_out.tex:3: \result{claim.supported}: nothing makes this number; see config/studies",
        ),
        (
            r"\result{it-dies.verdict}",
            r"\result{it-dies.effect}",
            r"paper/sections/held_out.tex:5: \result{it-dies.effect}: nothing makes this number; see config/studies",
        ),
        (
            r"\studyfigure{held_out}",
            r"\studyfigure{held_out} \studyfigure{held_outt}",
            r"paper/sections/held_out.tex:4: \studyfigure{held_outt}: nothing makes this figure; see config/studies",
        ),
        (
            "generatedlongtable{ledger}",
            "generatedlongtable{leger}",
            r"paper/sections/held_out.tex:4: \generatedlongtable{leger}: nothing makes this table; see config/studies",
        ),
        (
            r"\verdict{it-dies}",
            r"\verdict{it-lives}",
            r"paper/sections/held_out.tex:5: \verdict{it-lives}: nothing makes this claim; see config/claims.yaml",
        ),
        (
            r"\generatedtable{held_out.arms}",
            "",
            "src/dying_relu/studies/held_out/__init__.py: tables: 'arms' is made, but no file in paper/ uses it",
        ),
        (
            r"\studyfigure{held_out}",
            "",
            r"config/studies/held_out.yaml: figures.main: no file in paper/ shows it; write \studyfigure{held_out}",
        ),
    ],
)
def test_each_problem_is_one_sentence_with_its_place(found, old, new, problem):
    assert found(old, new) == [problem]


def test_a_number_that_nothing_uses(found):
    text = r"\result{held_out.networks}"
    assert found(r"\estimate{held_out.dead} died, see \interval{held_out.dead}", text) == [
        "src/dying_relu/studies/held_out/__init__.py: numbers: 'dead' is made, but no file in paper/ uses it"
    ]


def test_a_key_over_two_lines_is_read(found):
    assert found(r"\result{held_out.networks}", "\\result{held_out.\n  x}")[0].startswith(
        r"paper/sections/held_out.tex:2: \result{held_out. x}: nothing makes"
    )


def test_sections_that_are_missing_or_not_placed(found):
    paper = PAPER + "\\input{sections/absent}\n"
    assert found(paper=paper, lonely="Alone.") == [
        r"paper/sections/lonely.tex: no file inputs this section; add \input{sections/lonely.tex} to paper/paper.tex",
        r"paper/paper.tex: \input{sections/absent.tex}: there is no such file",
    ]


def test_a_study_without_a_section_needs_none(found, study_file):
    other = study.load(study_file(name="other", figures={"main": {"kind": "dead_by_rate", "caption": "c"}}), TINY)
    known = {"held_out": study.load(study_file(figures={"main": {"kind": "dead_by_rate", "caption": "c"}}), TINY)}
    assert found(all_studies={**known, "other": other}) == []


def test_a_package_without_a_file(found):
    problems = found(all_studies={})
    assert "src/dying_relu/studies/held_out: there is no config/studies/held_out.yaml" in problems
    assert len(problems) == 6  # and three uses of numbers, a table and a figure that nothing makes any more


def test_the_paper_fits_the_studies(monkeypatch):
    monkeypatch.chdir(ROOT)
    known = study.load_all(study.load_preset("full"))
    assert lint.problems(known, claims.load(known)) == []


def test_citations_and_references_are_the_same(tmp_path):
    text, references = tmp_path / "paper.tex", tmp_path / "references.bib"
    references.write_text(
        "@misc{one, title={x}}\n@article{two,\n title={y}, note={on \\cite{own}}}\n@misc{own, title={z}}\n"
    )
    cited = {text: "First \\citep{one}.\nThen \\citet[p. 3]{two, three} and \\citep{#1}."}
    assert list(lint._citations(cited, references)) == [
        f"{text}:2: \\cite of 'three': {references} has no such reference"
    ]
    assert list(lint._citations({text: "\\citep{one}"}, references)) == [
        f"{references}: 'two' is cited nowhere in the text"
    ]
