"""Small tables of the form that training gives them, row by row, for answers computed by hand."""

import numpy as np
import pandas as pd

from dying_relu.design.settings import Settings

BASE = dict(Settings()) | {"grid": "main", "phase": "confirmatory", "seed": 1000}


def networks(*rows, **common):
    """A row a network: the reference network but for what is given; without a dead fraction it diverged."""
    made = [BASE | {"dead_fraction": np.nan, "test_accuracy": np.nan} | common | row for row in rows]
    frame = pd.DataFrame(made, columns=None if made else [*BASE, "dead_fraction", "test_accuracy"])
    frame["phase"] = frame["phase"].where(frame["seed"] >= 1000, "pilot")
    return frame.assign(diverged=frame["dead_fraction"].isna()).astype({"bias": float})


def life(dead, revived=None, n_units=4, **more):
    """One layer's life over epochs 0, 1, ...: units dead (none: diverged), and revivals since the epoch before."""
    revived = revived or [0] * len(dead)
    steps = list(zip(dead, dead[1:], revived[1:], strict=False))
    died = [0, *(None if b is None else max(b - a + back, 0) for a, b, back in steps)]
    counts = {
        "n_dead": dead,
        "n_died": died,
        "n_revived": [None if d is None else r for d, r in zip(dead, revived, strict=True)],
    }
    moments = {"epoch": [float(k) for k in range(len(dead))], "step": range(len(dead)), "epochs": len(dead) - 1}
    made = pd.DataFrame(BASE | {"layer": 1, "n_units": n_units} | moments | counts | more)
    return made.astype({**dict.fromkeys(counts, "Int32"), "bias": float})
