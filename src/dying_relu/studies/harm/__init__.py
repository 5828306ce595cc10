"""The study harm: what a network loses by its dead units, and what by the learning rate that killed them."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "score_lost_when_shut": ("networks",),
        "score_lost_when_shut_less_narrow": ("networks",),
        "share_regained_by_renewal": ("networks", "activity"),
        "share_lost_when_as_many_are_shut": ("networks", "activity"),
    },
    kinds={
        "harm_by_share": Kind(
            "score against the share of units that is shut, or lacking, or was killed by the rate",
            tables=("networks", "activity"),
            grids=("forty", "narrow", "held", "lowered"),
        ),
        "harm_parts": Kind(
            "accuracy of killed networks as their rate is lowered and their dead are renewed, beside healthy ones",
            tables=("networks",),
            grids=("held", "lowered", "healthy"),
        ),
    },
    reads=("networks", "activity"),
    numbers=by_unit(
        setting="proper.rate killing.rate",
        share="held.dead held.worst",
        accuracy="none.score held.accuracy healthy.accuracy",
        points="later.lost latest.lost eighty.lost needed.lost needed.eighty.lost regression.eighty.lost control.part "
        "rate.part death.part rest.part",
        count="killed.after later latest pruned.networks pruned.differ nothing.networks nothing.differ",
    ),
    tables=("parts",),
)
