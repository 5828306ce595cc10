"""Estimands of the study recovery: which killed units come back under which treatment.

Networks of one seed that were killed alike are the same network until the treatment begins, so treatments are
compared in pairs of one seed. A killed unit is one that is dead when the treatment begins. It has *reopened* if its
pre-activation is positive on some training sample, whatever the activation; for ReLU that is to be alive. Networks
that diverge after that have no units at the end; on the way they are censored.
"""

import numpy as np
import pandas as pd

from dying_relu.estimands.common import NETWORK, Tables, alive, by_seed, confirmatory, estimand, grouped, last

KILLED = ("treatments", "others", "momentum", "adam")  # grids of networks killed alike, by plain SGD
RENEWAL, CONTROL = "renew_dead_silently", "renew_living_silently"


@estimand("networks", "activity")
def reopened_leaky_less_untreated(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under leaky ReLU, less that of the same network untreated.

    After the killing the rate is multiplied by `proper_factor`; all layers together.
    """
    return _difference(tables, "switch_to_leaky", "none")


@estimand("networks", "activity")
def reopened_elu_less_leaky(tables: Tables) -> pd.DataFrame:
    """Share of killed units that are open at the end under ELU, less that of the same network under leaky ReLU."""
    return _difference(tables, "switch_to_elu", "switch_to_leaky")


@estimand("activity")
def saturated_share_back(tables: Tables) -> pd.DataFrame:
    """Of the saturated units of a sigmoid and of a tanh network, the share no longer saturated at the end.

    Saturated: abs(phi') at most 1e-3 on the whole training set when the recovery begins. The mean of the two
    activations, each at the killing rate of `matched_rate`, and at the rate for recovery at which most came back on
    pilot seeds.
    """
    shares = []
    for activation in ("sigmoid", "tanh"):
        found = saturated(tables["activity"], activation)
        shares.append(found[found["learning_rate"] == matched_rate(tables["activity"], activation)])
    shares = [frame.set_index("seed")["share"] for frame in shares]
    return by_seed(pd.concat(shares, axis=1).mean(axis=1, skipna=False).dropna())


@estimand("networks")
def loss_ratio_resampled(tables: Tables) -> pd.DataFrame:
    """Test loss of a regression with dead units resampled every epoch, over that without, each at its best rate.

    Rates of the smallest mean test loss on pilot seeds, `best_rate`.
    """
    networks = of_grids(tables["networks"], "regression")
    losses = [
        _at(confirmatory(alive(networks)), intervention=arm, learning_rate=best_rate(networks, arm, "test_loss"))
        for arm in ("renew_dead_every_epoch", "none")
    ]
    treated, untreated = (frame.set_index("seed")["test_loss"] for frame in losses)
    return by_seed((treated / untreated).dropna())


@estimand("networks")
def accuracy_gain_renewal(tables: Tables) -> pd.DataFrame:
    """Test accuracy at the end with dead units renewed once, less that of the same network untreated.

    Renewed as in Sokar et al. (2023); after the killing the rate is multiplied by `proper_factor`.
    """
    return by_seed(accuracy_gains(tables["networks"], RENEWAL, proper_factor(tables["networks"])))


def of_grids(frame: pd.DataFrame, *grids: str) -> pd.DataFrame:
    """Rows of these grids."""
    return frame[frame["grid"].isin(grids)]


def proper_factor(networks: pd.DataFrame) -> float:
    """Of the factors on the rate after the killing, the one best for untreated networks (accuracy, pilot seeds)."""
    pilot = _at(alive(of_grids(networks, "treatments")), intervention="none", phase="pilot")
    return _best(pilot.groupby("rate_factor")["test_accuracy"].mean())


def best_rate(networks: pd.DataFrame, intervention: str, measure: str) -> float:
    """The rate with the best mean of a measure on pilot seeds, all of them finite; losses are best when small."""
    pilot = _at(networks, intervention=intervention, phase="pilot")
    rates = pilot.groupby("learning_rate")
    means = rates[measure].mean()[rates["diverged"].mean() == 0]
    return _best(-means if measure.endswith("loss") else means)


def _best(means: pd.Series) -> float:
    """Where a mean is largest; missing if there is none."""
    means = means.dropna()
    return float(means.idxmax()) if len(means) else np.nan


def reopened(activity: pd.DataFrame, by_layer: bool = False) -> pd.DataFrame:
    """At the end, of each network's killed units the share that is open; networks with killed units, not diverged.

    Columns: what tells networks apart, ``phase``, with ``by_layer`` ``layer``, ``n_followed``, ``share`` (open at
    the end), ``share_ever`` (open at some measurement since the treatment began).
    """
    end = last(activity)
    layers = 1 if by_layer else end["layer"].nunique()  # a diverged network has no counts
    keys = ["phase", *NETWORK, *(["layer"] if by_layer else [])]
    counts = ["n_followed", "n_reopened", "n_ever_reopened"]
    sums = grouped(end, keys)[counts].sum(min_count=layers).astype(float).reset_index()
    sums = sums[sums["n_followed"] > 0]
    return sums.assign(
        share=sums["n_reopened"] / sums["n_followed"], share_ever=sums["n_ever_reopened"] / sums["n_followed"]
    )


def accuracy_gains(networks: pd.DataFrame, intervention: str, factor: float, other: str = "none") -> pd.Series:
    """Test accuracy of killed networks under a treatment less that under another of the same seed and rate."""
    killed = confirmatory(alive(of_grids(networks, *KILLED)))
    pair = [_at(killed, intervention=arm, rate_factor=factor) for arm in (intervention, other)]
    first, second = (frame.set_index("seed")["test_accuracy"] for frame in pair)
    return (first - second).dropna()


def damage(activity: pd.DataFrame) -> pd.Series:
    """Share of units dead or saturated when the recovery begins; by phase, rate and seed."""
    then = activity[activity["epoch"] == activity["intervention_epoch"]]
    then = then[then["rate_factor"] == then["rate_factor"].min()]  # until then all factors are the same network
    keys = ["phase", "learning_rate", "seed"]
    sums = then.groupby(keys, observed=True)[["n_dead", "n_units"]].sum(min_count=then["layer"].nunique())
    return (sums["n_dead"] / sums["n_units"]).astype(float).rename("damage").dropna()


def matched_rate(activity: pd.DataFrame, activation: str) -> float:
    """The killing rate that saturates a share of units closest to that which died in the ReLU networks; pilot seeds."""
    relu = of_grids(activity, "treatments")
    target = damage(relu[(relu["intervention"] == "none") & (relu["phase"] == "pilot")]).mean()
    here = of_grids(activity, activation)
    means = damage(here[here["phase"] == "pilot"]).groupby("learning_rate").mean()
    return _best(-(means - target).abs())


def saturated(activity: pd.DataFrame, activation: str) -> pd.DataFrame:
    """At each killing rate, by confirmatory seed, units saturated when recovery begins and the share back at the end.

    Columns ``learning_rate``, ``rate_factor`` (the one at which the mean share on pilot seeds is largest), ``seed``,
    ``n_followed``, ``share``; seeds with saturated units.
    """
    end = last(of_grids(activity, activation))
    keys = ["phase", "learning_rate", "rate_factor", "seed"]
    counts = ["n_followed", "n_back"]
    sums = grouped(end, keys)[counts].sum(min_count=end["layer"].nunique()).astype(float)
    sums = sums[sums["n_followed"] > 0].reset_index()
    sums = sums.assign(share=sums["n_back"] / sums["n_followed"])
    pilot = sums[sums["phase"] == "pilot"].groupby(["learning_rate", "rate_factor"])["share"].mean()
    chosen = {(rate, _best(means.droplevel("learning_rate"))) for rate, means in pilot.groupby("learning_rate")}
    kept = [pair in chosen for pair in zip(sums["learning_rate"], sums["rate_factor"], strict=True)]
    return confirmatory(sums[np.array(kept, bool)])


def life_table(activity: pd.DataFrame) -> pd.DataFrame:
    """From the treatment's beginning on, when killed units first reopen: a row a network, layer and moment.

    Columns: what tells networks apart, ``layer``, ``time`` (epochs since), ``span`` (epochs since the measurement
    before), ``at_risk`` (killed units not seen open before), ``events`` (of these, open now). From divergence on
    nobody is at risk.
    """
    start = activity["intervention_epoch"]
    keys = [*NETWORK, "layer"]
    then = activity[activity["epoch"] == start][[*keys, "n_dead"]].rename(columns={"n_dead": "n_killed"})
    rows = activity[activity["epoch"] > start].sort_values("step", kind="stable").merge(then, on=keys)
    rows = rows.assign(time=rows["epoch"] - rows["intervention_epoch"])
    same = grouped(rows, keys)
    before = same["n_ever_reopened"].shift().astype(float)
    first = same.cumcount() == 0
    before = before.mask(first, 0.0)
    known = rows["n_ever_reopened"].notna() & rows["n_killed"].notna() & before.notna()
    at_risk = (rows["n_killed"].astype(float) - before).where(known, 0.0)
    events = (rows["n_ever_reopened"].astype(float) - before).where(known, 0.0)
    span = rows["time"] - same["time"].shift().mask(first, 0.0)
    return rows[["phase", *keys, "time"]].assign(span=span, at_risk=at_risk, events=events)


def derivative(activation: str, z: np.ndarray) -> np.ndarray:
    """phi'(z) in single precision, by the formulas of automatic differentiation, subnormal numbers flushed to zero.

    Those of ELU, tanh and sigmoid are written in the output h, here correctly rounded: h + 1 below zero, 1 - h^2,
    h (1 - h).
    """
    z, one = np.asarray(z, float), np.float32(1)
    with np.errstate(over="ignore", under="ignore"):
        if activation == "relu":
            slope = z > 0
        elif activation.startswith("leaky_relu_"):
            slope = np.where(z > 0, 1, float(activation.rsplit("_", 1)[1]))
        elif activation == "elu":
            slope = np.where(z > 0, one, _single(np.expm1(np.minimum(z, 0))) + one)
        elif activation == "tanh":
            slope = one - _single(np.tanh(z)) ** 2
        elif activation == "sigmoid":
            h = _single(1 / (1 + np.exp(-z)))
            slope = h * (one - h)
        elif activation == "gelu":
            from scipy.special import erf  # here, since it takes long to import

            share = np.float32(0.5) * (one + _single(erf(z / np.sqrt(2))))
            slope = share + _single(z) * _single(np.exp(-(z**2) / 2)) * np.float32(1 / np.sqrt(2 * np.pi))
        else:
            raise ValueError(f"no derivative of '{activation}' here")
    return _single(slope)


def _single(values: np.ndarray) -> np.ndarray:
    """Rounded to single precision, numbers below its normal range flushed to zero."""
    values = np.asarray(values, np.float32)
    return np.where(np.abs(values) < np.finfo(np.float32).tiny, np.float32(0), values)


def frozen_depth(activation: str) -> float:
    """How far below zero a pre-activation must lie for phi' to be exactly 0 in single precision, to one decimal.

    From there on down, that is; infinite where the derivative is never zero.
    """
    depths = np.round(np.arange(0, 200.05, 0.1), 1)
    nonzero = np.flatnonzero(derivative(activation, -depths) != 0)
    if len(nonzero) == 0:
        return 0.0
    return float(depths[nonzero[-1] + 1]) if nonzero[-1] + 1 < len(depths) else np.inf


def _difference(tables: Tables, treatment: str, other: str) -> pd.DataFrame:
    factor = proper_factor(tables["networks"])
    shares = confirmatory(reopened(of_grids(tables["activity"], "treatments")))
    pair = [_at(shares, intervention=arm, rate_factor=factor) for arm in (treatment, other)]
    first, second = (frame.set_index("seed")["share"] for frame in pair)
    return by_seed((first - second).dropna())


def _at(frame: pd.DataFrame, **values: object) -> pd.DataFrame:
    for name, value in values.items():
        frame = frame[frame[name] == value]
    return frame
