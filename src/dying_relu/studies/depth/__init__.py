"""The study depth: gradients, outputs and accuracy of deep networks of ReLUs and of sigmoids."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "sigmoid_shrinks_relu_does_not": ("layers",),
        "layer_factor_of_rescaled_sigmoid": ("layers",),
        "gradient_growth_with_a_steep_negative_slope": ("layers",),
        "largest_output_relu_over_sigmoid": ("networks", "layers"),
        "accuracy_of_deep_sigmoid": ("networks",),
        "accuracy_gap_of_normalised_sigmoid": ("networks",),
    },
    kinds={
        "depth_gradients": Kind(
            "at the start: gradient norm by layer; layer factor against the scale of the weights, beside theory",
            tables=("layers",),
            grids=("start", "scales"),
        ),
        "depth_accuracy": Kind(
            "test accuracy against depth, each kind of network at its best settings",
            tables=("networks",),
            grids=("middle",),
        ),
        "depth_largest": Kind(
            "largest hidden output and diverged share against the rate",
            tables=("layers", "networks"),
            grids=("middle",),
        ),
    },
    choices={
        "accurate": Choice(
            "most accurate rate, optimiser, initialisation, scale of the weights",
            ("learning_rate", "optimizer", "initializer", "init_scale", "epochs"),
            "test_accuracy",
            finite="any",
            diverged_as=0.1,
            among="each activation and depth, with and without batch normalisation, by itself; several epochs",
        ),
        "own": Choice(
            "most accurate rate, initialisation, scale of the weights",
            ("learning_rate", "initializer", "init_scale", "epochs"),
            "test_accuracy",
            finite="any",
            diverged_as=0.1,
            among="the same, each optimiser by itself",
        ),
    },
    reads=("networks", "layers"),
    numbers=by_unit(
        count="deepest deep width sgd.epochs adam.epochs",
        number="shrinks",
        share="shrinks.ten fine sigmoid.10.trained",
        rough_number="factor.relu.He factor.relu.Glorot factor.sigmoid.He factor.sigmoid.Glorot factor.tanh.He "
        "factor.tanh.Glorot factor.sigmoid.scale.2 factor.sigmoid.scale.4 factor.sigmoid.scale.8 "
        "factor.relu.He.expected factor.sigmoid.Glorot.expected factor.sigmoid.scale.2.expected "
        "factor.sigmoid.scale.4.expected factor.sigmoid.scale.8.expected largest.sigmoid largest.relu "
        "largest.relu.median largest.relu.start largest.relu.doubled",
        accuracy="relu.5.accuracy relu.10.accuracy relu.20.accuracy sigmoid.20.accuracy relu.bn.10.accuracy "
        "sigmoid.bn.10.accuracy sigmoid.sgd.5.accuracy sigmoid.sgd.10.accuracy sigmoid.adam.5.accuracy "
        "sigmoid.adam.10.accuracy",
        text="sigmoid.10.optimizer",
        setting="sigmoid.10.rate sigmoid.10.scale",
    ),
    tables=("arms",),
)
