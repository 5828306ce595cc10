"""The study sparsity: how sparse representations are, whether that helps them, and whether sparse products pay."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

_PLACE = ("batch", "width", "library")
_ARM = ("activation", "activity_penalty")

CONTENTS = Contents(
    estimands={
        "relu_zero_share_less_sigmoid": ("networks", "activity"),
        "accuracy_sparse_less_dense": ("networks",),
        "sparse_speed_up": ("networks", "activity", "timings"),
    },
    kinds={
        "accuracy_by_sparsity": Kind(
            "test accuracy against the share of zero outputs, each arm at its best rate",
            tables=("networks", "activity"),
            grids=("unbounded", "saturating", "winners", "penalties"),
        ),
        "zero_share_by_layer": Kind(
            "share of zero outputs of each layer before and after training",
            tables=("networks", "activity"),
            grids=("unbounded", "saturating"),
        ),
        "sparse_product_speed": Kind(
            "speed-up of a sparse product against density",
            tables=("networks", "activity", "timings"),
            grids=("unbounded",),
        ),
    },
    choices={
        "rate": Choice(
            "best rate", ("learning_rate",), "test_accuracy", finite="all", among="each task and arm by itself"
        ),
        "arm": Choice(
            "best sparse, sparser and dense arm", _ARM, "test_accuracy", finite="all", among="each at its best rate"
        ),
        "place": Choice(
            "batch, width and library",
            _PLACE,
            "speed_up",
            finite="any",
            among="at the density of trained ReLU networks",
        ),
    },
    reads=("networks", "activity", "timings"),
    numbers=by_unit(
        share="relu.zero sigmoid.zero leaky_relu_0.01.zero half relu.start.first relu.start.last relu.end.first "
        "relu.end.last plain.sparse.zero plain.dense.zero density",
        setting="relu.rate sigmoid.rate",
        text="plain.sparse plain.dense plain.sparsified noisy.sparse noisy.dense noisy.sparsified",
        accuracy="plain.sparse.accuracy plain.dense.accuracy noisy.sparse.accuracy noisy.dense.accuracy",
        points="plain.sparsified.relu noisy.sparsified.relu plain.leaky.relu noisy.sparse.dense",
        number="plain.dose noisy.dose",
        count="repetitions",
        timed_choice="fastest.batch fastest.width fastest.library",
        time_ratio="converted.fastest one.64 one.1024 batch.64 batch.1024",
    ),
    tables=("arms", "break_even"),
)
