"""How large a network is: its layers, parameters and products, and the memory that training it takes."""

from collections.abc import Sequence
from typing import NamedTuple

from dying_relu.design.datasets import DATASETS
from dying_relu.design.settings import Settings

PATCH = 3  # pixels on a side of what a unit of a convolution sees
POOL = 2  # and of what pooling makes one of
ROWS = 8  # networks in one population: few enough that their weights stay in a core's cache;
SMALL_ROWS = 64  # more where the networks are so small
SMALL_PARAMETERS = 1000  # that overhead decides
MEMORY_BUDGET = 2 * 2**30  # bytes one training job may use beyond TensorFlow itself
_CHUNK = 250  # samples, at least, whose activations are held at once
_FLOAT = 4  # bytes


Sides = tuple[int, int]  # height and breadth of an image


class Layer(NamedTuple):
    """One layer of weights.

    Attributes:
        copies: of its weights: one for each position where positions have weights of their own.
        positions: at which its units look; 1 where they see the whole layer before.
        inputs: of one unit at one position.
        units: at one position.
    """

    copies: int
    positions: int
    inputs: int
    units: int

    @property
    def looked_up(self) -> int:
        """Numbers copied for a position, where patches are cut."""
        return self.inputs if self.positions > 1 else 0


def layers(architecture: str, width: int, depth: int, dataset: str, output_layer: bool = True) -> list[Layer]:
    """The layers of a network, the output last."""
    info = DATASETS[dataset]
    if architecture == "dense":
        inputs = [info.n_features, *[width] * (depth - 1)]
        found, seen = [Layer(1, 1, n, width) for n in inputs], width
    else:
        height, breadth, channels = info.image or (0, 0, 0)
        found, sides = [], (height, breadth)
        for place in range(depth):
            looked, sides = sides_after(architecture, sides)
            positions = looked[0] * looked[1]
            copies = positions if architecture == "local" else 1
            found.append(Layer(copies, positions, PATCH**2 * (width if place else channels), width))
        seen = width * sides[0] * sides[1]
    return [*found, Layer(1, 1, seen, info.n_outputs)] if output_layer else found


def sides_after(architecture: str, sides: Sequence[int]) -> tuple[Sides, Sides]:
    """Sides of an image at a layer of patches: of what the layer puts out, and of what the next one sees."""
    height, breadth = (side - PATCH + 1 for side in sides)
    pool = POOL if architecture == "conv_pool" else 1
    return (height, breadth), (height // pool, breadth // pool)


def deepest(architecture: str, sides: Sequence[int]) -> int:
    """The most layers of patches that an image of these sides has room for."""
    after = sides_after(architecture, sides)[1]
    return 1 + deepest(architecture, after) if min(after) > 0 else 0


def parameters(architecture: str, width: int, depth: int, dataset: str, output_layer: bool = True) -> int:
    """Weights and biases of a network, those of the output included; as if every unit had a bias."""
    found = layers(architecture, width, depth, dataset, output_layer)
    return sum(layer.copies * (layer.inputs + 1) * layer.units for layer in found)


def products(architecture: str, width: int, depth: int, dataset: str, output_layer: bool = True) -> int:
    """Multiplications of one sample's forward pass."""
    found = layers(architecture, width, depth, dataset, output_layer)
    return sum(layer.positions * (layer.inputs + 1) * layer.units for layer in found)


def shape(settings: Settings) -> tuple[str, int, int, str, bool]:
    """What the functions above take, of some settings."""
    return settings.architecture, settings.width, settings.depth, settings.dataset, settings.output_layer


def network_bytes(settings: Settings) -> int:
    """Weights, gradient, two optimiser slots and a copy each; activations of one chunk or batch, with gradients."""
    samples = max(settings.batch_size, _CHUNK)
    units = sum(layer.positions * layer.units for layer in layers(*shape(settings)))
    units += DATASETS[settings.dataset].n_features
    return _FLOAT * (6 * parameters(*shape(settings)) + 6 * samples * units)


def data_bytes(settings: Settings) -> int:
    """The data set and what a large population brings beside it, with a copy."""
    info = DATASETS[settings.dataset]
    return 2 * _FLOAT * (info.n_samples + extra_samples(settings, SMALL_ROWS)) * (info.n_features + 1)


def drawn_bytes(settings: Settings) -> int:
    """The samples of an epoch of a large population, where they are drawn afresh."""
    info = DATASETS[settings.dataset]
    return _FLOAT * extra_samples(settings, SMALL_ROWS) * (info.n_features + 1) if info.steps is not None else 0


def extra_samples(settings: Settings, rows: int) -> int:
    """Samples that a population of so many networks needs beside its data set: those drawn afresh, or outliers."""
    info = DATASETS[settings.dataset]
    if info.steps is not None:
        return rows * info.steps * settings.batch_size
    return rows if settings.intervention_epoch else 0


def rows(settings: Settings) -> int:
    """How many networks share a population: `ROWS`, more of small ones, or as many as the memory budget allows."""
    room = MEMORY_BUDGET - data_bytes(settings)
    most = SMALL_ROWS if parameters(*shape(settings)) < SMALL_PARAMETERS else ROWS
    return max(1, min(most, room // network_bytes(settings)))
