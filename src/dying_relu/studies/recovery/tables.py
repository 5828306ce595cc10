"""Tables behind the figures of the study recovery."""

import pandas as pd

from dying_relu.analysis.activations import frozen_depth
from dying_relu.analysis.frames import Tables, alive, drawn, last
from dying_relu.analysis.intervals import DIFFERENCE, POSITIVE, SHARE, summarise
from dying_relu.analysis.survival import survival
from dying_relu.design.datasets import DATASETS
from dying_relu.studies.recovery.estimands import (
    ARM,
    HEALTHY,
    KILLED,
    TREATMENT,
    beside,
    life_table,
    low_factor,
    of_grids,
    own_rates,
)


def recovery_survival(tables: Tables) -> pd.DataFrame:
    """Share of killed units not yet seen open, by layer and treatment, against epochs (`survival.survival`).

    ``shown_at``: the factor on the rate under which it is drawn, its own; treatments with rates of their own stand
    with their highest one under the lowest factor of the others.
    """
    lives = life_table(of_grids(drawn(tables["activity"]), *KILLED))
    own = own_rates(lives["intervention"])
    highest = lives.groupby("intervention", observed=True)["rate_factor"].transform("max")
    lives = lives.assign(shown_at=lives["rate_factor"].where(~own, lives["rate_factor"][~own].min()))
    cells = [*TREATMENT, "shown_at", "layer"]
    parts = lives[~own | (lives["rate_factor"] == highest)].groupby(cells, observed=True)
    frames = [
        survival(part, (*cell[:2], cell[3])).assign(**dict(zip(cells, cell, strict=True))) for cell, part in parts
    ]
    return pd.concat(frames or [survival(lives).reindex(columns=["time", "mean", *cells])], ignore_index=True)


def recovery_accuracy(tables: Tables) -> pd.DataFrame:
    """Test accuracy of each treatment less that of the untreated network of the same seed: killed, and healthy ones.

    At each factor on the rate, beside the untreated network at the same factor, or else at its lowest.
    """
    frames = []
    for state, grids in (("killed", KILLED), ("healthy", HEALTHY)):
        here = alive(drawn(of_grids(tables["networks"], *grids)))
        untreated, others = here[here["intervention"] == "none"], here[here["intervention"] != "none"]
        factor = beside(others, set(untreated["rate_factor"]), low_factor(tables["networks"], *grids))
        twins = untreated[["seed", "rate_factor", "test_accuracy"]].rename(columns={"rate_factor": "beside"})
        pairs = others.assign(state=state, beside=factor).merge(
            twins, on=["seed", "beside"], suffixes=("", "_untreated")
        )
        frames.append(pairs.assign(value=pairs["test_accuracy"] - pairs["test_accuracy_untreated"]))
    return summarise(pd.concat(frames, ignore_index=True), ["state", *TREATMENT], DIFFERENCE)


def recovery_rates(tables: Tables) -> pd.DataFrame:
    """Against the rate, by treatment: test ``error`` (loss, or share classified wrongly), dead and diverged share."""
    frames = []
    for grid in ("regression", "classes"):
        here = of_grids(drawn(tables["networks"]), grid, by=ARM)
        loss = here["dataset"].map(lambda name: DATASETS[name].regression).astype(bool)
        error = here["test_loss"].where(loss, 1 - here["test_accuracy"])
        measures = {
            "error": (error, POSITIVE if loss.any() else SHARE),
            "dead": (here["dead_fraction"], SHARE),
            "diverged": (here["diverged"], SHARE),
        }
        for name, (value, bounds) in measures.items():
            cells = summarise(here.assign(value=value.astype(float)), ["grid", *ARM], bounds)
            frames.append(cells.merge(here[["grid", "dataset"]].drop_duplicates(), on="grid").assign(measure=name))
    return pd.concat(frames, ignore_index=True)


def recovery_depth(tables: Tables) -> pd.DataFrame:
    """Against ``depth``, how deep units sit at the start: share open at the end, and movement in the last epoch.

    ``frozen``: the depth from which phi' is exactly zero in single precision.
    """
    cell = ["activation", "bias"]
    end, units = (of_grids(drawn(tables[name]), "sunk", by=cell) for name in ("activity", "units"))
    opened = summarise(
        last(end).assign(value=(1 - last(end)["n_closed"] / last(end)["n_units"]).astype(float)), cell, SHARE
    )
    units = units[units["n_units"] > 0].astype({"n_units": float})
    sums = units.assign(moved=units["movement_mean"] * units["n_units"])
    sums = sums.groupby([*cell, "seed"], observed=True)[["moved", "n_units"]].sum().reset_index()
    moved = summarise(sums.assign(value=sums["moved"] / sums["n_units"]), cell, POSITIVE)
    table = pd.concat([opened.assign(measure="open"), moved.assign(measure="movement")], ignore_index=True)
    frozen = {name: frozen_depth(name) for name in table["activation"].unique()}
    return table.assign(depth=0 - table["bias"], frozen=table["activation"].map(frozen).astype(float))
