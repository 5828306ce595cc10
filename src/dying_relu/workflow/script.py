"""How the workflow runs its scripts: they find the library, log what they print, and fail in one sentence."""

import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dying_relu.workflow.errors import UserError

COMPILED = Path(".cache/xla")  # where the workflow runs: a path without spaces, which XLA's flags do not allow
LOCK = Path(__file__).parents[3] / "requirements.lock"


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


def prepare_environment() -> None:
    """What the processes started from this one find: this package, installed or not, and a quiet TensorFlow.

    XLA keeps what it compiles in `COMPILED`, by what a graph says, so that jobs of one graph compile it once. Code
    compiled on one processor may not run on another, nor a library's with another's, so each has a folder of its own.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors come as exceptions; its log is noise
    os.environ.setdefault("TF_XLA_FLAGS", f"--tf_xla_persistent_cache_directory={COMPILED / _machine()}")
    source = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([source, *(path for path in known if path not in ("", source))])


def _machine() -> str:
    """A short name for this kind of processor, with the libraries of the lock."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    features = sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    lock = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    told = "\n".join([platform.machine(), platform.processor(), *features, lock])
    return hashlib.sha256(told.encode()).hexdigest()[:16]
