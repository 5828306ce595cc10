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

DATASET_NAMES = {"digits": "digits", "breast_cancer": "breast cancer"}

INITIALIZER_NAMES = {
    "zeros": "zeros",
    "normal_0.01": "normal, deviation 0.01",
    "normal_1": "normal, deviation 1",
    "lecun_normal": "LeCun normal",
    "glorot_normal": "Glorot normal",
    "he_normal": "He normal",
    "orthogonal": "orthogonal",
    "rai": "asymmetric (RAI)",
}

# what of an activation is timed: `timing.activation_cost`
PART_NAMES = {
    "forward": "outputs alone",
    "both passes": "outputs and gradient",
    "training step": "a whole training step",
}
NARROW = "narrow"  # an arm: networks that have few units from the start


def activation_name(key: str) -> str:
    """The printed name of an activation, e.g. leaky ReLU 0.3."""
    words = {"relu": "ReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "prelu": "PReLU"}
    return " ".join(words.get(word, word) for word in key.split("_"))


ACTIVATION_FAMILIES = {
    "piecewise linear": ("relu", "leaky_relu_0.01", "leaky_relu_0.1", "leaky_relu_0.3", "prelu"),
    "smooth, unbounded": ("elu", "selu", "gelu", "silu", "softplus"),
    "smooth, bounded": ("tanh", "sigmoid", "sigmoid_4x"),
}

CHANGE_NAMES = {
    "new_data": "new data",
    "other_task": "other task",
    "shifted_data": "noisy data",
    "inverted_data": "inverted data",
}

ARCHITECTURE_NAMES = {"conv": "shared weights", "local": "unshared weights", "dense": "dense"}

INTERVENTION_NAMES = {
    "none": "nothing",
    "forget_moments": "moments forgotten",
    "switch_to_sgd": "plain SGD",
    "switch_to_momentum": "momentum",
    "switch_to_adam": "Adam",
    "add_weight_decay": "weight decay",
    "switch_to_leaky": "leaky ReLU",
    "switch_to_elu": "ELU",
    "add_batch_norm": "batch normalisation",
    "renew_dead_silently": "renewed silently",
    "renew_dead": "renewed naively",
    "renew_dead_every_epoch": "renewed every epoch",
    "renew_living_silently": "control: living renewed",
    "same_data": "same data",
    "new_data": "new data",
    "shifted_data": "noisy data",
}
