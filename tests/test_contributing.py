"""CONTRIBUTING.md, followed to the letter in a copy of the repository."""

import re
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

STEP = re.compile(
    r"^\*\*`([^`]+)`\*\*(?:, (?:after the line `(.+)`|(at the end)):)?\n\n```\w+\n(.*?)^```$", re.M | re.S
)


def recipes():
    """Of each recipe the steps: file, the line after which, whether at its end, text."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    parts = re.split(r"^## \d\. ", text, flags=re.M)[1:]
    return {part.split("\n", 1)[0]: STEP.findall(part) for part in parts}


def follow(folder, steps):
    """Do the steps; returns the files that are new."""
    new = []
    for name, line, at_end, text in steps:
        path = folder / name
        if line or at_end:
            known = path.read_text()
            assert at_end or known.count(f"{line}\n") == 1, (name, line)
            path.write_text(known + text if at_end else known.replace(f"{line}\n", f"{line}\n{text}"))
        else:
            assert not path.exists(), name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            new.append(path)
    return new


def run(folder, *arguments):
    """A command of the copy; what it printed, and its status."""
    command = [sys.executable, *arguments]
    environment = {"PYTHONPATH": f"{folder}/src", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path):
    for name in ("config", "paper", "src", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_there_are_five_recipes_and_each_names_its_files():
    found = recipes()
    assert list(found) == ["A study", "An activation", "An intervention", "A data set", "An optimiser"]
    assert all(found.values())


def test_a_study_is_new_files_named_after_it_and_entries_and_can_be_deleted(copied):
    steps = recipes()["A study"]
    edited = {name for name, line, at_end, _ in steps if line or at_end}
    assert edited == {"config/claims.yaml", "paper/paper.tex"}
    before = {name: (copied / name).read_text() for name in edited}
    new = follow(copied, steps)
    assert all("batches" in str(path.relative_to(copied)) for path in new)
    assert run(copied, "-m", "dying_relu", "validate", "batches").returncode == 0
    linted = run(copied, "-m", "dying_relu", "lint")
    assert linted.returncode == 0 or set(linted.stderr.splitlines()) == {README}, linted.stderr
    check = (
        "import sys; sys.path.insert(0, 'tests'); import test_contributing; test_contributing.check_study('batches')"
    )
    done = run(copied, "-c", check)
    assert done.returncode == 0, done.stderr
    done = run(copied, "-m", "pytest", "-q", "tests/studies/test_batches.py")
    assert done.returncode == 0, done.stdout
    shutil.rmtree(copied / "src/dying_relu/studies/batches")
    for path in new:
        path.unlink(missing_ok=True)
    for name, text in before.items():
        (copied / name).write_text(text)
    assert run(copied, "-m", "dying_relu", "lint").returncode == 0


README = "config/README.md: its tables are not those of the code; run: python -m dying_relu document"


def check_study(name):
    """Estimate, draw and print a study of the working folder on made-up tables."""
    import synthetic
    from dying_relu import studies
    from dying_relu.analysis import drawing
    from dying_relu.design import study
    from dying_relu.report import numbers

    item = study.load_named(name, "smoke")
    tables, contents, place = synthetic.tables(item, diverged=0), studies.contents(name), studies.package(name)
    for estimand in contents.estimands:
        assert len(studies.function(place, "estimands", estimand)(tables)) == 8  # four seeds at two rates
    for kind in contents.kinds:
        table = studies.function(place, "tables", kind)(tables)
        drawing.draw(studies.function(place, "figures", kind), table, ["figure.pdf"])
    assert f"{name}.small.dead" in set(numbers.of_study(item, tables)["key"])


def test_entries_of_the_catalogue_can_be_trained_and_are_documented(copied):
    for recipe in ("An activation", "An intervention", "A data set", "An optimiser"):
        follow(copied, recipes()[recipe])
    assert README in run(copied, "-m", "dying_relu", "lint").stderr
    assert run(copied, "-m", "dying_relu", "document").returncode == 0
    assert run(copied, "-m", "dying_relu", "lint").returncode == 0
    text = (copied / "config/README.md").read_text()
    assert all(f"`{name}`" in text for name in ("mish", "switch_to_rmsprop", "wine", "adamax"))
    (copied / "config/studies/tried.yaml").write_text(
        "title: Tried\nquestion: Does it train?\n"
        "settings: {epochs: 2, width: 8, depth: 1, activation: mish, dataset: wine, batch_size: 20, optimizer: adamax,"
        "  intervention: switch_to_rmsprop, intervention_epoch: 1, learning_rate: 0.001}\n"
        "grids: {main: {bias: [0]}}\nseeds: {full: {pilot: 0, confirmatory: 1}}\n"
    )
    trained = run(copied, "-m", "dying_relu", "train-one", "tried")
    assert trained.returncode == 0 and "diverged: False" in trained.stdout, trained.stderr
