"""How fast the engine is, measured in one run on one core: in turn, in a new random order each repetition.

Every number is processor time of a process of its own, so that waiting does not count. Three tables:
    speed: seconds a network, by way of training it.
    peak: share of the processor's own product of matrices that training, and measuring, reach, by graph and rows.
    growth: seconds and memory of a job, by what is made larger.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from dying_relu.design import course, plan, study
from dying_relu.design.course import Measure, Network, Population
from dying_relu.design.settings import Settings

Row = dict[str, Any]
NETWORKS = 256  # of the population in `speed`
LOOPED = 3  # networks that the process of ``fit`` in a loop trains
_GROWTH_EPOCHS = 10
_SECONDS = 0.2  # of one timing, at least
_PRODUCT = 512  # side of the square matrices whose product is the processor's peak
GRAPHS: dict[str, Settings] = {
    "dense, depth 1": Settings(depth=1),
    "dense, depth 3": Settings(),
    "dense, depth 5": Settings(depth=5),
    "batch normalisation": Settings(batch_norm=True),
    "Adam": Settings(optimizer="adam"),
    "convolution, 8 channels, depth 2": Settings(architecture="conv", width=8, depth=2),
}
ROWS = (1, 2, 4, 8, 16, 32, 64)
GROWN: dict[str, dict[int, Row]] = {
    "networks": {n: {"networks": n} for n in (8, 64, 512)},
    "width": {n: {"width": n} for n in (16, 32, 64, 128, 256)},
    "depth": {n: {"depth": n} for n in (1, 3, 5, 10, 20)},
    "training samples": {735: {"portion": "first_half"}, 1500: {}},
}


def run(repetitions: int) -> dict[str, pd.DataFrame]:
    """The three tables."""
    growth = [(what, size, options) for what, cases in GROWN.items() for size, options in cases.items()]
    return {
        "speed": pd.DataFrame(speed(repetitions)),
        "peak": pd.DataFrame(_told("peak", repetitions=repetitions)),
        "growth": pd.DataFrame(
            {"what": what, "size": size, "repetition": repetition, **_told("growth", **options)}
            for repetition, (what, size, options) in _in_turn(growth, repetitions)
        ),
    }


def speed(repetitions: int) -> Iterable[Row]:
    """Seconds a network of the reference network, whole processes from start to end: one with ``fit`` each, one with
    ``fit`` in a loop, and a population; and what a longer population job comes to, its start and graphs apart."""
    for repetition, way in _in_turn(["process each", "fit in a loop", "population"], repetitions):
        told = _told(way)
        yield {"repetition": repetition, "way": way, "seconds": told["seconds"] / told["networks"]}
        if way == "population":
            yield {"repetition": repetition, "way": "long population", "seconds": told["grown"] / told["networks"]}


def _in_turn(cases: Iterable[Any], repetitions: int) -> Iterable[tuple[int, Any]]:
    """Each case once a repetition, in a random order."""
    draw, cases = random.Random(0), list(cases)
    for repetition in range(repetitions):
        yield from ((repetition, case) for case in draw.sample(cases, len(cases)))


def _told(way: str, **options: object) -> Any:
    """What a process that goes one way prints at its end."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, way, json.dumps(options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# ---- what the processes do ----


def _networks(settings: Settings, n: int, rows: int | None = None) -> list[Network]:
    """Networks of the benchmark, that differ in seed, measured at both ends alone."""
    own = course.of("benchmark", settings, Measure(every_step_until=0, growth=1000))
    own = own if rows is None else replace(own, rows=rows)
    return [Network("main", "confirmatory", study.FIRST_CONFIRMATORY_SEED + k, own) for k in range(n)]


