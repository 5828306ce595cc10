"""What holds for every study: its package has what its contents name, and everything in it takes any valid tables."""

import ast
import inspect
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import synthetic
from conftest import ROOT
from dying_relu import ledger, studies
from dying_relu.analysis import drawing, intervals, maps
from dying_relu.design import catalogue, datasets, study
from dying_relu.design.settings import SETTINGS
from dying_relu.ledger import claims, estimate
from dying_relu.report import lint, numbers, tables, tex, units
from dying_relu.workflow import files

NAMES = studies.names()
SHIPPED = study.load_all(study.load_preset("smoke", ROOT / study.PRESETS), ROOT / study.STUDIES)
FIRST = study.FIRST_CONFIRMATORY_SEED
ONE_EACH = {"pilot": range(1), "confirmatory": range(FIRST, FIRST + 1)}
SOURCE = ROOT / "src" / "dying_relu"
ENTRIES = {
    "activation": catalogue.ACTIVATIONS,
    "initializer": catalogue.INITIALIZERS,
    "optimizer": catalogue.OPTIMIZERS,
    "architecture": catalogue.ARCHITECTURES,
    "intervention": catalogue.INTERVENTIONS,
    "dataset": datasets.DATASETS,
    "scaling": datasets.SCALINGS,
    "portion": datasets.PORTIONS,
    "shift": datasets.SHIFTS,
}


# ---- contents ----


def public(name, module):
    """The functions that a module of a study's package defines for others, by name; none where there is no module."""
    place = f"{studies.package(name)}.{module}"
    if not (SOURCE / "studies" / name / f"{module}.py").exists():
        return {}
    found = vars(import_module(place))
    return {
        key: value
        for key, value in found.items()
        if inspect.isfunction(value) and value.__module__ == place and not key.startswith("_")
    }


