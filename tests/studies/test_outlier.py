"""The study outlier on small tables whose answers are computed by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE
from dying_relu.analysis import maps
from dying_relu.analysis.frames import matching
from dying_relu.report import numbers
from dying_relu.studies.outlier import CONTENTS, estimands, figures, tables, text, theory
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

MOMENTS = (7.0, 7.1, 10.0)  # of an outlier after epoch 7 of 10: before, at once, at the end
# (intervention, strength, scaling, optimiser, rate): by seed the units of 10 dead at these moments, the step at once
ARMS = {
    ("none", 0, "raw", "sgd", 0.02): {
        0: ((1, 1, 2), 0.1),
        1: ((0, 0, 0), 0.1),
        1000: ((1, 1, 2), 0.1),
        1001: ((0, 0, 0), 0.2),
    },
    ("outlier", 3, "raw", "sgd", 0.02): {
        0: ((1, 5, 4), 10),
        1: ((0, 4, 4), 10),
        1000: ((1, 5, 6), 10),
        1001: ((0, 2, 4), 2),
    },
    ("outlier", 4, "raw", "sgd", 0.02): {
        0: ((1, 9, 10), 1000),
        1: ((0, None, None), np.nan),
        1000: ((1, 9, None), 100),
        1001: ((0, None, None), np.nan),
    },
    ("outlier_bias_put_back", 3, "raw", "sgd", 0.02): {
        0: ((1, 3, 3), 10),
        1: ((0, 0, 0), 10),
        1000: ((1, 3, 5), 10),
        1001: ((0, 0, None), 2),
    },
    ("outlier_weights_put_back", 3, "raw", "sgd", 0.02): {
        0: ((1, 1, 2), 10),
        1: ((0, 0, 0), 10),
        1000: ((1, 1, 2), 10),
        1001: ((0, 0, 1), 2),
    },
    ("none", 0, "standardised", "sgd", 0.02): dict.fromkeys((0, 1, 1000, 1001), ((0, 0, 0), 0.1)),
    ("outlier", 3, "standardised", "sgd", 0.02): {
        0: ((0, 1, 1), 1),
        1: ((0, 0, 0), 1),
        1000: ((0, 1, 1), 1),
        1001: ((0, None, None), np.nan),
    },
    ("outlier", 4, "standardised", "sgd", 0.02): dict.fromkeys((0, 1, 1000, 1001), ((0, 4, 3), 1)),
    ("none", 0, "raw", "sgd_clip_norm", 0.02): {1000: ((0, 0, 0), 0.1)},
    ("outlier", 3, "raw", "sgd_clip_norm", 0.02): {1000: ((0, 1, 2), 0.1)},
    ("none", 0, "raw", "sgd", 0.05): {1000: ((0, 0, 0), 0.1)},
    ("outlier", 3, "raw", "sgd", 0.05): {1000: ((0, 9, 9), 0.1)},
}


def made(layers=1, **common):
    """Tables activity, history and networks of `ARMS`; all layers alike."""
    activity, history = [], []
    for (intervention, strength, scaling, optimizer, rate), seeds in ARMS.items():
        main = optimizer == "sgd" and rate == 0.02 and "put" not in intervention
        grid = ("twin" if intervention == "none" else "outlier") if main else "more"
        arm = {"intervention": intervention, "strength": strength, "scaling": scaling, "optimizer": optimizer}
        arm |= {"learning_rate": rate, "grid": grid, "epochs": 10, "intervention_epoch": 7}
        for seed, (dead, step) in seeds.items():
            row = BASE | arm | {"seed": seed, "phase": "pilot" if seed < 1000 else "confirmatory"} | common
            for epoch, n in zip(MOMENTS, dead, strict=True):
                activity += [row | {"epoch": epoch, "layer": k + 1, "n_dead": n, "n_units": 10} for k in range(layers)]
            history.append(row | {"epoch": 7.1, "update_rms": step, "diverged": dead[-1] is None})
    networks = pd.DataFrame(history)
    history = networks.drop(columns="diverged")
    return {"activity": pd.DataFrame(activity).astype({"n_dead": "Int32"}), "history": history, "networks": networks}


TABLES = made()


def without(**levels):
    """The tables without the rows at these levels."""
    return {name: frame[~(frame[list(levels)] == pd.Series(levels)).all(axis=1)] for name, frame in TABLES.items()}


def values(estimand, found=TABLES, phase="confirmatory", **levels):
    """The values of an estimand by seed in one cell of its map; a diverged network's is None."""
    cell = {"scaling": "raw", "optimizer": "sgd", "learning_rate": 0.02} | levels
    rows = estimand(found)
    rows = matching(rows[rows["phase"] == phase], **{key: level for key, level in cell.items() if key in rows})
    assert not rows["seed"].duplicated().any()
    known = zip(rows["seed"], rows["value"], rows["diverged"], strict=True)
    return {seed: None if lost else value for seed, value, lost in known}


