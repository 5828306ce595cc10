"""The stock kinds of figures: tables computed by hand and by a plain loop, drawings of any study."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthetic
from by_hand import life, networks
from dying_relu.analysis import drawing
from dying_relu.analysis.stock import CONTENTS, figures, tables
from dying_relu.design.settings import SETTINGS
from dying_relu.workflow import files

KINDS = list(CONTENTS.kinds)


def through_file(table, path):
    """As the drawing gets it."""
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def lines(axis):
    return {drawn.get_label(): drawn for drawn in axis.get_lines() if not drawn.get_label().startswith("_")}


def test_dead_by_rate_tells_arms_layers_and_divergence_apart(tmp_path):
    rows = [(0.1, 3, 1000), (0.1, 3, 1001), (1.0, 3, 1000), (1.0, 3, 1001), (0.1, 5, 1000)]
    nets = networks(
        *(
            {"learning_rate": r, "depth": d, "seed": s, "dead_fraction": np.nan if r == 1 and s == 1001 else 0.5}
            for r, d, s in rows
        ),
        {"grid": "control_narrow", "width": 4, "dead_fraction": 0.9},
        {"seed": 0, "dead_fraction": 0.9},
    )
    lives = [
        life([0, None if r == 1 and s == 1001 else dead], learning_rate=r, depth=d, seed=s, layer=layer)
        for r, d, s in rows
        for layer, dead in ((1, 1 if s == 1000 else 3), (2, 2))
    ]
    lives += [life([0, 4], seed=0, phase="pilot"), life([0, 4], grid="control_narrow", width=4)]
    table = through_file(tables.dead_by_rate({"networks": nets, "activity": pd.concat(lives)}), tmp_path)
    cell = table.set_index(["depth", "learning_rate", "series"])
    assert set(table["depth"]) == {3, 5} and len(cell) == 9
    assert cell.loc[(3, 0.1, "layer 1"), "mean"] == 0.5 and cell.loc[(3, 0.1, "layer 1"), "n_seeds"] == 2
    assert cell.loc[(3, 1.0, "layer 1"), "mean"] == 0.25 and cell.loc[(3, 1.0, "layer 1"), "n_seeds"] == 1
    assert cell.loc[(3, 1.0, "diverged"), "mean"] == 0.5 and cell.loc[(5, 0.1, "diverged"), "mean"] == 0
    figure = figures.dead_by_rate(table)
    assert [axis.get_title() for axis in figure.axes if axis.get_visible()] == ["depth 3", "depth 5"]
    assert list(lines(figure.axes[0])) == ["layer 1", "layer 2", "diverged"]
    assert lines(figure.axes[0])["layer 1"].get_ydata().tolist() == [0.5, 0.25]


def test_dead_by_scaled_rate_is_over_each_arms_own_limit(tmp_path):
    ends = {None: 1.0, 0.0: 4.0, 1.0: 100.0}
    nets = networks(
        *(
            {"bias": bias, "learning_rate": rate, "dead_fraction": np.nan if rate > end else rate / 10}
            for bias, end in ends.items()
            for rate in (1.0, 4.0, 9.0)
        )
    ).assign(test_accuracy=0.9)  # without pilot seeds all that there are
    table = through_file(tables.dead_by_scaled_rate({"networks": nets}), tmp_path)
    assert set(table["bias"].dropna()) == {0.0}  # where none diverges there is no limit
    bare = table[table["bias"].isna()]
    assert bare["scaled_rate"].tolist() == [pytest.approx(1 / 2)] and bare["mean"].tolist() == [0.1]  # between 1 and 4
    assert table[table["bias"] == 0]["scaled_rate"].tolist() == pytest.approx([1 / 6, 4 / 6])
    figure = figures.dead_by_scaled_rate(table)
    assert [axis.get_title() for axis in figure.axes] == ["no bias", "bias 0"]
    assert lines(figure.axes[1])["dead fraction"].get_ydata().tolist() == pytest.approx([0.1, 0.4])


def test_events_by_hand_each_arm_by_itself(tmp_path):
    lives = [
        life([0, 2, 1, 3], [0, 0, 1, 0], width=4, n_units=4),  # died 2, 0, 2; revived 0, 1, 0
        life([0, 1, 1, 1], width=4, n_units=4, seed=1001),
        life([0, 5, 5, 8], width=10, n_units=10),
        life([0, 5, 5, 8], width=10, n_units=10, seed=0, phase="pilot"),
        life([0, 5, None, None], width=10, n_units=10, seed=1001),
    ]
    table = through_file(tables.events_over_time({"activity": pd.concat(lives)}), tmp_path)
    cell = table.set_index(["width", "event", "step"])["mean"]
    assert [cell[4, "deaths", step] for step in range(4)] == pytest.approx([0, (2 + 1) / 8, (2 + 1) / 8, (4 + 1) / 8])
    assert [cell[4, "revivals", step] for step in range(4)] == pytest.approx([0, 0, 1 / 8, 1 / 8])
    assert [cell[10, "deaths", step] for step in range(4)] == pytest.approx([0, 0.5, 0.5, 0.8])
    assert set(table[table["width"] == 10]["n_seeds"]) == {1}  # half of the networks is most
    figure = figures.events_over_time(table)
    assert [axis.get_title() for axis in figure.axes] == ["rate 0.05\nwidth 4", "rate 0.05\nwidth 10"]
    drawn = lines(figure.axes[1])
    assert list(drawn) == ["layer 1, deaths", "layer 1, revivals"]
    assert drawn["layer 1, deaths"].get_ydata().tolist() == pytest.approx([0.5, 0.5, 0.8])


def test_events_of_the_four_deadliest_rates_at_which_most_networks_stay_finite():
    dead = {0.1: 1, 0.2: 2, 0.3: 3, 0.4: 0, 0.5: 1, 0.6: 4, 0.7: 2}
    lives = [life([0, n], learning_rate=rate) for rate, n in dead.items()]
    lives += [life([0, None], learning_rate=0.6, seed=seed) for seed in (1001, 1002)]
    found = tables.events_over_time({"activity": pd.concat(lives)})
    assert sorted(found["learning_rate"].unique()) == [0.1, 0.2, 0.3, 0.7]  # of equals the first


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_events_of_any_study_are_those_of_a_plain_loop(data, small_study):
    """Whatever varies: each network's events are divided by its own units, and no two arms are mixed."""
    choices = {
        "width": [2, 8],
        "depth": [1, 2],
        "intervention": ["none", "switch_to_adam", "new_data"],
        "bias": [None, 0.5],
        "batch_norm": [False, True],
        "rate_factor": [1, 2.0],
        "learning_rate": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    }
    some = data.draw(st.lists(st.sampled_from(list(choices)), min_size=1, max_size=3, unique=True))
    levels = {key: choices[key] for key in some}
    common = {"epochs": 4, "intervention_epoch": 2, "dataset": "breast_cancer"}
    study = small_study(settings=common, grids={"main": levels}, measure={"every_step_until": 2})
    activity = synthetic.tables(study, diverged=0.2, seed=data.draw(st.integers(0, 9)))["activity"]
    found = tables.events_over_time({"activity": activity})
    expected, cells = by_loop(activity)
    arm = [key for key in SETTINGS if key in found and key != "learning_rate"]
    assert set(arm) == set(some) - {"learning_rate"}
    seen = set()
    for row in found.astype(object).itertuples():
        key = (*(None if pd.isna(getattr(row, k)) else getattr(row, k) for k in arm), row.learning_rate)
        seen.add(key)
        values = expected[(key, row.layer, row.step, row.event)]
        assert row.mean == pytest.approx(np.mean(list(values.values()))) and row.n_seeds == len(values)
    for key, (finite, _) in cells.items():  # which rates are drawn: of an arm's finite ones the four with most deaths
        rivals = [other for other, (alive, _) in cells.items() if alive >= 0.5 and other[:-1] == key[:-1]]
        if key in seen:
            assert finite >= 0.5 and sum(cells[other][1] > cells[key][1] + 1e-12 for other in rivals) < 4
        else:
            assert finite < 0.5 or sum(cells[other][1] >= cells[key][1] - 1e-12 for other in rivals) > 4


