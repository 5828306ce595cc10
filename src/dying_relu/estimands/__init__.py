"""Estimands: small named functions from a study's tables to one value a seed.

Each takes the tables of one study (see config/README.md) and returns a frame with a row a confirmatory
seed: ``seed``, ``value``, and for claims about counts ``events`` and ``exposure``. What has to be chosen
(a rate, a scaling) is chosen on pilot seeds. Diverged networks take no part. One module a study.
"""

from collections.abc import Mapping

import pandas as pd

from dying_relu import registry
from dying_relu.estimands.common import ESTIMANDS, Tables

registry.load(__name__)


def estimate(claims: Mapping[str, str], tables: Tables) -> pd.DataFrame:
    """The values of several claims, each the name of its estimand: ``claim``, ``seed``, ``value`` and the like."""
    return pd.concat([ESTIMANDS[name](tables).assign(claim=claim) for claim, name in claims.items()], ignore_index=True)
