"""Other definitions of death: closed forms against brute force, counts against a plain network, slopes."""

from itertools import combinations, permutations

import numpy as np
import pytest
import yaml

from conftest import TINY
from dying_relu.analysis.activations import frozen_depth
from dying_relu.design import study
from training import trained


@pytest.fixture(scope="module")
def definitions(engine):
    from dying_relu.engine import definitions

    return definitions


@pytest.mark.parametrize(("n", "m"), [(7, 3), (6, 1), (5, 5)])
def test_silence_on_a_batch_is_that_over_all_batches(definitions, n, m):
    for active in range(n + 1):
        silent = [min(batch) >= active for batch in combinations(range(n), m)]  # the first `active` samples are it
        assert definitions.silent_on_batch(n, m)[active] == pytest.approx(np.mean(silent))


@pytest.mark.parametrize(("n", "m"), [(6, 2), (7, 3), (5, 5), (4, 1)])
def test_silence_on_some_batch_is_that_over_all_orders(definitions, n, m):
    for active in range(n + 1):
        orders = [np.array(order[: n // m * m]).reshape(-1, m) for order in permutations(range(n))]
        silent = [bool((order >= active).all(axis=1).any()) for order in orders]
        assert definitions.silent_on_some_batch(n, m)[active] == pytest.approx(np.mean(silent), abs=1e-12)


def test_silence_on_some_batch_of_a_whole_training_set_by_simulation(definitions):
    found, draw = definitions.silent_on_some_batch(1500, 50), np.random.default_rng(1)
    assert found[0] == found[29] == 1 and found[1500] == pytest.approx(0, abs=1e-9)  # thirty batches
    assert (np.diff(found) <= 1e-9).all()
    for active in (60, 100, 200):
        orders = [draw.permutation(1500).reshape(30, 50) for _ in range(2000)]
        simulated = np.mean([(order >= active).all(axis=1).any() for order in orders])
        assert found[active] == pytest.approx(simulated, abs=0.04)


def test_a_dead_unit_is_silent_on_every_batch(definitions):
    active = np.array([[0, 1, 20, 1500]])
    found = definitions.by_activity(active, np.array([[0.0, 0.01, 1, 3]]), 1500, 50, 297)
    for name, values in found.items():
        assert values[0, 0] == pytest.approx(1) and values[0, -1] == pytest.approx(0, abs=1e-9), name
    assert found["active_0.01"][0].tolist() == [True, True, False, False]
    assert found["dormant_0.025"][0].tolist() == [True, True, False, False]
    assert found["batch_64"][0, 1] == pytest.approx(1 - 64 / 1500)
    assert found["batch_test"][0, 1] == pytest.approx(1 - 297 / 1500)


def test_constant_outputs_are_told_but_for_rounding(definitions):
    low = np.array([[1.0, -2], [1, -2], [0, 0]])
    high = np.array([[1.000001, -2], [1.1, -2], [0, 0]])
    assert definitions.is_constant(low, high).tolist() == [True, False, True]


def test_slopes_vanish_where_the_formulas_say(definitions):
    for name in ("relu", "elu", "selu", "tanh", "sigmoid", "silu", "softplus", "gelu", "leaky_relu_0.01", "prelu"):
        found = definitions.zero_slopes(name)
        for way in ("zero_below", "zero_below_plain"):
            error = 1.2 if name == "tanh" else 0.25  # TensorFlow's tanh is a fraction that reaches 1 early
            assert found[way] == pytest.approx(frozen_depth(name), abs=error), (name, way)
    tanh, sigmoid = (definitions.zero_slopes(name) for name in ("tanh", "sigmoid"))
    assert tanh["zero_above"] == tanh["zero_below"]  # it is odd
    spacing = np.finfo(np.float32).eps / 2  # from where on the output rounds to 1
    assert sigmoid["zero_above"] == pytest.approx(-np.log(spacing / 2), abs=1)
    assert np.isinf(definitions.zero_slopes("relu")["zero_above"])
    assert np.isnan(definitions.zero_slopes("k_winners_0.5")["zero_above"])


@pytest.fixture(scope="module")
def judged(engine, tmp_path_factory):
    content = {
        "title": "Definitions",
        "question": "?",
        "settings": {"epochs": 1, "width": 16, "depth": 2, "scaling": "unit", "batch_size": 100, "bias": -0.3},
        "grids": {"main": {"learning_rate": [0.1, 1e6]}, "feature": {"dataset": ["absolute"], "bias": [-1]}},
        "seeds": {"full": {"pilot": 0, "confirmatory": 2}, "tiny": {"pilot": 0, "confirmatory": 2}},
        "measure": {"definitions": True, "shifts": ["noise_1"], "every_step_until": 0},
    }
    path = tmp_path_factory.mktemp("study") / "judged.yaml"
    path.write_text(yaml.safe_dump(content))
    item = study.load(path, TINY)
    return item, trained(item)


def test_counts_are_those_of_the_network_trained_alone(judged):
    from dying_relu.engine import alone, batches, datasets, definitions

    item, tables = judged
    network = next(n for n in item.networks() if n.grid == "main" and n.settings.learning_rate == 0.1)
    model, _ = alone.train_alone(network)
    data, split = datasets.load("digits"), datasets.split("digits", item.name, network.seed)
    scale = datasets.affine("unit", data.x[split.train])
    table = tables["definitions"]
    rows = table[(table["grid"] == "main") & (table["seed"] == network.seed) & (table["learning_rate"] == 0.1)]
    found = rows.set_index(["layer", "definition"])[["n", "n_dead", "n_both"]].astype(float)
    assert batches.of_portion(data.y, split, "all").train.shape == split.train.shape
    outputs = {"train": scale(data.x[split.train]), "test": scale(data.x[split.test])}
    for layer in (1, 2):
        kernel, bias = model.get_weights()[2 * layer - 2 : 2 * layer]
        outputs = {name: np.maximum(h @ kernel + bias, 0) for name, h in outputs.items()}
        active = (outputs["train"] > 0).sum(axis=0)
        dead, silent = active == 0, (outputs["test"] > 0).sum(axis=0) == 0
        assert found.loc[(layer, "test")].tolist() == [silent.sum(), dead.sum(), (dead & silent).sum()]
        assert found.loc[(layer, "frozen")].tolist() == [dead.sum()] * 3  # no layer is wholly dead
        expected = definitions.silent_on_batch(len(split.train), 64)[active].sum()
        assert found.loc[(layer, "batch_64"), "n"] == pytest.approx(expected, abs=0.05)
    assert found.loc[(0, "constant_output")].tolist() == [0, 0, 0]


def test_the_tables_are_whole_and_possible(judged):
    _, tables = judged
    table = tables["definitions"]
    lost = table["n"].isna()
    diverged = tables["networks"].set_index(["grid", "learning_rate", "seed"])["diverged"]
    assert diverged.any() and not diverged.all()
    keys = zip(table["grid"], table["learning_rate"], table["seed"], strict=True)
    assert [bool(diverged[key]) for key in keys] == lost.tolist()
    known = table[~lost].astype({"n": float, "n_dead": float, "n_both": float, "n_units": float})
    assert (known["n_both"] <= known[["n", "n_dead"]].min(axis=1) + 1e-6).all() and (
        known["n"] <= known["n_units"]
    ).all()
    certain = known[~known["definition"].isin(["test", "test_noise_1", "dense_grid"])]
    assert (certain["n_both"] == certain["n_dead"]).all()
    zero = known[known["definition"] == "dormant_0"]
    assert (zero["n"] == zero["n_dead"]).all()
    assert set(known["grid"][known["definition"] == "dense_grid"]) == {"feature"}
    assert len(tables["slopes"]) == len(tables["networks"]) and (tables["slopes"]["zero_below"] == 0).all()
    plain = table.drop(columns=["definition"]).columns
    assert {"layer", "n_units", "n", "n_dead", "n_both"} <= set(plain)
