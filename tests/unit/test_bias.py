"""Estimands of the study bias on small tables whose answer is computed by hand; its figures drawn."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures
from dying_relu.estimands import bias
from dying_relu.study import REFERENCE

BASE = REFERENCE | {"scaling": "unit", "grid": "start", "diverged": False}


def networks(rows):
    """Rows of (bias, penalty, rate, seed, dead fraction, accuracy); without a dead fraction it diverged."""
    names = ["bias", "bias_decay", "learning_rate", "seed", "dead_fraction", "test_accuracy"]
    found = [BASE | dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row |= {"phase": "pilot" if row["seed"] < 1000 else "confirmatory", "diverged": np.isnan(row["dead_fraction"])}
    return pd.DataFrame(found).astype({"bias": float})


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


def test_arms_are_named_and_other_inputs_left_out():
    found = bias.with_arms(pd.concat([NETWORKS, NETWORKS.assign(scaling="standardised")]))
    assert len(found) == len(NETWORKS)
    assert set(found["arm"]) == {"zero", "none", "start 0.01", "start 0.1", "penalty 0.1", "penalty 1"}


def test_killing_and_proper_rates_come_from_pilot_seeds_that_stay_finite():
    found = bias.with_arms(NETWORKS)
    assert bias.killing_rate(found) == 1.0
    assert bias.proper_rate(found, "zero") == 0.2 and bias.proper_rate(found, "none") == 1.0
    assert bias.best_arm(found, bias.penalised_arms(found), 1.0) == "penalty 0.1"


def test_ratios_are_paired_and_say_nothing_where_nothing_died_or_a_network_diverged():
    positive = bias.dead_ratio_positive_to_zero_bias({"networks": NETWORKS})  # 0.01 leaves fewest on the pilot seed
    assert positive.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.5)]}
    penalised = bias.dead_ratio_regularised_bias({"networks": NETWORKS})
    assert penalised.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.25)]}


def test_accuracy_is_compared_at_each_ones_own_best_pilot_rate():
    values = bias.accuracy_lost_without_bias({"networks": NETWORKS})
    assert values.to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.96 - 0.91)]}


def test_figures_can_be_drawn(tmp_path):
    table = figure_data.KINDS["bias_by_rate"]({"networks": NETWORKS})
    zero = table[(table["arm"] == "zero") & (table["learning_rate"] == 1.0)].set_index("measure")["mean"]
    assert zero["dead_fraction"] == pytest.approx(1.3 / 3) and zero["diverged"] == 0
    figures.draw("bias_by_rate", table, [str(tmp_path / "rate.png")])
    finite = NETWORKS[~NETWORKS["diverged"]]
    moments = pd.concat([finite.assign(epoch=epoch, train_accuracy=0.1 * epoch) for epoch in (0.5, 1.0, 2.0)])
    layers = pd.concat([moments.assign(layer=k, n_units=4, n_dead=k) for k in (1, 2)]).astype({"n_dead": "Int32"})
    table = figure_data.KINDS["bias_over_time"]({"networks": NETWORKS, "activity": layers, "history": moments})
    assert set(table[table["measure"] == "dead fraction"]["mean"]) == {0.375}
    assert set(table["moment"]) == {"proper rate", "killing rate"}
    figures.draw("bias_over_time", table, [str(tmp_path / "time.png")])
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("rate.png", "time.png"))
