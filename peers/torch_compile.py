"""PyTorch: one network's gradient, by ``grad`` under ``vmap`` over networks; all under ``torch.compile``."""

# ruff: noqa: E402 (the library reads the environment when it is imported)
import os
import tempfile

import numpy as np
import work

asked = work.options()
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"  # so that every process compiles, as with the others
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no helpers that go on beside the timed epochs

import torch
from torch.func import grad, vmap
from torch.nn import functional

Weights = list[torch.Tensor]


def loss(weights: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """One network: the mean cross-entropy of a batch, x of shape (BATCH, 64) and y of shape (BATCH,)."""
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = torch.relu(x @ kernel + bias)
    return functional.cross_entropy(x @ weights[-2] + weights[-1], y)


def gradient(weights: Weights, samples: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> Weights:
    """One network: the gradient of its loss on those samples of the data set, shape (BATCH,)."""
    return grad(loss)(weights, x[samples], y[samples])


@torch.compile(fullgraph=True, dynamic=False)
def step(weights: Weights, rates: torch.Tensor, samples: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> None:
    """All networks: change their weights by a step each, samples of shape (networks, BATCH).

    In place is faster than new weights; products written out over networks or "max-autotune" are no faster.
    """
    slopes = vmap(gradient, in_dims=(0, 0, None, None))(weights, samples, x, y)
    for value, slope in zip(weights, slopes, strict=True):
        value.sub_(rates.view(-1, *[1] * (value.ndim - 1)) * slope)


class Compiled:
    """All networks of a task."""

    def __init__(self, task: work.Task) -> None:
        self.x, self.rates = torch.from_numpy(task.x), torch.from_numpy(task.rates)
        self.y = torch.from_numpy(task.y).long()
        self.now = [torch.from_numpy(values) for values in task.weights]

    @torch.no_grad()
    def epoch(self, order: np.ndarray) -> None:
        for samples in torch.from_numpy(order).long():
            step(self.now, self.rates, samples, self.x, self.y)

    def weights(self) -> list[np.ndarray]:
        return [values.numpy() for values in self.now]


if __name__ == "__main__":
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        work.run("torch", asked, Compiled)
