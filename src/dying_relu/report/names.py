"""The names of the numbers and tables that do not belong to one study's text, with the unit of each."""

VERDICTS = ("supported", "refuted", "inconclusive", "not testable")

# of every study that trains; in the text after the study's name
COUNTS = {
    "networks": "count",
    "diverged": "share",
    "pilot": "count",
    "confirmatory": "count",
    "rates": "count",
    "rate.low": "setting",
    "rate.high": "setting",
    "epochs": "count",
    "single.steps": "count",
    "growth": "setting",
}

# of the paper as a whole
GENERAL = {
    "networks": "count",
    "preset": "text",
    "resamples": "count",
    "claims": "count",
    **{f"claims.{verdict}": "count" for verdict in VERDICTS},
    **{f"claims.{verdict}.names": "text" for verdict in VERDICTS},
    "claims.fragile.names": "text",
    "audit.networks": "count",
    "audit.same.divergence": "count",
    "audit.finite": "count",
    "audit.close": "count",
    "audit.same.dead": "count",
    "audit.dead.difference": "share",
}

# after a claim's name: its effect with interval, the interval's upper end, Holm's p, seeds, verdict, and counts
CLAIM_SUFFIXES = ("", ".high", ".p", ".seeds", ".verdict", ".events", ".exposure")

PROVENANCE = tuple(
    f"provenance.{key}"
    for key in ("preset", "commit", "configuration", "python", "processor", "system", "packages", "training.minutes")
)
TABLES = ("ledger", "choices", "benchmark")
