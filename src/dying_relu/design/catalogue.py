"""What a study file may name: activations, initialisers, optimisers, architectures and interventions.

Plain data, so that validation, planning and printing need no TensorFlow; `engine.models` and `engine.population` turn
the entries into Keras objects, `analysis.activations` has the activations' formulas. Entries stand in the order in
which tables and figures show them, and carry the name that is printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Activation:
    """An activation layer.

    Attributes:
        name: as printed.
        family: ``piecewise linear``, ``smooth, unbounded``, ``smooth, bounded``, or ``winners``.
        layer: class name in keras.layers, or in `engine.activations`.
        config: its arguments.
        threshold: a unit counts as active on x where abs(phi'(z(x))) exceeds it: 0 for piecewise
            linear functions, 1e-3 for smooth ones.
        slope: below zero, of those that are linear there and whose slope is not learned.
        note: what config/README.md says of it.
    """

    name: str
    family: str
    layer: str = "Activation"
    config: Mapping[str, object] = field(default_factory=dict)
    threshold: float = 0.0
    slope: float | None = None
    note: str = ""


FAMILIES = ("piecewise linear", "smooth, unbounded", "smooth, bounded", "winners")
_PIECEWISE, _UNBOUNDED, _BOUNDED, _WINNERS = FAMILIES


def _function(key: str, name: str, family: str, slope: float | None = None) -> Activation:
    threshold = 0.0 if family == _PIECEWISE else 1e-3
    return Activation(name, family, config={"activation": key}, threshold=threshold, slope=slope)


def _leaky(slope: float) -> Activation:
    layer = "LeakyReLU" if slope >= 0 else "NegativeSlopeReLU"
    return Activation(f"leaky ReLU {slope:g}", _PIECEWISE, layer, {"negative_slope": slope}, slope=slope)


ACTIVATIONS = {
    "relu": _function("relu", "ReLU", _PIECEWISE, slope=0.0),
    **{f"leaky_relu_{slope:g}": _leaky(slope) for slope in (0.01, 0.1, 0.3, -0.1, -2)},
    "prelu": Activation("PReLU", _PIECEWISE, "PReLU"),
    "linear": _function("linear", "linear", _PIECEWISE, slope=1.0),
    "elu": _function("elu", "ELU", _UNBOUNDED),
    "selu": _function("selu", "SELU", _UNBOUNDED),
    "gelu": _function("gelu", "GELU", _UNBOUNDED),
    "silu": _function("silu", "SiLU", _UNBOUNDED),
    "softplus": _function("softplus", "softplus", _UNBOUNDED),
    "tanh": _function("tanh", "tanh", _BOUNDED),
    "sigmoid": _function("sigmoid", "sigmoid", _BOUNDED),
    "sigmoid_4x": Activation("sigmoid 4x", _BOUNDED, "SteepSigmoid", {"slope": 4.0}, 1e-3, note="1 / (1 + exp(-4z))"),
    **{
        f"k_winners_{share:g}": Activation(
            f"k winners {share:g}",
            _WINNERS,
            "KWinners",
            {"share": share},
            note=f"ReLU of the {share:g} of a layer with the largest pre-activations, the others zero",
        )
        for share in (0.5, 0.25, 0.1, 0.05)
    },
}


@dataclass(frozen=True)
class Initializer:
    """A scheme for the initial weights: its printed name, its class in keras.initializers or in `engine.models`, the
    arguments besides the seed, and what config/README.md says of it."""

    name: str
    kind: str
    config: Mapping[str, object] = field(default_factory=dict)
    note: str = ""


INITIALIZERS = {
    "zeros": Initializer("zeros", "Zeros"),
    "normal_0.01": Initializer("normal, deviation 0.01", "RandomNormal", {"stddev": 0.01}),
    "normal_1": Initializer("normal, deviation 1", "RandomNormal", {"stddev": 1.0}),
    "lecun_normal": Initializer("LeCun normal", "LecunNormal"),
    "lecun_uniform": Initializer("LeCun uniform", "LecunUniform"),
    "glorot_normal": Initializer("Glorot normal", "GlorotNormal"),
    "glorot_uniform": Initializer("Glorot uniform", "GlorotUniform"),
    "he_normal": Initializer("He normal", "HeNormal"),
    "he_uniform": Initializer("He uniform", "HeUniform"),
    "orthogonal": Initializer("orthogonal", "Orthogonal"),
    "rai": Initializer("asymmetric (RAI)", "RandomizedAsymmetric", note="Lu et al. 2020; also draws the biases"),
    "ones": Initializer("ones", "Ones", note="times `init_scale`"),
    "zero_sum": Initializer(
        "zero sums", "ZeroSum", note="columns of unit length in random directions, entries summing to zero"
    ),
}


@dataclass(frozen=True)
class Optimizer:
    """A rule of training: its printed name, its class in keras.optimizers, the arguments besides the rate, and what
    config/README.md says of it."""

    name: str
    kind: str
    config: Mapping[str, object] = field(default_factory=dict)
    note: str = ""


OPTIMIZERS = {
    "sgd": Optimizer("SGD", "SGD"),
    "momentum_0.5": Optimizer("momentum 0.5", "SGD", {"momentum": 0.5}),
    "momentum": Optimizer("momentum", "SGD", {"momentum": 0.9}, "0.9"),
    "momentum_0.99": Optimizer("momentum 0.99", "SGD", {"momentum": 0.99}),
    "nesterov": Optimizer("Nesterov", "SGD", {"momentum": 0.9, "nesterov": True}, "0.9"),
    "rmsprop": Optimizer("RMSprop", "RMSprop"),
    "adam": Optimizer("Adam", "Adam"),
    "amsgrad": Optimizer("AMSGrad", "Adam", {"amsgrad": True}),
    "sgd_clip_norm": Optimizer(
        "SGD, norm clipped", "SGD", {"global_clipnorm": 1.0}, "gradient of the network to norm 1"
    ),
    "sgd_clip_value": Optimizer("SGD, values clipped", "SGD", {"clipvalue": 0.1}, "each entry to 0.1"),
}

# How the inputs of a unit are chosen: all units of the layer before, or a patch of an image; as printed.
ARCHITECTURES = {
    "conv": "shared weights",
    "conv_pool": "shared weights, pooled",
    "local": "unshared weights",
    "dense": "dense",
}
SHARED = ("conv", "conv_pool")  # those whose weights are the same at every position


@dataclass(frozen=True)
class Intervention:
    """What is done to a network after its `intervention_epoch`.

    Attributes:
        name: as printed.
        does: what happens, for config/README.md.
        settings: settings that hold from then on in place of the network's own.
        before: settings that hold until then in place of the network's own.
        outlier: whether one sample of the next batch has a feature 10**strength of its ``unit`` above the mean.
        unit: of an outlier's size: ``deviations``, the feature's own, or ``inputs``, as the network sees it, scaled.
        put_back: which variables ("weights", "bias") get their values back right after the step on that batch.
        forget: whether the optimiser's moments (momentum and the like) are set to zero.
        renew: which units get fresh incoming weights and their initial bias, and lose the optimiser's moments:
            the "dead" ones, or as a control as many of the "living" ones of their layer.
        silence: whether the renewed units' outgoing weights become zero, so that the network's function stays.
        every_epoch: whether units are renewed after every epoch from then on, not once.
    """

    name: str
    does: str
    settings: Mapping[str, object] = field(default_factory=dict)
    before: Mapping[str, object] = field(default_factory=dict)
    outlier: bool = False
    unit: str = "deviations"
    put_back: tuple[str, ...] = ()
    forget: bool = False
    renew: str | None = None
    silence: bool = False
    every_epoch: bool = False


_SAME = "trained on the `first_half` throughout, from then on under the shift"
_RENEWED = "dead units get freshly drawn incoming weights and their initial bias; the optimiser forgets them"


def _data(name: str, does: str, before: str, after: str, **settings: object) -> Intervention:
    return Intervention(name, does, before={"portion": before}, settings={"portion": after, **settings})


def _switch(name: str, **settings: object) -> Intervention:
    what = {"optimizer": "optimiser"}.get(key := next(iter(settings)), key)
    return Intervention(name, f"another {what} from then on: {name}", settings)


INTERVENTIONS = {
    "none": Intervention("nothing", "nothing but the `rate_factor`"),
    "forget_moments": Intervention("moments forgotten", "the optimiser's moments become zero", forget=True),
    "switch_to_sgd": _switch("plain SGD", optimizer="sgd"),
    "switch_to_momentum": _switch("momentum", optimizer="momentum"),
    "switch_to_adam": _switch("Adam", optimizer="adam"),
    "add_weight_decay": Intervention("weight decay", "`weight_decay` 0.001 from then on", {"weight_decay": 1e-3}),
    "switch_to_relu": _switch("ReLU", activation="relu"),
    "switch_to_leaky": _switch("leaky ReLU", activation="leaky_relu_0.01"),
    "switch_to_elu": _switch("ELU", activation="elu"),
    "add_batch_norm": Intervention(
        "batch normalisation", "batch normalisation before each hidden activation from then on", {"batch_norm": True}
    ),
    "renew_dead_silently": Intervention(
        "renewed silently",
        "as `renew_dead`, and their outgoing weights become zero, so that the function stays (ReDo)",
        renew="dead",
        silence=True,
    ),
    "renew_dead": Intervention("renewed naively", _RENEWED, renew="dead"),
    "renew_dead_every_epoch": Intervention(
        "renewed every epoch", "as `renew_dead`, after every epoch from then on", renew="dead", every_epoch=True
    ),
    "renew_living_silently": Intervention(
        "control: living renewed",
        "control: as `renew_dead_silently`, but to as many living units of the layer, at random",
        renew="living",
        silence=True,
    ),
    "outlier": Intervention(
        "outlier",
        "one sample of the next batch has one feature 10^`strength` standard deviations above its mean",
        outlier=True,
    ),
    "outlier_in_inputs": Intervention(
        "outlier of equal size after scaling",
        "as `outlier`, but 10^`strength` above the mean as the network sees the feature, after scaling",
        outlier=True,
        unit="inputs",
    ),
    "outlier_bias_put_back": Intervention(
        "outlier, biases put back",
        "as `outlier`, and right after that step all biases get their values back",
        outlier=True,
        put_back=("bias",),
    ),
    "outlier_weights_put_back": Intervention(
        "outlier, weights put back",
        "as `outlier`, and right after that step all weights get their values back",
        outlier=True,
        put_back=("weights",),
    ),
    "same_data": _data("same data", "trained on the `first_half`, and on it after that", "first_half", "first_half"),
    "new_data": _data(
        "new data", "trained on the `first_half`, then on the `second_half`", "first_half", "second_half"
    ),
    "shifted_data": _data("noisy data", f"{_SAME} `noise_1`", "first_half", "first_half", shift="noise_1"),
    "inverted_data": _data("inverted data", f"{_SAME} `inverted`", "first_half", "first_half", shift="inverted"),
    "same_task": _data(
        "same task", "trained on the `low_classes`, and on them after that", "low_classes", "low_classes"
    ),
    "other_task": _data(
        "other task", "trained on the `low_classes`, then on the `high_classes`", "low_classes", "high_classes"
    ),
}


def table() -> str:
    """The interventions as the Markdown table of config/README.md."""
    rows = [f"| `{key}` | {entry.does} |" for key, entry in INTERVENTIONS.items()]
    return "\n".join(["| intervention | what happens |", "| --- | --- |", *rows]) + "\n"