def test_the_gradient_ratio_is_that_of_plain_sgd():
    """Clipped steps are no gradients: with them the ratio at this cell was averaged down."""
    assert values(estimands.gradient_ratio_outlier, strength=3) == pytest.approx({1000: 100, 1001: 10})
    assert set(estimands.gradient_ratio_outlier(TABLES)["optimizer"]) == {"sgd"}
    assert values(estimands.gradient_ratio_outlier, strength=4) == {1000: pytest.approx(1000), 1001: None}
    assert values(estimands.gradient_ratio_outlier, strength=3, learning_rate=0.05) == pytest.approx({1000: 1})


def test_lasting_deaths_are_differences_to_the_twin_and_diverged_where_one_did():
    assert values(estimands.lasting_deaths, strength=3) == pytest.approx({1000: 0.4, 1001: 0.4})
    assert values(estimands.lasting_deaths, strength=4) == {1000: None, 1001: None}
    assert values(estimands.lasting_deaths, strength=3, learning_rate=0.05) == pytest.approx({1000: 0.9})
    assert values(estimands.lasting_deaths, strength=3, optimizer="sgd_clip_norm") == pytest.approx({1000: 0.2})
    assert values(estimands.lasting_deaths, strength=3, scaling="standardised") == {
        1000: pytest.approx(0.1),
        1001: None,
    }
    assert values(estimands.lasting_deaths, made(layers=2), strength=3) == pytest.approx({1000: 0.4, 1001: 0.4})


def test_deaths_at_once_are_told_apart():
    found = estimands.excess(TABLES["activity"])
    here = matching(found, moment="at once", scaling="raw", intervention="outlier", strength=4, seed=1000)
    assert here["value"].tolist() == pytest.approx([0.8]) and "none" not in set(found["intervention"])


def test_networks_without_a_twin_of_the_same_seed_stop_the_build():
    with pytest.raises(UserError, match="seed 1001 has a network of one arm alone"):
        estimands.lasting_deaths(without(intervention="none", scaling="raw", seed=1001))
    with pytest.raises(UserError, match="unequal arms: seed 1000"):
        estimands.share_undone_by_bias(without(intervention="outlier_bias_put_back", seed=1000))


def test_a_class_has_its_own_size_the_deadliest_that_all_its_pilot_networks_stand():
    sizes = estimands.own_sizes(estimands.lasting_deaths(TABLES))
    main = matching(sizes, learning_rate=0.02, optimizer="sgd").set_index("scaling")["strength"]
    assert main.to_dict() == {"raw": 3, "standardised": 4}  # raw networks lose more at 4, but seed 1 diverges
    assert len(sizes) == 2  # of the others there is no pilot seed to choose on
    own = estimands.lasting_deaths_at_own_size
    assert values(own) == pytest.approx({1000: 0.4, 1001: 0.4}) and "strength" not in own(TABLES)
    assert values(own, scaling="standardised") == pytest.approx({1000: 0.3, 1001: 0.3})


