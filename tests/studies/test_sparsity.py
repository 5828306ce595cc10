"""The study sparsity on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import in_cell
from by_hand import networks as table
from dying_relu.analysis.intervals import Estimate
from dying_relu.report import numbers
from dying_relu.report.tables import Table
from dying_relu.report.tables import read as read_table
from dying_relu.studies.sparsity import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError


def networks(rows, **common):
    """Rows of (activation, penalty, rate, seed, accuracy); without an accuracy it diverged."""
    names = ["activation", "activity_penalty", "learning_rate", "seed", "test_accuracy"]
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return table(*(row | {"dead_fraction": 0 * row["test_accuracy"]} for row in made), grid="unbounded", **common)


def activity(frame, shares):
    """Two layers of each network, at the start half zero, at the end as given for its activation and penalty."""
    rows = []
    for row in frame.drop(columns=["diverged", "test_accuracy"]).to_dict("records"):
        end = shares[row["activation"], row["activity_penalty"]] if row["dead_fraction"] == 0 else np.nan
        for step, epoch, share in ((0, 0, 0.5), (9, row["epochs"], end)):
            rows += [
                row | {"step": step, "epoch": epoch, "layer": k, "zero_share": share + (k - 1.5) / 10} for k in (1, 2)
            ]
    return pd.DataFrame(rows)


def timings():
    """Ratio of the sparse to the dense product: ten times the density times a factor for the place."""
    rows = []
    for phase, seed in (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001)):
        for batch, width, factor in ((1, 64, 2.0), (50, 64, 1.0)):
            for library, more in (("scipy", 1.0), ("tensorflow", 3.0)):
                for converted in (False, True):
                    for density in (0.01, 0.1, 1.0):
                        ratio = 10 * density * factor * more * (5 if converted else 1)
                        row = {"phase": phase, "seed": seed, "batch": batch, "width": width, "library": library}
                        rows.append(row | {"with_conversion": converted, "density": density, "ratio": ratio})
    return pd.DataFrame(rows)


CELLS = [
    # activation, penalty, rate: accuracies of pilot seed 0, confirmatory seeds 1000 and 1001
    ("relu", 0.0, 0.1, (0.90, 0.80, 0.80)),
    ("relu", 0.0, 0.3, (0.95, 0.94, 0.96)),
    ("relu", 0.0, 0.5, (np.nan, 0.99, 0.99)),  # diverges on the pilot seed: not to be chosen
    ("relu", 0.01, 0.3, (0.96, 0.93, 0.94)),
    ("k_winners_0.1", 0.0, 0.3, (0.90, 0.90, 0.90)),
    ("elu", 0.0, 0.3, (0.97, 0.96, np.nan)),
    ("sigmoid", 0.0, 0.3, (0.60, 0.99, 0.99)),
    ("leaky_relu_0.01", 0.0, 0.3, (0.99, 0.99, 0.99)),  # neither sparse nor dense
]
SHARES = {("relu", 0.0): 0.5, ("relu", 0.01): 0.7, ("k_winners_0.1", 0.0): 0.9, ("elu", 0.0): 0.0}
SHARES |= {("sigmoid", 0.0): 0.05, ("leaky_relu_0.01", 0.0): 0.02, ("softplus", 0.0): 0.2, ("elu", 0.5): 0.3}
NETWORKS = networks(
    (*arm, seed, value) for *arm, values in CELLS for seed, value in zip((0, 1000, 1001), values, strict=True)
)
TABLES = {"networks": NETWORKS, "activity": activity(NETWORKS, SHARES), "timings": timings()}
PENALISED, ELU, WINNERS = (
    {"activation": name, "activity_penalty": penalty}
    for name, penalty in (("relu", 0.01), ("elu", 0), ("k_winners_0.1", 0))
)


def with_more(*rows, **common):
    """`TABLES` with more networks."""
    frame = pd.concat([NETWORKS, networks(rows, **common)], ignore_index=True)
    return {"networks": frame, "activity": activity(frame, SHARES), "timings": timings()}


def test_rates_are_the_best_on_pilot_seeds_that_all_stay_finite():
    rates = estimands.best_rates(NETWORKS).set_index(estimands.ARM)["learning_rate"]
    assert rates["relu", 0] == 0.3 and rates["relu", 0.01] == 0.3


@pytest.mark.parametrize(
    ("activation", "penalty", "kind"),
    [
        ("relu", 0, "sparse"),
        ("relu", 0.1, "sparse"),
        ("k_winners_0.05", 0, "sparse"),
        ("leaky_relu_0.01", 0, "neither"),
        ("prelu", 0, "neither"),
        ("elu", 0.1, "neither"),
        ("leaky_relu_0.3", 0, "dense"),
        ("leaky_relu_-0.1", 0, "dense"),
        ("gelu", 0, "dense"),
        ("tanh", 0, "dense"),
    ],
)
def test_kinds_of_arms_follow_from_the_catalogue(activation, penalty, kind):
    assert set(estimands.compared(networks([(activation, penalty, 0.1, 0, 0.5)]))["kind"]) == {kind}


def test_zero_share_is_a_mean_over_layers_at_the_best_rate():
    found = estimands.relu_zero_share_less_sigmoid(TABLES)
    for layer in (0, 1, 2):
        assert in_cell(found, layer=layer, moment="end") == {1000: pytest.approx(0.45), 1001: pytest.approx(0.45)}
        assert in_cell(found, layer=layer, moment="start") == {1000: pytest.approx(0), 1001: pytest.approx(0)}
    assert estimands.density(TABLES) == pytest.approx(0.5)


def test_best_sparse_arm_is_held_against_best_dense_arm_of_pilot_seeds():
    found = estimands.at_best_rates(NETWORKS)
    assert estimands.best_arm(found, "sparse") == estimands.best_arm(found, "sparsified") == PENALISED
    assert estimands.best_arm(found, "dense") == ELU
    every = estimands.accuracy_sparse_less_dense(TABLES)
    values = every[(every["sparse"] == estimands.BEST) & (every["dense"] == estimands.BEST)].set_index("seed")
    assert values.loc[1000, "value"] == pytest.approx(-0.03)
    assert values["diverged"].to_dict() == {0: False, 1000: False, 1001: True}  # elu diverged
    assert len(every.drop_duplicates(["sparse", "dense"])) == 1 + 3 * 2  # ReLU, penalised, winners; ELU, sigmoid
    assert in_cell(every, sparse="ReLU", dense="sigmoid") == {1000: pytest.approx(-0.05), 1001: pytest.approx(-0.03)}
    nothing = estimands.best_arm(found, "dense", "noise_1")
    assert nothing == {"activation": None, "activity_penalty": None}
    assert len(estimands.difference(found, nothing, estimands.RELU, "noise_1")) == 0


def test_the_density_is_that_of_pilot_seeds():
    known = TABLES["activity"]
    other = known.assign(zero_share=known["zero_share"].where(known["seed"] < 1000, 0.99))
    assert estimands.density(TABLES | {"activity": other}) == pytest.approx(0.5)


def test_arms_without_the_same_seeds_stop_the_build():
    lacking = NETWORKS[~((NETWORKS["activation"] == "elu") & (NETWORKS["seed"] == 1001))]
    with pytest.raises(UserError, match="seed 1001 has a network of one arm alone"):
        estimands.accuracy_sparse_less_dense({"networks": lacking})


def test_plain_relu_may_be_the_best_sparse_arm_but_is_not_sparser_than_itself():
    found = estimands.at_best_rates(NETWORKS)
    without = found[found["activity_penalty"] == 0]
    assert estimands.best_arm(without, "sparse") == estimands.RELU
    assert estimands.best_arm(without, "sparsified") == WINNERS


def test_controls_and_other_networks_take_no_part():
    more = with_more(("elu", 0.0, 0.3, 1000, 0.1), width=99)
    found = estimands.accuracy_sparse_less_dense(more)
    assert in_cell(found, sparse=estimands.BEST, dense=estimands.BEST)[1000] == pytest.approx(-0.03)
    assert estimands.accuracy_sparse_less_dense({"networks": NETWORKS.assign(grid="control")}).empty


def test_dose_response_is_spearmans_over_the_sparse_arms():
    # zero shares 0.5, 0.7, 0.9 with accuracies 0.94, 0.93, 0.90 and 0.96, 0.94, 0.90: falling
    assert estimands.dose_responses(TABLES).to_dict() == {1000: pytest.approx(-1), 1001: pytest.approx(-1)}
    assert estimands.dose_responses(TABLES, "noise_1").empty


def test_speed_up_is_interpolated_in_logarithms_at_the_most_favourable_place():
    ups = estimands.speed_ups(TABLES["timings"], 0.05)
    assert estimands.fastest(ups) == {"batch": 50, "width": 64, "library": "scipy"}
    assert estimands.fastest(ups, batch=1) == {"batch": 1, "width": 64, "library": "scipy"}
    assert ups["speed_up"].max() == pytest.approx(2)
    found = estimands.sparse_speed_up(TABLES)  # density 0.5: ratio 5
    found = found.set_index(["networks", "conversion"]).sort_index()
    plain, converted = found.loc[("ReLU", "not counted")], found.loc[("ReLU", "counted")]
    assert in_cell(plain, place=estimands.FAVOURABLE) == {1000: pytest.approx(0.2), 1001: pytest.approx(0.2)}
    assert in_cell(plain, place="tensorflow, batch 1, width 64")[1000] == pytest.approx(1 / 30)
    assert in_cell(converted, place=estimands.FAVOURABLE)[1000] == pytest.approx(0.04)
    assert in_cell(found.loc[("k winners 0.1", "not counted")])[1000] == pytest.approx(1)  # density 0.1
    assert estimands.speed_ups(TABLES["timings"], 0)["speed_up"].max() == pytest.approx(10)  # as at the lowest timed
    assert estimands.speed_ups(TABLES["timings"], np.nan).empty
    del (without := dict(TABLES))["timings"]
    assert estimands.sparse_speed_up(without).empty


def test_the_place_is_chosen_by_the_mean_over_pilot_repetitions():
    rows = [("a", 0, 1.0), ("a", 1, 1.0), ("a", 2, 9.0), ("b", 0, 2.0), ("b", 1, 2.0), ("b", 2, 2.0), ("b", 1000, 99.0)]
    ups = pd.DataFrame(rows, columns=["library", "seed", "speed_up"]).assign(batch=1, width=64)
    ups["phase"] = np.where(ups["seed"] < 1000, "pilot", "confirmatory")
    assert estimands.fastest(ups)["library"] == "a"


def test_break_even_density():
    found = estimands.break_even(TABLES["timings"]).set_index(["batch", "library", "with_conversion"])
    assert found.loc[(50, "scipy", False), "density"] == pytest.approx(0.1)
    assert found.loc[(1, "tensorflow", False), "density"] == pytest.approx(1 / 60)
    assert found.loc[(50, "scipy", True), "density"] == pytest.approx(1 / 50)
    assert found.loc[(1, "tensorflow", True), "sign"] == "<"  # a ratio of 3 at the lowest density
    dear = TABLES["timings"].assign(ratio=TABLES["timings"]["ratio"] * 1000)
    assert set(estimands.break_even(dear)["sign"]) == {"<"} and set(estimands.break_even(dear)["density"]) == {0.01}
    cheap = TABLES["timings"].assign(ratio=TABLES["timings"]["ratio"] / 1000)
    assert set(estimands.break_even(cheap)["sign"]) == {">"} and set(estimands.break_even(cheap)["density"]) == {1}


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("sparsity", made, CONTENTS.numbers)
    assert made["plain.sparse"] == made["plain.sparsified"] == "ReLU with L1 0.01" and made["plain.dense"] == "ELU"
    assert made["plain.sparse.accuracy"] == pytest.approx(0.935) and made["plain.sparse.zero"] == pytest.approx(0.7)
    assert made["plain.dense.accuracy"] == 0.96
    assert made["plain.sparsified.relu"] == Estimate(pytest.approx(-0.015), -1, 1, 2)
    assert made["plain.leaky.relu"] == Estimate(pytest.approx(0.04), -1, 1, 2)
    assert made["plain.dose"].value == pytest.approx(-1) and np.isnan(made["noisy.dose"].value)
    assert made["noisy.dense"] is None and np.isnan(made["noisy.sparse.dense"].value)
    assert (made["relu.rate"], made["relu.zero"], made["half"]) == (0.3, pytest.approx(0.5), 0)
    assert made["relu.start.first"] == pytest.approx(0.45) and made["relu.end.last"] == pytest.approx(0.55)
    assert made["fastest.library"] == "SciPy" and made["fastest.batch"] == "50" and made["fastest.width"] == "64"
    assert made["one.64"].value == pytest.approx(0.1) and made["converted.fastest"].value == pytest.approx(0.04)
    assert made["repetitions"] == 2 and np.isnan(made["one.1024"].value)


def test_the_table_of_arms_by_hand():
    made = with_more(("softplus", 0.0, 0.3, 0, np.nan), ("softplus", 0.0, 0.3, 1000, 0.5))
    frame = text.tables(made)["arms"].frame.set_index("arm")
    names = ["ELU", "leaky ReLU 0.01", "sigmoid", "ReLU", "ReLU with L1 0.01", "k winners 0.1", "softplus"]
    assert list(frame.index) == names  # by zero share, last the one without a rate
    assert frame.loc["ReLU with L1 0.01", ["gap", "gap_low", "gap_high"]].tolist() == pytest.approx([-0.015, -1, 1])
    assert np.isnan(frame.loc["ReLU", "gap"]) and np.isnan(frame.loc["softplus", "learning_rate"])
    assert frame.loc["ELU", "diverged"] == 0.5 and frame.loc["ELU", "mean"] == 0.96


def test_the_table_of_break_even_densities_by_hand(tmp_path):
    made = text.tables(TABLES)["break_even"]
    assert [column.head for column in made.columns] == [
        *("batch", "width", "SciPy", "SciPy, converted", "TensorFlow", "TensorFlow, converted")
    ]
    one, many = made.frame.sort_values("batch").to_dict("records")
    assert many["SciPy"] == pytest.approx(0.1) and one["TensorFlow"] == pytest.approx(1 / 60)
    made.write(tmp_path / "break_even.csv")
    again: Table = read_table(tmp_path / "break_even.csv")
    assert again.latex() == made.latex() and r"$<$1.0\,\%" in made.latex()


def saved(table, path):
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def entries(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_every_arm_is_drawn_in_accuracy_by_sparsity(tmp_path):
    arms = [(*arm, 0.3, seed, 0.9) for arm in (("softplus", 0.0), ("elu", 0.5)) for seed in (0, 1000)]
    figure = figures.accuracy_by_sparsity(saved(tables.accuracy_by_sparsity(with_more(*arms)), tmp_path))
    assert [axis.get_title() for axis in figure.axes] == ["inputs: as they are"]
    plain = ["ReLU", "leaky ReLU 0.01", "ELU", "softplus", "sigmoid"]
    assert entries(figure) == [*plain, "ReLU with L1 penalty", "ELU with L1 penalty", "k winners"]
    points = {container.get_label(): container[0].get_xydata() for container in figure.axes[0].containers}
    assert points["k winners"].tolist() == [pytest.approx([0.9, 0.9])]
    assert points["ReLU"].tolist() == [pytest.approx([0.5, 0.95])]


def test_zero_shares_are_drawn_by_layer_for_each_activation_but_the_winners(tmp_path):
    more = with_more(*(("softplus", 0.0, 0.3, seed, 0.9) for seed in (0, 1000)))
    figure = figures.zero_share_by_layer(saved(tables.zero_share_by_layer(more), tmp_path))
    assert entries(figure) == ["ReLU", "leaky ReLU 0.01", "ELU", "softplus", "sigmoid"]
    assert [axis.get_title() for axis in figure.axes] == ["start of training", "end of training"]
    relu = next(line for line in figure.axes[1].get_lines() if line.get_label() == "ReLU")
    assert relu.get_xydata().tolist() == [[1, pytest.approx(0.45)], [2, pytest.approx(0.55)]]


def test_products_are_drawn_by_batch_and_width(tmp_path):
    figure = figures.sparse_product_speed(saved(tables.sparse_product_speed(TABLES), tmp_path))
    assert [axis.get_title() for axis in figure.axes] == ["width 64", ""]
    assert [axis.get_ylabel() for axis in figure.axes] == ["speed-up,\n1 sample", "speed-up,\n50 samples"]
    libraries = ["SciPy", "SciPy, with conversion", "TensorFlow", "TensorFlow, with conversion"]
    assert entries(figure) == [*libraries, "trained ReLU"]
    fast = next(line for line in figure.axes[1].get_lines() if line.get_label() == "SciPy")
    assert fast.get_xydata().tolist() == [pytest.approx(point) for point in ([0.01, 10], [0.1, 1], [1, 0.1])]
    dashed = next(line for line in figure.axes[0].get_lines() if line.get_label() == "trained ReLU")
    assert dashed.get_xdata()[0] == pytest.approx(0.5)


def test_tables_without_rows_and_without_timings():
    empty = {name: TABLES[name].iloc[:0] for name in ("networks", "activity")}
    numbers.check("sparsity", text.numbers(empty), CONTENTS.numbers)
    assert all(table.frame.empty for table in text.tables(empty).values())
    assert estimands.relu_zero_share_less_sigmoid(empty).empty


def test_a_repetition_times_each_product_once(engine, monkeypatch):
    from dying_relu.engine import timings

    monkeypatch.setattr(timings, "WIDTHS", (8,))
    monkeypatch.setattr(timings, "DENSITIES", (0.1, 0.5))
    monkeypatch.setattr(timings, "_SECONDS", 1e-5)
    table = timings.sparse_product(0)
    keys = ["batch", "width", "density", "library", "with_conversion"]
    assert len(table) == 2 * 1 * 2 * 2 * 2 and not table.duplicated(keys).any()
    assert (table["ratio"] > 0).all() and set(table["library"]) == set(estimands.LIBRARIES)


def test_products_agree_and_have_the_density_asked_for(engine):
    from dying_relu.engine import timings

    calls = timings._product_calls(50, 16, 0.3)
    expected = calls["numpy", "dense"]()
    for (_, form), call in calls.items():
        np.testing.assert_allclose(np.asarray(call()), expected, rtol=1e-4, atol=1e-4, err_msg=form)
    kept = (np.asarray(expected) != 0).any(axis=1).mean()
    assert kept > 0.9
