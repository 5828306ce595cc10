"""The claims, read from config/claims.yaml."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, RootModel, StringConstraints

from dying_relu import studies
from dying_relu.design import reading
from dying_relu.design.reading import Strict, Text
from dying_relu.design.settings import NAMED_RATES, SETTINGS, Given
from dying_relu.design.study import Study
from dying_relu.workflow.errors import UserError

CLAIMS = Path("config/claims.yaml")
# what of a claim is fixed before its seeds are run
ASKED = ("statement", "study", "estimand", "family", "region", "margin", "bounds", "cell", "read_at")
OWN = ("hypothesis", "replication")  # kinds that no text claims: this project asks
_Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
_Level = bool | int | float | str | None


class _Entry(Strict):
    source: Text
    statement: Text
    study: Text
    estimand: Text
    effect_name: Text
    family: Literal["median", "share"]
    region: _Interval
    bounds: _Interval
    margin: Annotated[float, Field(ge=0)] = 0.0
    unit: Literal["share", "points", "number"] = "number"
    told: str = ""
    of: str = ""
    kind: Literal["assertion", "question", "hypothesis", "replication"] = "assertion"
    decided_by: Literal["experiment", "closed form", "arithmetic"] = "experiment"
    cell: dict[str, _Level] = {}
    read_at: dict[str, list[_Level]] = {}


class Claim(_Entry):
    """One claim: see the head of config/claims.yaml for what each part means."""

    id: str

    @property
    def own(self) -> bool:
        """Whether this project asks it, and no text."""
        return self.kind in OWN

    @property
    def asked(self) -> str:
        """Changes when, and only when, what is asked changes: sentence, estimand, cell, map, family, region, bounds."""
        asked = self.model_dump(include=set(ASKED))
        return hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:16]


def together(claims: Mapping[str, Claim]) -> dict[str, int]:
    """For each claim how many are judged together with it: those of the texts, or those of this project."""
    return {name: sum(other.own == claim.own for other in claims.values()) for name, claim in claims.items()}


class _File(RootModel[Annotated[dict[_Id, _Entry], Field(min_length=1)]]):
    pass


def load(known_studies: Collection[str], path: Path = CLAIMS) -> dict[str, Claim]:
    """Read and check the claims.

    Args:
        known_studies: names of the studies there are.

    Raises:
        UserError: the first thing wrong in the file.
    """
    claims = {}
    for name, entry in reading.check(_File, reading.read_yaml(path), path).root.items():
        if entry.study not in known_studies:
            raise UserError(f"{path}: {name}.study: unknown value '{entry.study}'; known: {', '.join(known_studies)}")
        estimands = studies.contents(entry.study).estimands
        if entry.estimand not in estimands:
            raise UserError(
                f"{path}: {name}.estimand: unknown value '{entry.estimand}'; known in the study {entry.study}: "
                f"{', '.join(estimands) or 'none'}"
            )
        for key in ("region", "bounds"):
            if getattr(entry, key)[0] > getattr(entry, key)[1]:
                raise UserError(f"{path}: {name}.{key}: the first number must not exceed the second")
        _check_cell(entry, f"{name}.cell", path)
        claims[name] = Claim(id=name, **(entry.model_dump() | {"of": entry.of or name}))
    return claims


def _check_cell(entry: _Entry, place: str, path: Path) -> None:
    """Settings among the axes that a claim names have levels that settings can have; a rate may go by its name."""
    levels = {key: level for key, level in entry.cell.items() if key in SETTINGS}
    if levels.get("learning_rate") in NAMED_RATES:
        del levels["learning_rate"]
    try:
        reading.check(Given, levels, path)
    except UserError as error:
        raise UserError(str(error).replace(f"{path}: ", f"{path}: {place}.", 1)) from None


def check(claims: Mapping[str, Claim], all_studies: Mapping[str, Study], path: Path = CLAIMS) -> None:
    """Hold the claims to the tables that their studies make.

    Raises:
        UserError: an estimand takes a table that its study, as configured, does not make, or a cell has a level of a
            setting that none of the study's networks has.
    """
    for claim in claims.values():
        if all_studies[claim.study].grids:
            _check_levels(claim, all_studies[claim.study], path)
        needed = studies.contents(claim.study).estimands[claim.estimand]
        for table in sorted(set(needed) - all_studies[claim.study].tables):
            raise UserError(
                f"{path}: {claim.id}.estimand: {claim.estimand} takes the table '{table}', which the study "
                f"{claim.study} does not make; see 'measure' and 'timings' in its file"
            )


def _check_levels(claim: Claim, study: Study, path: Path) -> None:
    for key, level in claim.cell.items():
        if key not in SETTINGS or level in NAMED_RATES:
            continue
        trained = {getattr(study.settings, key)}.union(*(grid.get(key, ()) for grid in study.grids.values()))
        if level not in trained:
            known = ", ".join(sorted(str(value) for value in trained))
            raise UserError(
                f"{path}: {claim.id}.cell.{key}: no network of the study {study.name} has {level}; trained: {known}"
            )
