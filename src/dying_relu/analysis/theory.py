r"""What can be known without training: closed forms for one unit, drawn over every curve measured.

One unit without bias, h(x) = phi(w x), sees x ~ N(0, 1) and learns the ReLU of slope one with squared error.
With phi the ReLU or a leaky one of slope c below zero, half of the inputs lie on either side of zero and
E[x^2; x > 0] = E[x^2; x < 0] = 1/2, which gives all polynomials below. Losses and gradients are those of the
population: a batch of n samples replaces the 1/2 by a mean of n terms, whose noise is known too
(`curvature_deviation`).

The second half concerns a unit whose pre-activation is Gaussian over the inputs, and the step that may close it.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from dying_relu.analysis import activations
from dying_relu.design.catalogue import OPTIMIZERS

Values = np.ndarray | float


def leaky_loss(w: Values, slope: float = 0.0) -> Values:
    r"""Population loss E[(phi(w x) - relu(x))^2]; slope 0 is the ReLU.

    For w >= 0 the unit is right where the target is: on x > 0 it errs by (w - 1) x, on x < 0 by c w x, hence
    L = ((w - 1)^2 + c^2 w^2) / 2. For w < 0 the sides are swapped: on x > 0 it gives c w x and errs by
    (c w - 1) x, on x < 0 it gives w x where 0 is wanted, hence L = ((c w - 1)^2 + w^2) / 2.
    """
    w = np.asarray(w, float)
    right = ((w - 1) ** 2 + (slope * w) ** 2) / 2
    wrong = ((slope * w - 1) ** 2 + w**2) / 2
    return np.where(w >= 0, right, wrong)


def leaky_gradient(w: Values, slope: float = 0.0) -> Values:
    r"""Derivative of `leaky_loss`: (1 + c^2) w - 1 on the right side (w > 0), (1 + c^2) w - c on the wrong one.

    For the ReLU (c = 0) this is w - 1 and w: from the wrong side the slope falls to zero as w does, and jumps
    to -1 at the kink. At w = 0 exactly every z is 0, where Keras takes phi'(0) = c, and the gradient is -c.
    """
    w = np.asarray(w, float)
    return np.where(w > 0, (1 + slope**2) * w - 1, (1 + slope**2) * w - slope)


def leaky_minimiser(slope: float, wrong_side: bool = False) -> float:
    r"""Where the gradient vanishes: w = 1 / (1 + c^2) on the right side, c / (1 + c^2) on the wrong one.

    The first is the global minimum, not w = 1 unless c = 0: a leaky unit does best to err a little on x > 0.
    The second lies on the wrong side, and so exists, only if c < 0: a negative slope turns the flat end of the
    wrong side into a valley, out of which no small step leads. For c = 0 it is w = 0.
    """
    return (slope if wrong_side else 1.0) / (1 + slope**2)


_CONSTANTS = {  # Keras's, of the rules whose path is known
    "SGD": {"momentum": 0.0, "nesterov": False},
    "RMSprop": {"rho": 0.9, "epsilon": 1e-7},
    "Adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False},
}
_CLIPS = {"clipnorm", "clipvalue", "global_clipnorm"}  # alike for a single weight


def population_path(optimizer: str, start: float, rate: float, steps: int, slope: float = 0.0) -> np.ndarray:
    r"""Weights of a unit trained on the population gradient itself, without the noise of batches; shape (steps + 1,).

    Under SGD the ReLU unit obeys w' = (1 - rate) w on the wrong side: it shrinks for ever towards 0 if rate < 1,
    and after one step lies at (rate - 1) |w| on the right side if rate > 1. There w' - 1 = (1 - rate)(w - 1),
    which converges if rate < 2. The rule is the catalogue's, as the Keras documentation has it: SGD with momentum, or
    Nesterov's form; RMSprop; Adam (Kingma and Ba 2015) and AMSGrad (Reddi, Kale and Kumar 2018); each with the gradient
    clipped if it says so. Of any other rule all weights are missing.
    """
    rule = _constants(optimizer)
    if rule is None:
        return np.full(steps + 1, np.nan)
    move, clip = _MOVES[OPTIMIZERS[optimizer].kind], _clip(optimizer)
    w, path = float(start), [float(start)]
    moments = (0.0, 0.0, 0.0)
    for t in range(1, steps + 1):
        g = min(max(float(leaky_gradient(w, slope)), -clip), clip)
        change, moments = move(g, rate, t, moments, **rule)
        w += change
        path.append(w)
    return np.array(path)


def crossing_rate(optimizer: str) -> float:
    """The rate from which on a rule of the catalogue carries a ReLU unit across zero from the wrong side, on the
    population loss; missing where it is not known.

    Clipping makes the steps far from zero smaller, and leaves those near it: without momentum the rate is the same.
    """
    rule = _constants(optimizer)
    if rule is None or "momentum" not in rule or (rule["momentum"] and np.isfinite(_clip(optimizer))):
        return np.nan
    return heavy_ball_threshold(rule["momentum"], rule["nesterov"])


def _constants(optimizer: str) -> dict | None:
    """The constants of a rule of the catalogue; none where it is no rule that is known."""
    entry = OPTIMIZERS[optimizer]
    own = {key: value for key, value in entry.config.items() if key not in _CLIPS}
    known = _CONSTANTS.get(entry.kind)
    return None if known is None or not set(own) <= set(known) else {**known, **own}


def _clip(optimizer: str) -> float:
    """The size that a rule clips the gradient of a single weight to."""
    config = OPTIMIZERS[optimizer].config
    return min((float(str(config[key])) for key in _CLIPS & set(config)), default=np.inf)


def _sgd(g, rate, t, moments, momentum, nesterov):
    velocity = momentum * moments[0] - rate * g
    return (momentum * velocity - rate * g if nesterov else velocity), (velocity,)


def _rmsprop(g, rate, t, moments, rho, epsilon):
    square = rho * moments[0] + (1 - rho) * g * g
    return -rate * g / np.sqrt(square + epsilon), (square,)


def _adam(g, rate, t, moments, beta_1, beta_2, epsilon, amsgrad):
    velocity, square = beta_1 * moments[0] + (1 - beta_1) * g, beta_2 * moments[1] + (1 - beta_2) * g * g
    largest = max(moments[2], square) if amsgrad else square
    size = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return -size * velocity / (np.sqrt(largest) + epsilon), (velocity, square, largest)


_MOVES: dict[str, Callable] = {
    "SGD": _sgd,
    "RMSprop": _rmsprop,
    "Adam": _adam,
}  # change of the weight, and the moments that a rule keeps


STABLE_RATE = 2.0  # up to which it stays at w = 1


def curvature_deviation(batch_size: int) -> float:
    r"""Standard deviation of the wrong side's curvature over batches.

    On a batch the gradient is m w with m = 2 mean(x^2; x < 0), of mean 1. A term 2 x^2 1[x < 0] has second
    moment 4 E[x^4] / 2 = 6, hence variance 5, and m has deviation sqrt(5 / n).
    """
    return float(np.sqrt(5 / batch_size))


def steps_until_frozen(start: float, rate: Values, batch_size: int) -> Values:
    r"""Steps after which single precision stops a unit that gradient descent shrinks towards zero.

    The gradient of a sample is 2 w x^2 / n; below the smallest normal number, t = 2^-126, it is flushed to zero.
    So the weight stands still once |w| is about t n / 2. A step multiplies it by 1 - rate * m, whose root mean square
    is r = sqrt((1 - rate)^2 + rate^2 Var m), so that takes about log(2 |start| / (t n)) / -log(r) steps.
    """
    level = float(np.finfo(np.float32).tiny) * batch_size / 2
    shrinking = np.hypot(1 - np.asarray(rate, float), rate * curvature_deviation(batch_size))
    shrinking = np.minimum(shrinking, 1 - 1e-12)
    return np.maximum(np.log(abs(start) / level) / -np.log(shrinking), 1.0)


def jump_probability(rate: Values, steps: int, batch_size: int, start: float | None = None) -> Values:
    r"""Probability that gradient descent on batches jumps to the right side within so many steps.

    A step crosses zero where rate * m > 1, with m as in `curvature_deviation`. A term of m has third central moment
    E[8 x^6; x < 0] - 3 * 6 + 2 = 44, so m has skewness 44 / (5^(3/2) sqrt(n)), and we take it for Pearson's type
    III of that skewness. Over independent batches the probability is 1 - (1 - p)^steps. In exact arithmetic it
    depends on the start in no way; with a ``start`` only the steps that single precision leaves to it count
    (`steps_until_frozen`).
    """
    rate = np.asarray(rate, float)
    skew = 44 / (5**1.5 * np.sqrt(batch_size))
    one = stats.pearson3.sf((1 / rate - 1) / curvature_deviation(batch_size), skew)
    tries = steps if start is None else np.minimum(steps, steps_until_frozen(start, rate, batch_size))
    return -np.expm1(tries * np.log1p(-np.minimum(one, 1 - 1e-16)))


def heavy_ball_roots(rate: float, momentum: float = 0.9, nesterov: bool = False) -> np.ndarray:
    r"""Roots of the recursion of the weight on the wrong side, curvature 1.

    Heavy ball (Keras: v' = beta v - rate w, w' = w + v') obeys w'' = (1 + beta - rate) w' - beta w. Nesterov's
    form (w' = w + beta v' - rate w) obeys w'' = (1 + beta)(1 - rate) w' - beta (1 - rate) w. Complex roots: a
    damped oscillation.
    """
    if nesterov:
        return np.roots([1, -(1 + momentum) * (1 - rate), momentum * (1 - rate)])
    return np.roots([1, -(1 + momentum - rate), momentum])


def heavy_ball_threshold(momentum: float = 0.9, nesterov: bool = False) -> float:
    r"""The rate above which momentum carries a unit across zero, from any start.

    The roots of `heavy_ball_roots` are complex where (1 + beta - rate)^2 < 4 beta, that is for
    rate > (1 - sqrt(beta))^2; with Nesterov's form where (1 + beta)^2 (1 - rate) < 4 beta, that is for
    rate > ((1 - beta) / (1 + beta))^2. An oscillation about 0 changes sign whatever its size: the recursion is
    linear on the wrong side, so the scale of the start drops out. Below the threshold, started at rest, it
    never does.
    """
    if nesterov:
        return ((1 - momentum) / (1 + momentum)) ** 2
    return (1 - np.sqrt(momentum)) ** 2


def heavy_ball_weight(start: float, rate: float, steps: Values, momentum: float = 0.9) -> Values:
    r"""Weight of a heavy ball started at rest on the wrong side, while it stays there.

    w_t = A r1^t + B r2^t with the roots of `heavy_ball_roots`, A + B = w_0 and A r1 + B r2 = (1 - rate) w_0.
    """
    r1, r2 = heavy_ball_roots(rate, momentum).astype(complex)
    a = start * (1 - rate - r2) / (r1 - r2)
    steps = np.asarray(steps)
    return np.real(a * r1**steps + (start - a) * r2**steps)


def heavy_ball_crossing(rate: float, momentum: float = 0.9) -> float:
    r"""Steps until a heavy ball started at rest on the wrong side reaches zero; infinite below the threshold.

    With roots rho e^{+-i omega}, rho = sqrt(beta), w_t = w_0 rho^t (cos(omega t) + q sin(omega t)) where
    q = ((1 - rate) / rho - cos(omega)) / sin(omega); the first zero is at (pi/2 + arctan(q)) / omega.
    """
    if rate <= heavy_ball_threshold(momentum):
        return np.inf
    rho, omega = np.sqrt(momentum), np.abs(np.angle(heavy_ball_roots(rate, momentum)[0]))
    q = ((1 - rate) / rho - np.cos(omega)) / np.sin(omega)
    return float((np.pi / 2 + np.arctan(q)) / omega)


def relu_bias_loss(w: Values, b: Values) -> Values:
    r"""Population loss E[(relu(w x + b) - relu(x))^2] of the ReLU unit with bias.

    With s = |w|, u = b / s: E[relu(wx + b)^2] = (s^2 + b^2) Phi(u) + s b phi(u), and E[relu(x)^2] = 1/2. The
    cross term is an integral of (w x + b) x phi(x) over the x > 0 where w x + b > 0: for w > 0 from
    t = max(0, -u) up, w (1 - Phi(t) + t phi(t)) + b phi(t); for w < 0 and b > 0 from 0 to u,
    w (Phi(u) - 1/2 - u phi(u)) + b (phi(0) - phi(u)); for w < 0 and b <= 0 there is none.
    """
    w, b = np.broadcast_arrays(np.asarray(w, float), np.asarray(b, float))
    s = np.maximum(np.abs(w), 1e-12)
    u = b / s
    phi, cdf = stats.norm.pdf, stats.norm.cdf
    square = (s**2 + b**2) * cdf(u) + s * b * phi(u)
    t = np.maximum(0, -u)
    right = w * (stats.norm.sf(t) + t * phi(t)) + b * phi(t)
    v = np.maximum(u, 0)
    wrong = w * (cdf(v) - 0.5 - v * phi(v)) + np.maximum(b, 0) * (phi(0) - phi(v))
    return square + 0.5 - 2 * np.where(w > 0, right, wrong)


def relu_bias_gradient(w: Values, b: Values) -> tuple[Values, Values]:
    r"""Gradient of `relu_bias_loss` in (w, b): 2 E[(relu(wx + b) - relu(x)) (x, 1); w x + b > 0].

    For w > 0, with t = max(0, -u): E[(wx + b) x; open] = w Phi(u), E[wx + b; open] = b Phi(u) + s phi(u),
    E[relu(x) x; open] = 1 - Phi(t) + t phi(t), E[relu(x); open] = phi(t). For w < 0 the first two are the same
    with the open side x < u, and the target's moments run from 0 to max(u, 0).
    """
    w, b = np.broadcast_arrays(np.asarray(w, float), np.asarray(b, float))
    s = np.maximum(np.abs(w), 1e-12)
    u = b / s
    phi, cdf = stats.norm.pdf, stats.norm.cdf
    t, v = np.maximum(0, -u), np.maximum(u, 0)
    x_target = np.where(w > 0, stats.norm.sf(t) + t * phi(t), cdf(v) - 0.5 - v * phi(v))
    target = np.where(w > 0, phi(t), phi(0) - phi(v))
    return 2 * (w * cdf(u) - x_target), 2 * (b * cdf(u) + s * phi(u) - target)


def layer_gain(slope: float) -> float:
    r"""Factor by which one layer multiplies the mean squared gradient, initialised as He et al. (2015) do for ReLU.

    With weights of variance 2 / n and z symmetric about zero, n (2 / n) E[phi'(z)^2] = 2 (1 + c^2) / 2 = 1 + c^2:
    one for the ReLU, the same for slopes c and -c. With the variance divided by 1 + c^2 it is one for any slope.
    """
    return 1 + slope**2


CONSTANT_LOSS = 0.5 - 1 / (2 * np.pi)  # of the best constant: the variance of relu(x)
LINEAR_LOSS = 0.25 - 1 / (2 * np.pi)  # of the best straight line: slope E[relu(x) x] = 1/2 takes 1/4 off


def activity_rate(mean: Values, deviation: Values) -> Values:
    """Share of inputs on which a unit with Gaussian pre-activation is open: Phi(mean / deviation)."""
    return stats.norm.cdf(np.asarray(mean, float) / deviation)


def death_probability(mean: Values, deviation: Values, n: Values) -> Values:
    """Probability that such a unit is closed on all of n independent inputs: (1 - activity rate)^n.

    It falls with n: a unit is dead *on a sample*, and on enough inputs none with a Gaussian pre-activation is.
    """
    return np.exp(np.asarray(n, float) * stats.norm.logsf(np.asarray(mean, float) / deviation))


def after_steps(
    total: float, k: int, mean: float, deviation: float, features: int, input_mean: float, nodes: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Mean and deviation of a unit's pre-activation after a total push, cut into k steps on k random samples.

    Inputs have d independent features N(m, 1). The unit starts with mean mu, deviation s = |w| and weights that
    sum to zero. A step on a sample x on which it is open moves (w, b) by -G (x, 1), G = total / k.

    *The first step*, on a sample that is open, is exact. With z = mu + s g the sample's pre-activation, sqrt(d) e
    the sum of its features less their means, and q ~ chi^2 of d - 2 degrees for the other directions, all
    independent: the mean becomes mu - G (1 + m^2 d + m sqrt(d) e), the variance
    (s - G g)^2 + G^2 ((m sqrt(d) + e)^2 + q), the sum of the weights -G (m d + sqrt(d) e).

    *Later steps* are a chain. A closed unit gets no gradient, so the next sample is a step only with the
    probability Phi(mean / sd) that it finds the unit open. Write b for the bias, W for the sum of the weights, v for
    their squared length: mean = b + m W, sd^2 = v. A sample that is open has along the weights a standard normal
    above a = -mean / sd, of mean l = phi(a) / (1 - Phi(a)) and second moment 1 + a l. On average the step changes
    b by -G, W by -G (m d + l W / sd) and v by -2 G (m W + sd l) + G^2 (m^2 d + 2 m l W / sd + d + a l). Taking the
    average for each is exact with many features, and leaves out spread with few.

    Returns:
        Three arrays: probability, mean and deviation of each combination of first step (each variable at
        ``nodes`` mid-quantiles, g where the sample is open) and number of steps taken.
    """
    push, m, d = total / k, input_mean, features
    share = (np.arange(nodes) + 0.5) / nodes
    closed = stats.norm.cdf(-mean / deviation)
    others = stats.chi2.ppf(share, d - 2) if d > 2 else 0 * share
    drawn = np.meshgrid(stats.norm.ppf(closed + (1 - closed) * share), stats.norm.ppf(share), others)
    g, e, q = (values.ravel() for values in drawn)
    bias, weight_sum = mean - push, -push * (m * d + np.sqrt(d) * e)
    square = (deviation - push * g) ** 2 + push**2 * ((m * np.sqrt(d) + e) ** 2 + q)
    means, deviations = [bias + m * weight_sum], [np.sqrt(square)]
    for _ in range(k - 1):
        sd = deviations[-1]
        a = -means[-1] / sd
        tilt = np.exp(stats.norm.logpdf(a) - stats.norm.logsf(a))
        along = tilt * weight_sum / sd
        square = square - 2 * push * (m * weight_sum + sd * tilt)
        square = np.maximum(square + push**2 * (m * m * d + 2 * m * along + d + a * tilt), 1e-12)
        bias, weight_sum = bias - push, weight_sum - push * (m * d + along)
        means.append(bias + m * weight_sum)
        deviations.append(np.sqrt(square))
    mean_by_step, deviation_by_step = np.stack(means), np.stack(deviations)
    is_open = np.asarray(activity_rate(mean_by_step, deviation_by_step))
    taken = np.zeros_like(is_open)
    taken[0] = 1 / taken.shape[1]
    for _ in range(k - 1):
        moving = taken[:-1] * is_open[:-1]
        taken[:-1] -= moving
        taken[1:] += moving
    return taken.ravel(), mean_by_step.ravel(), deviation_by_step.ravel()


def population_loss(name: str, w: Values, b: Values = 0.0, v: Values = 1.0, c: Values = 0.0) -> np.ndarray:
    """E[(v phi(w x + b) + c - relu(x))^2] of units, shape (units,), by the trapezoidal rule over -8 ... 8.

    Args:
        name: an activation with a formula.
    """
    x = np.linspace(-8, 8, 1601)
    density = stats.norm.pdf(x) * (x[1] - x[0])
    w, b, v, c = (np.atleast_1d(np.asarray(value, float))[:, None] for value in (w, b, v, c))
    with np.errstate(over="ignore", invalid="ignore"):
        return (v * activations.value(name, w * x + b) + c - np.maximum(x, 0)) ** 2 @ density


# --- Networks that are dead before the first step: one input, symmetric random weights ---
#
# Without biases a deep ReLU net of one input is linear on either side of zero, so all inputs of one sign behave alike:
# two rays. A layer of N units with independent weights, each symmetric about zero and of continuous distribution, is
# silent on a ray that reaches it with probability 2^-N, whatever came before; on a ray that does not, always. A net
# is born dead if some layer is silent on both rays: its output is then constant.


def silent_ray_probability(width: Values, depth: Values) -> Values:
    """Probability that a net of so many hidden layers is silent on one given ray: 1 - (1 - 2^-N)^D, exact.

    A net that is born dead is silent on that ray too: this is the upper bound of Lu et al. (2020) on the
    probability of being born dead, here for layers of equal width.
    """
    return 1 - (1 - 0.5 ** np.asarray(width, float)) ** np.asarray(depth, float)


def born_dead_bounds(width: Values, depth: Values) -> tuple[Values, Values]:
    r"""Bounds on the probability that a net of D hidden layers of N units without bias is born dead.

    With a = 1 - 2^-N a ray passes D layers with probability a^D. A net lives if either ray does, so
    P(dead) = 1 - 2 a^D + P(both rays pass). The first layer's units are open on one ray each: both pass it with
    probability 1 - 2^(1-N). From then on let p be the probability that a unit is closed on both rays. Both pass a
    layer with probability 1 - 2^(1-N) + p^N. What reaches the layer has no negative entries, so the unit's two
    pre-activations are increasing in the same weights and positively associated (Harris): 1/4 <= p <= 1/2.

    lower: p = 1/4 throughout, 1 - 2 a^D + (1 - 2^(1-N)) a^(2(D-1)).
    upper: p = 1/2 throughout, 1 - a^(D-1): the bound of Lu et al. (2020) without the first layer, which never dies.
    The lower bound is exact for D = 2, where the rays come from disjoint units (p = 1/4), and both are for N = 1.
    """
    half = 0.5 ** np.asarray(width, float)
    depth = np.asarray(depth, float)
    passing = 1 - half
    lower = 1 - 2 * passing**depth + (1 - 2 * half) * passing ** (2 * (depth - 1))
    return lower, 1 - passing ** (depth - 1)


def second_layer_unit_born_dead(width: Values) -> Values:
    """Probability that a unit of the second hidden layer is born dead: 1/4 if both rays reach it, else 1/2.

    Both do with probability 1 - 2^(1-N); at least one always does. Units of the first layer are never born dead.
    """
    return 0.25 + 0.5 ** (np.asarray(width, float) + 1)


def sample_born_dead(width: int, depth: int, n: int, asymmetric: bool = False, seed: int = 0) -> np.ndarray:
    """Dead units of each layer of n random nets of one input, by sampling in NumPy alone; shape (n, depth).

    Args:
        asymmetric: randomised asymmetric initialisation (Lu et al. 2020), with biases, judged on 129 inputs evenly
            from -sqrt(3) to sqrt(3); else He's normal one, cut off at two standard deviations as in Keras, without
            biases, judged on one input of each sign (the scale of the weights plays no part).
    """
    draw = np.random.default_rng(seed)
    inputs = np.linspace(-np.sqrt(3), np.sqrt(3), 129) if asymmetric else np.array([-1.0, 1.0])
    dead = np.empty((n, depth), int)
    for first in range(0, n, 1000):
        size = min(1000, n - first)
        h = np.broadcast_to(inputs, (size, 1, len(inputs)))
        for layer in range(depth):
            z = _asymmetric_layer(draw, h, width) if asymmetric else _cut_off(draw, (size, width, h.shape[1])) @ h
            dead[first : first + size, layer] = (z <= 0).all(axis=2).sum(axis=1)
            h = np.maximum(z, 0)
            if not asymmetric:
                h = h / np.maximum(h.max(axis=(1, 2), keepdims=True), 1e-300)
    return dead


def _asymmetric_layer(draw: np.random.Generator, h: np.ndarray, width: int) -> np.ndarray:
    """Pre-activations where each unit has one weight, or its bias, from Beta(2, 1) and the others normal."""
    size, fan_in, _ = h.shape
    rows = draw.normal(0, 0.6007 / np.sqrt(fan_in), (size, width, fan_in + 1))
    chosen = draw.integers(fan_in + 1, size=(size, width, 1))
    np.put_along_axis(rows, chosen, draw.beta(2, 1, (size, width, 1)), axis=2)
    return rows[:, :, :-1] @ h + rows[:, :, -1:]


def _cut_off(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers of size below two."""
    values = draw.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = draw.standard_normal(far.sum())
    return values
