"""The comparison with other frameworks: all do the same work, and its arithmetic is what it says."""

import importlib
import sys

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from dying_relu.workflow.errors import UserError

WORKER = """
import json, sys
print({first!r}, flush=True)
sys.stdin.readline()
print(json.dumps({{"seconds": {seconds}, "compile_seconds": 1.0, "networks": 8, "epochs": 4}}))
sys.exit({code!r})
"""


@pytest.fixture
def peers(monkeypatch):
    """The modules `run` and `work` of the comparison."""
    monkeypatch.syspath_prepend(str(ROOT / "peers"))
    for name in ("run", "work"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("run"), importlib.import_module("work")
    for name in ("run", "work"):
        del sys.modules[name]


@pytest.fixture
def worker(tmp_path):
    """The command of a made-up worker."""

    def write(seconds=1.0, first="ready", code=None):
        path = tmp_path / f"worker{len(list(tmp_path.iterdir()))}.py"
        path.write_text(WORKER.format(first=first, seconds=seconds, code=code))
        return [sys.executable, str(path)]

    return write


def stepped_by_hand(weights, x, y, rate):
    """One network's weights after a step on a batch, in float64: the chain rule, layer by layer."""
    kernels, biases = weights[::2], weights[1::2]
    inputs = [x]
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        inputs.append(np.maximum(inputs[-1] @ kernel + bias, 0))
    logits = inputs[-1] @ kernels[-1] + biases[-1]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    slope = (shares - np.eye(10)[y]) / len(y)
    stepped = []
    for kernel, bias, entering in zip(kernels[::-1], biases[::-1], inputs[::-1], strict=True):
        stepped = [kernel - rate * entering.T @ slope, bias - rate * slope.sum(axis=0), *stepped]
        slope = slope @ kernel.T * (entering > 0)
    return stepped


def expected(work, networks):
    """The weights of the task's first networks after the checked steps, by hand, and those that they start from."""
    task = work.Task(networks)
    rows = []
    for row in range(networks):
        weights = [values[row].astype(float) for values in task.weights]
        for batch in task.order(0)[: work.CHECKED, row]:
            weights = stepped_by_hand(weights, task.x[batch].astype(float), task.y[batch], float(task.rates[row]))
        rows.append(weights)
    return [np.stack(values) for values in zip(*rows, strict=True)], task.weights


@pytest.mark.parametrize("framework", ["engine", "jax", "torch"])
def test_every_way_takes_the_steps_computed_by_hand(peers, framework):
    run, work = peers
    if not run.installed(framework):
        pytest.skip(f"{framework} is not installed in .venv-peers")
    wanted, first = expected(work, networks=3)
    found = run.weights(framework, rows=3)
    for one, other, start in zip(found, wanted, first, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-6
        assert (np.abs(other - start).max(axis=tuple(range(1, start.ndim))) > 1e-4).all()  # every network moved


def test_networks_differ_in_weights_rates_and_order_and_every_epoch_shows_each_sample_once(peers):
    _, work = peers
    task, next_ones = work.Task(4), work.Task(2, first=2)
    assert task.rates.min() == pytest.approx(0.01) and task.rates.max() == pytest.approx(0.1)
    order = task.order(3)
    assert order.shape == (30, 4, 50)
    assert (np.sort(order.swapaxes(0, 1).reshape(4, -1), axis=1) == np.arange(1500)).all()
    assert len(np.unique(order.swapaxes(0, 1).reshape(4, -1), axis=0)) == 4
    assert not (order == task.order(4)).all()
    assert len(np.unique(task.weights[0].reshape(4, -1), axis=0)) == 4
    assert (next_ones.order(3) == order[:, 2:]).all() and (next_ones.weights[2] == task.weights[2][2:]).all()
    assert task.x.shape == (1500, 64) and task.x.mean(axis=0) == pytest.approx(0, abs=1e-5)


def test_variants_fill_all_cores_and_do_the_same_work(peers):
    run, _ = peers
    found = run.variants(["engine", "torch"], cores=4)
    assert len(found) == len(set(found)) == 2 * (2 + 3)
    for variant in found:
        commands = variant.commands(network_epochs=512)
        assert len(commands) * variant.threads == 4
        epochs = int(commands[0][commands[0].index("--epochs") + 1])
        assert epochs * variant.rows * len(commands) == 4 * 512
        firsts = [int(command[command.index("--first") + 1]) for command in commands]
        assert firsts == list(range(0, variant.rows * len(commands), variant.rows))
    assert len(run.variants(["jax"], cores=1)) == 2


def test_the_slowest_of_the_workers_decides(peers, worker):
    run, _ = peers
    told = run.together([worker(seconds=2.0), worker(seconds=4.0)])
    row = run.Variant("jax", 8, 2, 1).row(1, told)
    assert row["seconds"] == 4.0
    assert row["network_epochs_per_second"] == 2 * 8 * 4 / 4.0
    per_epoch = 6 * 1500 * (3 * 64 * 64 + 64 * 10)
    assert row["gflops"] == pytest.approx(16 * per_epoch / 1e9)


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ({"first": "no"}, "it said nothing"),
        ({"code": "it broke"}, "it broke"),
        (
            {"code": "Traceback\n  at a line\nlibrary.SomeError: it broke\n\nAsk for more"},
            "library.SomeError: it broke",
        ),
    ],
)
def test_a_worker_that_fails_ends_the_run_in_one_sentence(peers, worker, failing, told):
    run, _ = peers
    with pytest.raises(UserError) as error:
        run.together([worker(), worker(**failing)])
    assert str(error.value) == f"worker0.py failed: {told}"


