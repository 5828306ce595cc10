"""The study large_gradient on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from by_hand import BASE, in_cell
from dying_relu.analysis import theory
from dying_relu.report import numbers
from dying_relu.studies.large_gradient import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files

UNIT = BASE | {
    "grid": "one",
    "dataset": "pull_down_16",
    "scaling": "raw",
    "depth": 1,
    "width": 1,
    "output_layer": False,
}
UNIT |= {
    "initializer": "zero_sum",
    "init_scale": 0.05,
    "bias": 0.1,
    "batch_size": 1,
    "epochs": 1,
    "learning_rate": 1e-5,
}
START = 0.98  # activity rate before the first step


def unit(*active, moved=True, **more):
    """The path of one unit: its activity rate before, after the first step, and (given a third) after the last."""
    base = UNIT | more
    base["phase"] = "confirmatory" if base["seed"] >= 1000 else "pilot"
    steps = (0, 1, base["epochs"])[: len(active)]
    return [
        base | {"step": step, "epoch": step, "activity_rate": rate, "unit_bias": base["bias"] - moved * 0.1 * step}
        for step, rate in zip(steps, active, strict=True)
    ]


def study(*units):
    return {"trajectory": pd.DataFrame([row for one in units for row in one])}


def values(name, *units, **cell):
    return in_cell(getattr(estimands, name)(study(*units)), **cell)


def test_death_on_n_inputs_is_hypergeometric():
    frame = pd.DataFrame({"activity_rate": [0.0, 0.0001, 0.001, 1.0], "dataset": "pull_down_4"})
    expected = [stats.hypergeom(10_000, round(rate * 10_000), 1500).pmf(0) for rate in frame["activity_rate"]]
    np.testing.assert_allclose(estimands.death_on(frame)["p_dead"], expected, rtol=1e-6, atol=1e-12)
    assert estimands.death_on(frame, 10_000)["p_dead"].tolist() == [1, 0, 0, 0]
    assert estimands.death_on(frame, 10_001)["p_dead"].isna().all()


def test_a_push_is_judged_in_units_that_moved_each_condition_by_itself():
    deadly, mild = {"dataset": "pull_down_64"}, {"learning_rate": 1e-6}
    units = [unit(START, 0.0, **deadly), unit(START, 0.0001, seed=1001, **deadly)]  # one of 10,000 inputs is open
    units += [unit(START, START, moved=False, seed=1002, **deadly), unit(START, 0.1, seed=1003, **mild)]
    found = values("death_probability_one_step", *units, dataset="pull_down_64")
    assert found == {1000: 1.0, 1001: pytest.approx(1 - 1500 / 10_000)}
    assert values("death_probability_one_step", *units, learning_rate=1e-6) == {1003: pytest.approx(0, abs=1e-9)}


def test_units_of_another_design_are_left_out(capsys):
    others = [{"optimizer": "adam"}, {"batch_size": 2}, {"dataset": "digits"}, {"initializer": "ones"}, {"bias": 0.5}]
    found = estimands.pushed(study(unit(START, 0.0), *(unit(START, 0.0, **other) for other in others))["trajectory"])
    assert len(found) == 1 and found[["features", "steps", "total"]].values.tolist() == [[16, 1, 0.2]]
    assert capsys.readouterr().out.count("\n") == 1
    assert len(estimands.pushed(study(unit(START, 0.0, bias=0.5))["trajectory"])) == 1  # the only mean there is


def test_the_shift_of_the_mean_alone():
    shifted = {"grid": "shifted", "bias": -0.1, "scaling": "centred"}
    centred = {"scaling": "centred"}
    units = [unit(0.98, 0.0, **centred), unit(0.96, 0.0, dataset="pull_down_4", **centred), unit(0.02, **shifted)]
    units += [unit(0.5, seed=0, **centred), unit(0.9, seed=0, **shifted), unit(0.7)]
    assert values("activity_fall_after_shift", *units) == {1000: pytest.approx(0.98 - 0.02)}


def test_stages_are_held_to_their_own_first_step():
    cell = {"grid": "sixtyfour", "epochs": 64}
    units = [unit(START, 0.0, 0.0001, **cell), unit(START, 0.5, 0.0, seed=1001, **cell)]
    units += [unit(START, 0.5, seed=1002, **cell), unit(START, 0.5, 0.5, scaling="centred", **cell)]
    assert values("staged_less_single_death", *units, scaling="raw") == {1000: pytest.approx(-0.15), 1001: 1.0}
    assert values("staged_less_single_death", *units, scaling="centred") == {1000: pytest.approx(0)}


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_the_power_of_the_way_is_read_off_while_the_unit_is_open(power):
    base = UNIT | {"grid": "sixtyfour", "epochs": 64, "phase": "confirmatory"}
    path = [
        (0, 0.9),
        (1, 0.9),
        (4, 0.8),
        (16, 0.6),
        (64, 0.4),
    ]  # at 64 it is mostly closed, and had closed before: that moment has no part
    rows = [
        base | {"step": k, "epoch": k, "activity_rate": rate, "unit_bias": 0.1 - 0.001 * (k if k <= 16 else 9) ** power}
        for k, rate in path
    ]
    assert in_cell(estimands.distance_exponent({"trajectory": pd.DataFrame(rows)})) == {1000: pytest.approx(power)}


def test_there_may_be_no_units_at_all():
    empty = {"trajectory": study(unit(START, 0.0))["trajectory"].iloc[:0]}
    for name in CONTENTS.estimands:
        assert len(getattr(estimands, name)(empty)) == 0
    assert len(tables.closing(empty)) == len(tables.closing_samples(empty)) == 0
    assert text.numbers(empty)["judged"] == 1500 and len(text.tables(empty)["closing"].frame) == 0


def small():
    units = []
    for scaling, rates in {"raw": (0.0, 0.0001), "centred": (0.4, 0.5)}.items():
        for k, rate in enumerate(rates):
            units.append(unit(START, rate, scaling=scaling, seed=1000 + k))
            units.append(unit(START, rate / 2, scaling=scaling, seed=1000 + k, learning_rate=1e-3))
            units.append(
                unit(START, 0.0, 0.0, grid="four", scaling=scaling, seed=1000 + k, epochs=4, learning_rate=2.5e-6)
            )
    units += [
        unit(START, 0.9, learning_rate=5e-7),
        unit(START, 0.3, scaling="unit"),
        unit(0.02, 0.0, grid="shifted", bias=-0.1, scaling="centred"),
    ]
    return study(*units)


def expected(measure, total, steps=1, input_mean=1.0):
    probability, mean, deviation = theory.after_steps(total, steps, 0.1, 0.05, 16, input_mean)
    return pytest.approx(probability @ measure(mean, deviation))


def test_numbers_by_hand():
    made = text.numbers(small())
    numbers.check("large_gradient", made, CONTENTS.numbers)
    assert made["raw.worst"] == pytest.approx((1 + 1) / 2)  # half an input rounds to none
    assert (made["raw.features"], made["raw.total"]) == (16, 20)
    assert made["centred.worst"] < 1e-9 and made["centred.worst.staged"] == 1.0
    assert (
        made["rate.16"] == pytest.approx(0.225) and made["shift.16"] == pytest.approx(0.45) and made["rate.4"] is None
    )
    assert made["before"] == pytest.approx(START) and made["after"] == pytest.approx(0.02)
    assert made["few"] == made["many"] == 1.0
    assert made["error.many"] > 0.5


def test_the_table_by_hand():
    made = text.tables(small())["closing"]
    assert [column.head for column in made.columns] == ["inputs", "features", "total push", "1 step", "4 steps"]
    frame = made.frame.set_index(["inputs", "total"])
    both = [("mean 0", 0.2), ("mean 0", 20), ("mean 1", 0.2), ("mean 1", 20)]
    assert list(frame.index) == [*both, ("unit-scaled", 0.2)]  # of three pushes the middle one and the largest
    assert frame.loc[("mean 1", 0.2), ["mean_1", "mean_4"]].tolist() == pytest.approx([0.925, 1.0])
    assert frame.loc[("mean 1", 0.2), "theory_1"] == expected(lambda m, s: theory.death_probability(m, s, 1500), 0.2)
    assert pd.isna(frame.loc[("mean 1", 20), "mean_4"])  # no such push in stages


def test_measured_points_over_theory(tmp_path):
    files.write(tables.closing(small()), tmp_path / "table.csv")
    table = files.read(tmp_path / "table.csv")
    here = table[(table["measure"] == "activity_rate") & (table["scaling"] == "centred") & (table["total"] == 0.2)]
    one, four = (here[here["steps"] == steps].iloc[0] for steps in (1, 4))
    assert one["mean"] == pytest.approx(0.45) and one["theory"] == expected(theory.activity_rate, 0.2, 1, 0.0)
    assert four["theory"] == expected(theory.activity_rate, 0.2, 4, 0.0)
    edge = 1 - 0.025 ** (1 / 2)
    assert (four["mean"], four["ci_low"], four["ci_high"]) == (0, 0, pytest.approx(edge))  # both seeds agree
    assert table[table["scaling"] == "unit"]["theory"].isna().all()
    figure = figures.closing(table)
    labels = [f"{m}\n({i})" for m in ("death probability", "activity rate") for i in INPUTS]
    assert [axis.get_ylabel() for axis in figure.axes] == labels and figure.axes[0].get_title() == "16 features"
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == ["one step", "4 steps"]
    assert [line.get_linestyle() for line in figure.axes[0].get_lines() if line.get_marker() == "None"] == ["-", "--"]


INPUTS = ("inputs of mean 0", "inputs of mean 1", "unit-scaled inputs")


def test_death_by_the_number_of_inputs(tmp_path):
    files.write(tables.closing_samples(small()), tmp_path / "table.csv")
    table = files.read(tmp_path / "table.csv")
    raw = table[table["scaling"] == "raw"].set_index("n")
    assert set(raw["total"]) == {20} and raw.loc[10, "theory"] == expected(
        lambda m, s: theory.death_probability(m, s, 10), 20
    )
    centred = table[table["scaling"] == "centred"].set_index("n")["mean"]
    assert centred[1] == pytest.approx(1 - 0.225)
    figure = figures.closing_samples(table)
    assert [axis.get_title() for axis in figure.axes] == list(INPUTS[:2])
    assert figure.axes[0].get_xlim()[0] < 1 and figure.axes[0].get_xlim()[1] > 10_000
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == ["16 features"]
