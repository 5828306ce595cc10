"""The study recovery: which treatments bring killed units back, in which layer, how fast, and at what price."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

_KILLED = "networks killed alike"

CONTENTS = Contents(
    estimands={
        "reopened_leaky_less_untreated": ("networks", "activity"),
        "reopened_elu_less_leaky": ("networks", "activity"),
        "saturated_share_back": ("activity",),
        "loss_ratio_resampled": ("networks",),
        "accuracy_gain_renewal": ("networks",),
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
        "factor": Choice(
            *("factor on the rate after the killing", ("rate_factor",), "test_accuracy"),
            finite="any",
            among="untreated networks, each way of killing by itself",
        ),
        "regression": Choice(
            *("rate, regression", ("learning_rate",), "test_loss", "smallest", "all"),
            among="with resampling and without, each by itself",
        ),
        "classes": Choice(
            *("rate, classification", ("learning_rate",), "test_accuracy", "largest", "all"),
            among="with resampling and without, each by itself",
        ),
        "saturating": Choice(  # `estimands.matched_rate` puts in the number
            *("killing rate of sigmoid, tanh", ("learning_rate",), "damage"),
            best="nearest to that of the ReLU networks",
            finite="any",
            among="each activation by itself; damage: share of units dead or saturated when the recovery begins",
        ),
        "recovering": Choice(
            *("factor on the rate for recovery", ("rate_factor",), "share"),
            finite="any",
            among="each activation and killing rate by itself; share of the saturated units that is back",
        ),
    },
    reads=("networks", "activity", "history", "units"),
    numbers=by_unit(
        setting="factor kill.rate carried.rate milder.rate healthy.rate regression.none.rate regression.none.highest "
        "regression.resampled.rate regression.resampled.highest classes.none.rate classes.none.highest "
        "classes.resampled.rate classes.resampled.highest regression.ratio.low.rate "
        "regression.ratio.high.rate sunk.rate sunk.shallowest sunk.deepest",
        share="kill.dead carried.dead milder.dead healthy.dead kill.dead.1 kill.dead.2 kill.dead.3 kill.accuracy "
        "none.open leaky.open elu.open living.open none.open.1 none.open.2 none.open.3 none.diverged "
        "leaky.diverged elu.diverged healthy.after.accuracy first.plain.high first.decay.high "
        "first.momentum.high first.adam.high long.none long.leaky long.leaky.first regression.none.dead "
        "regression.resampled.dead sigmoid.saturated sigmoid.back sigmoid.mild.saturated sigmoid.mild.back "
        "tanh.saturated tanh.back tanh.mild.saturated tanh.mild.back",
        count="kill.epochs kill.after first.plain.events first.decay.events first.momentum.events first.adam.events "
        "first.carried.events first.new.events first.plain.exposure first.carried.exposure first.plain.seeds "
        "first.new.seeds first.new.seeds.open milder.seeds long.after long.seeds saturation.after sunk.epochs "
        "sunk.seeds",
        points="leaky.gain elu.gain norm.gain living.gain renewal.over.living slow.first slow.epoch milder.leaky "
        "milder.elu milder.renewal milder.renewal.over.living classes.difference",
        rough_number="slow.first.epochs slow.epoch.epochs",
        number="regression.ratio.low regression.ratio.high",
    ),
    tables=("reversibility", "hazards", "saturation", "frozen", "travel"),
)
