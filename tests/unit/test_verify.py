"""A rerun against published numbers: what agrees, what does not, and what is said about it."""

import json

import numpy as np
import pandas as pd
import pytest

from dying_relu import tables, verify
from dying_relu.errors import UserError

LEDGER = pd.DataFrame(
    {"claim": ["a", "b"], "verdict": ["supported", "refuted"], "effect": [0.5, 2.0], "ci_low": [0.4, 1.0]}
    | {"ci_high": [0.6, 3.0], "p": [1e-4, 0.01]}
)
CURVE = pd.DataFrame({"layer": [1, 2], "mean": [0.1, 0.2], "ci_low": [0.09, 0.2], "ci_high": [0.11, 0.2]})


def run(folder, ledger=LEDGER, curve=CURVE, preset="full"):
    tables.write(ledger, folder / "claims.csv")
    tables.write(curve, folder / "figures/data/curve.csv")
    tables.write_text(json.dumps({"preset": preset, "commit": "abc"}), folder / "provenance.json")
    return folder


@pytest.fixture
def published(tmp_path):
    run(tmp_path / "results")
    written = verify.publish(tmp_path / "results", tmp_path / "reference")
    assert len(written) == 3
    return tmp_path


def again(folder, **changes):
    run(folder / "results", **changes)
    return verify.verify((), folder / "results", folder / "reference")


def test_the_same_run_agrees_in_every_value(published):
    compared = again(published)
    assert compared["agrees"].all() and len(compared) == LEDGER.size + CURVE.size


def test_another_verdict_is_found_in_its_line(published):
    compared = again(published, ledger=LEDGER.assign(verdict=["supported", "inconclusive"]))
    wrong = compared[~compared["agrees"]]
    assert wrong[["file", "line", "column"]].values.tolist() == [["claims.csv", 3, "verdict"]]
    assert "claims.csv:3: verdict: published refuted, found inconclusive" in verify.summary(compared)


def test_a_mean_may_be_off_by_its_interval_and_no_more(published):
    within = again(published, curve=CURVE.assign(mean=[0.115, 0.2]))
    assert within["agrees"].all()
    beyond = again(published, curve=CURVE.assign(mean=[0.13, 0.21]))
    assert beyond.loc[~beyond["agrees"], "line"].tolist() == [2, 3]  # the second has no width to be off by


@pytest.mark.parametrize("curve", [CURVE.iloc[:1], pd.concat([CURVE, CURVE]), CURVE.drop(columns="mean")])
def test_missing_and_additional_lines_or_columns_disagree(published, curve):
    assert not again(published, curve=curve)["agrees"].all()


def test_only_what_is_named_is_compared(published):
    run(published / "results", ledger=LEDGER.assign(effect=9.0))
    compared = verify.verify(["curve"], published / "results", published / "reference")
    assert set(compared["file"]) == {"figures/data/curve.csv"} and compared["agrees"].all()


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
    with pytest.raises(UserError, match="nothing published under 'x'; known: claims, curve"):
        verify.verify(["x"], published / "results", published / "reference")
    with pytest.raises(UserError, match="the published numbers are of 'full', these of 'smoke'"):
        again(published, preset="smoke")
    with pytest.raises(UserError, match="only a full run is published, found 'smoke'"):
        verify.publish(published / "results", published / "reference")
    with pytest.raises(UserError, match="run snakemake first"):
        verify.verify((), published / "nowhere", published / "reference")
    with pytest.raises(UserError, match="keep the numbers of a full run first"):
        verify.verify((), published / "results", published / "nowhere")
