"""How many times faster a population is than one Keras process a network, measured in one run on one core each."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from dying_relu.design import plan, study
from dying_relu.workflow import files

_STUDY = """
title: Benchmark
question: How long does the reference network take?
grids: {main: {learning_rate: [0.01, 0.05]}}
seeds: {full: {pilot: 0, confirmatory: 128}}
measure: {every_step_until: 0, growth: 1000}
"""


def run(repetitions: int = 2) -> pd.DataFrame:
    """Time both ways, in turn; one row a repetition: seconds a network each way, and their ratio.

    Both train the reference network with the same weights and batches, start to end of a process: the
    population through `train` (256 networks), the other with ``fit`` in a process of its own.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.yaml"
        path.write_text(_STUDY)
        networks = sum(len(job.networks) for job in plan.jobs(study.load(path, _preset())))
        for repetition in range(repetitions):
            alone = _seconds("alone", path)
            population = _seconds("population", path)
            start = _seconds("start", path)
            rows.append(
                {
                    "repetition": repetition,
                    "alone": alone,
                    "population": population / networks,
                    "ratio": alone / (population / networks),
                    # what a long job approaches, its start shared by thousands of networks
                    "ratio_long_job": alone / ((population - start) / networks),
                }
            )
    return pd.DataFrame(rows)


def _preset() -> study.Preset:
    return study.Preset(name="full", draft=False, resamples=99, audited=1)


def _seconds(way: str, path: Path) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dying_relu.engine.benchmark", way, str(path)], check=True)
    return time.perf_counter() - begin


def _work(way: str, path: Path) -> None:
    from dying_relu.engine import alone, population, train

    item = study.load(path, _preset())
    population.use_one_thread()
    if way == "alone":
        alone.train_alone(next(item.networks()))
        return
    populations = [found for job in plan.jobs(item) for found in job.populations]
    results = train.train(plan.Job(populations[:1] if way == "start" else populations))
    files.write(results["networks"], path.with_suffix(".parquet"))


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]))
