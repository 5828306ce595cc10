"""The study learning_rate: which rates kill units, in which layers, when, and whether the units come back."""

from dying_relu.design.contents import Contents, by_unit

CONTENTS = Contents(
    estimands={
        "dead_fraction_at_the_end": ("networks",),
        "dead_fraction_ratio_proper_to_killing": ("networks",),
        "rank_correlation_update_death": ("networks", "history"),
        "revival_in_the_first_layer": ("networks", "activity"),
        "recovered_share": ("networks", "activity"),
        "recovered_share_deeper": ("networks", "activity"),
        "learning_stopped": ("networks", "activity", "history"),
        "training_accuracy_lost_when_narrow": ("networks",),
        "movement_ratio_nearly_dead": ("networks", "units"),
        "dead_unit_with_varying_output": ("networks", "units"),
        "dead_unit_with_gradient": ("networks", "units"),
        "share_revived_by_bias": ("networks", "units"),
    },
    reads=("networks", "activity", "units"),
    numbers=by_unit(
        setting="killing.rate proper.rate",
        share="killing.diverged killing.accuracy proper.dead proper.accuracy proper.recovered "
        "control.linear.dead control.bias.dead forty.learned forty.accuracy.median "
        "forty.accuracy.best narrow.16.lacking narrow.16.accuracy narrow.8.lacking narrow.8.accuracy "
        "narrow.4.lacking narrow.4.accuracy revived.by.bias.1 revived.by.bias.2 revived.by.bias.3 revived.by.weights.1 "
        "revived.by.weights.2 revived.by.weights.3",
        count="control.linear.networks control.bias.networks classes classes.forty silent.moments silent.revived "
        "forty.networks",
    ),
    tables=("limits", "revivals", "definitions"),
)
