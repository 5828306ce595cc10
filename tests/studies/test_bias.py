"""The study bias on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import networks as table
from dying_relu.report import numbers
from dying_relu.studies.bias import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files

ZERO, NONE = estimands.ZERO, estimands.NONE


def networks(rows):
    """Rows of (bias, penalty, rate, seed, dead fraction, accuracy); without a dead fraction it diverged."""
    names = ["bias", "bias_decay", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    return table(*(dict(zip(names, row, strict=True)) for row in rows), scaling="unit", grid="start")


NETWORKS = networks(
    [
        (0, 0, 0.2, 0, 0.1, 0.97),
        (0, 0, 1.0, 0, 0.8, 0.2),
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
    assert estimands.killing_rate(found) == 1.0
    assert estimands.proper_rate(found, ZERO) == 0.2 and estimands.proper_rate(found, NONE) == 1.0
    assert estimands.best_penalty(found, 1.0) == ("penalty", 0.1)
    assert estimands.best_positive(found, 1.0) == ("start", 0.01)


def test_ratios_are_paired_and_say_nothing_where_nothing_died_or_a_network_diverged():
    positive = estimands.dead_ratio_positive_to_zero_bias({"networks": NETWORKS})
    assert positive.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.5)]}
    penalised = estimands.dead_ratio_regularised_bias({"networks": NETWORKS})
    assert penalised.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.25)]}


def test_accuracy_is_compared_at_each_ones_own_best_pilot_rate():
    values = estimands.accuracy_lost_without_bias({"networks": NETWORKS})
    assert values.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.96 - 0.91)]}


def test_numbers_by_hand():
    made, edge = text.numbers(TABLES), 1 - 0.025**0.5
    numbers.check("bias", made, CONTENTS.numbers)
    assert (made["killing.rate"], made["proper.rate"], made["none.rate"]) == (1.0, 0.2, 1.0)
    assert (made["positive"], made["penalty"], made["seeds"]) == (0.01, 0.1, 3)
    assert made["zero.killing.dead"] == pytest.approx(1.3 / 3) and made["none.killing.dead"] == 0.3
    assert made["positive.killing.dead"] == pytest.approx(0.4) and np.isnan(made["one.killing.dead"])
    assert made["boost.killing"] == pytest.approx((0, -edge, edge, 2))  # two seeds, all alike
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
