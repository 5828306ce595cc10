"""Small tables of the form that training gives them, row by row, for answers computed by hand."""

import json

import numpy as np
import pandas as pd

from dying_relu.design.settings import Settings
from dying_relu.ledger.claims import Claim

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


_WORDS = {"source": "Q1", "told": "t", "statement": "s", "study": "study", "estimand": "e", "effect_name": "effect"}


def claim(name="c", family="median", region=(0.4, 1.0), bounds=(0.0, 1.0), **more):
    return Claim(id=name, of=name, family=family, region=list(region), bounds=list(bounds), **_WORDS, **more)


def values(name, numbers, levels=None, named=True, diverged=0, **more):
    """Values of a claim in one cell, then so many diverged networks."""
    n = len(numbers) + diverged
    frame = pd.DataFrame({"claim": name, "named": named, "phase": "confirmatory", "seed": range(1000, 1000 + n)})
    frame["value"] = [*map(float, numbers), *[np.nan] * diverged]
    frame["diverged"] = [False] * len(numbers) + [True] * diverged
    cell = ", ".join(f"{key} {level}" for key, level in (levels or {}).items())
    text = json.dumps(levels or {})
    return frame.assign(cell=cell, levels=text, **{"limit_share": np.nan, "events": np.nan, "exposure": np.nan} | more)


def in_cell(found, **levels):
    """Of a map the values of confirmatory seeds in one cell, by seed."""
    rows = found[found["phase"] == "confirmatory"]
    for key, level in levels.items():
        rows = rows[rows[key] == level]
    assert rows["seed"].is_unique, "several cells"
    return rows.set_index("seed")["value"].to_dict()
