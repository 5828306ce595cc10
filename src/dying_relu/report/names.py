"""The names of the numbers and tables that do not belong to one study's text, with the unit of each."""

VERDICTS = ("supported", "refuted", "inconclusive", "not testable")

DECIDED = ("experiment", "closed form", "arithmetic")  # what a claim is decided by

OWN = ("hypothesis", "replication")  # kinds of claims that no text makes; see config/claims.yaml

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
    "claims.ids": "count",
    "claims.questions": "count",
    **{f"claims.{verdict}": "count" for verdict in VERDICTS},
    **{f"claims.{verdict}.names": "text" for verdict in VERDICTS},
    **{f"claims.{way}{suffix}": "count" for way in DECIDED for suffix in ("", ".supported", ".refuted")},
    **{f"{kind}{suffix}": "count" for kind in OWN for suffix in ("", *(f".{verdict}" for verdict in VERDICTS))},
    "claims.mapped": "count",
    "claims.depends": "count",
    "claims.depends.names": "text",
    "coverage.allowed": "share",
    "coverage.worst.alone": "share",
    "coverage.worst.together": "share",
    "audit.networks": "count",
    "audit.same.divergence": "count",
    "audit.finite": "count",
    "audit.close": "count",
    "audit.same.dead": "count",
    "audit.dead.difference": "share",
}

# after a claim's name: its effect with interval, the interval's upper end, adjusted p, seeds, verdict, counts, its
# cell, and how it fares over its map: in words, whether it depends, and on what
CLAIM_SUFFIXES = {
    "": "",  # the claim's own unit
    ".high": "",
    ".p": "text",
    ".seeds": "count",
    ".diverged": "count",
    ".verdict": "text",
    ".events": "count",
    ".exposure": "count",
    ".cell": "text",
    ".where": "text",
    ".stands": "text",
    ".depends": "text",
}

PROVENANCE = tuple(
    f"provenance.{key}"
    for key in (
        "preset",
        "commit",
        "claims",
        "configuration",
        "python",
        "processor",
        "system",
        "packages",
        "training.minutes",
    )
)
TABLES = ("ledger", "hypotheses", "maps", "power", "coverage", "edits", "choices", "benchmark")
