"""Where curves cross a level."""

import numpy as np
import pandas as pd
import pytest

from dying_relu.analysis.curves import crossing


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