def test_the_share_undone_counts_the_diverged_and_is_missing_where_little_died():
    """Judged on survivors, 37 of 80 seeds decided."""
    lasting = {"strength": 3, "moment": "after training on", "layer": maps.ALL_LAYERS}
    assert values(estimands.share_undone_by_bias, **lasting) == {1000: pytest.approx(1 - 0.3 / 0.4), 1001: None}
    assert values(estimands.share_undone_by_bias, phase="pilot", **lasting) == pytest.approx({0: 0.5, 1: 1})
    at_once = lasting | {"moment": "at once"}
    assert values(estimands.share_undone_by_bias, **at_once) == pytest.approx({1000: 0.5, 1001: 1})
    assert values(estimands.share_undone_by_bias, **at_once | {"layer": 1}) == pytest.approx({1000: 0.5, 1001: 1})
    few = TABLES["activity"].assign(n_units=1000)  # fewer than one in twenty
    none = estimands.share_undone_by_bias({"activity": few})
    assert none["value"].isna().all() and not none["diverged"].all()


def test_standardised_features_are_held_against_raw_ones_where_there_is_something_to_prevent():
    spared = estimands.lasting_deaths_spared_by_standardising
    assert values(spared, strength=3) == {1000: pytest.approx(0.1 - 0.4), 1001: None}
    assert values(spared, strength=4) == {1000: None, 1001: None}
    assert values(spared, strength=3, phase="pilot") == pytest.approx({0: 0.1 - 0.2, 1: -0.4})
    harmless = TABLES["activity"].copy()
    harmless.loc[(harmless["phase"] == "pilot") & (harmless["strength"] == 3), "n_dead"] = 0
    found = matching(spared({"activity": harmless}), strength=3)
    assert found["value"].isna().all() and not found["diverged"].any() and len(found) == 4


def test_controls_take_no_part():
    controls = {name: frame.assign(grid="control") for name, frame in TABLES.items()}
    assert values(estimands.lasting_deaths, controls) == {}


@pytest.fixture
def _named_size(monkeypatch):
    monkeypatch.setattr(text, "SIZE", 3)


@pytest.mark.usefixtures("_named_size")
def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("outlier", made, CONTENTS.numbers)
    assert (made["settle"], made["after"], made["strength"], made["deviations"]) == (7, 3, 3, 1000)
    # ratios 100 and 10 at strength 3, and 1000 of the only finite one at strength 4
    assert made["raw.power"] == pytest.approx(np.log10(1000) - np.log10(55)) and made["raw.diverged"] == 0
    assert made["standardised.power"] == pytest.approx(0) and np.isnan(made["centred.diverged"])
    assert made["raw.at"] == made["raw.at.first"] == pytest.approx(0.3)
    assert made["raw.after"] == made["raw.after.first"] == pytest.approx(0.4)
    assert made["standardised.after"] == pytest.approx(0.1) and np.isnan(made["scaled.after"])
    assert made["standardised.strength"] == 4
    assert made["undone.weights.at"] == pytest.approx(1) and made["undone.bias.at"] == pytest.approx(0.75)
    assert made["undone.weights.after"] == pytest.approx((1 + 0.75) / 2)
    assert made["clipped.worst"] == pytest.approx(0.2)


def test_the_table_of_effects_by_hand():
    frame = text.tables(TABLES)["effect"].frame
    assert frame["features"].tolist() == ["raw", "raw", "standardised", "standardised"]
    row = frame.set_index(["features", "strength"]).loc[("raw", 3)]
    assert row["gradient ratio"] == pytest.approx(55) and row["diverged"] == 0
    assert row["dead at once"] == pytest.approx(0.3) and row["dead after training on"] == pytest.approx(0.4)
    assert frame.set_index(["features", "strength"]).loc[("raw", 4), "diverged"] == 1


def saved(table, path):
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def labels(axis):
    return [line.get_label() for line in axis.get_lines() if not line.get_label().startswith("_")]


def test_the_effect_is_drawn_for_each_scaling_and_layer(tmp_path):
    figure = figures.outlier_effect(saved(tables.outlier_effect(made(layers=2)), tmp_path))
    assert [axis.get_title() for axis in figure.axes[:2]] == ["raw features", "standardised features"]
    assert labels(figure.axes[0]) == ["gradient ratio"] and figure.axes[0].get_yscale() == "log"
    assert labels(figure.axes[2]) == ["layer 1", "layer 2"]
    assert labels(figure.axes[4]) == ["layer 1", "layer 2", "diverged"]
    assert figure.axes[4].get_lines()[-1].get_xydata().tolist() == [[3, 0], [4, 1]]


