"""A rerun against published numbers: what agrees, what does not, and what is said about it."""

import json

import numpy as np
import pandas as pd
import pytest

from by_hand import claim
from dying_relu.ledger import judge
from dying_relu.report import verify
from dying_relu.report.tables import Column, Table, column, estimate
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

LEDGER = pd.DataFrame(
    {"claim": ["a", "b"], "verdict": ["supported", "refuted"], "effect": [0.5, 2.0], "ci_low": [0.4, 1.0]}
    | {"ci_high": [0.6, 3.0], "p": [1e-4, 0.01]}
)
CURVE = pd.DataFrame({"layer": [1, 2], "mean": [0.1, 0.2], "ci_low": [0.09, 0.2], "ci_high": [0.11, 0.2]})
NUMBERS = pd.DataFrame(
    [
        ("s.dead", 0.5, 0.4, 0.6, 9, "share"),
        ("s.rate", 0.1, np.nan, np.nan, None, "setting"),
        ("s.best", "SGD", np.nan, np.nan, None, "text"),
        ("s.slow", 3.0, np.nan, np.nan, None, "time ratio"),
        ("s.slowest", "GELU", np.nan, np.nan, None, "timed choice"),
        ("s.none", None, np.nan, np.nan, None, "share"),
    ],
    columns=["key", "value", "ci_low", "ci_high", "n_seeds", "unit"],
)
TIMES = pd.DataFrame({"part": ["forward"], "activation": ["elu"], "mean": [2.0], "ci_low": [1.9], "ci_high": [2.1]})
ARMS = Table(
    pd.DataFrame(
        {"arm": ["x", "y"], "dead": [0.5, 0.2], "dead_low": [0.4, 0.2], "dead_high": [0.6, 0.2]}
        | {"time": [2.0, 4.0], "quickest": ["ReLU", "ELU"]}
    ),
    [
        column("arm", "arm"),
        estimate("dead", "dead", "share"),
        column("time", "time", "time ratio"),
        Column("quickest", ("quickest",), "timed choice"),
    ],
)


def run(folder, ledger=LEDGER, curve=CURVE, numbers=NUMBERS, times=TIMES, arms=ARMS, preset="full"):
    files.write(ledger, folder / "claims.csv")
    files.write(numbers, folder / "numbers/s.csv")
    arms.write(folder / "tables/s/arms.csv")
    files.write(curve, folder / "figures/data/curve.csv")
    files.write(times, folder / "figures/data/times.csv")
    files.write_text(json.dumps({"preset": preset, "commit": "abc"}), folder / "provenance.json")
    return folder


@pytest.fixture
def published(tmp_path):
    run(tmp_path / "results")
    written = verify.publish(tmp_path / "results", tmp_path / "reference")
    assert {str(path.relative_to(tmp_path / "reference")) for path in written} == {
        *("provenance.json", "claims.csv", "numbers/s.csv", "tables/s/arms.csv", "tables/s/arms.json"),
        *("figures/data/curve.csv", "figures/data/times.csv"),
    }
    return tmp_path


def again(folder, *names, **changes):
    run(folder / "results", **changes)
    return verify.verify(names, folder / "results", folder / "reference")


def changed(table, **columns):
    return Table(table.frame.assign(**columns), table.columns)


def wrong(compared):
    return compared.loc[~compared["agrees"], ["file", "line", "column"]].to_numpy().tolist()


def test_the_same_run_agrees_in_every_value(published):
    compared = again(published)
    assert compared["agrees"].all()
    assert len(compared) == sum(frame.size for frame in (LEDGER, CURVE, NUMBERS, TIMES, ARMS.frame))


def test_another_verdict_is_found_in_its_line(published):
    compared = again(published, ledger=LEDGER.assign(verdict=["supported", "inconclusive"]))
    assert wrong(compared) == [["claims.csv", 3, "verdict"]]
    assert "claims.csv:3: verdict: published refuted, found inconclusive" in verify.summary(compared)


def test_a_mean_may_be_off_by_its_interval_and_no_more(published):
    assert again(published, curve=CURVE.assign(mean=[0.115, 0.2]))["agrees"].all()
    beyond = again(published, curve=CURVE.assign(mean=[0.13, 0.21]))
    assert wrong(beyond) == [["figures/data/curve.csv", line, "mean"] for line in (2, 3)]  # the second has no width


def test_p_values_follow_from_their_intervals(published):
    assert again(published, ledger=LEDGER.assign(p=[0.04, 0.9]))["agrees"].all()


