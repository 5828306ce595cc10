"""The study convolution on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell
from dying_relu.analysis.intervals import Estimate
from dying_relu.design import sizes
from dying_relu.report import numbers
from dying_relu.report.tables import read
from dying_relu.studies.convolution import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

SEEDS = (0, 1000, 1001)
UNITS = {"conv": (8, 8), "local": (288, 128), "dense": (8, 8)}
RATES = (1.0, 2.0, 4.0)
EDGE = 1 - 0.025**0.5  # how far off the mean of two seeds that agree may be, as a share of what is possible


def found(dead, gradient=None, accuracy=0.9, failing=(), **common):
    """Tables of a study in which a class's networks have given dead shares in both layers at each rate.

    Args:
        dead: for each architecture and rate; none where the networks diverged.
        gradient: norm of the first gradient of each architecture, 1 where it is not given.
        failing: architectures and rates at which networks are at guessing.
    """
    networks, activity, history = [], [], []
    for architecture, by_rate in dead.items():
        for rate, shares in zip(RATES, by_rate, strict=True):
            base = BASE | {"grid": "dense" if architecture == "dense" else "main", "architecture": architecture}
            base |= {"width": 8, "depth": 2, "epochs": 6, "learning_rate": rate, "scaling": "unit"} | common
            for seed in SEEDS:
                base |= {"phase": "pilot" if seed < 1000 else "confirmatory", "seed": seed}
                passed = 0.1 if (architecture, rate) in failing else accuracy
                networks.append(base | {"diverged": shares is None, "test_accuracy": passed if shares else np.nan})
                for layer, n in enumerate(UNITS[architecture], start=1):
                    count = round(n * shares[layer - 1]) if shares else pd.NA
                    activity.append(
                        base | {"epoch": 6, "layer": layer, "n_units": n, "n_dead": count, "zero_share": 0.5}
                    )
                size = rate * (gradient or {}).get(architecture, 1.0)
                root = np.sqrt(sizes.parameters(architecture, 8, 2, "digits"))
                history.append(base | {"step": 1, "epoch": 1 / 30, "update_rms": size / root})
    frames = {"networks": networks, "activity": activity, "history": history}
    frames = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    return frames | {"activity": frames["activity"].astype({"n_dead": "Int32"})}


SHARED = [(0, 0.5), (0.5, 1), (1, 1)]
UNSHARED = [(0, 0), (0.5, 0.25), (1, 1)]
BOTH = found({"conv": SHARED, "local": UNSHARED})


def shares(tables):
    return estimands.compared(estimands.dead_shares(tables["activity"]), "main", "dense")


def deaths(tables, matched, rate=2.0, layer=0, **levels):
    cell = {"architecture": "local", "learning_rate": rate, "matched": matched, "layer": layer} | levels
    values = in_cell(estimands.other_less_shared_deaths(tables), **cell)
    return {seed: pytest.approx(value) for seed, value in values.items() if not np.isnan(value)}


def test_layers_weigh_the_same():
    unshared = estimands.of(shares(BOTH), "local")
    assert unshared["dead"][unshared["learning_rate"] == 2].tolist() == [pytest.approx(0.375)] * 3


FAILING = {("conv", 2.0), ("conv", 4.0), ("local", 4.0)}  # limits: the root of 2, and twice that
FAIR = found({"conv": SHARED, "local": UNSHARED}, {"conv": 2**0.25}, failing=FAILING)


def test_the_answer_is_told_apart_by_what_is_held_equal():
    """At one rate all convolutions may have failed; as far from failing the answer may be another."""
    assert estimands.killing_rate(FAIR["networks"], "conv") == 1 and estimands.killing_rate(FAIR["networks"]) == 2
    assert deaths(FAIR, estimands.SAME_RATE) == dict.fromkeys((1000, 1001), 0.375 - 0.75)
    assert deaths(FAIR, estimands.SAME_RATE, 1.0) == dict.fromkeys((1000, 1001), 0 - 0.25)
    assert deaths(FAIR, estimands.OWN_RATES) == dict.fromkeys((1000, 1001), 0.375 - 0.25)
    assert deaths(FAIR, estimands.SAME_SHARE) == dict.fromkeys((1000, 1001), 0.375 - 0.25)  # convolutions at 1
    assert deaths(FAIR, estimands.SAME_SHARE, 4.0) == dict.fromkeys((1000, 1001), 1 - 0.75)
    assert deaths(FAIR, estimands.SAME_FALL) == dict.fromkeys((1000, 1001), 0.375 - 0.5)  # at the root of 2: between
    assert deaths(FAIR, estimands.OWN_RATES, 4.0) == deaths(FAIR, estimands.SAME_SHARE, 1.0) == {}


def test_killing_rates_are_not_equally_far_from_failing():
    """On a coarse grid one killing rate lies closer to its limit than another: the same share of it is held equal."""
    networks = FAIR["networks"].copy()
    half = (networks["architecture"] == "conv") & (networks["learning_rate"] == 2) & (networks["seed"] == 0)
    networks.loc[half, "test_accuracy"] = 0.9
    found = estimands.other_less_shared_deaths(FAIR | {"networks": networks})  # now their limits are the same
    same = found[found["learning_rate"] == 2].groupby("matched")["value"].first()
    assert same[estimands.SAME_SHARE] == pytest.approx(0.375 - 0.75)
    assert found.groupby("learning_rate")["limit_share"].first()[2.0] == pytest.approx(0.5**0.5)
    assert set(found["learning_rate"][found["killing"]]) == {2.0}


def test_layers_have_cells_of_their_own():
    assert deaths(FAIR, estimands.OWN_RATES, layer=1) == dict.fromkeys((1000, 1001), 0.5 - 0)
    assert deaths(FAIR, estimands.OWN_RATES, layer=2) == dict.fromkeys((1000, 1001), 0.25 - 0.5)


@pytest.mark.parametrize("architecture", ["conv", "local"])
def test_a_seed_of_one_architecture_alone_stops_the_build(architecture):
    def short(frame):
        return frame[(frame["architecture"] != architecture) | (frame["seed"] != 1001)]

    with pytest.raises(UserError, match="unequal arms: seed 1001"):
        estimands.other_less_shared_deaths({name: short(frame) for name, frame in FAIR.items()})


def test_a_seed_of_which_one_network_diverged_is_known_as_such():
    activity = FAIR["activity"]
    gone = (activity["seed"] == 1000) & (activity["architecture"] == "conv") & (activity["layer"] == 2)
    made = estimands.other_less_shared_deaths(
        FAIR | {"activity": activity.assign(n_dead=activity["n_dead"].mask(gone))}
    )
    lost = made[made["layer"] != 1]
    assert lost["diverged"].tolist() == lost["value"].isna().tolist() == (lost["seed"] == 1000).tolist()


def test_other_rates_are_interpolated_in_log_rate():
    between = estimands.difference(shares(BOTH), 2.0, np.sqrt(2))  # half way between 1 and 2
    assert between.tolist() == [pytest.approx(0.375 - 0.5)] * 2
    assert estimands.difference(shares(BOTH), 2.0, 8.0).empty  # beyond the grid


def test_other_inputs_have_cells_of_their_own():
    others = found({"conv": UNSHARED, "local": SHARED}, scaling="standardised", grid="more")
    more = {name: pd.concat([FAIR[name], others[name]], ignore_index=True) for name in FAIR}
    assert deaths(more, estimands.SAME_RATE, scaling="unit") == dict.fromkeys((1000, 1001), 0.375 - 0.75)
    assert deaths(more, estimands.SAME_RATE, scaling="standardised") == dict.fromkeys((1000, 1001), 0.75 - 0.375)
    deep = {name: pd.concat([BOTH[name], others[name].assign(scaling="unit", depth=1)]) for name in BOTH}
    names = {"shared weights, 8, depth 1", "shared weights, 8, depth 2"}
    assert names < set(estimands.with_class(deep["networks"])["name"])


def test_gradient_norm_is_read_off_the_first_step():
    history = found({"conv": SHARED, "local": UNSHARED}, {"conv": 3.0})["history"]
    squares = estimands.gradient_sizes(estimands.with_class(history))
    assert squares["shared weights, 8"] == pytest.approx(9) and squares["unshared weights, 8"] == pytest.approx(1)


def test_failure_limit_is_interpolated_and_missing_where_never_reached():
    networks = BOTH["networks"].copy()
    networks.loc[(networks["architecture"] == "conv") & (networks["learning_rate"] == 4), "diverged"] = True
    limits = estimands.failure_limits(estimands.with_class(networks))
    assert limits["shared weights, 8"] == pytest.approx(2 * np.sqrt(2)) and np.isnan(limits["unshared weights, 8"])


GUESSING = {("conv", 4.0), ("dense", 2.0), ("dense", 4.0)}  # so that killing rates are 2, 4 and 1
ALL = found({"conv": SHARED, "local": UNSHARED, "dense": SHARED}, {"conv": 2.0}, accuracy=0.6, failing=GUESSING)
AGAIN = found({"conv": SHARED, "local": UNSHARED}, grid="standardised", scaling="standardised")
ALL = {name: pd.concat([ALL[name], AGAIN[name]], ignore_index=True) for name in ALL}


def test_numbers_by_hand():
    made = text.numbers(ALL)
    numbers.check("convolution", made, CONTENTS.numbers)
    assert (made["rate"], made["depth"], made["conv.width"], made["local.units"]) == (2.0, 2, 8, "288 + 128")
    assert made["local.rate"] == 4.0
    assert made["conv.parameters"] == (9 + 1) * 8 + (72 + 1) * 8 + 129 * 10 and made["local.parameters"] == 13_514
    assert made["dense.8.parameters"] == 65 * 8 + 9 * 8 + 9 * 10 and np.isnan(made["dense.84.width"])
    expected = Estimate(0.75, 0.75 - EDGE * 0.75, 0.75 + EDGE * 0.25, 2)
    assert made["conv.dead"] == pytest.approx(expected)
    assert made["local.zero"] == 0.5 and made["gradient.ratio"] == pytest.approx(4)
    assert made["relative.fall.rate"] == pytest.approx(1) and made["relative.fall"].value == pytest.approx(1 - 0.25)
    assert np.isnan(made["relative.limit.rate"])  # the unshared fail at no rate
    assert (made["dense.8.rate"], made["dense.20.rate"]) == (1.0, None)
    assert made["dense.8.equal"].value == pytest.approx(0) and made["dense.8.own"].value == pytest.approx(0.25 - 0.75)
    assert (made["standardised.seeds"], made["standardised.rate.low"], made["standardised.rate.high"]) == (2, 1, 4)
    assert made["standardised.low"].value == pytest.approx(-0.25) and made["standardised.high"].value == 0


def test_tables_by_hand(tmp_path):
    made = text.tables(ALL)
    classes = made["classes"].frame.set_index("name")
    assert list(classes.index) == ["shared weights, 8", "unshared weights, 8", "dense, 8"]
    assert classes["size"].tolist() == pytest.approx([4, 1, 1]) and classes["mean"].tolist() == [0.75, 0.375, 0.75]
    assert classes["accuracy"].tolist() == [0.6, 0.6, 0.1] and classes["diverged"].tolist() == [0] * 3
    rates = made["rates"].frame.set_index(["name", "layer"])
    assert rates.loc[("unshared weights, 8", 2), ["1", "2", "4"]].tolist() == [0, 0.25, 1]
    made["rates"].write(tmp_path / "rates.csv")
    assert r"unshared weights, 8 & 2 & 0\,\% & 25\,\% & 100\,\%" in read(tmp_path / "rates.csv").latex()


def drawn(kind, tables_, folder):
    files.write(getattr(tables, kind)(tables_), folder / "table.csv")
    return getattr(figures, kind)(files.read(folder / "table.csv"))


def curves(axis):
    return {line.get_label(): line.get_ydata().tolist() for line in axis.get_lines() if line.get_label()[0] != "_"}


def test_deaths_against_the_rate_by_class(tmp_path):
    figure = drawn("convolution_dead", ALL, tmp_path)
    titles = [axis.get_title() for axis in figure.axes[:3]]
    assert titles == ["shared weights,\n8 channels", "unshared weights,\n8 channels", "dense,\n8 units"]
    above, below = curves(figure.axes[1]), curves(figure.axes[4])
    assert above == {"layer 1": [0, 0.5, 1], "layer 2": [0, 0.25, 1], "networks failed": [0, 0, 0]}
    assert below == {"layer 1": [0.5] * 3, "layer 2": [0.5] * 3}


def test_many_classes_are_drawn_on_further_lines(tmp_path):
    more = [ALL] + [found({"dense": SHARED}, width=width) for width in (20, 30, 40)]
    figure = drawn("convolution_dead", {name: pd.concat([each[name] for each in more]) for name in ALL}, tmp_path)
    assert [axis.get_title() for axis in figure.axes if axis.get_title()][-1] == "dense,\n40 units"
    assert sum(axis.get_visible() for axis in figure.axes) == 12


def test_deaths_on_three_scales(tmp_path):
    failing = ALL["networks"].assign(test_accuracy=ALL["networks"]["learning_rate"].map({1: 0.9, 2: 0.1, 4: 0.1}))
    figure = drawn("convolution_relative", ALL | {"networks": failing}, tmp_path)
    assert [axis.get_title() for axis in figure.axes] == list(figures._SCALES.values())
    assert set(curves(figure.axes[0])) == {
        "shared weights, 8 channels",
        "unshared weights, 8 channels",
        "dense, 8 units",
    }
    rate, fall, limit = (axis.get_lines()[1].get_xdata() for axis in figure.axes)  # of the convolutions
    assert rate.tolist() == [1, 2, 4] and fall == pytest.approx([4, 8, 16])
    assert limit == pytest.approx(np.array([1, 2, 4]) / np.sqrt(2))


@pytest.mark.parametrize("gone", ["local", "conv"])
def test_all_of_an_architecture_may_diverge_or_be_missing(gone):
    lost = found({"conv": SHARED, "local": UNSHARED, "dense": SHARED} | {gone: [None] * 3})
    for tables_ in (lost, {name: frame[frame["architecture"] != gone] for name, frame in lost.items()}):
        made = text.numbers(tables_)
        numbers.check("convolution", made, CONTENTS.numbers)
        assert deaths(tables_, estimands.SAME_SHARE) == {} and np.isnan(made[f"{gone}.dead"].value)
        assert all(table.latex() for table in text.tables(tables_).values())
