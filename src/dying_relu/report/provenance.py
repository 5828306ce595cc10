"""What a run was made with: versions, machine, commit, and the time its rules took."""

import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "snakemake", "seaborn", "matplotlib")


def collect(preset: str, commit: str, configuration: str, benchmarks: Path) -> dict[str, str]:
    """Everything as text, ready for the paper's last page.

    Args:
        benchmarks: the folder of Snakemake's benchmark files.
    """
    return {
        "preset": preset,
        "commit": commit,
        "configuration": configuration,
        "python": sys.version.split()[0],
        "processor": processor(),
        "system": platform.system(),
        "packages": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
        "training.minutes": f"{_seconds(benchmarks / 'train' / preset) / 60:.0f}",
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


def _seconds(folder: Path) -> float:
    """Processor time of the jobs below a folder, from Snakemake's benchmark files."""
    return sum(_row(path)["cpu_time"] for path in folder.rglob("*.tsv"))


def _row(path: Path) -> dict[str, float]:
    """The first row of a benchmark file; times that Snakemake could not measure count as none."""
    head, row = (line.split("\t") for line in path.read_text().splitlines()[:2])
    return {
        name: float(value) if value.replace(".", "").isdigit() else 0.0 for name, value in zip(head, row, strict=True)
    }
