"""What the workflow's processes find."""

import os
import subprocess
import sys

from conftest import ROOT
from dying_relu.workflow import script


def test_a_process_imports_the_package_of_its_own_checkout(tmp_path, monkeypatch):
    """Also where another checkout is installed: its place comes after."""
    package = tmp_path / "src/dying_relu/workflow"
    package.mkdir(parents=True)
    (tmp_path / "src/dying_relu/__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(script, "__file__", str(package / "script.py"))
    script.prepare_environment()
    code = "import dying_relu; print(dying_relu.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(tmp_path / "src/dying_relu/__init__.py")


def test_compiled_graphs_have_a_place_that_xla_can_read(monkeypatch):
    """No space in it, wherever the repository lies; what a user has set stays."""
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    script.prepare_environment()
    assert os.environ["TF_XLA_FLAGS"].startswith("--tf_xla_persistent_cache_directory=.cache/xla/")
    assert " " not in os.environ["TF_XLA_FLAGS"]
    monkeypatch.setenv("TF_XLA_FLAGS", "--own")
    script.prepare_environment()
    assert os.environ["TF_XLA_FLAGS"] == "--own"
    assert str(ROOT / "src") in os.environ["PYTHONPATH"].split(os.pathsep)
