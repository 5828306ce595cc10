"""The real workflow on the smoke preset, in copies of the repository: what is rebuilt, what is not, and equal bytes."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pandas as pd
import pytest
from pypdf import PdfReader

from conftest import ROOT
from dying_relu import studies
from dying_relu.design import study
from dying_relu.ledger import claims

pytestmark = pytest.mark.workflow
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
TARGETS = [
    *(
        f"results/studies/{study}/{name}.parquet"
        for study in ("outlier", "large_gradient")
        for name in ("networks", "activity")
    ),
    *(f"results/figures/{name}.{kind}" for name in ("outlier", "large_gradient") for kind in ("pdf", "png")),
    "results/estimates/outlier.parquet",
]


def copy(folder):
    """The files git knows, and those it would add, in a fresh folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            target.symlink_to((ROOT / name).readlink())
        elif (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
    return folder


def copy_results(folder):
    """What a smoke run left in this repository, if there is one: nothing of it is made twice."""
    made = ROOT / "results/provenance.json"
    if made.exists() and json.loads(made.read_text())["preset"] == "smoke":
        for name in ("results", "logs", "benchmarks", ".snakemake", ".cache"):
            shutil.copytree(ROOT / name, folder / name, symlinks=True)


def snakemake(folder, *arguments, preset="smoke", check=True):
    command = [*SNAKEMAKE, *arguments, "--config", f"preset={preset}"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not check or result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result


def planned(folder, *arguments):
    """Rules that a dry run would run, with how often."""
    text = snakemake(folder, "-n", *arguments)
    lines = re.findall(r"^(\w+) +(\d+)$", text.stdout + text.stderr, re.MULTILINE)
    return {rule: int(count) for rule, count in lines if rule != "total"}


def digests(folder):
    """Some tables and figures, by their bytes."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in TARGETS}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy in which everything has been made, on two cores."""
    folder = copy(tmp_path_factory.mktemp("two_cores"))
    copy_results(folder)
    snakemake(folder, "--cores", "2")
    return folder


def test_the_paper_is_built_and_says_on_every_page_that_it_is_a_draft(built):
    pages = PdfReader(built / "results/paper.pdf").pages
    assert len(pages) >= 20
    assert all("DRAFT" in page.extract_text() and "smoke" in page.extract_text() for page in pages)
    text = "".join(page.extract_text() for page in pages)
    assert "??" not in text and "snakemake results/figures/learning_rate" in text.replace("\n", " ")


def test_the_ledger_has_a_verdict_for_every_claim(built):
    ledger = pd.read_csv(built / "results/claims.csv")
    assert ledger["claim"].tolist() == list(claims.load(study.names(ROOT / study.STUDIES), ROOT / claims.CLAIMS))
    assert set(ledger["verdict"]) <= {"supported", "refuted", "inconclusive", "not testable"}
    known = ledger[ledger["verdict"] != "not testable"]
    assert len(known) > 70 and (known["ci_low"] <= known["ci_high"]).all()


def test_every_rule_leaves_a_log_and_a_benchmark(built):
    for rule in (
        "train/smoke/learning_rate/0",
        "gather/learning_rate/networks",
        "estimate/learning_rate",
        "figure_data/outlier",
        "figures/outlier",
        "text/outlier",
        "judge",
        "paper",
    ):
        assert (built / "logs" / f"{rule}.log").exists()
        assert (built / "benchmarks" / f"{rule}.tsv").exists()


def test_every_printed_number_and_table_is_there_as_data(built):
    for name in studies.names():
        found = pd.read_csv(built / f"results/numbers/{name}.csv")
        assert list(found) == ["key", "value", "ci_low", "ci_high", "n_seeds", "unit"]
        assert {f"{name}.{key}" for key in studies.contents(name).numbers} <= set(found["key"])
        made = {path.stem for path in (built / f"results/tables/{name}").glob("*.csv")}
        assert made == set(studies.contents(name).tables)


def test_a_second_run_does_nothing(built):
    assert planned(built) == {}


def test_a_run_killed_on_two_cores_and_finished_on_one_gives_the_same_bytes(built, tmp_path):
    copy(tmp_path)
    process = subprocess.Popen(
        [*SNAKEMAKE, *TARGETS, "--cores", "2", "--config", "preset=smoke"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stderr:  # until networks of a job that is not done have been trained
        if re.search(r": [1-9]\d* of \d+ networks", line):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not (tmp_path / TARGETS[-1]).exists()
    snakemake(tmp_path, *TARGETS, "--cores", "1")
    assert digests(tmp_path) == digests(built)


@pytest.fixture
def edited(built, tmp_path):
    """What a dry run would do after a file of a finished copy is edited; the file is put back, with its date."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)

    def planned_after(name, edit):
        before = (built / name).read_text()
        assert edit(before) != before, name
        (folder / name).write_text(edit(before))
        jobs = planned(folder)
        shutil.copy2(built / name, folder / name)
        return jobs

    return planned_after


SRC = "src/dying_relu"


@pytest.mark.parametrize(
    "name",
    [
        f"{SRC}/studies/bias/estimands.py",
        f"{SRC}/analysis/activations.py",
        f"{SRC}/engine/population.py",
        f"{SRC}/engine/activations.py",
        f"{SRC}/design/catalogue.py",
        "workflow/scripts/train.py",
        "config/studies/bias.yaml",
    ],
)
def test_a_comment_reruns_nothing(edited, name):
    assert edited(name, lambda text: text + "# a comment\n") == {}


def test_a_touched_script_reruns_nothing(built):
    (built / "workflow/scripts/train.py").touch()
    assert planned(built) == {}


def code(text):
    return text + "\nEDITED = True\n"


def test_code_reruns_what_depends_on_it_and_nothing_else(edited):
    after = edited(f"{SRC}/studies/bias/estimands.py", code)
    own = {"estimate": 1, "text": 1, "figure_data": 2, "figure": 5}  # two of its own, and the three of the ledger
    assert {rule: after.pop(rule) for rule in own} == own
    assert set(after) <= {"judge", "general", "latex", "paper", "all"}
    drawing = edited(f"{SRC}/studies/outlier/figures.py", code)
    assert drawing == {"figure": 4, "paper": 1, "all": 1}
    verdicts = edited(f"{SRC}/ledger/regions.py", code)
    assert "judge" in verdicts and not {"train", "estimate", "gather", "text"} & set(verdicts)
    region = edited("config/claims.yaml", lambda text: text.replace("[0.4, 1]", "[0.45, 1]"))
    assert {"judge", "paper"} <= set(region) and not {"train", "estimate"} & set(region)


def test_what_is_trained_again_is_what_changed(edited, built):
    jobs = len(list((built / "results/training/smoke").glob("*/*")))
    assert edited(f"{SRC}/engine/activity.py", code)["train"] == jobs
    catalogue = f"{SRC}/design/catalogue.py"
    assert "train" not in edited(catalogue, lambda text: text.replace('"SELU"', '"Selu"'))
    decay = edited(catalogue, lambda text: text.replace('{"weight_decay": 1e-3}', '{"weight_decay": 2e-3}'))
    assert 0 < decay["train"] < jobs
    stages = edited(
        f"{SRC}/design/course.py", lambda text: text.replace("* settings.rate_factor", "* 2 * settings.rate_factor")
    )
    assert 0 < stages["train"] < jobs
    audited = edited("config/presets/smoke.yaml", lambda text: text.replace("audited: 1", "audited: 2"))
    assert audited["audit"] == 1 and "train" not in audited
    learning = "config/studies/learning_rate.yaml"
    assert "train" not in edited(learning, lambda text: text.replace("Dead units against", "Units dead against"))
    assert "train" in edited(learning, lambda text: text.replace("0.001,", "0.0012,"))


def test_a_figure_is_remade_alone(built):
    jobs = planned(built, "--force", "results/figures/bias.pdf")
    assert jobs == {"figure": 1}


def test_a_study_is_one_file(built, tmp_path):
    shutil.copytree(built, tmp_path / "copy", symlinks=True)
    folder = tmp_path / "copy"
    (folder / "config/studies/narrow.yaml").write_text(
        "title: Narrow networks\nquestion: Do narrow networks die?\n"
        "settings: {epochs: 2, batch_size: 100, dataset: breast_cancer}\n"
        "grids: {main: {learning_rate: [0.01, 0.5], width: [4, 9], depth: [2, 4], activation: [relu, elu]}}\n"
        "seeds: {full: {pilot: 1, confirmatory: 2}, smoke: {pilot: 1, confirmatory: 2}}\n"
        "figures: {main: {kind: dead_by_rate, caption: Dead units of narrow networks.}}\n"
    )
    assert planned(folder, "results/studies/narrow/networks.parquet").keys() == {"train", "gather"}
    snakemake(folder)
    networks = pd.read_parquet(folder / "results/studies/narrow/networks.parquet")
    activity = pd.read_parquet(folder / "results/studies/narrow/activity.parquet")
    assert len(networks) == 2 * 2 * 2 * 2 * 3
    assert set(activity["layer"]) == {1, 2, 3, 4} and set(activity["n_units"]) == {4, 9}
    text = "".join(page.extract_text() for page in PdfReader(folder / "results/paper.pdf").pages)
    assert "Dead units of narrow networks." in " ".join(text.split())


def test_a_broken_study_stops_everything_before_anything_runs(tmp_path):
    folder = copy(tmp_path)
    study = folder / "config/studies/learning_rate.yaml"
    study.write_text(study.read_text().replace("learning_rate: [0.001,", "learning_rate: [-0.001,", 1))
    result = snakemake(folder, check=False)
    assert result.returncode != 0
    text = result.stdout + result.stderr
    assert "config/studies/learning_rate.yaml: grids.main.learning_rate[0]: must be greater than 0" in text
    assert "Traceback" not in text and not (folder / "results").exists()


def test_a_dry_run_imports_nothing_heavy(built):
    dry = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "snakemake", "-n"],
        cwd=built,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(re.findall(r"\| +(\w+)$", dry.stderr, re.MULTILINE))
    assert {"dying_relu", "pydantic"} <= imported
    # pandas comes with Snakemake, which compares parameters by it; tests/studies/test_contents.py says ours need none
    assert not {"tensorflow", "keras", "scipy", "matplotlib", "sklearn"} & imported