def test_ways_that_do_other_work_are_not_compared(peers, monkeypatch):
    run, _ = peers
    made = {"engine": [np.zeros(3)], "jax": [np.full(3, 1e-6)], "torch": [np.array([0, 0, np.nan])]}
    monkeypatch.setattr(run, "weights", made.get)
    run.check(["engine", "jax"])
    with pytest.raises(UserError, match="torch gives other weights"):
        run.check(["engine", "jax", "torch"])


def test_measurements_are_interleaved_and_repeatable(peers, monkeypatch):
    run, _ = peers
    seen = []

    def pretend(commands):
        seen.append(commands[0])
        return [{"seconds": 1.0, "compile_seconds": 1.0, "networks": 1, "epochs": 1}] * len(commands)

    monkeypatch.setattr(run, "together", pretend)
    chosen = run.variants(["engine", "jax", "torch"], cores=2)
    table = run.measure(chosen, repetitions=3, network_epochs=256, seed=5)
    orders = [seen[i * len(chosen) : (i + 1) * len(chosen)] for i in range(3)]
    assert all(sorted(order) == sorted(orders[0]) for order in orders) and orders[0] != orders[1]
    assert table.groupby(["framework", "variant"]).size().eq(3).all()
    assert table.equals(run.measure(chosen, repetitions=3, network_epochs=256, seed=5))
    who = ["framework", "variant", "rows", "processes", "threads", "repetition"]
    assert list(table) == [*who, "seconds", "compile_seconds", "network_epochs_per_second", "gflops"]


def test_the_best_variants_are_compared_within_each_repetition(peers):
    run, _ = peers
    speeds = {
        ("engine", "a"): [100, 10, 10],
        ("engine", "b"): [50, 60, 90],
        ("jax", "a"): [40, 60, 60],
        ("jax", "b"): [30, 30, 30],
    }
    table = pd.DataFrame(
        {
            "framework": f,
            "variant": v,
            "repetition": r,
            "network_epochs_per_second": s,
            "gflops": s,
            "compile_seconds": 1,
        }
        for (f, v), found in speeds.items()
        for r, s in enumerate(found)
    )
    made = run.summary(table).set_index("framework")
    assert made["best"].to_dict() == {"engine": "b", "jax": "a"}
    assert made.loc["engine", ["ratio", "ratio_min", "ratio_max"]].to_list() == [1, 1, 1]
    # 50 / 40, 60 / 60, 90 / 60
    assert made.loc["jax", ["ratio", "ratio_min", "ratio_max"]].to_list() == [1.25, 1, 1.5]
    assert run.listed(table)[["min", "median", "max"]].iloc[1].to_list() == [50, 60, 90]


def test_a_missing_framework_is_one_sentence(peers, monkeypatch, capsys, tmp_path):
    run, _ = peers
    monkeypatch.setattr(run, "FRAMEWORKS", run.FRAMEWORKS | {"torch": run.Framework("x.py", tmp_path / "none", (1,))})
    monkeypatch.setattr(run, "installed", lambda framework, real=run.installed: framework == "jax" or real(framework))
    monkeypatch.setattr(run, "check", lambda frameworks: None)
    told = [{"seconds": 1.0, "compile_seconds": 1.0, "networks": 1, "epochs": 1}]
    monkeypatch.setattr(run, "together", lambda commands: told)
    monkeypatch.setattr(sys, "argv", ["run.py", "--output", str(tmp_path / "peers.csv")])
    run.main()
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if "torch" in line] == [printed.splitlines()[0]]
    assert printed.startswith("torch is left out: ")
    assert set(pd.read_csv(tmp_path / "peers.csv")["framework"]) == {"engine", "jax"}
