"""The study single_neuron on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE
from dying_relu.analysis import theory
from dying_relu.analysis.frames import matching
from dying_relu.report import numbers
from dying_relu.studies.single_neuron import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

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


def values(name, *units, **cell):
    """Value by seed in a cell of a map; ``diverged`` and None where it is missing."""
    found = matching(getattr(estimands, name)(study(*units)), **cell)
    assert not found["seed"].duplicated().any()
    rows = zip(found["seed"], found["value"], found["diverged"], strict=True)
    return {seed: "diverged" if lost else None if np.isnan(value) else value for seed, value, lost in rows}


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
FLAT_SIDE = {"grid": "starts", "init_scale": -10.0}
LEAKY = {"grid": "activations", "activation": "leaky_relu_0.3"}


def test_learned_and_failed_by_seed():
    cell = {"grid": "optimizers", "init_scale": -1.0, "optimizer": "adam"}
    units = [unit(1.0, **cell), unit(-1.0, **cell, seed=1001), unit(-1.0, diverged=True, **cell, seed=1002)]
    units += [unit(1.0, **cell, seed=0), unit(1.0, **cell | {"grid": "map"}), unit(1.0, **cell | {"bias": 0.0})]
    units.append(unit(1.0, output=1.0, **OUTPUT))
    assert values("learned", *units, optimizer="adam") == {0: 1, 1000: 1, 1001: 0, 1002: "diverged"}
    assert values("failed", *units, optimizer="adam") == {0: 0, 1000: 0, 1001: 1, 1002: "diverged"}
    assert len(estimands.learned(study(*units))) == 4


def test_no_mean_over_starts_hides_the_one_that_fails():
    ends = {-1.0: -1.0, 0.1: 1.0, 4.0: -1.0}
    units = [unit(w, grid="starts", init_scale=start) for start, w in ends.items()]
    assert [values("learned", *units, init_scale=start) for start in ends] == [{1000: 0}, {1000: 1}, {1000: 0}]


def test_none_of_three_rules_means_none():
    cell = {"grid": "long", "init_scale": -10.0, **LONG}
    ends = {1000: {"momentum": 1, "adam": -1, "amsgrad": -1}, 1001: {"momentum": -1, "adam": -1, "amsgrad": -1}}
    units = [unit(w, optimizer=rule, seed=s, **cell) for s, rules in ends.items() for rule, w in rules.items()]
    units.append(unit(1.0, **cell))  # plain SGD is none of the three
    assert values("failed_with_rules", *units, **{"with": "all"}) == {1000: 0, 1001: 1}  # a mean is 2/3 in the first
    assert values("failed_with_rules", *units, **{"with": "momentum"}) == {1000: 0, 1001: 1}
    assert values("failed_with_rules", *units, **{"with": "adam"}) == {1000: 1, 1001: 1}
    with pytest.raises(UserError, match="seed 1001 lacks networks over whose optimizer others are averaged"):
        estimands.failed_with_rules(study(*units[:-2]))


def test_elu_and_leaky_relu_both_learn_alone():
    ends = {1000: (1.0, 0.92), 1001: (-1.0, 0.92)}
    names = ("elu", "leaky_relu_0.3")
    units = [
        unit(w, grid="activations", activation=name, init_scale=-10.0, seed=seed)
        for seed, weights in ends.items()
        for name, w in zip(names, weights, strict=True)
    ]
    assert values("learned_alone", *units, **{"with": "all"}) == {1000: 1, 1001: 0}
    assert values("learned_alone", *units, **{"with": "leaky_relu_0.3"}) == {1000: 1, 1001: 1}


def test_trapped_with_an_output_layer_and_not_without():
    best = unit(1.0, output=1.0, activation="elu", seed=1, **OUTPUT), unit(0.8, activation="elu", grid="map")
    seeds = {1000: (-1.0, 0.8, 0.8), 1001: (1.0, 0.8, 0.8), 1002: (-1.0, 0.8, -1.0)}  # full, alone from -10 and -1
    units = []
    for seed, (full, far, near) in seeds.items():
        units += [unit(full, output=1.0, activation="elu", seed=seed, learning_rate=r, **OUTPUT) for r in (0.01, 0.1)]
        alone = {"grid": "activations", "activation": "elu", "seed": seed}
        units += [unit(far, init_scale=-10.0, **alone), unit(near, init_scale=-1.0, **alone)]
        units.append(unit(-1.0, init_scale=10.0, **alone))  # the right side is not asked
    for rate in (0.01, 0.1):
        found = values("trapped_only_with_output_layer", *units, best[1], learning_rate=rate)
        assert found == {1000: 1, 1001: 0, 1002: 0}
    alone = unit(1.0, output=1.0, activation="elu", seed=1003, learning_rate=0.1, **OUTPUT)
    with pytest.raises(UserError, match="unequal arms: seed 1003"):
        estimands.trapped_only_with_output_layer(study(*units, best[1], alone))


def test_stuck_is_near_zero_at_the_end_and_never_on_the_right_side():
    cell = {"grid": "long", "init_scale": -10.0, **LONG}
    paths = {1000: (-10, -1, -0.005), 1001: (-10, 0.1, 0.001), 1002: (-10, -1, -0.5)}
    units = [unit(*path, seed=seed, **cell) for seed, path in paths.items()]
    units.append(unit(-10, -0.001, diverged=True, seed=1003, **cell))
    units += [unit(-10, 1, optimizer="adam", **cell), unit(4, 1, grid="starts", init_scale=4.0)]
    assert values("stuck_at_zero", *units) == {1000: 1, 1001: 0, 1002: 0, 1003: "diverged"}


def test_speed_exponent_of_known_paths():
    steps = np.array([0, 10, 20, 50, 100, 200])
    for path, exponent in ((-10 * 0.99**steps, 1.0), (-10 + 0.01 * steps, 0.0)):
        one = study(unit(-10, **FLAT_SIDE))
        rows = [
            UNIT | FLAT_SIDE | {"phase": "confirmatory", "step": s, "epoch": s / 100, "unit_weight": w}
            for s, w in zip(steps, path, strict=True)
        ]
        for n, known in ((6, pytest.approx(exponent, abs=0.01)), (2, pytest.approx(np.nan, nan_ok=True))):
            found = estimands.speed_exponent_near_zero(one | {"trajectory": pd.DataFrame(rows[:n])})
            assert found["value"].tolist() == [known]


def test_the_slope_falls_across_zero_and_vanishes_before_it():
    ends = {1000: -0.005, 1001: 0.9, 1002: -2.0}
    units = [unit(-10, w, seed=seed, **FLAT_SIDE) for seed, w in ends.items()]
    units.append(unit(-10, -0.1, diverged=True, seed=1003, **FLAT_SIDE))
    rest = {1001: None, 1003: "diverged"}
    # left w, right -w - 1
    assert values("slope_change_across_zero", *units) == {1000: pytest.approx(-0.99), 1002: 3.0, **rest}
    assert values("slope_at_the_end", *units) == {1000: 0.005, 1002: 2.0, **rest}


def test_stuck_with_bias_is_neither_slow_nor_pooled_over_starts():
    cell = {"grid": "bias_long", "bias": 0.0, **LONG}
    units = [unit(-1.0, init_scale=-10.0, **cell), unit(-1.0, init_scale=-10.0, loss=(2.0, 1.0), seed=1001, **cell)]
    units += [unit(1.0, init_scale=-3.0, seed=seed, **cell) for seed in (1000, 1001)]
    assert values("stuck_with_bias", *units, init_scale=-10) == {1000: 1, 1001: 0}
    assert values("stuck_with_bias", *units, init_scale=-3) == {1000: 0, 1001: 0}


def test_a_circle_turns_and_a_zigzag_does_not():
    cell = {"grid": "bias_long", "bias": 0.0, "init_scale": -3.0, **LONG}
    angle = np.linspace(0, 2 * np.pi, 361)
    paths = {
        1000: (np.cos(angle), np.sin(angle)),  # once round, less one corner
        1001: ([0, 1, 1, 2, 2, 3], [0, 0, 1, 1, 2, 2]),  # east, north, east, ...
        1002: ([0, 1, 1, 0], [0, 0, 1, 1]),  # east, north, west
        1003: ([0, 1, 1 + 1e-4], [0, 0, 1e-4]),  # at rest it has no direction
        1004: ([0, 0], [0, 0]),
    }
    units = [unit(*w, biases=list(b), seed=seed, **cell) for seed, (w, b) in paths.items()]
    units.append(unit(-3, -1, diverged=True, seed=1005, **cell))
    found = values("turn_with_bias", *units)
    assert found == {1000: pytest.approx(359), 1001: 0, 1002: pytest.approx(180), 1003: 0, 1004: 0, 1005: "diverged"}


def test_both_flips_at_the_end_and_both_signs_changed_on_the_way():
    ends = {1000: (-1, -1), 1001: (-1, 1), 1002: (1, 1)}  # of weight and output weight; the weight began at 1
    units = [unit(1, w, output=v, seed=seed, **OUTPUT) for seed, (w, v) in ends.items()]
    units.append(unit(-1, output=-1.0, diverged=True, seed=1003, **OUTPUT))
    tables = study(*units)
    moved = tables["trajectory"]
    moved.loc[moved["epoch"] == 0, "output_weight"] = 1.0
    for name in ("flipped_both_ways", "both_signs_changed"):
        found = getattr(estimands, name)(tables)
        assert found["value"].tolist()[:3] == [1, 0, 0] and found["diverged"].tolist() == [False] * 3 + [True]
    moved.loc[(moved["epoch"] == 0) & (moved["seed"] == 1000), "output_weight"] = -1.0  # v was negative before
    assert estimands.both_signs_changed(dict(tables))["value"].tolist()[:3] == [0, 0, 0]
    assert estimands.flipped_both_ways(dict(tables))["value"].tolist()[:3] == [1, 0, 0]


def test_the_final_weight_of_a_leaky_unit_and_the_loss_at_one():
    units = [unit(-10, 1 / 1.09, init_scale=-10.0, **LEAKY), unit(-1, 1.0, init_scale=-1.0, **LEAKY)]
    units.append(unit(-10, 1, diverged=True, init_scale=-10.0, seed=1001, **LEAKY))
    units.append(unit(-10, 1, **FLAT_SIDE))  # a ReLU has no loss left at 1
    ratios = {1000: pytest.approx(1.09), 1001: "diverged"}
    assert values("loss_at_one_over_final", *units, init_scale=-10) == ratios
    assert values("loss_at_one_over_final", *units, init_scale=-1) == {1000: pytest.approx(1)}
    ends = {1000: pytest.approx(1 / 1.09), 1001: "diverged"}
    assert values("final_weight", *units, init_scale=-10, activation="leaky_relu_0.3") == ends


def test_beyond_a_slope_of_minus_one_the_wrong_side_is_the_better():
    steep = {"grid": "activations", "activation": "leaky_relu_-2"}
    units = [unit(-10, -0.4, init_scale=-10.0, **steep), unit(10, 0.2, init_scale=10.0, **steep)]
    assert values("failed", *units, init_scale=-10) == {1000: 0} and values("failed", *units, init_scale=10) == {
        1000: 1
    }


def test_time_is_interpolated_and_a_thousand_where_a_unit_never_comes_near():
    cell = {"grid": "long", "init_scale": -10.0, **LONG}
    adam = {1000: (-10, -4, 2), 1001: (-10, -9, -8), 1002: (-10, -4, 2)}
    units = [unit(*path, optimizer="adam", seed=seed, **cell) for seed, path in adam.items()]
    units += [unit(-10, -1, -0.5, seed=seed, **cell) for seed in (1000, 1001)]
    units.append(unit(-10, -5, diverged=True, seed=1002, **cell))
    near = {1000: pytest.approx(1.5), 1001: 1000, 1002: "diverged"}  # steps 7500 and 5000
    assert values("time_ratio_adam_to_sgd", *units, distance=1) == near
    past = {1000: 0, 1001: None, 1002: "diverged"}  # SGD never passes
    assert values("time_ratio_adam_to_sgd", *units, distance=0) == past
    with pytest.raises(UserError, match="unequal arms: seed 1002 has a network of one arm alone"):
        estimands.time_ratio_adam_to_sgd(study(*units[:-1]))


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
    units.append(unit(-2, 0, 0, -1, active=0.0, **turning))  # east, north, west: half a circle
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
    assert made["bias.turning.most"] == pytest.approx(180)
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