def test_the_cause_is_drawn_where_something_was_put_back_or_clipped(tmp_path):
    table = saved(tables.outlier_cause(TABLES), tmp_path)
    figure = figures.outlier_cause(table)
    assert [axis.get_title() for axis in figure.axes] == ["raw features"]
    names = ["plain step", "outlier, biases put back", "outlier, weights put back", "SGD, norm clipped"]
    assert labels(figure.axes[0]) == names
    dashed = [line.get_linestyle() for line in figure.axes[0].get_lines() if line.get_label() == "SGD, norm clipped"]
    assert dashed == ["--"]
    more = table.assign(intervention="renew_dead", optimizer="adam")  # with other entries of the catalogue
    assert "Adam, renewed naively" in labels(figures.outlier_cause(more).axes[0])


def stepped(size_at, dataset="digits", factors=(0.1, 1, 10), seeds=(1000, 1001), scaling="raw"):
    """Activity of networks whose excess at once is 0.1 at strength ``size_at(factor, seed)``, a tenth a unit of it."""
    rows = []
    for factor in factors:
        for seed in seeds:
            for strength in (0, 1, 2, 3, 4, 5, 6):
                met = "outlier" if strength else "none"
                grid = ("outlier" if strength else "twin") if factor == 1 and dataset == "digits" else "step_low"
                row = BASE | {"seed": seed, "dataset": dataset, "scaling": scaling, "grid": grid, "optimizer": "sgd"}
                row |= {"intervention": met, "strength": strength, "rate_factor": factor, "learning_rate": 0.02}
                row |= {"epochs": 10, "intervention_epoch": 7, "layer": 1, "n_units": 1000}
                dead = np.clip(100 + 100 * (strength - size_at(factor, seed)), 0, 1000) if strength else 0
                rows += [row | {"epoch": epoch, "n_dead": n} for epoch, n in zip(MOMENTS, (0, dead, 0), strict=True)]
    return pd.DataFrame(rows)


def test_the_exponent_is_that_with_which_the_networks_were_made():
    one = stepped(lambda factor, seed: 3.2 + (seed - 1000) / 10 - np.log10(factor))
    two = stepped(lambda factor, seed: 3.2 - np.log10(factor) / 2, "friedman")
    found = {"activity": pd.concat([one, two], ignore_index=True)}
    exponent = estimands.collapse_exponent(found)
    assert exponent.groupby("dataset", observed=True)["value"].agg(list).to_dict() == {
        "digits": pytest.approx([1, 1]),
        "friedman": pytest.approx([2, 2]),
    }
    sizes = estimands.deadly_sizes(found)
    assert matching(sizes, dataset="digits", rate_factor=1)["value"].tolist() == pytest.approx([3.2, 3.3])
    ratio = estimands.deadly_size_over_predicted(found)
    assert ratio["value"].tolist() == pytest.approx([1] * 8) and set(ratio["rate_factor"]) == {0.1, 10}


def test_without_a_deadly_size_there_is_no_exponent():
    never = stepped(lambda factor, seed: 3 - np.log10(factor) if seed == 1000 else 9)
    found = estimands.collapse_exponent({"activity": never})
    assert found.set_index("seed")["value"].to_dict() == {
        1000: pytest.approx(1),
        1001: pytest.approx(np.nan, nan_ok=True),
    }
    assert found.set_index("seed")["diverged"].to_dict() == {1000: False, 1001: True}, "counted at both bounds"


def test_networks_of_other_rates_take_no_part_in_what_the_texts_claim():
    more = stepped(lambda factor, seed: 3, factors=(0.1, 10))
    found = {"activity": pd.concat([TABLES["activity"], more], ignore_index=True)}
    pd.testing.assert_frame_equal(estimands.lasting_deaths(found), estimands.lasting_deaths(TABLES), check_dtype=False)


