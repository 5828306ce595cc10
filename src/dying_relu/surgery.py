"""What interventions do to weights and samples, the same for a population and for a network alone.

Lists of arrays run over the trainable variables; each array starts with the network.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dying_relu.catalogue import INTERVENTIONS
from dying_relu.models import Template
from dying_relu.seeding import generator
from dying_relu.study import Network

Weights = list[np.ndarray]


def happens(network: Network, epoch: int) -> bool:
    """Whether this epoch, counted from 0, is the one before which the network's intervention comes."""
    return 0 < epoch == network.settings["intervention_epoch"]


def outlier(study: str, seed: int, x_train: np.ndarray, strength: float) -> tuple[int, np.ndarray]:
    """The sample of the training set that becomes the outlier, and its features, one of them far out.

    That feature, among those that vary, lies 10**strength standard deviations above its mean. The choice
    depends on the seed only.
    """
    draw = generator(study, seed, "outlier")
    sample, feature = draw.integers(len(x_train)), draw.choice(np.flatnonzero(x_train.std(axis=0) > 0))
    x = x_train[sample].copy()
    x[feature] = x_train[:, feature].mean() + 10.0**strength * x_train[:, feature].std()
    return int(sample), x


def put_back(template: Template, networks: Sequence[Network], before: Weights, after: Weights) -> Weights:
    """``after``, with the parts that each network's intervention names as they were ``before``."""
    kept = [INTERVENTIONS[network.settings["intervention"]].put_back for network in networks]
    rows = [np.array([part in parts for parts in kept]) for part in template.parts]
    return [np.where(row.reshape(-1, *[1] * (b.ndim - 1)), b, a) for row, b, a in zip(rows, before, after, strict=True)]


def renews(network: Network, epoch: int) -> bool:
    """Whether units of the network are renewed before this epoch."""
    intervention, start = INTERVENTIONS[network.settings["intervention"]], network.settings["intervention_epoch"]
    return bool(intervention.renew and 0 < start <= epoch and (epoch == start or intervention.every_epoch))


def renewed(
    template: Template,
    networks: Sequence[Network],
    weights: Weights,
    dead: Sequence[np.ndarray],
    epoch: int,
    fresh: Callable[[Network, int], Weights],
) -> tuple[Weights, list[np.ndarray]]:
    """Weights after renewing units of those networks that `renews`, and where the optimiser is to forget.

    Recycling of dormant units (Sokar et al. 2023, section 4), of strictly dead ones: incoming weights drawn
    anew, initial bias; with ``silence`` outgoing weights zero, else as they are.

    Args:
        dead: for each layer the dead units, bool, shape (networks, units).
        fresh: newly drawn weights of a network (without an axis for it), given the epoch.
    """
    weights = [value.copy() for value in weights]
    cleared = [np.zeros(value.shape, bool) for value in weights]
    for row, network in enumerate(networks):
        if not renews(network, epoch):
            continue
        intervention, drawn = INTERVENTIONS[network.settings["intervention"]], fresh(network, epoch)
        for layer, masks in enumerate(dead):
            units = masks[row]
            if intervention.renew == "living":
                units = _as_many_living(units, generator(network.seed, "living", epoch, layer))
            for i in template.incoming[layer]:
                for values, new in ((weights[i], drawn[i]), (cleared[i], np.True_)):
                    flat = values[row].reshape(-1, len(units))  # a view: the last axes run over the units
                    flat[:, units] = new.reshape(-1, len(units))[:, units] if new.ndim else new
            if intervention.silence and template.outgoing[layer]:
                kernel, reads = template.outgoing[layer]
                weights[kernel][row][units[reads]] = 0
                cleared[kernel][row][units[reads]] = True
    return weights, cleared


def _as_many_living(dead: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    living = np.flatnonzero(~dead)
    chosen = np.zeros_like(dead)
    chosen[draw.permutation(living)[: dead.sum()]] = True
    return chosen
