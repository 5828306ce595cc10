"""The numbers that the paper prints, as data: one table a study, results/numbers/<study>.csv, and one for the whole.

A study's ``text.numbers`` takes its tables and gives, for each key that its contents name, an `Estimate`, a plain
number or a text. Every study has the numbers of `counts` besides.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dying_relu import studies
from dying_relu.analysis.frames import Tables, is_control
from dying_relu.analysis.intervals import ALPHA, SMALLEST_P, Estimate
from dying_relu.design.study import Preset, Study
from dying_relu.report.names import CLAIM_SUFFIXES, COUNTS, DECIDED, GENERAL, OWN, VERDICTS
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
        "pilot": max(len(seeds["pilot"]) for seeds in study.seeds.values()),
        "confirmatory": max(len(seeds["confirmatory"]) for seeds in study.seeds.values()),
        "rates": rates.nunique(),
        "rate.low": rates.min(),
        "rate.high": rates.max(),
        "epochs": networks["epochs"].max(),
        "single.steps": study.measure.every_step_until,
        "growth": study.measure.growth,
    }


def general(
    ledger: pd.DataFrame, coverage: pd.DataFrame, of_studies: pd.DataFrame, audit: pd.DataFrame, preset: Preset
) -> pd.DataFrame:
    """The numbers of the paper as a whole (`GENERAL`), columns `COLUMNS`.

    Args:
        coverage: as `ledger.coverage.simulate` gives it.
        of_studies: the numbers of all studies.
        audit: networks of all studies, in the population and alone.
    """
    asked = {kind: ledger["verdict"][ledger["kind"] == kind] for kind in OWN}
    ledger = ledger[~ledger["own"].astype(bool)]
    names = {f"claims.{verdict}": ledger["claim"][ledger["verdict"] == verdict] for verdict in VERDICTS}
    names["claims.depends"] = ledger["claim"][ledger["stands"] == "depends"]
    ways = {way: ledger["verdict"][ledger["decided_by"] == way] for way in DECIDED}
    missed = coverage.assign(worst=coverage[["missed_low", "missed_high"]].max(axis=1))
    alone = np.isclose(missed["alpha"], ALPHA)
    made = {
        "networks": of_studies["value"][of_studies["key"].str.fullmatch(r"\w+\.networks")].astype(float).sum(),
        "preset": preset.name,
        "resamples": preset.resamples,
        "claims": len(ledger),
        "claims.ids": ledger["of"].nunique(),
        "claims.questions": int((ledger["kind"] == "question").sum()),
        **{kind: len(verdicts) for kind, verdicts in asked.items()},
        **{f"{kind}.{v}": int((verdicts == v).sum()) for kind, verdicts in asked.items() for v in VERDICTS},
        "claims.mapped": int((ledger["cells"] > 1).sum()),
        **{f"claims.{way}": len(verdicts) for way, verdicts in ways.items()},
        **{f"claims.{way}.{v}": int((ways[way] == v).sum()) for way in ways for v in ("supported", "refuted")},
        "coverage.allowed": ALPHA / 2,
        "coverage.worst.alone": missed["worst"][alone].max(),
        "coverage.worst.together": missed["worst"][~alone].max(),
        **{key: len(claims) for key, claims in names.items()},
        **{f"{key}.names": ", ".join(claims) or "none" for key, claims in names.items()},
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


def of_claims(ledger: pd.DataFrame) -> pd.DataFrame:
    """What the text may say of a claim (`CLAIM_SUFFIXES`), columns `COLUMNS`; all of it stands in the ledger."""
    made: dict[str, Estimate | float | str] = {}
    units: list[str] = []
    for row in ledger.itertuples():
        own = {
            "": Estimate(row.effect, row.ci_low, row.ci_high, row.n_seeds),
            ".high": row.ci_high,
            ".p": f"<{SMALLEST_P:.0e}" if row.p <= SMALLEST_P else f"{row.p_adjusted:.2g}",
            ".seeds": row.n_seeds,
            ".diverged": row.n_diverged,
            ".verdict": row.verdict,
            ".events": row.events,
            ".exposure": row.exposure,
            ".cell": row.cell if isinstance(row.cell, str) and row.cell else "the only one there is",
            ".where": row.holds_where,
            ".stands": row.stands,
            ".depends": str(row.depends_on).replace("_", " ") if row.stands == "depends" else "nothing",
        }
        made |= {f"{row.claim}{suffix}": value for suffix, value in own.items()}
        units += [unit or row.unit for unit in CLAIM_SUFFIXES.values()]
    return frame(made, units)
