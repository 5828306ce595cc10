"""The study mechanism: which part of a step kills a unit or brings it back, and when units die."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "deaths_by_inputs": ("causes", "networks"),
        "deaths_by_bias": ("causes", "networks"),
        "revivals_by_inputs": ("causes", "networks"),
        "dead_free_less_frozen": ("activity", "networks"),
        "first_deaths_in_first_epoch": ("activity", "networks"),
        "movement_over_theory": ("causes",),
        "dead_without_less_with_warm_up": ("networks",),
    },
    kinds={
        "death_causes": Kind(
            "deaths and revivals by the part of the step that did them",
            tables=("causes", "networks"),
            grids=("main",),
        ),
        "step_hazard": Kind(
            "hazard of death, of divergence and of revival by step", tables=("activity", "networks"), grids=("main",)
        ),
        "step_movement": Kind(
            "movement of pre-activations by inputs over that by own weights, beside theory",
            tables=("causes",),
            grids=("main",),
        ),
    },
    reads=("networks", "activity", "causes"),
    numbers=by_unit(
        share="unit.inputs.2 unit.inputs.3 unit.bias standardised.inputs.2 standardised.inputs.3 standardised.bias "
        "deep.unit.inputs.5 deep.standardised.inputs.5 adam.revivals.inputs again behind.back unclear "
        "unit.undone.inputs unit.undone.weights unit.undone.bias",
        count="events first.revivals frozen.revivals frozen.deaths",
        number="theory.smallest theory.largest",
    ),
    tables=("causes",),
)
