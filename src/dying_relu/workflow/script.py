"""How the workflow runs its scripts: they find the library, log what they print, and fail in one sentence."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dying_relu.workflow.errors import UserError


@contextmanager
def logged(log: str) -> Iterator[TextIO]:
    """Send all that is printed inside, also by libraries, to the file ``log``.

    Yields the terminal's error stream, for progress. A `UserError` ends the process with status 1 and
    its sentence in both places; any other exception leaves its traceback in the log.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.dup(2), "w") as terminal, Path(log).open("w") as file:
        sys.stdout.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        except UserError as error:
            print(error, file=sys.stderr)
            print(error, file=terminal)
            raise SystemExit(1) from None


def make_importable() -> None:
    """Let the processes started from this one import the package, installed or not."""
    source = str(Path(__file__).parents[1])
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([source, *(path for path in known if path not in ("", source))])
