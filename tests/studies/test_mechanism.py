"""The study mechanism: its estimands on small tables computed by hand, its theory against simulated wide networks."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell, networks
from dying_relu.studies.mechanism import estimands, tables, theory

RATES = {0.1: 0.9, 0.5: 0.8, 1.0: 0.2}  # by rate the accuracy: 0.1 is proper, 0.5 the killing rate


def nets(**more):
    rows = [
        {"seed": seed, "epochs": 8, "learning_rate": rate, "dead_fraction": 0.1, "test_accuracy": accuracy, **more}
        for seed in (0, 1000)
        for rate, accuracy in RATES.items()
    ]
    return networks(*rows)


def causes(*rows):
    """Rows of the table of causes: (layer, event, credit of inputs, weights, bias)."""
    made = []
    for layer, event, *credit in rows:
        row = BASE | {
            "epochs": 8,
            "learning_rate": 0.5,
            "step": 1,
            "layer": layer,
            "event": event,
            "n_clear": sum(credit),
        }
        row |= {f"credit_{part}": share for part, share in zip(("inputs", "weights", "bias"), credit, strict=True)}
        made.append(row | {"moved_by_inputs": 3.0 * (layer > 1), "moved_by_own": 2.0, "moved": 4.0})
    return pd.DataFrame(made).astype({"bias": float})


def test_credit_is_of_the_layers_behind_the_first():
    table = causes((1, "death", 0, 9, 1), (2, "death", 1, 2, 1), (3, "death", 5, 1, 0), (3, "revival", 7, 0, 0))
    given = {"causes": table, "networks": nets()}
    found = estimands.deaths_by_inputs(given)
    assert in_cell(found, layer=0, killing=True) == {1000: pytest.approx(0.6)}
    assert in_cell(found, layer=2) == {1000: pytest.approx(0.25)} and set(found["layer"]) == {0, 2, 3}
    assert in_cell(estimands.deaths_by_bias(given), layer=0) == {1000: pytest.approx(0.1)}
    assert in_cell(estimands.revivals_by_inputs(given), layer=0) == {1000: 1.0}


def test_a_network_that_diverges_or_in_which_nothing_happens_is_told_apart():
    table = causes((2, "death", 0, 0, 0), (2, "death", np.nan, np.nan, np.nan))
    table["seed"] = [1000, 1001]
    given = {"causes": table, "networks": nets()}
    found = estimands.deaths_by_inputs(given)
    found = found[found["layer"] == 0].set_index("seed")
    assert found["value"].isna().all() and found["diverged"].to_dict() == {1000: False, 1001: True}


def test_a_network_that_diverges_after_its_last_event_says_nothing():
    gone = networks({"seed": 1001, "epochs": 8, "learning_rate": 0.5})
    table = pd.concat([causes((2, "death", 1, 1, 0)), causes((2, "death", 1, 1, 0)).assign(seed=1001)])
    found = estimands.deaths_by_inputs({"causes": table, "networks": pd.concat([nets(), gone], ignore_index=True)})
    assert found[found["layer"] == 0].set_index("seed")["diverged"].to_dict() == {1000: False, 1001: True}


def activity(dead, ever, **more):
    """A row a moment (epochs 0, 1, 8) of the third layer of 10 units, none born dead."""
    moments = [{"epoch": epoch, "step": 30 * epoch, "n_dead": d, "n_ever_dead": e} for epoch, d, e in
               zip((0, 1, 8), dead, ever, strict=True)]  # fmt: skip
    common = BASE | {"learning_rate": 0.5, "epochs": 8, "layer": 3, "n_units": 10, "n_born_dead": dead[0]} | more
    return pd.DataFrame([common | moment for moment in moments]).astype({"bias": float})


def test_what_training_kills_with_free_and_with_frozen_layers_before():
    table = pd.concat([activity((1, 4, 6), (1, 4, 7)), activity((1, 2, 3), (1, 2, 3), frozen=2)], ignore_index=True)
    found = estimands.dead_free_less_frozen({"activity": table, "networks": nets()})
    assert in_cell(found, killing=True) == {1000: pytest.approx(0.5 - 0.2)}


def test_first_deaths_are_counted_once_and_without_the_born_dead():
    found = estimands.first_deaths_in_first_epoch({"activity": activity((2, 5, 1), (2, 6, 10)), "networks": nets()})
    assert in_cell(found, layer=0) == {1000: pytest.approx(4 / 8)}


def test_warm_up_is_compared_at_the_rate_it_ends_at():
    plain = nets()
    warm = nets(intervention_epoch=1, rate_factor=10.0).assign(dead_fraction=0.4)
    warm["learning_rate"] = warm["learning_rate"] / 10
    found = estimands.dead_without_less_with_warm_up({"networks": pd.concat([plain, warm], ignore_index=True)})
    assert in_cell(found, killing=True) == {1000: pytest.approx(-0.3)}
    assert set(found["intervention_epoch"]) == {1} and set(found["learning_rate"]) == set(RATES)


def test_movement_is_held_to_theory_layer_by_layer():
    found = estimands.movement_over_theory({"causes": causes((1, "death", 0, 1, 0), (2, "death", 1, 1, 1))})
    expected = 1.5 / estimands.predicted_ratio("digits", BASE["scaling"], BASE["width"], 2)
    assert in_cell(found) == {1000: pytest.approx(expected)}


def test_hazards_take_single_steps_and_what_was_at_risk():
    moments = [(0, 0, 0, 0), (1, 2, 2, 0), (2, 1, 0, 1), (8, 5, 4, 0), (9, np.nan, np.nan, np.nan)]
    rows = [
        BASE | {"layer": 1, "n_units": 10, "step": s, "n_dead": d, "n_died": died, "n_revived": back}
        for s, d, died, back in moments
    ]
    found = tables.single_steps(pd.DataFrame(rows)).set_index("step")
    assert list(found.index) == [1, 2, 9]
    assert found.loc[1, ["death", "risk_of_death", "revival", "risk_of_revival"]].tolist() == [2, 10, 0, 0]
    assert found.loc[2, ["death", "risk_of_death", "revival", "risk_of_revival"]].tolist() == [0, 8, 1, 2]
    assert found["divergence"].tolist() == [0, 0, 1] and found["risk_of_divergence"].tolist() == [1, 1, 1]
    assert np.isnan(found.loc[9, "risk_of_death"])


@pytest.mark.parametrize(("layer", "ratio"), [(2, 3), (3, 14), (4, 37)])
def test_for_equal_inputs_the_ratio_is_the_closed_form(layer, ratio):
    """Long inputs, all alike: own movement to that of the m layers before is 1 to m^2 + m (m + 1) (2 m + 1) / 3."""
    m = layer - 1
    assert ratio == m**2 + m * (m + 1) * (2 * m + 1) / 3
    x = np.full((50, 4), 1e3)
    assert theory.movement_ratio(x, layer, 4) == pytest.approx(ratio, rel=1e-4)
    assert theory.movement_ratio(x, 1, 4) == 0


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_the_ratio_is_that_of_simulated_wide_networks(mean):
    """One step on one sample, errors drawn at random at the layer's pre-activations, in plain numpy."""
    draw = np.random.default_rng(3)
    x = draw.normal(mean, 1, (40, 30))
    n, depth = 400, 3
    own, inputs = [], []
    for _ in range(12):
        weights = [draw.normal(0, np.sqrt(2 / k), (k, n)) for k in (30, n, n)]
        for a, b in (draw.choice(40, 2, False) for _ in range(12)):
            here, there = _forward(weights, x[a]), _forward(weights, x[b])
            back = error = draw.normal(size=n)  # dLoss/dz of the last layer on sample a
            own.append(((here[0][-1] @ there[0][-1] + 1) ** 2) * (error**2).mean())
            moved = np.zeros(n)
            for place in range(depth - 1, 0, -1):
                back = (weights[place] @ back) * (here[1][place - 1] > 0)
                change = back * (here[0][place - 1] @ there[0][place - 1] + 1)
                for later in range(place, depth):
                    change = (change * (there[1][later - 1] > 0)) @ weights[later]
                moved += change
            inputs.append((moved**2).mean())
    assert np.mean(inputs) / np.mean(own) == pytest.approx(theory.movement_ratio(x, depth, n), rel=0.25)


