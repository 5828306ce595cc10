"""What interventions do to weights, the same for a population and for a network alone.

Lists of arrays run over the trainable variables; each array starts with the network.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dying_relu.design.course import Network
from dying_relu.design.seeding import generator
from dying_relu.engine.models import Template

Weights = list[np.ndarray]


SHUT_BIAS = -1.0  # of a unit that is shut for ever: its weights are 0, so this is its pre-activation on any input


class Changed(NamedTuple):
    """Weights after units were renewed or shut, and where the optimiser is to forget: bool, of the same shapes."""

    weights: Weights
    cleared: list[np.ndarray]


def put_back(template: Template, networks: Sequence[Network], before: Weights, after: Weights) -> Weights:
    """``after``, with the parts that each network's intervention names as they were ``before``."""
    kept = [[part in network.course.intervention.put_back for network in networks] for part in template.parts]
    return [np.where(over_rows(row, b), b, a) for row, b, a in zip(kept, before, after, strict=True)]


def over_rows(mask: Sequence[bool], values: np.ndarray) -> np.ndarray:
    """A mask over networks, ready to go with values of shape (networks, ...)."""
    return np.reshape(mask, (-1, *[1] * (values.ndim - 1)))


def renewed(
    template: Template,
    networks: Sequence[Network],
    weights: Weights,
    dead: Sequence[np.ndarray],
    epoch: int,
    fresh: Callable[[Network], Weights],
) -> Changed:
    """Renew units of those networks whose course says so of this epoch.

    Recycling of dormant units (Sokar et al. 2023, section 4), of strictly dead ones: incoming weights drawn
    anew, initial bias; with ``silence`` outgoing weights zero, else as they are.

    Args:
        dead: for each layer the dead units, bool, shape (networks, units).
        fresh: newly drawn weights of a network (without an axis for it).
    """
    new = _unchanged(weights)
    for row, network in enumerate(networks):
        if epoch not in network.course.renewals:
            continue
        if not any(masks[row].any() for masks in dead):
            continue  # no unit to renew, so no weights to draw, which takes longer than all else here
        intervention, drawn = network.course.intervention, fresh(network)
        for layer, masks in enumerate(dead):
            units = masks[row]
            if intervention.renew == "living":
                units = _as_many_living(units, generator(network.seed, "living", epoch, layer))
            for i in template.incoming[layer]:
                _of_units(new.weights[i][row], units)[:, units] = _of_units(drawn[i], units)[:, units]
                _of_units(new.cleared[i][row], units)[:, units] = True
            outgoing = template.outgoing[layer]
            if intervention.silence and outgoing is not None:
                new.weights[outgoing.kernel][row][units[outgoing.reads]] = 0
                new.cleared[outgoing.kernel][row][units[outgoing.reads]] = True
    return new


def shut(template: Template, networks: Sequence[Network], weights: Weights, epoch: int) -> Changed:
    """Shut units of those networks whose course says so of this epoch: weights 0, bias `SHUT_BIAS`.

    Nothing opens them then, and as no gradient reaches them and the optimiser forgets them, nothing moves them.
    """
    new = _unchanged(weights)
    for row, network in enumerate(networks):
        if network.course.shutting != epoch:
            continue
        for layer, incoming in enumerate(template.incoming):
            units = shut_units(network, layer, template.activations[layer].output.shape[-1])
            for i in incoming:
                value = SHUT_BIAS if template.parts[i] == "bias" else 0.0
                _of_units(new.weights[i][row], units)[:, units] = value
                _of_units(new.cleared[i][row], units)[:, units] = True
    return new


def shut_units(network: Network, layer: int, n_units: int) -> np.ndarray:
    """Which units of a layer (counted from 0) a network's course shuts; bool, shape (units,).

    The first of them in an order that the study, the seed and the layer draw: those of a smaller share are among
    those of a larger one.
    """
    order = generator(network.course.study, network.seed, "shut", layer).permutation(n_units)
    chosen = np.zeros(n_units, bool)
    chosen[order[: round(network.settings.shut * n_units)]] = True
    return chosen


def pruned(template: Template, weights: Weights, dead: Sequence[np.ndarray]) -> Weights:
    """Weights with those out of dead units zero.

    Args:
        dead: for each layer the dead units, bool, shape (networks, units).
    """
    new = [value.copy() for value in weights]
    for outgoing, units in zip(template.outgoing, dead, strict=True):
        if outgoing is not None:
            new[outgoing.kernel][units[:, outgoing.reads]] = 0
    return new


def _unchanged(weights: Weights) -> Changed:
    return Changed([value.copy() for value in weights], [np.zeros(value.shape, bool) for value in weights])


def _of_units(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """A view of weights into units, whose last axes run over the units: shape (weights of a unit, units)."""
    return values.reshape(-1, len(units))


def _as_many_living(dead: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """As many of the living units as are dead, or all of them, at random; bool."""
    living = np.flatnonzero(~dead)
    chosen = np.zeros_like(dead)
    chosen[draw.permutation(living)[: dead.sum()]] = True
    return chosen
