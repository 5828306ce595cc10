"""The ledger: claims read from config/claims.yaml, estimated one by one, judged together."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dying_relu import config, registry
from dying_relu.errors import UserError

CLAIMS = Path("config/claims.yaml")


@dataclass(frozen=True)
class Claim:
    """One claim: see the head of config/claims.yaml for what each part means."""

    id: str
    source: str
    statement: str
    study: str
    estimand: str
    effect_name: str
    family: str
    region: tuple[float, float]
    bounds: tuple[float, float]
    margin: float = 0.0
    unit: str = "number"
    told: str = ""


def load(studies: Collection[str], path: Path = CLAIMS) -> dict[str, Claim]:
    """Read and check the claims.

    Args:
        studies: names of the studies there are.

    Raises:
        UserError: the first thing wrong in the file.
    """
    content = config.read_yaml(path)
    config.check(content, config.schema("claims"), path)
    known = {"estimand": registry.marked("estimands", "estimand"), "study": studies}
    claims = {}
    for name, entry in content.items():
        for key, names in known.items():
            if entry[key] not in names:
                raise UserError(f"{path}: {name}.{key}: unknown value '{entry[key]}'; known: {', '.join(names)}")
        for key in ("region", "bounds"):
            if entry[key][0] > entry[key][1]:
                raise UserError(f"{path}: {name}.{key}: the first number must not exceed the second")
        claims[name] = Claim(id=name, **{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
    return claims
