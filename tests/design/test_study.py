"""Study files: what is read from them, and one clear sentence for each mistake."""

from dataclasses import replace

import pytest
import yaml

from conftest import ROOT, TINY
from dying_relu.design import plan, study
from dying_relu.workflow.errors import UserError

MISTAKES = [
    ("{gridz: {}}", "unknown key 'gridz'"),
    ("{settings: {widht: 8}}", "settings: unknown key 'widht'"),
    (
        "{grids: {main: {rate: [0.1]}}}",
        "grids.main: unknown key 'rate'; known keys: activation, activity_penalty, architecture, ",
    ),
    ("{grids: null}", "missing key 'grids'"),
    ("{seeds: {full: {pilot: 1, confirmatory: 1}}}", "seeds: missing key 'tiny'"),
    ("{timings: speed}", "timings: unknown value 'speed'; known: activation_cost, sparse_product"),
    ("{measure: {shifts: [far]}}", "measure.shifts[0]: unknown value 'far'"),
    (
        "{figures: {main: {kind: activation_times, caption: a}}}",
        "figures.main.kind: activation_times draws the table 'timings', which the study does not make",
    ),
    (
        "{settings: {dataset: breast_cancer, architecture: conv}}",
        "grids.main: architecture: 'conv' needs images, which breast_cancer is not",
    ),
    ("{settings: {architecture: conv, depth: 4}}", "grids.main: depth: a layer of patches takes 2 from the image's"),
    (
        "{settings: {dataset: mnist_5k, architecture: conv_pool, depth: 4}}",
        "grids.main: depth: a layer of patches takes 2 from the image's sides and pooling halves them: at most 3",
    ),
    ("{settings: {architecture: conv_pool, depth: 2}}", "and pooling halves them: at most 1 layers"),
    ("{settings: {rate_factor: 0.1}}", "grids.main: intervention_epoch must lie between 1 and"),
    ("{settings: {width: wide}}", "settings.width: must be a whole number, found 'wide'"),
    ("{settings: {width: true}}", "settings.width: must be a whole number, found True"),
    ("{grids: {main: {depth: 3}}}", "grids.main.depth: must be a list, found 3"),
    ("{grids: {main: {learning_rate: [0.1, -1]}}}", "grids.main.learning_rate[1]: must be greater than 0, found -1"),
    ("{settings: {learning_rate: 0}}", "settings.learning_rate: must be greater than 0, found 0"),
    ("{settings: {learning_rate: .inf}}", "settings.learning_rate: must be a finite number"),
    ("{grids: {main: {learning_rate: [.nan]}}}", "grids.main.learning_rate[0]: must be a finite number"),
    ("{grids: {main: {learning_rate: [0.1, 0.2, 0.1]}}}", "grids.main.learning_rate: level 0.1 is given twice"),
    ("{grids: {main: {learning_rate: [1, 1.0]}}}", "is given twice"),
    ("{grids: {main: {learning_rate: []}}}", "grids.main.learning_rate: must not be empty"),
    ("{grids: {main: {}}}", "grids.main: must not be empty"),
    ("{grids: {}}", "grids: must not be empty"),
    ("{settings: {dataset: imagenet}}", "settings.dataset: unknown value 'imagenet'; known: digits"),
    ("{grids: {main: {optimizer: [sgd, lion]}}}", "grids.main.optimizer[1]: unknown value 'lion'; known: sgd"),
    ("{settings: {activation: rleu}}", "settings.activation: unknown value 'rleu'; known: relu"),
    ("{figures: {main: {kind: pie, caption: x}}}", "figures.main.kind: unknown value 'pie'; known: "),
    ("{seeds: {full: {pilot: '1', confirmatory: 1}}}", "seeds.full.pilot: must be a whole number, found '1'"),
    ("{settings: {batch_size: 5000}}", "batch_size: 5000 is more than the 1500 training samples"),
    ("{grids: {a: {depth: [1, 2]}, b: {depth: [2]}}}", "grids.b: plans a network that grids.a already has"),
    (
        "{settings: {output_layer: false}}",
        "grids.main: width: without output_layer it must be the 10 outputs of digits",
    ),
    ("{settings: {intervention: outlier}}", "grids.main: intervention_epoch must lie between 1 and 29"),
    ("{settings: {intervention: outlyer}}", "settings.intervention: unknown value 'outlyer'; known: none"),
    ("{figures: {main: {kind: unit_map, caption: x}}}", "figures.main.kind: unit_map draws the grid 'map'; add it"),
    (
        "{seeds: {full: {pilot: 1, confirmatory: 1}, tiny: {pilot: 1, confirmatory: 1, grids: {main: null}}}}",
        "seeds: grids: at least one grid must be trained",
    ),
    (
        "{seeds: {full: {pilot: 1, confirmatory: 1}, tiny: {pilot: 1, confirmatory: 1, grids: {mian: {pilot: 0}}}}}",
        "seeds: grids.mian: there is no such grid; known: main",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_each_mistake_is_one_sentence_with_file_and_key(study_file, change, sentence):
    path = study_file(**yaml.safe_load(change))
    with pytest.raises(UserError) as caught:
        study.load(path, TINY)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_network_too_large_for_memory_is_refused(study_file):
    path = study_file(grids={"main": {"width": [8, 50_000]}})
    with pytest.raises(UserError, match=r"width 50000.*the budget of a training job is 2 GiB"):
        plan.check(study.load(path, TINY), path)


def test_a_table_too_large_for_memory_is_refused(study_file):
    seeds = {"tiny": {"pilot": 0, "confirmatory": 100_000}, "full": {"pilot": 0, "confirmatory": 1}}
    path = study_file(seeds=seeds, grids={"main": {"learning_rate": [k / 100 for k in range(1, 40)]}})
    with pytest.raises(UserError, match="records of activity"):
        plan.check(study.load(path, TINY), path)


def test_a_study_is_completed_from_the_reference_network(small_study):
    item = small_study(
        grids={"main": {"depth": [1, 2], "learning_rate": [1, 0.1]}, "control_linear": {"activation": ["linear"]}}
    )
    networks = list(item.networks())
    assert len(networks) == (4 + 1) * 3
    assert {n.seed for n in networks if n.phase == "pilot"} == {0}
    assert {n.seed for n in networks if n.phase == "confirmatory"} == {2000, 2001}
    assert {n.settings.width for n in networks} == {8} and {n.settings.optimizer for n in networks} == {"sgd"}
    assert all(isinstance(n.settings.learning_rate, float) for n in networks)
    linear = [n.settings for n in networks if n.grid == "control_linear"]
    assert {s.activation for s in linear} == {"linear"} and {s.learning_rate for s in linear} == {0.05}


def test_a_preset_shortens_training_and_keeps_an_intervention_within_it(study_file):
    preset = TINY.model_copy(update={"epochs": 0.2})
    grids = {
        "plain": {"epochs": [5, 20]},
        "met": {"epochs": [10], "intervention": ["outlier"], "intervention_epoch": [9]},
        "barely": {"epochs": [2], "intervention": ["outlier"], "intervention_epoch": [1]},
    }
    item = study.load(study_file(settings={}, grids=grids), preset)
    epochs = {n.grid: set() for n in item.networks()}
    for network in item.networks():
        epochs[network.grid].add((network.settings.epochs, network.settings.intervention_epoch))
    assert epochs == {"plain": {(1, 0), (4, 0)}, "met": {(2, 1)}, "barely": {(2, 1)}}


def test_a_grid_can_have_seeds_of_its_own(study_file):
    seeds = {"pilot": 2, "confirmatory": 3, "grids": {"few": {"pilot": 0, "confirmatory": 1}}}
    path = study_file(grids={"main": {"depth": [1]}, "few": {"depth": [2]}}, seeds={"full": seeds, "tiny": seeds})
    found = [(n.grid, n.seed) for n in study.load(path, TINY).networks()]
    assert found == [*(("main", seed) for seed in (0, 1, 2000, 2001, 2002)), ("few", 2000)]
    seeds["grids"]["few"]["first"] = 3000  # those before were looked at
    path = study_file(grids={"main": {"depth": [1]}, "few": {"depth": [2]}}, seeds={"full": seeds, "tiny": seeds})
    assert study.load(path, TINY).numbered_seeds("few") == [("confirmatory", 3000)]


def test_a_grid_is_left_out_of_a_preset(study_file):
    full, tiny = ({"pilot": 0, "confirmatory": 1, "grids": grids} for grids in ({}, {"dear": None}))
    path = study_file(grids={"main": {"depth": [1]}, "dear": {"depth": [2]}}, seeds={"full": full, "tiny": tiny})
    assert {n.grid for n in study.load(path, TINY).networks()} == {"main"}
    assert {n.grid for n in study.load(path, TINY.model_copy(update={"name": "full"})).networks()} == {"main", "dear"}


def test_cells_that_shortening_makes_alike_come_once(study_file):
    item = study.load(
        study_file(settings={}, grids={"main": {"epochs": [1, 2, 3]}}), TINY.model_copy(update={"epochs": 0.1})
    )
    assert [n.settings.epochs for n in item.networks()] == [1, 1, 1]  # of three seeds


def test_a_level_that_is_given_as_none_is_kept(small_study):
    item = small_study(settings={"bias": None}, grids={"main": {"bias": [None, 0]}})
    assert item.settings.bias is None and [s.bias for _, s in item.cells()] == [None, 0.0]


def test_tables_follow_what_is_measured_and_timed(small_study):
    always = {"networks", "activity", "history", "trajectory"}
    assert small_study().tables == always
    for asked in ("units", "parts"):
        assert small_study(measure={asked: True}).tables == always | {"units"}
    assert small_study(measure={"layers": True, "shifts": ["none"]}).tables == always | {"layers", "shifted"}
    assert small_study(measure={"definitions": True}).tables == always | {"definitions", "slopes"}
    assert small_study(timings="activation_cost").tables == always | {"timings"}
    timed = small_study(timings="activation_cost", grids=None, settings=None)
    assert timed.tables == {"timings"} and list(timed.networks()) == []
    assert timed.numbered_seeds() == [("pilot", 0), ("confirmatory", 2000), ("confirmatory", 2001)]


def test_figures_are_named_after_their_study(small_study):
    assert small_study().figure_name("main") == "held_out" and small_study().figure_name("x") == "held_out_x"


def test_an_unknown_preset_is_one_sentence_with_those_there_are():
    with pytest.raises(UserError, match=r"there is no preset 'absent'; known presets: full, images, smoke"):
        study.load_preset("absent", ROOT / study.PRESETS)


@pytest.mark.parametrize("name", ["Big", "1st", "a-b", "_x"])
def test_a_study_is_called_as_a_module_can_be(study_file, name):
    with pytest.raises(UserError, match="the file's name must be lower-case letters, digits and underscores"):
        study.load(study_file(name=name), TINY)


def test_shipped_files_are_valid_in_every_preset(monkeypatch):
    monkeypatch.setattr(plan, "check_available", lambda name: None)  # whatever can be had here
    for preset in (ROOT / "config" / "presets").glob("*.yaml"):
        loaded = study.load_preset(preset.stem, ROOT / "config" / "presets")
        for item in study.load_all(loaded, ROOT / "config" / "studies").values():
            plan.check(item, ROOT)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"bias": None}, "a unit without a bias"),
        ({"batch_norm": True}, "only plain ReLUs"),
        ({"activation": "elu"}, "only plain ReLUs"),
        ({"weight_decay": 0.1}, "would move the units"),
        ({"bias_decay": 0.1}, "would move the units"),
        ({"shut_epoch": 4}, "must lie below the 4 epochs"),
        ({"intervention": "switch_to_leaky", "intervention_epoch": 2}, "only plain ReLUs"),
        ({"intervention": "add_weight_decay", "intervention_epoch": 2}, "would move the units"),
        ({"intervention": "renew_dead", "intervention_epoch": 2}, "would open the units"),
    ],
)
def test_what_would_open_or_move_units_that_are_shut_for_ever_is_refused(study_file, settings, said):
    with pytest.raises(UserError, match=said):
        study.load(study_file(settings={"epochs": 4, "width": 8, "shut": 0.5} | settings), TINY)
    if "shut_epoch" not in settings:
        study.load(study_file(settings={"epochs": 4, "width": 8} | settings), TINY)