def by_loop(activity):
    """Events so far for each unit by cell, layer, step, event and seed; share of finite networks and deaths by cell."""
    rows = activity[activity["phase"] == "confirmatory"]
    arm = [key for key in SETTINGS if key != "learning_rate" and rows[key].nunique(dropna=False) > 1]
    courses = defaultdict(list)
    for row in rows.astype(object).to_dict("records"):
        key = (*(None if pd.isna(row[k]) else row[k] for k in arm), row["learning_rate"])
        courses[key, row["seed"], row["layer"]].append(row)
    expected, alive, deaths = defaultdict(dict), defaultdict(list), defaultdict(list)
    for (key, seed, layer), course in courses.items():
        finite = all(not pd.isna(row["n_dead"]) for row in course)
        alive[key].append(finite)
        if finite:
            died = revived = 0
            for row in sorted(course, key=lambda row: row["step"]):
                died, revived = died + row["n_died"], revived + row["n_revived"]
                deaths[key].append(row["n_died"] / row["n_units"])
                expected[key, layer, row["step"], "deaths"][seed] = died / row["n_units"]
                expected[key, layer, row["step"], "revivals"][seed] = revived / row["n_units"]
    return expected, {key: (np.mean(alive[key]), np.mean(deaths[key]) if deaths[key] else 0.0) for key in alive}


def test_only_one_level_of_further_settings_is_drawn_and_it_is_said(capsys):
    lives = [
        life([0, n], width=width, depth=depth, bias=bias)
        for n, (width, depth, bias) in enumerate([(4, 3, 0.0), (8, 3, 0.0), (4, 1, 0.0), (4, 3, None)])
    ]
    found = tables.events_over_time({"activity": pd.concat(lives)})
    figure = figures.events_over_time(found)
    assert "of bias, depth one level is drawn" in capsys.readouterr().out
    titles = [axis.get_title() for axis in figure.axes if axis.get_visible()]
    assert titles == ["rate 0.05\nwidth 4", "rate 0.05\nwidth 8"]
    assert lines(figure.axes[0])["layer 1, deaths"].get_ydata().tolist() == [0.0]  # not the third or fourth one's


