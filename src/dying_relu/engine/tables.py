"""The tables of a training job.

A diverged network has no counts: they are missing, never 0.
    networks: one row a network; settings, seed, outcome; if the study asks, the training loss without dead units.
    activity: one row a network, hidden layer and measured moment; counts of dead units.
    history: one row a network and measured moment; loss, accuracy, size of the updates.
    units: if the study asks, one row a network, hidden layer and status of its units at the end (dead, nearly dead,
        active); their gradients, output ranges and movement over the last epoch, and, if it asks for that too, how
        many of those that died are active once their bias, or their weights, are put back to where they started.
    causes: if the study asks, one row a network, hidden layer, step measured at both ends, and event (death, revival);
        which part of the step did it, and how far it moved pre-activations.
    layers: if the study asks, one row a network, hidden layer and of three moments; gradients and outputs.
    shifted: if the study asks, one row a network, hidden layer and shift of the test samples; dead units there.
    definitions: if the study asks, one row a network, hidden layer and other definition of death; units dead by it, by
        the project's, and by both. What is said of the network as a whole is in layer 0.
    slopes: if the study asks, one row a network; where its activation's derivative is exactly zero.
    trajectory: one row a network of a single hidden unit and measured moment; its weights.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dying_relu.design.course import Network
from dying_relu.design.settings import SETTINGS
from dying_relu.engine import causes
from dying_relu.engine.record import WEIGHTS, Columns

_OF_UNITS = ("gradient", "output_range", "movement")
TABLES: dict[str, tuple[str, ...]] = {
    "networks": (),
    "activity": (),
    "history": (),
    "units": ("layer", "status", "n_units", *(f"{of}_{what}" for of in _OF_UNITS for what in ("max", "mean"))),
    "causes": ("step", "epoch", "layer", "event", *causes.COLUMNS),
    "layers": ("step", "epoch", "layer", "gradient_norm", "largest", "mean_output", "zero_share"),
    "shifted": ("test_shift", "layer", "n_units", "n_dead", "n_dead_shifted", "n_dead_both", "shifted_accuracy"),
    "definitions": ("definition", "layer", "n_units", "n", "n_dead", "n_both"),
    "slopes": ("zero_below", "zero_above", "zero_below_plain", "zero_above_plain"),
    "trajectory": ("step", "epoch", *WEIGHTS, "activity_rate"),
}  # and the columns of those that may be empty
_TEXTS = ("status", "test_shift", "event", "definition")
Stacked = dict[str, np.ndarray]  # columns of a table; "network" counts the networks, the others are measured


def stacked(table: str, pieces: Sequence[Columns], n: int) -> Stacked:
    """The first n networks of each piece, one piece after the other."""
    columns = {"network": np.tile(np.arange(n), len(pieces))}
    if not pieces:
        return columns | {key: np.empty(0) for key in TABLES[table]}
    for key in pieces[0]:
        columns[key] = np.concatenate([np.broadcast_to(p[key], np.shape(p[key]) or n)[:n] for p in pieces])
    return columns


def described(networks: Sequence[Network]) -> pd.DataFrame:
    """The identifying columns: study, grid, phase, settings, seed."""
    frame = pd.DataFrame(
        {
            "study": networks[0].course.study,
            "grid": [network.grid for network in networks],
            "phase": [network.phase for network in networks],
            **{key: [getattr(network.settings, key) for network in networks] for key in SETTINGS},
            "seed": [network.seed for network in networks],
        }
    )
    texts = frame.columns[[isinstance(value, str) for value in frame.iloc[0]]]
    return frame.astype({**dict.fromkeys(texts, "category"), "bias": float})


def table(networks: pd.DataFrame, pieces: Sequence[Stacked]) -> pd.DataFrame:
    """One table of a job: the identifying columns beside the measured ones; counts as nullable integers."""
    columns = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    frame = networks.iloc[columns.pop("network")].reset_index(drop=True).assign(**columns)
    counts = [key for key in columns if key.startswith("n_") or key == "diverged_step"]
    texts = [key for key in columns if key in _TEXTS]
    return frame.astype({**dict.fromkeys(counts, "Int32"), **dict.fromkeys(texts, "category")})
