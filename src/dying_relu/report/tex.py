"""The text of the paper as it is written: the LaTeX files, without comments, and the sections that they input."""

import re
from pathlib import Path

PAPER = Path("paper")


def text(path: Path) -> str:
    """A LaTeX file without its comments, line by line as it is."""
    return re.sub(r"(?m)(?<!\\)%.*$", "", path.read_text(encoding="utf-8"))


def inputs(written: str) -> set[str]:
    """The names of the sections that a text inputs."""
    return set(re.findall(r"\\input\{sections/(\w+)(?:\.tex)?\}", written))
