"""Timings that need no trained network: what an activation costs, and when a sparse product pays.

All are ratios to a reference timed in the same repetition, on one thread. What is compared is timed in turn, several
times over in a new random order each, and the least time of each counts: whatever else the machine does can only add
to it. Times are of the processor, so that waiting does not count. A repetition takes the place of a seed.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import repeat
from typing import TypeVar

import numpy as np
import pandas as pd

from dying_relu.design.seeding import generator
from dying_relu.design.settings import Settings
from dying_relu.design.study import Study

COSTED = (
    "relu",
    "leaky_relu_0.01",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "tanh",
    "sigmoid",
    "sigmoid_4x",
)
DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
WIDTHS = (64, 256, 1024)
BATCHES = (1, 50)  # one sample, or a batch of training
_BATCH = 50
_ARRAY = (_BATCH, 256)  # pre-activations of a batch: small enough for a core's cache
_STEPS = 30  # of training in one call
_ROUNDS = 3  # timings of the same thing in a repetition, of which the least counts
_SECONDS = 0.0005  # of one timing, at least
Key = TypeVar("Key")
_LOOP_SECONDS = 0.003  # of one call that applies an activation many times over: far above what the call itself takes


def run(study: Study) -> pd.DataFrame:
    """The table of timings of a study: one row a repetition and thing timed; what depends on the study."""
    from threadpoolctl import threadpool_limits

    timed = {"activation_cost": activation_cost, "sparse_product": sparse_product}[str(study.timings)]
    with threadpool_limits(1):
        timed(-1)  # compile, and warm up
        frames = [timed(seed).assign(phase=phase, seed=seed) for phase, seed in study.numbered_seeds()]
    return pd.concat(frames, ignore_index=True).assign(study=study.name)


def activation_cost(seed: int) -> pd.DataFrame:
    """Time over that of ReLU, for each activation: ``forward``, ``both passes``, ``training step``.

    ``both passes``: the outputs and the gradient, for a given gradient of the outputs. Alone, an activation is
    applied many times within one compiled call, and the time of the same call with no application is taken off.
    """
    rows = []
    for part in ("forward", "both passes", "training step"):
        calls, times = {}, {}
        for name in COSTED:
            times[name] = _STEPS if part == "training step" else _applications(name, part)
            calls[name, "full"] = _activation_call(name, part, times[name])
            if part != "training step":
                calls[name, "empty"] = _activation_call(name, part, 0)
        seconds = _interleaved(calls, seed)
        spent = {name: (seconds[name, "full"] - seconds.get((name, "empty"), 0)) / times[name] for name in COSTED}
        rows += [{"part": part, "activation": name, "ratio": spent[name] / spent["relu"]} for name in COSTED]
    return pd.DataFrame(rows)


def sparse_product(seed: int) -> pd.DataFrame:
    """Time of a sparse product over that of the dense one, NumPy's or TensorFlow's, whichever takes less.

    A batch of activations, of which a share ``density`` is not zero, at random places, times a square matrix of
    weights, for each ``batch``, ``width``, ``density`` and ``library``. ``with_conversion``: the sparse form has to
    be made from the dense activations first, as in a network.
    """
    rows = []
    for batch in BATCHES:
        for width in WIDTHS:
            for density in DENSITIES:
                seconds = _interleaved(_product_calls(batch, width, density), seed)
                dense = min(spent for (_, form), spent in seconds.items() if form == "dense")
                for (library, form), spent in seconds.items():
                    if form != "dense":
                        row = {"batch": batch, "width": width, "density": density, "library": library}
                        rows.append({**row, "with_conversion": form == "converted", "ratio": spent / dense})
    return pd.DataFrame(rows)


def _interleaved(calls: Mapping[Key, Callable[[], object]], seed: int) -> dict[Key, float]:
    """Seconds of each call: the least of several timings, in each round in a random order."""
    keys = list(calls)
    draw = generator("timing", seed)
    least = dict.fromkeys(keys, np.inf)
    for _ in range(_ROUNDS):
        for place in draw.permutation(len(keys)):
            key = keys[place]
            least[key] = min(least[key], _seconds(calls[key], _calls(calls[key])))
    return least


def _seconds(call: Callable[[], object], count: int) -> float:
    """Mean processor seconds of a call over so many."""
    start = time.process_time()
    for _ in repeat(None, count):
        call()
    return (time.process_time() - start) / count


@cache
def _calls(call: Callable[[], object]) -> int:
    """How many calls fill the time of one timing."""
    call()  # compile
    count = 1
    while _seconds(call, count) * count < _SECONDS:
        count *= 2
    return count


@cache
def _applications(name: str, part: str) -> int:
    """How many applications of an activation fill the time of one call."""
    count = 128
    while True:
        call = _activation_call(name, part, count)
        call()  # compile
        if min(_seconds(call, 1) for _ in range(_ROUNDS)) >= _LOOP_SECONDS:
            return count
        count *= 2


@cache
def _activation_call(name: str, part: str, times: int) -> Callable[[], object]:
    import tensorflow as tf

    from dying_relu.engine import datasets, models
    from dying_relu.engine.population import Population

    if part == "training step":
        settings = Settings(activation=name)
        template = models.build(settings)
        data = datasets.load("digits")
        population = Population(template, "sgd", data.x, data.y, size=1, longest=1500)
        weights = models.initial_weights(template, settings, "timing", 0)
        population.reset([weights], [1e-3], [datasets.affine("standardised", data.x)])
        order = np.arange(times * _BATCH, dtype=np.int32).reshape(times, 1, _BATCH)
        return lambda: population.advance(order, 0, times)
    compiled, arrays = _applied(name, part)
    count = tf.constant(times)
    return lambda: compiled(*arrays, count)


@cache
def _applied(name: str, part: str) -> tuple[Callable[..., object], list[object]]:
    """An activation applied many times over in one compiled call, and the arrays it is applied to."""
    import tensorflow as tf

    from dying_relu.engine import activations

    layer = activations.layer(name)
    draw = generator("timing")
    z, upstream = (tf.constant(draw.standard_normal(_ARRAY, dtype=np.float32)) for _ in range(2))
    layer.build(z.shape)

    @tf.function(jit_compile=True)
    def forward(z, count):
        h, done = tf.zeros_like(z), tf.constant(0)
        while done < count:
            h = layer(z + 1e-6 * tf.cast(done, tf.float32))  # never quite the same: nothing can be left out
            done += 1
        return h

    @tf.function(jit_compile=True)
    def both_passes(z, upstream, count):
        h, gradient, done = tf.zeros_like(z), tf.zeros_like(z), tf.constant(0)
        while done < count:
            moved = z + 1e-6 * tf.cast(done, tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(moved)
                h = layer(moved)
            gradient = tape.gradient(h, moved, output_gradients=upstream)
            done += 1
        return h, gradient

    return (forward, [z]) if part == "forward" else (both_passes, [z, upstream])


@cache
def _product_calls(batch: int, width: int, density: float) -> dict[tuple[str, str], Callable[[], object]]:
    import tensorflow as tf
    from scipy import sparse

    draw = generator("timing", batch, width, density)
    h = np.abs(draw.standard_normal((batch, width), dtype=np.float32))
    h.flat[draw.permutation(h.size)[round(density * h.size) :]] = 0
    weights = draw.standard_normal((width, width), dtype=np.float32)
    rows = sparse.csr_array(h)
    tf_h, tf_weights = tf.constant(h), tf.constant(weights)
    tf_rows = tf.sparse.from_dense(tf_h)
    return {
        ("numpy", "dense"): lambda: h @ weights,
        ("scipy", "sparse"): lambda: rows @ weights,
        ("scipy", "converted"): lambda: sparse.csr_array(h) @ weights,
        ("tensorflow", "dense"): lambda: tf.matmul(tf_h, tf_weights),
        ("tensorflow", "sparse"): lambda: tf.sparse.sparse_dense_matmul(tf_rows, tf_weights),
        ("tensorflow", "converted"): lambda: tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(tf_h), tf_weights),
    }
