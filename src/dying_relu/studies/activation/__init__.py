"""The study activation: ReLU beside other activations, with and without batch normalisation."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

_EACH = "each activation, with and without batch normalisation, by itself"

CONTENTS = Contents(
    estimands={
        "time_ratio_relu_to_sigmoid": ("history", "networks"),
        "accuracy_gain_of_leaky": ("networks",),
        "dead_share_with_batch_norm": ("networks",),
        "dead_fraction_of_normalised": ("networks",),
    },
    kinds={
        "activation_arms": Kind(
            "activations, with and without batch normalisation, at settings of their own: speed, and test accuracy",
            tables=("networks", "history"),
            grids=("main",),
        ),
        "activation_by_rate": Kind(
            "test error, dead or saturated share and diverged share against the rate, without batch normalisation",
            tables=("networks", "activity"),
            grids=("main",),
        ),
        "activation_by_rate_normalised": Kind(
            "the same with batch normalisation", tables=("networks", "activity"), grids=("main",)
        ),
    },
    choices={
        "accurate": Choice(
            "most accurate rate and initialisation",
            ("learning_rate", "initializer"),
            "test_accuracy",
            finite="any",
            diverged_as=0.1,
            among=_EACH,
        ),
        "fastest": Choice(
            "fastest rate and initialisation",
            ("learning_rate", "initializer"),
            "time_to_accuracy",
            best="smallest",
            finite="any",
            diverged_as=1.0,
            among=f"{_EACH}; the time is a share of the run, less a 10,000th of the training accuracy to settle ties",
        ),
    },
    reads=("networks", "history", "activity"),
    numbers=by_unit(
        count="activations seeds.fewest seeds.most plain.quicker.than.relu bn.quicker.than.relu",
        share="level relu.dead relu.reached leaky.closed sigmoid.reached killing.relu.dead killing.relu.diverged "
        "killing.relu.bn.dead killing.relu.bn.diverged killing.leaky.closed killing.leaky.diverged "
        "killing.relu.worst.dead killing.relu.bn.worst.dead",
        setting="relu.rate relu.fast.rate leaky.rate sigmoid.fast.rate killing.rate "
        "killing.relu.worst.rate killing.relu.bn.worst.rate",
        accuracy="relu.accuracy leaky.accuracy plain.best plain.worst bn.best bn.worst killing.relu.accuracy "
        "killing.leaky.accuracy",
        rough_number="relu.time relu.bn.time sigmoid.time sigmoid.bn.time steep.time tanh.time plain.quickest "
        "plain.slowest",
        text="sigmoid.fast.initializer plain.best.name plain.worst.name bn.best.name bn.worst.name "
        "plain.quickest.name plain.slowest.name",
    ),
    tables=("arms", "thresholds"),
)