def two_by_two(dead, intervention="outlier", grid="outlier", strength=4):
    """Activity of the four scalings, one seed: so many of 100 units dead later, and half as many at once."""
    rows = []
    for scaling, n in dead.items():
        for met, where, k, count in (("none", "twin", 0, 0), (intervention, grid, strength, n)):
            row = BASE | {"scaling": scaling, "grid": where, "intervention": met, "strength": k, "layer": 1}
            row |= {"epochs": 10, "intervention_epoch": 7, "n_units": 100, "optimizer": "sgd", "learning_rate": 0.02}
            rows += [row | {"epoch": e, "n_dead": d} for e, d in zip(MOMENTS, (0, count / 2, count), strict=True)]
    return pd.DataFrame(rows).drop_duplicates(ignore_index=True)


def test_the_two_by_two_of_centring_and_scaling():
    deviations = two_by_two({"raw": 80, "centred": 60, "scaled": 30, "standardised": 20})
    inputs = two_by_two({"raw": 40, "centred": 20}, "outlier_in_inputs", "equal_inputs")
    activity = pd.concat([deviations, inputs], ignore_index=True).drop_duplicates(ignore_index=True)
    found = estimands.effect_of_scalings({"activity": activity})
    later = matching(found, moment="after training on", layer=maps.ALL_LAYERS).set_index(["equal", "effect"])["value"]
    assert later["deviations"].to_dict() == pytest.approx({"centring": -0.15, "scaling": -0.45, "interaction": 0.1})
    assert later["inputs"].to_dict() == pytest.approx({"centring": -0.15, "scaling": -0.05, "interaction": 0.1})
    at_once = matching(found, moment="at once", layer=1, equal="deviations").set_index("effect")["value"]
    assert at_once.to_dict() == pytest.approx({"centring": -0.075, "scaling": -0.225, "interaction": 0.05})


def test_the_collapse_is_drawn_over_both_powers_of_the_size(tmp_path):
    one = stepped(lambda factor, seed: 3.2 - np.log10(factor))
    two = stepped(lambda factor, seed: 3.2 - np.log10(factor) / 2, "friedman")
    table = tables.outlier_collapse({"activity": pd.concat([one, two], ignore_index=True)})
    figure = figures.outlier_collapse(saved(table, tmp_path))
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[:2] == ["digits: cross-entropy", "Friedman's function: squared error"]
    assert labels(figure.axes[0]) == ["rate 0.002", "rate 0.02", "rate 0.2"]
    last = [line.get_xdata().max() for line in figure.axes[2].get_lines() if line.get_label()[0] != "_"]
    assert last == pytest.approx([rate * 10**12 for rate in (0.002, 0.02, 0.2)])
    # where the power is right, equal loads have equal excess
    fits = matching(table, dataset="digits", power=1).assign(load=lambda t: np.log10(t["load"]).round(6))
    assert fits.groupby("load")["mean"].agg(np.ptp).max() == pytest.approx(0, abs=1e-9)
    assert matching(table, dataset="friedman", power=1).groupby("load")["mean"].agg(np.ptp).max() > 0.04


def test_effects_of_scalings_are_drawn_by_layer(tmp_path):
    activity = two_by_two({"raw": 80, "centred": 60, "scaled": 30, "standardised": 20})
    figure = figures.outlier_scalings(saved(tables.outlier_scalings({"activity": activity}), tmp_path))
    assert figure.axes[0].get_title() == "centring,\nequal deviations" and labels(figure.axes[0]) == ["layer 1"]


# --- Theory, held against one step of a network in NumPy and in Keras ---


def network(rng, widths, outputs):
    """Random kernels and biases of a ReLU network."""
    sizes = [*widths, outputs]
    kernels = [rng.normal(size=pair) * np.sqrt(2 / pair[0]) for pair in pairwise(sizes)]
    return theory.Layers(kernels, [rng.normal(size=k.shape[1]) * 0.1 for k in kernels])


