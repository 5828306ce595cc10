"""Tables behind the figures of the study harm."""

import pandas as pd

from dying_relu.analysis.frames import Tables, alive, drawn, last, matching
from dying_relu.analysis.intervals import SHARE, summarise
from dying_relu.design.datasets import DATASETS, SCALINGS
from dying_relu.studies.harm.estimands import CONTROL, NARROW, RENEWED, SHUT, UNTREATED, healthy, score

FEW, HELD, LOWERED = "narrow from the start", "killed, rate held", "killed, rate lowered"
FEWEST = 3  # killed networks, of one share of dead units, that are shown
# name of an arm: its grid and intervention
ARMS = {
    "rate held": ("held", UNTREATED),
    "rate held, dead renewed": ("held", RENEWED),
    "rate lowered": ("lowered", UNTREATED),
    "rate lowered, living renewed": ("lowered", CONTROL),
    "rate lowered, dead renewed": ("lowered", RENEWED),
}
HEALTHY = "healthy"


def harm_by_share(tables: Tables) -> pd.DataFrame:
    """Score against ``share``: of the units that are shut, or lacking, or dead, to the nearest tenth, by the rate.

    ``panel`` and ``series``: which networks, and what became of their units.
    """
    networks = alive(drawn(tables["networks"]))
    shut = matching(networks, grid=SHUT)
    shut = shut.assign(series=shut["shut_epoch"].map(shut_after), share=shut["shut"])
    shut = shut[(shut["shut"] > 0) | (shut["shut_epoch"] == 0)]
    frames = [shut, *_narrow(networks, shut), _killed(networks, tables["activity"])]
    found = pd.concat([frame.assign(value=score(frame)) for frame in frames], ignore_index=True)
    made = summarise(found.assign(panel=_panels(found)), ["panel", "series", "share"], SHARE)
    return made[(made["n_seeds"] >= FEWEST) | ~made["series"].isin([HELD, LOWERED])]


def harm_parts(tables: Tables) -> pd.DataFrame:
    """Score at the end of each arm of `ARMS`, and of the healthy twin, by killing rate."""
    networks = drawn(tables["networks"])
    frames = [
        rows.assign(arm=name, value=score(rows))[["learning_rate", "arm", "seed", "value"]]
        for name, (grid, intervention) in ARMS.items()
        for rows in [alive(matching(networks, grid=grid, intervention=intervention))]
    ]
    twins = healthy({"networks": networks}).assign(arm=HEALTHY)
    found = pd.concat([*frames, twins[["learning_rate", "arm", "seed", "value"]]], ignore_index=True)
    return summarise(found, ["learning_rate", "arm"], SHARE)


def shut_after(epochs: int) -> str:
    """When units were shut, in words."""
    if not epochs:
        return "shut before the first step"
    return f"shut after {epochs} epoch{'s' if epochs > 1 else ''}"


def _narrow(networks: pd.DataFrame, shut: pd.DataFrame) -> list[pd.DataFrame]:
    """Narrow networks at the share of units that they lack, beside each width of which networks were shut."""
    few = matching(networks, grid=NARROW)
    widths = shut[["width", "scaling", "dataset"]].drop_duplicates()
    frames = []
    for row in widths.itertuples():
        beside = matching(few, scaling=row.scaling, dataset=row.dataset)
        beside = beside[beside["width"] < row.width]
        lacking = 1 - beside["width"] / row.width
        frames.append(beside.assign(share=lacking, width=row.width, series=FEW))
    return frames


def _killed(networks: pd.DataFrame, activity: pd.DataFrame) -> pd.DataFrame:
    frames = [
        matching(networks, grid=grid, intervention=UNTREATED).assign(series=name)
        for grid, name in (("held", HELD), ("lowered", LOWERED))
    ]
    found = pd.concat(frames)
    end = last(matching(activity, grid=("held", "lowered"), intervention=UNTREATED))
    keys = ["learning_rate", "rate_factor", "seed"]
    counts = end.groupby(keys)[["n_dead", "n_units"]].sum().astype(float)
    dead = (counts["n_dead"] / counts["n_units"]).rename("dead").reset_index()
    merged = found.merge(dead, on=keys)
    return merged.assign(share=merged["dead"].round(1)).drop(columns="dead")


def _panels(found: pd.DataFrame) -> pd.Series:
    """The networks in words, told apart by data, width and inputs."""
    names = found["dataset"].map(lambda name: DATASETS[name].name).astype(str)
    inputs = found["scaling"].map(SCALINGS).astype(str) + " inputs"
    return names + ", width " + found["width"].astype(str) + ",\n" + inputs
