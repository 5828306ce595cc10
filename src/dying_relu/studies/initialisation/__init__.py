"""The study initialisation: what a start does to the layers of a net, and to its training."""

from dying_relu.design.contents import Choice, Contents, Kind, by_unit

CONTENTS = Contents(
    estimands={"choked_share_by_initialisation": ("networks", "layers")},
    kinds={
        "layers_by_scheme": Kind(
            "mean output and gradient norm of each layer by initialisation, at three moments",
            tables=("networks", "layers"),
            grids=("schemes",),
        ),
        "born_dead_by_depth": Kind(
            "born-dead share of networks against depth and of units against layer, beside Monte Carlo and bounds",
            tables=("activity",),
            grids=("born_dead",),
        ),
        "collapse_by_rate": Kind(
            "networks born dead, killed in training, constant, learned, against the rate",
            tables=("networks", "activity"),
            grids=("collapse", "collapse_adam"),
        ),
    },
    choices={
        "rate": Choice("best rate", ("learning_rate",), "test_accuracy", among="each scheme by itself"),
        "choking": Choice(
            "scheme that fades most",
            ("initializer",),
            "log_ratio",
            best="smallest",
            among="untrained nets; the ratio is the last hidden layer's mean output over the first's",
        ),
        "surviving": Choice(
            "scheme that keeps outputs best", ("initializer",), "log_ratio", best=0.0, among="the same nets"
        ),
    },
    reads=("networks", "activity", "layers"),
    numbers=by_unit(
        count="schemes.epochs patience.epochs trained.schemes born.seeds born.cells born.inside collapse.born "
        "collapse.revived",
        text="choking.scheme surviving.scheme",
        rough_number="choking.ratio surviving.ratio large.ratio",
        share="choking.accuracy surviving.accuracy patience.accuracy adam.normal.accuracy adam.he.accuracy "
        "choking.born choking.dead large.diverged trained.worst trained.best born.he born.he.sampled born.rai "
        "born.rai.sampled born.low born.high born.lu born.wide.networks born.wide.units "
        "collapse.he.share.born collapse.he.killed.low collapse.he.killed.high collapse.he.living.killed.low "
        "collapse.he.living.killed.high collapse.rai.killed.high collapse.rai.constant.high collapse.he.born "
        "collapse.he.learned.high collapse.rai.born collapse.rai.learned.high",
    ),
    tables=("schemes", "born_dead", "collapse"),
)
