"""The study targets on small tables whose answers are computed by hand, and its closed forms held to simulations."""

import math

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell, networks
from dying_relu.engine import datasets
from dying_relu.report import numbers
from dying_relu.studies.targets import CONTENTS, estimands, tables, text, theory

REGRESSION = {"grid": "sgd", "dataset": "friedman"}


def rows(*found):
    """Regressions: optimiser, size of the targets, rate, seed, dead fraction."""
    names = ("optimizer", "target_scale", "learning_rate", "seed", "dead_fraction")
    return networks(*(dict(zip(names, row, strict=True)) for row in found), **REGRESSION)


def test_scaled_targets_are_compared_with_those_of_size_one_at_the_same_rate():
    frame = rows(
        *(
            ("sgd", scale, 0.1, seed, dead)
            for seed in (0, 1000)
            for scale, dead in ((0.01, 0.5), (1.0, 0.2), (10.0, 0.1))
        ),
        ("sgd", 0.01, 0.1, 1001, 0.25),
        ("sgd", 1.0, 0.1, 1001, np.nan),
        ("sgd", 10.0, 0.1, 1001, 0.25),
    )
    found = estimands.dead_with_scaled_targets({"networks": frame})
    small = in_cell(found, target_scale=0.01)
    assert small[1000] == pytest.approx(0.3) and np.isnan(small[1001])
    assert found[found["seed"] == 1001]["diverged"].all() and 1.0 not in set(found["target_scale"])
    assert in_cell(found, target_scale=10.0)[1000] == pytest.approx(-0.1)


def test_momentum_is_compared_at_the_same_rate_and_at_the_same_effective_rate():
    frame = rows(
        ("sgd", 1.0, 0.05, 1000, 0.1),
        ("sgd", 1.0, 0.5, 1000, 0.6),
        ("momentum", 1.0, 0.05, 1000, 0.4),
        ("nesterov", 1.0, 0.05, 1000, 0.9),
        ("momentum_0.99", 1.0, 0.005, 1000, 0.7),
    )
    found = estimands.dead_with_momentum({"networks": frame})
    assert in_cell(found, rate="as it is") == {1000: pytest.approx(0.3)}
    assert in_cell(found, optimizer="momentum", rate="divided by 1 - momentum") == {1000: pytest.approx(-0.2)}
    assert in_cell(found, optimizer="momentum_0.99") == {1000: pytest.approx(0.1)}  # at 0.005 / 0.01 = 0.5


def test_the_momentum_of_optimisers():
    assert [estimands.momentum(name) for name in ("sgd", "momentum_0.5", "momentum")] == [0, 0.5, 0.9]
    assert all(math.isnan(estimands.momentum(name)) for name in ("nesterov", "adam", "sgd_clip_norm"))


def decayed(**levels):
    return {"grid": "decay_x", "scaling": "unit", "optimizer": "adam", "test_accuracy": 0.95} | levels


DECAY = networks(
    decayed(dead_fraction=0.1),
    decayed(weight_decay=0.1, dead_fraction=0.4, test_accuracy=0.1),
    decayed(weight_decay=0.001, dead_fraction=0.15),
    decayed(decoupled_decay=2.0, dead_fraction=0.05),
    decayed(optimizer="sgd", dead_fraction=0.0),
    decayed(optimizer="sgd", weight_decay=0.1, dead_fraction=0.2),
)


def test_decay_is_compared_with_none():
    found = estimands.dead_with_decay({"networks": DECAY})
    adam = found[found["optimizer"] == "adam"]
    assert in_cell(adam, weight_decay=0.1) == {1000: pytest.approx(0.3)}
    assert in_cell(adam, decoupled_decay=2.0) == {1000: pytest.approx(-0.05)}
    assert in_cell(found, optimizer="sgd") == {1000: pytest.approx(0.2)}


OPENING = BASE | {"grid": "opening_coupled", "dataset": "friedman", "scaling": "raw", "init_scale": -1.0, "bias": 1.0}
OPENING |= {"learning_rate": 0.02, "weight_decay": 0.2, "layer": 1, "n_units": 4}
STEPS = [0, 50, 100, 200, 400, 1000]


def opening(first, **levels):
    """A network of which all units open at one of `STEPS`, or at none; from divergence on counts are missing."""
    closed = [pd.NA if first is None else 4 if step < first else 0 for step in STEPS]
    return pd.DataFrame(OPENING | {"step": STEPS, "n_closed": closed} | levels).astype({"n_closed": "Int32"})


def openings(*frames):
    return {"activity": pd.concat(frames, ignore_index=True)}


def test_the_measured_step_is_held_to_that_of_the_closed_form():
    x = datasets.load("friedman").x[datasets.split("friedman", "targets", 1000).train]
    step = math.ceil(math.log(1 / x.sum(axis=1).min()) / math.log(1 - 2 * 0.02 * 0.2))
    found = estimands.opening_step_over_predicted(
        openings(
            opening(100),
            opening(1e9, seed=1001),
            opening(None, seed=1002),
            opening(1e9, bias=-1.0),  # never should, never did
            opening(100, bias=0.0),  # never should, and did
            opening(100, weight_decay=0.0, decoupled_decay=0.4),
            opening(100, optimizer="rmsprop"),  # no closed form
        )
    )
    named = in_cell(found, weight_decay=0.2, bias=1.0, optimizer="sgd")
    assert named[1000] == pytest.approx(100 / step) and named[1001] == np.inf and np.isnan(named[1002])
    assert found[found["seed"] == 1002]["diverged"].all()
    assert np.isnan(in_cell(found, bias=-1.0)[1000]) and in_cell(found, bias=0.0) == {1000: 0}
    assert in_cell(found, decoupled_decay=0.4) == {1000: 0}  # the biases shrink as well
    assert np.isnan(in_cell(found, optimizer="rmsprop")[1000])


