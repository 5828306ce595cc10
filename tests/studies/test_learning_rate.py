"""The study learning_rate on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, life
from by_hand import networks as table
from dying_relu.report import numbers
from dying_relu.report.tables import read
from dying_relu.studies.learning_rate import CONTENTS, estimands, text


def networks(*rows, **common):
    """Rows of (scaling, rate, seed, dead fraction, test accuracy); without a dead fraction it diverged."""
    names = ["scaling", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    return table(*(dict(zip(names, row, strict=True)) for row in rows), **common)


GONE = (np.nan, np.nan)
NETWORKS = networks(
    ("unit", 0.1, 0, 0.1, 0.9),
    ("unit", 1.0, 0, 0.5, 0.6),
    ("unit", 1.0, 1, *GONE),
    ("unit", 1.0, 2, 0.5, 0.6),  # two of three pilot networks are finite: the rate takes part
    ("unit", 2.0, 0, 0.9, 0.2),
    ("unit", 2.0, 1, *GONE),  # of these half: it does not
    ("unit", 5.0, 0, *GONE),
    ("standardised", 1.0, 0, 0.2, 0.95),
    ("unit", 0.1, 1000, 0.05, 0.9),
    ("unit", 0.1, 1001, 0.2, 0.8),
    ("unit", 0.1, 1002, 0.3, 0.7),
    ("unit", 1.0, 1000, 0.5, 0.5),
    ("unit", 1.0, 1001, *GONE),
    ("unit", 1.0, 1002, 0.0, 0.5),
    ("unit", 5.0, 1000, 1.0, 0.1),  # more die there on confirmatory seeds, which do not choose
)
KILLING, PROPER = {"scaling": "unit", "learning_rate": 1.0}, {"scaling": "unit", "learning_rate": 0.1}


def lives(*layers):
    """Lives of layers one after the other, with the units ever dead so far."""
    frame = pd.concat([life(**layer) for layer in layers], ignore_index=True)
    ever = frame.groupby(["seed", "learning_rate", "layer", "optimizer"])["n_dead"].cummax()
    return frame.assign(n_ever_dead=ever.mask(frame["n_dead"].isna()))


def by_seed(frame):
    return frame.set_index("seed")["value"].to_dict()


def test_rates_are_chosen_on_pilot_seeds_that_stay_finite():
    assert estimands.killing_cell(NETWORKS) == KILLING
    assert estimands.proper_cell(NETWORKS) == PROPER
    others = [NETWORKS.assign(dead_fraction=0.9, **levels) for levels in ({"depth": 5}, {"optimizer": "adam"})]
    others += [NETWORKS.assign(dead_fraction=0.9, width=8), NETWORKS.assign(dead_fraction=0.9, grid="control")]
    assert estimands.killing_cell(pd.concat([NETWORKS, *others])) == KILLING
    assert estimands.killing_cell(NETWORKS[NETWORKS["diverged"]]) == {"scaling": None, "learning_rate": None}


def test_dead_fraction_at_the_killing_rate_is_of_finite_networks():
    assert by_seed(estimands.dead_fraction_at_killing_rate({"networks": NETWORKS})) == {1000: 0.5, 1002: 0.0}


def test_ratio_of_dead_fractions_needs_both_networks_and_a_death():
    ratio = by_seed(estimands.dead_fraction_ratio_proper_to_killing({"networks": NETWORKS}))
    assert ratio.pop(1000) == pytest.approx(0.1) and np.isnan(list(ratio.values())).all()


@pytest.mark.parametrize("order, expected", [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], -1.0), ([1, 2, 4, 3], 0.8)])
def test_update_death_correlation_is_spearmans(order, expected):
    rates = [0.1, 0.2, 0.3, 0.4]
    frame = networks(*(("unit", rate, 1000, place / 10, 0.5) for rate, place in zip(rates, order, strict=True)))
    # one by one until step 2; the largest update of all, at step 9, has no part
    steps = [frame.assign(step=s, update_rms=frame["learning_rate"] * (s > 0) if s < 9 else 1.0) for s in (0, 1, 2, 9)]
    found = estimands.rank_correlation_update_death({"networks": frame, "history": pd.concat(steps)})
    assert by_seed(found) == {1000: pytest.approx(expected)}


def test_update_death_correlation_is_averaged_over_the_arms_in_which_units_die():
    rows = [(scaling, rate, 1000, dead, 0.5) for scaling, dead in (("unit", 0.1), ("raw", 0.0)) for rate in (1, 2, 3)]
    frame = networks(*rows)
    frame["dead_fraction"] *= frame["learning_rate"]
    other = networks(*(("unit", rate, 1000, dead, 0.5) for rate, dead in ((1, 0.3), (2, 0.2), (3, 0.1))), depth=5)
    frame = pd.concat([frame, other, frame.assign(seed=1001, dead_fraction=0.0)], ignore_index=True)
    history = pd.concat([frame.assign(step=step, update_rms=frame["learning_rate"]) for step in (0, 1)])
    found = by_seed(estimands.rank_correlation_update_death({"networks": frame, "history": history}))
    assert found[1000] == pytest.approx(0.0) and np.isnan(found[1001])  # 1 and -1; none dies


ACTIVITY = lives(
    {"dead": [0, 2, 2, 2]},  # two units dead over two epochs: exposure 4
    {"dead": [0, 3, 1, 1], "revived": [0, 0, 2, 0], "layer": 2},
    {"dead": [0, 1, 0, 0], "revived": [0, 0, 1, 0], "seed": 1001},  # a revival: exposure 1
    {"dead": [0, 3, 3, None], "seed": 1001, "layer": 2},  # diverged
    {"dead": [0, 4, 4, 0], "revived": [0, 9, 9, 9], "optimizer": "adam"},
    {"dead": [0, 4, 4, 0], "seed": 0, "phase": "pilot"},
    {"dead": [0, 0, 0, 0], "seed": 1002},  # no exposure: says nothing
)


def test_first_layer_revivals_count_events_and_exposure():
    found = estimands.first_layer_revivals({"activity": ACTIVITY})
    assert found.to_dict("list") == {"seed": [1000, 1001], "value": [0, 1], "events": [0, 1], "exposure": [4, 1]}


def test_recovered_share_is_of_the_units_ever_dead():
    found = estimands.recovered_share({"activity": ACTIVITY}).set_index("seed")
    assert found.loc[1000].tolist() == [2 / 5, 2, 5] and found.loc[1001].tolist() == [1, 1, 1]
    assert np.isnan(found.loc[1002, "value"])
    deeper = estimands.recovered_share_deeper({"activity": ACTIVITY}).set_index("seed")
    assert deeper.loc[1000].tolist() == [pytest.approx(2 / 3), 2, 3] and np.isnan(deeper.loc[1001, "value"])


def test_stopping_is_judged_after_the_first_epoch_in_networks_with_a_mostly_dead_layer():
    cases = [([0, 3, 3], [2.3, 2.0, 1.99]), ([0, 3, 3], [2.3, 2.0, 1.0]), ([0, 2, 2], [2.3, 2.0, 2.0])]
    cases += [([0, 3, None], [2.3, 2.0, np.nan])]  # diverged: no part
    kept = [life(dead, learning_rate=rate).assign(train_loss=loss) for rate, (dead, loss) in enumerate(cases, start=1)]
    kept.append(life([0, 3, 3], grid="control_x").assign(train_loss=2.0))
    frame = pd.concat(kept)
    found = estimands.stopped_share_with_half_a_layer_dead({"activity": frame, "history": frame})
    assert by_seed(found) == {1000: 0.5}


def units(*rows):
    """Rows of (layer, status, units, what else)."""
    made = [BASE | {"layer": layer, "status": status, "n_units": n} | more for layer, status, n, more in rows]
    return pd.DataFrame(made)


def test_movement_ratio_weighs_each_nearly_dead_unit_against_its_active_siblings():
    frame = units(
        (1, "nearly dead", 1, {"movement_mean": 0.1}),
        (1, "active", 9, {"movement_mean": 1.0}),
        (2, "nearly dead", 3, {"movement_mean": 0.5}),
        (2, "active", 5, {"movement_mean": 2.0}),
        (3, "nearly dead", 0, {"movement_mean": np.nan}),
        (3, "active", 8, {"movement_mean": 7.0}),
        (1, "nearly dead", 4, {"movement_mean": 1.0, "seed": 1001}),  # no active sibling
    )
    found = estimands.movement_ratio_nearly_dead({"units": frame})
    assert by_seed(found) == {1000: pytest.approx((0.1 + 1.5) / (1 + 6))}


@pytest.mark.parametrize(
    "estimand, column",
    [("dead_units_with_gradient", "gradient_max"), ("dead_units_with_varying_output", "output_range_max")],
)
def test_counts_of_layers_with_a_dead_unit_that_is_not_silent(estimand, column):
    frame = units(
        (1, "dead", 2, {column: 0.0}),
        (1, "dead", 2, {column: 1e-9, "seed": 1001}),
        (2, "dead", 3, {column: 0.0, "seed": 1001}),
        (1, "dead", 0, {column: np.nan, "seed": 1002}),
        (1, "active", 2, {column: 1.0}),
        (1, "dead", 2, {column: 1.0, "activation": "elu"}),
    )
    found = getattr(estimands, estimand)({"units": frame})
    assert found.to_dict("list") == {"seed": [1000, 1001], "value": [0, 1], "events": [0, 1], "exposure": [2, 5]}


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


def test_killed_units_that_are_revived_are_counted_over_layers():
    assert by_seed(estimands.share_revived_by_bias({"networks": NETWORKS, "units": UNITS})) == {1000: 0.25}
    assert estimands.revived_shares({"networks": NETWORKS, "units": UNITS})["weights"].dropna().to_dict() == {
        1000: 0.75
    }
    unmeasured = UNITS.assign(n_active_bias_put_back=np.nan)
    assert estimands.share_revived_by_bias({"networks": NETWORKS, "units": unmeasured}).empty


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


TABLES = {"networks": pd.concat([NETWORKS, controls()], ignore_index=True), "activity": ENDS, "units": UNITS}


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("learning_rate", made, CONTENTS.numbers)
    assert (made["killing.scaling"], made["killing.rate"], made["proper.rate"]) == ("unit-scaled", 1.0, 0.1)
    assert made["killing.diverged"] == pytest.approx(1 / 3) and made["killing.accuracy"] == 0.5
    assert made["killing.recovered"] == 0 and made["proper.recovered"] == pytest.approx((1 / 3 + 0) / 2)
    assert made["proper.dead"] == pytest.approx(0.55 / 3) and made["proper.accuracy"] == pytest.approx(0.8)
    assert (made["control.linear.dead"], made["control.linear.networks"]) == (0, 1)
    assert (made["control.bias.dead"], made["control.bias.networks"]) == (1, 1)
    assert (made["classes"], made["classes.forty"]) == (1, 1)  # confirmatory seeds: all on unit-scaled inputs
    assert (made["forty.networks"], made["forty.learned"], made["forty.accuracy.best"]) == (2, 0, 0.5)
    assert made["forty.accuracy.median"] == pytest.approx(0.3) and made["revived.by.weights"] == 0.75
    assert made["narrow.16.lacking"] == 1 - 12 / 64 and made["narrow.16.accuracy"] == 0.75
    assert np.isnan(made["narrow.8.accuracy"]) and (made["silent.moments"], made["silent.revived"]) == (0, 0)


def test_limits_by_hand(tmp_path):
    made = text.tables(TABLES)["limits"]
    (row,) = made.frame.to_dict("records")
    assert (row["optimizer"], row["depth"], row["scaling"]) == ("SGD", 3, "unit-scaled")
    # mean dead fractions 0.55 / 3, 1 / 4 and 1 at the rates 0.1, 1 and 5; a third diverges at most
    assert row["limit_dead"] == pytest.approx(np.exp(np.log(5) * 0.15 / 0.75)) and np.isnan(row["limit"])
    assert row["most_dead"] == 1
    made.write(tmp_path / "limits.csv")
    assert r"SGD & 3 & unit-scaled & 1.4 & -- & -- & 100\,\%" in read(tmp_path / "limits.csv").latex()


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


def test_warm_up_is_compared_at_the_same_final_rate_and_seed(tmp_path):
    main = networks(*(("unit", 1.0, seed, 0.5, 0.6) for seed in (1000, 1001, 1002, 1003)))
    late = {"grid": "control_warm_up", "rate_factor": 10.0, "intervention_epoch": 1}
    warm = networks(("unit", 0.1, 1000, 0.3, 0.8), ("unit", 0.1, 1001, *GONE), ("unit", 0.1, 1002, 0.3, 0.8), **late)
    made = text.tables(TABLES | {"networks": pd.concat([main, warm])})["warm_up"]
    (row,) = made.frame.to_dict("records")
    assert (row["rate"], row["diverged_without"], row["diverged_with"]) == (1.0, 0.0, pytest.approx(1 / 3))
    assert (row["dead_fraction_without"], row["dead_fraction_with"]) == (0.5, 0.3)
    assert row["dead_fraction"] == pytest.approx(-0.2) and row["test_accuracy"] == pytest.approx(0.2)
    edge = 1 - 0.025**0.5  # two seeds that agree
    assert row["dead_fraction_low"] == pytest.approx(-0.2 - edge * 0.8)
    made.write(tmp_path / "warm_up.csv")
    assert r"1 & 0\,\% & 33\,\% & 50\,\% & 30\,\% & $-$20 [$-$87, 81]" in read(tmp_path / "warm_up.csv").latex()


def test_tables_of_a_study_without_controls_are_empty_or_short():
    made = text.tables(TABLES | {"networks": NETWORKS})
    assert made["warm_up"].frame.empty and len(made["limits"].frame) == 1
