"""Dead by other definitions: for each unit of a layer whether, or with what probability, each calls it dead.

What depends on a random batch is not drawn: a batch is drawn without replacement from the training set, on which the
unit is active on ``n_active`` of ``n_samples`` samples, so that the probability of silence has a closed form. Summed
over units it is the expected count.
"""

from functools import cache

import numpy as np
import tensorflow as tf
from scipy.special import gammaln

from dying_relu.engine import activations, activity

BATCHES = (8, 16, 32, 64, 128, 256, 512)
COLLAPSED = "constant_output"  # of a network, not of its units
_ROUNDING = 1e-5  # relative: what the order of additions does to equal outputs
_DEEPEST = 200  # no slope of a saturating activation is other than zero in single precision so far out
_STEP = 0.1


def by_activity(
    n_active: np.ndarray, mean_output: np.ndarray, n_samples: int, batch_size: int, n_test: int
) -> dict[str, np.ndarray]:
    """The definitions that take counts and means of the training set alone; each of shape (networks, units).

    ``active_0.01``: active on at most 1 % of the samples (the dead included); ``batch_<m>``: on no sample of a random
    batch, ``batch_test``: of one as large as the test set; ``some_batch``: on no sample of at least one batch of a
    shuffled epoch; ``dormant_<tau>``.
    """
    rare = activity.is_dead(n_active) | activity.is_nearly_dead(n_active, n_samples)
    sizes = [size for size in BATCHES if size <= n_samples]
    return {
        "active_0.01": rare,
        **{f"batch_{size}": silent_on_batch(n_samples, size)[n_active] for size in sizes},
        "batch_test": silent_on_batch(n_samples, min(n_test, n_samples))[n_active],
        "some_batch": silent_on_some_batch(n_samples, batch_size)[n_active],
        **{f"dormant_{tau:g}": activity.is_dormant(mean_output, tau) for tau in activity.DORMANT_TAUS},
    }


@cache
def silent_on_batch(n_samples: int, size: int) -> np.ndarray:
    """Probability that a batch holds none of K samples, C(N - K, m) / C(N, m); for K = 0, ..., N."""
    return _hypergeometric(0, n_samples - size, size, np.arange(n_samples + 1))


@cache
def silent_on_some_batch(n_samples: int, size: int) -> np.ndarray:
    """Probability that at least one of an epoch's batches holds none of K samples; for K = 0, ..., N.

    An epoch is a random partition into batches, the remainder dropped, so that batches are not independent. Batch by
    batch: given k of the samples among the first b + 1 batches, their number in the last of these is hypergeometric,
    and the others are spread at random over the first b. Terms are positive and none cancel, unlike those of inclusion
    and exclusion.
    """
    met = np.array([1.0])  # probability that each of the batches so far holds one, by how many samples they hold
    for batches in range(1, n_samples // size + 1):
        met = _appended(met, (batches - 1) * size, size, least=1)
    whole = n_samples // size * size
    return 1 - _appended(met, whole, n_samples - whole, least=0)


def _appended(met: np.ndarray, before: int, size: int, least: int) -> np.ndarray:
    """The probabilities after one more batch, which must hold at least so many; shape (before + size + 1,)."""
    held = np.arange(before + size + 1)
    found = np.zeros(len(held))
    for own in range(least, size + 1):
        rest = held - own
        possible = (rest >= 0) & (rest <= before)
        found[possible] += _hypergeometric(own, before, size, held[possible]) * met[rest[possible]]
    return found


def _hypergeometric(own: int, before: int, size: int, held: np.ndarray) -> np.ndarray:
    """Probability that of so many samples, among ``before + size`` in all, ``own`` are among the last ``size``."""
    rest = held - own
    possible = (rest >= 0) & (rest <= before)
    held, rest = held[possible], rest[possible]
    found = np.zeros(len(possible))
    found[possible] = np.exp(_log_choose(size, own) + _log_choose(before, rest) - _log_choose(before + size, held))
    return found


def _log_choose(n: int, k: np.ndarray | int) -> np.ndarray:
    return gammaln(n + 1) - gammaln(np.add(k, 1)) - gammaln(n - np.asarray(k) + 1)


def is_constant(smallest: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Whether a network's outputs are the same for all samples, but for rounding; from shape (networks, outputs)."""
    size = np.maximum(np.abs(smallest), np.abs(largest))
    return (largest - smallest <= _ROUNDING * size).all(axis=1)


@cache
def zero_slopes(activation: str) -> dict[str, float]:
    """Beyond which pre-activations the derivative is exactly zero in single precision, as the engine computes it.

    ``below``, ``above`` zero, compiled by XLA and (``_plain``) not: the least distance from zero, in tenths, from which
    on it is zero throughout; infinite where it never is, 0 where at once. Missing where a unit's slope depends on its
    siblings; a slope that is learned is as at the start.
    """
    layer, distance = activations.layer(activation), np.arange(0, _DEEPEST + _STEP / 2, _STEP)
    layer.build((None, len(distance)))
    alone = not isinstance(layer, activations.KWinners)
    found: dict[str, float] = {}
    for name, compiled in (("", True), ("_plain", False)):
        function = tf.function(lambda z: activations.derivative(layer, z), jit_compile=compiled, autograph=False)
        for side, sign in (("below", -1), ("above", 1)):
            slope = function(tf.constant(sign * distance, tf.float32)[None]).numpy()[0]
            found[f"zero_{side}{name}"] = _first_zero(slope, distance) if alone else np.nan
    return found


def _first_zero(slope: np.ndarray, distance: np.ndarray) -> float:
    """The distance from which on all slopes are zero; infinite if the last is not."""
    other = np.flatnonzero(slope != 0)
    if len(other) == 0:
        return 0.0
    return float(np.round(distance[other[-1] + 1], 1)) if other[-1] + 1 < len(distance) else np.inf
