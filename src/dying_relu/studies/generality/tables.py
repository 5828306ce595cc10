"""Table behind the figure of the study generality."""

import numpy as np
import pandas as pd

from dying_relu.analysis import arms, rates
from dying_relu.analysis.frames import Tables, drawn, pilot, treated
from dying_relu.analysis.intervals import SHARE, summarise

PANELS = {"data": "data", "width": "width", "batch_size": "batch size", "depth": "depth"}
_REFERENCE = "reference"


def dead_by_condition(tables: Tables) -> pd.DataFrame:
    """Dead fraction against the rate over the limit of its condition; ``panel`` and ``condition`` in words.

    The panel is that of the first setting in which the condition differs from the reference network, data first; the
    reference network itself is in all of them.
    """
    networks, known = drawn(tables["networks"]), treated(tables["networks"])
    by = arms.varying(networks)
    limits = rates.scale(known if len(pilot(known)) else known.assign(phase="pilot"), by)
    cells = summarise(networks.assign(value=networks["dead_fraction"]), [*by, "learning_rate"], SHARE)
    cells = cells.merge(limits, on=by) if by else cells.merge(limits, how="cross")
    cells = cells[np.isfinite(cells["limit"])]
    own = [arms.unlike_reference(dict(zip(by, row, strict=True))) for row in cells[by].itertuples(index=False)]
    own = own if by else [{}] * len(cells)
    cells = cells.assign(
        scaled_rate=cells["learning_rate"] / cells["limit"],
        panel=[PANELS.get(next(iter(levels), ""), PANELS["data"]) for levels in own],
        condition=[arms.label(levels) or _REFERENCE for levels in own],
    )
    alike = cells[cells["condition"] == _REFERENCE]
    others = cells[cells["condition"] != _REFERENCE]
    repeated = [alike.assign(panel=panel) for panel in PANELS.values()]
    return pd.concat([*repeated, others], ignore_index=True)
