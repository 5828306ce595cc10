"""Tables behind the figures of the study sparsity."""

import pandas as pd

from dying_relu.analysis.frames import Tables, alive, confirmatory, last, matching
from dying_relu.analysis.intervals import POSITIVE, SHARE, summarise
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.studies.sparsity.estimands import ARM, PLACE, at_best_rates, compared, density, timed, zero_shares

CELL = ["shift", *ARM, "kind"]


def accuracy_by_sparsity(tables: Tables) -> pd.DataFrame:
    """Test accuracy of each arm at its best rate, with the zero share that it reaches; the task is in ``shift``."""
    found = at_best_rates(tables["networks"])
    accuracy = summarise(alive(confirmatory(found)).rename(columns={"test_accuracy": "value"}), CELL, SHARE)
    share = summarise(confirmatory(zero_shares(tables)).rename(columns={"zero_share": "value"}), CELL, SHARE)
    share = share.rename(columns={"mean": "zero_share", "ci_low": "zero_low", "ci_high": "zero_high"})
    shown = accuracy.merge(share.drop(columns="n_seeds"), on=CELL)
    without = len(compared(tables["networks"])[CELL].drop_duplicates()) - len(shown)
    if without:
        print(f"arms left out, as at each rate a pilot network diverged, or all confirmatory ones did: {without}")
    return shown


def zero_share_by_layer(tables: Tables) -> pd.DataFrame:
    """Share of zero outputs of each layer, at the start and at the end, for each activation at its best rate.

    Without penalty and shift; winners apart, whose share is set.
    """
    free = [name for name, entry in ACTIVATIONS.items() if entry.family != "winners"]
    activity = tables["activity"]
    rows = pd.concat([activity[activity["step"] == 0].assign(moment="start"), last(activity).assign(moment="end")])
    found = confirmatory(at_best_rates(tables["networks"], rows))
    found = matching(found, shift="none", activity_penalty=0, activation=free)
    return summarise(found.rename(columns={"zero_share": "value"}), ["activation", "moment", "layer"], SHARE)


def sparse_product_speed(tables: Tables) -> pd.DataFrame:
    """Speed-up of the sparse product against density; ``networks``: the density that trained ReLU networks have."""
    found = confirmatory(timed(tables))
    cells = summarise(found.assign(value=1 / found["ratio"]), [*PLACE, "with_conversion", "density"], POSITIVE)
    return cells.assign(networks=density(tables))
