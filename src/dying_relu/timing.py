"""Timings that need no trained network: what an activation costs, and when a sparse product pays.

All are ratios to a reference timed in the same repetition, in a random order, on one thread, so that what
slows the machine for a while slows both. A repetition takes the place of a seed.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from dying_relu.seeding import generator
from dying_relu.study import REFERENCE, Study

BENCHMARKS: dict[str, Callable[[int], pd.DataFrame]] = {}
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
DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
WIDTHS = (64, 256, 1024)
_ARRAY = (50, 2048)  # pre-activations of a batch: small enough for a core's cache
_BATCH = 50
_SECONDS = 0.002  # of one timing


def benchmark() -> Callable:
    """Register a benchmark under its function's name; it takes the seed of a repetition."""

    def register(function: Callable[[int], pd.DataFrame]) -> Callable[[int], pd.DataFrame]:
        BENCHMARKS[function.__name__] = function
        return function

    return register


def run(study: Study) -> pd.DataFrame:
    """The table of timings of a study: one row a repetition and thing timed; what depends on the benchmark."""
    from threadpoolctl import threadpool_limits

    repetitions = study.numbered_seeds()
    with threadpool_limits(1):
        BENCHMARKS[study.benchmark](-1)  # compile, and warm up
        frames = [BENCHMARKS[study.benchmark](seed).assign(phase=phase, seed=seed) for phase, seed in repetitions]
    return pd.concat(frames, ignore_index=True).assign(study=study.name)


@benchmark()
def activation_cost(seed: int) -> pd.DataFrame:
    """Time over that of ReLU, for each activation: ``forward``, ``backward`` (both passes), ``training step``."""
    rows = []
    for part in ("forward", "backward", "training step"):
        calls = {name: _activation_call(name, part) for name in COSTED}
        seconds = _interleaved(calls, seed)
        rows += [{"part": part, "activation": name, "ratio": seconds[name] / seconds["relu"]} for name in COSTED]
    return pd.DataFrame(rows)


@benchmark()
def sparse_product(seed: int) -> pd.DataFrame:
    """Time of a sparse product over that of the dense one, for each width, density and library.

    A batch of activations, of which a share ``density`` is not zero, times a square matrix of weights.
    ``with conversion``: the sparse form has to be made from the dense activations first, as in a network.
    """
    rows = []
    for width in WIDTHS:
        for density in DENSITIES:
            seconds = _interleaved(_product_calls(width, density), seed)
            for (library, converted), spent in seconds.items():
                if library != "dense":
                    row = {"width": width, "density": density, "library": library, "with_conversion": converted}
                    rows.append({**row, "ratio": spent / seconds["dense", False]})
    return pd.DataFrame(rows)


def _interleaved(calls: Mapping[object, Callable[[], object]], seed: int) -> dict[object, float]:
    """Seconds of each call, in a random order."""
    keys = list(calls)
    order = generator("timing", seed).permutation(len(keys))
    return {keys[place]: _seconds(calls[keys[place]]) for place in order}


def _seconds(call: Callable[[], object]) -> float:
    """Mean seconds of a call over as many as fill the time of one timing."""
    start, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < _SECONDS:
        call()
        count += 1
    return spent / count


@cache
def _activation_call(name: str, part: str) -> Callable[[], object]:
    import tensorflow as tf

    from dying_relu import datasets, models
    from dying_relu.population import Population

    if part == "training step":
        settings = {**REFERENCE, "activation": name}
        template = models.build(settings)
        data = datasets.load("digits")
        population = Population(template, "sgd", data.x, data.y, size=1, longest=1500)
        weights = models.initial_weights(template, settings, "timing", 0)
        population.reset([weights], [1e-3], [datasets.affine("standardised", data.x)])
        order = np.arange(4 * _BATCH, dtype=np.int32).reshape(4, 1, _BATCH)
        return lambda: population.advance(order, 0, 4)
    layer = models.activation(name)
    z = tf.constant(generator("timing").standard_normal(_ARRAY, dtype=np.float32))
    layer.build(z.shape)

    @tf.function(jit_compile=True)
    def forward(z):
        return layer(z)

    @tf.function(jit_compile=True)
    def backward(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            h = layer(z)
        return tape.gradient(h, z, output_gradients=z)

    function = forward if part == "forward" else backward
    return lambda: function(z)


@cache
def _product_calls(width: int, density: float) -> dict[tuple[str, bool], Callable[[], object]]:
    import tensorflow as tf
    from scipy import sparse

    draw = generator("timing", width, density)
    h = draw.standard_normal((_BATCH, width), dtype=np.float32)
    h[draw.random(h.shape) >= density] = 0
    weights = draw.standard_normal((width, width), dtype=np.float32)
    rows = sparse.csr_array(h)
    tf_h, tf_weights = tf.constant(h), tf.constant(weights)
    tf_rows = tf.sparse.from_dense(tf_h)
    return {
        ("dense", False): lambda: h @ weights,
        ("scipy", False): lambda: rows @ weights,
        ("scipy", True): lambda: sparse.csr_array(h) @ weights,
        ("tensorflow", False): lambda: tf.sparse.sparse_dense_matmul(tf_rows, tf_weights),
        ("tensorflow", True): lambda: tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(tf_h), tf_weights),
    }
