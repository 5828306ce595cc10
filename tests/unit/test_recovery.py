"""The study recovery on small tables whose answer is known by hand, and its closed forms."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import estimands, figure_data, figures
from dying_relu.estimands import recovery as estimate
from dying_relu.figure_data.recovery import logrank, survival
from dying_relu.study import REFERENCE

BASE = REFERENCE | {"grid": "treatments", "epochs": 4, "intervention_epoch": 1, "rate_factor": 0.1}


def life(reopened, killed=4, seed=1000, layer=1, ever=None, phase="confirmatory", **more):
    """One layer: ``killed`` units are dead when the treatment begins after epoch 1; open after epochs 2, 3, 4."""
    finite = [value is not None for value in reopened]
    now = [np.nan if value is None else value for value in reopened]
    ever = ever or list(np.maximum.accumulate(now))
    followed = [killed if known else np.nan for known in finite]
    return pd.DataFrame(
        BASE
        | {"phase": phase, "seed": seed, "layer": layer, "n_units": 8}
        | {"epoch": [0.0, 1.0, 2.0, 3.0, 4.0], "step": range(5)}
        | {"n_dead": [0, killed, *np.subtract(followed, now)], "n_closed": [0, killed, *np.subtract(followed, now)]}
        | {"n_followed": [0, 0, *followed], "n_back": [0, 0, *now]}
        | {"n_reopened": [0, 0, *now], "n_ever_reopened": [0, 0, *ever]}
        | more
    )


def network(intervention, seed, accuracy, phase="confirmatory", **more):
    losses = {"test_accuracy": accuracy, "test_loss": 1 - accuracy, "dead_fraction": 0.2, "diverged": False}
    return BASE | losses | {"intervention": intervention, "seed": seed, "phase": phase} | more


def test_share_open_is_of_all_killed_units_and_leaves_out_diverged_networks():
    frame = pd.concat(
        [
            life([1, 2, 1], killed=4),
            life([0, 0, 3], killed=6, layer=2),
            life([1, None, None], seed=1001),
            life([0, 0, 0], seed=1001, layer=2),
            life([0, 0, 0], killed=0, seed=1002),
            life([0, 0, 0], killed=0, seed=1002, layer=2),
        ]
    )
    found = estimate.reopened(frame).set_index("seed")
    assert found.index.tolist() == [1000]
    assert found.loc[1000, ["share", "share_ever"]].tolist() == [pytest.approx(4 / 10), pytest.approx(5 / 10)]
    layers = estimate.reopened(frame, by_layer=True).set_index(["seed", "layer"])["share"]
    assert layers.to_dict() == {(1000, 1): 0.25, (1000, 2): 0.5, (1001, 2): 0.0}


def test_differences_are_paired_at_the_rate_best_for_untreated_networks_on_pilot_seeds():
    networks = pd.DataFrame(
        [
            network("none", 0, 0.5, "pilot", rate_factor=1.0),
            network("none", 0, 0.9, "pilot", rate_factor=0.1),
            network("none", 1000, 0.99, rate_factor=1.0),
            network("none", 1000, 0.6),
            network("renew_dead_silently", 1000, 0.8),
            network("none", 1001, 0.7),
            network("renew_dead_silently", 1001, np.nan, diverged=True),
        ]
    )
    assert estimate.proper_factor(networks) == 0.1
    gains = estimands.ESTIMANDS["accuracy_gain_renewal"]({"networks": networks})
    assert gains["seed"].tolist() == [1000] and gains["value"].tolist() == [pytest.approx(0.2)]
    arms = {"none": [0, 1, 1], "switch_to_leaky": [0, 2, 2], "switch_to_elu": [4, 4, 3]}
    activity = pd.concat(
        [life(opened, intervention=arm) for arm, opened in arms.items()]
        + [life([4, 4, 4], intervention="switch_to_leaky", rate_factor=1.0), life([0, 0, 0], rate_factor=1.0)]
    )
    tables = {"networks": networks, "activity": activity}
    assert estimands.ESTIMANDS["reopened_leaky_less_untreated"](tables)["value"].tolist() == [0.25]
    assert estimands.ESTIMANDS["reopened_elu_less_leaky"](tables)["value"].tolist() == [0.25]


def test_resampling_is_compared_at_each_arms_own_rate_chosen_on_pilot_seeds():
    every, rows = "renew_dead_every_epoch", []
    for rate, plain, fresh in ((0.1, 0.4, 0.5), (0.2, 0.6, 0.3), (0.3, 0.1, 0.1)):
        same = {"grid": "regression", "learning_rate": rate}
        rows += [
            network("none", 0, 1 - plain, "pilot", diverged=rate == 0.3, **same),
            network(every, 0, 1 - fresh, "pilot", diverged=rate == 0.3, **same),
            network("none", 1000, 1 - 10 * plain, **same),
            network(every, 1000, 1 - 10 * fresh, **same),
        ]
    value = estimands.ESTIMANDS["loss_ratio_resampled"]({"networks": pd.DataFrame(rows)})["value"]
    assert value.tolist() == [pytest.approx(3 / 4)]


def test_saturated_units_are_taken_at_the_rate_of_matched_damage():
    def saturated(activation, rate, killed, back, seed, phase, factor):
        same = {"grid": activation, "learning_rate": rate, "rate_factor": factor, "phase": phase}
        return life([0, 0, back], killed=killed, seed=seed, **same)

    frames = [life([0, 0, 0], killed=4, seed=0, phase="pilot")]  # half of eight ReLU units die
    for activation in ("sigmoid", "tanh"):
        for seed, phase in ((0, "pilot"), (1000, "confirmatory")):
            frames += [
                saturated(activation, 1.0, 1, 1, seed, phase, 0.1),
                saturated(activation, 2.0, 5, 2, seed, phase, 0.1),  # closest to a half
                saturated(activation, 2.0, 5, 1 if activation == "tanh" else 4, seed, phase, 0.3),
                saturated(activation, 3.0, 8, 0, seed, phase, 0.1),
            ]
    activity = pd.concat(frames)
    assert estimate.matched_rate(activity, "tanh") == 2.0
    value = estimands.ESTIMANDS["saturated_share_back"]({"activity": activity})["value"]
    assert value.tolist() == [pytest.approx((4 / 5 + 2 / 5) / 2)]


def test_life_table_counts_first_openings_and_censors_at_divergence():
    table = estimate.life_table(pd.concat([life([1, 0, 3], ever=[1, 1, 4]), life([2, None, None], seed=1001)]))
    table = table.sort_values(["seed", "time"])
    assert table["at_risk"].tolist() == [4, 3, 3, 4, 0, 0]
    assert table["events"].tolist() == [1, 0, 3, 2, 0, 0]
    assert table["span"].tolist() == [1] * 6


def test_survival_is_kaplan_meiers_product():
    table = estimate.life_table(pd.concat([life([1, 0, 3], ever=[1, 1, 3]), life([2, None, None], seed=1001)]))
    curve = survival(table)
    assert curve["time"].tolist() == [0, 1, 2, 3]
    assert curve["mean"].to_numpy() == pytest.approx([1, 5 / 8, 5 / 8, 5 / 8 * 1 / 3])
    many = pd.concat([life([k % 3, 2, 3], ever=[k % 3, 2, 3], seed=1000 + k) for k in range(12)])
    curve = survival(estimate.life_table(many))
    assert (curve["ci_low"] <= curve["mean"]).all() and (curve["mean"] <= curve["ci_high"]).all()
    assert curve["ci_low"].iloc[1] < curve["mean"].iloc[1] < curve["ci_high"].iloc[1]
    assert curve[["ci_low", "ci_high"]].iloc[-1].tolist() == pytest.approx([0.25, 0.25])


def test_logrank_permutes_within_seeds():
    fast, slow = (
        estimate.life_table(pd.concat([life(opened, seed=1000 + k) for k in range(8)]))
        for opened in ([4, 4, 4], [0, 0, 0])
    )
    statistic, p = logrank(fast, slow)
    assert statistic == pytest.approx(8 * 4 / 2)  # 32 openings at once, of which the half was expected
    assert p == pytest.approx(2 / 2**8)  # all signs alike, either way
    statistic, p = logrank(fast, fast)
    assert statistic == 0 and p == 1
    assert np.isnan(logrank(fast, slow[slow["seed"] == 1000])[1])


@pytest.mark.parametrize("activation", ["elu", "tanh", "sigmoid", "gelu", "leaky_relu_0.01"])
def test_derivative_is_that_of_the_function(activation):
    from scipy.stats import norm

    functions = {
        "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
        "tanh": np.tanh,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "gelu": lambda z: z * norm.cdf(z),
        "leaky_relu_0.01": lambda z: np.where(z > 0, z, 0.01 * z),
    }
    z = np.array([-4.0, -2.5, -1.0, -0.3, 0.4, 2.0])
    expected = (functions[activation](z + 1e-5) - functions[activation](z - 1e-5)) / 2e-5
    assert estimate.derivative(activation, z) == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_derivatives_vanish_where_single_precision_ends():
    spacing = 2.0**-24  # of numbers just below one: h rounds to its limit when closer to it than half of that
    assert estimate.frozen_depth("elu") == pytest.approx(-np.log(spacing / 2), abs=0.1)
    assert estimate.frozen_depth("tanh") == pytest.approx(-np.log(spacing / 4) / 2, abs=0.1)
    assert estimate.frozen_depth("sigmoid") == pytest.approx(-np.log(np.finfo(np.float32).tiny), abs=0.1)
    assert estimate.frozen_depth("gelu") == pytest.approx(np.sqrt(-2 * np.log(np.finfo(np.float32).tiny)), abs=0.2)
    assert estimate.frozen_depth("relu") == 0 and np.isinf(estimate.frozen_depth("leaky_relu_0.01"))


def test_figures_can_be_drawn(tmp_path):
    arms = ("none", "switch_to_leaky", "add_batch_norm")
    activity = [life([k, k, k], intervention=arm, seed=1000 + s) for k, arm in enumerate(arms) for s in range(3)]
    activity += [life([0, 0, 1], grid="sunk", activation="elu", bias=bias) for bias in (-3.0, -50.0)]
    units = [
        BASE | {"grid": "sunk", "phase": "confirmatory", "activation": "elu", "seed": 1000}
        | {"bias": bias, "n_units": 8, "movement_mean": 0.1 * (bias > -10)}
        for bias in (-3.0, -50.0)
    ]  # fmt: skip
    networks = [
        network(arm, 1000 + s, 0.5 + 0.1 * s, grid=grid)
        for arm in ("none", "switch_to_leaky", "renew_dead_every_epoch")
        for s in range(3)
        for grid in ("treatments", "healthy", "regression", "classes")
    ]
    networks += [network("switch_to_adam", 1000, 0.9, grid="adam", rate_factor=0.01)]
    tables = {"activity": pd.concat(activity), "networks": pd.DataFrame(networks), "units": pd.DataFrame(units)}
    tables["networks"] = pd.concat([tables["networks"], pd.DataFrame([network("none", 0, 0.5, "pilot")])])
    for kind in ("recovery_survival", "recovery_accuracy", "recovery_rates", "recovery_depth"):
        table = figure_data.KINDS[kind](tables)
        assert len(table)
        figures.draw(kind, table, [str(tmp_path / f"{kind}.png")])
    won = figure_data.KINDS["recovery_accuracy"](tables).set_index(["state", "intervention"])["mean"]
    assert won["killed", "switch_to_leaky"] == 0 and won["killed", "switch_to_adam"] == pytest.approx(0.4)