@pytest.mark.parametrize(
    ("key", "value", "agrees"),
    [
        ("s.dead", 0.69, True),  # its interval is 0.2 wide
        ("s.dead", 0.72, False),
        ("s.rate", 0.1019, True),  # within two per cent
        ("s.rate", 0.11, False),
        ("s.best", "Adam", False),
        ("s.slow", 4.4, True),  # a ratio of times may be off by half
        ("s.slow", 4.6, False),
        ("s.slowest", "SiLU", True),  # and another may be slowest
        ("s.none", 0.5, False),
        ("s.dead", None, False),
    ],
)
def test_numbers_are_held_to_their_unit(published, key, value, agrees):
    changed = NUMBERS.assign(value=NUMBERS["value"].where(NUMBERS["key"] != key, value))
    line = NUMBERS["key"].tolist().index(key) + 2
    assert wrong(again(published, numbers=changed)) == ([] if agrees else [["numbers/s.csv", line, "value"]])


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"dead": [0.69, 0.2]}, None),
        ({"dead": [0.72, 0.2]}, "dead"),
        ({"dead": [0.5, 0.21]}, "dead"),
        ({"time": [2.9, 2.1]}, None),
        ({"time": [3.1, 4.0]}, "time"),
        ({"quickest": ["ELU", "ELU"]}, None),
        ({"arm": ["z", "y"]}, "arm"),
    ],
)
def test_tables_are_held_to_the_units_of_their_columns(published, changes, column):
    found = wrong(again(published, arms=changed(ARMS, **changes)))
    assert [row[2] for row in found] == ([column] if column else [])
    assert all(row[0] == "tables/s/arms.csv" for row in found)


def test_timings_may_be_off_by_half_and_what_was_timed_may_not(published):
    assert again(published, times=TIMES.assign(mean=2.9))["agrees"].all()
    assert wrong(again(published, times=TIMES.assign(mean=3.3, activation="gelu"))) == [
        *(["figures/data/times.csv", 2, name] for name in ("activation", "mean")),
    ]


@pytest.mark.parametrize("curve", [CURVE.iloc[:1], pd.concat([CURVE, CURVE]), CURVE.drop(columns="mean")])
def test_missing_and_additional_lines_or_columns_disagree(published, curve):
    assert not again(published, curve=curve)["agrees"].all()


@pytest.mark.parametrize("name", ["curve", "numbers/s", "tables/s/arms"])
def test_only_what_is_named_is_compared(published, name):
    compared = again(published, name, ledger=LEDGER.assign(effect=9.0))
    assert (
        compared["file"].nunique() == 1
        and compared["file"].iloc[0].endswith(f"{name}.csv")
        and compared["agrees"].all()
    )


def test_one_figure_can_be_compared_without_a_complete_run(published):
    (published / "results" / "provenance.json").unlink()
    assert verify.verify(["curve"], published / "results", published / "reference")["agrees"].all()
    with pytest.raises(UserError, match=r"provenance\.json: is not there"):
        verify.verify((), published / "results", published / "reference")


def test_what_disagrees_all_over_is_cut_short():
    long = pd.DataFrame({"x": np.arange(1.0, 301.0)})
    text = verify.summary(verify.compare(long, 2 * long).assign(file="a.csv")).splitlines()
    assert text[0] == "a.csv: 0 of 300 values agree" and text[1].startswith("a.csv:2: x: published 1.0, found 2.0")
    assert len(text) == 102 and text[-1].startswith("a.csv: 200 more values disagree")


def test_mistakes_are_named(published):
    results, reference = published / "results", published / "reference"
    with pytest.raises(
        UserError, match=r"nothing published under 'x'; known: claims, numbers/s, tables/s/arms, curve, times"
    ):
        verify.verify(["x"], results, reference)
    with pytest.raises(UserError, match="the published numbers are of 'full', these of 'smoke'"):
        again(published, preset="smoke")
    with pytest.raises(UserError, match="only a full run is published, found 'smoke'"):
        verify.publish(results, reference)
    with pytest.raises(UserError, match="run snakemake first"):
        verify.verify((), published / "nowhere", reference)
    with pytest.raises(UserError, match="keep the numbers of a full run first"):
        verify.verify((), results, published / "nowhere")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("numbers/s.csv", "numbers/s.csv"),
        ("tables/s/arms.csv", "tables/s"),
        ("figures/data/curve.csv", "figures/data/curve.csv"),
    ],
)
def test_a_file_that_is_not_there_is_told_with_what_makes_it(published, path, target):
    (published / "results" / path).unlink()
    with pytest.raises(UserError) as caught:
        verify.verify((), published / "results", published / "reference")
    assert str(caught.value).endswith(f"is not there; make it with: snakemake {published / 'results' / target}")


def test_a_claim_that_changed_after_its_seeds_were_run_is_named(tmp_path):
    ledger = {"a": claim("a"), "b": claim("b"), "c": claim("c")}
    kept = pd.DataFrame({"claim": ["a", "b", "d"], "asked": [one.asked for one in ledger.values()]})
    files.write(kept.assign(code=judge.code_of(ledger["a"])), tmp_path / "claims.csv")
    told = {"a": ledger["a"].model_copy(update={"told": "otherwise"}), "b": ledger["b"]}
    assert verify.changed({**told, "d": ledger["c"]}, tmp_path) == []
    moved = {**told, "b": ledger["b"].model_copy(update={"region": [0.1, 1.0]}), "c": ledger["c"]}
    found = verify.changed(moved, tmp_path)
    assert [sentence.partition(":")[0] for sentence in found] == ["b", "c", "d"]
    assert "changed after its seeds were run" in found[0] and "was not asked" in found[1] and "no longer" in found[2]
    files.write(kept.assign(code="old"), tmp_path / "claims.csv")
    assert all("code behind its estimand" in one for one in verify.changed({**told, "d": ledger["c"]}, tmp_path))
