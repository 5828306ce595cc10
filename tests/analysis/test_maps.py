"""Maps: values by seed in every cell, by hand; unequal arms stop the build."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, networks
from dying_relu.analysis import maps
from dying_relu.workflow.errors import UserError


def nets(*rows):
    """Rows of (batch norm, rate, seed, dead fraction); without a dead fraction it diverged."""
    names = ("batch_norm", "learning_rate", "seed", "dead_fraction")
    return networks(*(dict(zip(names, row, strict=True)) for row in rows))


def of(frame):
    return maps.of(frame, frame["dead_fraction"])


def cells(found, *axes):
    return {tuple(row[key] for key in (*axes, "seed")): row["value"] for _, row in found.iterrows()}


def test_a_map_keeps_diverged_networks_as_such():
    found = of(nets((False, 0.1, 1000, 0.5), (False, 0.1, 1001, np.nan)))
    assert found["diverged"].tolist() == [False, True] and found["value"].isna().tolist() == [False, True]
    assert set(found["phase"]) == {"confirmatory"}


def test_sums_are_of_a_networks_rows_and_lost_where_a_count_is():
    rows = [(1, 1000, 1, 4), (2, 1000, 3, 4), (1, 1001, 1, 4), (2, 1001, None, None), (1, 1002, 0, 0), (2, 1002, 0, 0)]
    frame = pd.DataFrame([BASE | dict(zip(("layer", "seed", "back", "dead"), row, strict=True)) for row in rows])
    found = maps.sums(frame, "back", "dead").set_index("seed")
    assert found.loc[1000, ["value", "events", "exposure"]].tolist() == [0.5, 4, 8]
    assert found["diverged"].to_dict() == {1000: False, 1001: True, 1002: False}
    assert np.isnan(found.loc[1002, "value"]) and np.isnan(found.loc[1001, "events"])
    by_layer = cells(maps.sums(frame, "back", "dead", ["layer"]), "layer")
    assert by_layer[1, 1000] == 0.25 and by_layer[2, 1000] == 0.75


def test_a_pair_is_missing_where_one_is_and_diverged_where_one_did():
    with_it = of(nets((True, 0.1, 1000, 0.1), (True, 0.1, 1001, 0.2), (True, 0.1, 1002, 0.3)))
    without = of(nets((False, 0.1, 1000, 0.4), (False, 0.1, 1001, np.nan), (False, 0.1, 1002, 0.0)))
    found = maps.pair(with_it, without, ["batch_norm"])
    assert "batch_norm" not in found and cells(found)[(1000,)] == pytest.approx(-0.3)
    assert found.set_index("seed")["diverged"].to_dict() == {1000: False, 1001: True, 1002: False}
    ratio, share = (cells(maps.pair(with_it, without, ["batch_norm"], how)) for how in ("ratio", "share"))
    assert ratio[(1000,)] == pytest.approx(0.25) and ratio[(1002,)] == np.inf and share[(1002,)] == 1
    nothing = of(nets((True, 0.1, 1000, 0.0)))
    assert maps.pair(nothing, of(nets((False, 0.1, 1000, 0.0))), ["batch_norm"], "ratio")["value"].isna().all()


def test_arms_without_the_same_seeds_stop_the_build():
    """As where half of the seeds had other optimisers in an average: no verdict comes of it."""
    one = of(nets((True, 0.1, 1000, 0.1), (True, 0.1, 1001, 0.2)))
    other = of(nets((False, 0.1, 1000, 0.4)))
    with pytest.raises(UserError, match="unequal arms: seed 1001 has a network of one arm alone"):
        maps.pair(one, other, ["batch_norm"])
    elsewhere = of(nets((False, 0.1, 1000, 0.4), (False, 0.1, 1001, 0.4), (False, 0.5, 1000, 0.4)))
    assert len(maps.pair(one, elsewhere, ["batch_norm"])) == 2  # a cell of one arm alone is left out


def test_a_pool_averages_what_all_seeds_have():
    frame = nets((False, 0.1, 1000, 0.1), (False, 0.5, 1000, 0.3), (False, 0.1, 1001, 0.1), (False, 0.5, 1001, np.nan))
    found = maps.pool(of(frame), ["learning_rate"])
    assert cells(found)[(1000,)] == pytest.approx(0.2) and found["diverged"].tolist() == [False, True]
    with pytest.raises(UserError, match="seed 1001 lacks networks over whose learning_rate others are averaged"):
        maps.pool(of(frame.iloc[:3]), ["learning_rate"])


def test_an_axis_is_left_out_only_where_nothing_varies_in_it():
    frame = nets((False, 0.1, 1000, 0.1), (False, 0.5, 1001, 0.3))
    assert "learning_rate" not in maps.without(of(frame), "learning_rate")
    with pytest.raises(UserError, match="seed 1000 has several networks"):
        maps.without(of(nets((False, 0.1, 1000, 0.1), (False, 0.5, 1000, 0.3))), "learning_rate")
