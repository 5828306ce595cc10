"""Do the ledger's intervals hold what they promise? By simulation, from the paper's own values by seed.

For each claim its seeds are taken for the whole world and drawn from, with replacement, as many as there are; the
interval of each draw is held to the world's own median, or share. Once as they are, and once with rare failures: one
seed in as many as there are shows the worst that there can be.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dying_relu.analysis.intervals import ALPHA, median_interval, share_interval
from dying_relu.design.seeding import integer_seed
from dying_relu.ledger.claims import Claim, together

COLUMNS = ["claim", "world", "n_seeds", "alpha", "missed_low", "missed_high"]


def simulate(claims: Mapping[str, Claim], values: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """How often the truth lies below, and above, the interval: a row a claim, world and level, columns `COLUMNS`.

    Levels: 0.05 for each claim alone, and the ledger's, 0.05 for all that are judged together. Each side may miss
    half of its level.
    """
    rows, m = [], together(claims)
    confirmed = values[(values["phase"] == "confirmatory") & values["named"].astype(bool)]
    for name, claim in claims.items():
        known = confirmed["value"][confirmed["claim"] == name].dropna().to_numpy(float)
        if len(known) < 2:
            continue
        for world, chance in (("as they are", 0.0), ("with rare failures", 1 / len(known))):
            for alpha in (ALPHA, ALPHA / m[name]):
                missed = _missed(claim, known, chance, alpha, resamples)
                rows.append((name, world, len(known), alpha, *missed))
    return pd.DataFrame(rows, columns=COLUMNS)


def _missed(claim: Claim, known: np.ndarray, chance: float, alpha: float, resamples: int) -> tuple[float, float]:
    """How often the truth lies below the interval, and above it."""
    worst = claim.bounds[0] if claim.region[0] > claim.bounds[0] else claim.bounds[1]
    levels = np.append(known, worst)
    weights = np.append(np.full(len(known), (1 - chance) / len(known)), chance)
    draw = np.random.default_rng(integer_seed(claim.id, "coverage", chance, alpha))
    of = _missed_share if claim.family == "share" else _missed_median
    below, above = of(levels, weights, len(known), alpha, draw, resamples)
    return float(below.mean()), float(above.mean())


def _missed_share(
    levels: np.ndarray, weights: np.ndarray, n: int, alpha: float, draw: np.random.Generator, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    truth = float(weights @ levels)
    events, place = np.unique(draw.binomial(n, min(truth, 1.0), resamples), return_inverse=True)
    ends = np.array([share_interval(seen, n)(alpha) for seen in events])
    low, high = ends[place].T
    return truth < low, truth > high


def _missed_median(
    levels: np.ndarray, weights: np.ndarray, n: int, alpha: float, draw: np.random.Generator, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    """The ends are order statistics: of a draw only how many of its values lie below, at and above the truth
    matters."""
    order = np.argsort(levels)
    truth = levels[order][np.searchsorted(np.cumsum(weights[order]), 0.5 - 1e-12)]
    sides = np.array([weights[levels < truth].sum(), weights[levels == truth].sum(), weights[levels > truth].sum()])
    low, high = median_interval(np.arange(n), (-1, n))(alpha)  # places in the ordered draw; outside: no end there
    below, at, _ = draw.multinomial(n, sides / sides.sum(), resamples).T
    return (low >= 0) & (low >= below + at), (high < n) & (high < below)
