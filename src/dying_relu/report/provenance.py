"""What a run was made with: versions, machine, commit, and the time its rules took."""

import json
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "snakemake", "seaborn", "matplotlib")

_COST = re.compile(r"^cost (\w+) (-?[\d.]+) s (\S+) operations$", re.MULTILINE)


def collect(preset: str, commit: str, claims: str, configuration: str, logs: Path) -> dict[str, str]:
    """Everything as text, ready for the paper's last page.

    Args:
        commit, claims: what is checked out, and what last changed a claim or its estimand.
        logs: the folder of the rules' logs.
    """
    return {
        "preset": preset,
        "commit": commit,
        "claims": claims,
        "configuration": configuration,
        "python": sys.version.split()[0],
        "processor": processor(),
        "system": platform.system(),
        "packages": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
        "training.minutes": f"{training_costs(logs / 'train' / preset)['seconds'].sum() / 60:.0f}",
    }


def write(values: Mapping[str, str]) -> str:
    """The text of results/provenance.json."""
    return json.dumps(values, indent=2) + "\n"


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def training_costs(folder: Path) -> pd.DataFrame:
    """What the logs below a folder say of training jobs (`engine.costs`): columns study, kind, seconds, operations."""
    found = [
        (path.parent.name, kind, float(seconds), float(operations))
        for path in sorted(folder.rglob("*.log"))
        for kind, seconds, operations in _COST.findall(path.read_text(encoding="utf-8"))
    ]
    return pd.DataFrame(found, columns=["study", "kind", "seconds", "operations"])
