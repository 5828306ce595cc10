"""The study bias on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks as table
from dying_relu.report import numbers
from dying_relu.studies.bias import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

ZERO, NONE = estimands.ZERO, estimands.NONE


def in_cell(found, **levels):
    """Of a map the values of confirmatory seeds in one cell, by seed."""
    rows = found[(found["phase"] == "confirmatory") & (found[[*levels]] == pd.Series(levels)).all(axis=1)]
    assert rows["seed"].is_unique, "several cells"
    return rows.set_index("seed")["value"].to_dict()


def networks(rows):
    """Rows of (bias, penalty, rate, seed, dead fraction, accuracy); without a dead fraction it diverged."""
    names = ["bias", "bias_decay", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    return table(*(dict(zip(names, row, strict=True)) for row in rows), scaling="unit", grid="start")


NETWORKS = networks(
    [
        (0, 0, 0.2, 0, 0.1, 0.97),
        (0, 0, 1.0, 0, 0.8, 0.6),
        (0, 0, 2.0, 0, np.nan, np.nan),
        (0.01, 0, 1.0, 0, 0.5, 0.3),
        (0.1, 0, 1.0, 0, 0.6, 0.3),
        (0, 0.1, 1.0, 0, 0.3, 0.5),
        (0, 1.0, 1.0, 0, np.nan, np.nan),
        (None, 0, 0.2, 0, 0.2, 0.90),
        (None, 0, 1.0, 0, 0.2, 0.92),
        (0, 0, 1.0, 1000, 0.8, 0.1),
        (0, 0, 1.0, 1001, 0.0, 0.1),
        (0, 0, 1.0, 1002, 0.5, 0.1),
        (0, 0, 0.2, 1000, 0.1, 0.96),
        (0, 0, 0.2, 1001, 0.1, 0.95),
        (0.01, 0, 1.0, 1000, 0.4, 0.1),
        (0.01, 0, 1.0, 1001, 0.4, 0.1),
        (0.1, 0, 1.0, 1000, 0.9, 0.1),
        (0, 0.1, 1.0, 1000, 0.2, 0.1),
        (0, 0.1, 1.0, 1002, np.nan, np.nan),
        (None, 0, 1.0, 1000, 0.3, 0.91),
        (None, 0, 0.2, 1000, 0.3, 0.99),
    ]
)
MOMENTS = pd.concat([NETWORKS.assign(epoch=epoch, train_accuracy=0.1 * epoch) for epoch in (0.0, 1.0, 10.0)])
MOMENTS = MOMENTS.assign(epochs=10)
LAYERS = pd.concat([MOMENTS.assign(layer=k, n_units=4, n_dead=k) for k in (1, 2)]).astype({"n_dead": "Int32"})
LAYERS.loc[LAYERS["diverged"], "n_dead"] = pd.NA
TABLES = {"networks": NETWORKS, "activity": LAYERS, "history": MOMENTS}


def test_arms_are_named_and_other_inputs_left_out():
    found = estimands.with_arms(pd.concat([NETWORKS, NETWORKS.assign(scaling="standardised")]))
    arms = {("zero", 0), ("none", 0), ("start", 0.01), ("start", 0.1), ("penalty", 0.1), ("penalty", 1)}
    assert len(found) == len(NETWORKS) and set(found[["kind", "size"]].itertuples(index=False, name=None)) == arms


def test_killing_and_proper_rates_come_from_pilot_seeds_that_stay_finite():
    found = estimands.with_arms(NETWORKS)
    assert estimands.rate_of(found, ZERO, "killing") == 1.0
    assert estimands.rate_of(found, ZERO, "proper") == 0.2 and estimands.rate_of(found, NONE, "proper") == 1.0
    assert estimands.rate_of(found, ("penalty", 1.0), "proper") is None  # all diverged


def cells(*rows, rates=(0.2, 0.7)):
    """Networks of (bias, penalty, rate, seed, dead, accuracy); pilots of all arms stand the rates and no higher one."""
    arms = ((0, 0), (0.1, 0), (0, 1.0), (None, 0))
    pilot = [(*arm, rate, 0, 0.5, 0.9 - rate / 2) for arm in arms for rate in rates]
    return {"networks": networks([*pilot, *((*arm, 2.0, 0, np.nan, np.nan) for arm in arms), *rows])}


def test_ratios_are_paired_by_seed_bias_and_rate():
    seen = cells(
        *((0, 0, 0.7, seed, dead, 0.1) for seed, dead in ((1000, 0.8), (1001, 0.0), (1002, np.nan), (1003, 0.0))),
        *((0.1, 0, 0.7, seed, dead, 0.1) for seed, dead in ((1000, 0.4), (1001, 0.2), (1002, 0.2), (1003, 0.0))),
        *((0, 1.0, 0.7, seed, dead, 0.1) for seed, dead in ((1000, 0.2), (1001, 0.0), (1002, 0.1), (1003, 0.1))),
        *((0.1, 0, 0.2, seed, 0.1, 0.1) for seed in (1000, 1001)),
        *((0, penalty, 0.2, seed, 0.2, 0.1) for penalty in (0, 1.0) for seed in (1000, 1001)),
    )
    found = estimands.dead_ratio_positive_to_zero_bias(seen)
    ratio = in_cell(found, killing=True, bias=0.1)
    assert ratio[1000] == pytest.approx(0.5) and ratio[1001] == np.inf and np.isnan(ratio[1003])
    assert found.set_index(["learning_rate", "seed"])["diverged"][0.7, 1002]
    assert in_cell(found, learning_rate=0.2) == {1000: pytest.approx(0.5), 1001: pytest.approx(0.5)}
    penalised = in_cell(estimands.dead_ratio_regularised_bias(seen), killing=True, bias_decay=1.0)
    assert penalised[1000] == pytest.approx(0.25) and np.isnan(penalised[1001])


def test_arms_of_unequal_seeds_stop_the_build():
    seen = cells((0, 0, 0.7, 1000, 0.8, 0.1), (0.1, 0, 0.7, 1000, 0.4, 0.1), (0, 0, 0.7, 1001, 0.8, 0.1))
    for estimand in (estimands.dead_ratio_positive_to_zero_bias, estimands.dead_ratio_regularised_bias):
        with pytest.raises(UserError, match="has a network of one arm alone"):
            more = networks([(0, 1.0, 0.7, 1000, 0.2, 0.1)])
            estimand({"networks": pd.concat([seen["networks"], more], ignore_index=True)})


def test_an_early_boost_is_what_is_seen_after_the_first_epoch():
    seen = cells(
        *((bias, 0, rate, seed, 0.1, 0.1) for bias in (0, 0.1) for rate in (0.2, 0.7) for seed in (1000, 1001)),
        *((bias, 0, 0.7, 1002, np.nan, np.nan) for bias in (0, 0.1)),
    )
    rows, zero = seen["networks"], seen["networks"]["bias"] == 0
    finite = rows["dead_fraction"].notna()
    gained = [rows.assign(epoch=epoch, train_accuracy=0.3 + epoch * rows["bias"]) for epoch in (1, 9)]
    history = pd.concat(gained, ignore_index=True)
    lives = [
        rows.assign(
            epoch=epoch, layer=layer, n_units=4, n_dead=(zero * layer + epoch // 9).where(finite).astype("Int32")
        )
        for epoch in (1, 9)
        for layer in (1, 2)
    ]
    gain = estimands.early_accuracy_gained_by_positive_bias(seen | {"history": history})
    assert in_cell(gain, proper=True, bias=0.1) == {1000: pytest.approx(0.1), 1001: pytest.approx(0.1)}
    dead = estimands.early_dead_fraction_with_positive_bias(seen | {"activity": pd.concat(lives, ignore_index=True)})
    here = in_cell(dead, killing=True, bias=0.1)
    assert here[1000] == pytest.approx(-3 / 8) and np.isnan(here[1002])
    assert set(dead["seed"][dead["diverged"] & (dead["phase"] == "confirmatory")]) == {1002}


def test_accuracy_is_compared_at_each_ones_own_best_pilot_rate_and_at_one_rate():
    seen = cells(
        *((0, 0, rate, 1000, 0.1, accuracy) for rate, accuracy in ((0.2, 0.96), (0.7, 0.1))),
        *((None, 0, rate, 1000, 0.1, accuracy) for rate, accuracy in ((0.2, 0.99), (0.7, 0.91))),
    )
    rows = seen["networks"]
    rows.loc[rows["bias"].isna() & (rows["seed"] == 0) & (rows["learning_rate"] == 0.7), "test_accuracy"] = 0.95
    lost = estimands.accuracy_lost_without_bias(seen)
    assert in_cell(lost, rate="own best") == {1000: pytest.approx(0.96 - 0.91)}
    assert in_cell(lost, rate="0.7") == {1000: pytest.approx(0.1 - 0.91)}


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("bias", made, CONTENTS.numbers)
    assert (made["killing.rate"], made["proper.rate"], made["none.rate"]) == (1.0, 0.2, 1.0)
    assert (made["positive"], made["penalty"]) == (0.1, 0.1)
    assert made["zero.killing.dead"] == pytest.approx(1.3 / 3) and made["none.killing.dead"] == 0.3
    assert made["positive.killing.dead"] == 0.9 and np.isnan(made["one.killing.dead"])
    assert made["zero.killing.diverged"] == made["positive.killing.diverged"] == 0
    assert made["none.layer1"] == 0.25 and made["zero.layer2"] == 0.5


def test_the_table_of_arms_by_hand():
    made = text.tables(TABLES)["arms"].frame.set_index("bias")
    assert list(made.index) == ["no bias", "from 0", "from 0.01", "from 0.1", "penalty 0.1", "penalty 1"]
    assert made.loc["from 0", "killing_dead_fraction"] == pytest.approx(1.3 / 3)
    assert made.loc["from 0", "proper_early"] == pytest.approx(3 / 8)
    assert made.loc["penalty 0.1", "killing_diverged"] == 0.5 and np.isnan(made.loc["penalty 1", "own_rate"])


def test_curves_against_the_rate(tmp_path):
    files.write(tables.bias_by_rate({"networks": NETWORKS}), tmp_path / "table.csv")
    table = files.read(tmp_path / "table.csv")
    zero = table[(table["kind"] == "zero") & (table["learning_rate"] == 1.0)].set_index("measure")["mean"]
    assert zero["dead_fraction"] == pytest.approx(1.3 / 3) and zero["diverged"] == 0
    figure = figures.bias_by_rate(table)
    assert [axis.get_title() for axis in figure.axes] == ["initial bias", "penalty on the biases", "", ""]
    left, right = ({line.get_label() for line in axis.get_lines()} for axis in figure.axes[:2])
    assert {"no bias", "bias from 0", "bias from 0.01"} <= left and {"bias from 0", "penalty 0.1"} <= right
    assert "no bias" not in right and "penalty 0.1" not in left


def test_curves_over_time(tmp_path):
    files.write(tables.bias_over_time(TABLES), tmp_path / "table.csv")
    table = files.read(tmp_path / "table.csv")
    assert set(table[table["measure"] == "dead fraction"]["mean"]) == {0.375}
    figure = figures.bias_over_time(table)
    titles = [axis.get_title() for axis in figure.axes[:2]]
    assert titles == ["proper rate (0.2)", "killing rate (1)"]
    assert figure.axes[0].get_xscale() == "log" and figure.axes[0].get_ylabel() == "dead fraction"
