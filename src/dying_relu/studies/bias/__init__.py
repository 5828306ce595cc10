"""The study bias: what a bias does to death, and apart from that to accuracy."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "dead_ratio_positive_to_zero_bias": ("networks",),
        "early_accuracy_gained_by_positive_bias": ("networks", "history"),
        "early_dead_fraction_with_positive_bias": ("networks", "activity"),
        "dead_ratio_regularised_bias": ("networks",),
        "accuracy_lost_without_bias": ("networks",),
    },
    kinds={
        "bias_by_rate": Kind(
            "dead fraction, divergence and test accuracy against the rate, by start of the biases and by penalty",
            tables=("networks",),
            grids=("start", "penalty"),
        ),
        "bias_over_time": Kind(
            "dead fraction and training accuracy against the epoch at the proper and the killing rate",
            tables=("networks", "activity", "history"),
            grids=("start", "penalty"),
        ),
    },
    reads=("networks", "activity"),
    numbers=by_unit(
        count="standardised.first.units standardised.first.dead",
        setting="killing.rate proper.rate none.rate positive penalty",
        points="penalty.killing.gain",
        share="positive.killing.dead positive.killing.diverged zero.killing.dead zero.killing.diverged "
        "none.killing.dead one.killing.dead one.killing.diverged one.proper.dead minus.killing.dead "
        "minus.proper.dead none.layer1 none.layer2 none.layer3 zero.layer1 zero.layer2 zero.layer3",
        accuracy="none.own.accuracy zero.own.accuracy standardised.none.accuracy standardised.zero.accuracy",
    ),
    tables=("arms",),
)
