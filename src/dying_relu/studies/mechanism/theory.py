r"""How far one small step moves a pre-activation by way of its inputs, against by its own weights: a closed form.

A unit u of layer l has z_u(x) = w_u . h(x) + b_u. After a step of gradient descent on samples x' with errors
delta_u(x') = dLoss/dz_u(x'), to first order in the rate,

    own weights and bias:  -rate * sum_x' delta_u(x') (h(x').h(x) + 1)
    layer k before it:     -rate * sum_x' (h_{k-1}(x').h_{k-1}(x) + 1) sum_v (J_k(x) J_k(x')^T)_uv delta_v(x')

with J_k the Jacobian of layer l's pre-activations in those of layer k. With He-normal weights and zero biases, wide
layers of one width, and errors that are independent over units and samples, all of it has a mean square that follows
from the angle between two inputs: inner products of h by the arc-cosine kernel (Cho and Saul 2009), the share of units
open for both samples, p = (pi - angle) / (2 pi), and the moments of products of Wishart matrices with masks,

    E |G delta|^2 / |delta|^2:  s' = s - t^2 + 4p t^2 + (2p t)^2,  t' = 2p t,  from s = t = 1,  layer by layer,

since in G' = W D G D' W^T, entries of W of variance 2 / n, the diagonal t of G becomes 2p t; its off-diagonal entries,
of which a unit open for one sample meets a unit open for the other in a quarter of the pairs whatever the angle, keep
their sum of squares and gain n^2 of variance 4p t^2 / n. For equal inputs (p = 1/2), as many as units, own movement and
that of all the m = l - 1 layers before stand as 1 to m^2 + m (m + 1) (2m + 1) / 3: 1 : 3 for the second layer, 1 : 14
for the third.
"""

import numpy as np


def movement_ratio(x: np.ndarray, layer: int, width: int, pairs: int = 20_000) -> float:
    """Mean square movement of the pre-activations of a hidden layer by way of its inputs, over that by own weights.

    Args:
        x: inputs as the network sees them, shape (samples, features); pairs of different ones are drawn from them.
        layer: from 1, the first, whose inputs never move.
        width: of all hidden layers.
    """
    if layer == 1:
        return 0.0
    draw = np.random.default_rng(0)
    one, other = (draw.integers(len(x), size=pairs) for _ in range(2))
    different = one != other
    squares = (x.astype(float) ** 2).sum(axis=1)
    lengths = np.sqrt(squares[one] * squares[other])[different]
    inner = (x[one] * x[other]).sum(axis=1).astype(float)[different]
    products, opened = kernels(inner, lengths, layer)
    products[1:] *= width / x.shape[1]  # a He-normal layer keeps the length of its input times units over inputs
    total = np.zeros(len(inner))
    for k in range(1, layer):
        for j in range(1, layer):
            between, below = slice(max(j, k) - 1, layer - 1), slice(min(j, k) - 1, max(j, k) - 1)
            second = squared_length(opened[between])
            total += (products[k - 1] + 1) * (products[j - 1] + 1) * second * np.prod(2 * opened[below], axis=0)
    return float(total.mean() / ((products[layer - 1] + 1) ** 2).mean())


def squared_length(opened: np.ndarray) -> np.ndarray:
    """E |G delta|^2 / |delta|^2 over the layers between, G as above.

    Args:
        opened: for each of them, first to last, the share of its units open for both samples; shape (layers, pairs).
    """
    diagonal, square = np.ones(opened.shape[1]), np.ones(opened.shape[1])
    for p in opened:
        square = square - diagonal**2 + 4 * p * (1 + p) * diagonal**2
        diagonal = 2 * p * diagonal
    return square


def kernels(inner: np.ndarray, lengths: np.ndarray, layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Of pairs of inputs what becomes of them in wide He-normal ReLU layers without bias, of one width throughout.

    Args:
        inner, lengths: the pair's inner product, and the product of their lengths, shape (pairs,).
        layers: how many inner products to give.

    Returns:
        Inner products of the inputs of layers 1, 2, ..., shape (layers, pairs), and the share of the units of hidden
        layers 1, 2, ... that are open for both, shape (layers - 1, pairs).
    """
    products, opened = [inner], []
    for _ in range(layers - 1):
        cosine = np.clip(products[-1] / np.where(lengths > 0, lengths, 1), -1, 1)
        angle = np.arccos(cosine)
        opened.append(np.maximum(np.pi - angle, 1e-9) / (2 * np.pi))
        products.append(lengths / np.pi * (np.sin(angle) + (np.pi - angle) * cosine))
    return np.array(products), np.array(opened).reshape(layers - 1, len(inner))
