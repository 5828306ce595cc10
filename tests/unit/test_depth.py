"""The study depth: estimands on tables known by hand, and the expected layer factor held to random networks."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, tables
from dying_relu.estimands import depth
from dying_relu.study import REFERENCE

BASE = REFERENCE | {"width": 32, "epochs": 1}


def layers(name, factor, seed=1000, of=4, largest=1.0, **more):
    """Rows of a network before its first step whose gradient shrinks by a factor from each layer to the one before."""
    row = BASE | {"grid": "start", "depth": of, "activation": name, "seed": seed, "step": 0, "epoch": 0.0}
    row |= {"phase": "confirmatory", "initializer": depth.MADE_FOR.get(name, "he_normal"), "largest": largest} | more
    return [row | {"layer": k, "gradient_norm": factor ** (of - k)} for k in range(1, of + 1)]


def test_layer_factor_of_a_geometric_gradient():
    rows = pd.DataFrame(layers("relu", 1.1) + layers("sigmoid", 0.25, of=20) + layers("tanh", 1.0, of=1))
    factor = depth.layer_factors(rows).set_index("activation")["factor"]
    assert factor["relu"] == pytest.approx(1.1) and factor["sigmoid"] == pytest.approx(0.25)
    assert np.isnan(factor["tanh"])  # a single layer has no slope


def test_layers_without_gradient_are_left_out():
    rows = pd.DataFrame(layers("relu", 0.5))
    rows.loc[1, "gradient_norm"] = 0.0
    assert depth.layer_factors(rows)["factor"].tolist() == [pytest.approx(0.5)]


def test_vanishing_needs_both_halves_of_the_claim():
    rows = []
    for seed, (sigmoid, relu) in enumerate(((0.3, 1.0), (0.3, 0.7), (0.9, 1.0)), start=1000):
        rows += layers("sigmoid", sigmoid, seed) + layers("relu", relu, seed)
    rows += layers("sigmoid", 0.9, 1000, initializer="he_normal")  # not the one made for it
    rows += layers("sigmoid", 0.9, 1000, of=2) + layers("sigmoid", 0.9, 1000, init_scale=8.0)
    values = depth.sigmoid_shrinks_relu_does_not({"layers": pd.DataFrame(rows)})
    assert values.to_dict("list") == {"seed": [1000, 1001, 1002], "value": [1.0, 0.0, 0.0]}


def test_the_rescaled_sigmoid_may_choose_its_initialisation():
    rows = layers("sigmoid_4x", 0.6, initializer="glorot_normal") + layers("sigmoid_4x", 0.7)
    values = depth.layer_factor_of_rescaled_sigmoid({"layers": pd.DataFrame(rows)})
    assert values["value"].tolist() == [pytest.approx(0.7)]


def test_largest_outputs_are_compared_while_training():
    rows = []
    for epoch, relu in ((0.0, 20.0), (1.0, 500.0), (20.0, np.nan)):  # and then it diverges
        rows += layers("relu", 1.0, largest=relu, epochs=20, epoch=epoch, step=30 * epoch)
        rows += layers("sigmoid", 1.0, largest=0.5, epochs=20, epoch=epoch, step=30 * epoch)
    rows += layers("relu", 1.0, largest=9999.0, epochs=20, init_scale=2.0)
    rows += layers("relu", 1.0, largest=9999.0, epochs=20, of=depth.DEEP + 1)
    rows += layers("relu", 1.0, largest=9999.0, epochs=20, batch_norm=True)
    values = depth.largest_output_relu_over_sigmoid({"layers": pd.DataFrame(rows)})
    assert values["value"].tolist() == [pytest.approx(3.0)]


def trained(seed, accuracy, rate=0.1, **more):
    row = REFERENCE | {"grid": "main", "depth": depth.DEEP, "seed": seed, "learning_rate": rate} | more
    row |= {"phase": "pilot" if seed < 1000 else "confirmatory", "test_accuracy": accuracy}
    return row | {"diverged": not np.isfinite(accuracy)}


def test_deep_networks_are_compared_at_settings_best_on_pilot_seeds():
    networks = pd.DataFrame(
        [
            trained(0, 0.9, 0.1),
            trained(0, np.nan, 1.0),
            trained(0, 0.99, 1.0, epochs=1),  # there for its first step only
            trained(1000, 0.85, 0.1),
            trained(1000, 0.95, 1.0),
            trained(0, 0.2, activation="sigmoid"),
            trained(0, 0.6, activation="sigmoid", optimizer="adam", init_scale=4.0),
            trained(1000, 0.5, activation="sigmoid"),
            trained(1000, 0.3, activation="sigmoid", optimizer="adam", init_scale=4.0),
            trained(1000, np.nan, activation="sigmoid", optimizer="adam", init_scale=2.0),
            trained(0, 0.9, activation="sigmoid", batch_norm=True),
            trained(1000, 0.8, activation="sigmoid", batch_norm=True),
        ]
    )
    assert depth.accuracy_of_deep_sigmoid({"networks": networks})["value"].tolist() == [0.3]
    gap = depth.accuracy_gap_of_normalised_sigmoid({"networks": networks})
    assert gap.to_dict("list") == {"seed": [1000], "value": [pytest.approx(-0.05)]}


def random_network(draw, name, gain, of, width):
    """Gradient norm of each layer's weights and biases, for one input and a random error signal at the last layer."""
    value = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[name]
    kernels = [draw.normal(0, np.sqrt(gain / width), (width, width)) for _ in range(of)]
    inputs, slopes, h = [], [], draw.normal(size=width)
    for kernel in kernels:
        inputs.append(h)
        z = h @ kernel
        h, slope = value(z), (value(z + 1e-4) - value(z - 1e-4)) / 2e-4
        slopes.append(slope)
    signal, norms = draw.normal(size=width), []
    for layer in reversed(range(of)):
        signal = signal * slopes[layer]
        norms.append(np.linalg.norm(signal) * np.sqrt(1 + inputs[layer] @ inputs[layer]))
        signal = kernels[layer] @ signal
    return norms[::-1]


