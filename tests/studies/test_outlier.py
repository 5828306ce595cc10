"""The study outlier on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE
from dying_relu.analysis.frames import matching
from dying_relu.report import numbers
from dying_relu.studies.outlier import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files

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
    ("outlier", 5, "raw", "sgd", 0.02): {0: ((1, None, None), 1), 1: ((0, None, None), 1)},
    ("outlier_bias_put_back", 3, "raw", "sgd", 0.02): {1000: ((1, 3, 5), 10), 1001: ((0, 0, None), 2)},
    ("outlier_weights_put_back", 3, "raw", "sgd", 0.02): {1000: ((1, 1, 2), 10), 1001: ((0, 0, 1), 2)},
    ("none", 0, "standardised", "sgd", 0.02): {1000: ((0, 0, 0), 0.1), 1001: ((0, 0, 0), 0.1)},
    ("outlier", 3, "standardised", "sgd", 0.02): {1000: ((0, 1, 1), 1), 1001: ((0, None, None), np.nan)},
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
    return {"activity": pd.DataFrame(activity).astype({"n_dead": "Int32"}), "history": networks, "networks": networks}


TABLES = made()


def values(estimand, found=TABLES):
    return estimand(found).set_index("seed")["value"].to_dict()


def test_excess_deaths_are_differences_to_the_twin_and_missing_where_one_diverged():
    found = estimands.excess(estimands.at_main_rate(TABLES["activity"]))

    def of(**levels):
        return matching(estimands.plain(found, moment=levels.pop("moment")), **levels)["excess_dead"].tolist()

    assert of(strength=3, seed=0, moment="at once") == pytest.approx([0.4])
    assert of(strength=3, seed=0, moment="after training on") == pytest.approx([0.2])
    assert of(strength=4, seed=1000, moment="at once") == pytest.approx([0.8])
    assert np.isnan(of(strength=4, seed=1000, moment="after training on")).tolist() == [True]
    assert "none" not in set(found["intervention"])


def test_the_deadliest_size_is_chosen_on_pilot_seeds_of_which_most_stay_finite():
    found = estimands.excess(estimands.at_main_rate(TABLES["activity"]))
    assert estimands.deadliest(found) == 3  # mean 0.3; at 4 it is 0.8, but of one of two; at 5 none is finite
    assert estimands.deadliest(found[found["seed"] != 1]) == 4
    assert estimands.deadliest(found[found["phase"] == "confirmatory"]) is None


def no_seed_0():
    return {name: frame[frame["seed"] != 0] for name, frame in TABLES.items()}


def test_the_gradient_ratio_is_that_of_plain_sgd_at_the_main_rate():
    assert values(estimands.gradient_ratio_outlier) == pytest.approx({1000: 2, 1001: 1})


def test_lasting_deaths_are_those_of_raw_features_at_the_deadliest_size():
    without = {name: frame[frame["seed"] != 1] for name, frame in TABLES.items()}
    assert values(estimands.lasting_deaths_outlier, without) == {}  # at 4 all diverge in the end
    assert values(estimands.lasting_deaths_outlier) == pytest.approx({1000: 0.4, 1001: 0.4})


def test_the_share_undone_by_the_bias_is_of_seeds_that_stay_finite():
    assert values(estimands.share_undone_by_bias, no_seed_0()) == pytest.approx({1000: 1 - 0.3 / 0.4})
    found = estimands.excess(no_seed_0()["activity"])
    found = found[found["learning_rate"] == 0.02]
    assert estimands.undone(found, "outlier_bias_put_back", "at once").to_dict() == pytest.approx({1000: 0.5, 1001: 1})
    few = found.assign(excess_dead=found["excess_dead"] / 10)  # fewer than one in twenty
    assert len(estimands.undone(few, "outlier_bias_put_back", "at once")) == 0


def test_standardised_features_are_held_against_raw_ones():
    found = values(estimands.deaths_with_standardised_features, no_seed_0())
    assert found == pytest.approx({1000: 0.1 - 0.4})


def test_other_networks_and_controls_take_no_part():
    others = {name: pd.concat([frame, frame.assign(activation="elu")]) for name, frame in no_seed_0().items()}
    assert values(estimands.lasting_deaths_outlier, others) == pytest.approx({1000: 0.4, 1001: 0.4})
    controls = {name: frame.assign(grid="control") for name, frame in no_seed_0().items()}
    assert values(estimands.lasting_deaths_outlier, controls) == {}


def test_numbers_by_hand():
    found = no_seed_0()
    made = text.numbers(found)
    numbers.check("outlier", made, CONTENTS.numbers)
    assert (made["settle"], made["after"], made["strength"]) == (7, 3, 3)
    # ratios 100 and 10 at strength 3, and 1000 of the only finite one at strength 4
    assert made["raw.power"] == pytest.approx(np.log10(1000) - np.log10(55)) and np.isnan(made["standardised.power"])
    assert made["raw.diverged"] == 0 and np.isnan(made["centred.diverged"])
    assert made["raw.at"] == made["raw.at.first"] == pytest.approx(0.3)
    assert made["raw.after"] == made["raw.after.first"] == pytest.approx(0.4)
    assert made["standardised.after"] == pytest.approx(0.1) and np.isnan(made["scaled.after"])
    assert made["undone.weights.at"] == pytest.approx(1) and made["undone.bias.at"] == pytest.approx(0.75)
    assert made["undone.weights.after"] == pytest.approx((1 + 0.75) / 2)
    assert made["clipped.worst"] == pytest.approx(0.2)


def test_the_table_of_effects_by_hand():
    frame = text.tables(TABLES)["effect"].frame
    assert frame["features"].tolist() == ["raw", "raw", "standardised"]
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


def test_the_collapse_is_drawn_over_rate_times_squared_deviations(tmp_path):
    figure = figures.outlier_collapse(saved(tables.outlier_collapse(TABLES), tmp_path))
    assert [axis.get_title() for axis in figure.axes] == ["raw features,\nat once", "raw features,\nafter training on"]
    first = figure.axes[0].get_lines()
    assert [line.get_label() for line in first if line.get_label()[0] != "_"] == ["rate 0.02", "rate 0.05"]
    loads = {x for line in first for x in line.get_xdata()}
    assert loads == {0.02 * 10**6, 0.02 * 10**8, 0.05 * 10**6}


def test_tables_without_rows():
    empty = {name: frame.iloc[:0] for name, frame in TABLES.items()}
    assert values(estimands.gradient_ratio_outlier, empty) == values(estimands.share_undone_by_bias, empty) == {}
    numbers.check("outlier", text.numbers(empty), CONTENTS.numbers)
    assert text.tables(empty)["effect"].frame.empty and tables.outlier_cause(empty).empty
