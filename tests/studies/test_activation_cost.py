"""The cost of activations: the estimand, the numbers and the figure on a small table; never speed."""

import numpy as np
import pandas as pd
import pytest

from by_hand import in_cell
from dying_relu.report import numbers
from dying_relu.studies.activation_cost import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files

COST = {"relu": 1.0, "sigmoid": 3.0, "leaky_relu_0.01": 1.1, "elu": 4.0}


@pytest.fixture
def found():
    """Three confirmatory repetitions, of which the second is twice as far from ReLU; dearer from part to part."""
    rows = [
        {"phase": phase, "seed": seed, "part": part, "activation": name, "ratio": 1 + (ratio - 1) * (place + seed % 2)}
        for phase, seed in (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001), ("confirmatory", 1002))
        for place, part in enumerate(estimands.PARTS)
        for name, ratio in COST.items()
    ] + [
        {"phase": "confirmatory", "seed": 1000, "part": part, "activation": name, "ratio": ratio}
        for part in estimands.PARTS
        for name, ratio in (("tanh", 2.0), ("softplus", 9.0))
    ]
    return {"timings": pd.DataFrame(rows)}


def test_each_activation_and_part_has_its_cell(found):
    ratios = estimands.time_over_relus(found)
    assert in_cell(ratios, activation="sigmoid", part="both passes") == {1000: 3.0, 1001: 5.0, 1002: 3.0}
    assert in_cell(ratios, activation="sigmoid", part="forward") == {1000: 1.0, 1001: 3.0, 1002: 1.0}


def test_numbers_by_hand(found):
    made = text.numbers(found)
    numbers.check("activation_cost", made, CONTENTS.numbers)
    assert (made["pilot"], made["confirmatory"], made["activations"]) == (1, 3, 6)
    assert made["forward.sigmoid"].value == pytest.approx(5 / 3) and made["forward.sigmoid"].n_seeds == 3
    assert made["both.elu"].value == 5 and made["step.tanh"].value == 2
    assert (made["both.dearest"], made["both.dearest.ratio"]) == ("softplus", 9)
    assert (made["step.dearest"], made["step.dearest.ratio"]) == ("softplus", 9)


def test_the_table_has_the_cheapest_first_and_no_relu(found):
    table = text.tables(found)["ratios"]
    order = ["leaky ReLU 0.01", "tanh", "sigmoid", "ELU", "softplus"]
    assert table.frame["name"].tolist() == order
    assert table.frame.set_index("name").loc["sigmoid", list(estimands.PARTS)].tolist() == pytest.approx(
        [5 / 3, 11 / 3, 17 / 3]
    )
    assert (
        r"tanh & 2 [0, --] & 2 [0, --] & 2 [0, --] \\" in table.latex()
    )  # a single repetition: nothing above bounds it


def test_the_figure_is_ordered_by_its_middle_panel(found, tmp_path):
    files.write(tables.activation_times(found), tmp_path / "table.csv")
    figure = figures.activation_times(files.read(tmp_path / "table.csv"))
    assert [axis.get_title() for axis in figure.axes] == list(estimands.PARTS.values())
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["softplus", "ELU", "sigmoid", "tanh", "leaky ReLU 0.01", "ReLU"]
    assert [axis.get_xscale() for axis in figure.axes] == ["log", "log", "linear"]


def test_a_repetition_is_held_against_relu(engine, monkeypatch):
    from dying_relu.engine import timings

    monkeypatch.setattr(timings, "COSTED", ("relu",))
    monkeypatch.setattr(timings, "_activation_call", lambda name, part, times: lambda: sum(range(1000 + 100 * times)))
    table = timings.activation_cost(0)
    assert table["part"].tolist() == list(estimands.PARTS) and (table["ratio"] == 1).all()


@pytest.mark.parametrize("name, output, slope", [("relu", 1.0, 1.0), ("sigmoid", 1 / (1 + np.exp(-1)), 0.19661193)])
def test_what_is_timed_is_the_activation_and_its_gradient(engine, name, output, slope):
    import tensorflow as tf

    from dying_relu.engine import timings

    compiled, (z, upstream) = timings._applied(name, "both passes")
    h, gradient = compiled(tf.ones_like(z), upstream, tf.constant(1))
    np.testing.assert_allclose(h, output, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope * upstream.numpy(), rtol=1e-4, atol=1e-6)
