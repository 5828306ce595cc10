"""Survival of units on life tables whose answer is known by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu.analysis.survival import logrank, survival


def lives(seed, killed, events, layer=1, until=None):
    """A network's units at times 1, 2, ...: ``events`` at each; from ``until`` on diverged, with nobody at risk."""
    events = np.array(events, float)
    at_risk = killed - np.concatenate([[0], np.cumsum(events)[:-1]])
    gone = np.arange(len(events)) >= (len(events) if until is None else until)
    times = np.arange(1.0, len(events) + 1)
    return pd.DataFrame(
        {"seed": seed, "layer": layer, "time": times, "at_risk": np.where(gone, 0, at_risk)}
        | {"events": np.where(gone, 0, events)}
    )


def test_survival_is_kaplan_meiers_product_over_all_units():
    curve = survival(pd.concat([lives(0, 4, [1, 0, 2]), lives(1, 4, [2, 0, 0], until=1)]))
    assert curve["time"].tolist() == [1, 2, 3] and curve["n_seeds"].tolist() == [2] * 3
    assert curve["mean"].to_numpy() == pytest.approx([5 / 8, 5 / 8, 5 / 8 * 1 / 3])
    assert (
        curve["ci_low"].tolist() == [0] * 3 and curve["ci_high"].tolist() == [1] * 3
    )  # two seeds say nothing of spread


def test_survival_is_uncertain_as_seeds_differ_and_bounded_where_they_agree():
    curve = survival(pd.concat([lives(seed, 4, [seed % 3, 2 - seed % 3, 1]) for seed in range(12)]))
    assert curve["mean"].to_numpy() == pytest.approx([3 / 4, 1 / 2, 1 / 4])
    assert curve["ci_low"].iloc[0] < 0.75 < curve["ci_high"].iloc[0]
    share = 1 - 0.025 ** (1 / 12)  # seeds that could have another value
    assert curve["ci_low"].iloc[1:].to_numpy() == pytest.approx([0.5 - share * 0.5, 0.25 - share * 0.25])
    assert curve["ci_high"].iloc[1:].to_numpy() == pytest.approx([0.5 + share * 0.5, 0.25 + share * 0.75])


def test_survival_is_empty_without_units_at_risk():
    for table in (lives(0, 0, [0, 0]), lives(0, 4, [0, 0]).iloc[:0]):
        curve = survival(table)
        assert curve.empty and list(curve) == ["time", "mean", "ci_low", "ci_high", "n_seeds"]


def test_logrank_permutes_within_seeds():
    fast, slow = (pd.concat([lives(seed, 4, events) for seed in range(8)]) for events in ([4, 0, 0], [0, 0, 0]))
    statistic, p = logrank(fast, slow)
    assert statistic == pytest.approx(8 * 4 / 2)  # 32 openings at once, of which the half was expected
    assert p == pytest.approx(2 / 2**8)  # all signs alike, either way
    assert logrank(fast, fast) == (0, 1)
    assert np.isnan(logrank(fast, slow[slow["seed"] == 0])[1])


def test_logrank_is_stratified_by_layer():
    one = pd.concat([pd.concat([lives(s, 4, [4]), lives(s, 8, [0], layer=2)]) for s in range(6)])
    other = pd.concat([pd.concat([lives(s, 4, [0]), lives(s, 24, [4], layer=2)]) for s in range(6)])
    assert logrank(one, other)[0] == pytest.approx(6 * (4 - 4 * 4 / 8 + 0 - 4 * 8 / 32))
