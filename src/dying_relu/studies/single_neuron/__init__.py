"""The study single_neuron: from which starts, with which rule, one unit learns one ReLU, and where the others end."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

_ENDS = ("networks", "history", "units", "trajectory")  # what an outcome is told from

CONTENTS = Contents(
    estimands={
        **dict.fromkeys(
            (
                "failing_share_random_starts",
                "learned_share_same_sign",
                "failing_share_with_bias",
                "doubly_flipped_share",
                "final_weight_leaky",
                "learned_share_leaky_flat_side",
                "failing_share_optimisers",
                "learned_share_adam",
                "learned_share_momentum",
                "learned_share_sgd",
                "learned_share_big_step",
                "excess_failures_with_output_layer",
                "failing_share_negative_slope",
                "learned_share_softplus_first",
            ),
            _ENDS,
        ),
        "stuck_share_opposite_sign": ("trajectory",),
        "speed_exponent_near_zero": ("trajectory",),
        "time_ratio_adam_to_sgd": ("trajectory",),
    },
    kinds={
        "unit_paths": Kind(
            "weight and loss of single units over time, with the path of the population loss",
            tables=("trajectory", "history"),
            grids=("map",),
        ),
        "unit_map": Kind("outcome for each start, rate and optimiser", tables=_ENDS, grids=("map",)),
        "unit_surface": Kind("paths over the closed-form loss in weight and bias", tables=_ENDS, grids=("bias",)),
        "unit_flips": Kind("the functions that units with output layer end as", tables=_ENDS, grids=("output",)),
        "unit_theory": Kind(
            "learned share against the rate, final weight against the slope, over closed forms",
            tables=_ENDS,
            grids=("steps", "activations"),
        ),
    },
    choices={
        "jump": Choice(
            "large step of a single unit",
            ("learning_rate",),
            "learned",
            finite="any",
            diverged_as=0.0,
            among="plain SGD from -10",
        ),
    },
    reads=_ENDS,
    numbers=by_unit(
        rough_number="excess momentum.threshold nesterov.threshold jump.exact jump.half jump.measured leaky.loss "
        "leaky.loss.one trap deep.growth linear.loss constant.loss float.expected float.median bias.weight "
        "bias.bias",
        number="flat leaky.best leaky_relu_-0.1.weight",
        count="momentum.crossing jump.steps long.epochs float.runs bias.turning bias.turning.most",
        share="short.momentum short.adam short.amsgrad long.adam long.amsgrad bias.dead",
    ),
    tables=("budgets", "flips", "slopes"),
)
