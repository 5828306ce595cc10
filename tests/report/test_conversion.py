"""The calculator of percentages on a table made by hand."""

import pandas as pd
import pytest

from dying_relu.report import conversion
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

ROWS = [
    ("reference shape", 0, "batch_64", "dead", 0.35, 12, 0.2, 0.25, 0.3),
    ("reference shape", 0, "batch_64", "dead", 0.4, 30, 0.22, 0.31, 0.36),
    ("reference shape", 0, "frozen", "dead", 1.0, 40, 0.2, 0.7, 0.95),
    ("reference shape", 0, "batch_64", "frozen", 0.4, 30, 0.3, 0.32, 0.4),
    ("reference shape", 1, "batch_64", "dead", 0.4, 9, 0.1, 0.2, 0.3),
    ("convolution", 0, "batch_64", "dead", 0.4, 9, 0.9, 0.91, 0.92),
]
COLUMNS = ["networks", "layer", "source", "target", "level", "n_networks", "low", "median", "high"]
KNOWN = pd.DataFrame(ROWS, columns=COLUMNS)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            (40, "batch_64", "dead"),
            "40 % by batch_64 is 22 % to 36 % by dead, median 31 % (5 to 95 % of 30 networks near 40 %).",
        ),
        (
            (37.6, "batch_64", "dead"),
            "37.6 % by batch_64 is 22 % to 36 % by dead, median 31 % (5 to 95 % of 30 networks near 40 %).",
        ),
        (
            (40, "batch_64", "dead", 1),
            "40 % by batch_64 in layer 1 is 10 % to 30 % by dead, median 20 % (5 to 95 % of 9 networks near 40 %).",
        ),
        (
            (100, "frozen", "dead"),
            "100 % by frozen: not convertible; it is 20 % to 95 % by dead, median 70 % "
            "(5 to 95 % of 40 networks near 100 %).",
        ),
        (
            (60, "batch_64", "dead"),
            "60 % by batch_64: too few networks of the study are near; enough are from 35 % to 40 %.",
        ),
    ],
)
def test_what_is_said(asked, said):
    assert conversion.sentence(KNOWN, *asked) == said


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ((140, "batch_64", "dead"), "percent: must be from 0 to 100, found 140"),
        ((float("nan"), "batch_64", "dead"), "percent"),
        ((40, "batch_65", "dead"), "--from: unknown value 'batch_65'; known: batch_64, dead, frozen"),
        ((40, "batch_64", "silent"), "--to: unknown value 'silent'"),
        ((40, "dead", "dead"), "--to: 'dead' is the definition that --from names"),
        ((40, "batch_64", "dead", 7), "--layer: must be one of 1, found 7"),
        ((40, "batch_64", "frozen", 1), "--layer: of single layers"),
    ],
)
def test_bad_input_ends_in_one_sentence(asked, word):
    with pytest.raises(UserError) as error:
        conversion.sentence(KNOWN, *asked)
    assert word in str(error.value) and "\n" not in str(error.value)


def test_the_table_of_the_run_comes_before_the_published_one(tmp_path):
    results, reference = tmp_path / "results", tmp_path / "reference"
    with pytest.raises(UserError, match="make it with"):
        conversion.published(results, reference)
    for folder, row in ((reference, ROWS[0]), (results, ROWS[1])):
        files.write(pd.DataFrame([row], columns=COLUMNS), folder / conversion.TABLE)
        assert conversion.published(results, reference)["level"].tolist() == [row[4]]
