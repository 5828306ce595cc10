"""The numbers that the section on generality speaks of."""

from dying_relu.analysis import arms, rates
from dying_relu.analysis.frames import Tables, alive, confirmatory, grouped, is_control, matching, treated
from dying_relu.report.numbers import Made


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key: at killing rates medians over networks, and their extremes over conditions."""
    networks = tables["networks"]
    own = treated(networks)
    by = arms.varying(own)
    limits = rates.scale(own, by)
    finite = limits["limit"].loc[limits["limit"] < float("inf")]
    killing = confirmatory(rates.at(own, own, "killing"))
    dead = grouped(killing, by)["dead_fraction"].median().dropna() if by else killing["dead_fraction"]
    digits = matching(killing, dataset="mnist_5k", architecture="dense")
    linear = alive(networks[is_control(networks)])
    return {
        "conditions": len(limits),
        "limit.low": finite.min(),
        "limit.high": finite.max(),
        "mnist.rate": digits["learning_rate"].max(),
        "mnist.accuracy": digits["test_accuracy"].median(),
        "dead.low": dead.min(),
        "dead.high": dead.max(),
        "control.linear.dead": linear["dead_fraction"].mean(),
    }
