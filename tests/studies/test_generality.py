"""The study generality on small tables whose answers are computed by hand."""

import pandas as pd
import pytest

from by_hand import BASE, in_cell, life
from by_hand import networks as table
from dying_relu.studies.generality import CONTENTS, estimands, figures, tables, text

RATES = {0.1: (0.0, 0.9), 0.4: (0.5, 0.8), 1.6: (0.9, 0.1)}  # dead fraction, accuracy; at the last all have failed
DEEPER = {"depth": 2}
MNIST = {"dataset": "mnist_5k"}


def networks(**other):
    """Of a condition a pilot and a confirmatory network at each rate."""
    rows = [
        {"seed": seed, "learning_rate": rate, "dead_fraction": dead, "test_accuracy": accuracy}
        for seed in (0, 1000)
        for rate, (dead, accuracy) in RATES.items()
    ]
    return table(*rows, **other)


def regression(**other):
    """The best loss at 0.2, all diverged at 0.8."""
    rows = [
        {"seed": seed, "learning_rate": rate, "dead_fraction": dead, "test_loss": loss}
        for seed in (0, 1000)
        for rate, dead, loss in ((0.1, 0.1, 0.5), (0.2, 0.2, 0.3), (0.4, 0.4, 0.6), (0.8, None, None))
    ]
    return table(*rows, **other)


EVERY = pd.concat([networks(), networks(**MNIST), networks(width=16), regression(dataset="friedman")])
EVERY = EVERY.astype({"dead_fraction": float, "test_loss": float})


def test_each_condition_is_one_cell_at_its_own_killing_rate():
    found = estimands.dead_fraction_at_the_end({"networks": EVERY})
    assert "learning_rate" not in found and found["killing"].all()
    assert in_cell(found, dataset="mnist_5k") == {1000: 0.5}
    assert in_cell(found, dataset="friedman") == {1000: 0.4}
    assert in_cell(found, width=16) == {1000: 0.5}
    ratio = estimands.dead_fraction_ratio_proper_to_killing({"networks": EVERY})
    assert in_cell(ratio, dataset="mnist_5k") == {1000: 0.0}
    assert in_cell(ratio, dataset="friedman") == {1000: pytest.approx(0.5)}  # proper 0.2, by its test loss


def test_controls_are_no_condition():
    control = networks(grid="control_linear", activation="linear", **MNIST)
    found = estimands.dead_fraction_at_the_end({"networks": pd.concat([EVERY, control])})
    assert set(found["activation"]) == {"relu"}


def test_units_that_come_back_are_counted_over_all_layers():
    """Of four units of each of two layers: two and three ever dead, of which none and two are alive at the end."""
    rows = []
    for seed in (0, 1000):
        for layer, dead, ever in ((1, [0, 2, 2], [0, 2, 2]), (2, [0, 3, 1], [0, 3, 3])):
            own = {"seed": seed, "learning_rate": 0.4, "layer": layer, "n_ever_dead": ever, **MNIST}
            rows.append(life(dead, **own))
    activity = pd.concat(rows)
    activity["phase"] = activity["phase"].where(activity["seed"] >= 1000, "pilot")
    nets = networks(**MNIST).assign(epochs=2)
    given = {"networks": nets, "activity": activity}
    assert in_cell(estimands.recovered_share(given), dataset="mnist_5k") == {1000: pytest.approx(2 / 5)}
    assert in_cell(estimands.recovered_share_deeper(given), dataset="mnist_5k") == {1000: pytest.approx(2 / 3)}
    revived = estimands.revival_in_the_first_layer(given)
    assert in_cell(revived, dataset="mnist_5k") == {1000: 0.0} and revived["exposure"].tolist() == [2, 2]


def test_learning_is_judged_where_most_networks_lost_half_of_a_layer():
    """At 0.4 both networks lost three of four units; at 0.1 none did, at 1.6 the pilot diverged."""
    activity, history = [], []
    for seed in (0, 1000):
        for rate, dead in ((0.1, 1), (0.4, 3), (1.6, None if seed == 0 else 3)):
            own = {"seed": seed, "learning_rate": rate, **MNIST}
            activity.append(life([0, dead, dead], **own))
            losses = {0.1: [2.0, 1.0, 0.5], 0.4: [2.0, 1.0, 0.95], 1.6: [2.0, 1.0, 0.5]}[rate]
            moments = {"epoch": [0.0, 1.0, 2.0], "step": [0, 1, 2], "epochs": 2, "train_loss": losses}
            history.append(pd.DataFrame(BASE | own | moments))
    given = {"networks": networks(**MNIST).assign(epochs=2)}
    for name, parts in (("activity", activity), ("history", history)):
        frame = pd.concat(parts)
        given[name] = frame.assign(phase=frame["phase"].where(frame["seed"] >= 1000, "pilot"))
    found = estimands.learning_stopped(given)
    assert "learning_rate" not in found and in_cell(found, dataset="mnist_5k") == {1000: 1.0}


def test_the_figure_shows_the_reference_in_every_panel_and_other_conditions_in_one():
    every = pd.concat([EVERY, networks(**DEEPER), networks(batch_size=10), networks(**MNIST, width=8, depth=2)])
    found = tables.dead_by_condition({"networks": every})
    shown = found.groupby("panel", sort=False)["condition"].agg(set)
    pooled = "5,000 of MNIST, depth 2, width 8"
    assert shown["data"] == {"reference", "5,000 of MNIST", "Friedman's function", pooled}
    assert shown["width"] == {"reference", "width 16"}
    assert shown["batch size"] == {"reference", "batch size 10"} and shown["depth"] == {"reference", "depth 2"}
    friedman = found[found["condition"] == "Friedman's function"].set_index("learning_rate")
    assert friedman.loc[0.4, "mean"] == 0.4
    assert friedman.loc[0.4, "scaled_rate"] == pytest.approx(0.4 / (0.4 * 0.8) ** 0.5)
    figure = figures.dead_by_condition(found)
    assert [axis.get_title() for axis in figure.axes] == [
        "other data",
        "other width",
        "other batch size",
        "other depth",
    ]


def test_numbers_are_medians_and_their_extremes():
    control = table({"seed": 1000, "dead_fraction": 0.0}, grid="control_linear", activation="linear", **MNIST)
    found = text.numbers({"networks": pd.concat([EVERY, control])})
    assert set(found) == set(CONTENTS.numbers)
    assert (found["conditions"], found["mnist.rate"], found["control.linear.dead"]) == (4, 0.4, 0)
    assert (found["dead.low"], found["dead.high"]) == (0.4, 0.5)
    assert found["limit.high"] == pytest.approx(0.8)
