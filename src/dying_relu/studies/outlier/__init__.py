"""The study outlier: what one extreme sample does to a network that has settled, and by which part of its step."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "gradient_ratio_outlier": ("history",),
        "lasting_deaths": ("activity",),
        "lasting_deaths_at_own_size": ("activity",),
        "share_undone_by_bias": ("activity",),
        "lasting_deaths_spared_by_standardising": ("activity",),
        "effect_of_scalings": ("activity",),
        "deaths_at_once": ("activity",),
        "collapse_exponent": ("activity",),
    },
    kinds={
        "outlier_effect": Kind(
            "gradient ratio, excess of dead units and divergence against the outlier's size",
            tables=("activity", "history", "networks"),
            grids=("twin", "outlier"),
        ),
        "outlier_cause": Kind(
            "excess of dead units with a part put back, or gradients clipped",
            tables=("activity",),
            grids=("twin", "outlier"),
        ),
        "outlier_collapse": Kind(
            "excess of dead units against rate times size, and times squared size",
            tables=("activity",),
            grids=("twin", "outlier", "twin_step", "step_low"),
        ),
        "outlier_scalings": Kind(
            "what centring and what scaling does to the excess of dead units",
            tables=("activity",),
            grids=("twin", "outlier", "equal_inputs"),
        ),
    },
    choices={
        "own_size": Choice(
            "size of the outlier",
            ("strength",),
            "excess_dead",
            finite="all",
            among="each class of networks, at the end of training",
        ),
    },
    reads=("networks", "activity", "history"),
    numbers=by_unit(
        count="settle after",
        setting="strength standardised.strength",
        rough_number="raw.power standardised.power deviations predicted.classes predicted.squared equal.size",
        share="raw.diverged centred.diverged raw.at raw.at.first raw.after raw.after.first centred.after "
        "scaled.after standardised.after undone.bias.at undone.weights.at undone.weights.after clipped.worst level "
        "first.one_sign first.both_signs",
        points="centring.deviations scaling.deviations interaction.deviations centring.inputs interaction.inputs "
        "scaling.inputs.first",
    ),
    tables=("effect",),
)