@pytest.mark.parametrize("name, gain", [("relu", 2.0), ("sigmoid", 1.0), ("sigmoid", 32.0), ("tanh", 3.0)])
def test_expected_layer_factor_is_that_of_random_networks(name, gain):
    draw, of, width = np.random.default_rng(0), 6, 200
    logs = np.mean([np.log(random_network(draw, name, gain, of, width)) for _ in range(40)], axis=0)
    factor = np.exp(-np.polyfit(np.arange(of), logs, 1)[0])
    assert depth.expected_layer_factor(name, gain, of, width, width, 1.0, gain) == pytest.approx(factor, rel=0.05)


def test_expected_layer_factor_of_small_weights_is_the_slope_at_zero():
    for name, slope in (("sigmoid", 0.25), ("sigmoid_4x", 1.0)):
        factor = depth.expected_layer_factor(name, 1e-6, 10, 64, 64, 4 / 16, 1e-6)  # inputs as long as sigmoids at 1/2
        assert factor == pytest.approx(slope * 1e-3, rel=1e-3)


def test_figures_can_be_drawn(tmp_path):
    rows = []
    for seed in (1000, 1001):
        for name, factor in (("relu", 1.0), ("sigmoid", 0.3)):
            rows += layers(name, factor, seed, init_scale=1.0, initializer="he_normal")
            rows += layers(name, factor, seed, init_scale=2.0, initializer="he_normal", grid="scales")
            rows += layers(name, factor, seed, epochs=20, grid="middle")
    found = {
        "layers": pd.DataFrame(rows),
        "networks": pd.DataFrame(
            trained(s, 0.5, epochs=20, activation=name, depth=4, initializer=depth.MADE_FOR[name], learning_rate=0.05)
            for s in (0, 1000, 1001)
            for name in ("relu", "sigmoid")
        ),
    }
    for kind in ("depth_gradients", "depth_accuracy", "depth_largest"):
        table = figure_data.KINDS[kind](found)
        assert not table.empty and table["mean"].notna().all()
        tables.write(table, tmp_path / "table.csv")
        figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / f"{kind}.pdf")])
        assert (tmp_path / f"{kind}.pdf").stat().st_size > 1000
