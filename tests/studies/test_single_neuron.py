"""The study single_neuron on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE
from dying_relu.analysis import theory
from dying_relu.report import numbers
from dying_relu.studies.single_neuron import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files

UNIT = BASE | {"dataset": "relu_target", "scaling": "raw", "depth": 1, "width": 1, "output_layer": False}
UNIT |= {"initializer": "ones", "batch_size": 1000, "epochs": 20, "learning_rate": 0.01, "bias": np.nan}
OUTPUT = {"grid": "output", "bias": 0.0, "output_layer": True, "init_scale": 1.0}


def unit(*weights, loss=(0.5, 0.5), gradient=0.0, biases=None, output=np.nan, active=0.5, diverged=False, **more):
    """Tables of one network: its weight (and bias) at moments evenly over training, and its loss at three quarters and
    at the end. One that diverges is not known at the end."""
    base, weights = UNIT | more, weights if len(weights) > 1 else 2 * weights
    base["phase"] = "confirmatory" if base["seed"] >= 1000 else "pilot"
    moments = [
        base | {"epoch": epoch, "step": 100 * epoch}
        for epoch in np.linspace(0, base["epochs"], len(weights) + diverged)
    ]
    biases = biases or [0.0 if np.isfinite(base["bias"]) else np.nan] * len(weights)
    values = {"output_weight": output, "output_bias": 0.0 * output, "activity_rate": active}
    path = [
        moment | values | {"unit_weight": w, "unit_bias": b}
        for moment, w, b in zip(moments, weights, biases, strict=False)
    ]
    losses = (*loss, np.nan)[diverged : 2 + diverged]
    late = [
        base | {"epoch": share * base["epochs"], "train_loss": value}
        for share, value in zip((0.75, 1), losses, strict=True)
    ]
    late = [
        *({**moment, "train_loss": loss[0]} for moment in moments[:1]),
        *(row | {"step": 100 * row["epoch"]} for row in late),
    ]
    return {
        "networks": pd.DataFrame([base | {"train_loss": losses[-1], "diverged": diverged}]),
        "history": pd.DataFrame(late),
        "units": pd.DataFrame([base | {"n_units": int(not diverged), "gradient_mean": gradient}]),
        "trajectory": pd.DataFrame(path),
    }


def study(*units):
    """Tables of several networks."""
    return {name: pd.concat([one[name] for one in units], ignore_index=True) for name in units[0]}


def values(name, *units):
    return getattr(estimands, name)(study(*units)).set_index("seed")["value"].to_dict()


def test_outcomes_tell_stuck_from_slow():
    cases = {
        "learned": unit(-10, 0.99, loss=(1e-3, 1e-4), gradient=0.01, init_scale=1.0),
        "stuck": unit(-10, -1e-8, loss=(0.5001, 0.5), gradient=1e-8, init_scale=2.0),
        "still moving": unit(-10, -1.0, loss=(2.0, 1.0), gradient=1.0, init_scale=3.0),
        "diverged": unit(-10, 1.0, diverged=True, init_scale=4.0),
        "still moving ": unit(-10, -0.01, loss=(0.52, 0.5), gradient=1e-3, init_scale=5.0),  # its loss still falls
        "still moving  ": unit(-10, -0.01, loss=(0.5, 0.5), gradient=0.06, init_scale=6.0),  # its gradient is not flat
    }
    found = estimands.outcomes(study(*cases.values()))
    assert found["outcome"].tolist() == [name.strip() for name in cases]
    assert found["learned"].tolist() == [1.0, 0, 0, 0, 0, 0]
    assert found["population_loss"].iloc[0] == pytest.approx(0.01**2 / 2, rel=0.01)


def test_a_unit_is_held_to_the_best_of_its_own_model():
    alike = {"init_scale": -1.0, "activation": "leaky_relu_-0.1"}
    switched = {"activation": "softplus", "intervention": "switch_to_relu", "intervention_epoch": 10}
    found = estimands.outcomes(
        study(unit(1.0), unit(0.99, **alike), unit(-0.099, seed=1001, **alike), unit(0.9, **switched))
    )
    assert found["learned"].tolist() == [1, 1, 0, 0]
    assert found["model"].tolist() == ["relu", "leaky_relu_-0.1", "leaky_relu_-0.1", "relu"]


def test_networks_without_a_closed_form_are_left_out(capsys):
    others = [{"activation": "k_winners_0.5"}, {"activation": "prelu"}, {"dataset": "absolute"}, {"batch_norm": True}]
    others += [{"shift": "noise_1"}, {"scaling": "unit"}, {"width": 2}]
    found = estimands.outcomes(study(unit(1.0), *(unit(1.0, **other) for other in others)))
    assert len(found) == 1
    assert capsys.readouterr().out == "single_neuron: 7 networks have no closed form of their loss and are left out\n"


def test_there_may_be_no_networks_at_all():
    empty = {name: table.iloc[:0] for name, table in study(unit(1.0)).items()}
    for name, needed in CONTENTS.estimands.items():
        assert len(getattr(estimands, name)({key: empty[key] for key in needed})) == 0
    assert set(text.numbers(empty)) == set(CONTENTS.numbers)
    for name in CONTENTS.kinds:
        assert len(getattr(tables, name)(empty)) == 0


LONG = {"epochs": 100}
SHARES = {
    "failing_share_random_starts": {"grid": "random", "init_scale": 1.0},
    "learned_share_same_sign": {"grid": "starts", "init_scale": 4.0},
    "failing_share_with_bias": {"grid": "bias_long", "init_scale": -3.0, "bias": 0.0, **LONG},
    "learned_share_leaky_flat_side": {"grid": "activations", "init_scale": -1.0, "activation": "leaky_relu_0.1"},
    "failing_share_optimisers": {"grid": "long", "init_scale": -10.0, "optimizer": "amsgrad", **LONG},
    "learned_share_adam": {"grid": "optimizers", "init_scale": -1.0, "optimizer": "adam"},
    "learned_share_momentum": {"grid": "optimizers", "init_scale": -1.0, "optimizer": "momentum"},
    "learned_share_sgd": {"grid": "long_near", "init_scale": -1.0, **LONG},
    "failing_share_negative_slope": {"grid": "activations", "init_scale": -1.0, "activation": "leaky_relu_-0.1"},
    "learned_share_softplus_first": {
        **{"grid": "softplus_first", "init_scale": -10.0, "activation": "softplus"},
        **{"intervention": "switch_to_relu", "intervention_epoch": 10},
    },
}


@pytest.mark.parametrize("name", SHARES)
def test_shares_that_learn_or_fail(name):
    cell = SHARES[name]
    units = [unit(1.0, **cell), unit(-1.0, **cell, seed=1001), unit(-1.0, diverged=True, **cell, seed=1002)]
    units.append(unit(-1.0, **cell, seed=0))  # a pilot seed says nothing
    units += [
        unit(-1.0, **cell | other) for other in ({"learning_rate": 0.3}, {"optimizer": "rmsprop"}, {"grid": "map"})
    ]
    failed = {1000: 0.0, 1001: 1.0, 1002: 1.0}
    assert values(name, *units) == (
        failed if name.startswith("failing") else {seed: 1 - v for seed, v in failed.items()}
    )


def test_shares_are_over_the_starts_that_the_claim_speaks_of():
    starts = {-1.0: -1.0, 0.1: 1.0, 4.0: -1.0}  # where each ends
    assert values("learned_share_same_sign", *(unit(w, grid="starts", init_scale=s) for s, w in starts.items())) == {
        1000: 0.5
    }
    rules = {"adam": 1.0, "amsgrad": -1.0, "momentum": -1.0, "sgd": 1.0}
    units = [unit(w, grid="long", optimizer=rule, init_scale=-10.0, **LONG) for rule, w in rules.items()]
    assert values("failing_share_optimisers", *units) == {1000: pytest.approx(2 / 3)}


def test_a_big_step_is_chosen_on_pilot_seeds():
    pilot = {0.5: -1.0, 1.2: 1.0, 1.5: 1.0}  # of the two best the smaller
    units = [unit(w, grid="steps", init_scale=-10.0, learning_rate=rate, seed=0) for rate, w in pilot.items()]
    units.append(unit(1.0, diverged=True, grid="steps", init_scale=-10.0, learning_rate=3.0, seed=0))
    for rate, weights in {0.5: (1.0, 1.0), 1.2: (1.0, -1.0), 1.5: (1.0, 1.0)}.items():
        units += [
            unit(w, grid="steps", init_scale=-10.0, learning_rate=rate, seed=1000 + k) for k, w in enumerate(weights)
        ]
    assert values("learned_share_big_step", *units) == {1000: 1.0, 1001: 0.0}
    assert values("learned_share_big_step", *units[4:]) == {}


def test_failures_with_an_output_layer_less_those_without():
    full, best = OUTPUT | {"learning_rate": 0.1}, OUTPUT | {"grid": "map"}
    ends = {"relu": -1.0, "leaky_relu_0.3": 1.0, "elu": -1.0, "selu": -1.0}
    units = [unit(w, output=1.0, activation=name, **full) for name, w in ends.items()]
    units += [unit(1.0, output=1.0, activation=name, **best) for name in ends]
    alone = {("elu", -1.0): 1.0, ("leaky_relu_0.3", -1.0): -1.0, ("elu", 1.0): 1.0, ("selu", -1.0): -1.0}
    units += [unit(w, grid="activations", activation=name, init_scale=start) for (name, start), w in alone.items()]
    units.append(unit(0.9174, grid="map", activation="leaky_relu_0.3"))
    units.append(unit(-1.0, output=1.0, activation="elu", seed=1001, **full))  # a seed without the other grid
    assert values("excess_failures_with_output_layer", *units) == {1000: pytest.approx(2 / 3 - 1 / 2)}


def test_stuck_is_near_zero_at_the_end_and_never_on_the_right_side():
    cell = {"grid": "long", "init_scale": -10.0, **LONG}
    paths = {1000: (-10, -1, -0.005), 1001: (-10, 0.1, 0.001), 1002: (-10, -1, -0.5)}
    units = [unit(*path, seed=seed, **cell) for seed, path in paths.items()]
    units.append(unit(-10, -0.001, diverged=True, seed=1003, **cell))
    units.append(unit(-10, 1, optimizer="adam", **cell))
    assert values("stuck_share_opposite_sign", *units) == {1000: 1.0, 1001: 0.0, 1002: 0.0, 1003: 0.0}


def test_speed_exponent_of_known_paths():
    steps = np.array([0, 10, 20, 50, 100, 200])
    for path, exponent in ((-10 * 0.99**steps, 1.0), (-10 + 0.01 * steps, 0.0)):
        rows = [
            UNIT | {"grid": "starts", "init_scale": -10.0, "step": s, "epoch": s / 100, "unit_weight": w}
            for s, w in zip(steps, path, strict=True)
        ]
        found = estimands.speed_exponent_near_zero({"trajectory": pd.DataFrame(rows)})
        assert found["value"].tolist() == [pytest.approx(exponent, abs=0.01)]
        assert len(estimands.speed_exponent_near_zero({"trajectory": pd.DataFrame(rows[:2])})) == 0


def test_time_is_interpolated_and_unknown_where_a_unit_never_comes_near():
    cell = {"grid": "long", "init_scale": -10.0, **LONG}
    units = [unit(-10, -4, 2, optimizer="adam", **cell), unit(-10, -1, -0.5, **cell)]  # steps 7500 and 5000
    units += [unit(-10, -9, -8, optimizer="adam", seed=1001, **cell), unit(-10, -1, -0.5, seed=1001, **cell)]
    units.append(unit(-10, -1, -0.5, seed=1002, **cell))
    assert values("time_ratio_adam_to_sgd", *units) == {1000: pytest.approx(1.5)}


def test_the_final_weight_of_a_leaky_unit():
    cell = {"grid": "activations", "activation": "leaky_relu_0.3"}
    units = [unit(-10, 0.92, init_scale=-10.0, **cell), unit(-1, 0.5, init_scale=-1.0, **cell)]
    units.append(unit(-10, 1, diverged=True, init_scale=-10.0, seed=1001, **cell))
    assert values("final_weight_leaky", *units) == {1000: 0.92}


def test_doubly_flipped_units_are_counted():
    units = [unit(w, output=v, seed=seed, **OUTPUT) for seed, w, v in ((1000, -1, -1), (1001, -1, 1), (0, -1, -1))]
    units.append(unit(-1, output=-1.0, activation="elu", **OUTPUT))
    units.append(unit(-1, output=-1.0, diverged=True, seed=1002, **OUTPUT))
    found = estimands.doubly_flipped_share(study(*units))
    assert found.to_dict("list") == {
        "seed": [1000, 1001, 1002],
        "value": [1, 0, 0],
        "events": [1, 0, 0],
        "exposure": [1, 1, 1],
    }


@pytest.mark.parametrize(
    "w, v, rate, name",
    [
        (1, 1, 0.5, "as the target"),
        (-1, 1, 0.5, "left-right"),
        (1, -1, 0.5, "up-down"),
        (-1, -1, 1, "both"),
        (1, 0.01, 0.5, "constant"),
        (-1, 1, 0.0, "constant"),
    ],
)
def test_solutions_are_told_apart(w, v, rate, name):
    frame = pd.DataFrame({"unit_weight": [w], "output_weight": [v], "activity_rate": [rate]})
    assert estimands.solution(frame).tolist() == [name]


def small():
    """A little of each grid that numbers, tables and figures show."""
    units = [unit(-10, w, grid="steps", init_scale=-10.0, learning_rate=r, seed=s) for r, s, w in STEPS]
    units += [unit(-10, -1e-8, grid="starts", init_scale=-10.0), unit(4, 1, grid="starts", init_scale=4.0)]
    units += [unit(-10, 1, grid="optimizers", init_scale=-10.0, optimizer="momentum", seed=s) for s in (1000, 1001)]
    units += [
        unit(-10, w, grid="long", init_scale=-10.0, optimizer="adam", seed=s, **LONG)
        for s, w in ((1000, 1), (1001, -1))
    ]
    units += [
        unit(-10, -1e-36, grid="long", init_scale=-10.0, **LONG),
        unit(-1, -3e-36, grid="long_near", init_scale=-1.0, **LONG),
    ]
    turning = {"biases": [0.0, 0.0, 1.0, 1.0], "grid": "bias_long", "init_scale": -3.0, "bias": 0.0, **LONG}
    units.append(unit(-3, -2, -2, -1, active=0.0, **turning))  # east, north, east: two right angles
    units += [unit(-3, 1, biases=[b, 0.0], grid="bias", init_scale=-3.0, bias=b) for b in (-1.5, 1.5)]
    for name, ends in {"leaky_relu_-0.1": (-0.1, 0.99), "elu": (0.8, 0.84), "relu": (-0.1, 1.0)}.items():
        for start, end in zip((-10.0, 10.0), ends, strict=True):
            units.append(unit(start, end, grid="activations", activation=name, init_scale=start))
    flips = (("relu", 1, 1), ("relu", -1, -1), ("relu", -1, -1), ("tanh", 1, 1))
    units += [
        unit(w, output=float(v), activation=a, seed=1000 + k, loss=(0.1, 0.1 * k), **OUTPUT)
        for k, (a, w, v) in enumerate(flips)
    ]
    rules = ("sgd", "adam", "sgd_clip_value")
    units += [unit(s, w, grid="map", init_scale=s, learning_rate=r, optimizer=o) for o in rules for s, r, w in MAP]
    return study(*units)


STEPS = [(0.5, 1000, -1), (0.5, 1001, -1), (0.9, 1000, 1), (0.9, 1001, -1), (1.5, 1000, 1), (1.5, 1001, 1)]
MAP = [(-9.0, 0.01, -1.0), (3.0, 0.01, 1.0), (3.0, 1.0, 1.0)]


def test_numbers_by_hand():
    made = text.numbers(small())
    numbers.check("single_neuron", made, CONTENTS.numbers)
    assert made["jump.measured"] == 0.9  # half of the two jump
    assert (
        0.79 < made["jump.exact"] < 0.81
        and 0.85 < made["jump.half"] < 0.87
        and made["jump.steps"] == pytest.approx(46, abs=1)
    )
    assert made["short.momentum"] == 1.0 and made["long.adam"] == 0.5 and np.isnan(made["long.amsgrad"])
    assert made["long.epochs"] == 100
    assert made["float.runs"] == 2 and made["float.median"] == pytest.approx(2e-36)
    assert made["float.expected"] == pytest.approx(10 * 0.99**10_000)
    assert (made["bias.dead"], made["bias.weight"], made["bias.bias"]) == (1.0, -1.0, 1.0)
    assert made["bias.turning"] == made["bias.turning.most"] == pytest.approx(180)
    assert made["leaky_relu_-0.1.weight"] == pytest.approx(-0.1) and made["trap"] == pytest.approx(-0.1 / 1.01)
    assert made["momentum.threshold"] == pytest.approx((1 - np.sqrt(0.9)) ** 2)
    assert made["leaky.best"] == pytest.approx(1 / 1.09) and made["leaky.loss.one"] == pytest.approx(0.045)


def test_the_table_of_budgets_by_hand():
    made = text.tables(small())["budgets"].frame.set_index(["start", "optimiser", "epochs"])
    assert list(made.index) == [
        (-10, "SGD", 20),
        (-10, "SGD", 100),
        (-10, "momentum", 20),
        (-10, "Adam", 100),
        (-1, "SGD", 100),
    ]
    assert made.loc[(-10, "Adam", 100), ["learned", "stuck", "weight"]].tolist() == [0.5, 0.5, 0.0]


def test_the_table_of_flips_by_hand():
    made = text.tables(small())["flips"].frame.set_index(["activation", "solution"])
    assert list(made.index) == [("ReLU", "as the target"), ("ReLU", "both"), ("tanh", "as the target")]
    assert made["share"].tolist() == pytest.approx([1 / 3, 2 / 3, 1]) and made["loss"].tolist() == pytest.approx(
        [0, 0.15, 0.3]
    )
    assert made.loc[("tanh", "as the target"), ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [0.025, 1]
    )  # one of one


def test_the_table_of_slopes_by_hand():
    made = text.tables(small())["slopes"].frame.set_index(["activation", "start"])
    assert [name for name, _ in made.index[::2]] == ["ReLU", "leaky ReLU -0.1", "ELU"]
    assert made["weight"].tolist() == [-0.1, 1.0, -0.1, 0.99, 0.8, 0.84]
    assert (
        made["rest"].tolist()[:4] == pytest.approx([0, 1, -0.1 / 1.01, 1 / 1.01])
        and made["rest"].isna().tolist()[4:] == [True] * 2
    )
    assert made.loc[("leaky ReLU -0.1", -10), "learned"] == 0


@pytest.fixture
def drawn(tmp_path):
    """The table of a kind, once through its file, and its drawing."""

    def draw(kind):
        files.write(getattr(tables, kind)(small()), tmp_path / "table.csv")
        table = files.read(tmp_path / "table.csv")
        return table, getattr(figures, kind)(table)

    return draw


def test_paths_have_the_closed_form_beside_them(drawn):
    table, figure = drawn("unit_paths")
    start = table[(table["optimizer"] == "sgd") & (table["init_scale"] == -9)]
    assert start["theory"].tolist() == pytest.approx([-9, -9 * 0.99**2000])
    assert [axis.get_title() for axis in figure.axes[:3]] == ["SGD", "momentum", "Adam"]
    assert figure.axes[3].get_title() == "SGD,\nvalues clipped"
    assert [line.get_ydata().tolist() for line in figure.axes[0].get_lines()[:1]] == [[-10.0, -1e-8]]


def test_an_unknown_rule_has_no_closed_form_drawn(drawn, monkeypatch):
    monkeypatch.setattr(theory, "_CONSTANTS", {})
    table, figure = drawn("unit_paths")
    assert table["theory"].isna().all() and len(figure.axes) == 8
    table, figure = drawn("unit_map")
    assert table["theory_rate"].isna().all() and len(figure.axes[0].get_lines()) == 1  # that at zero


def test_the_map_has_a_panel_a_rule_and_the_line_of_theory(drawn):
    table, figure = drawn("unit_map")
    assert [axis.get_title() for axis in figure.axes] == ["SGD", "Adam", "SGD, values clipped"]
    assert table[table["panel"] == "SGD"]["theory_rate"].tolist() == [1.0] * 3
    assert table["learned"].tolist() == [0, 1, 1] * 3
    assert [len(axis.get_lines()) for axis in figure.axes] == [2, 1, 2]
    assert figure.axes[0].get_lines()[0].get_ydata() == [1.5, 1.5]  # the second of two rates
    legend = [entry.get_text() for entry in figure.legends[0].get_texts()]
    assert legend == ["learned", "stuck", "still moving", "diverged"]


def test_paths_over_the_loss(drawn):
    table, figure = drawn("unit_surface")
    assert table["network"].tolist() == [0, 0, 1, 1] and set(table["outcome"]) == {"learned"}
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == [-1.5, 0]
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == ["learns", "does not learn"]


def test_flips_of_any_activation_with_a_formula(drawn):
    _, figure = drawn("unit_flips")
    relu, tanh = figure.axes
    assert (
        relu.get_title() == "ReLU\nas the target: 33 %\nboth: 67 %" and tanh.get_title() == "tanh\nas the target: 100 %"
    )
    assert relu.get_lines()[1].get_ydata().tolist() == np.maximum(np.linspace(-3, 3, 121), 0).tolist()
    np.testing.assert_allclose(tanh.get_lines()[1].get_ydata(), np.tanh(np.linspace(-3, 3, 121)))


def test_measured_points_over_the_closed_forms(drawn):
    table, figure = drawn("unit_theory")
    rate, slope = (table[table["panel"] == panel] for panel in ("rate", "slope"))
    assert rate["mean"].tolist() == [0, 0.5, 1] and rate["n_seeds"].tolist() == [2] * 3
    assert rate["theory"].tolist() == pytest.approx(
        list(theory.jump_probability(rate["x"].to_numpy(), 2000, 1000, -10))
    )
    assert slope["x"].tolist() == [-0.1, -0.1, 0, 0] and slope["mean"].tolist() == [0.99, -0.1, 1.0, -0.1]
    assert slope["theory"].tolist() == pytest.approx([1 / 1.01, -0.1 / 1.01, 1, 0]) and slope["ci_low"].isna().all()
    left, right = figure.axes
    assert left.get_lines()[0].get_xdata()[[0, -1]].tolist() == [0.5, 1.5]
    assert right.get_lines()[0].get_xdata()[[0, -1]].tolist() == pytest.approx([-0.12, 0.02])
    assert [entry.get_text() for entry in right.get_legend().get_texts()][2:] == [
        "from the right side",
        "from the wrong side",
    ]
