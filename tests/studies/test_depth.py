"""The study depth: estimands on tables known by hand, and the expected layer factor held to random networks."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell
from dying_relu.design.settings import SETTINGS
from dying_relu.report import numbers
from dying_relu.studies.depth import CONTENTS, estimands, figures, tables, text, theory
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError


def layers(name, factor, seed=1000, of=4, largest=1.0, **more):
    """Rows of a network before its first step whose gradient shrinks by a factor from each layer to the one before."""
    row = BASE | {"width": 32, "epochs": 1, "depth": of, "activation": name, "seed": seed, "step": 0, "epoch": 0.0}
    row |= {"initializer": estimands.MADE_FOR.get(name, "he_normal"), "largest": largest} | more
    return [row | {"layer": k, "gradient_norm": factor ** (of - k)} for k in range(1, of + 1)]


def test_layer_factor_of_a_geometric_gradient():
    rows = pd.DataFrame(layers("relu", 1.1) + layers("sigmoid", 0.25) + layers("tanh", 0.5, of=3))
    factor = estimands.layer_factors(rows).set_index("activation")["factor"]
    assert factor.to_dict() == {"relu": pytest.approx(1.1), "sigmoid": pytest.approx(0.25)}  # the deepest alone
    single = estimands.layer_factors(pd.DataFrame(layers("tanh", 1.0, of=1)))
    assert single["factor"].isna().all()  # a single layer has no slope


def test_layers_without_gradient_are_left_out():
    rows = pd.DataFrame(layers("relu", 0.5))
    rows.loc[1, "gradient_norm"] = 0.0
    assert estimands.layer_factors(rows)["factor"].tolist() == [pytest.approx(0.5)]


def test_vanishing_needs_both_halves_of_the_claim():
    rows = []
    for seed, (sigmoid, relu) in enumerate(((0.3, 1.0), (0.3, 0.7), (0.9, 1.0)), start=1000):
        rows += layers("sigmoid", sigmoid, seed) + layers("relu", relu, seed)
        rows += layers("sigmoid", 0.9, seed, initializer="he_normal")  # not the one made for it
    rows += layers("sigmoid", 0.9, 1000, of=2) + layers("sigmoid", 0.9, 1000, init_scale=8.0)
    found = estimands.sigmoid_shrinks_relu_does_not({"layers": pd.DataFrame(rows)})
    assert in_cell(found, start=estimands.OWN) == {1000: 1.0, 1001: 0.0, 1002: 0.0}
    assert in_cell(found, start="he_normal") == {1000: 0.0, 1001: 0.0, 1002: 0.0}


def test_vanishing_is_mapped_over_the_scale_of_the_weights_and_trained_networks_take_no_part():
    rows = layers("relu", 1.0) + layers("sigmoid", 0.3) + layers("sigmoid", 0.3, initializer="he_normal")
    rows += layers("relu", 1.0, init_scale=8.0)
    rows += layers("sigmoid", 0.9, init_scale=8.0, initializer="he_normal") + layers("relu", 0.1, epochs=20)
    found = estimands.sigmoid_shrinks_relu_does_not({"layers": pd.DataFrame(rows)})
    assert in_cell(found, start="he_normal", init_scale=1) == {1000: 1.0}
    assert in_cell(found, start="he_normal", init_scale=8) == {1000: 0.0}
    assert in_cell(found, start=estimands.OWN) == {1000: 1.0}  # at one scale only: the sigmoid's is made at no other


def steep(seed, of, size, **more):
    """A network with a steep negative slope, of whose layers all have a gradient of the same size."""
    return [row | {"gradient_norm": size} for row in layers(estimands.STEEP, 1.0, seed, of=of, **more)]


def test_gradients_explode_between_networks_and_not_between_their_layers():
    rows = steep(1000, 2, 3.0) + steep(1000, 4, 24 / np.sqrt(2))  # norms over layers: 3 sqrt 2, 24 sqrt 2
    rows += steep(1000, 4, 99.0, epochs=20) + steep(1000, 4, 99.0, optimizer="adam")
    found = estimands.gradient_growth_with_a_steep_negative_slope({"layers": pd.DataFrame(rows)})
    assert in_cell(found, compared=estimands.DEPTHS) == {1000: pytest.approx(np.sqrt(8))}
    assert in_cell(found, compared=estimands.LAYERS) == {1000: pytest.approx(1.0)}
    with pytest.raises(UserError, match="seed 1001 has a network of one arm alone"):
        more = pd.DataFrame(rows + steep(1001, 4, 1.0))
        estimands.gradient_growth_with_a_steep_negative_slope({"layers": more})


def test_the_rescaled_sigmoid_may_choose_its_initialisation():
    rows = layers("sigmoid_4x", 0.6, initializer="glorot_normal") + layers("sigmoid_4x", 0.7)
    rows += layers("sigmoid_4x", 0.9, init_scale=2.0) + layers("sigmoid_4x", 0.9, seed=0, phase="pilot")
    found = estimands.layer_factor_of_rescaled_sigmoid({"layers": pd.DataFrame(rows)})
    assert in_cell(found, start=estimands.LARGER) == {1000: pytest.approx(0.7)}
    assert in_cell(found, start="glorot_normal") == {1000: pytest.approx(0.6)}


def test_largest_outputs_are_compared_while_training():
    trained = {"epochs": 20, "initializer": "he_normal"}
    rows = []
    for epoch, relu in ((0.0, 20.0), (1.0, 500.0), (20.0, np.nan)):  # and then it diverges
        moment = {"epoch": epoch, "step": 30 * epoch}
        rows += layers("relu", 1.0, largest=relu, **trained, **moment)
        rows += layers("sigmoid", 1.0, largest=0.5, **trained, **moment)
    for more in (
        {"init_scale": 2.0},
        {"of": estimands.DEEP + 1},
        {"batch_norm": True},
        {"optimizer": "adam"},
        {"initializer": "ones"},
        {"grid": "control"},
        {"width": 8},
    ):
        rows += layers("relu", 1.0, largest=9999.0, **trained | more)
    frame = pd.DataFrame(rows)
    networks = (
        frame.drop_duplicates([*SETTINGS, "grid", "seed"])
        .drop(columns="largest")
        .assign(diverged=False, test_accuracy=0.9)
    )
    found = estimands.largest_output_relu_over_sigmoid({"layers": frame, "networks": networks})
    assert in_cell(found, depth=4) == {1000: pytest.approx(3.0)}
    relu = networks["activation"] == "relu"
    gone = estimands.largest_output_relu_over_sigmoid({"layers": frame, "networks": networks.assign(diverged=relu)})
    assert in_cell(gone, depth=4)[1000] == pytest.approx(38.5 + 0.3, abs=0.1)  # beyond single precision, not missing


def trained(seed, accuracy, rate=0.1, **more):
    row = BASE | {"depth": estimands.DEEP, "seed": seed, "learning_rate": rate} | more
    row |= {"phase": "pilot" if seed < 1000 else "confirmatory", "test_accuracy": accuracy}
    return row | {"diverged": not np.isfinite(accuracy)}


ADAM = {"activation": "sigmoid", "optimizer": "adam", "epochs": 50}
NETWORKS = pd.DataFrame(
    [
        trained(0, 0.9, 0.1),
        trained(0, np.nan, 1.0),
        trained(0, 0.99, 1.0, epochs=1),  # there for its first step only
        trained(1000, 0.85, 0.1),
        trained(1000, 0.95, 1.0),
        trained(0, 0.2, activation="sigmoid"),
        trained(0, 0.6, init_scale=4.0, **ADAM),
        trained(0, 0.5, **ADAM),
        trained(1000, 0.5, activation="sigmoid"),
        trained(1000, 0.3, init_scale=4.0, **ADAM),
        trained(1001, 0.9, init_scale=4.0, **ADAM),
        trained(1002, np.nan, init_scale=4.0, **ADAM),
        trained(1000, np.nan, init_scale=2.0, **ADAM),
        trained(1000, 0.7, **ADAM),
        trained(0, 0.9, activation="sigmoid", batch_norm=True),
        trained(1000, 0.8, activation="sigmoid", batch_norm=True),
        trained(1001, 0.8, activation="sigmoid", batch_norm=True),  # no partner
    ]
)


def test_deep_networks_are_compared_at_settings_best_on_pilot_seeds():
    found = {"networks": NETWORKS}
    deep = estimands.accuracy_of_deep_sigmoid(found)
    values = in_cell(deep, batch_norm=False, trained="by any optimiser")
    assert in_cell(deep, batch_norm=False, trained="by plain SGD") == {1000: 0.5}
    assert np.isnan(values.pop(1002)) and values == {1000: 0.3, 1001: 0.9}
    assert deep["seed"][deep["diverged"]].tolist() == [1002]  # at its worst in the interval, not missing
    pair = NETWORKS[~((NETWORKS["seed"] == 1001) & NETWORKS["batch_norm"])]
    gap = estimands.accuracy_gap_of_normalised_sigmoid({"networks": pair})
    assert in_cell(gap, against="ReLU without") == {1000: pytest.approx(-0.05)}
    assert "ReLU with" not in set(gap["against"])  # there is none
    both = [trained(seed, value, batch_norm=True) for seed, value in ((0, 0.9), (1000, 0.7))]
    gap = estimands.accuracy_gap_of_normalised_sigmoid({"networks": pd.concat([pair, pd.DataFrame(both)])})
    assert in_cell(gap, against="ReLU with") == {1000: pytest.approx(0.1)}  # both with batch normalisation
    assert in_cell(gap, against="ReLU without") == {1000: pytest.approx(-0.05)}
    with pytest.raises(UserError, match="seed 1001 has a network of one arm alone"):
        estimands.accuracy_gap_of_normalised_sigmoid(found)


def at_start():
    """Layers of networks of 4 layers, before the first step; ReLU twice a seed, as with several rates."""
    rows = []
    for seed, relu in ((1000, 1.0), (1001, 0.5)):
        rows += layers("relu", relu, seed, largest=7.0) + layers("relu", relu, seed, learning_rate=0.5)
        rows += layers("relu", relu, seed, init_scale=2.0, largest=30.0, grid="scales")
        rows += layers("sigmoid", 0.3, seed) + layers("sigmoid", 0.6, seed, init_scale=2.0, initializer="he_normal")
    return rows + layers("relu", 0.5, 1000, learning_rate=1.0)


def test_numbers_by_hand():
    rows = at_start() + layers("relu", 1.0, epochs=20, largest=20.0)
    rows += layers("relu", 1.0, epochs=20, largest=400.0, step=30, epoch=1.0)
    rows += layers("relu", 1.0, seed=1001, epochs=20, largest=100.0)
    rows += layers("sigmoid", 1.0, epochs=20, largest=0.8, of=3)
    made = text.numbers({"layers": pd.DataFrame(rows), "networks": NETWORKS})
    numbers.check("depth", made, CONTENTS.numbers)
    assert (made["deepest"], made["width"], made["shrinks.ten"]) == (4, 32, 0.8**10)
    assert made["factor.sigmoid.Glorot"] == pytest.approx(0.3)
    assert made["factor.sigmoid.scale.2"] == pytest.approx(0.6) and np.isnan(made["factor.sigmoid.scale.4"])
    assert made["factor.relu.He.expected"] == pytest.approx(theory.expected("relu", "he_normal", 1.0, rows[0]))
    assert (made["largest.relu"], made["largest.relu.median"], made["largest.sigmoid"]) == (400, 250, 0.8)
    assert (made["largest.relu.start"], made["largest.relu.doubled"]) == (60, 30)
    assert made["relu.10.accuracy"] == 0.85 and made["sigmoid.bn.10.accuracy"] == pytest.approx(0.8)
    assert np.isnan(made["relu.5.accuracy"]) and np.isnan(made["relu.bn.10.accuracy"])
    settings = [made[f"sigmoid.10.{key}"] for key in ("optimizer", "rate", "scale", "trained")]
    assert settings == ["Adam", 0.1, 4.0, 0.5]
    assert (made["sigmoid.sgd.10.accuracy"], made["sigmoid.adam.10.accuracy"]) == (0.5, 0.7)
    assert (made["sgd.epochs"], made["adam.epochs"]) == (30, 50)


def test_a_seed_counts_once_however_many_rates_it_was_tried_at():
    made = text.numbers({"layers": pd.DataFrame(at_start()), "networks": NETWORKS})
    assert made["factor.relu.He"] == pytest.approx((np.mean([1, 1, 0.5]) + 0.5) / 2)


def test_the_table_of_arms_by_hand():
    made = text.tables({"networks": NETWORKS})["arms"].frame
    arms = list(made[["activation", "batch_norm", "optimizer"]].itertuples(index=False, name=None))
    assert arms == [
        ("ReLU", "no", "SGD"),
        ("sigmoid", "no", "SGD"),
        ("sigmoid", "no", "Adam"),
        ("sigmoid", "yes", "SGD"),
    ]
    assert made["test_accuracy"].tolist() == pytest.approx([0.85, 0.5, 0.6, 0.8])
    assert made["diverged"].tolist() == pytest.approx([0, 0, 1 / 3, 0])
    assert made["init_scale"].tolist() == [1, 1, 4, 1]


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
    assert theory.expected_layer_factor(name, gain, of, width, width, 1.0, gain) == pytest.approx(factor, rel=0.05)


def test_expected_layer_factor_of_small_weights_is_the_slope_at_zero():
    for name, slope in (("sigmoid", 0.25), ("sigmoid_4x", 1.0)):
        factor = theory.expected_layer_factor(name, 1e-6, 10, 64, 64, 4 / 16, 1e-6)  # inputs as long as sigmoids at 1/2
        assert factor == pytest.approx(slope * 1e-3, rel=1e-3)


def test_nothing_is_expected_where_a_formula_is_lacking():
    like = BASE | {"depth": 5, "width": 32}
    assert theory.expected("elu", "glorot_normal", 1.0, like) > 0
    assert np.isnan(theory.expected("k_winners_0.1", "he_normal", 1.0, like))
    assert np.isnan(theory.expected("relu", "ones", 1.0, like))
    assert np.isnan(theory.expected("relu", "he_normal", 1.0, like | {"dataset": "breast_cancer"}))
    assert np.isnan(theory.expected("relu", "he_normal", 1.0, like | {"depth": 1}))
    assert np.isnan(theory.expected("relu", "he_normal", 1.0, None))


def csv(table, path):
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def named(axis):
    """The lines of a panel that the legend names."""
    return dict(zip(*axis.get_legend_handles_labels()[::-1], strict=True))


def test_gradients_are_drawn_by_layer_and_factors_by_scale(tmp_path):
    figure = figures.depth_gradients(csv(tables.depth_gradients({"layers": pd.DataFrame(at_start())}), tmp_path))
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["Glorot normal", "He normal", "He normal, rescaled;\nlines: expected"]
    glorot, he, right = figure.axes
    assert list(named(glorot)) == ["sigmoid"] and list(named(he)) == ["ReLU"]
    assert list(named(glorot)["sigmoid"].get_ydata()) == pytest.approx([0.3**3, 0.3**2, 0.3, 1])
    assert right.get_xlim()[0] < 1 and right.get_xlim()[1] > 2


def test_networks_of_one_layer_have_no_factor_to_draw(tmp_path):
    rows = pd.DataFrame(layers("relu", 1.0, of=1) + layers("relu", 1.0, of=1, init_scale=2.0))
    figure = figures.depth_gradients(csv(tables.depth_gradients({"layers": rows}), tmp_path))
    assert [axis.get_title() for axis in figure.axes] == ["He normal", "lines: expected"]


def test_accuracies_are_drawn_against_the_depth(tmp_path):
    networks = pd.concat([NETWORKS, NETWORKS.assign(depth=5)])
    figure = figures.depth_accuracy(csv(tables.depth_accuracy({"networks": networks}), tmp_path))
    labels = [entry.get_text() for entry in figure.legends[0].get_texts()]
    assert labels == ["ReLU, SGD", "sigmoid, SGD", "sigmoid, Adam", "sigmoid, SGD, batch norm."]
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == ["5", "10"]
    guess = [line for line in axis.get_lines() if line.get_linestyle() == ":"]
    assert list(guess[0].get_ydata()) == [0.1, 0.1]


def test_largest_outputs_are_drawn_by_depth(tmp_path):
    rows, networks = [], []
    for seed, gone in ((1000, False), (1001, False), (1002, True)):
        for name, largest in (("relu", 10.0), ("tanh", 0.5)):
            rows += layers(name, 1.0, seed, largest=largest, epochs=20)
            rows += layers(name, 1.0, seed, largest=1e6 if gone else 10 * largest, epochs=20, step=9, epoch=1.0)
            networks.append(rows[-1] | {"diverged": gone})
    found = {"layers": pd.DataFrame(rows), "networks": pd.DataFrame(networks)}
    figure = figures.depth_largest(csv(tables.depth_largest(found), tmp_path))
    above, below = figure.axes
    assert above.get_title() == "depth 4" and above.get_yscale() == "log"
    heights = {line.get_label(): line.get_ydata()[0] for line in above.get_lines() if len(line.get_ydata())}
    assert heights["ReLU"] == pytest.approx(100) and heights["tanh"] == pytest.approx(
        5
    )  # of networks finite at the end
    assert [line.get_ydata()[0] for line in below.get_lines() if line.get_label() == "ReLU"] == [pytest.approx(1 / 3)]
