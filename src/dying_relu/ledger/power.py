"""What a claim could have detected: how one-sided seeds must be for it to be decided, exactly.

An interval of the median decides for a claim when enough of the n seeds lie inside its region; an exact interval of a
share when enough seeds say yes (or no). So the power follows from one number, the share of seeds on the claim's side.
"""

import numpy as np
from scipy import optimize, stats

from dying_relu.ledger.claims import Claim

POWER = 0.8


def fewest(claim: Claim, n: int, alpha: float) -> int | None:
    """Of n seeds how many must lie on the claim's side for it to be supported at a two-sided level; none: never.

    On its side: inside the region (median), or for shares that say what the region asks for: yes where it lies at the
    upper bound, no where it lies at the lower one. Between them no count of one kind decides.
    """
    edge = 0.5
    if claim.family == "share":
        (low, high), (least, most) = claim.region, claim.bounds
        if least < low and high < most:
            return None
        edge = low - claim.margin if high >= most else 1 - (high + claim.margin)
    counts = np.arange(n + 1)
    enough = counts[stats.binom.sf(counts - 1, n, edge) <= alpha / 2]
    return int(enough[0]) if len(enough) else None


def needed_share(claim: Claim, n: int, alpha: float) -> float:
    """The share of seeds on the claim's side from which on it is supported with probability `POWER`; missing if
    never."""
    k = fewest(claim, n, alpha) if n else None
    if k is None:
        return np.nan
    return float(optimize.brentq(lambda share: stats.binom.sf(k - 1, n, share) - POWER, 1e-9, 1.0))
