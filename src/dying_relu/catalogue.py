"""What a study file may name: activations, initialisers and optimisers, with what Keras is asked for.

Plain data, so that validation and planning need no TensorFlow; `models` and `population` turn the
entries into Keras objects.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Activation:
    """A stock Keras activation layer.

    Attributes:
        layer: class name in keras.layers.
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
    return Activation("LeakyReLU", {"negative_slope": slope})


ACTIVATIONS = {
    "relu": _function("relu", threshold=0.0),
    "linear": _function("linear", threshold=0.0),
    "leaky_relu_0.01": _leaky(0.01),
    "leaky_relu_0.1": _leaky(0.1),
    "leaky_relu_0.3": _leaky(0.3),
    "prelu": Activation("PReLU"),
    **{name: _function(name) for name in ("elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid")},
}

# Keyword arguments come from Keras's own class of that name; `seed` is added for each network.
INITIALIZERS = {
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
    "lecun_normal": "LecunNormal",
    "lecun_uniform": "LecunUniform",
    "orthogonal": "Orthogonal",
}

# name: (class in keras.optimizers, its arguments besides the learning rate)
OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
}
