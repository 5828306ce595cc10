"""Rates by name, on the scale of the limit, by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks
from dying_relu.analysis import maps, rates


def nets(*rows, **common):
    """Rows of (rate, seed, dead fraction, test accuracy); without a dead fraction it diverged."""
    names = ("learning_rate", "seed", "dead_fraction", "test_accuracy")
    return networks(*(dict(zip(names, row, strict=True)) for row in rows), **common)


GONE = (np.nan, np.nan)
PILOT = (
    *((0.01, seed, 0.0, 0.3) for seed in (0, 1)),  # too slow to pass: no limit from there
    *((0.1, seed, 0.0, 0.9) for seed in (0, 1)),
    *((0.4, seed, 0.2, 0.8) for seed in (0, 1)),
    *((1.6, seed, 0.9, accuracy) for seed, accuracy in ((0, 0.1), (1, 0.1))),  # finite, and at guessing: failed
)
CONFIRMATORY = [(rate, 1000, 0.1, 0.1) for rate in (0.01, 0.1, 0.4, 1.6)]  # fails everywhere, and chooses nothing


def test_limit_killing_and_proper_rate_are_of_pilot_networks():
    (row,) = rates.scale(nets(*PILOT, *CONFIRMATORY), []).itertuples()
    assert row.limit == pytest.approx(0.8)  # half way from 0.4 to 1.6 in logarithms
    assert (row.killing, row.proper) == (0.4, 0.1)


def test_the_proper_rate_is_finite_in_all_and_a_diverged_network_fails():
    one_gone = [row for row in PILOT if row[0] != 0.1] + [(0.1, 0, *GONE), (0.1, 1, 0.0, 0.99)]
    (row,) = rates.scale(nets(*one_gone), []).itertuples()
    assert row.proper == 0.4 and row.killing == 0.4 and row.limit == pytest.approx(0.8)


def test_a_class_that_stands_every_rate_has_no_limit_and_one_that_stands_none_no_names():
    (row,) = rates.scale(nets(*PILOT[:6]), []).itertuples()
    assert row.limit == np.inf and row.killing == 0.4
    (row,) = rates.scale(nets((0.1, 0, *GONE), (0.4, 0, *GONE)), []).itertuples()
    assert np.isnan(row.killing) and np.isnan(row.proper)
    assert rates.scale(nets(*PILOT).iloc[:0], ["depth"]).empty


def test_each_class_is_on_its_own_scale():
    both = nets(*PILOT, *CONFIRMATORY)
    deep = nets(*((4 * row[0], *row[1:]) for row in (*PILOT, *CONFIRMATORY)), depth=5)
    frame = pd.concat([both, deep])
    found = rates.on_scale(maps.of(frame, frame["dead_fraction"]), frame)
    ours = found[found["seed"] == 1000].set_index(["depth", "learning_rate"])
    assert ours.loc[(3, 0.4), "limit_share"] == ours.loc[(5, 1.6), "limit_share"] == pytest.approx(0.5)
    assert ours["killing"][ours["killing"]].index.tolist() == [(3, 0.4), (5, 1.6)]
    assert rates.at(frame, frame, "proper")["learning_rate"].unique().tolist() == [0.1, 0.4]


def test_the_proper_rate_of_a_regression_has_the_smallest_test_loss():
    rows = ((0.1, 0, 0.0, np.nan), (0.2, 0, 0.0, np.nan), (0.3, 0, 0.0, np.nan), (0.4, 0, *GONE))
    frame = nets(*rows).assign(test_loss=[0.5, 0.3, 0.4, np.nan])
    (row,) = rates.scale(frame, []).itertuples()
    assert (row.proper, row.killing) == (0.2, 0.3) and 0.3 < row.limit < 0.4


def test_a_regression_fails_only_by_diverging():
    frame = nets((0.1, 0, 0.0, np.nan), (0.4, 0, *GONE))
    assert rates.failed(frame).tolist() == [False, True]