def test_units_are_also_shut_in_a_shortened_study(study_file):
    path = study_file(settings={"epochs": 20, "width": 8, "shut": 0.5}, grids={"main": {"shut_epoch": [0, 1, 10, 19]}})
    item = replace(study.load(path, TINY), epochs=0.25)
    assert [settings.shut_epoch for _, settings in item.cells()] == [0, 1, 2, 4]


def test_a_preset_that_lists_studies_trains_them_alone_and_no_other_preset_does(study_file, tmp_path):
    import yaml

    folder, presets = tmp_path / "studies", tmp_path / "presets"
    folder.mkdir()
    presets.mkdir()
    common = {"draft": True, "resamples": 99, "audited": 1}
    for name, more in {"plain": {}, "images": {"studies": ["clothes"]}}.items():
        (presets / f"{name}.yaml").write_text(yaml.safe_dump(common | more))
    for name, preset in {"digits": "plain", "clothes": "images"}.items():
        made = study_file(name=name, seeds={preset: {"pilot": 1, "confirmatory": 2}})
        made.rename(folder / f"{name}.yaml")
    plain, images = (study.load_preset(name, presets) for name in ("plain", "images"))
    assert list(study.load_all(plain, folder)) == ["digits"] and list(study.load_all(images, folder)) == ["clothes"]
    absent = images.model_copy(update={"studies": ["absent"]})
    with pytest.raises(UserError, match=r"images.yaml: studies: there is no study 'absent'; known: clothes, digits"):
        study.load_all(absent, folder)
