"""What a percentage of dead units by one definition is by another: read from the data behind the study's figure."""

from pathlib import Path

import pandas as pd

from dying_relu.report.verify import REFERENCE, RESULTS
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

TABLE = Path("figures/data/definitions.csv")  # of the study definitions; see its tables.dead_conversions
WIDEST = 0.5  # a range wider than half of all there is tells nothing
_NEAR = 0.025  # a level stands for the networks whose share is so near
_KIND = "reference shape"


def published(results: Path = RESULTS, reference: Path = REFERENCE) -> pd.DataFrame:
    """The table of conversions of the run in results, or else the published one.

    Raises:
        UserError: there is neither.
    """
    for folder in (results, reference):
        if (folder / TABLE).exists():
            return files.read(folder / TABLE)
    raise UserError(
        f"{results / TABLE}: is not there, nor is {reference / TABLE}; make it with: snakemake {RESULTS / TABLE}"
    )


def sentence(known: pd.DataFrame, percent: float, source: str, target: str, layer: int = 0) -> str:
    """The percentage by the definition ``target`` of networks with a percentage near that by ``source``.

    Args:
        known: columns networks, layer, source, target, level, n_networks, low, median, high; all but counts as shares.

    Raises:
        UserError: no percentage, no definition, no layer, or two definitions of which the table has no pair.
    """
    rows = _pair(known[known["networks"] == _KIND], percent, source, target, layer)
    levels = sorted(rows["level"])
    place = (rows["level"] - percent / 100).abs()
    said = f"{percent:g} % by {source}{f' in layer {layer}' if layer else ''}"
    if place.min() > _NEAR + 1e-9:
        reach = f"{_percent(levels[0])} to {_percent(levels[-1])}"
        return f"{said}: too few networks of the study are near; enough are from {reach}."
    row = rows.loc[place.idxmin()]
    found = f"{_percent(row['low'])} to {_percent(row['high'])} by {target}, median {_percent(row['median'])}"
    where = f"5 to 95 % of {int(row['n_networks'])} networks near {_percent(row['level'])}"
    if row["high"] - row["low"] > WIDEST:
        return f"{said}: not convertible; it is {found} ({where})."
    return f"{said} is {found} ({where})."


def _pair(rows: pd.DataFrame, percent: float, source: str, target: str, layer: int) -> pd.DataFrame:
    """The rows of two definitions in a layer."""
    if not 0 <= percent <= 100:
        raise UserError(f"percent: must be from 0 to 100, found {percent:g}")
    definitions = sorted({*rows["source"], *rows["target"]})
    for option, name in (("--from", source), ("--to", target)):
        if name not in definitions:
            raise UserError(f"{option}: unknown value '{name}'; known: {', '.join(definitions)}")
    if source == target:
        raise UserError(f"--to: '{target}' is the definition that --from names")
    if layer not in set(rows["layer"]):
        layers = ", ".join(str(known) for known in sorted(set(rows["layer"]) - {0}))
        raise UserError(f"--layer: must be one of {layers}, found {layer}")
    found = rows[(rows["layer"] == layer) & (rows["source"] == source) & (rows["target"] == target)]
    if found.empty:
        raise UserError(
            f"--layer: of single layers only conversions from or to 'dead' are known, not '{source}' to '{target}'"
        )
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
