"""The claims, read from config/claims.yaml."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, RootModel, StringConstraints

from dying_relu import studies
from dying_relu.design import reading
from dying_relu.design.reading import Strict, Text
from dying_relu.design.study import Study
from dying_relu.workflow.errors import UserError

CLAIMS = Path("config/claims.yaml")
_Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]


class _Entry(Strict):
    source: Text
    statement: Text
    study: Text
    estimand: Text
    effect_name: Text
    family: Literal["mean", "share"]
    region: _Interval
    bounds: _Interval
    margin: Annotated[float, Field(ge=0)] = 0.0
    unit: Literal["share", "points", "number"] = "number"
    told: str = ""


class Claim(_Entry):
    """One claim: see the head of config/claims.yaml for what each part means."""

    id: str


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
        claims[name] = Claim(id=name, **entry.model_dump())
    return claims


def check(claims: Mapping[str, Claim], all_studies: Mapping[str, Study], path: Path = CLAIMS) -> None:
    """Hold the claims to the tables that their studies make.

    Raises:
        UserError: an estimand takes a table that its study, as configured, does not make.
    """
    for claim in claims.values():
        needed = studies.contents(claim.study).estimands[claim.estimand]
        for table in sorted(set(needed) - all_studies[claim.study].tables):
            raise UserError(
                f"{path}: {claim.id}.estimand: {claim.estimand} takes the table '{table}', which the study "
                f"{claim.study} does not make; see 'measure' and 'timings' in its file"
            )
