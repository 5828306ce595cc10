"""The study initialisation: theory held to enumeration and sampling, estimands to tables solved by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, theory
from dying_relu.estimands import initialisation
from dying_relu.figure_data.initialisation import networks_born_dead
from dying_relu.study import REFERENCE

BASE = REFERENCE | {"grid": "schemes", "depth": 5, "optimizer": "sgd"}


@pytest.mark.parametrize("width", [1, 2, 3])
def test_two_layers_are_born_dead_as_often_as_counting_signs_says(width):
    """Each unit of layer 1 is open on one ray; with disjoint units, each of layer 2 has independent signs on both."""
    dead = 0.0
    for signs in product([0, 1], repeat=width):
        reached = len(set(signs))  # on how many rays some unit is open
        dead += 0.5**width * 0.25**width if reached == 2 else 0.5**width * 0.5**width
    low, high = theory.born_dead_bounds(width, 2)
    assert low == pytest.approx(dead)
    assert low <= high <= theory.silent_ray_probability(width, 2)


def test_bounds_meet_for_width_one():
    depth = np.arange(1, 8)
    low, high = theory.born_dead_bounds(1, depth)
    assert low == pytest.approx(1 - 0.5 ** (depth - 1.0)) and high == pytest.approx(low)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_sampled_networks_lie_between_the_bounds_and_hold_the_exact_second_layer(width):
    n, depth = 20_000, 8
    dead = theory.sample_born_dead(width, depth, n, seed=7)
    by_depth = np.maximum.accumulate(dead == width, axis=1).mean(axis=0)
    low, high = theory.born_dead_bounds(width, np.arange(1, depth + 1))
    error = 4 * np.sqrt(np.maximum(by_depth * (1 - by_depth), 1 / n) / n)
    assert (by_depth >= low - error).all() and (by_depth <= high + error).all()
    assert by_depth[1] == pytest.approx(low[1], abs=error[1])
    assert (dead[:, 0] == 0).all()
    assert dead[:, 1].mean() / width == pytest.approx(theory.second_layer_unit_born_dead(width), abs=0.01)


def test_asymmetric_sampling_draws_one_entry_from_beta():
    draw = np.random.default_rng(0)
    rows = theory._asymmetric_layer(draw, np.zeros((40_000, 1, 1)), 1)  # input 0: the pre-activation is the bias
    normal = draw.normal(0, 0.6007, 40_000)
    expected = (2 / 3 + normal.mean()) / 2  # of the two entries the bias is the chosen one half of the time
    assert rows.mean() == pytest.approx(expected, abs=0.02)
    assert (rows < 0).mean() == pytest.approx(0.25, abs=0.01)


def scheme(name, seed, ratio, accuracy, rate=0.1):
    phase = "pilot" if seed < 1000 else "confirmatory"
    one = BASE | {"phase": phase, "initializer": name, "seed": seed, "learning_rate": rate}
    network = one | {"diverged": accuracy is None, "test_accuracy": np.nan if accuracy is None else accuracy}
    first, last = (one | {"step": 0, "layer": k, "mean_output": out} for k, out in ((1, 2.0), (5, 2.0 * ratio)))
    return network, [first, last]


def test_choked_share_needs_all_four_conditions_of_the_schemes_chosen_on_pilot_seeds():
    rows = [
        *(scheme("normal_0.01", seed, 1e-5, 0.1) for seed in (0, 1000, 1001, 1002)),
        *(scheme("normal_0.01", seed, 1e-5, 0.1) for seed in (1003,)),
        scheme("he_normal", 0, 1.1, 0.9),
        scheme("he_normal", 1000, 0.9, 0.95),
        scheme("he_normal", 1001, 0.2, 0.95),  # fades
        scheme("he_normal", 1002, 0.9, 0.5),  # does not train
        scheme("he_normal", 1003, 0.9, None),  # diverged: says nothing
        scheme("lecun_normal", 0, 0.2, 0.99),
        scheme("zeros", 0, np.nan, 0.1),
    ]
    tables = {"networks": pd.DataFrame([r[0] for r in rows]), "layers": pd.DataFrame([x for r in rows for x in r[1]])}
    values = initialisation.choked_share_by_initialisation(tables)
    assert values.set_index("seed")["value"].to_dict() == {1000: 1.0, 1001: 0.0, 1002: 0.0}


def test_a_scheme_that_diverges_at_every_rate_has_no_best_one():
    rows = [scheme("normal_1", 0, 1e3, None), scheme("he_normal", 0, 1, 0.8), scheme("he_normal", 0, 1, 0.9, rate=0.3)]
    assert initialisation.best_rates(pd.DataFrame([r[0] for r in rows])).to_dict() == {"he_normal": 0.3}


def lives(seed, dead_by_moment, loss):
    """A net of two layers of two units: dead units of each layer at the start and at the end."""
    one = REFERENCE | {"grid": "collapse", "phase": "confirmatory", "initializer": "rai", "seed": seed, "epochs": 5}
    rows = [
        one | {"step": 5 * place, "epoch": 5 * place, "layer": layer, "n_units": 2, "n_dead": dead}
        for place, both in enumerate(dead_by_moment)
        for layer, dead in enumerate(both, start=1)
    ]
    return one | {"train_loss": loss, "diverged": loss is None}, rows


def test_fates_tell_born_dead_from_killed_from_constant():
    cases = {
        1: (((0, 2), (0, 2)), 0.25, "born dead"),
        2: (((0, 1), (2, 1)), 0.25, "killed"),
        3: (((0, 1), (0, 1)), 0.24, "constant"),
        4: (((1, 1), (0, 0)), 0.01, "learned"),
        5: (((1, 1), (0, 0)), 0.12, None),
        6: (((1, 1), (None, None)), None, None),  # diverged
    }
    made = [lives(seed, dead, loss) for seed, (dead, loss, _) in cases.items()]
    activity = pd.DataFrame([row for _, rows in made for row in rows]).astype({"n_dead": "Int32"})
    found = initialisation.fates(activity, pd.DataFrame([network for network, _ in made])).set_index("seed")
    names = ["born dead", "killed", "constant", "learned"]
    for seed, (_, _, fate) in cases.items():
        assert found.loc[seed, names].to_dict() == {name: float(name == fate) for name in names}
    assert found["revived"].sum() == 0


def test_a_network_is_dead_from_the_depth_of_its_first_silent_layer_on():
    rows = pd.DataFrame(
        {"initializer": "rai", "width": 2, "seed": [1] * 3 + [2] * 3, "layer": [1, 2, 3] * 2, "n_units": 2}
        | {"n_dead": [0, 2, 1, 0, 0, 2]}
    )
    assert networks_born_dead(rows).set_index("depth")["mean"].tolist() == [0, 0.5, 1]


def test_figures_can_be_drawn(tmp_path):
    layers = [
        BASE | {"phase": phase, "seed": seed, "initializer": name, "learning_rate": 0.1, "epochs": 8}
        | {"epoch": epoch, "layer": layer, "mean_output": 1.0, "gradient_norm": 0.1, "step": epoch}
        for phase, seed in (("pilot", 0), ("confirmatory", 1000))
        for name in ("he_normal", "normal_1")
        for epoch in (0, 1, 8)
        for layer in (1, 2)
    ]  # fmt: skip
    networks = pd.DataFrame(layers).drop_duplicates(["phase", "initializer"])
    networks = networks.assign(test_accuracy=0.9, diverged=networks["initializer"] == "normal_1")
    table = figure_data.KINDS["layers_by_scheme"]({"networks": networks, "layers": pd.DataFrame(layers)})
    assert set(table["initializer"]) == {"he_normal", "normal_1"}
    figures.draw("layers_by_scheme", table, [str(tmp_path / "layers.png")])
    made = [lives(seed, ((0, 1), (2, 1)), 0.25) for seed in (1, 2)]
    networks = pd.DataFrame([network for network, _ in made])
    activity = pd.DataFrame([row for _, rows in made for row in rows]).astype({"n_dead": "Int32"})
    table = figure_data.KINDS["collapse_by_rate"]({"networks": networks, "activity": activity})
    assert table.set_index("fate")["mean"].to_dict() == {"born dead": 0, "killed": 1, "constant": 0, "learned": 0}
    figures.draw("collapse_by_rate", table, [str(tmp_path / "collapse.png")])
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("layers.png", "collapse.png"))
