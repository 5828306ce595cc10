"""How this engine compares with JAX and PyTorch at the same work on all cores: `make benchmark-peers`.

Each way runs as one single-threaded process a core and as one process with a thread a core, with several numbers of
networks at once; all in turn, in a random order, several times. First all ways have to give the same weights. The
machine should do nothing else meanwhile: threads that wait for one another lose far more than processes that do not.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import work

from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "reference" / "benchmark" / "peers.csv"
TOLERANCE = 1e-5  # of a weight after `work.CHECKED` steps
SPEED = "network_epochs_per_second"


@dataclass(frozen=True)
class Framework:
    """A way to do the work.

    Attributes:
        script: the worker's.
        python: what runs it.
        rows: numbers of networks at once to try.
    """

    script: str
    python: Path
    rows: tuple[int, ...]


PEERS = ROOT / ".venv-peers" / "bin" / "python"
FRAMEWORKS = {
    "engine": Framework("engine.py", Path(sys.executable), (8, 64)),
    "jax": Framework("jax_scan.py", PEERS, (8, 64)),
    "torch": Framework("torch_compile.py", PEERS, (16, 64, 256)),
}


@dataclass(frozen=True)
class Variant:
    """So many processes of a framework, each with so many threads and rows."""

    framework: str
    rows: int
    processes: int
    threads: int

    @property
    def name(self) -> str:
        return f"{self.rows} rows in {self.processes} processes x {self.threads} threads"

    def commands(self, network_epochs: int) -> list[list[str]]:
        """What starts its workers, each of which trains other networks: so many epochs of one network a thread."""
        epochs = max(1, network_epochs * self.threads // self.rows)
        return [
            command(
                self.framework,
                *("--rows", self.rows, "--epochs", epochs, "--threads", self.threads),
                *("--first", process * self.rows, "--wait"),
            )
            for process in range(self.processes)
        ]

    def row(self, repetition: int, told: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A row of the table from what its workers tell, the slowest deciding."""
        seconds = max(one["seconds"] for one in told)
        speed = sum(one["networks"] * one["epochs"] for one in told) / seconds
        return {
            "framework": self.framework,
            "variant": self.name,
            "rows": self.rows,
            "processes": self.processes,
            "threads": self.threads,
            "repetition": repetition,
            "seconds": seconds,
            "compile_seconds": max(one["compile_seconds"] for one in told),
            SPEED: speed,
            "gflops": speed * work.GIGAFLOPS,
        }


def command(framework: str, *options: object) -> list[str]:
    """What starts a worker."""
    way = FRAMEWORKS[framework]
    return [str(way.python), "-W", "ignore", str(ROOT / "peers" / way.script), *map(str, options)]


def installed(framework: str) -> bool:
    """Whether its worker finds it; the engine is always there."""
    python = FRAMEWORKS[framework].python
    seek = f"import sys, importlib.util; sys.exit(importlib.util.find_spec({framework!r}) is None)"
    return framework == "engine" or (
        python.exists() and subprocess.run([python, "-c", seek], check=False).returncode == 0
    )


def cores() -> int:
    """Of the machine, those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def variants(frameworks: Iterable[str], cores: int) -> list[Variant]:
    """All variants that use every core; each once, also where there is one core."""
    found = {
        Variant(framework, rows, *layout): None
        for framework in frameworks
        for rows in FRAMEWORKS[framework].rows
        for layout in ((cores, 1), (1, cores))
    }
    return list(found)


def together(commands: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Start workers, let them begin what is timed at the same moment, and give what each tells.

    Raises:
        UserError: a worker failed; the others are ended.
    """
    with tempfile.TemporaryFile("w+") as errors:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors, "text": True}
        workers = [subprocess.Popen(one, **pipes) for one in commands]
        try:
            if all(worker.stdout.readline() == "ready\n" for worker in workers):
                for worker in workers:
                    worker.stdin.write("\n")
                    worker.stdin.flush()
                told = [worker.communicate()[0] for worker in workers]
                if not any(worker.returncode for worker in workers):
                    return [json.loads(text) for text in told]
        finally:
            for worker in workers:
                worker.kill()  # those that ended do not mind
                worker.communicate()
        errors.seek(0)
        raise _failure(commands[0], errors.read())


