"""The study targets: small targets and momentum, decay and its optimiser, and when decay alone opens a closed unit."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "dead_with_scaled_targets": ("networks",),
        "dead_with_momentum": ("networks",),
        "dead_with_decay": ("networks",),
        "opening_step_over_predicted": ("activity",),
        "opening_step_strong_over_weak": ("activity",),
    },
    kinds={
        "targets_by_rate": Kind(
            "dead and diverged share against the rate, by size of the targets and momentum",
            tables=("networks",),
            grids=("sgd",),
        ),
        "opening_times": Kind(
            "steps until decay alone opens a closed unit, against the strength, beside the closed form",
            tables=("activity",),
            grids=("opening_coupled",),
        ),
    },
    reads=("networks", "activity"),
    numbers=by_unit(
        points="small.sgd small.momentum_low small.momentum small.momentum_high large.sgd smaller.further",
        count="symmetry.networks symmetry.same never.networks never.opened",
        share="decay.none.dead decay.coupled.dead decay.decoupled.dead decay.learning.dead decay.strongest.dead "
        "decay.strongest.accuracy decay.strongest.sgd.dead",
        setting="decay.strongest smaller.scale",
    ),
    tables=("decay",),
)
