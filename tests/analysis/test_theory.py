"""Closed forms held to numerical integration, to brute-force sampling, and to networks that the engine trains."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from dying_relu.analysis import activations, theory
from dying_relu.design.catalogue import OPTIMIZERS, Optimizer
from dying_relu.design.settings import Settings

UNIT = Settings(dataset="relu_target", depth=1, width=1, bias=None, output_layer=False)
SLOPES = [0.0, 0.01, 0.3, -0.1, -1.5]
weights = st.floats(-4, 4).filter(lambda w: abs(w) > 1e-3)


def expected(function):
    """E[function(x)] over a standard normal x, in pieces so that kinks do no harm."""
    pieces = [integrate.quad(lambda x: function(x) * stats.norm.pdf(x), a, a + 1)[0] for a in range(-12, 12)]
    return sum(pieces)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("w", [-3.0, -0.2, 0.4, 2.5])
def test_leaky_loss_is_the_expected_squared_error(slope, w):
    def error(x):
        z = w * x
        return ((z if z > 0 else slope * z) - max(x, 0)) ** 2

    assert theory.leaky_loss(w, slope) == pytest.approx(expected(error), rel=1e-6)
    step = 1e-6
    slope_there = (theory.leaky_loss(w + step, slope) - theory.leaky_loss(w - step, slope)) / (2 * step)
    assert theory.leaky_gradient(w, slope) == pytest.approx(slope_there, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("slope", SLOPES)
def test_leaky_minimisers_are_minima_of_the_loss(slope):
    right = optimize.minimize_scalar(lambda w: theory.leaky_loss(w, slope), bounds=(0.001, 3), method="bounded")
    assert theory.leaky_minimiser(slope) == pytest.approx(right.x, abs=1e-4)
    if slope < 0:
        wrong = optimize.minimize_scalar(lambda w: theory.leaky_loss(w, slope), bounds=(-3, -0.001), method="bounded")
        assert theory.leaky_minimiser(slope, wrong_side=True) == pytest.approx(wrong.x, abs=1e-4)
        assert wrong.fun > right.fun or slope <= -1


@given(weights, st.floats(-3, 3))
@settings(max_examples=40, deadline=None)
def test_loss_with_bias_is_the_expected_squared_error(w, b):
    kink = -b / w
    points = sorted({-12.0, 0.0, min(max(kink, -12.0), 12.0), 12.0})

    def density(x, factor=1.0):
        return (max(w * x + b, 0) - max(x, 0)) ** 2 * stats.norm.pdf(x)

    total = sum(integrate.quad(density, a, c, limit=200)[0] for a, c in pairwise(points))
    assert theory.relu_bias_loss(w, b) == pytest.approx(total, rel=1e-5, abs=1e-7)
    step = 1e-5
    along_w = (theory.relu_bias_loss(w + step, b) - theory.relu_bias_loss(w - step, b)) / (2 * step)
    along_b = (theory.relu_bias_loss(w, b + step) - theory.relu_bias_loss(w, b - step)) / (2 * step)
    np.testing.assert_allclose(theory.relu_bias_gradient(w, b), (along_w, along_b), rtol=1e-3, atol=1e-4)


def test_the_best_constant_and_the_best_line():
    x = np.random.default_rng(0).standard_normal(2_000_000)
    y = np.maximum(x, 0)
    assert pytest.approx(y.var(), rel=0.01) == theory.CONSTANT_LOSS
    slope, intercept = np.polyfit(x, y, 1)
    assert pytest.approx(((y - slope * x - intercept) ** 2).mean(), rel=0.01) == theory.LINEAR_LOSS


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.5, 0.9, 0.99])
def test_momentum_crosses_zero_above_its_threshold_from_any_start(momentum, nesterov):
    threshold = theory.heavy_ball_threshold(momentum, nesterov)
    for factor, crosses in ((0.9, False), (1.1, True)):
        for start in (-1e-3, -1.0, -1e6):
            w, velocity, lowest = start, 0.0, True
            for _ in range(20_000):
                g = w
                velocity = momentum * velocity - factor * threshold * g
                w += momentum * velocity - factor * threshold * g if nesterov else velocity
                if w > 0:
                    lowest = False
                    break
                if abs(w) < 1e-200:  # before rounding decides
                    break
            assert lowest is not crosses


def test_heavy_ball_path_and_crossing():
    w, velocity, path = -10.0, 0.0, [-10.0]
    while w < 0:
        velocity = 0.9 * velocity - 0.01 * w
        w += velocity
        path.append(w)
    steps = np.arange(len(path) - 1)
    np.testing.assert_allclose(theory.heavy_ball_weight(-10.0, 0.01, steps), path[:-1], rtol=1e-9)
    assert len(path) - 2 < theory.heavy_ball_crossing(0.01) <= len(path) - 1
    assert theory.heavy_ball_crossing(0.001) == np.inf


def test_jumps_by_luck_happen_as_often_as_the_normal_approximation_says():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((20_000, 1000), dtype=np.float32)
    curvature = 2 * (x**2 * (x < 0)).mean(axis=1)
    assert curvature.std() == pytest.approx(theory.curvature_deviation(1000), rel=0.03)
    crossing = (curvature.reshape(1000, 20) * 0.9 > 1).any(axis=1).mean()
    assert theory.jump_probability(0.9, 20, 1000) == pytest.approx(crossing, abs=0.04)
    rare = (curvature * 0.85 > 1).mean()
    assert theory.jump_probability(0.85, 1, 1000) == pytest.approx(rare, rel=0.25)
    assert theory.jump_probability(0.5, 2000, 1000) < 1e-9
    assert theory.jump_probability(1.5, 100, 1000) == pytest.approx(1)


@pytest.mark.parametrize("rate", [0.3, 0.85])
def test_single_precision_stops_a_shrinking_unit_where_theory_says(engine, rate):
    """Trained on batches with the moments of the population; the weight is followed until it no longer moves."""
    from dying_relu.engine import models

    x = np.tile(np.array([[1.0], [-1.0]], np.float32), (500, 1))
    population = engine.Population(models.build(UNIT), "sgd", x, np.maximum(x[:, 0], 0), 1, 2)
    population.reset([[np.full((1, 1), -10, np.float32)]], [rate], [(np.zeros(1), np.ones(1))])
    order = np.tile(np.arange(1000, dtype=np.int32), (400, 1, 1))
    path = [-10.0]
    for step in range(400):
        population.advance(order, step, step + 1)
        path.append(float(population.weights()[0][0, 0, 0]))
    moved = np.flatnonzero(np.diff(path) != 0)
    assert moved[-1] + 1 == pytest.approx(theory.steps_until_frozen(-10, rate, 1000), abs=3)
    assert path[-1] < 0


def test_a_unit_is_dead_on_n_inputs_as_often_as_drawn():
    rng = np.random.default_rng(2)
    closed = (rng.normal(-0.2, 0.1, (20_000, 30)) < 0).all(axis=1).mean()
    assert theory.death_probability(-0.2, 0.1, 30) == pytest.approx(closed, abs=0.01)
    assert theory.activity_rate(-0.2, 0.1) == pytest.approx(stats.norm.sf(2))


def pushed(total, k, features, input_mean, units=4000, seed=3):
    """Mean and deviation of units after k real steps on random samples, in vectors; only units that moved."""
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((units, features))
    w -= w.mean(axis=1, keepdims=True)
    w *= 0.05 / np.linalg.norm(w, axis=1, keepdims=True)
    b = np.full(units, 0.1)
    moved = np.zeros(units, bool)
    for _ in range(k):
        x = rng.standard_normal((units, features)) + input_mean
        is_open = (w * x).sum(axis=1) + b > 0
        w[is_open] -= total / k * x[is_open]
        b[is_open] -= total / k
        moved |= is_open
    return (b + input_mean * w.sum(axis=1))[moved], np.linalg.norm(w, axis=1)[moved]


@pytest.mark.parametrize("features, input_mean", [(4, 0.0), (16, 0.0), (16, 1.0), (64, 1.0)])
@pytest.mark.parametrize("total", [0.02, 0.3, 10.0])
def test_one_step_agrees_with_vectors(features, input_mean, total):
    mean, deviation = pushed(total, 1, features, input_mean)
    probability, *closed_form = theory.after_steps(total, 1, 0.1, 0.05, features, input_mean)
    for measure in (theory.activity_rate, lambda m, s: theory.death_probability(m, s, 1500)):
        assert probability @ measure(*closed_form) == pytest.approx(measure(mean, deviation).mean(), abs=0.025)


@pytest.mark.parametrize("input_mean", [0.0, 1.0])
@pytest.mark.parametrize("k", [4, 16])
def test_several_steps_agree_with_vectors_where_features_are_many(input_mean, k):
    mean, deviation = pushed(1.0, k, 256, input_mean)
    probability, *chain = theory.after_steps(1.0, k, 0.1, 0.05, 256, input_mean)
    assert probability.sum() == pytest.approx(1)
    expected_rate = probability @ theory.activity_rate(*chain)
    assert expected_rate == pytest.approx(theory.activity_rate(mean, deviation).mean(), abs=0.02)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("start", [-2.0, 0.3])
def test_a_trained_unit_follows_the_path_of_the_population_loss(engine, optimizer, start):
    """On the inputs 1 and -1 every batch has the moments of the population, so the two must agree step by step."""
    from dying_relu.engine import models

    template = models.build(UNIT)
    x, y = np.array([[1.0], [-1.0]], np.float32), np.array([1.0, 0.0], np.float32)
    population = engine.Population(template, optimizer, x, y, 1, 2)
    population.reset([[np.full((1, 1), start, np.float32)]], [0.01], [(np.zeros(1), np.ones(1))])
    order = np.tile(np.array([0, 1], np.int32), (400, 1, 1))
    path = [start]
    for step in range(0, 400, 40):
        population.advance(order, step, step + 40)
        path.append(float(population.weights()[0][0, 0, 0]))
    closed_form = theory.population_path(optimizer, start, 0.01, 400)[::40]
    np.testing.assert_allclose(path, closed_form, rtol=2e-3, atol=2e-4)


def test_a_rule_that_is_not_known_has_no_path(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "lion", Optimizer("Lion", "Lion"))
    monkeypatch.setitem(OPTIMIZERS, "centred", Optimizer("centred RMSprop", "RMSprop", {"centered": True}))
    for name in ("lion", "centred"):
        assert np.isnan(theory.population_path(name, -1.0, 0.01, 5)).tolist() == [True] * 6
        assert np.isnan(theory.crossing_rate(name))


def test_paths_follow_the_constants_of_the_catalogue(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "half", Optimizer("half", "SGD", {"momentum": 0.5, "clipvalue": 2.0}))
    # the gradient at -3, -2.8 and -2.5 is the weight, clipped to -2: velocities 0.2, 0.3, 0.35
    np.testing.assert_allclose(theory.population_path("half", -3.0, 0.1, 3), [-3.0, -2.8, -2.5, -2.15])
    assert np.isnan(theory.crossing_rate("half"))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "sgd_clip_norm", "sgd_clip_value"])
def test_the_path_crosses_zero_above_the_crossing_rate_alone(optimizer):
    rate = theory.crossing_rate(optimizer)
    assert theory.population_path(optimizer, -3.0, 0.95 * rate, 2000).max() <= 0
    assert theory.population_path(optimizer, -3.0, 1.05 * rate, 2000).max() > 0


@pytest.mark.parametrize("slope", [0.0, 0.3, -0.1])
def test_population_loss_has_the_closed_forms_as_special_cases(slope):
    name = "relu" if slope == 0 else f"leaky_relu_{slope:g}"
    w = np.array([-2.0, -0.3, 0.5, 1.7])
    np.testing.assert_allclose(theory.population_loss(name, w), theory.leaky_loss(w, slope), rtol=1e-3)
    np.testing.assert_allclose(theory.population_loss("relu", w, b=0.4), theory.relu_bias_loss(w, 0.4), rtol=1e-3)
    assert theory.population_loss("relu", 0.0, c=1 / np.sqrt(2 * np.pi)) == pytest.approx(
        theory.CONSTANT_LOSS, rel=1e-3
    )


@pytest.mark.parametrize("name", activations.FORMULAS)
def test_formulas_are_those_of_the_layers_that_are_trained(engine, name):
    from dying_relu.engine import activations as layers

    z = np.linspace(-5, 5, 101)
    trained = np.array(layers.layer(name)(z[:, None].astype("f")))[:, 0]
    np.testing.assert_allclose(activations.value(name, z), trained, atol=1e-5)


@pytest.mark.parametrize("slope", [0.0, -0.1, -1.5, 1.5])
def test_gradients_grow_over_layers_by_the_gain(slope):
    rng = np.random.default_rng(5)
    growth = []
    for _ in range(40):
        h = rng.standard_normal(256)
        layers = []
        for _ in range(10):
            kernel = rng.standard_normal((256, 256)) * np.sqrt(2 / 256)
            z = kernel @ h
            layers.append((kernel, np.where(z > 0, 1.0, slope)))
            h = layers[-1][1] * z
        gradient = rng.standard_normal(256)
        start = (gradient**2).sum()
        for kernel, derivative in reversed(layers):
            gradient = kernel.T @ (derivative * gradient)
        growth.append((gradient**2).sum() / start)
    assert np.mean(growth) ** 0.1 == pytest.approx(theory.layer_gain(slope), rel=0.05)
