"""Which part of a step did what happened in it: by hand, by properties, and against weights put back part by part."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dying_relu.design.settings import Settings
from dying_relu.engine import causes, datasets, models
from dying_relu.workflow.errors import UserError
from training import held_to_alone, trained

GAMES = st.lists(st.booleans(), min_size=6, max_size=6)


def game(middle):
    """f of one unit that is 0 for no part and 1 for all, from its values in between."""
    values = [False, *middle, True]
    return {mixture: np.array([[value]]) for mixture, value in zip(causes.mixtures(), values, strict=True)}


def one(found):
    return {key: float(value[0]) for key, value in found.items()}


def test_an_event_that_the_bias_alone_does():
    happened = {m: np.array([[m[2] == 1]]) for m in causes.mixtures()}
    found = one(causes.counts(np.array([[True]]), happened))
    assert [found[f"n_undone_{p}"] for p in causes.PARTS] == [0, 0, 1]
    assert [found[f"n_alone_{p}"] for p in causes.PARTS] == [0, 0, 1]
    assert [found[f"credit_{p}"] for p in causes.PARTS] == pytest.approx([0, 0, 1])


def test_an_event_that_needs_inputs_and_weights_and_no_bias():
    happened = {m: np.array([[m[0] == 1 and m[1] == 1]]) for m in causes.mixtures()}
    found = one(causes.counts(np.array([[True]]), happened))
    assert [found[f"n_undone_{p}"] for p in causes.PARTS] == [1, 1, 0]
    assert [found[f"n_alone_{p}"] for p in causes.PARTS] == [0, 0, 0]
    assert [found[f"credit_{p}"] for p in causes.PARTS] == pytest.approx([0.5, 0.5, 0])


def test_an_event_that_any_part_does():
    happened = {m: np.array([[any(m)]]) for m in causes.mixtures()}
    found = one(causes.counts(np.array([[True]]), happened))
    assert [found[f"n_undone_{p}"] for p in causes.PARTS] == [0, 0, 0]
    assert [found[f"n_alone_{p}"] for p in causes.PARTS] == [1, 1, 1]
    assert [found[f"credit_{p}"] for p in causes.PARTS] == pytest.approx([1 / 3] * 3)


@given(GAMES)
def test_credit_is_the_mean_marginal_contribution_over_all_orders(middle):
    happened = game(middle)
    expected = dict.fromkeys(range(3), 0.0)
    for order in permutations(range(3)):
        moved = [0, 0, 0]
        for place in order:
            before = happened[tuple(moved)]
            moved[place] = 1
            expected[place] += (float(happened[tuple(moved)][0, 0]) - float(before[0, 0])) / 6
    found = one(causes.counts(np.array([[True]]), happened))
    assert [found[f"credit_{p}"] for p in causes.PARTS] == pytest.approx(list(expected.values()))
    assert sum(found[f"credit_{p}"] for p in causes.PARTS) == pytest.approx(found["n_clear"]) == 1


def test_what_rounding_makes_unclear_and_units_without_an_event_are_left_out():
    happened = {m: np.array([[True, sum(m) == 3, sum(m) == 3]]) for m in causes.mixtures()}
    found = one(causes.counts(np.array([[True, True, False]]), happened))
    assert (found["n_events"], found["n_clear"]) == (2, 1)
    assert sum(found[f"credit_{p}"] for p in causes.PARTS) == pytest.approx(1)


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "relu", "scaling": "unit"},
        {"activation": "prelu", "optimizer": "momentum"},
        {"activation": "elu", "bias": None},
        {"architecture": "conv", "width": 4, "depth": 2},
    ],
)
def test_mixtures_are_the_networks_with_parts_put_back(engine, settings):
    """Each mixture of a layer against the whole network with weights of that layer, or of those before, put back."""
    settings = Settings(**{"width": 12, "depth": 3, "batch_size": 30} | settings)
    data = datasets.load("digits")
    template = models.build(settings)
    population = engine.Population(template, settings.optimizer, data.x, data.y, 2, 400, xla=False)
    weights = [models.initial_weights(template, settings, "causes", seed) for seed in (1, 2)]
    scale = datasets.affine(settings.scaling, data.x[:400])
    population.reset(weights, [0.3, 2.0], [scale] * 2)
    order = np.stack([np.random.default_rng(row).permutation(390).reshape(13, 30) for row in (1, 2)], 1)
    population.advance(order.astype(np.int32), 0, 4)
    before = population.weights()
    population.advance(order.astype(np.int32), 4, 5)
    after = population.weights()
    samples = population.samples(np.tile(np.arange(400, dtype=np.int32), (2, 1)))
    moved = population.compare(before, samples)
    for layer, found in enumerate(moved):
        earlier = {i for incoming in template.incoming[:layer] for i in incoming}
        earlier |= {i for place in range(layer) for i in population._learned[place]}
        for place, mixture in enumerate(causes.mixtures()):
            part = dict(zip(causes.PARTS, mixture, strict=True))
            now = {i for i in earlier if part["inputs"]}
            now |= {i for i in template.incoming[layer] if part[template.parts[i]]}
            now |= set(population._learned[layer])  # its slope, if it learns one, is that of now
            population.assign([after[i] if i in now else before[i] for i in range(len(before))])
            alive = population.measure(samples).n_active[layer] > 0
            assert np.mean(found.alive[:, place] == alive) > 0.97, (layer, mixture)  # but for rounding at an edge


def test_the_movement_of_a_dense_layer_is_numpys(engine):
    settings = Settings(width=9, depth=2, batch_size=30, scaling="unit")
    data = datasets.load("digits")
    template = models.build(settings)
    population = engine.Population(template, "sgd", data.x, data.y, 1, 300)
    scale = datasets.affine("unit", data.x[:300])
    population.reset([models.initial_weights(template, settings, "causes", 3)], [0.5], [scale])
    before = population.weights()
    population.advance(np.arange(30, dtype=np.int32)[None, None], 0, 1)
    after = population.weights()
    moved = population.compare(before, population.samples(np.arange(300, dtype=np.int32)[None]))
    x = scale(data.x[:300]).astype(float)

    def z2(first, second):
        (w1, b1), (w2, b2) = ((values[2 * k][0], values[2 * k + 1][0]) for k, values in ((0, first), (1, second)))
        return np.maximum(x @ w1 + b1, 0) @ w2 + b2

    start = z2(before, before)
    expected = [((z2(a, b) - start) ** 2).mean() for a, b in ((after, before), (before, after), (after, after))]
    assert moved[1].squares[0] == pytest.approx(expected, rel=1e-3)
    assert moved[0].squares[0][0] == 0 and moved[0].squares[0][1] == pytest.approx(moved[0].squares[0][2])


def test_under_plain_gradient_descent_the_dead_come_back_by_their_inputs_alone(engine, small_study):
    """A dead unit has no gradient, so its own weights and bias stay; where no layer before it moves it stays dead."""
    free = {"scaling": ["unit"], "learning_rate": [0.5, 1.0]}
    item = small_study(
        settings={"epochs": 3, "width": 24},
        grids={"free": free, "frozen": free | {"frozen": [2]}},
        measure={"every_step_until": 90, "causes": True},
    )
    tables = trained(item)
    found, activity = tables["causes"].astype({"event": str}), tables["activity"]
    back = found[(found["event"] == "revival") & (found["n_clear"] > 0)]
    assert back["n_clear"].sum() > 5 and (back["layer"] > 1).all() and (back["frozen"] == 0).all()
    for what in ("n_undone_inputs", "n_alone_inputs", "credit_inputs"):
        assert (back[what] == back["n_clear"]).all()
    deaths = found[(found["event"] == "death") & (found["n_clear"] > 0)]
    assert (deaths["credit_inputs"][(deaths["layer"] == 1) | (deaths["frozen"] == 2)] == 0).all()
    credit = deaths[[f"credit_{part}" for part in causes.PARTS]].sum(axis=1)
    assert credit.to_numpy(float) == pytest.approx(deaths["n_clear"].to_numpy(float))
    held = activity[(activity["frozen"] == 2) & (activity["layer"] < 3)]
    assert held["n_died"].sum() == 0 and activity[activity["frozen"] == 2]["n_revived"].sum() == 0
    seen = activity.groupby("layer")[["n_died", "n_revived"]].sum().sum()
    events = found.groupby("event")["n_events"].sum()
    assert (events["death"], events["revival"]) == (seen["n_died"], seen["n_revived"])  # every step was measured


def test_frozen_layers_are_keras_layers_that_are_not_trainable(engine, small_study):
    item = small_study(
        settings={"epochs": 2, "width": 8, "scaling": "unit", "frozen": 1},
        grids={"sgd": {"learning_rate": [0.1]}, "adam": {"optimizer": ["adam"], "learning_rate": [0.01]}},
    )
    held_to_alone(trained(item), [network for network in item.networks() if network.phase == "confirmatory"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"frozen": 3}}, "grids.main: frozen: it must be less than the depth of 3, found 3"),
        (
            {"settings": {"frozen": 1, "epochs": 2, "intervention_epoch": 1}},
            "grids.main: frozen: layers stay as they start only without an intervention",
        ),
        (
            {"settings": {"batch_norm": True}, "measure": {"causes": True}},
            "grids.main: batch_norm: with 'measure: causes' a step must move weights and biases alone; leave one of",
        ),
    ],
)
def test_what_cannot_be_asked_together_is_one_sentence(small_study, changes, said):
    with pytest.raises(UserError, match=r"held_out\.yaml: ") as error:
        small_study(**changes)
    assert said in str(error.value)