@pytest.mark.parametrize("cosine", [0.0, 0.5, 0.9])
def test_products_of_masked_wishart_matrices_have_the_length_of_the_recursion(cosine):
    """G of two layers between, of one wide network at two inputs, in plain numpy."""
    draw, n, found = np.random.default_rng(5), 400, []
    one = np.zeros(n)
    other = np.zeros(n)
    one[0], other[0], other[1] = np.sqrt(n), cosine * np.sqrt(n), np.sqrt((1 - cosine**2) * n)
    for _ in range(8):
        weights = [draw.normal(0, np.sqrt(2 / n), (n, n)) for _ in range(3)]
        z = [_forward(weights, x)[1] for x in (one, other)]
        g = np.eye(n)
        for layer, w in enumerate(weights[1:]):
            g = w.T @ ((z[0][layer] > 0)[:, None] * g * (z[1][layer] > 0)) @ w
        found.append((g**2).sum() / n)
    opened = theory.kernels(np.array([cosine * n]), np.array([float(n)]), 3)[1]
    assert np.mean(found) == pytest.approx(theory.squared_length(opened)[0], rel=0.1)


def _forward(weights, x):
    """The inputs of each layer, and the pre-activations of each."""
    h, z = [x], []
    for w in weights:
        z.append(h[-1] @ w)
        h.append(np.maximum(z[-1], 0))
    return h[:-1], z
