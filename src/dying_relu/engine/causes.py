"""Which part of a step makes a unit die, or come back: its inputs, its own incoming weights, or its own bias.

In a step all three move at once. Let f(S) say whether the event would have happened if only the parts in S had moved,
all else staying where it was before the step. f is 0 for none and 1 for all of them. A part put back *alone* undoes the
event where f(all but it) = 0; moved *alone* it does it where f(it) = 1; its *credit* is its Shapley value in f (Shapley
1953), the one way to share out an event that treats all parts alike and sums to one.
"""

from collections.abc import Mapping
from itertools import product
from math import factorial

import numpy as np

PARTS = ("inputs", "weights", "bias")  # in the order of the axes below
EVENTS = ("death", "revival")
MOVED = ("moved_by_inputs", "moved_by_own", "moved")
COLUMNS = (
    "n_events",
    "n_clear",
    *(f"{what}_{part}" for part in PARTS for what in ("n_undone", "n_alone", "credit")),
    *MOVED,
)
_ALL = (1,) * len(PARTS)


def mixtures() -> list[tuple[int, ...]]:
    """Every choice of parts: of `PARTS` each as before the step (0), or as after it (1)."""
    return list(product((0, 1), repeat=len(PARTS)))


def counts(events: np.ndarray, happened: Mapping[tuple[int, ...], np.ndarray]) -> dict[str, np.ndarray]:
    """Of a layer's events in one step how many each part undoes and does, columns of shape (networks,).

    Args:
        events: units that died, or came back, in the step as it was measured; bool, shape (networks, units).
        happened: f by `mixtures`, of all units, same shape.

    Returns:
        ``n_events``; ``n_clear``, those of which f is 0 for no part and 1 for all, as rounding leaves it; of these for
        each part ``n_undone_<part>``, ``n_alone_<part>`` and ``credit_<part>``, a sum.
    """
    clear = events & ~happened[(0,) * len(PARTS)] & happened[_ALL]
    found: dict[str, np.ndarray] = {"n_events": events.sum(axis=1), "n_clear": clear.sum(axis=1)}
    for place, part in enumerate(PARTS):
        others = tuple(int(other != place) for other in range(len(PARTS)))
        alone = tuple(int(other == place) for other in range(len(PARTS)))
        found[f"n_undone_{part}"] = (clear & ~happened[others]).sum(axis=1)
        found[f"n_alone_{part}"] = (clear & happened[alone]).sum(axis=1)
        found[f"credit_{part}"] = np.where(clear, _shapley(happened, place), 0.0).sum(axis=1)
    return found


def _shapley(happened: Mapping[tuple[int, ...], np.ndarray], place: int) -> np.ndarray:
    """The Shapley value of one part, of each unit: its marginal contributions, averaged over all orders."""
    n = len(PARTS)
    total = np.zeros(happened[_ALL].shape)
    for without in mixtures():
        if not without[place]:
            with_it = tuple(1 if other == place else moved for other, moved in enumerate(without))
            weight = factorial(sum(without)) * factorial(n - sum(without) - 1) / factorial(n)
            total += weight * (happened[with_it].astype(float) - happened[without])
    return total
