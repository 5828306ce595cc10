"""The cost of activations: the estimand, the figure, and what a repetition's table looks like; never speed."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, numbers, tables, timing
from dying_relu.estimands import activation_cost


@pytest.fixture
def found():
    cost = {"relu": 1.0, "sigmoid": 3.0, "leaky_relu_0.01": 1.1, "elu": 4.0}
    rows = [
        {"phase": phase, "seed": seed, "part": part, "activation": name, "ratio": 1 + (ratio - 1) * (place + seed % 2)}
        for phase, seed in (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001), ("confirmatory", 1002))
        for place, part in enumerate(activation_cost.PARTS)
        for name, ratio in cost.items()
    ] + [
        {"phase": "confirmatory", "seed": 1000, "part": part, "activation": name, "ratio": ratio}
        for part in activation_cost.PARTS
        for name, ratio in (("tanh", 2.0), ("softplus", 9.0))
    ]
    return {"timings": pd.DataFrame(rows)}


def test_claim_is_about_both_passes_of_confirmatory_repetitions(found):
    values = activation_cost.sigmoid_to_relu_time(found)
    assert values.to_dict("list") == {"seed": [1000, 1001, 1002], "value": [3.0, 5.0, 3.0]}


def test_figure_is_drawn_from_its_saved_table(found, tmp_path):
    tables.write(figure_data.KINDS["activation_times"](found), tmp_path / "table.csv")
    figures.draw("activation_times", tables.read(tmp_path / "table.csv"), [str(tmp_path / "figure.pdf")])
    assert (tmp_path / "figure.pdf").stat().st_size > 1000


def test_numbers_of_the_section(found):
    values, bodies = numbers.SECTIONS["activation_cost"](found)
    assert values["confirmatory"] == "3" and values["both.dearest"] == "softplus"
    assert values["both.cheapest"] == "leaky ReLU 0.01" and "softplus" in bodies["ratios"]


def test_a_repetition_is_held_against_relu(engine, monkeypatch):
    monkeypatch.setattr(timing, "COSTED", ("relu",))
    monkeypatch.setattr(timing, "_activation_call", lambda name, part, times: lambda: sum(range(1000 + 100 * times)))
    table = timing.activation_cost(0)
    assert table["part"].tolist() == list(activation_cost.PARTS) and (table["ratio"] == 1).all()


@pytest.mark.parametrize("name, output, slope", [("relu", 1.0, 1.0), ("sigmoid", 1 / (1 + np.exp(-1)), 0.19661193)])
def test_what_is_timed_is_the_activation_and_its_gradient(engine, name, output, slope):
    import tensorflow as tf

    compiled, (z, upstream) = timing._applied(name, "both passes")
    h, gradient = compiled(tf.ones_like(z), upstream, tf.constant(1))
    np.testing.assert_allclose(h, output, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope * upstream.numpy(), rtol=1e-4, atol=1e-6)
