"""The study feature_scaling: whether raw, centred or scaled features kill units, or only move the rates that do."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    kinds={
        "scaling_by_rate": Kind(
            "dead fraction, divergence and test accuracy against the rate by scaling",
            tables=("networks",),
            grids=("digits", "breast_cancer"),
        ),
        "scaling_at_best_rate": Kind(
            "born dead, dead, diverged and accuracy at each scaling's own best rate and at a common one",
            tables=("networks",),
            grids=("digits", "breast_cancer"),
        ),
    },
    choices={
        "own": Choice("own rate", ("learning_rate",), "test_accuracy", among="each data set and scaling by itself"),
    },
    reads=("networks",),
    numbers=by_unit(
        count="seeds",
        order_of_magnitude="digits.common.rate digits.rate.spread cancer.common.rate cancer.rate.spread",
        rough_number="digits.curvature.spread cancer.curvature.spread",
        share="digits.raw.common.dead digits.raw.common.diverged digits.centred.common.dead "
        "digits.centred.common.diverged digits.standardised.common.dead digits.raw.own.born "
        "digits.raw.own.dead digits.standardised.own.born cancer.raw.common.dead cancer.raw.common.diverged "
        "cancer.centred.common.dead cancer.centred.common.diverged cancer.standardised.common.dead "
        "cancer.raw.own.born cancer.raw.own.dead cancer.standardised.own.born",
        points="digits.raw.gap digits.raw.dead.gap cancer.raw.gap cancer.raw.dead.gap",
    ),
    tables=("scalings",),
)
