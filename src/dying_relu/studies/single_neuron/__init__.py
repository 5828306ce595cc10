"""The study single_neuron: from which starts, with which rule, one unit learns one ReLU, and where the others end."""

from dying_relu.design.contents import Contents, Kind, by_unit

_ENDS = ("networks", "history", "units", "trajectory")  # what an outcome is told from
_PATHS = ("networks", "trajectory")

CONTENTS = Contents(
    estimands={
        **dict.fromkeys(
            (
                "learned",
                "failed",
                "failed_with_rules",
                "learned_alone",
                "trapped_only_with_output_layer",
                "stuck_with_bias",
                "flipped_both_ways",
                "final_weight",
                "loss_at_one_over_final",
            ),
            _ENDS,
        ),
        **dict.fromkeys(
            (
                "stuck_at_zero",
                "speed_exponent_near_zero",
                "slope_change_across_zero",
                "slope_at_the_end",
                "turn_with_bias",
                "both_signs_changed",
                "time_ratio_adam_to_sgd",
            ),
            _PATHS,
        ),
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
    reads=_ENDS,
    numbers=by_unit(
        rough_number="excess momentum.threshold nesterov.threshold jump.exact jump.half jump.measured leaky.loss "
        "leaky.loss.one trap deep.growth linear.loss constant.loss float.expected float.median bias.weight "
        "bias.bias",
        number="flat leaky.best leaky_relu_-0.1.weight",
        count="momentum.crossing jump.steps long.epochs float.runs bias.turning.most",
        share="short.momentum short.adam short.amsgrad long.adam long.amsgrad bias.dead",
    ),
    tables=("budgets", "flips", "slopes"),
)
