"""The study distribution_shift: dead units on other data, and what a change of data brings back."""

from dying_relu.design.contents import Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={
        "alive_on_test": ("networks", "shifted"),
        "alive_under_shift_less_unshifted": ("networks", "shifted"),
        "revived_by_change_of_data": ("networks", "activity"),
    },
    kinds={
        "alive_elsewhere": Kind(
            "of the units dead, or alive, on the training set, the share alive, or dead, on shifted test samples",
            tables=("networks", "shifted"),
            grids=("main",),
        ),
        "revived_by_change": Kind(
            "share of dead units alive after a change of data, less the control's, by layer and moment",
            tables=("networks", "activity"),
            grids=("change",),
        ),
    },
    reads=("networks", "activity", "history", "shifted"),
    numbers=by_unit(
        count="train test main.epochs main.rates change.before change.after change.seeds control.first.followed "
        "control.first.back",
        setting="rate change.rate change.factor",
        share="dead accuracy none.alive noise.2.alive translated.2.alive inverted.alive none.dead none.layer.1.dead "
        "change.diverged change.data.accuracy change.data.dead change.task.accuracy change.task.dead "
        "new.data.end.x0.1.changed new.data.end.x0.1.control other.task.end.x0.1.changed "
        "other.task.end.x0.1.control new.data.end.x0.1.layer.1.changed other.task.end.x0.1.layer.1.changed "
        "shifted.data.end.x0.1.layer.1.changed new.data.end.x1.control new.data.end.x1.difference "
        "other.task.end.x1.control other.task.end.x1.difference new.data.once.x0.1.difference "
        "other.task.once.x0.1.difference",
        points="new.data.learned other.task.learned",
    ),
    tables=("rates", "change"),
)
