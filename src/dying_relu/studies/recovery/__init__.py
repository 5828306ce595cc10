"""The study recovery: which treatments bring killed units back, in which layer, how fast, and at what price."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "reopened_leaky_less_untreated": ("networks", "activity"),
        "reopened_elu_less_leaky": ("networks", "activity"),
        "accuracy_gain_renewal": ("networks",),
        "loss_ratio_renewal": ("networks", "history"),
        "reopened_deeper_less_first": ("networks", "activity"),
        "positive_bias_share_of_dead": ("units", "networks"),
        "saturated_share_back": ("networks", "activity"),
        "error_ratio_resampled": ("networks",),
        "rate_ratio_resampled": ("networks",),
        "reopened_resampled_less_untreated": ("networks", "activity"),
    },
    kinds={
        "recovery_survival": Kind(
            "killed units not yet open again, by layer and treatment",
            tables=("activity",),
            grids=("treatments",),
        ),
        "recovery_accuracy": Kind(
            "accuracy won back by each treatment, and its price in healthy networks",
            tables=("networks",),
            grids=("treatments", "healthy"),
        ),
        "recovery_rates": Kind(
            "error, dead and diverged share against the rate, with and without resampling",
            tables=("networks",),
            grids=("regression", "classes"),
        ),
        "recovery_depth": Kind(
            "units open at the end, and their movement, against how deep they start",
            tables=("activity", "units"),
            grids=("sunk",),
        ),
    },
    choices={
        "regression": Choice(
            *("rate, regression", ("learning_rate",), "test_loss", "smallest", "all"),
            among="with resampling and without, each by itself",
        ),
        "classes": Choice(
            *("rate, classification", ("learning_rate",), "test_accuracy", "largest", "all"),
            among="with resampling and without, each by itself",
        ),
    },
    reads=("networks", "activity", "history", "units"),
    numbers=by_unit(
        setting="factor kill.rate kill.rule carried.rate carried_adam.rate "
        "milder.rate harsher.rate healthy.rate regression.none.rate "
        "regression.none.highest regression.resampled.rate regression.resampled.highest classes.none.rate "
        "classes.none.highest classes.resampled.rate classes.resampled.highest sigmoid.rate tanh.rate sunk.rate "
        "sunk.shallowest sunk.deepest",
        share="kill.dead carried.dead carried_adam.dead bias.sgd bias.momentum bias.adam "
        "milder.dead harsher.dead healthy.dead kill.dead.1 kill.dead.2 kill.dead.3 "
        "kill.accuracy none.open leaky.open elu.open living.open none.open.1 none.open.2 none.open.3 none.diverged "
        "leaky.diverged elu.diverged healthy.after.accuracy first.plain.high first.decay.high first.momentum.high "
        "first.adam.high long.none long.leaky long.leaky.first regression.none.dead regression.resampled.dead "
        "sigmoid.saturated tanh.saturated",
        count="kill.epochs kill.after first.plain.events first.decay.events first.momentum.events first.adam.events "
        "first.carried.events first.adam_killed.events first.adam_killed.exposure "
        "deeper.plain.events deeper.carried.events deeper.adam_killed.events "
        "first.new.events first.plain.exposure first.carried.exposure first.plain.seeds "
        "first.new.seeds first.new.seeds.open long.after long.seeds saturation.after sunk.epochs sunk.seeds",
        points="leaky.gain elu.gain norm.gain living.gain renewal.over.living classes.difference",
        rough_number="kill.limit",
    ),
    tables=("reversibility", "hazards", "saturation", "frozen", "travel"),
)
