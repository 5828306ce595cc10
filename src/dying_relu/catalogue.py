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
}

# Class names in keras.initializers, or in `models`.
INITIALIZERS = {
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
    "lecun_normal": "LecunNormal",
    "lecun_uniform": "LecunUniform",
    "orthogonal": "Orthogonal",
    "zero_sum": "ZeroSum",
    "ones": "Ones",
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


@dataclass(frozen=True)
class Intervention:
    """What is done to a network after its `intervention_epoch`.

    Attributes:
        settings: settings that hold from then on in place of the network's own.
        outlier: whether one sample of the next batch has a feature 10**strength standard deviations out.
        put_back: which variables ("weights", "bias") get their values back right after the step on that batch.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    outlier: bool = False
    put_back: tuple[str, ...] = ()


INTERVENTIONS = {
    "none": Intervention(),
    "switch_to_relu": Intervention(settings={"activation": "relu"}),
    "outlier": Intervention(outlier=True),
    "outlier_bias_put_back": Intervention(outlier=True, put_back=("bias",)),
    "outlier_weights_put_back": Intervention(outlier=True, put_back=("weights",)),
}
