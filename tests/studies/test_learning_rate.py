"""The study learning_rate on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell, life
from by_hand import networks as table
from dying_relu.analysis import fates
from dying_relu.report import numbers
from dying_relu.report.tables import read
from dying_relu.studies.learning_rate import CONTENTS, estimands, text


def networks(*rows, **common):
    """Rows of (scaling, rate, seed, dead fraction, test accuracy); without a dead fraction it diverged."""
    names = ["scaling", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    return table(*(dict(zip(names, row, strict=True)) for row in rows), **common)


GONE = (np.nan, np.nan)
NETWORKS = networks(
    *(("unit", 0.1, seed, 0.1, 0.9) for seed in (0, 1)),
    *(("unit", 1.0, seed, 0.5, 0.6) for seed in (0, 1)),
    ("unit", 2.0, 0, 0.9, 0.2),  # half of the pilot networks fail: the limit lies here
    ("unit", 2.0, 1, 0.9, 0.6),
    ("unit", 5.0, 0, *GONE),
    ("unit", 5.0, 1, *GONE),
    ("unit", 0.1, 1000, 0.05, 0.9),
    ("unit", 0.1, 1001, 0.2, 0.8),
    ("unit", 0.1, 1002, 0.3, 0.7),
    ("unit", 1.0, 1000, 0.5, 0.5),
    ("unit", 1.0, 1001, *GONE),
    ("unit", 1.0, 1002, 0.0, 0.5),
    ("unit", 2.0, 1000, 1.0, 0.99),  # confirmatory seeds choose nothing
    ("unit", 2.0, 1001, 1.0, 0.99),
    ("unit", 2.0, 1002, 1.0, 0.99),
)
KILLING, PROPER = {"scaling": "unit", "learning_rate": 1.0}, {"scaling": "unit", "learning_rate": 0.1}


def lives(*layers):
    """Lives of layers one after the other, with the units ever dead so far."""
    frame = pd.concat([life(**layer) for layer in layers], ignore_index=True)
    ever = frame.groupby(["seed", "learning_rate", "layer", "optimizer"])["n_dead"].cummax()
    return frame.assign(n_ever_dead=ever.mask(frame["n_dead"].isna()))


def test_the_killing_rate_is_the_highest_that_most_pilot_networks_stand():
    found = estimands.dead_fraction_at_the_end({"networks": NETWORKS})
    assert set(found["learning_rate"][found["killing"]]) == {1.0}
    assert set(found["learning_rate"][found["proper"]]) == {0.1}
    assert found["limit_share"][found["killing"]].unique() == pytest.approx(0.5)
    named = in_cell(found, killing=True)
    assert named[1000] == 0.5 and named[1002] == 0.0 and np.isnan(named[1001])
    assert found.set_index(["learning_rate", "seed"])["diverged"][1.0, 1001]
    others = [NETWORKS.assign(dead_fraction=0.9, **levels) for levels in ({"depth": 5}, {"optimizer": "adam"})]
    both = estimands.dead_fraction_at_the_end({"networks": pd.concat([NETWORKS, *others], ignore_index=True)})
    assert in_cell(both, killing=True, depth=3, optimizer="sgd") == pytest.approx(named, nan_ok=True)
    control = NETWORKS.assign(dead_fraction=0.9, grid="control_x")
    pd.testing.assert_frame_equal(
        estimands.dead_fraction_at_the_end({"networks": pd.concat([NETWORKS, control], ignore_index=True)}), found
    )


def test_a_map_has_the_reference_network_and_others_each_in_its_own_cell():
    """The claim speaks of the reference network, so no other may stand for it."""
    both = pd.concat([NETWORKS, NETWORKS.assign(scaling="standardised", dead_fraction=0.01)], ignore_index=True)
    found = estimands.dead_fraction_at_the_end({"networks": both})
    assert in_cell(found, killing=True, scaling="standardised")[1000] == 0.01


def test_the_ratio_of_dead_fractions_needs_both_networks_and_a_death():
    ratio = in_cell(estimands.dead_fraction_ratio_proper_to_killing({"networks": NETWORKS}))
    assert ratio[1000] == pytest.approx(0.1) and np.isnan(ratio[1001]) and ratio[1002] == np.inf


def test_where_proper_and_killing_rate_are_one_nothing_is_compared():
    few = NETWORKS[NETWORKS["learning_rate"].isin([1.0, 5.0])].assign(scaling="standardised")
    both = estimands.dead_fraction_ratio_proper_to_killing({"networks": pd.concat([NETWORKS, few], ignore_index=True)})
    assert set(both["scaling"]) == {"unit"} and in_cell(both, scaling="unit")[1000] == pytest.approx(0.1)


def with_updates(frame):
    """Updates one by one until step 2; the largest of all, at step 9, has no part."""
    steps = [frame.assign(step=s, update_rms=frame["learning_rate"] * (s > 0) if s < 9 else 1.0) for s in (0, 1, 2, 9)]
    return {"networks": frame, "history": pd.concat(steps, ignore_index=True)}


@pytest.mark.parametrize("order, expected", [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], -1.0), ([1, 2, 4, 3], 0.8)])
def test_update_death_correlation_is_spearmans(order, expected):
    rates = [0.1, 0.2, 0.3, 0.4]
    rows = [("unit", rate, s, place / 10, 0.6) for s in (0, 1000) for rate, place in zip(rates, order, strict=True)]
    found = estimands.rank_correlation_update_death(with_updates(networks(*rows)))
    assert in_cell(found) == {1000: pytest.approx(expected)}


def test_update_death_correlation_is_over_the_same_rates_for_all_seeds():
    """Up to the limit; a seed whose network diverged at one of them has diverged, and is not given others."""
    dead = {0.1: 0.1, 0.2: 0.2, 0.4: 0.3, 0.8: 0.0}
    rows = [("unit", rate, seed, d, 0.6) for seed in (0, 1000, 1001, 1002) for rate, d in dead.items()]
    rows = [(*row[:3], *GONE) if row[2] == 0 and row[1] == 0.8 else row for row in rows]  # the limit of pilot networks
    rows = [(*row[:3], *GONE) if row[1:3] == (0.4, 1001) else row for row in rows]
    rows = [(*row[:3], 0.0, 0.6) if row[2] == 1002 else row for row in rows]
    found = estimands.rank_correlation_update_death(with_updates(networks(*rows)))
    assert in_cell(found)[1000] == pytest.approx(1.0) and np.isnan(in_cell(found)[1002])
    assert found.set_index("seed")["diverged"].to_dict() == {0: False, 1000: False, 1001: True, 1002: False}


ACTIVITY = lives(
    {"dead": [0, 2, 2, 2]},
    {"dead": [0, 3, 1, 1], "revived": [0, 0, 2, 0], "layer": 2},
    {"dead": [0, 1, 0, 0], "revived": [0, 0, 1, 0], "seed": 1001},
    {"dead": [0, 3, 3, None], "seed": 1001, "layer": 2},  # diverged
    {"dead": [0, 4, 4, 0], "revived": [0, 9, 9, 9], "optimizer": "adam"},
    {"dead": [0, 4, 4, 0], "seed": 0, "phase": "pilot"},
    {"dead": [0, 0, 0, 0], "seed": 1002},  # nothing died: says nothing
)
OF_ACTIVITY = ACTIVITY.drop_duplicates(["seed", "optimizer"]).assign(
    dead_fraction=0.1, test_accuracy=0.9, diverged=lambda frame: frame["seed"] == 1001
)
LIVES = {"activity": ACTIVITY, "networks": OF_ACTIVITY}


def test_first_layer_revivals_are_looked_for_where_a_unit_was_dead():
    found = estimands.revival_in_the_first_layer(LIVES).set_index("seed")
    assert found.loc[1000, ["value", "events", "exposure"]].tolist() == [0, 0, 2]
    assert found.loc[1001, ["value", "events", "exposure"]].tolist() == [1, 1, 1]
    assert np.isnan(found.loc[1002, "value"]) and set(found["optimizer"]) == {"sgd"}


def test_recovered_share_is_of_the_units_ever_dead_by_layer_and_of_all():
    found = estimands.recovered_share(LIVES)
    sgd = found[found["optimizer"] == "sgd"].set_index(["layer", "seed"])
    assert sgd.loc[(0, 1000), ["value", "events", "exposure"]].tolist() == [2 / 5, 2, 5]
    assert sgd.loc[(1, 1001), "value"] == 1 and sgd.loc[(0, 1001), "diverged"] and np.isnan(sgd.loc[(0, 1002), "value"])
    deeper = estimands.recovered_share_deeper(LIVES).set_index("seed")
    assert deeper.loc[1000, ["value", "events"]].tolist() == [pytest.approx(2 / 3), 2] and deeper.loc[1001, "diverged"]


def test_stopping_is_judged_after_the_first_epoch_in_networks_with_a_mostly_dead_layer():
    cases = [([0, 3, 3], [2.3, 2.0, 1.99]), ([0, 3, 3], [2.3, 2.0, 1.0]), ([0, 2, 2], [2.3, 2.0, 2.0])]
    cases += [([0, 3, None], [2.3, 2.0, np.nan])]
    kept = [life(dead, learning_rate=rate).assign(train_loss=loss) for rate, (dead, loss) in enumerate(cases, start=1)]
    kept.append(life([0, 3, 3], grid="control_x").assign(train_loss=2.0))
    frame = pd.concat(kept, ignore_index=True)
    nets = frame.drop_duplicates("learning_rate").assign(dead_fraction=0.1, test_accuracy=0.9, diverged=False)
    found = estimands.learning_stopped({"activity": frame, "history": frame, "networks": nets})
    values = found.set_index("learning_rate")["value"]
    assert values[1] == 1 and values[2] == 0 and np.isnan(values[3]) and np.isnan(values[4])
    assert found.set_index("learning_rate")["diverged"].to_dict() == {1: False, 2: False, 3: False, 4: True}


def units(*rows):
    """Rows of (layer, status, units, what else)."""
    made = [BASE | {"layer": layer, "status": status, "n_units": n} | more for layer, status, n, more in rows]
    return pd.DataFrame(made)


def of_units(frame, **more):
    """The tables of units and of their networks."""
    nets = frame[[*BASE]].drop_duplicates().assign(dead_fraction=0.1, test_accuracy=0.9, diverged=False)
    return {"units": frame, "networks": nets.assign(**more)}


def test_movement_is_compared_by_the_status_before_it():
    frame = units(
        (1, "nearly dead", 9, {"n_units_before": 1, "movement_before_mean": 0.1}),  # more of them after: no matter
        (1, "active", 1, {"n_units_before": 9, "movement_before_mean": 1.0}),
        (2, "nearly dead", 0, {"n_units_before": 3, "movement_before_mean": 0.5}),
        (2, "active", 5, {"n_units_before": 5, "movement_before_mean": 2.0}),
        (3, "nearly dead", 0, {"n_units_before": 0, "movement_before_mean": np.nan}),
        (3, "active", 8, {"n_units_before": 8, "movement_before_mean": 7.0}),
        (1, "nearly dead", 4, {"n_units_before": 4, "movement_before_mean": 1.0, "seed": 1001}),  # no active sibling
        (1, "active", 0, {"n_units_before": 0, "movement_before_mean": np.nan, "seed": 1001}),
    )
    found = in_cell(estimands.movement_ratio_nearly_dead(of_units(frame)))
    assert found[1000] == pytest.approx((0.1 + 1.5) / (1 + 6)) and np.isnan(found[1001])


@pytest.mark.parametrize(
    "estimand, column",
    [("dead_unit_with_gradient", "gradient_max"), ("dead_unit_with_varying_output", "output_range_max")],
)
def test_a_dead_unit_that_is_not_silent_is_seen(estimand, column):
    frame = units(
        (1, "dead", 2, {column: 0.0}),
        (1, "dead", 2, {column: 1e-9, "seed": 1001}),
        (2, "dead", 3, {column: 0.0, "seed": 1001}),
        (1, "dead", 0, {column: np.nan, "seed": 1002}),
        (1, "active", 2, {column: 1.0}),
        (1, "dead", 2, {column: 1.0, "activation": "elu", "seed": 1003}),
    )
    found = getattr(estimands, estimand)(of_units(frame)).set_index("seed")
    assert found.loc[1000, ["value", "events", "exposure"]].tolist() == [0, 0, 2]
    assert found.loc[1001, ["value", "events", "exposure"]].tolist() == [1, 2, 5]
    assert np.isnan(found.loc[1002, "value"]) and 1003 not in found.index


def put_back(died, bias, weights, **more):
    counts = {"n_died": died, "n_active_bias_put_back": bias, "n_active_weights_put_back": weights}
    return KILLING | counts | more


UNITS = units(
    (1, "dead", 3, put_back(3, 1, 3)),
    (2, "dead", 1, put_back(1, 0, 0)),
    (1, "dead", 5, put_back(5, 5, 5, learning_rate=0.1)),  # another rate
    (1, "dead", 0, put_back(0, 0, 0, seed=1002)),  # none died
    (1, "dead", 2, put_back(2, 2, 2, seed=0, phase="pilot")),
)


def test_killed_units_that_are_revived_are_counted_by_layer_and_over_layers():
    """Three layers may give three answers: their mean is none of them."""
    tables = {"networks": NETWORKS, "units": UNITS}
    found = estimands.share_revived_by_bias(tables)
    every = in_cell(found, killing=True, layer=0)
    assert every[1000] == 0.25 and np.isnan(every[1002])
    assert in_cell(found, killing=True, layer=1)[1000] == pytest.approx(1 / 3) and in_cell(found, layer=2) == {
        1000: 0.0
    }
    assert in_cell(fates.revived_share(tables, "weights"), killing=True, layer=0)[1000] == 0.75
    unmeasured = UNITS.assign(n_active_bias_put_back=np.nan)
    assert estimands.share_revived_by_bias(tables | {"units": unmeasured})["value"].isna().all()


def test_narrow_networks_stand_beside_the_full_one_of_their_seed():
    full = networks(("unit", 0.2, 1000, 0.0, 0.9), ("unit", 0.2, 1001, 0.0, 0.9)).assign(train_accuracy=[0.9, 1.0])
    rows = [("unit", 0.2, seed, 0.0, 0.5) for seed in (1000, 1001)]
    few = pd.concat([networks(*rows, grid="control_narrow", width=width) for width in (8, 32)], ignore_index=True)
    tables = {"networks": pd.concat([full, few.assign(train_accuracy=[0.5, 0.6, 0.8, 0.9])], ignore_index=True)}
    found = estimands.training_accuracy_lost_when_narrow(tables)
    assert in_cell(found, width=8) == {1000: pytest.approx(0.4), 1001: pytest.approx(0.4)}
    assert in_cell(found, width=32) == {1000: pytest.approx(0.1), 1001: pytest.approx(0.1)}


def test_revivals_after_a_silent_layer():
    frame = lives({"dead": [0, 4, 4, 4], "layer": 2}, {"dead": [0, 4, 3, 3], "revived": [0, 0, 1, 0], "layer": 3})
    assert estimands.revivals_in_silent_layers(frame) == (1, 3)


DORMANT = ("n_dormant_0", "n_dormant_0.025", "n_dormant_0.1")
ENDS = lives(
    {"dead": [0, 1], **PROPER},
    {"dead": [0, 2], **PROPER, "seed": 1001},
    {"dead": [2, 1], **PROPER, "layer": 2},
    {"dead": [0, 3], **KILLING},
    {"dead": [0, None], **KILLING, "seed": 1001},
).assign(n_nearly_dead=1, **dict.fromkeys(DORMANT, 1))


def controls():
    """Networks of controls: linear ones, low biases, and narrow ones of width 16."""
    rows = [(0.0, "control_linear", "linear", 64), (np.nan, "control_linear", "linear", 64)]
    rows += [(1.0, "control_bias", "relu", 64), (0.25, "control_narrow", "relu", 16)]
    names = ("dead_fraction", "grid", "activation", "width")
    return table(*(dict(zip(names, row, strict=True)) for row in rows), test_accuracy=0.75)


TABLES = {
    "networks": pd.concat([NETWORKS, controls()], ignore_index=True).assign(epochs=1),
    "activity": ENDS,
    "units": UNITS.assign(epochs=1),
}


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("learning_rate", made, CONTENTS.numbers)
    assert (made["killing.rate"], made["proper.rate"]) == (1.0, 0.1)
    assert made["killing.diverged"] == pytest.approx(1 / 3) and made["killing.accuracy"] == 0.5
    assert made["proper.recovered"] == pytest.approx((1 / 3 + 0) / 2)
    assert made["proper.dead"] == pytest.approx(0.2) and made["proper.accuracy"] == pytest.approx(0.8)
    assert (made["control.linear.dead"], made["control.linear.networks"]) == (0, 1)
    assert (made["control.bias.dead"], made["control.bias.networks"]) == (1, 1)
    assert (made["classes"], made["classes.forty"]) == (1, 1)  # all on unit-scaled inputs
    assert (made["forty.networks"], made["forty.accuracy.best"]) == (4, 0.99) and made["forty.learned"] == 0.75
    assert (made["revived.by.weights.1"], made["revived.by.bias.2"]) == (1.0, 0.0)
    assert made["narrow.16.lacking"] == 1 - 12 / 64 and made["narrow.16.accuracy"] == 0.75
    assert np.isnan(made["narrow.8.accuracy"]) and (made["silent.moments"], made["silent.revived"]) == (0, 0)


def test_limits_by_hand(tmp_path):
    made = text.tables(TABLES)["limits"]
    (row,) = made.frame.to_dict("records")
    assert (row["optimizer"], row["depth"], row["scaling"]) == ("SGD", 3, "unit-scaled")
    assert (row["killing"], row["proper"], row["limit"]) == (1.0, 0.1, pytest.approx(2.0))
    # median dead fractions 0.2, 0.25 and 1 at the rates 0.1, 1 and 2; a third diverges at most
    assert row["limit_dead"] == pytest.approx(np.exp(np.log(2) * 0.15 / 0.75)) and row["most_dead"] == 1
    made.write(tmp_path / "limits.csv")
    assert r"SGD & 3 & unit-scaled & 0.1 & 1 & 2 & 1.1 & 100\,\%" in read(tmp_path / "limits.csv").latex()


def test_revivals_by_hand(tmp_path):
    activity = ACTIVITY.dropna(subset="n_dead").assign(n_nearly_dead=0, **dict.fromkeys(DORMANT, 0))
    made = text.tables(TABLES | {"activity": activity})["revivals"]
    frame = made.frame.set_index(["optimizer", "layer"])
    assert list(frame.index) == [("SGD", 1), ("SGD", 2), ("Adam", 1)]  # in the catalogue's order
    assert frame.loc[("SGD", 1), ["n_died", "n_revived", "risk", "hazard"]].tolist() == [3, 1, 5, 0.2]
    assert frame.loc[("SGD", 2), "risk"] == 3 + 1 + 3
    made = text.tables(TABLES | {"activity": activity.assign(n_revived=0)})["revivals"]
    assert made.frame["hazard"].tolist() == [3 / 5, 3 / 7, 3 / 8]
    made.write(tmp_path / "revivals.csv")
    assert "$<$0.43" in read(tmp_path / "revivals.csv").latex()


def test_shares_by_definition_leave_diverged_networks_out():
    made = text.tables(TABLES)["definitions"]
    frame = made.frame.set_index("definition")
    assert frame.loc["dead", ["proper_1", "proper_2", "killing_1"]].tolist() == [3 / 8, 1 / 4, 3 / 4]
    assert frame.loc["dead at some measurement", "proper_2"] == 0.5 and frame.loc["nearly dead", "proper_1"] == 0.25
    assert np.isnan(frame.loc["dead", "killing_2"]) and r"$\tau$-dormant, $\tau$=0.025" in made.latex()
    assert r"\multicolumn{2}{c}{proper rate} & \multicolumn{2}{c}{killing rate}" in made.latex()


def test_tables_of_a_study_without_controls_are_empty_or_short():
    made = text.tables(TABLES | {"networks": NETWORKS})
    assert len(made["limits"].frame) == 1
