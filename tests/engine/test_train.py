"""Tables of a training job: the contract, what divergence leaves out, and that packing changes nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import TINY
from dying_relu.design import plan, sizes, study
from dying_relu.design.settings import SETTINGS
from dying_relu.workflow import files
from training import held_to_alone, trained

ACTIVITY = ["learning_rate", "seed", "step", "epoch", "layer", "n_units", "n_dead", "n_nearly_dead", "n_born_dead"]
ACTIVITY += ["n_died", "n_revived"]
NETWORKS = ["study", "learning_rate", "seed", "diverged", "train_loss", "test_loss", "train_accuracy", "test_accuracy"]
NETWORKS += ["dead_fraction"]


@pytest.fixture(scope="module")
def outcome(engine, tmp_path_factory):
    """A study with harmless, killing and diverging rates and both controls."""
    path = tmp_path_factory.mktemp("study") / "mixed.yaml"
    content = {
        "title": "Mixed",
        "question": "?",
        "settings": {"epochs": 2, "width": 16, "depth": 2, "scaling": "unit"},
        "grids": {
            "main": {"learning_rate": [0.01, 2, 1e6]},
            "control_linear": {"activation": ["linear"], "learning_rate": [0.01]},
            "control_bias": {"bias": [-100], "learning_rate": [0.01]},
        },
        "seeds": {"full": {"pilot": 1, "confirmatory": 3}, "tiny": {"pilot": 1, "confirmatory": 3}},
        "measure": {"every_step_until": 5, "growth": 2, "units": True},
    }
    path.write_text(yaml.safe_dump(content))
    item = study.load(path, TINY)
    return item, trained(item)


def test_the_tables_keep_their_contract(outcome):
    item, frames = outcome
    assert {*NETWORKS, *SETTINGS} <= set(frames["networks"])
    assert {*ACTIVITY, *SETTINGS} <= set(frames["activity"])
    assert len(frames["networks"]) == sum(1 for _ in item.networks())
    (moments,) = {network.course.moments for network in item.networks()}
    assert len(frames["activity"]) == len(frames["networks"]) * 2 * len(moments)
    assert sorted(frames["activity"]["step"].unique()) == list(moments)


def test_activity_is_consistent_with_itself_and_with_the_networks(outcome):
    _, frames = outcome
    finite = frames["networks"][~frames["networks"]["diverged"]]
    end = frames["activity"][frames["activity"]["epoch"] == 2].dropna(subset="n_dead")
    keys = ["grid", "learning_rate", "seed"]
    shares = end.groupby(keys, observed=True)[["n_dead", "n_units"]].sum().astype(float)
    merged = finite.set_index(keys)["dead_fraction"].sort_index()
    np.testing.assert_allclose(merged, (shares["n_dead"] / shares["n_units"]).loc[merged.index])
    for _, life in frames["activity"].dropna(subset="n_dead").groupby([*keys, "layer"], observed=True):
        life = life.sort_values("step")
        steps = life["n_dead"].diff().iloc[1:]
        assert (steps == (life["n_died"] - life["n_revived"]).iloc[1:]).all()
        assert life["n_born_dead"].nunique() == 1 and life["n_born_dead"].iloc[0] == life["n_dead"].iloc[0]


def test_a_rate_of_a_million_diverges_and_has_no_dead_fraction(outcome):
    _, frames = outcome
    wild = frames["networks"][frames["networks"]["learning_rate"] == 1e6]
    assert wild["diverged"].all()
    assert wild[["dead_fraction", "train_loss", "test_accuracy"]].isna().all(axis=None)
    rows = frames["activity"][frames["activity"]["learning_rate"] == 1e6]
    assert rows[rows["step"] == 0]["n_dead"].notna().all()
    assert rows[rows["epoch"] >= 1][["n_dead", "n_died", "n_revived", "n_nearly_dead"]].isna().all(axis=None)
    assert frames["units"][frames["units"]["learning_rate"] == 1e6]["n_units"].sum() == 0


def test_linear_units_never_die_and_units_with_a_huge_negative_bias_are_born_dead(outcome):
    _, frames = outcome
    networks = frames["networks"].set_index("grid")
    assert (networks.loc["control_linear", "dead_fraction"] == 0).all()
    assert (networks.loc["control_bias", ["dead_fraction", "born_dead_fraction"]] == 1).all(axis=None)


def test_dead_units_are_constant_get_no_gradient_and_stand_still(outcome):
    _, frames = outcome
    dead = frames["units"][(frames["units"]["status"] == "dead") & (frames["units"]["n_units"] > 0)]
    assert len(dead) > 0
    assert (dead[["gradient_max", "output_range_max"]] == 0).all(axis=None)
    first = dead[(dead["layer"] == 1) & (dead["grid"] == "control_bias")]
    assert (first["movement_max"] == 0).all()


def test_packing_changes_nothing_beyond_rounding(engine, outcome, monkeypatch):
    item, frames = outcome
    monkeypatch.setattr(sizes, "ROWS", 3)
    packed = trained(item)
    keys = ["grid", "learning_rate", "seed"]
    for name in ("networks", "activity"):
        order = [*keys, *(key for key in ("step", "layer") if key in frames[name])]
        one, other = (f[name].sort_values(order, ignore_index=True) for f in (frames, packed))
        pd.testing.assert_frame_equal(one[order], other[order])
        calm = one["learning_rate"] == 0.01
        columns = ["train_loss", "test_loss"] if name == "networks" else ["n_dead", "n_nearly_dead"]
        for column in columns:
            a, b = one.loc[calm, column].astype(float), other.loc[calm, column].astype(float)
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_network_trained_alone_by_fit_has_the_same_outcome(outcome):
    item, frames = outcome
    held_to_alone(frames, [n for n in item.networks() if n.seed == 1001 and n.settings.learning_rate == 0.01], 1e-3)


def test_the_audit_compares_the_same_networks(engine, outcome):
    from dying_relu.engine import audit

    item, frames = outcome
    table = audit.audit(item, frames["networks"], 6)
    assert len(table) == 6 and (table["diverged_population"] == table["diverged_alone"]).all()
    calm = table[table["learning_rate"] == 0.01]
    assert len(calm) > 0
    np.testing.assert_allclose(calm["test_loss_alone"], calm["test_loss_population"], rtol=1e-3)
    assert [n.settings for n in audit.sample(item, 6)] == [n.settings for n in audit.sample(item, 6)]


def test_gathering_does_not_depend_on_the_cut(engine, outcome, tmp_path):
    _, frames = outcome
    table = frames["activity"]
    for cut, stops in (("two", [100, len(table)]), ("three", [7, 200, len(table)])):
        start = 0
        for number, stop in enumerate(stops):
            files.write(table.iloc[start:stop], tmp_path / cut / f"{number}.parquet")
            start = stop
    two, three = (files.gather(sorted((tmp_path / cut).glob("*.parquet"))) for cut in ("two", "three"))
    pd.testing.assert_frame_equal(two, three)
    files.write(two, tmp_path / "a.parquet")
    files.write(three, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.fixture
def small_mnist(monkeypatch, tmp_path):
    """A file as Keras keeps it, with few samples, in place of the one it would download."""
    from keras.src.datasets import mnist

    from dying_relu.engine import datasets

    draw = np.random.default_rng(0)
    parts = {f"x_{part}": draw.integers(0, 256, (n, 28, 28), np.uint8) for part, n in (("train", 150), ("test", 50))}
    parts |= {f"y_{part}": np.arange(n, dtype=np.uint8) % 10 for part, n in (("train", 150), ("test", 50))}
    np.savez(tmp_path / "mnist.npz", **parts)
    monkeypatch.setattr(mnist, "get_file", lambda *_, **__: str(tmp_path / "mnist.npz"))
    monkeypatch.setitem(datasets.DATASETS, "mnist", replace(datasets.DATASETS["mnist"], n_samples=200, n_train=150))
    datasets.load.cache_clear()
    yield parts
    datasets.load.cache_clear()


def test_a_downloaded_data_set_is_read_from_a_file_in_its_format(engine, small_mnist, small_study):
    from dying_relu.engine import datasets, train

    data = datasets.load("mnist")
    assert data.x.shape == (200, 784) and data.y.tolist() == [*small_mnist["y_train"], *small_mnist["y_test"]]
    np.testing.assert_array_equal(data.x[150], small_mnist["x_test"][0].ravel())
    item = small_study(settings={"dataset": "mnist", "epochs": 1, "width": 4, "depth": 1, "batch_size": 50})
    networks = train.train(plan.jobs(item)[0])["networks"]
    assert networks["train_loss"].notna().all()


def test_a_data_set_of_another_size_is_refused(small_mnist, monkeypatch):
    from dying_relu.engine import datasets
    from dying_relu.workflow.errors import UserError

    monkeypatch.setitem(datasets.DATASETS, "mnist", replace(datasets.DATASETS["mnist"], n_samples=70_000))
    with pytest.raises(UserError, match="must be of 70,000 samples by 784 features, found"):
        datasets.load("mnist")


def test_what_xla_does_not_compile_is_the_same_but_for_rounding(outcome):
    from dying_relu.engine import train

    item, frames = outcome
    (job,) = plan.jobs(item)
    plain = train.train(job, xla=False)
    mild = {name: frame[frame["learning_rate"] == 0.01].reset_index(drop=True) for name, frame in frames.items()}
    for name in ("networks", "activity", "units"):
        rows = plain[name][plain[name]["learning_rate"] == 0.01].reset_index(drop=True)
        numbers = list(rows.select_dtypes("number"))
        np.testing.assert_allclose(
            rows[numbers].astype(float), mild[name][numbers].astype(float), rtol=1e-3, atol=1e-3, err_msg=name
        )
    assert (plain["networks"]["diverged"] == frames["networks"]["diverged"]).all()
