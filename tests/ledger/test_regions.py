"""Regions and p-values: by hand, and against each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dying_relu.analysis import intervals
from dying_relu.ledger import regions
from dying_relu.ledger.regions import Region


@pytest.mark.parametrize(
    "interval, verdict",
    [
        ((0.5, 0.9), "supported"),
        ((0.4, 1.0), "supported"),
        ((0.1, 0.39), "refuted"),
        ((1.01, 2.0), "refuted"),
        ((1.01, np.inf), "refuted"),
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


def test_the_share_inside_counts_known_values():
    assert Region(0.4, 1.0).share_inside(pd.Series([0.4, 0.1, np.nan, 0.9])) == pytest.approx(2 / 3)
    assert np.isnan(Region(0.4, 1.0).share_inside(pd.Series([np.nan])))


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=8, max_size=60), st.integers(1, 19))
def test_p_and_interval_never_disagree(values, edge):
    interval = intervals.median_interval(np.array(values) / 20, (0, 1))
    region = Region(edge / 20 + 0.001, 1.0)
    p = regions.p_value(interval, region)
    if p < 1:
        assert region.verdict(interval(min(p * 1.01, 0.999))) != "inconclusive"
    if p > intervals.SMALLEST_P:
        assert region.verdict(interval(p / 1.01)) == "inconclusive"


def test_p_of_a_share_is_the_exact_one():
    """Eleven of eleven: the interval at alpha begins at (alpha/2)**(1/11), so it leaves 0.5 at 2 / 2**11."""
    interval = intervals.share_interval(11, 11)
    assert regions.p_value(interval, Region(0.5, 1.0)) == pytest.approx(2 * 0.5**11, rel=2e-3)
    assert regions.p_value(intervals.share_interval(1, 2), Region(0.5, 0.5)) == 1.0
    assert regions.p_value(intervals.share_interval(100, 100), Region(0.5, 1.0)) == intervals.SMALLEST_P


def test_rounding_decides_nothing_at_an_edge():
    """15 of 1500 in single precision once fell short of one point, and refuted a claim."""
    short = float(np.float32(1) - np.float32(1485 / 1500))
    assert short < 0.01 and Region(0.01, 1.0).verdict((0.0033, short)) == "inconclusive"
    assert (
        Region(0.01, 1.0).verdict((short, 0.02)) == "supported"
        and Region(0.01, 1.0).verdict((0.0, 0.0099)) == "refuted"
    )
    assert Region(0.01, 1.0).share_inside(pd.Series([short, 0.0])) == 0.5