def _failure(command: Sequence[str], errors: str) -> UserError:
    """What a worker died of: the last exception that it printed, or else the last line."""
    lines = errors.strip().splitlines() or ["it said nothing"]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit|Unsupported)\b", line)]
    script = next(Path(part).name for part in command if part.endswith(".py"))
    return UserError(f"{script} failed: {(raised or lines)[-1]}")


def weights(framework: str, rows: int = 3) -> list[np.ndarray]:
    """What its worker makes of the first networks in `work.CHECKED` steps, as `work.Trainer.weights`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        asked = command(framework, "--rows", rows, "--epochs", 0, "--threads", 1, "--check", path)
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        if result.returncode:
            raise _failure(asked, result.stderr)
        with np.load(path) as found:
            return [found[name] for name in found.files]


def check(frameworks: Iterable[str]) -> None:
    """See that all ways give the weights that the engine gives.

    Raises:
        UserError: one does not.
    """
    wanted = weights("engine")
    for framework in frameworks:
        found = wanted if framework == "engine" else weights(framework)
        off = max(float(np.abs(one - other).max()) for one, other in zip(found, wanted, strict=True))
        if not off <= TOLERANCE:
            raise UserError(f"{framework} gives other weights than the engine, by up to {off:.2g}: not the same work")


def measure(chosen: Sequence[Variant], repetitions: int, network_epochs: int, seed: int) -> pd.DataFrame:
    """Time all variants, in a new random order each repetition; one row a variant and repetition."""
    draw = random.Random(seed)
    rows = []
    for repetition in range(repetitions):
        for variant in draw.sample(chosen, len(chosen)):
            rows.append(variant.row(repetition, together(variant.commands(network_epochs))))
            print(f"{repetition} {variant.framework}, {variant.name}: {rows[-1][SPEED]:.0f}", file=sys.stderr)
    return pd.DataFrame(rows).sort_values(["framework", "rows", "processes", "repetition"], ignore_index=True)


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """Of each variant the median of its repetitions, and the slowest and the fastest of them."""
    groups = table.groupby(["framework", "variant"], sort=False)
    found = groups[SPEED].agg(["median", "min", "max"])
    return found.join(groups[["gflops", "compile_seconds"]].median()).reset_index()


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Each framework's best variant by median throughput, and how many times faster the engine's best is.

    The ratio is taken within each repetition; its median, smallest and largest are given.
    """
    speeds = table.pivot(index="repetition", columns=["framework", "variant"], values=SPEED)
    medians = speeds.median()
    best = {name: medians[[name]].idxmax() for name in table["framework"].unique()}
    rows = []
    for framework, column in best.items():
        ratio = speeds[best["engine"]] / speeds[column]
        spread = {"ratio": ratio.median(), "ratio_min": ratio.min(), "ratio_max": ratio.max()}
        rows.append({"framework": framework, "best": column[1], SPEED: medians[column]} | spread)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--network-epochs", type=int, default=4096, help="timed epochs of one network a core")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the runs")
    parser.add_argument("--output", type=Path, default=TABLE)
    options = parser.parse_args()
    found = {framework: installed(framework) for framework in FRAMEWORKS}
    for framework in (name for name, there in found.items() if not there):
        print(f"{framework} is left out: .venv-peers does not have it; remove that folder and run make benchmark-peers")
    frameworks = [name for name, there in found.items() if there]
    check(frameworks)
    table = measure(variants(frameworks, cores()), options.repetitions, options.network_epochs, options.seed)
    files.write(table, options.output)
    print("Epochs of one network a second, all cores together, over the repetitions; compiling is not part of it:")
    print(listed(table).to_string(index=False, float_format=lambda v: f"{v:.4g}"))
    print("The best variant of each, and how many times faster this engine is, median, least and most:")
    print(summary(table).to_string(index=False, float_format=lambda v: f"{v:.4g}"))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
