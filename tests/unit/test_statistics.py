"""Intervals, p-values and verdicts against closed forms, hand computation and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dying_relu import claims, judge, statistics
from dying_relu.statistics import Region


@pytest.mark.parametrize(
    "interval, verdict",
    [
        ((0.5, 0.9), "supported"),
        ((0.4, 1.0), "supported"),
        ((0.1, 0.39), "refuted"),
        ((0.1, 0.41), "inconclusive"),
        ((-1.0, 2.0), "inconclusive"),
        ((np.nan, np.nan), "inconclusive"),
    ],
)
def test_the_verdict_is_where_the_interval_lies(interval, verdict):
    assert Region(0.4, 1.0).verdict(interval) == verdict


def test_an_exact_claim_needs_its_margin():
    exact = Region(0.0, 0.0, margin=0.05)
    assert exact.verdict((0.0, 0.04)) == "supported"
    assert exact.verdict((0.0, 0.06)) == "inconclusive"
    assert exact.verdict((0.01, 0.03)) == "refuted"


def test_no_event_among_n_has_the_closed_form_bound():
    low, high = statistics.share_interval(0, 100)(0.01)
    assert low == 0 and high == pytest.approx(1 - 0.005 ** (1 / 100))


def test_all_seeds_equal_is_not_certainty():
    low, high = statistics.mean_interval(np.full(50, 1.0), (0, 1), 99, 0)(0.05)
    assert high == 1 and low == pytest.approx(0.025 ** (1 / 50))
    low, high = statistics.mean_interval(np.full(50, 0.5), (0, 1), 99, 0)(0.05)
    assert low == pytest.approx(0.5 - 0.5 * (1 - 0.025 ** (1 / 50))) and high == pytest.approx(1 - low)


def test_bootstrap_interval_agrees_with_t_for_normal_values():
    from scipy import stats

    values = np.random.default_rng(0).normal(3, 1, 200)
    expected = stats.t.interval(0.95, 199, values.mean(), stats.sem(values))
    assert statistics.mean_interval(values, (-10, 10), 9999, 0)(0.05) == pytest.approx(expected, abs=0.02)


def test_few_seeds_decide_nothing_at_levels_they_cannot_see():
    interval = statistics.mean_interval(np.array([0.7, 0.8, 0.9]), (0, 1), 999, 0)
    assert interval(0.005) == (0, 1)
    assert interval(0.2)[0] > 0.6


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=12, max_size=30), st.integers(1, 19))
def test_p_and_interval_never_disagree(values, edge):
    interval = statistics.mean_interval(np.array(values) / 20, (0, 1), 199, 0)
    region = Region(edge / 20 + 0.001, 1.0)
    p = statistics.p_value(interval, region, 0.01)
    if p < 1:
        assert region.verdict(interval(min(p * 1.01, 0.999))) != "inconclusive"
    if p > 0.01:
        assert region.verdict(interval(p / 1.01)) == "inconclusive"


def test_holm_by_hand():
    p = [0.04, 0.01, 0.03, 0.005]
    assert statistics.holm_adjusted(p) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    # 0.005 <= .05/4 and 0.01 <= .05/3 pass; 0.03 > .05/2 fails, so the rest stays at .05/2
    assert statistics.holm_levels(p) == pytest.approx([0.025, 0.05 / 3, 0.025, 0.0125])


def test_equal_p_values_share_a_level_whatever_their_order():
    p = [0.001, 0.04, 0.001, 0.02]
    assert statistics.holm_levels(p) == pytest.approx([0.05 / 4, 0.05, 0.05 / 4, 0.025])


@given(st.lists(st.floats(1e-4, 1), min_size=1, max_size=12))
def test_holm_levels_and_adjusted_p_decide_the_same(p):
    decided = np.asarray(p) <= statistics.holm_levels(p)
    adjusted = statistics.holm_adjusted(p) <= statistics.ALPHA
    clear = abs(statistics.holm_adjusted(p) - statistics.ALPHA) > 1e-9
    assert (decided == adjusted)[clear].all()


def test_wrong_verdicts_among_several_true_edges_are_rare():
    """Five claims whose truth lies on the edge of their region: any decision is wrong, and 5 % of ledgers may err."""

    generator = np.random.default_rng(1)
    claim = claims.Claim("c", "Q1", "s", "study", "e", "effect", "share", (0.0, 0.3), (0, 1))
    wrong = 0
    for _ in range(400):
        ledger = {f"c{k}": claim for k in range(5)}
        values = {
            name: pd.DataFrame({"seed": range(60), "value": (generator.random(60) < 0.3).astype(float)})
            for name in ledger
        }
        wrong += (judge.judge(ledger, values, 99)["verdict"] != "inconclusive").any()
    assert wrong / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_the_ledger_keeps_its_contract():
    ledger = {"a": claims.Claim("a", "Q1", "s", "study", "e", "effect", "mean", (0.4, 1.0), (0, 1))}
    values = {"a": pd.DataFrame({"seed": range(20), "value": np.linspace(0.6, 0.8, 20)}), "unused": None}
    table = judge.judge(ledger, values, 999)
    contract = ["claim", "source", "statement", "verdict", "effect", "effect_name", "ci_low", "ci_high"]
    contract += ["p", "p_adjusted", "n_seeds", "study"]
    assert list(table.columns[: len(contract)]) == contract
    assert table.loc[0, "verdict"] == "supported" and table.loc[0, "effect"] == pytest.approx(0.7)
    assert table.loc[0, "n_seeds"] == 20
