"""The front door: environments that agree, a command line that explains itself, errors without tracebacks."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from conftest import ROOT


def locked():
    lines = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", lines, re.MULTILINE))


def test_conda_environment_and_lock_name_the_same_versions():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pinned = dict(text.split("==") for text in dependencies[-1]["pip"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert set(pinned) == {re.match(r"[A-Za-z0-9_-]+", text).group() for text in wanted}
    assert {name: locked()[name] for name in pinned} == pinned
    assert f"python{project['requires-python']}" in dependencies


def test_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^#.*\n", "", text))
    assert len(packages) == len(set(packages)) > 50
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"https?://|--(index|find)", text)


def cli(*arguments):
    command = [sys.executable, "-m", "dying_relu", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_help_names_every_command():
    shown = cli("--help").stdout
    assert all(
        word in shown
        for word in ("validate", "plan", "train-one", "claim", "lint", "document", "verify", "publish", "benchmark")
    )


def test_plan_shows_jobs_networks_cost_and_memory():
    result = cli("plan", "learning_rate", "--preset", "smoke")
    assert result.returncode == 0
    assert re.search(r"\d+ jobs, [\d,]+ networks, about \d+ minutes of one core, [\d,]+ MiB of memory", result.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "absent"),
        ("claim", "absent"),
        ("plan", "learning_rate", "--preset", "absent"),
        ("train-one", "learning_rate", "--seed", "77"),
    ],
)
def test_bad_input_ends_in_one_sentence(arguments):
    result = cli(*arguments)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert re.match(r"config/|claim: |--seed: ", result.stderr)


def test_make_help_lists_the_targets():
    shown = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    targets = ("paper", "smoke", "test", "clean", "verify", "benchmark", "help")
    assert all(f"make {target}" in shown for target in targets)


def test_the_hooks_before_a_commit_are_the_checks_of_make_lint():
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    checks = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == checks


def test_the_front_door_compiles_bytecode_whatever_the_environment_says():
    """Else each process of a run compiles TensorFlow from source again where PYTHONDONTWRITEBYTECODE is set."""
    setup = (ROOT / "Makefile").read_text()
    assert "python -m compileall -qq -j 0 .venv/lib src" in setup
    path = next((ROOT / ".venv").glob("lib/python*/site-packages/tensorflow/__init__.py"), None)
    assert path is None or list((path.parent / "__pycache__").glob("__init__.*.pyc"))
