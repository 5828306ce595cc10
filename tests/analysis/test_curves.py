"""Where curves cross a level, and the rate at which half of the networks diverge."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks
from dying_relu.analysis.curves import crossing, divergence_limits


@pytest.mark.parametrize(
    ("values", "level", "expected"),
    [
        ([0.0, 0.25, 1.0], 0.5, 10 ** (1 / 3)),  # a third of the decade from 1 to 10
        ([0.0, 0.0, 1.0], 0.5, 10**0.5),
        ([0.0, 0.0, 0.5], 0.5, 10.0),  # a level is reached where it is met
        ([0.6, 0.0, 1.0], 0.5, 0.1),  # from the first point on
        ([0.0, 0.1, 0.2], 0.5, np.nan),
        ([0.0, np.nan, 1.0], 0.5, 1.0),  # what is unknown is passed over
        ([], 0.5, np.nan),
    ],
)
def test_a_level_is_crossed_in_the_logarithm_of_the_index(values, level, expected):
    curve = pd.Series(values, index=[0.1, 1, 10][: len(values)], dtype=float)
    assert crossing(curve, level) == pytest.approx(expected, nan_ok=True)


def test_a_curve_that_begins_above_the_level_may_count_as_nowhere():
    assert np.isnan(crossing(pd.Series([1.0, 2.0], index=[1, 2]), 0.5, at_start=False))


def test_divergence_limit_is_interpolated_in_log_rate():
    # a quarter diverges at 1, all at 10
    rows = [(rate, seed) for rate in (0.1, 1.0, 10.0) for seed in range(1000, 1004)]
    gone = [rate == 10 or (rate == 1 and seed == 1000) for rate, seed in rows]
    table = networks(
        *(
            {"learning_rate": r, "seed": s, "dead_fraction": np.nan if g else 0.0}
            for (r, s), g in zip(rows, gone, strict=True)
        )
    )
    limits = divergence_limits(table, [])
    assert limits["limit"].tolist() == [pytest.approx(10 ** (1 / 3))]
    assert limits["limit_dead"].isna().all() and limits["most_dead"].tolist() == [0.0]


def test_death_is_counted_only_where_most_networks_stay_finite():
    rows = [{"learning_rate": 0.1, "seed": s, "dead_fraction": 0.2} for s in range(1000, 1004)]
    rows += [
        {"learning_rate": 1.0, "seed": s, "dead_fraction": 0.9 if s == 1000 else np.nan} for s in range(1000, 1004)
    ]
    limits = divergence_limits(networks(*rows), [])
    assert limits["most_dead"].tolist() == [0.2] and limits["limit_dead"].isna().all()


def test_each_class_has_its_own_limit_and_no_class_is_lost():
    rows = [
        {"bias": bias, "depth": depth, "learning_rate": rate, "dead_fraction": np.nan if rate > end else 0.5 * rate}
        for (bias, depth), end in {(None, 1): 0.5, (0.0, 1): 1.0, (0.0, 3): 9.0}.items()
        for rate in (0.1, 1.0, 2.0)
    ]
    limits = divergence_limits(networks(*rows), ["bias", "depth"], dead=0.4).set_index(["bias", "depth"])
    assert len(limits) == 3
    assert limits.loc[(0.0, 1), "limit"] == pytest.approx(2**0.5) and np.isnan(limits.loc[(0.0, 3), "limit"])
    assert limits.loc[(np.nan, 1), "limit"] == pytest.approx(10**-0.5)
    # 0.05 at a rate of 0.1, 0.5 at 1: 0.4 is seven ninths of the way
    assert limits.loc[(0.0, 1), "limit_dead"] == pytest.approx(10 ** (7 / 9 - 1))
    assert limits.loc[(0.0, 3), "most_dead"] == 1.0


@pytest.mark.parametrize("by", [[], ["bias"], ["bias", "depth"]])
def test_tables_without_rows_and_without_a_finite_network(by):
    empty = divergence_limits(networks({}).iloc[:0], by)
    assert list(empty) == [*by, "limit", "limit_dead", "most_dead"]
    assert empty.drop(columns=by).isna().all(axis=None)
    gone = divergence_limits(networks({"learning_rate": 0.1}, {"learning_rate": 1.0}), by)
    assert gone["limit"].tolist() == [0.1] and gone["most_dead"].isna().all()
