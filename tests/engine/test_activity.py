"""The definition of death, by hand and as properties."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dying_relu.engine import activity

COUNTS = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=8)


def test_a_life_by_hand():
    tracker = activity.Tracker()
    # units: always alive; dies; dies and revives; born dead and revived
    lives = [[9, 5, 5, 0], [9, 0, 0, 0], [9, 0, 3, 4]]
    outputs = np.ones((1, 4))
    seen = [tracker.record(np.array([row]), np.array([row]), outputs, n_samples=1000) for row in lives]
    columns = {key: [int(record[key][0]) for record in seen] for key in seen[0]}
    assert columns["n_dead"] == [1, 3, 1]
    assert columns["n_died"] == [0, 2, 0]
    assert columns["n_revived"] == [0, 0, 2]
    assert columns["n_born_dead"] == [1, 1, 1]
    assert columns["n_ever_dead"] == [1, 3, 3]
    assert columns["n_nearly_dead"] == [3, 1, 3]


@given(COUNTS)
def test_dead_now_is_dead_before_plus_deaths_less_revivals(lives):
    tracker = activity.Tracker()
    before = None
    for row in lives:
        counts = {
            k: int(v[0]) for k, v in tracker.record(np.array([row]), np.array([row]), np.ones((1, 4)), 1000).items()
        }
        if before is not None:
            assert counts["n_dead"] == before["n_dead"] + counts["n_died"] - counts["n_revived"]
        assert counts["n_dead"] <= counts["n_ever_dead"] <= 4
        before = counts


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.integers(500, 2000))
def test_every_unit_has_exactly_one_status(active, n_samples):
    masks = activity.status(np.array([active]), n_samples)
    assert (sum(mask.astype(int) for mask in masks.values()) == 1).all()


def test_nearly_dead_includes_exactly_one_per_cent():
    assert list(activity.is_nearly_dead(np.array([0, 1, 15, 16]), 1500)) == [False, True, True, False]


def test_dormancy_by_hand():
    outputs = np.array([[0.0, 0.1, 1.0, 2.9], [0.0, 0.0, 0.0, 0.0]])  # layer averages 1 and 0
    assert activity.is_dormant(outputs, 0.0).tolist() == [[True, False, False, False], [True] * 4]
    assert activity.is_dormant(outputs, 0.1).tolist() == [[True, True, False, False], [True] * 4]


def test_followed_units_by_hand():
    """Of four units two are dead when following begins; one of them comes back and dies again, one only opens."""
    tracker = activity.Tracker()
    moments = [([5, 0, 0, 7], [5, 0, 0, 7]), ([5, 2, 0, 0], [5, 2, 3, 0]), ([5, 0, 0, 7], [5, 0, 0, 7])]
    tracker.record(*map(np.array, ([moments[0][0]], [moments[0][1]])), np.ones((1, 4)), 10)
    tracker.begin_recovery()
    seen = [tracker.record(np.array([a]), np.array([o]), np.ones((1, 4)), 10) for a, o in moments[1:]]
    columns = {name: [int(counts[name][0]) for counts in seen] for name in seen[0]}
    assert columns["n_followed"] == [2, 2]
    assert columns["n_back"] == [1, 0] and columns["n_returned"] == [1, 1]
    assert columns["n_reopened"] == [2, 0] and columns["n_ever_reopened"] == [2, 2]
    assert columns["n_closed"] == [1, 2]


def test_units_that_leave_the_side_they_started_on_by_hand():
    """Of four units one starts open on all of 10 samples and two on none; the first and one of the others leave."""
    tracker = activity.Tracker()
    lives = [[10, 0, 0, 4], [10, 0, 2, 10], [9, 0, 0, 0], [10, 0, 10, 4]]
    among = np.array([[True] * 4])
    seen = [tracker.record(np.array([row]), np.array([row]), np.ones((1, 4)), 10, among) for row in lives]
    assert [int(counts["n_born_one_sided"][0]) for counts in seen] == [3, 3, 3, 3]
    assert [int(counts["n_ever_crossed"][0]) for counts in seen] == [0, 1, 2, 2]
