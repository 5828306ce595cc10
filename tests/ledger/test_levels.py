"""Regions, p-values and Holm's levels: by hand, and against each other."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dying_relu.analysis import intervals
from dying_relu.ledger import levels
from dying_relu.ledger.levels import Region


@pytest.mark.parametrize(
    "interval, verdict",
    [
        ((0.5, 0.9), "supported"),
        ((0.4, 1.0), "supported"),
        ((0.1, 0.39), "refuted"),
        ((1.01, 2.0), "refuted"),
        ((0.1, 0.41), "inconclusive"),
        ((-1.0, 2.0), "inconclusive"),
        ((np.nan, np.nan), "inconclusive"),
        ((0.5, np.inf), "inconclusive"),
    ],
)
def test_the_verdict_is_where_the_interval_lies(interval, verdict):
    assert Region(0.4, 1.0).verdict(interval) == verdict


def test_an_exact_claim_needs_its_margin():
    exact = Region(0.0, 0.0, margin=0.05)
    assert exact.verdict((0.0, 0.04)) == "supported"
    assert exact.verdict((0.0, 0.06)) == "inconclusive"
    assert exact.verdict((0.01, 0.03)) == "refuted"


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=12, max_size=30), st.integers(1, 19))
def test_p_and_interval_never_disagree(values, edge):
    interval = intervals.mean_interval(np.array(values) / 20, (0, 1), 199, 0)
    region = Region(edge / 20 + 0.001, 1.0)
    p = levels.p_value(interval, region, 0.01)
    if p < 1:
        assert region.verdict(interval(min(p * 1.01, 0.999))) != "inconclusive"
    if p > 0.01:
        assert region.verdict(interval(p / 1.01)) == "inconclusive"


def test_p_of_a_share_is_the_exact_one():
    """Eleven of eleven: the interval at alpha begins at (alpha/2)**(1/11), so it leaves 0.5 at 2 / 2**11."""
    interval = intervals.share_interval(11, 11)
    assert levels.p_value(interval, Region(0.5, 1.0), 1e-6) == pytest.approx(2 * 0.5**11, rel=2e-3)
    assert levels.p_value(interval, Region(0.5, 1.0), 0.01) == 0.01  # it sees no further
    assert levels.p_value(intervals.share_interval(1, 2), Region(0.5, 0.5), 1e-6) == 1.0


def test_holm_by_hand():
    p = [0.04, 0.01, 0.03, 0.005]
    assert levels.holm_adjusted(p) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    # 0.005 <= .05/4 and 0.01 <= .05/3 pass; 0.03 > .05/2 fails, so the rest stays at .05/2
    assert levels.holm_levels(p) == pytest.approx([0.025, 0.05 / 3, 0.025, 0.0125])


def test_equal_p_values_share_a_level_whatever_their_order():
    p = [0.001, 0.04, 0.001, 0.02]
    assert levels.holm_levels(p) == pytest.approx([0.05 / 4, 0.05, 0.05 / 4, 0.025])


def test_a_single_claim_has_the_whole_level():
    assert levels.holm_levels([0.5]) == pytest.approx([0.05]) and levels.holm_adjusted([0.5]) == pytest.approx([0.5])


@given(st.lists(st.floats(1e-4, 1), min_size=1, max_size=12))
def test_holm_levels_and_adjusted_p_decide_the_same(p):
    decided = np.asarray(p) <= levels.holm_levels(p)
    adjusted = levels.holm_adjusted(p) <= intervals.ALPHA
    clear = abs(levels.holm_adjusted(p) - intervals.ALPHA) > 1e-9
    assert (decided == adjusted)[clear].all()


@given(st.lists(st.floats(1e-4, 1), min_size=1, max_size=12), st.randoms())
def test_holm_does_not_depend_on_the_order(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for function in (levels.holm_levels, levels.holm_adjusted):
        assert function([p[k] for k in order]) == pytest.approx(function(p)[order])


def test_wrong_verdicts_among_several_true_edges_are_rare():
    """Five claims whose truth lies on the edge of their region: any decision is wrong, and 5 % of ledgers may err."""
    region = Region(0.0, 0.3)

    @cache
    def p_of(events):
        return levels.p_value(intervals.share_interval(events, 60), region, 0.01)

    events = np.random.default_rng(1).binomial(60, 0.3, (1000, 5))
    ledgers = [np.array([p_of(int(n)) for n in row]) for row in events]
    wrong = np.mean([(p <= levels.holm_levels(p)).any() for p in ledgers])
    assert 0.005 < wrong < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)
