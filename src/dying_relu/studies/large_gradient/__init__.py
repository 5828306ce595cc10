"""The study large_gradient: how large a step closes an open unit, and whether its size counts or the sum of several."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

_CELL = ("dataset", "scaling", "learning_rate")
_FEATURES = (4, 16, 64)

CONTENTS = Contents(
    estimands={
        "death_probability_one_step": ("trajectory",),
        "activity_fall_after_shift": ("trajectory",),
        "staged_less_single_death": ("trajectory",),
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
    choices={
        "one": Choice("deadliest single push", _CELL, "p_dead", finite="any", among="units that one step moved"),
        "staged": Choice(
            "deadliest push in stages", _CELL, "gain", finite="any", among="death after 64 steps less after the first"
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
