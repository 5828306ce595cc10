"""Names as the paper prints them."""

OPTIMIZER_NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "amsgrad": "AMSGrad",
    "sgd_clip_norm": "SGD, norm clipped",
    "sgd_clip_value": "SGD, values clipped",
}


def activation_name(key: str) -> str:
    """The printed name of an activation, e.g. leaky ReLU 0.3."""
    words = {"relu": "ReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "prelu": "PReLU"}
    return " ".join(words.get(word, word) for word in key.split("_"))
