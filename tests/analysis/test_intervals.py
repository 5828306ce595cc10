"""Intervals over seeds: closed forms, SciPy's own, and one rule for ledger, figures and text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dying_relu.analysis import intervals
from dying_relu.analysis.intervals import ALPHA, DIFFERENCE, POSITIVE, REAL, RESAMPLES, SHARE, Estimate

VALUES = st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=1, max_size=30).map(np.array)


def edge(n, alpha=ALPHA):
    """Largest share of seeds that may differ where all n agree."""
    return 1 - (alpha / 2) ** (1 / n)


def test_no_event_among_n_has_the_closed_form_bound():
    low, high = intervals.share_interval(0, 100)(0.01)
    assert low == 0 and high == pytest.approx(edge(100, 0.01))
    assert intervals.share_interval(0, 0)(0.01) == (0.0, 1.0)


def test_a_share_has_the_exact_interval_of_scipy():
    found = intervals.share(3, 10)
    assert found == Estimate(0.3, *stats.binomtest(3, 10).proportion_ci(0.95, "exact"), 10)
    assert intervals.exact_interval(3, 10) == (found.ci_low, found.ci_high)
    assert np.isnan(intervals.share(0, 0).value) and intervals.share(0, 0).n_seeds == 0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [2, 3, 50])
def test_where_all_seeds_agree_the_bound_is_exact(value, n):
    interval = intervals.mean_interval(np.full(n, value), SHARE, 99, 0)
    for alpha in (0.05, 0.001):
        far = edge(n, alpha)
        assert interval(alpha) == pytest.approx((value - far * value, value + far * (1 - value)))


def test_where_nothing_bounds_the_value_there_is_no_interval():
    alike = pd.Series([2.0] * 6)
    assert np.isnan(intervals.estimate(alike, REAL)[1:3]).all()
    low, high = intervals.estimate(alike, POSITIVE)[1:3]
    assert low == pytest.approx(2 - 2 * edge(6)) and np.isnan(high)
    assert np.isnan(intervals.estimate(pd.Series([1.0]), REAL)[1:3]).all()
    assert intervals.estimate(pd.Series([1.0]), DIFFERENCE)[1:3] == DIFFERENCE


def test_infinite_values_leave_the_bounds():
    found = intervals.estimate(pd.Series([1.0, 2.0, 3.0, np.inf]), POSITIVE)
    assert found[:2] == (np.inf, 0.0) and np.isnan(found.ci_high) and found.n_seeds == 4


def test_few_seeds_decide_nothing_at_levels_they_cannot_see():
    three = intervals.mean_interval(np.array([0.7, 0.8, 0.9]), SHARE, 999, 0)
    assert three(0.05) == three(0.005) == SHARE
    assert three(0.2)[0] > 0.6
    four = intervals.mean_interval(np.array([0.7, 0.8, 0.8, 0.9]), SHARE, 999, 0)
    assert four(0.005) == SHARE and four(0.05)[0] > 0.6


def test_the_interval_agrees_with_t_for_normal_values():
    values = np.random.default_rng(0).normal(3, 1, 200)
    expected = stats.t.interval(0.95, 199, values.mean(), stats.sem(values))
    assert intervals.mean_interval(values, (-10, 10), 9999, 0)(0.05) == pytest.approx(expected, abs=0.02)


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(12, 30))
def test_the_interval_is_scipys_at_any_scale(seed, n):
    values = np.random.default_rng(seed).random(n)  # a resample as large as the sample is told by rounding
    wanted = stats.bootstrap((values,), np.mean, n_resamples=199, method="BCa", rng=7).confidence_interval
    assert intervals.mean_interval(values, SHARE, 199, 7)(0.05) == pytest.approx(tuple(wanted), rel=1e-9)
    small = intervals.mean_interval(values * 1e-9, (0, 1e-9), 199, 7)(0.05)
    assert small == pytest.approx(tuple(end * 1e-9 for end in wanted), rel=1e-9)


@settings(max_examples=60)
@given(VALUES, st.sampled_from([0.2, 0.05, 0.01]))
def test_the_interval_holds_the_mean_and_keeps_to_the_bounds(values, alpha):
    low, high = intervals.mean_interval(values, SHARE, 199, 0)(alpha)
    assert low + 1e-12 >= 0 and high <= 1 + 1e-12
    assert low - 1e-9 <= values.mean() <= high + 1e-9


@settings(max_examples=25)
@given(VALUES)
def test_a_smaller_alpha_gives_no_narrower_interval(values):
    interval = intervals.mean_interval(values, SHARE, 199, 0)
    wide, narrow = interval(0.01), interval(0.1)
    assert wide[0] <= narrow[0] + 1e-9 and wide[1] >= narrow[1] - 1e-9


@settings(max_examples=40)
@given(st.integers(0, 30), st.integers(1, 30))
def test_a_shares_interval_holds_the_share(events, n):
    found = intervals.share(min(events, n), n)
    assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


def cells():
    draw = np.random.default_rng(3)
    rows = [(arm, seed, draw.random()) for arm in ("a", "b") for seed in range(12) for _ in range(2)]
    return pd.DataFrame([*rows, ("c", 1, np.nan)], columns=["arm", "seed", "value"])


def test_cells_are_means_of_seeds_not_of_rows():
    frame = pd.DataFrame({"arm": "a", "seed": [1, 1, 1, 2], "value": [0.0, 0.3, 0.6, 0.9]})
    found = intervals.summarise(frame, ["arm"], SHARE)
    assert found.iloc[0].to_dict() == {"arm": "a", "mean": pytest.approx(0.6), "n_seeds": 2, "ci_low": 0, "ci_high": 1}


def test_figures_and_text_agree_on_the_same_values():
    frame = cells()
    figure = intervals.summarise(frame, ["arm"], SHARE).set_index("arm")
    assert list(figure.index) == ["a", "b"]  # nothing is known of c
    for arm in figure.index:
        values = frame[frame["arm"] == arm].groupby("seed")["value"].mean()
        text = intervals.estimate(values, SHARE)
        assert text.value == pytest.approx(figure.loc[arm, "mean"], rel=1e-12)
        assert text.n_seeds == figure.loc[arm, "n_seeds"] == 12
        for end in ("ci_low", "ci_high"):  # each from resamples of its own
            assert getattr(text, end) == pytest.approx(figure.loc[arm, end], abs=0.03)


def test_ledger_and_figures_agree_exactly_where_seeds_agree_or_are_few():
    for values in ([1.0] * 20, [0.25] * 5, [0.1, 0.9], [0.5]):
        interval = intervals.mean_interval(np.array(values), SHARE, 99, 1)(ALPHA)
        frame = pd.DataFrame({"arm": 1, "seed": range(len(values)), "value": values})
        found = intervals.summarise(frame, ["arm"], SHARE).iloc[0]
        assert (found["ci_low"], found["ci_high"]) == pytest.approx(interval)
        assert intervals.estimate(pd.Series(values), SHARE)[1:3] == pytest.approx(interval)


def test_a_cell_has_the_same_interval_whatever_stands_beside_it():
    frame = cells()
    alone = intervals.summarise(frame[frame["arm"] == "b"], ["arm"], SHARE)
    beside = intervals.summarise(frame.sample(frac=1, random_state=0), ["arm"], SHARE)
    pd.testing.assert_frame_equal(alone, beside[beside["arm"] == "b"].reset_index(drop=True))


def test_a_missing_level_is_a_level_and_an_unseen_one_is_none():
    frame = pd.DataFrame({"bias": [np.nan, np.nan, 0.0], "seed": [1, 2, 1], "value": [0.2, 0.4, 0.5]})
    found = intervals.summarise(frame, ["bias"], SHARE)
    assert found["mean"].tolist() == pytest.approx([0.5, 0.3]) and found["bias"].isna().tolist() == [False, True]
    arms = pd.Series(["a", "a", "a"], dtype=pd.CategoricalDtype(["a", "b"]))
    assert intervals.summarise(frame.assign(arm=arms), ["arm"], SHARE)["arm"].tolist() == ["a"]


@pytest.mark.parametrize("by", [[], ["arm"]])
def test_tables_without_rows_and_without_cells(by):
    empty = intervals.summarise(cells().iloc[:0], by, SHARE)
    assert list(empty) == [*by, "mean", "ci_low", "ci_high", "n_seeds"] and len(empty) == 0
    assert len(intervals.summarise(cells(), [], SHARE)) == 1


def test_counts_of_any_type_are_taken():
    values = pd.Series([1, 2, None], dtype="Int32")
    assert intervals.estimate(values, (0, 5)) == Estimate(1.5, 0, 5, 2)
    assert intervals.estimate(pd.Series(dtype=float)).n_seeds == 0 and RESAMPLES >= 999


def test_rounding_does_not_carry_an_interval_beyond_its_bounds():
    values = np.array([1.0] * 197 + [0.72248725])  # as a claim has them: 1 scaled and back was 1 + 2e-16
    low, high = intervals.mean_interval(values, (0.0, 1.0), 999, 0)(0.01)
    assert 0.9 < low < 1 and high <= 1


@pytest.mark.parametrize("n", [1, 5, 6, 40, 101])
def test_the_medians_interval_is_of_order_statistics(n):
    """By the binomial distribution: the k-th smallest is above the median with probability P(Bin(n, 1/2) < k)."""
    values, alpha = np.random.default_rng(n).normal(size=n), 0.05
    low, high = intervals.median_interval(values, REAL)(alpha)
    k = int((stats.binom.cdf(np.arange(n + 1), n, 0.5) <= alpha / 2).sum())  # of values that may be left out
    ordered = np.sort(values)
    assert (low, high) == ((ordered[k - 1], ordered[n - k]) if k else (-np.inf, np.inf))


def test_the_medians_interval_takes_infinite_values_and_none():
    low, high = intervals.median_interval(np.array([*range(12), np.inf, np.inf]), (0, np.inf))(0.05)
    assert 0 < low < 6.5 < high < np.inf
    assert intervals.median_interval(np.array([]), (0, 1))(0.05) == (0, 1)
