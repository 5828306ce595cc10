"""The numbers that the paper prints, as data: one table a study, results/numbers/<study>.csv, and one for the whole.

A study's ``text.numbers`` takes its tables and gives, for each key that its contents name, an `Estimate`, a plain
number or a text. Every study has the numbers of `counts` besides.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dying_relu import studies
from dying_relu.analysis.frames import Tables, is_control
from dying_relu.analysis.intervals import ALPHA, Estimate
from dying_relu.design.study import Preset, Study
from dying_relu.report.names import COUNTS, GENERAL, VERDICTS
from dying_relu.report.units import TEXTS
from dying_relu.workflow.errors import UserError

COLUMNS = ["key", "value", "ci_low", "ci_high", "n_seeds", "unit"]
Made = Mapping[str, Estimate | float | str | None]  # None: there is nothing to print


def of_study(study: Study, tables: Tables) -> pd.DataFrame:
    """All numbers of a study, columns `COLUMNS`; keys begin with its name.

    Raises:
        UserError: its text makes another number than its contents name.
    """
    contents = studies.contents(study.name)
    made: dict[str, Estimate | float | str] = dict(counts(study, tables))
    units = {key: COUNTS[key] for key in made}
    if contents.numbers:
        own = studies.function(studies.package(study.name), "text", "numbers")(tables)
        check(study.name, own, contents.numbers)
        made, units = {**made, **own}, {**units, **contents.numbers}
    return frame({f"{study.name}.{key}": value for key, value in made.items()}, [units[key] for key in made])


def check(study: str, made: Made, named: Mapping[str, str]) -> None:
    """Hold the numbers that a study makes to those that it names.

    Raises:
        UserError: one is made and not named, or the reverse.
    """
    place = f"studies/{study}"
    for key in [key for key in named if key not in made]:
        raise UserError(f"{place}/__init__.py: numbers: '{key}' is named, but {place}/text.py does not make it")
    for key in [key for key in made if key not in named]:
        raise UserError(f"{place}/text.py: numbers: '{key}' is made, but {place}/__init__.py does not name it")


def frame(made: Made, units: list[str]) -> pd.DataFrame:
    """Numbers as a table, columns `COLUMNS`."""
    rows = []
    for (key, value), unit in zip(made.items(), units, strict=True):
        if isinstance(value, Estimate):
            rows.append((key, value.value, value.ci_low, value.ci_high, value.n_seeds, unit))
        else:
            plain = np.nan if value is None else value if unit in TEXTS else float(value)
            rows.append((key, plain, np.nan, np.nan, None, unit))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": object, "n_seeds": "Int64"})


def counts(study: Study, tables: Tables) -> dict[str, float]:
    """How many networks a study has, of which seeds and rates, and how many diverged; nothing without training."""
    if "networks" not in tables:
        return {}
    networks = tables["networks"]
    rates = networks["learning_rate"][~is_control(networks)]
    return {
        "networks": len(networks),
        "diverged": networks["diverged"].mean(),
        "pilot": max(seeds["pilot"] for seeds in study.seeds.values()),
        "confirmatory": max(seeds["confirmatory"] for seeds in study.seeds.values()),
        "rates": rates.nunique(),
        "rate.low": rates.min(),
        "rate.high": rates.max(),
        "epochs": networks["epochs"].max(),
        "single.steps": study.measure.every_step_until,
        "growth": study.measure.growth,
    }


def general(ledger: pd.DataFrame, of_studies: pd.DataFrame, audit: pd.DataFrame, preset: Preset) -> pd.DataFrame:
    """The numbers of the paper as a whole (`GENERAL`), columns `COLUMNS`.

    Args:
        of_studies: the numbers of all studies.
        audit: networks of all studies, in the population and alone.
    """
    decided = ledger["verdict"].isin(["supported", "refuted"])
    names = {f"claims.{verdict}": ledger["claim"][ledger["verdict"] == verdict] for verdict in VERDICTS}
    made = {
        "networks": of_studies["value"][of_studies["key"].str.fullmatch(r"\w+\.networks")].astype(float).sum(),
        "preset": preset.name,
        "resamples": preset.resamples,
        "claims": len(ledger),
        **{key: len(claims) for key, claims in names.items()},
        **{f"{key}.names": ", ".join(claims) or "none" for key, claims in names.items()},
        "claims.fragile.names": ", ".join(ledger["claim"][decided & (ledger["p"] * len(ledger) > ALPHA)]) or "none",
        **audited(audit),
    }
    return frame(made, [GENERAL[key] for key in made])


def audited(audit: pd.DataFrame) -> dict[str, float]:
    """How far networks trained alone agree with their rows in a population."""
    both = audit[~audit["diverged_population"] & ~audit["diverged_alone"]]
    close = np.isclose(both["train_loss_alone"], both["train_loss_population"], rtol=0.01, atol=1e-6)
    dead = (both["dead_fraction_alone"] - both["dead_fraction_population"]).abs()
    return {
        "audit.networks": len(audit),
        "audit.same.divergence": int((audit["diverged_population"] == audit["diverged_alone"]).sum()),
        "audit.finite": len(both),
        "audit.close": int(close.sum()),
        "audit.same.dead": int((dead == 0).sum()),
        "audit.dead.difference": dead.mean(),
    }


def of_claims(ledger: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """What the text may say of a claim, columns `COLUMNS`; all of it stands in the ledger.

    Keys: the claim itself (its effect with interval), and with a suffix ``.high`` (the interval's upper end), ``.p``
    (Holm's), ``.seeds``, ``.verdict``, ``.events``, ``.exposure``.

    Args:
        resamples: of the bootstrap, which sees no p-value below 1 / (resamples + 1).
    """
    made: dict[str, Estimate | float | str] = {}
    units: list[str] = []
    for row in ledger.itertuples():
        p = f"{row.p_adjusted:.2g}"
        made |= {
            row.claim: Estimate(row.effect, row.ci_low, row.ci_high, row.n_seeds),
            f"{row.claim}.high": row.ci_high,
            f"{row.claim}.p": "<" + p if row.p * (resamples + 1) <= 1 else p,
            f"{row.claim}.seeds": row.n_seeds,
            f"{row.claim}.verdict": row.verdict,
            f"{row.claim}.events": row.events,
            f"{row.claim}.exposure": row.exposure,
        }
        units += [row.unit, row.unit, "text", "count", "text", "count", "count"]
    return frame(made, units)
