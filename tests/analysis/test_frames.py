"""Rows of a study's tables, and tables without any."""

import numpy as np
import pandas as pd
import pytest

from by_hand import life, networks
from dying_relu.analysis import frames

TABLE = networks(
    {"seed": 0, "dead_fraction": 0.1},
    {"dead_fraction": 0.2, "optimizer": "adam"},
    {"dead_fraction": 0.3, "grid": "control_narrow"},
    {"seed": 1001},
)


def test_rows_by_what_they_are():
    assert frames.pilot(TABLE)["seed"].tolist() == [0]
    assert frames.confirmatory(TABLE)["seed"].tolist() == [1000, 1000, 1001]
    assert frames.treated(TABLE)["grid"].unique().tolist() == ["main"]
    assert frames.plain(TABLE)["seed"].tolist() == [0, 1001]
    assert frames.drawn(TABLE)["seed"].tolist() == [1000, 1001]
    assert frames.alive(TABLE)["dead_fraction"].tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    "function", [frames.pilot, frames.drawn, frames.plain, frames.alive, frames.at_reference_depth]
)
@pytest.mark.parametrize("text", ["category", object])
def test_tables_without_rows_are_taken(function, text):
    empty = TABLE.astype({"grid": text, "phase": text, "optimizer": text}).iloc[:0]
    assert len(function(empty)) == 0 and list(function(empty)) == list(TABLE)


def test_levels_match_alone_and_in_collections():
    assert len(frames.matching(TABLE, optimizer="sgd")) == 3
    assert len(frames.matching(TABLE, optimizer=("sgd", "adam"), seed={0, 1001})) == 2
    assert len(frames.matching(TABLE)) == 4
    assert len(frames.matching(TABLE.astype({"optimizer": "category"}), optimizer="lion")) == 0
    counts = pd.DataFrame({"n": pd.array([1, None], dtype="Int32")})
    assert len(frames.matching(counts, n=1)) == 1


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_level_matches_nothing(missing):
    assert len(frames.matching(TABLE, learning_rate=missing)) == 0
    assert len(frames.matching(TABLE.assign(bias=np.nan), bias=missing)) == 0


def test_counts_leave_out_seeds_without_exposure():
    frame = pd.DataFrame({"seed": [1, 1, 2, 3], "n": [0, 2, 0, 0], "of": [3, 4, 5, 0]})
    found = frames.counts(frame, "n", "of")
    assert found.to_dict("list") == {"seed": [1, 2], "value": [1, 0], "events": [2, 0], "exposure": [7, 5]}
    assert list(frames.counts(frame.iloc[:0], "n", "of")) == ["seed", "value", "events", "exposure"]


def test_values_by_seed_are_a_frame_in_order():
    assert frames.by_seed(pd.Series({7: 0.5, 3: 1.0})).to_dict("list") == {"seed": [3, 7], "value": [1.0, 0.5]}
    assert list(frames.by_seed(pd.Series(dtype=float))) == ["seed", "value"]


def test_pairs_are_of_seeds_that_have_both():
    frame = pd.DataFrame({"arm": list("aabb"), "seed": [1, 2, 1, 3], "x": pd.array([5, 6, 2, 9], dtype="Int32")})
    assert frames.paired(frame, "x", {"arm": "a"}, {"arm": "b"}).to_dict() == {1: 3.0}


def test_the_reference_depth_or_the_nearest():
    assert frames.at_reference_depth(TABLE)["depth"].unique().tolist() == [3]
    deep = TABLE.assign(depth=[2, 4, 9, 1])
    assert frames.at_reference_depth(deep)["depth"].unique().tolist() == [2]


def test_the_last_moment():
    assert frames.last(life([0, 1, 2]))["n_dead"].tolist() == [2]


def test_units_at_risk_are_the_dead_of_the_moment_before_for_the_time_between():
    other = life([0, 5, 5], layer=2)
    found = frames.with_risk(pd.concat([life([1, 2, 3]).assign(epoch=[0, 1, 3]), other, life([4, 4, 4], bias=None)]))
    first = found[(found["layer"] == 1) & (found["bias"] == 0)]
    assert first["risk"].tolist() == pytest.approx([np.nan, 1.0, 4.0], nan_ok=True)
    assert found[found["layer"] == 2]["risk"].tolist() == pytest.approx([np.nan, 0.0, 5.0], nan_ok=True)
    assert found[found["bias"].isna()]["risk"].tolist() == pytest.approx([np.nan, 4.0, 4.0], nan_ok=True)


def test_what_is_remembered_is_worked_out_once_for_the_same_tables():
    calls = []

    @frames.remembered
    def size(tables):
        """How many."""
        calls.append(1)
        return pd.DataFrame({"n": [len(tables)]})

    one, other = {"a": TABLE}, {"a": TABLE}
    assert size(one) is size(one) and len(calls) == 1
    size(other), size(one)
    assert len(calls) == 3 and size.__doc__ == "How many."
