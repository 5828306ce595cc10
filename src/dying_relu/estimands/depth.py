"""Estimands of the study depth: gradients, outputs and accuracy of deep ReLU and sigmoid networks.

The *layer factor* of a network is what the norm of the gradient of a hidden layer's weights and biases is multiplied
by from each layer to the one before it: ten to the power of minus the slope of the least-squares line through its
base-10 logarithm against the layer. Below one it shrinks towards the input. It is taken before the first step.
Settings that have to be chosen for an arm (rate, optimiser, initialisation) are those most accurate on pilot seeds.
"""

import numpy as np
import pandas as pd
from scipy import special

from dying_relu.estimands.activation import at_chosen, best
from dying_relu.estimands.common import NETWORK, Tables, alive, by_seed, confirmatory, estimand, grouped, treated

SHRINKS = 0.8  # a layer factor up to which a gradient counts as vanishing: ten layers leave about a tenth
DEEP = 10  # depth at which training is judged
ARM = ["activation", "batch_norm", "depth"]
CHOSEN = ["optimizer", "initializer", "init_scale", "learning_rate"]
MADE_FOR = {"relu": "he_normal", "sigmoid": "glorot_normal"}


@estimand("layers")
def sigmoid_shrinks_relu_does_not(tables: Tables) -> pd.DataFrame:
    """Whether the layer factor of the sigmoid is at most `SHRINKS` and that of ReLU above it.

    In the deepest networks, each with the initialisation made for it; one or zero for each seed.
    """
    found = confirmatory(deepest(usual_scale(layer_factors(tables["layers"]))))
    factor = {
        name: found[(found["activation"] == name) & (found["initializer"] == initializer)]
        .groupby("seed")["factor"]
        .mean()
        for name, initializer in MADE_FOR.items()
    }
    both = pd.DataFrame(factor).dropna()
    return by_seed(((both["sigmoid"] <= SHRINKS) & (both["relu"] > SHRINKS)).astype(float))


@estimand("layers")
def layer_factor_of_rescaled_sigmoid(tables: Tables) -> pd.DataFrame:
    """Layer factor of the sigmoid of 4z in the deepest networks, with the initialisation that makes it larger."""
    found = confirmatory(deepest(usual_scale(layer_factors(tables["layers"]))))
    return by_seed(found[found["activation"] == "sigmoid_4x"].groupby("seed")["factor"].max().dropna())


@estimand("layers")
def largest_output_relu_over_sigmoid(tables: Tables) -> pd.DataFrame:
    """Base-10 logarithm of the largest hidden output of a seed's ReLU networks over that of its sigmoid networks.

    Largest over units, training samples, measured moments, rates and depths up to `DEEP`; plain SGD without batch
    normalisation, networks for as long as they are finite.
    """
    found = largest_outputs(tables["layers"])
    found = confirmatory(found[found["depth"] <= DEEP])
    largest = found.groupby(["seed", "activation"], observed=True)["largest"].max().unstack()
    both = pd.DataFrame({name: largest.get(name) for name in ("relu", "sigmoid")}, dtype=float).dropna()
    return by_seed(np.log10(both["relu"] / both["sigmoid"]))


@estimand("networks")
def accuracy_of_deep_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy of sigmoid networks without batch normalisation at depth `DEEP`, most accurate settings."""
    return by_seed(accuracy(tables["networks"], "sigmoid", False).dropna())


@estimand("networks")
def accuracy_gap_of_normalised_sigmoid(tables: Tables) -> pd.DataFrame:
    """Test accuracy at depth `DEEP`: sigmoid with batch normalisation less ReLU without, most accurate settings."""
    networks = tables["networks"]
    return by_seed((accuracy(networks, "sigmoid", True) - accuracy(networks, "relu", False)).dropna())


def accuracy(networks: pd.DataFrame, activation: str, batch_norm: bool, depth: int = DEEP) -> pd.Series:
    """Test accuracy by confirmatory seed of an arm at its most accurate settings; finite networks."""
    here = alive(confirmatory(at_chosen(networks[networks["epochs"] > 1], most_accurate(networks))))
    here = here[(here["activation"] == activation) & (here["batch_norm"] == batch_norm) & (here["depth"] == depth)]
    return here.set_index("seed")["test_accuracy"].astype(float)


def largest_outputs(layers: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks trained by plain SGD from weights of the usual scale, without batch normalisation."""
    plain = layers[(layers["optimizer"] == "sgd") & ~layers["batch_norm"] & (layers["epochs"] > 1)]
    return usual_scale(treated(plain))


