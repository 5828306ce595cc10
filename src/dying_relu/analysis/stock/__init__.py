"""Kinds of figures that suit any study."""

from dying_relu.design.contents import Contents, Kind

CONTENTS = Contents(
    kinds={
        "dead_by_rate": Kind(
            "dead share of each layer and diverged share of networks against the rate", tables=("networks", "activity")
        ),
        "dead_by_scaled_rate": Kind("dead fraction against the rate over the divergence limit", tables=("networks",)),
        "events_over_time": Kind("deaths and revivals so far against the step", tables=("activity",)),
        "accuracy_by_dead": Kind(
            "test accuracy against the dead fraction; beside it that of a grid `control_narrow`, if there is one",
            tables=("networks",),
        ),
    },
)
