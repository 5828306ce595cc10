"""The study convolution: whether a unit with shared weights dies less easily."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "other_less_shared_deaths": ("networks", "activity", "history"),
    },
    kinds={
        "convolution_dead": Kind(
            "dead share and zero outputs of each layer, and failed networks, against the rate, for each architecture "
            "and width",
            tables=("networks", "activity"),
            grids=("main", "dense"),
        ),
        "convolution_relative": Kind(
            "dead share against the rate on three scales",
            tables=("networks", "activity", "history"),
            grids=("main", "dense"),
        ),
    },
    reads=("networks", "activity", "history"),
    numbers=by_unit(
        setting="rate local.rate dense.8.rate dense.20.rate standardised.rate.low standardised.rate.high",
        count="depth conv.width conv.parameters local.parameters dense.8.parameters dense.20.parameters "
        "dense.84.parameters dense.20.width dense.84.width standardised.seeds",
        share="conv.dead conv.zero local.dead local.zero",
        text="local.units",
        rough_number="gradient.ratio relative.fall.rate relative.limit.rate",
        points="relative.fall relative.limit dense.8.equal dense.8.own dense.20.equal dense.20.own standardised.low "
        "standardised.high",
    ),
    tables=("classes", "rates"),
)
