"""The study definitions: how far definitions of a dead unit agree, and whether percentages can be converted."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "dead_of_called": ("networks", "definitions"),
        "agreement_on_death": ("networks", "definitions"),
        "called_less_dead": ("networks", "definitions"),
        "test_less_batch_of_its_size": ("networks", "definitions"),
        "conversion_error": ("networks", "definitions"),
    },
    kinds={
        "dead_conversions": Kind(
            "percentage of dead units of networks with a given percentage by another definition",
            tables=("networks", "definitions"),
            grids=("main", "adam", "channels"),
        ),
    },
    reads=("networks", "definitions", "slopes"),
    numbers=by_unit(
        setting="killing.rate proper.rate",
        share="proper.dead killing.dead killing.test.missed killing.noise.missed narrow.silent narrow.constant "
        "narrow.frozen narrow.dead",
        count="zero.disagree zero.units grid.dead grid.alive conversion.networks conversion.channels",
        points="conversion.spread conversion.layer.spread",
    ),
    tables=("agreement", "slopes"),
)
