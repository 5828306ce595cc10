"""The study generality: whether the claims that matter hold on other data, widths, batch sizes and depths."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "dead_fraction_at_the_end": ("networks",),
        "dead_fraction_ratio_proper_to_killing": ("networks",),
        "rank_correlation_update_death": ("networks", "history"),
        "recovered_share": ("networks", "activity"),
        "recovered_share_deeper": ("networks", "activity"),
        "revival_in_the_first_layer": ("networks", "activity"),
        "share_revived_by_bias": ("networks", "units"),
        "movement_ratio_nearly_dead": ("networks", "units"),
        "learning_stopped": ("networks", "activity", "history"),
        "alive_under_shift_less_unshifted": ("networks", "shifted"),
    },
    kinds={
        "dead_by_condition": Kind(
            "dead fraction against the rate over the limit, a line a data set, width, batch size or depth",
            tables=("networks",),
        ),
    },
    choices={
        "half dead": Choice(
            name="rate at which learning may stop",
            over=("learning_rate",),
            measure="half_dead",
            finite="any",
            diverged_as=0.0,
            among="networks with more than half of some layer dead after one epoch, each condition by itself",
        ),
    },
    reads=("networks",),
    numbers=by_unit(
        count="conditions",
        rough_number="limit.low limit.high",
        setting="mnist.rate",
        share="mnist.accuracy dead.low dead.high control.linear.dead",
    ),
)
