"""What a study file may name: activations, initialisers, optimisers and interventions.

Plain data, so that validation and planning need no TensorFlow; `models` and `population` turn the
entries into Keras objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Activation:
    """An activation layer.

    Attributes:
        layer: class name in keras.layers, or in `models`.
        config: its arguments.
        threshold: a unit counts as active on x where abs(phi'(z(x))) exceeds it: 0 for piecewise
            linear functions, 1e-3 for smooth ones.
    """

    layer: str = "Activation"
    config: dict = field(default_factory=dict)
    threshold: float = 0.0


def _function(name: str, threshold: float = 1e-3) -> Activation:
    return Activation(config={"activation": name}, threshold=threshold)


def _leaky(slope: float) -> Activation:
    return Activation("LeakyReLU" if slope >= 0 else "NegativeSlopeReLU", {"negative_slope": slope})


ACTIVATIONS = {
    "relu": _function("relu", threshold=0.0),
    "linear": _function("linear", threshold=0.0),
    **{f"leaky_relu_{slope:g}": _leaky(slope) for slope in (0.01, 0.1, 0.3, -0.1)},
    "prelu": Activation("PReLU"),
    **{name: _function(name) for name in ("elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid")},
    "sigmoid_4x": Activation("SteepSigmoid", {"slope": 4.0}, threshold=1e-3),
    **{f"k_winners_{share:g}": Activation("KWinners", {"share": share}) for share in (0.5, 0.25, 0.1, 0.05)},
}

# name: (class in keras.initializers, or in `models`; its arguments besides the seed)
INITIALIZERS = {
    "he_normal": ("HeNormal", {}),
    "he_uniform": ("HeUniform", {}),
    "glorot_normal": ("GlorotNormal", {}),
    "glorot_uniform": ("GlorotUniform", {}),
    "lecun_normal": ("LecunNormal", {}),
    "lecun_uniform": ("LecunUniform", {}),
    "orthogonal": ("Orthogonal", {}),
    "normal_0.01": ("RandomNormal", {"stddev": 0.01}),
    "normal_1": ("RandomNormal", {"stddev": 1.0}),
    "zeros": ("Zeros", {}),
    "ones": ("Ones", {}),
    "zero_sum": ("ZeroSum", {}),
    "rai": ("RandomizedAsymmetric", {}),
}

# name: (class in keras.optimizers, its arguments besides the learning rate)
OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
    "sgd_clip_norm": ("SGD", {"global_clipnorm": 1.0}),
    "sgd_clip_value": ("SGD", {"clipvalue": 0.1}),
}

# How the inputs of a unit are chosen: all units of the layer before, or a patch of an image.
ARCHITECTURES = ("dense", "conv", "local")


@dataclass(frozen=True)
class Intervention:
    """What is done to a network after its `intervention_epoch`.

    Attributes:
        settings: settings that hold from then on in place of the network's own.
        before: settings that hold until then in place of the network's own.
        outlier: whether one sample of the next batch has a feature 10**strength standard deviations out.
        put_back: which variables ("weights", "bias") get their values back right after the step on that batch.
        forget: whether the optimiser's moments (momentum and the like) are set to zero.
        renew: which units get fresh incoming weights and their initial bias, and lose the optimiser's moments:
            the "dead" ones, or as a control as many of the "living" ones of their layer.
        silence: whether the renewed units' outgoing weights become zero, so that the network's function stays.
        every_epoch: whether units are renewed after every epoch from then on, not once.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    before: Mapping[str, object] = field(default_factory=dict)
    outlier: bool = False
    put_back: tuple[str, ...] = ()
    forget: bool = False
    renew: str | None = None
    silence: bool = False
    every_epoch: bool = False


def _data(before: str, after: str, **settings: object) -> Intervention:
    return Intervention(before={"portion": before}, settings={"portion": after, **settings})


INTERVENTIONS = {
    "none": Intervention(),
    "outlier": Intervention(outlier=True),
    "outlier_bias_put_back": Intervention(outlier=True, put_back=("bias",)),
    "outlier_weights_put_back": Intervention(outlier=True, put_back=("weights",)),
    "forget_moments": Intervention(forget=True),
    **{
        f"switch_to_{name}": Intervention(settings={"activation": activation})
        for name, activation in {"relu": "relu", "leaky": "leaky_relu_0.01", "elu": "elu"}.items()
    },
    **{f"switch_to_{name}": Intervention(settings={"optimizer": name}) for name in ("sgd", "momentum", "adam")},
    "add_batch_norm": Intervention(settings={"batch_norm": True}),
    "add_weight_decay": Intervention(settings={"weight_decay": 1e-3}),
    "renew_dead": Intervention(renew="dead"),
    "renew_dead_silently": Intervention(renew="dead", silence=True),
    "renew_living_silently": Intervention(renew="living", silence=True),
    "renew_dead_every_epoch": Intervention(renew="dead", every_epoch=True),
    "same_data": _data("first_half", "first_half"),
    "new_data": _data("first_half", "second_half"),
    "shifted_data": _data("first_half", "first_half", shift="noise_1"),
    "inverted_data": _data("first_half", "first_half", shift="inverted"),
    "same_task": _data("low_classes", "low_classes"),
    "other_task": _data("low_classes", "high_classes"),
}
