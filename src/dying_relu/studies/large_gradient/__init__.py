"""The study large_gradient: how large a step closes an open unit, and whether its size counts or the sum of several."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "death_probability_one_step": ("trajectory",),
        "activity_fall_after_shift": ("trajectory",),
        "staged_less_single_death": ("trajectory",),
        "distance_exponent": ("trajectory",),
    },
    kinds={
        "closing": Kind(
            "death probability and activity rate after a push, over closed forms",
            tables=("trajectory",),
            grids=("one",),
        ),
        "closing_samples": Kind(
            "death probability against the number of inputs it is judged on",
            tables=("trajectory",),
            grids=("one",),
        ),
    },
    reads=("networks", "trajectory"),
    numbers=by_unit(
        count="judged raw.features",
        share="raw.worst centred.worst centred.worst.theory centred.worst.staged rate.4 rate.16 rate.64 shift.4 "
        "shift.16 shift.64 before after few many",
        setting="raw.total",
        rough_number="error.one error.many",
    ),
    tables=("closing",),
)
