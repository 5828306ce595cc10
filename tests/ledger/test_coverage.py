"""The intervals hold what they promise, also where a rare seed fails; and what a claim can detect."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from by_hand import claim, values
from dying_relu.ledger import coverage, power

SKEWED = [*np.random.default_rng(3).lognormal(-4, 1.5, 39).clip(0, 1), 0.9]


@pytest.mark.parametrize(
    "family, seen", [("median", SKEWED), ("median", [0.0] * 36 + [0.02]), ("share", [1.0] * 37 + [0.0] * 3)]
)
def test_neither_side_misses_more_often_than_its_half_of_the_level(family, seen):
    known = {name: claim(name, family) for name in "abc"}
    frames = [values(name, seen) for name in known]
    found = coverage.simulate(known, pd.concat(frames), resamples=20_000)
    assert len(found) == 3 * 2 * 2 and set(found["world"]) == {"as they are", "with rare failures"}
    for row in found.itertuples():
        noise = 4 * np.sqrt(row.alpha / 2 / 20_000)
        assert max(row.missed_low, row.missed_high) <= row.alpha / 2 + noise, row


def test_misses_are_counted_on_both_sides():
    """Where no two seeds agree the median's interval misses about as often as it may."""
    found = coverage.simulate({"a": claim("a")}, values("a", np.linspace(0, 1, 101)), resamples=20_000)
    row = found[found["world"] == "as they are"].iloc[0]
    assert 0.005 < row["missed_low"] <= 0.025 + 0.005 and 0.005 < row["missed_high"] <= 0.025 + 0.005


def test_needed_share_gives_the_power_it_says():
    made = claim("a", region=(0.4, 1.0))
    share = power.needed_share(made, 40, 0.001)
    k = power.fewest(made, 40, 0.001)
    assert stats.binom.sf(k - 1, 40, 0.5) <= 0.0005 < stats.binom.sf(k - 2, 40, 0.5)
    assert stats.binom.sf(k - 1, 40, share) == pytest.approx(power.POWER)
    assert np.isnan(power.needed_share(made, 8, 0.001)) and np.isnan(power.needed_share(made, 0, 0.05))


def test_needed_seeds_for_never():
    """No event among n bounds the share below a tenth at alpha / 2 on that side where 0.9**n does."""
    never = claim("n", "share", region=(0.0, 0.0), margin=0.1)
    assert power.fewest(never, 60, 0.05 / 80) is None and power.fewest(never, 80, 0.05 / 80) == 80
    between = claim("b", "share", region=(0.4, 0.6))
    assert power.fewest(between, 100, 0.05) is None
