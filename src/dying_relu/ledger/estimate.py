"""Estimate the claims of a study: for each, one value a confirmatory seed.

An estimand is a small named function in the ``estimands`` module of a study. It takes the study's tables (see
config/README.md) and returns a frame with a row a confirmatory seed: ``seed``, ``value``, and for claims about counts
``events`` and ``exposure``. What has to be chosen (a rate, a scaling) is chosen on pilot seeds (`analysis.choice`).
"""

from collections.abc import Mapping

import pandas as pd

from dying_relu import studies
from dying_relu.analysis.frames import Tables


def estimate(study: str, claims: Mapping[str, str], tables: Tables) -> pd.DataFrame:
    """The values of several claims of a study, each the name of its estimand: ``claim``, ``seed``, ``value``, ..."""
    found = [
        studies.function(studies.package(study), "estimands", name)(tables).assign(claim=claim)
        for claim, name in claims.items()
    ]
    return pd.concat(found, ignore_index=True)