def test_accuracy_by_tenths_of_the_dead_fraction(tmp_path):
    cases = [
        (0.01, 0.9, 1000),
        (0.05, 0.8, 1000),
        (0.09, 0.4, 1001),
        (0.1, 0.7, 1000),
        (0.95, 0.1, 1000),
        (1.0, 0.3, 1001),
    ]
    nets = networks(
        *(
            {"learning_rate": k + 1.0, "dead_fraction": d, "test_accuracy": a, "seed": s}
            for k, (d, a, s) in enumerate(cases)
        ),
        {"optimizer": "adam", "dead_fraction": 0.02, "test_accuracy": 0.6},
        {"learning_rate": 99.0},  # diverged
        {"grid": "control_narrow", "width": 16, "dead_fraction": 0.25, "test_accuracy": 0.5},
        {"grid": "control_bias", "dead_fraction": 0.0, "test_accuracy": 0.0},
        {"seed": 0, "dead_fraction": 0.0, "test_accuracy": 0.0},
    )
    table = through_file(tables.accuracy_by_dead({"networks": nets}), tmp_path)
    cell = table.set_index(["arm", "dead_low"])
    first = cell.loc[("sgd", 0.0)]
    assert first["dead_fraction"] == pytest.approx(0.05) and first["n_networks"] == 3 and first["best"] == 0.9
    assert first["mean"] == pytest.approx((0.85 + 0.4) / 2) and first["n_seeds"] == 2  # seeds weigh alike
    assert first["lower_quartile"] == pytest.approx(0.6) and first["upper_quartile"] == pytest.approx(0.85)
    assert cell.loc[("sgd", 0.1), "mean"] == 0.7 and cell.loc[("sgd", 0.9), "mean"] == pytest.approx(0.2)
    assert cell.loc[("adam", 0.0), "mean"] == 0.6
    assert cell.loc[("control_narrow", 0.8), "dead_fraction"] == pytest.approx(1 - 12 / 64)
    figure = figures.accuracy_by_dead(table)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["SGD", "Adam", "narrow networks, by units lacking"]
    assert figure.axes[0].get_title() == "standardised inputs"


def test_narrow_networks_lack_what_is_not_there_or_dead():
    nets = networks({"dead_fraction": 0.25}, {"dead_fraction": 0.25, "grid": "control_narrow", "width": 16})
    assert tables.narrow(nets)["lacking"].tolist() == [1 - 12 / 64]


def drawn(kind, made, path):
    """The file of a figure, drawn from what its table is in a file."""
    table = through_file(getattr(tables, kind)(made), path)
    drawing.draw(getattr(figures, kind), table, [path / f"{kind}.png"])
    return path / f"{kind}.png"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ["one seed", "all diverged", "no rows", "controls alone"])
def test_meagre_studies_can_be_drawn(kind, case, tmp_path):
    dead = np.nan if case == "all diverged" else 0.5
    grid = "control_narrow" if case == "controls alone" else "main"
    nets = networks({"learning_rate": 3.0, "dead_fraction": dead, "test_accuracy": dead, "grid": grid})
    lives = life([0, 1, 2] if case != "all diverged" else [0, None, None], learning_rate=3.0, grid=grid)
    rows = slice(0) if case == "no rows" else slice(None)
    assert drawn(kind, {"networks": nets.iloc[rows], "activity": lives.iloc[rows]}, tmp_path).stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_arms_of_which_all_networks_diverged_stand_beside_others(kind, tmp_path):
    cells = [(bias, depth) for bias in (None, 0.0) for depth in (1, 3)]
    nets, lives = [], []
    for bias, depth in cells:
        for rate in (0.1, 1.0):
            gone = bias is None or rate == 1.0
            arm = {"bias": bias, "depth": depth, "learning_rate": rate}
            nets.append(arm | {"dead_fraction": np.nan if gone else 0.5, "test_accuracy": np.nan if gone else 0.5})
            lives.append(life([0, 1, None if gone else 2], **arm))
    assert drawn(kind, {"networks": networks(*nets), "activity": pd.concat(lives)}, tmp_path).stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_many_arms_can_be_drawn(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(drawing, "MOST", 4)
    arms = [{"bias": b / 10, "init_scale": 1.0 + k} for b in range(3) for k in range(4)]
    nets = networks(*(arm | {"dead_fraction": 0.5, "test_accuracy": 0.5} for arm in arms), {"learning_rate": 9.0})
    assert drawn(
        kind, {"networks": nets, "activity": pd.concat([life([0, 1], **arm) for arm in arms])}, tmp_path
    ).exists()
    if kind == "dead_by_rate":
        assert "12 panels are too many to draw: the first 4 are" in capsys.readouterr().out
