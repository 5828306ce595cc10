"""From each claim's values by seed to results/claims.csv: one rule for all verdicts."""

from collections.abc import Callable, Mapping

import pandas as pd

from dying_relu.analysis.intervals import Interval, mean_interval, share_interval
from dying_relu.design.seeding import integer_seed
from dying_relu.ledger.claims import Claim
from dying_relu.ledger.levels import Region, holm_adjusted, holm_levels, p_value

COLUMNS = [
    "claim",
    "source",
    "statement",
    "verdict",
    "effect",
    "effect_name",
    "ci_low",
    "ci_high",
    "p",
    "p_adjusted",
    "n_seeds",
    "study",
    "family",
    "unit",
    "told",
    "region_low",
    "region_high",
    "margin",
    "confidence",
    "events",
    "exposure",
]


def judge(claims: Mapping[str, Claim], values: Mapping[str, pd.DataFrame], resamples: int) -> pd.DataFrame:
    """The ledger, one row a claim in the order given; intervals simultaneous over all claims (Holm).

    Args:
        values: for each claim its estimand's frame, with a row a confirmatory seed.
        resamples: bootstrap resamples; no p-value goes below 1 / (resamples + 1).
    """
    values = {name: values[name].dropna(subset="value") for name in claims}
    intervals = {name: _interval(claim, values[name], resamples) for name, claim in claims.items()}
    regions = {name: Region(claim.region[0], claim.region[1], claim.margin) for name, claim in claims.items()}
    p = [p_value(intervals[name], regions[name], 1 / (resamples + 1)) for name in claims]
    rows = []
    for name, level, raw, adjusted in zip(claims, holm_levels(p), p, holm_adjusted(p), strict=True):
        claim, seeds = claims[name], values[name]
        low, high = intervals[name](float(level))
        rows.append(
            {
                "claim": name,
                "source": claim.source,
                "statement": claim.statement,
                "verdict": regions[name].verdict((low, high)),
                "effect": seeds["value"].mean(),
                "effect_name": claim.effect_name,
                "ci_low": low,
                "ci_high": high,
                "p": raw,
                "p_adjusted": adjusted,
                "n_seeds": len(seeds),
                "study": claim.study,
                "family": claim.family,
                "unit": claim.unit,
                "told": claim.told,
                "region_low": claim.region[0],
                "region_high": claim.region[1],
                "margin": claim.margin,
                "confidence": 1 - level,
                "events": seeds["events"].sum() if "events" in seeds else None,
                "exposure": seeds["exposure"].sum() if "exposure" in seeds else None,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _interval(claim: Claim, seeds: pd.DataFrame, resamples: int) -> Callable[[float], Interval]:
    if claim.family == "share":
        return share_interval(int(seeds["value"].sum()), len(seeds))
    return mean_interval(
        seeds["value"].to_numpy(float),
        (claim.bounds[0], claim.bounds[1]),
        resamples,
        integer_seed(claim.id, "bootstrap"),
    )
