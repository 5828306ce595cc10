"""The study closed: how the time until a closed unit opens grows with how deep it starts."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "time_exponent": ("activity",),
        "share_back_few_less_all": ("activity",),
        "share_back_gelu_less_elu": ("activity",),
    },
    kinds={
        "closed_times": Kind(
            "steps until units that start on one side of zero leave it, against the derived time of travel",
            tables=("activity",),
            grids=("elu", "sigmoid", "tanh"),
        ),
    },
    reads=("activity", "networks"),
    numbers=by_unit(
        setting="rate few.share",
        count="epochs control.units control.back",
        share="quantile first.elu.back third.elu.back first.elu.few.back third.elu.few.back third.relu.back "
        "gelu.back elu.few.back elu.all.back",
        number="gelu.turn elu.exponent sigmoid.below.exponent sigmoid.above.exponent tanh.below.exponent "
        "tanh.above.exponent",
    ),
    tables=("times",),
)
