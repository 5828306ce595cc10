"""The study bias: what a bias does to death, and apart from that to accuracy."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "dead_ratio_positive_to_zero_bias": ("networks",),
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
    choices={
        "killing": Choice(
            "killing rate", ("learning_rate",), "dead_fraction", among="biases that start at 0, unit-scaled inputs"
        ),
        "proper": Choice(
            "proper rate", ("learning_rate",), "test_accuracy", finite="all", among="each start or penalty by itself"
        ),
        "size": Choice(
            "small positive bias, penalty",
            ("size",),
            "dead_fraction",
            best="smallest",
            among="those at the killing rate",
        ),
    },
    reads=("networks", "activity", "history"),
    numbers=by_unit(
        count="seeds penalty.seeds standardised.first.units standardised.first.dead",
        setting="killing.rate proper.rate none.rate positive penalty",
        points="boost.proper boost.killing boost.proper.accuracy boost.killing.accuracy penalty.killing.gain "
        "standardised.lost",
        share="positive.killing.dead zero.killing.dead none.killing.dead one.killing.dead one.killing.diverged "
        "one.proper.dead minus.killing.dead minus.proper.dead none.layer1 none.layer2 none.layer3 zero.layer1 "
        "zero.layer2 zero.layer3",
        rough_number="positive.other.low positive.other.high penalty.other.low penalty.other.high",
        accuracy="none.own.accuracy zero.own.accuracy standardised.none.accuracy standardised.zero.accuracy",
    ),
    tables=("arms",),
)
