"""The numbers of the paper as data: made and named alike, whole after a file."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks
from dying_relu import studies
from dying_relu.analysis.intervals import Estimate
from dying_relu.design.contents import Contents
from dying_relu.report import names, numbers, units
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

TABLE = networks(
    {"seed": 0, "learning_rate": 0.1, "dead_fraction": 0.1},
    {"learning_rate": 0.1, "dead_fraction": 0.1},
    {"learning_rate": 2.0},
    {"learning_rate": 9.0, "dead_fraction": 0.1, "grid": "control_narrow"},
    epochs=7,
)


@pytest.fixture
def owned(monkeypatch, small_study):
    """A study with a package whose text makes given numbers, of given units."""

    def give(made, named):
        item = small_study()
        monkeypatch.setattr(studies, "contents", lambda name: Contents(numbers=named))
        monkeypatch.setattr(studies, "function", lambda *place: lambda tables: made)
        return item

    return give


def test_every_study_has_its_counts(small_study):
    found = numbers.of_study(small_study(), {"networks": TABLE}).set_index("key")
    assert list(found.reset_index()) == numbers.COLUMNS
    expected = {"networks": 4, "diverged": 0.25, "pilot": 1, "confirmatory": 2, "rates": 2, "rate.low": 0.1}
    expected |= {"rate.high": 2.0, "epochs": 7, "single.steps": 10, "growth": 1.5}
    assert found["value"].to_dict() == {f"held_out.{key}": value for key, value in expected.items()}
    assert {key.removeprefix("held_out."): unit for key, unit in found["unit"].items()} == dict(names.COUNTS)


def test_a_study_without_training_has_no_counts(small_study):
    assert len(numbers.of_study(small_study(timings="activation_cost", grids=None, settings=None), {})) == 0


def test_estimates_plain_numbers_texts_and_missing_ones(owned, tmp_path):
    made = {"a": Estimate(0.5, 0.4, 0.6, 9), "b": 3, "c": "SGD", "d": None, "e": np.nan, "f": Estimate(np.nan)}
    made |= {"g": np.float64(0.25), "h": Estimate(2.0, np.nan, np.nan, 4), "i": None}
    item = owned(made, dict(zip("abcdefghi", ["share", "count", "text", "text", *["share"] * 5], strict=True)))
    files.write(numbers.of_study(item, {"networks": TABLE}), tmp_path / "numbers.csv")
    row = files.read(tmp_path / "numbers.csv").set_index("key").rename(lambda key: key.removeprefix("held_out."))
    shown = {key: units.printed(row.loc[key, "value"], row.loc[key, "unit"]) for key in "abcdefghi"}
    assert shown == {
        **{
            "a": r"50\,\%",
            "b": "3",
            "c": "SGD",
            "d": "--",
            "e": "--",
            "f": "--",
            "g": r"25\,\%",
            "h": r"200\,\%",
            "i": "--",
        }
    }
    assert row.loc["a", ["ci_low", "ci_high", "n_seeds"]].tolist() == [0.4, 0.6, 9]
    assert row["n_seeds"].notna().to_dict() == {**dict.fromkeys(row.index, False), "a": True, "f": True, "h": True}
    assert row.loc["f", "n_seeds"] == 0 and np.isnan(row.loc["h", "ci_low"])


def test_a_number_that_is_named_and_not_made_is_one_sentence(owned):
    with pytest.raises(
        UserError, match=r"^studies/held_out/__init__\.py: numbers: 'b' is named, but .*text\.py does not"
    ):
        numbers.of_study(owned({"a": 1}, {"a": "count", "b": "count"}), {"networks": TABLE})


def test_a_number_that_is_made_and_not_named_is_one_sentence(owned):
    with pytest.raises(
        UserError, match=r"^studies/held_out/text\.py: numbers: 'b' is made, but .*__init__\.py does not"
    ):
        numbers.of_study(owned({"a": 1, "b": 2}, {"a": "count"}), {"networks": TABLE})


_COUNTS = ("events", "exposure")
LEDGER = pd.DataFrame(
    [
        ("holds", "supported", 0.5, 0.4, 0.6, 1e-13, 1e-11, 40, "share", 0, 229_340.0),
        ("fails", "refuted", -0.2, -0.3, -0.1, 0.02, 0.04, 12, "points", np.nan, np.nan),
        ("open", "inconclusive", np.nan, 0.0, 1.0, 1.0, 1.0, 0, "number", np.nan, np.nan),
    ],
    columns=["claim", "verdict", "effect", "ci_low", "ci_high", "p", "p_adjusted", "n_seeds", "unit", *_COUNTS],
).assign(
    n_diverged=[3, 0, 0],
    of=["holds", "holds", "open"],
    kind=["assertion", "assertion", "question"],
    own=False,
    decided_by=["experiment", "arithmetic", "experiment"],
    cell=["depth 3", "", np.nan],
    cells=[4, 1, 2],
    stands=["depends", "refuted", "inconclusive"],
    depends_on=["learning_rate", "", ""],
    holds_where=["2 of 4 supported, 1 refuted, 1 open"] * 3,
)
COVERAGE = pd.DataFrame({"alpha": [0.05, 0.001], "missed_low": [0.01, 0.0002], "missed_high": [0.02, 0.0]})


def test_what_the_text_may_say_of_a_claim():
    found = numbers.of_claims(LEDGER).set_index("key")
    assert set(found.index) == {f"{claim}{suffix}" for claim in LEDGER["claim"] for suffix in names.CLAIM_SUFFIXES}
    shown = {key: units.printed(row["value"], row["unit"]) for key, row in found.iterrows()}
    assert (shown["holds"], shown["holds.high"], shown["holds.p"]) == (r"50\,\%", r"60\,\%", "$<$1e-12")
    assert (shown["fails"], shown["fails.p"], shown["fails.seeds"]) == ("$-$20", "0.04", "12")
    assert (shown["holds.events"], shown["holds.exposure"], shown["fails.events"]) == ("0", r"229\,340", "--")
    assert shown["open"] == "--" and shown["open.verdict"] == "inconclusive"
    assert found.loc["open", "n_seeds"] == 0  # it has an interval, if an empty one
    words = [shown[f"holds.{key}"] for key in ("cell", "where", "stands", "depends", "diverged")]
    assert words == ["depth 3", "2 of 4 supported, 1 refuted, 1 open", "depends", "learning rate", "3"]
    assert shown["open.cell"] == "the only one there is" and shown["fails.depends"] == "nothing"


def audit(loss, dead, diverged=(False, False)):
    ends = zip(("population", "alone"), loss, dead, diverged, strict=True)
    return {
        f"{k}_{end}": v
        for end, *vs in ends
        for k, v in zip(("train_loss", "dead_fraction", "diverged"), vs, strict=True)
    }


AUDIT = pd.DataFrame(
    [
        audit((1.0, 1.001), (0.5, 0.5)),
        audit((1.0, 1.1), (0.5, 0.6)),
        audit((np.nan, np.nan), (np.nan, np.nan), (True, True)),
        audit((1.0, np.nan), (0.5, np.nan), (False, True)),
    ]
)


def test_numbers_of_the_paper_as_a_whole():
    from conftest import TINY

    of_studies = pd.DataFrame({"key": ["a.networks", "b.networks", "b.other.networks"], "value": ["3", "4", "9"]})
    found = numbers.general(LEDGER, COVERAGE, of_studies, AUDIT, TINY).set_index("key")
    assert set(found.index) == set(names.GENERAL) and found["unit"].to_dict() == dict(names.GENERAL)
    value = found["value"]
    assert (value["networks"], value["preset"], value["resamples"], value["claims"]) == (7, "tiny", 199, 3)
    assert (value["claims.supported"], value["claims.supported.names"]) == (1, "holds")
    assert value["claims.inconclusive.names"] == "open"
    assert (value["claims.ids"], value["claims.questions"], value["claims.mapped"]) == (2, 1, 2)
    assert (value["claims.experiment"], value["claims.experiment.supported"], value["claims.arithmetic.refuted"]) == (
        2,
        1,
        1,
    )
    assert (value["claims.depends"], value["claims.depends.names"]) == (1, "holds")
    assert (value["coverage.worst.alone"], value["coverage.worst.together"]) == (0.02, 0.0002)
    assert [value[f"audit.{k}"] for k in ("networks", "same.divergence", "finite", "close", "same.dead")] == [
        4,
        3,
        2,
        1,
        1,
    ]
    assert value["audit.dead.difference"] == pytest.approx(0.05)
    none = numbers.general(LEDGER.iloc[:0], COVERAGE.iloc[:0], of_studies, AUDIT, TINY).set_index("key")["value"]
    assert none["claims.supported.names"] == none["claims.depends.names"] == "none"