def most_accurate(networks: pd.DataFrame, arm: list[str] | None = None) -> pd.DataFrame:
    """For each arm the settings with the best mean test accuracy on pilot seeds; diverged ones count as guessing.

    Networks that are only there for their first step are left out: those trained for a single epoch.
    """
    trained = networks[networks["epochs"] > 1]
    scored = trained.assign(score=trained["test_accuracy"].astype(float).fillna(0.1))
    arm = arm or ARM
    return best(scored, arm, [key for key in CHOSEN if key not in arm])


def layer_factors(layers: pd.DataFrame) -> pd.DataFrame:
    """The layer factor of each network of plain SGD before its first step; layers without gradient are left out."""
    first = layers[(layers["step"] == 0) & (layers["optimizer"] == "sgd") & (layers["gradient_norm"] > 0)]
    x, y = first["layer"].astype(float), np.log10(first["gradient_norm"].astype(float))
    sums = grouped(first.assign(x=x, y=y, xx=x * x, xy=x * y, n=1.0), ["phase", *NETWORK])[
        ["x", "y", "xx", "xy", "n"]
    ].sum()
    spread = sums["n"] * sums["xx"] - sums["x"] ** 2
    slope = (sums["n"] * sums["xy"] - sums["x"] * sums["y"]) / spread.where(spread > 0)
    return (10**-slope).rename("factor").reset_index()


def deepest(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks of the largest depth, without batch normalisation."""
    plain = frame[~frame["batch_norm"]]
    return plain[plain["depth"] == plain["depth"].max()]


def usual_scale(frame: pd.DataFrame) -> pd.DataFrame:
    """Networks whose initial weights are not rescaled."""
    return frame[frame["init_scale"] == 1]


def expected_layer_factor(
    name: str, gain: float, depth: int, width: int, inputs: int, mean_square: float, input_gain: float
) -> float:
    r"""Layer factor of wide random networks without biases, layer by layer.

    Pre-activations of layer l are normal with variance q_l, q_1 = input_gain times the mean squared input, and
    q_{l+1} = gain E[phi(z)^2], where ``gain`` is the weights' variance times the width. Independently drawn weights
    carry the squared error signal back by gain E[phi'(z)^2] from each layer to the one before, and the squared
    gradient of a layer is its signal times one (biases) plus the squared length of its inputs. Correlations between
    samples are left out.

    Args:
        name: relu, sigmoid, sigmoid_4x or tanh.
        inputs: number of features.
        mean_square: of the features.
        input_gain: variance of the first layer's weights times the number of features.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(201)
    weights = weights / weights.sum()
    q, length = input_gain * mean_square, inputs * mean_square
    lengths, slopes = [], []
    for _ in range(depth):
        value, slope = _value_and_slope(name, np.sqrt(q) * nodes)
        lengths.append(1 + length)
        slopes.append(weights @ slope**2)
        square = weights @ value**2
        q, length = gain * square, width * square
    signal = np.cumsum(np.log10(slopes[::-1]))[::-1] + np.log10(gain) * np.arange(depth - 1, -1, -1)
    line = np.polyfit(np.arange(1, depth + 1), (signal + np.log10(lengths)) / 2, 1)
    return float(10 ** -line[0])


def _value_and_slope(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if name == "relu":
        return np.maximum(z, 0), (z > 0).astype(float)
    if name == "tanh":
        return np.tanh(z), 1 - np.tanh(z) ** 2
    steep = {"sigmoid": 1.0, "sigmoid_4x": 4.0}[name]
    value = special.expit(steep * z)
    return value, steep * value * (1 - value)
