"""JAX: one network's step under ``vmap`` over networks, in ``lax.scan`` over the steps of an epoch, under ``jit``."""

# ruff: noqa: E402 (the library reads the environment when it is imported)
import os

import numpy as np
import work

asked = work.options()
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["NPROC"] = str(asked.threads)  # the size of XLA's thread pool
if asked.threads == 1:
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()

import jax
import jax.numpy as jnp

Weights = list[jax.Array]


def loss(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    """One network: the mean cross-entropy of a batch, x of shape (BATCH, 64) and y of shape (BATCH,)."""
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = jax.nn.relu(x @ kernel + bias)
    logits = x @ weights[-2] + weights[-1]
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()


def step(weights: Weights, rate: jax.Array, samples: jax.Array, x: jax.Array, y: jax.Array) -> Weights:
    """One network: its weights after a step on those samples of the data set, shape (BATCH,)."""
    gradient = jax.grad(loss)(weights, x[samples], y[samples])
    return [value - rate * slope for value, slope in zip(weights, gradient, strict=True)]


@jax.jit(donate_argnums=0)
def epoch(weights: Weights, rates: jax.Array, order: jax.Array, x: jax.Array, y: jax.Array) -> Weights:
    """All networks: their weights after a step on each batch of order, shape (steps, networks, BATCH)."""
    steps = jax.vmap(step, in_axes=(0, 0, 0, None, None))
    return jax.lax.scan(lambda now, samples: (steps(now, rates, samples, x, y), None), weights, order)[0]


class Scan:
    """All networks of a task."""

    def __init__(self, task: work.Task) -> None:
        self.x, self.y, self.rates = (jnp.asarray(values) for values in (task.x, task.y, task.rates))
        self.now = [jnp.array(values) for values in task.weights]

    def epoch(self, order: np.ndarray) -> None:
        self.now = epoch(self.now, self.rates, jnp.asarray(order), self.x, self.y)

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(values) for values in self.now]


if __name__ == "__main__":
    work.run("jax", asked, Scan)