def test_the_strongest_penalty_is_compared_with_the_weakest():
    pairs = openings(opening(400, weight_decay=0.02), opening(100), opening(200, weight_decay=0.06))
    assert in_cell(estimands.opening_step_strong_over_weak(pairs)) == {1000: pytest.approx(0.25)}


def test_the_table_of_opening_times_has_measured_and_expected_steps():
    made = tables.opening_times(openings(opening(100), opening(1e9, seed=1001, weight_decay=0.02)))
    by_strength = made.set_index("strength")
    assert by_strength.loc[0.2, "mean"] == 100 and by_strength.loc[0.2, "predicted"] == pytest.approx(68, abs=1)
    assert np.isnan(by_strength.loc[0.02, "mean"]) and set(made["rule"]) == {"coupled, sgd"}


# ---- closed forms ----


def test_the_opening_step_is_that_of_a_loop():
    x = np.random.default_rng(1).random((200, 10))
    w, bias, steps = -np.ones(10), 1.0, 0
    lowest = -(x @ w).max()
    while (x @ w + bias).max() <= 0:
        w, steps = w - 0.02 * 2 * 0.2 * w, steps + 1  # the loss gives a closed unit no gradient
    assert theory.opening_step(theory.shrunk_sgd(0.02, 0.2, 1000), lowest, bias) == steps
    assert theory.opening_step(theory.shrunk_decoupled(0.02, 0.4, 1000), lowest, bias) == steps
    assert theory.opening_step(theory.shrunk_sgd(0.02, 0.2, steps - 1), lowest, bias) == math.inf
    for never in (0.0, -0.5):
        assert theory.opening_step(theory.shrunk_sgd(0.02, 0.2, 5000), lowest, never) == math.inf


def test_with_adam_the_strength_cancels_out():
    weak, strong = (theory.shrunk_adam(0.002, strength, 400) for strength in (0.02, 0.2))
    np.testing.assert_allclose(weak, strong, rtol=1e-3)
    assert weak[1] == pytest.approx(1 - 0.002, abs=1e-6) and (np.diff(weak) >= -0.0021).all()


@pytest.mark.parametrize(
    "optimizer, decay, expected",
    [
        ("sgd", {"weight_decay": 0.2}, lambda n: theory.shrunk_sgd(0.02, 0.2, n)),
        ("adam", {"weight_decay": 0.2}, lambda n: theory.shrunk_adam(0.02, 0.2, n)),
        ("adam", {"decoupled_decay": 0.4}, lambda n: theory.shrunk_decoupled(0.02, 0.4, n)),
    ],
)
def test_the_kernel_of_a_closed_unit_shrinks_as_promised(engine, optimizer, decay, expected):
    """An ordinary Keras model with fit; its bias stays with `decoupled_biases: false`."""
    from dying_relu.design.settings import Settings
    from dying_relu.engine import alone

    settings = Settings(
        dataset="friedman", depth=1, width=2, bias=0.5, initializer="ones", init_scale=-1, optimizer=optimizer,
        learning_rate=0.02, decoupled_biases=False, **decay
    )  # fmt: skip
    template = alone._compiled(settings)
    model = template.model
    model.set_weights([-np.ones((10, 2)), np.full(2, 0.5), np.ones((2, 1)), np.zeros(1)])
    x = 0.5 + np.random.default_rng(0).random((40, 10)).astype(np.float32)
    model.fit(x, np.ones(40, np.float32), batch_size=4, shuffle=False, verbose=0)
    kernel, bias = (value.numpy() for value in model.trainable_variables[:2])
    np.testing.assert_allclose(kernel, -expected(10)[-1], rtol=1e-4)
    np.testing.assert_array_equal(bias, np.full(2, 0.5, np.float32))


def test_equivalent_starts():
    assert theory.equivalent_start(2.0**-8, 4) == pytest.approx((0.25, 2.0**12))


# ---- text ----


def test_numbers_by_hand():
    one = networks({"grid": "control_symmetry", "dead_fraction": 0.1, "train_loss": 4.0})
    two = networks({"grid": "control_symmetric", "dead_fraction": 0.1, "train_loss": 1.0, "target_scale": 0.5})
    scaled = rows(
        ("sgd", 0.01, 0.1, 1000, 0.4), ("sgd", 1.0, 0.1, 1000, 0.1), ("sgd", 0.01, 0.2, 1000, 0.3),
        ("sgd", 1.0, 0.2, 1000, 0.2), ("sgd", 0.001, 0.1, 1000, 0.5),
    )  # fmt: skip
    frame = pd.concat([one, two, scaled, DECAY], ignore_index=True)
    acts = openings(opening(100, bias=-1.0), opening(1e9, bias=0.0), opening(100))["activity"]
    made = text.numbers({"networks": frame, "activity": acts})
    numbers.check("targets", made, CONTENTS.numbers)
    assert made["small.sgd"].value == pytest.approx(0.3) and np.isnan(made["large.sgd"].value)
    assert (made["smaller.scale"], made["smaller.further"].value) == (0.001, pytest.approx(0.1))
    assert (made["symmetry.networks"], made["symmetry.same"]) == (1, 1)
    assert made["decay.none.dead"] == pytest.approx(0.1) and made["decay.coupled.dead"] == pytest.approx(0.15)
    assert made["decay.learning.dead"] == pytest.approx(0.15) and made["decay.strongest.accuracy"] == pytest.approx(0.1)
    assert made["decay.strongest.sgd.dead"] == pytest.approx(0.2) and made["decay.decoupled.dead"] == pytest.approx(
        0.05
    )
    assert (made["never.networks"], made["never.opened"]) == (2, 1)
