"""The study learning_rate: which rates kill units, in which layers, when, and whether the units come back."""

from dying_relu.design.contents import Choice, Contents, by_unit

CONTENTS = Contents(
    estimands={
        "dead_fraction_at_killing_rate": ("networks",),
        "dead_fraction_ratio_proper_to_killing": ("networks",),
        "rank_correlation_update_death": ("networks", "history"),
        "first_layer_revivals": ("activity",),
        "recovered_share": ("activity",),
        "recovered_share_deeper": ("activity",),
        "stopped_share_with_half_a_layer_dead": ("activity", "history"),
        "movement_ratio_nearly_dead": ("units",),
        "dead_units_with_varying_output": ("units",),
        "dead_units_with_gradient": ("units",),
        "share_revived_by_bias": ("networks", "units"),
    },
    choices={
        "killing": Choice(
            "killing rate and its scaling",
            ("scaling", "learning_rate"),
            "dead_fraction",
            among="reference depth, plain SGD, all scalings",
        ),
        "proper": Choice(
            "proper rate",
            ("learning_rate",),
            "test_accuracy",
            finite="all",
            among="reference depth, plain SGD, the killing rate's scaling",
        ),
    },
    reads=("networks", "activity", "units"),
    numbers=by_unit(
        text="killing.scaling",
        setting="killing.rate proper.rate",
        share="killing.diverged killing.accuracy killing.recovered proper.dead proper.accuracy proper.recovered "
        "control.linear.dead control.bias.dead revived.by.weights forty.learned forty.accuracy.median "
        "forty.accuracy.best narrow.16.lacking narrow.16.accuracy narrow.8.lacking narrow.8.accuracy "
        "narrow.4.lacking narrow.4.accuracy",
        count="control.linear.networks control.bias.networks classes classes.forty silent.moments silent.revived "
        "forty.networks",
    ),
    tables=("limits", "revivals", "definitions", "warm_up"),
)
