"""The study closed on small tables whose answers are computed by hand, and its theory by numerical integration."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from by_hand import BASE, in_cell
from by_hand import networks as table
from dying_relu.analysis.activations import slope
from dying_relu.studies.closed import CONTENTS, estimands, figures, tables, text, theory

SOME = ("leaky_relu_0.01", "leaky_relu_0.3", "elu", "sigmoid", "tanh")


@pytest.mark.parametrize("activation", [*SOME, "selu", "softplus", "silu"])
@pytest.mark.parametrize("depth", [0.3, 0.5, 1.0])
def test_the_time_of_travel_is_that_of_a_unit_followed_step_by_step(activation, depth):
    """dz/dt = phi'(z) from -d, by SciPy's solver: it is at zero after the derived time."""
    time = theory.travel_time(activation, depth)
    path = integrate.solve_ivp(
        lambda _, z: slope(activation, np.minimum(z, -1e-12)), (0, time), [-depth], rtol=1e-10, atol=1e-10
    )
    assert path.y[0, -1] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_both_sides_of_an_even_derivative_take_as_long(activation):
    time = theory.travel_time(activation, 2.0)
    path = integrate.solve_ivp(lambda _, z: -slope(activation, z), (0, time), [2.0], rtol=1e-10, atol=1e-10)
    assert path.y[0, -1] == pytest.approx(0, abs=1e-6)


def test_a_gelu_unit_beyond_the_turn_is_driven_deeper_and_never_comes_up():
    turn = theory.turning_point("gelu")
    assert turn == pytest.approx(0.7518, abs=1e-4) and theory.turning_point("elu") == np.inf
    assert theory.travel_time("gelu", 0.9 * turn) < np.inf == theory.travel_time("gelu", turn)
    for drive in (1, -1):
        path = integrate.solve_ivp(lambda _, z, v=drive: v * slope("gelu", z), (0, 1000), [-2.0], rtol=1e-8)
        assert (path.y[0] < -turn).all() and (path.y[0, -1] < -2) == (drive > 0)


def test_relu_never_travels_and_what_has_no_formula_is_missing():
    assert theory.travel_time("relu", 0.1) == np.inf and theory.travel_time("relu", 0.0) == 0
    assert np.isnan(theory.travel_time("k_winners_0.5", 1.0))


@given(st.floats(0.2, 3), st.floats(0.01, 100))
def test_the_exponent_of_a_power_is_its_exponent(power, scale):
    travels = np.array([1.0, 3.0, 20.0, np.inf])
    assert theory.exponent(scale * travels**power, travels) == pytest.approx(power)


def test_no_exponent_from_two_depths_or_from_times_never_seen():
    assert np.isnan(theory.exponent(np.array([1.0, 2.0, np.inf]), np.array([1.0, 2.0, 3.0])))
    assert np.isnan(theory.exponent(np.array([]), np.array([])))


def life(back, started=8, seed=1000, **more):
    """A network's layer over steps 0, 1, 2, 4, 8, ...: of the units that started one-sided so many have been back.

    None: it diverged.
    """
    steps = [0, *(2**k for k in range(len(back) - 1))]
    counts = {"n_ever_crossed": back, "n_born_one_sided": [None if n is None else started for n in back]}
    place = {"seed": seed, "layer": 1, "n_units": 8, "step": steps, "epoch": [n / steps[-1] for n in steps]}
    made = pd.DataFrame(BASE | {"grid": "elu", "activation": "elu", "depth": 1, "epochs": 1} | place | counts | more)
    made["phase"] = "pilot" if seed < 1000 else "confirmatory"
    return made.astype({**dict.fromkeys(counts, "Int32"), "bias": float})


ACTIVITY = pd.concat(
    [
        life([0, 2, 8, 8, 8], bias=-1.0),  # a quarter after 1 step
        life([0, 0, 2, 8, 8], bias=-2.0),  # 2
        life([0, 0, 0, 4, 8], bias=-3.0),  # between 2 and 4, half way on the scale of logarithms
        life([0, 0, 0, 0, 1], bias=-4.0),  # never
        life([0, 1, 1, 1, 1], started=1, bias=-1.0, bias_share=0.125),
        life([0, 0, 0, 1, 1], started=1, bias=-2.0, bias_share=0.125),
        life([0, 0, 0, 0, 0], started=1, bias=-4.0, bias_share=0.125),
        life([0, 0, None, None, None], bias=-1.0, seed=1001),
        life([0, 0, 8, 8, 8], bias=-2.0, seed=1001),
        life([0, 0, 8, 8, 8], bias=-3.0, seed=1001),
        life([0, 0, 0, 4, 4], bias=-2.0, activation="gelu", grid="gelu"),
        life([0, 0, 0, 0, 0], bias=-2.0, activation="relu", grid="control_relu"),
        *(life([0, 8, 8, 8, 8], bias=bias, seed=0) for bias in (-1.0, -2.0, -3.0)),
        life([0, 0, 0, 0, 0], bias=-4.0, seed=0),  # so that no exponent is fitted over this depth
        life([0, 0, 8, 8, 8], bias=-1.0, seed=1002),
        life([0, 0, 8, 8, 8], bias=-2.0, seed=1002),
        life([0, 0, 0, 0, 1], bias=-3.0, seed=1002),
    ]
)
NETWORKS = table({"activation": "elu", "bias": -1.0, "depth": 1, "epochs": 1, "dead_fraction": 0.0})
TABLES = {"networks": NETWORKS, "activity": ACTIVITY}


def test_times_by_hand():
    found = estimands.times(TABLES)
    assert set(found["activation"]) == {"elu", "gelu"}, "controls have no time"
    values = {z: in_cell(found, bias=z, activation="elu", bias_share=1.0)[1000] for z in (-1.0, -2.0, -3.0, -4.0)}
    assert values == pytest.approx({-1.0: 1, -2.0: 2, -3.0: np.sqrt(8), -4.0: np.inf})
    assert found[found["diverged"]][["seed", "bias"]].to_numpy().tolist() == [[1001, -1]]


def test_the_exponent_is_fitted_over_the_depths_from_which_pilot_networks_came_back():
    found = estimands.time_exponent(TABLES)
    travels = np.expm1([1.0, 2.0, 3.0])
    expected = np.polyfit(np.log(travels), np.log([1, 2, np.sqrt(8)]), 1)[0]
    here = found[(found["activation"] == "elu") & (found["bias_share"] == 1) & (found["side"] == "below")]
    here = here[here["phase"] == "confirmatory"].set_index("seed")
    assert here["value"][1000] == pytest.approx(expected)
    assert here["value"][1002] == np.inf, "not back from one of these depths: slower than any law"
    assert here["diverged"].to_dict() == {1000: False, 1001: True, 1002: False}
    assert "gelu" not in set(found["activation"]), "no pilot network, or no derived time"


def test_siblings_keep_shut_by_the_difference_of_shares():
    activity = ACTIVITY[(ACTIVITY["seed"] == 1000) & (ACTIVITY["bias"] != -3) & (ACTIVITY["activation"] == "elu")]
    found = estimands.share_back_few_less_all({"activity": activity})
    assert in_cell(found, bias=-1.0) == {1000: 0} and in_cell(found, bias=-4.0) == {1000: -1 / 8}


def test_gelu_beside_elu():
    activity = ACTIVITY[(ACTIVITY["seed"] == 1000) & (ACTIVITY["bias"] == -2) & (ACTIVITY["bias_share"] == 1)]
    found = estimands.share_back_gelu_less_elu({"activity": activity})
    assert in_cell(found, bias=-2.0) == {1000: 4 / 8 - 1}


def test_section_and_figure_from_hand_made_tables(tmp_path):
    made = text.numbers(TABLES)
    assert set(made) == set(CONTENTS.numbers)
    assert made["control.units"] == 8 and made["control.back"] == 0
    assert made["gelu.back"] == 0.5
    assert set(text.tables(TABLES)) == set(CONTENTS.tables)
    assert text.tables(TABLES)["times"].latex()
    frame = tables.closed_times(TABLES)
    from dying_relu.analysis.drawing import draw

    draw(figures.closed_times, frame, [str(tmp_path / "closed.png")])
    assert (tmp_path / "closed.png").exists()
