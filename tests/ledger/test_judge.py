"""The ledger: one rule for all verdicts, maps, what the diverged may do to a verdict, and its columns."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from by_hand import claim, values
from dying_relu.ledger import judge


def judged(ledger, *frames):
    return judge.judge(ledger, pd.concat(frames, ignore_index=True))


def test_the_ledger_keeps_its_contract():
    table, _ = judged({"a": claim("a")}, values("a", np.linspace(0.6, 0.8, 21)))
    contract = {"claim", "source", "statement", "verdict", "effect", "effect_name", "ci_low", "ci_high"}
    assert contract | {"p", "p_adjusted", "n_seeds", "study"} <= set(table.columns)
    assert list(table.columns) == judge.COLUMNS
    row = table.iloc[0]
    assert row["verdict"] == "supported" and row["effect"] == pytest.approx(0.7) and row["n_seeds"] == 21
    assert (row["region_low"], row["region_high"], row["confidence"]) == (0.4, 1.0, 0.95)
    assert row["p"] == row["p_adjusted"] < 1e-5


def test_intervals_are_scipys_at_the_level_of_all_claims_together():
    ledger = {name: claim(name) for name in "abcd"}
    seen = np.random.default_rng(0).random(40)
    table, _ = judged(ledger, *(values(name, seen) for name in ledger))
    expected = stats.quantile_test(seen, p=0.5).confidence_interval(1 - 0.05 / 4)
    assert tuple(table.loc[0, ["ci_low", "ci_high"]]) == tuple(expected) and table.loc[0, "confidence"] == 1 - 0.05 / 4
    shares = {name: claim(name, "share") for name in "abcd"}
    table, _ = judged(shares, *(values(name, [1] * 30 + [0] * 10) for name in shares))
    expected = stats.binomtest(30, 40).proportion_ci(1 - 0.05 / 4)
    assert tuple(table.loc[0, ["ci_low", "ci_high"]]) == tuple(expected)


def test_what_the_project_asks_itself_is_judged_apart_from_the_claims_of_the_texts():
    ledger = {name: claim(name) for name in "abcd"}
    ledger |= {"own": claim("own", kind="hypothesis"), "again": claim("again", kind="replication")}
    seen = np.random.default_rng(0).random(40)
    table, _ = judged(ledger, *(values(name, seen) for name in ledger))
    assert table["confidence"].tolist() == [1 - 0.05 / 4] * 4 + [1 - 0.05 / 2] * 2
    assert table["own"].tolist() == [False] * 4 + [True] * 2
    assert table.loc[5, "p_adjusted"] == min(1, 2 * table.loc[5, "p"])


def test_each_claim_by_its_family_and_region():
    ledger = {
        "holds": claim("holds"),
        "fails": claim("fails", region=(0.9, 1.0)),
        "open": claim("open", region=(0.7, 1.0)),
        "never": claim("never", "share", region=(0.0, 0.0), margin=0.1),
        "exact": claim("exact", region=(0.7, 0.7), margin=0.1),
    }
    frames = [values(name, np.linspace(0.6, 0.8, 80)) for name in ledger if name != "never"]
    table, _ = judged(ledger, *frames, values("never", [0] * 80, events=0.0, exposure=7.0))
    assert table.set_index("claim")["verdict"].to_dict() == {
        **{"holds": "supported", "fails": "refuted", "open": "inconclusive", "never": "supported", "exact": "supported"}
    }
    assert table.set_index("claim").loc["never", ["events", "exposure"]].tolist() == [0, 560]


def test_one_stray_value_does_not_make_an_interval_shorter():
    """37 zeros once gave [0, 0.138], and 36 zeros with one 0.02 gave [0, 0.005]."""
    spread = [np.ptp(judged({"a": claim("a")}, values("a", v))[0].loc[0, ["ci_low", "ci_high"]].to_numpy(float))
              for v in ([0.0] * 37, [0.0] * 36 + [0.02])]  # fmt: skip
    assert spread[0] <= spread[1]


@pytest.mark.parametrize("family, value", [("median", 0.9), ("share", 1.0)])
def test_a_verdict_does_not_hang_on_what_the_diverged_would_have_shown(family, value):
    ledger = {"a": claim("a", family, region=(0.5, 1.0))}
    alone, _ = judged(ledger, values("a", [value] * 30))
    few, _ = judged(ledger, values("a", [value] * 30, diverged=2))
    many, cells = judged(ledger, values("a", [value] * 30, diverged=25))
    assert alone.loc[0, "verdict"] == few.loc[0, "verdict"] == "supported"
    assert many.loc[0, "verdict"] == "inconclusive" and many.loc[0, ["n_seeds", "n_diverged"]].tolist() == [55, 25]
    assert cells.loc[0, "verdict_survivors"] == "supported"
    gone, _ = judged({"a": claim("a", family, region=(0.0, 0.1))}, values("a", [0.0] * 20, diverged=20))
    assert gone.loc[0, "verdict"] == "inconclusive" and gone.loc[0, "effect"] >= gone.loc[0, "effect_for"]


def test_seeds_with_nothing_to_speak_of_have_no_part():
    table, _ = judged({"a": claim("a")}, values("a", [*np.linspace(0.6, 0.8, 21), np.nan]))
    assert table.loc[0, ["n_seeds", "n_without"]].tolist() == [21, 1] and table.loc[0, "effect"] == pytest.approx(0.7)


@pytest.mark.parametrize("family", ["median", "share"])
def test_one_seed_decides_nothing_and_no_seed_is_not_testable(family):
    table, _ = judged({"a": claim("a", family)}, values("a", [1.0]))
    assert table.loc[0, "verdict"] == "inconclusive" and table.loc[0, "p"] > 0.05
    for empty in (values("a", [np.nan] * 5), values("a", [])):
        table, _ = judged({"a": claim("a", family)}, empty)
        row = table.iloc[0]
        assert row["verdict"] == "not testable" and row["n_seeds"] == 0 and row["stands"] == "not testable"


def test_a_verdict_that_turns_over_depends_and_says_on_what():
    ledger = {"a": claim("a")}
    cells = [
        values("a", [0.9] * 30, {"scaling": "unit", "depth": 3}),
        values("a", [0.1] * 30, {"scaling": "unit", "depth": 5}, named=False),
        values("a", [0.9] * 30, {"scaling": "raw", "depth": 3}, named=False),
        values("a", [0.1, 0.9] * 15, {"scaling": "raw", "depth": 5}, named=False),
        values("a", [np.nan] * 30, {"scaling": "raw", "depth": 1}, named=False),
    ]
    table, found = judged(ledger, *cells)
    row = table.iloc[0]
    assert row["verdict"] == "supported" and row["stands"] == "depends" and row["depends_on"] == "depth"
    counts = ["cells", "cells_supported", "cells_refuted", "cells_open", "cells_without"]
    assert row[counts].tolist() == [4, 2, 1, 1, 1] and row["holds_where"] == "2 of 4 supported, 1 refuted, 1 open"
    assert list(found.columns) == judge.MAP_COLUMNS and len(found) == 5
    table, _ = judged(ledger, *cells[:1], *cells[2:])
    assert table.loc[0, "stands"] == "supported" and table.loc[0, "depends_on"] == ""


def test_where_no_two_cells_differ_in_one_axis_the_nearest_are_compared():
    ledger = {"a": claim("a")}
    one = values("a", [0.9] * 30, {"scaling": "unit", "depth": 3, "layer": 1})
    other = values("a", [0.1] * 30, {"scaling": "raw", "depth": 5, "layer": 1}, named=False)
    assert judged(ledger, one, other)[0].loc[0, "depends_on"] == "depth, scaling"


def test_pilot_seeds_decide_nothing():
    pilot = values("a", [0.1] * 30).assign(phase="pilot")
    table, _ = judged({"a": claim("a")}, values("a", [0.9] * 30), pilot)
    row = table.iloc[0]
    assert row["verdict"] == "supported" and (row["share_inside"], row["share_inside_pilot"]) == (1.0, 0.0)


def test_yes_and_no_lie_neither_inside_a_region_between_them():
    table, _ = judged({"a": claim("a", "share", region=(0.4, 0.6))}, values("a", [0.0, 1.0] * 15))
    assert np.isnan(table.loc[0, "share_inside"])


def test_the_ledger_does_not_depend_on_the_order_of_the_claims():
    ledger = {name: claim(name, region=(edge, 1.0)) for name, edge in (("a", 0.5), ("b", 0.62), ("c", 0.69))}
    frames = [values(name, np.linspace(0.6, 0.8, 30)) for name in ledger]
    one, other = judged(ledger, *frames)[0], judged(dict(reversed(ledger.items())), *frames)[0]
    pd.testing.assert_frame_equal(one, other.iloc[::-1].reset_index(drop=True))
