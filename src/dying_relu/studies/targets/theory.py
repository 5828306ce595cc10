r"""When decay alone lets a closed unit of the first layer go, and what scaled targets amount to.

A unit of the first layer that is closed on the whole training set gets no gradient from the loss. With
:math:`z = w \cdot x + b`, let the largest w.x over the training set be -m < 0 at the start, and let every step multiply
the kernel by a factor. The unit stays closed until the kernel has shrunk to the share b / m of what it was; with b <= 0
for ever, and also where the bias shrinks by the same factor. The factors after t steps at the rate :math:`\eta`:

- coupled, SGD, penalty :math:`\lambda |w|^2`: :math:`(1 - 2 \eta \lambda)^t`
- decoupled, any optimiser, strength :math:`\lambda`: :math:`(1 - \eta \lambda)^t`
- coupled, Adam: each step is the rate times a ratio of averages of the kernel's own past, of which every factor
  :math:`\lambda` cancels. The time hangs on the rate and not on the strength.
"""

import math

import numpy as np

EPSILON = 1e-7  # Keras's of Adam


def shrunk_sgd(rate: float, strength: float, steps: int) -> np.ndarray:
    """Kernel over its start after 0, ..., ``steps`` steps of SGD under a coupled penalty."""
    return (1 - 2 * rate * strength) ** np.arange(steps + 1)


def shrunk_decoupled(rate: float, strength: float, steps: int) -> np.ndarray:
    """The same under decoupled decay, whatever the optimiser: without a gradient it takes no step."""
    return (1 - rate * strength) ** np.arange(steps + 1)


def shrunk_adam(rate: float, strength: float, steps: int, start: float = 1.0) -> np.ndarray:
    """The same of an entry that starts at ``start``, by Adam with Keras's averages under a coupled penalty."""
    w, mean, square, path = abs(start), 0.0, 0.0, [1.0]
    for t in range(1, steps + 1):
        gradient = 2 * strength * w
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        w -= rate * (mean / (1 - 0.9**t)) / (math.sqrt(square / (1 - 0.999**t)) + EPSILON)
        path.append(w / abs(start))
    return np.array(path)


def opening_step(shrunk: np.ndarray, lowest: float, bias: float) -> float:
    """The first step after which a closed unit is open on some sample: infinite if it is none of those given.

    Args:
        shrunk: the kernel over its start after 0, 1, ... steps; the bias stays.
        lowest: m > 0: the unit starts with a largest w.x of -m.
    """
    opened = np.flatnonzero(bias - lowest * shrunk > 0)
    return float(opened[0]) if len(opened) else math.inf


def equivalent_start(scale: float, layers: int) -> tuple[float, float]:
    r"""What scaled targets amount to in a ReLU network without biases: factors on all weights, and on the rate.

    With targets :math:`s y` and every one of L layers' weights times :math:`a = s^{1/L}` the output is s times what it
    was, the gradient of the squared error with respect to a layer's weights :math:`s^2 / a` times. With the rate times
    :math:`a^2 / s^2` every step is a times the step before: the same functions but for s, the same units open, for
    gradient descent with any momentum. So small targets at a given start are targets of size one with larger weights
    and a smaller rate. Beside them stands what they do not change: for :math:`s \to 0` the error is the network's own
    output, and what dies no longer depends on s.
    """
    factor = scale ** (1 / layers)
    return factor, factor**2 / scale**2
