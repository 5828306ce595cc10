"""The study activation_cost: the time that an activation takes over the time that ReLU takes."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={"time_over_relus": ("timings",)},
    kinds={
        "activation_times": Kind("time of each activation over that of ReLU (`timings: activation_cost`)", ("timings",))
    },
    reads=("timings",),
    numbers=by_unit(
        count="pilot confirmatory activations",
        time_ratio="forward.sigmoid both.leaky_relu_0.01 both.elu both.dearest.ratio step.sigmoid step.tanh "
        "step.dearest.ratio",
        timed_choice="both.dearest step.dearest",
    ),
    tables=("ratios",),
)
