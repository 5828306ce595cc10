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


class Renewed(NamedTuple):
    """Weights after units were renewed, and where the optimiser is to forget: bool, of the same shapes."""

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
) -> Renewed:
    """Renew units of those networks whose course says so of this epoch.

    Recycling of dormant units (Sokar et al. 2023, section 4), of strictly dead ones: incoming weights drawn
    anew, initial bias; with ``silence`` outgoing weights zero, else as they are.

    Args:
        dead: for each layer the dead units, bool, shape (networks, units).
        fresh: newly drawn weights of a network (without an axis for it).
    """
    new = Renewed([value.copy() for value in weights], [np.zeros(value.shape, bool) for value in weights])
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


def _of_units(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """A view of weights into units, whose last axes run over the units: shape (weights of a unit, units)."""
    return values.reshape(-1, len(units))


def _as_many_living(dead: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """As many of the living units as are dead, or all of them, at random; bool."""
    living = np.flatnonzero(~dead)
    chosen = np.zeros_like(dead)
    chosen[draw.permutation(living)[: dead.sum()]] = True
    return chosen