def _population(settings: Settings, n: int) -> Row:
    """Train n networks in populations; what it takes, and what of it grows with the networks."""
    from dying_relu.engine import train
    from dying_relu.engine.costs import Costs

    networks, costs = _networks(settings, n), Costs()
    rows = networks[0].course.rows
    parts = [Population(networks[start : start + rows]) for start in range(0, n, rows)]
    train.train(plan.Job(parts), costs=costs)
    costs.lines()  # closes the account
    grown = sum(costs.seconds[kind] for kind in ("train", "measure", "draw", "rest"))
    return {
        "networks": n,
        "seconds": time.process_time(),
        "grown": grown,
        "train": costs.seconds["train"],
        "compile": costs.seconds["compile"],
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _alone(n: int) -> Row:
    """Train n networks alone, one after the other."""
    from dying_relu.engine import alone

    for network in _networks(Settings(), n):
        alone.train_alone(network)
    return {"networks": n, "seconds": time.process_time()}


def _growth(networks: int = 64, **options: Any) -> Row:
    """Ten epochs of populations of the reference network, changed."""
    return _population(Settings(epochs=_GROWTH_EPOCHS, **options), networks)


def _peak(repetitions: int) -> list[Row]:
    """For each graph, and each number of rows of the reference network, the shares of the peak in each repetition."""
    peak = _product_call()
    cases = {(name, course.of("benchmark", s, Measure()).rows): s for name, s in GRAPHS.items()}
    cases |= {("dense, depth 3", rows): Settings() for rows in ROWS}
    calls = {case: _calls(settings, case[1]) for case, settings in cases.items()}
    found = []
    for repetition, (name, rows) in _in_turn(calls, repetitions):
        gigaflops = 2 * _PRODUCT**3 / _least(peak) / 1e9
        speeds = {kind: work / _least(call) / 1e9 for kind, (work, call) in calls[name, rows].items()}
        shares = {kind: speed / gigaflops for kind, speed in speeds.items()}
        found.append({"graph": name, "rows": rows, "repetition": repetition, "peak_gigaflops": gigaflops, **shares})
    return found


def _product_call() -> Callable[[], object]:
    import tensorflow as tf

    product = tf.function(tf.matmul, jit_compile=True)
    a, b = (tf.random.stateless_normal((_PRODUCT, _PRODUCT), (0, seed)) for seed in (0, 1))
    return lambda: product(a, b)


def _calls(settings: Settings, rows: int) -> dict[str, tuple[float, Callable[[], object]]]:
    """An epoch of training, and a pass to measure: the operations of each, and what does it."""
    import numpy as np

    from dying_relu.engine import batches, models
    from dying_relu.engine.costs import Costs
    from dying_relu.engine.setup import Setup

    networks = _networks(settings, rows, rows)
    own = networks[0].course
    setup = Setup(own, {}, Costs())
    population = setup.populations[0]
    starts = [setup.weights(network) for network in networks]
    population.reset(starts, [1e-3] * rows, [setup.affine(network) for network in networks])
    places = np.stack([setup.split(network.seed).train for network in networks])
    orders = [
        batches.epoch_order(own.study, network.seed, 0, samples, settings.batch_size)
        for network, samples in zip(networks, places, strict=True)
    ]
    order, samples = np.stack(orders, axis=1), population.samples(places)
    a_pass = 2.0 * rows * models.products(population.template)
    return {
        "train": (3 * a_pass * order[:, 0].size, lambda: population.advance(order, 0, own.steps)),
        "measure": (a_pass * samples.n, lambda: population.measure(samples)),
    }


def _least(call: Callable[[], object]) -> float:
    """Processor seconds of a call: the least of several timings."""
    call()  # compile
    found: list[float] = []
    count = 1
    while len(found) < 3:
        start = time.process_time()
        for _ in range(count):
            call()
        taken = time.process_time() - start
        if taken < _SECONDS:
            count *= 2
        else:
            found.append(taken / count)
    return min(found)


def _work(way: str, options: Row) -> object:
    from dying_relu.engine import population

    population.use_one_thread()
    ways: dict[str, Callable[..., object]] = {
        "process each": lambda: _alone(1),
        "fit in a loop": lambda: _alone(LOOPED),
        "population": lambda: _population(Settings(), NETWORKS),
        "growth": _growth,
        "peak": _peak,
    }
    return ways[way](**options)


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], json.loads(sys.argv[2]))))