def keras_step(layers, x, y, rate):
    """The network after one step of plain SGD on a batch, by Keras."""
    import keras

    units = [len(b) for b in layers.biases]
    hidden = [keras.layers.Dense(n, activation="relu", dtype="float64") for n in units[:-1]]
    model = keras.Sequential([keras.Input((x.shape[1],)), *hidden, keras.layers.Dense(units[-1], dtype="float64")])
    model.set_weights([v for pair in zip(layers.kernels, layers.biases, strict=True) for v in pair])
    squared = units[-1] == 1
    loss = "mse" if squared else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
    model.fit(x, y, batch_size=len(x), epochs=1, verbose=0)
    weights = model.get_weights()
    return theory.Layers(weights[::2], weights[1::2])


@pytest.mark.parametrize("outputs", [4, 1])
def test_in_the_limit_the_step_depends_on_rate_times_size_to_the_exponent(outputs):
    """By a real step on a batch in Keras: two rates with the same load leave the same units dead, those of theory."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0.1, 1, (60, 5))
    power, direction, batch, label = 1 if outputs > 1 else 2, np.eye(5)[2], 10, 0
    drawn = (network(rng, (5, 12, 12), outputs) for _ in range(20))
    layers = next(one for one in drawn if np.any(theory.errors(one, direction, label)[1][-1]))
    y = np.zeros(batch, int) if outputs > 1 else np.zeros((batch, 1))
    found = []
    for load in (3.0, 300.0):
        limit = theory.dead(theory.after_step(layers, direction, label, load, batch), x)
        for rate in (1e-7, 1e-8):
            sample = x[:batch].copy()
            sample[0] = x[0] * (1 - direction) + direction * (load / rate) ** (1 / power)
            dead = theory.dead(keras_step(layers, sample, y, rate), x)
            found.append(sum(units.sum() for units in dead))
            for got, wanted in zip(dead, limit, strict=True):
                np.testing.assert_array_equal(got, wanted)
    assert max(found) > 3


def test_the_first_layers_deadly_load_is_that_found_by_trying():
    rng = np.random.default_rng(1)
    x = rng.uniform(0.1, 1, (50, 4))
    layers = network(rng, (4, 30, 8), 1)
    direction = np.eye(4)[1]
    _, errors = theory.errors(layers, direction, 0)
    loads = theory.first_layer_deadly_loads(x @ layers.kernels[0] + layers.biases[0], x[:, 1], errors[0], 10)
    assert 0 < np.isfinite(loads[loads > 0]).sum() < len(loads)
    for factor, dies in ((0.999, False), (1.001, True)):
        for unit in np.flatnonzero(np.isfinite(loads) & (loads > 0)):
            after = theory.after_step(layers, direction, 0, factor * loads[unit], 10)
            assert theory.dead(after, x)[0][unit] == dies
    third = np.sort(loads)[(loads == 0).sum() + 2]
    share = (loads <= third).mean()
    assert theory.deadly_load(layers, direction, 0, x, share, 10) == pytest.approx(third, rel=0.03)


def test_no_outlier_kills_a_first_unit_by_a_feature_of_both_signs_or_zero():
    rng = np.random.default_rng(2)
    layers, direction = network(rng, (3, 20), 2), np.eye(3)[0]
    error = np.where(rng.random(20) < 0.5, 1.0, -1.0)
    for feature in (rng.normal(size=200), rng.integers(0, 2, 200).astype(float)):
        x = np.column_stack([feature, rng.uniform(0.5, 1, (200, 2))])
        z = x @ layers.kernels[0] + layers.biases[0]
        loads = theory.first_layer_deadly_loads(z, feature, error, 10)
        open_there = ((z > 0) & (feature[:, None] * error <= 0)).any(axis=0)
        assert np.isinf(loads[open_there]).all() and open_there.sum() > 10
    assert theory.deadly_load(layers, direction, 0, x * [0, 1, 1], 0.9, 10) == np.inf


def test_the_exponent_goes_by_the_loss():
    assert theory.exponent("digits") == 1 and theory.exponent("friedman") == 2


def test_tables_without_rows():
    empty = {name: frame.iloc[:0] for name, frame in TABLES.items()}
    for name in CONTENTS.estimands:
        assert getattr(estimands, name)(empty).empty
    numbers.check("outlier", text.numbers(empty), CONTENTS.numbers)
    assert text.tables(empty)["effect"].frame.empty and tables.outlier_cause(empty).empty
