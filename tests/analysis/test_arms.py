"""What tells the networks of any study apart, and how a level is printed."""

import io

import numpy as np
import pandas as pd
import pytest

from by_hand import networks
from dying_relu.analysis import arms

TABLE = networks(
    {"depth": 5, "bias": None, "activation": "tanh", "learning_rate": 0.1},
    {"depth": 1, "bias": 0.0, "activation": "relu", "learning_rate": 1.0},
    {"depth": 1, "bias": 0.5, "activation": "relu", "learning_rate": 0.1, "batch_norm": True},
)


def test_settings_that_vary_the_rate_apart():
    assert arms.varying(TABLE) == ["depth", "activation", "bias", "batch_norm"]
    assert arms.varying(TABLE, ()) == ["depth", "activation", "bias", "batch_norm", "learning_rate"]
    assert arms.varying(TABLE.iloc[:1]) == arms.varying(TABLE.iloc[:0]) == []


@pytest.mark.parametrize(
    ("key", "level", "name"),
    [
        ("optimizer", "sgd", "SGD"),
        ("dataset", "mnist", "MNIST"),
        ("shift", "noise_0.5", "noise 0.5"),
        ("scaling", "unit", "unit-scaled inputs"),
        ("architecture", "conv", "shared weights"),
        ("portion", "first_half", "portion first half"),
        ("depth", 3, "depth 3"),
        ("depth", np.int64(3), "depth 3"),
        ("learning_rate", 0.050, "learning rate 0.05"),
        ("weight_decay", np.float64(1e-3), "weight decay 0.001"),
        ("bias", -1.0, "bias -1"),
        ("bias", np.nan, "no bias"),
        ("bias", None, "no bias"),
        ("batch_norm", True, "batch norm"),
        ("batch_norm", np.False_, "no batch norm"),
    ],
)
def test_levels_are_named(key, level, name):
    assert arms.name(key, level) == name


def test_arms_are_named_by_all_that_varies():
    assert arms.label({"depth": 3, "optimizer": "adam"}) == "depth 3, Adam" and arms.label({}) == ""


def test_a_condition_is_named_by_what_the_reference_network_has_not():
    assert arms.unlike_reference({"depth": 3, "width": 64, "dataset": "digits"}) == {}
    assert arms.unlike_reference({"depth": 3, "width": 16, "layer": 0}) == {"width": 16, "layer": 0}
    found = [{"width": 512}, {"dataset": "diabetes"}, {"width": 16}, {"dataset": "mnist_5k", "width": 8}, {}]
    ordered = sorted(found, key=arms.place)
    assert ordered == [found[k] for k in (4, 3, 1, 2, 0)]


def test_arms_stand_in_the_order_of_numbers_and_of_the_catalogue():
    assert [arm["activation"] for arm in arms.listed(TABLE, ["activation"])] == ["relu", "tanh"]
    assert [arm["depth"] for arm in arms.listed(TABLE, ["depth"])] == [1, 5]
    biases = [arm["bias"] for arm in arms.listed(TABLE, ["bias"])]
    assert np.isnan(biases[0]) and biases[1:] == [0.0, 0.5]
    assert len(arms.listed(TABLE, ["depth", "activation", "bias"])) == 3
    assert arms.listed(TABLE, []) == [{}] and arms.listed(TABLE.iloc[:0], []) == []


def test_arms_of_a_file_are_those_of_its_table():
    read = pd.read_csv(io.StringIO(TABLE.astype({"activation": "category"}).to_csv(index=False)))
    keys = ["depth", "activation", "bias", "batch_norm"]
    assert [arms.label(arm) for arm in arms.listed(read, keys)] == [arms.label(arm) for arm in arms.listed(TABLE, keys)]


@pytest.mark.parametrize(
    ("key", "levels", "kept"),
    [
        ("depth", [1, 3, 5], 3),
        ("depth", [1, 4, 5], 4),
        ("depth", [2, 4], 2),  # equally near: the smaller
        ("bias", [0.5, -0.1, np.nan], -0.1),
        ("optimizer", ["sgd", "adam"], "sgd"),
        ("optimizer", ["nesterov", "adam"], "adam"),
        ("batch_norm", [False, True], False),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_level_nearest_to_the_reference_network(key, levels, kept, backwards):
    frame = pd.DataFrame({key: levels[::-1] if backwards else levels})
    assert arms.nearest_to_reference(frame, [key])[key].tolist() == [kept]
    assert len(arms.nearest_to_reference(frame.iloc[:0], [key])) == 0


def test_networks_without_biases_alone_are_kept():
    frame = pd.DataFrame({"bias": [np.nan, np.nan]})
    assert len(arms.nearest_to_reference(frame, ["bias"])) == 2
