"""The ledger: one rule for all verdicts, and its columns."""

import numpy as np
import pandas as pd
import pytest

from dying_relu.ledger import judge
from dying_relu.ledger.claims import Claim

_WORDS = {"source": "Q1", "told": "t", "statement": "s", "study": "study", "estimand": "e", "effect_name": "effect"}


def claim(name="c", family="mean", region=(0.4, 1.0), bounds=(0.0, 1.0), **more):
    return Claim(id=name, family=family, region=list(region), bounds=list(bounds), **_WORDS, **more)


def values(numbers, **more):
    return pd.DataFrame({"seed": range(1000, 1000 + len(numbers)), "value": numbers} | more)


def test_the_ledger_keeps_its_contract():
    table = judge.judge({"a": claim("a")}, {"a": values(np.linspace(0.6, 0.8, 20)), "unused": None}, 999)
    contract = ["claim", "source", "statement", "verdict", "effect", "effect_name", "ci_low", "ci_high"]
    contract += ["p", "p_adjusted", "n_seeds", "study"]
    assert list(table.columns[: len(contract)]) == contract and list(table.columns) == judge.COLUMNS
    row = table.iloc[0]
    assert row["verdict"] == "supported" and row["effect"] == pytest.approx(0.7) and row["n_seeds"] == 20
    assert (row["region_low"], row["region_high"], row["confidence"]) == (0.4, 1.0, 0.95)
    assert row["p"] == row["p_adjusted"] == 1 / 1000


def test_each_claim_by_its_family_and_region():
    ledger = {
        "holds": claim("holds"),
        "fails": claim("fails", region=(0.9, 1.0)),
        "open": claim("open", region=(0.7, 1.0)),
        "never": claim("never", "share", region=(0.0, 0.0), margin=0.1),
        "exact": claim("exact", region=(0.7, 0.7), margin=0.1),
    }
    seen = {name: values(np.linspace(0.6, 0.8, 60)) for name in ledger}
    seen["never"] = values([0.0] * 60, events=0, exposure=7)
    table = judge.judge(ledger, seen, 999).set_index("claim")
    assert table["verdict"].to_dict() == {
        **{"holds": "supported", "fails": "refuted", "open": "inconclusive", "never": "supported", "exact": "supported"}
    }
    assert table.loc["never", ["events", "exposure"]].tolist() == [0, 420]
    assert table.loc["never", "ci_low"] == 0
    alpha = 1 - table.loc["never", "confidence"]
    assert table.loc["never", "ci_high"] == pytest.approx(1 - (alpha / 2) ** (1 / 60))


def test_values_that_are_missing_say_nothing():
    table = judge.judge({"a": claim("a")}, {"a": values([*np.linspace(0.6, 0.8, 20), np.nan])}, 99)
    assert table.loc[0, "n_seeds"] == 20 and table.loc[0, "effect"] == pytest.approx(0.7)


@pytest.mark.parametrize("family", ["mean", "share"])
@pytest.mark.parametrize("seeds", [0, 1])
def test_no_seed_and_one_seed_decide_nothing(family, seeds):
    table = judge.judge({"a": claim("a", family)}, {"a": values([1.0] * seeds).astype(float)}, 99)
    row = table.iloc[0]
    assert row["verdict"] == "inconclusive" and row["n_seeds"] == seeds and row["p"] > 0.05
    assert np.isnan(row["effect"]) == (seeds == 0) and 0 <= row["ci_low"] < row["ci_high"] == 1


def test_the_ledger_does_not_depend_on_the_order_of_the_claims():
    ledger = {name: claim(name, region=(edge, 1.0)) for name, edge in (("a", 0.5), ("b", 0.62), ("c", 0.69))}
    seen = {name: values(np.linspace(0.6, 0.8, 30)) for name in ledger}
    one = judge.judge(ledger, seen, 499)
    other = judge.judge(dict(reversed(ledger.items())), seen, 499)
    pd.testing.assert_frame_equal(one, other.iloc[::-1].reset_index(drop=True))