def of_tables(functions):
    """Those that take a study's tables and nothing else."""
    return {name for name, function in functions.items() if list(inspect.signature(function).parameters) == ["tables"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_package_has_what_its_contents_name_and_no_more(name):
    contents = studies.contents(name)
    assert set(contents.estimands) <= of_tables(public(name, "estimands"))
    assert set(contents.kinds) == set(public(name, "figures")) == of_tables(public(name, "tables"))
    text = public(name, "text")
    assert ("numbers" in text) == bool(contents.numbers) and ("tables" in text) == bool(contents.tables)
    assert (SOURCE / "studies" / name / "__init__.py").read_text().startswith('"""')
    assert set(contents.numbers.values()) <= set(units.UNITS)
    named = {table for estimand in contents.estimands.values() for table in estimand} | set(contents.reads)
    named |= {table for kind in contents.kinds.values() for table in kind.tables}
    assert named <= item(name).tables


@pytest.mark.parametrize("name", NAMES)
def test_rules_of_choice_are_whole(name):
    for rule in studies.contents(name).choices.values():
        assert rule.name and rule.over and rule.measure and rule.finite in ("most", "all", "any")
        assert (
            rule.best in ("largest", "smallest") or isinstance(rule.best, float) or rule.best.startswith("nearest to ")
        )


def test_names_of_kinds_and_of_estimands_are_used_once():
    places = [import_module(place).CONTENTS for place in (studies.STOCK, studies.LEDGER)]
    kinds = [kind for held in [*places, *map(studies.contents, NAMES)] for kind in held.kinds]
    assert len(kinds) == len(set(kinds)) == len(studies.kinds())


def test_every_estimand_is_of_a_claim_and_every_kind_is_drawn():
    known = all_claims()
    for name in NAMES:
        assert set(studies.contents(name).estimands) == {c.estimand for c in known.values() if c.study == name}, name
    drawn = {figure.kind for name in SHIPPED for figure in item(name).figures.values()}
    assert set(studies.kinds()) == drawn | set(ledger.CONTENTS.kinds)


# ---- imports ----


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_study_imports_no_other_and_nothing_shared_imports_a_study():
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).parts
        own = f"dying_relu.studies.{place[1]}." if place[0] == "studies" and len(place) > 2 else None
        for module in imported(path):
            owner = module.split(".")[2] if module.startswith("dying_relu.studies.") else None
            assert owner not in NAMES or f"{module}.".startswith(own or "none"), f"{path} imports {module}"


def loaded(modules, unwanted):
    """Which of some libraries a fresh interpreter has loaded after importing modules."""
    code = f"import sys, importlib\nfor m in {modules}: importlib.import_module(m)\n"
    code += f"print(*sorted({{m.split('.')[0] for m in sys.modules}} & set({unwanted})))"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def modules_below(*packages):
    paths = [path for package in packages for path in sorted((SOURCE / package).rglob("*.py"))]
    dotted = [".".join(("dying_relu", *path.relative_to(SOURCE).with_suffix("").parts)) for path in paths]
    return [name.removesuffix(".__init__") for name in dotted]


def test_only_the_engine_needs_tensorflow():
    assert loaded(modules_below("design", "analysis", "ledger", "report", "studies"), ["tensorflow", "keras"]) == []


def test_a_plan_takes_no_time_to_import():
    needed = [
        *modules_below("design"),
        "dying_relu.ledger.claims",
        "dying_relu.report.captions",
        "dying_relu.report.lint",
    ]
    needed += ["dying_relu.workflow.sources", "dying_relu.studies", studies.STOCK, studies.LEDGER]
    heavy = ["pandas", "scipy", "matplotlib", "seaborn", "tensorflow", "keras", "sklearn"]
    assert loaded([*needed, *map(studies.package, NAMES)], heavy) == []


# ---- everything runs on any tables ----


@cache
def item(name):
    """A study under the smoke preset."""
    return study.load(ROOT / study.STUDIES / f"{name}.yaml", study.load_preset("smoke", ROOT / study.PRESETS))


@cache
def all_claims():
    return claims.load(study.names(ROOT / study.STUDIES), ROOT / claims.CLAIMS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Figures are neither spaced nor painted, which takes longest; of many panels a few are drawn; few resamples."""
    monkeypatch.setattr(plt.Figure, "tight_layout", lambda figure, **_: None)
    monkeypatch.setattr(plt.Figure, "savefig", lambda figure, path, **_: Path(path).write_bytes(b""))
    monkeypatch.setattr(drawing, "MOST", 4)
    monkeypatch.setattr(intervals, "RESAMPLES", 99)


def check_all(of, diverged, folder):
    """Estimates, figures, numbers and tables of a study with made-up tables; gives the numbers."""
    given = synthetic.tables(of, diverged=diverged)
    _check_estimands(of.name, given)
    _check_kinds(of, given, folder)
    return _check_text(of, given, folder)


def _check_estimands(name, given):
    shares = {claim.estimand for claim in all_claims().values() if claim.study == name and claim.family == "share"}
    for estimand, takes in studies.contents(name).estimands.items():
        function = studies.function(studies.package(name), "estimands", estimand)
        found = function({table: given[table] for table in takes})
        assert {"phase", "seed", "value", "diverged"} <= set(found), estimand
        assert not found.duplicated([*maps.axes(found), "seed"]).any(), f"{estimand}: two values of a seed in a cell"
        assert found["value"][found["diverged"].astype(bool)].isna().all(), estimand
        numeric = found["value"].to_numpy(float)
        assert estimand not in shares or set(numeric[~np.isnan(numeric)]) <= {0.0, 1.0}, estimand
    own = {key: claim for key, claim in all_claims().items() if claim.study == name}
    if own:
        values = estimate.estimate(item(name), own, given)
        assert set(values["claim"]) <= set(own) and (values["seed"][values["phase"] == "pilot"] < FIRST).all()


def _check_kinds(of, given, folder):
    kinds = [*studies.contents(of.name).kinds, *(figure.kind for figure in of.figures.values())]
    for kind in dict.fromkeys(kinds):
        place, needed = studies.kinds()[kind]
        table = studies.function(place, "tables", kind)({table: given[table] for table in needed.tables})
        files.write(table, folder / "table.csv")
        drawing.draw(
            studies.function(place, "figures", kind), files.read(folder / "table.csv"), [folder / "figure.pdf"]
        )
        plt.close("all")


def _check_text(of, given, folder):
    contents = studies.contents(of.name)
    reads = {table: given[table] for table in {*contents.reads, *(["networks"] if of.grids else [])}}
    found = numbers.of_study(of, reads)
    files.write(found, folder / "numbers.csv")
    for row in files.read(folder / "numbers.csv").itertuples():
        assert units.printed(row.value, row.unit) and units.bracket(row.ci_low, row.ci_high, row.unit)
    tables.write_all(of.name, reads, folder / of.name)
    printed = tables.read_all([folder / of.name])
    assert set(printed) == {f"{of.name}.{table}" for table in contents.tables}
    assert all(table.latex().startswith(r"\begin{") for table in printed.values())
    return found.set_index("key")


def cut(of, levels, seeds=None, extra=None):
    """A study of which each grid keeps some levels, and has other seeds or further grids."""
    grids = {name: {key: levels(key, given) for key, given in grid.items()} for name, grid in of.grids.items()}
    grids |= extra or {}
    found = replace(of, grids=grids, epochs=1.0)
    return replace(found, seeds=dict.fromkeys(grids, seeds), repetitions=seeds) if seeds else found


def few_rates(key, levels):
    return [levels[0], levels[len(levels) // 2], levels[-1]] if key == "learning_rate" and len(levels) > 3 else levels


def last_two(key, levels):
    return levels[-2:]


def interval_uses(name):
    """The keys of a study's numbers that the text prints with their interval."""
    found = [use for path in (ROOT / "paper").rglob("*.tex") for use in lint._uses(tex.text(path))]
    return {key for _, command, key in found if command in ("interval", "estimate") and key.startswith(f"{name}.")}


def assert_intervals(name, found):
    """Whatever is printed with its interval is missing, or has one (`report.paper.generated`)."""
    plain = [key for key in interval_uses(name) if pd.isna(found["n_seeds"][key]) and pd.notna(found["value"][key])]
    assert plain == [], "these have no interval"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_estimated_drawn_and_printed(name, tmp_path):
    found = check_all(cut(item(name), few_rates), 0.1, tmp_path)
    assert_intervals(name, found)


@pytest.mark.parametrize("name", NAMES)
def test_a_study_of_which_all_networks_diverged_is_too(name, tmp_path):
    assert_intervals(name, check_all(cut(item(name), last_two), 1.0, tmp_path))


def entries(of):
    """For each setting a grid with all entries of the catalogue that the study could have and does not have."""
    taken, grids = {settings for _, settings in cut(of, last_two).cells()}, {}
    for key, known in ENTRIES.items():
        common = {"intervention_epoch": max(of.settings.epochs // 2, 1)} if key == "intervention" else {}
        cells = {level: of.settings.model_copy(update={key: level, **common}) for level in known}
        levels = [level for level, cell in cells.items() if not study._problem(cell) and cell not in taken]
        if key == "dataset":  # no test downloads any
            levels = [level for level in levels if datasets.DATASETS[level].archive is None]
        taken |= {cells[level] for level in levels}
        if levels:
            grids[f"extra_{key}"] = {key: levels, **{name: [value] for name, value in common.items()}}
    return grids


@pytest.mark.parametrize("name", [name for name in NAMES if item(name).grids])
def test_entries_of_the_catalogue_can_be_added_to_a_study(name, tmp_path):
    """And its usual levels be left out; one seed."""
    changed = cut(item(name), last_two, ONE_EACH, entries(item(name)))
    study._check_meaning(changed, Path(f"{name}.yaml"))
    assert set(ENTRIES) <= set(SETTINGS) and len(changed.grids) > len(item(name).grids)
    check_all(changed, 0.2, tmp_path)


@pytest.mark.parametrize("name", [name for name in NAMES if item(name).grids])
def test_entries_of_the_catalogue_can_take_the_place_of_its_own(name, tmp_path):
    """Where a grid varies a setting with entries, it has others of them, as far as networks can then be trained."""

    used = {key: {getattr(item(name).settings, key)} for key in ENTRIES}

    def others(key, levels):
        if key not in ENTRIES or key in ("dataset", "intervention", "architecture"):
            return levels[-2:]
        free = [entry for entry in ENTRIES[key] if entry not in {*levels, *used[key]}][:2]
        used[key] |= {*levels, *free}
        return free or levels[-2:]

    changed = cut(item(name), others, ONE_EACH)
    study._check_meaning(changed, Path(f"{name}.yaml"))
    check_all(changed, 0.2, tmp_path)
