"""The history of claims and seeds, from a repository made for it."""

import subprocess

import pytest
import yaml

from dying_relu.report import edits
from dying_relu.workflow.errors import UserError


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A function that commits claims and the confirmatory seeds of a study."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "config" / "studies").mkdir(parents=True)

    def commit(claims, seeds):
        (tmp_path / edits.CLAIMS).write_text(yaml.safe_dump(claims))
        study = {"title": "t", "seeds": {"full": {"confirmatory": seeds}}}
        (tmp_path / edits.STUDIES / "bias.yaml").write_text(yaml.safe_dump(study))
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", "x")

    return commit


def test_each_change_is_a_row_with_the_claims_it_concerns(repository):
    entry = {"statement": "s", "region": [0.5, 1], "told": "x"}
    repository({"a": entry, "b": entry}, 40)
    repository({"a": entry | {"told": "y"}, "b": entry}, 40)  # what the text says is not what is asked
    repository({"a": entry | {"region": [0.1, 1]}, "b": entry | {"region": [0.1, 1], "statement": "z"}}, 100)
    repository({"b": entry | {"region": [0.1, 1], "statement": "z"}}, 100)
    found = edits.history()
    rows = list(found[["change", "of"]].itertuples(index=False, name=None))
    assert rows == [
        ("first written", "a, b, seeds of bias"),
        ("region", "a, b"),
        ("seeds", "seeds of bias"),
        ("statement", "b"),
        ("dropped", "a"),
    ]
    assert found["commit"].nunique() == 3 and "first written" in edits.table(found).latex()


def test_without_a_history_it_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="needs the repository's history"):
        edits.history()
