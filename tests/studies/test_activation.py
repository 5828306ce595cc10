"""The study activation on small tables whose answers are known by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE
from dying_relu.report import numbers
from dying_relu.studies.activation import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

EDGE = 1 - 0.025**0.5  # how far off the mean of two seeds that agree may be, as a share of what is possible


def in_cell(found, **levels):
    """Of a map the values of confirmatory seeds in one cell, by seed."""
    rows = found[(found["phase"] == "confirmatory") & (found[[*levels]] == pd.Series(levels)).all(axis=1)]
    assert rows["seed"].is_unique, "several cells"
    return rows.set_index("seed")["value"].to_dict()


def network(seed, rate, curve=(0.1, 0.5), dead=0.0, closed=None, **more):
    """A network's row, and training accuracies at epochs 0, 1, ...; NaN from divergence on. Tested as trained."""
    base = BASE | {"learning_rate": rate, "seed": seed, "epochs": len(curve) - 1} | more
    base |= {"phase": "pilot" if seed < 1000 else "confirmatory"}
    finite = np.isfinite(curve[-1])
    row = {"diverged": not finite, "train_accuracy": curve[-1], "test_accuracy": curve[-1]}
    row |= {"dead_fraction": dead if finite else np.nan}
    history = [base | {"step": k, "epoch": float(k), "train_accuracy": value} for k, value in enumerate(curve)]
    units = {"n_dead": round(4 * dead), "n_closed": round(4 * (dead if closed is None else closed))} if finite else {}
    layer = base | {"epoch": float(len(curve) - 1), "layer": 1, "n_units": 4, "n_dead": None, "n_closed": None} | units
    return base | row, history, layer


def found(*networks):
    """Tables of several networks."""
    rows, histories, layers = zip(*networks, strict=True)
    counts = {"n_dead": "Int32", "n_closed": "Int32"}
    return {
        "networks": pd.DataFrame(rows).astype({"bias": float}),
        "history": pd.DataFrame([moment for history in histories for moment in history]).astype({"bias": float}),
        "activity": pd.DataFrame(layers).astype({"bias": float, **counts}),
    }


def test_times_are_interpolated_and_end_with_the_run():
    cases = found(
        network(0, 0.1, (0.1, 0.9, 1.0, 0.9, 1.0)),  # 0.95 half way between epochs 1 and 2, the first time
        network(1, 0.1, (0.1, 0.2, 0.3, 0.4, 0.5)),
        network(2, 0.1, (0.1, 0.2, np.nan, np.nan, np.nan)),
        network(3, 0.1, (0.96, 1.0, 1.0, 1.0, 1.0)),
    )
    times = estimands.times(cases).set_index("seed")
    assert times["time"].tolist() == pytest.approx([1.5, 4, np.nan, 0], nan_ok=True)
    assert times["reached"].tolist() == [True, False, False, True]
    scores = [1.5 / 4 - 1e-4, 1 - 0.5e-4, np.nan, -1e-4]
    assert times["time_to_accuracy"].tolist() == pytest.approx(scores, nan_ok=True)


def test_speed_is_compared_at_the_rates_fastest_on_pilot_seeds():
    slow, fast, never = (0.0, 0.0, 0.0, 0.95, 1.0), (0.0, 0.95, 1.0, 1.0, 1.0), (0.0,) * 5
    cases = found(
        network(0, 0.1, slow),
        network(0, 1.0, fast),
        network(1000, 0.1, fast),  # faster here, but that is not for confirmatory seeds to say
        network(1000, 1.0, slow),
        network(0, 0.1, never, activation="sigmoid"),
        network(0, 1.0, slow, activation="sigmoid"),
        network(1000, 0.1, (0.0, 0.475, 0.95, 1.0, 1.0), activation="sigmoid"),
        network(1000, 1.0, never, activation="sigmoid"),
    )
    ratio = estimands.time_ratio_relu_to_sigmoid(cases)
    assert in_cell(ratio, rate="own best") == {
        1000: pytest.approx(3 / 4)
    }  # an upper bound: the sigmoid is not there yet
    assert in_cell(ratio, rate="0.1") == {1000: pytest.approx(1 / 2)}


def test_diverged_networks_take_the_whole_run_and_ties_go_to_the_more_accurate():
    fast, never, gone = (0.0, 0.95, 1.0), (0.0, 0.2, 0.3), (0.0, np.nan, np.nan)
    cases = found(
        network(0, 0.1, (0.0, 0.0, 0.95)),  # 2 epochs, and accurate
        network(0, 0.5, never),  # 2 epochs, the run
        network(0, 1.0, gone),  # 2 epochs, guessed
        network(0, 0.1, gone, activation="tanh"),
        network(1, 0.1, fast, activation="tanh"),  # 1.5 on average with the diverged one
        network(0, 0.5, (0.0, 0.5, 1.0), activation="tanh"),  # 1.9
    )
    chosen = estimands.fastest(estimands.times(cases)).set_index("activation")["learning_rate"]
    assert chosen.to_dict() == {"relu": 0.1, "tanh": 0.1}


def test_a_rate_at_which_pilot_networks_diverge_is_not_chosen():
    bad = (0.1, np.nan)
    cases = found(
        network(0, 0.1, (0.1, 0.8)),
        network(1, 0.1, (0.1, 0.8)),
        network(0, 1.0, (0.1, 0.9)),
        network(1, 1.0, bad),  # 0.9 and a guess's 0.1: on average 0.5
        network(1000, 0.1, (0.1, 0.7)),
        network(1000, 1.0, (0.1, 0.9)),
        network(0, 0.1, (0.1, 0.8), activation="leaky_relu_0.01"),
        network(1, 0.1, (0.1, 0.8), activation="leaky_relu_0.01"),
        network(1000, 0.1, (0.1, 0.75), activation="leaky_relu_0.01"),
        network(1001, 0.1, (0.1, 0.75), activation="leaky_relu_0.01"),
        network(1001, 0.1, bad),
    )
    gain = estimands.accuracy_gain_of_leaky(cases)
    own = in_cell(gain, rate="own best")
    assert own[1000] == pytest.approx(0.05) and np.isnan(own[1001])
    assert set(gain["seed"][gain["diverged"]]) == {1001} and set(gain["rate"]) == {"own best", "0.1"}
    partner = found(network(0, 0.1), *(network(seed, 0.1, activation="leaky_relu_0.01") for seed in (0, 1000)))
    with pytest.raises(UserError, match="seed 1000 has a network of one arm alone"):
        estimands.accuracy_gain_of_leaky(partner)


def dead(seed, rate, share, batch_norm=False, passed=0.8, **more):
    return network(seed, rate, (0.1, np.nan if share is None else passed), share or 0.0, batch_norm=batch_norm, **more)


def test_dead_units_of_a_pair_are_shared_out_at_the_killing_rate_of_networks_without():
    cases = found(
        dead(0, 1.0, 0.2),
        dead(0, 2.0, 0.9, passed=0.1),  # fails, so 1 is the killing rate
        dead(0, 1.0, 0.0, True),
        dead(0, 2.0, 0.0, True),
        *(dead(seed, 1.0, share) for seed, share in ((1000, 0.3), (1001, 0.0), (1002, None), (1003, 0.0))),
        *(dead(seed, 1.0, share, True) for seed, share in ((1000, 0.1), (1001, 0.2), (1002, 0.5), (1003, 0.0))),
        *(dead(1000, 2.0, 0.5, has) for has in (False, True)),
    )
    assert estimands.killing_rate(cases["networks"]) == 1.0
    share = estimands.dead_share_with_batch_norm(cases)
    values = in_cell(share, killing=True)
    assert values[1000] == pytest.approx(0.25) and values[1001] == 1.0
    assert np.isnan(values[1002]) and np.isnan(values[1003])
    assert set(share["seed"][share["diverged"]]) == {1002}
    assert in_cell(share, learning_rate=2.0) == {1000: 0.5}


def test_normalised_networks_are_judged_at_their_own_killing_rate_too():
    rates = {1.0: (0.1, 0.8), 2.0: (0.2, 0.8), 5.0: (0.3, 0.8), 10.0: (0.9, 0.1)}  # dead, accuracy: fails at 10
    cases = found(
        *(dead(seed, rate, share, True, passed) for seed in (0, 1000) for rate, (share, passed) in rates.items()),
        *(dead(seed, rate, 0.9, False, 0.1 if rate > 1 else 0.8) for seed in (0, 1000) for rate in rates),
    )
    own = estimands.dead_fraction_of_normalised(cases)
    assert in_cell(own, killing=True) == {1000: 0.3} and in_cell(own, learning_rate=10.0) == {1000: 0.9}
    assert in_cell(estimands.dead_share_with_batch_norm(cases), killing=True) == {1000: pytest.approx(0.1)}


def test_scalings_and_initialisations_are_not_mixed():
    cases = found(
        *(dead(seed, 1.0, 0.2, has, scaling="unit") for seed in (0, 1000) for has in (False, True)),
        *(dead(seed, 1.0, 0.0, has) for seed in (0, 1000) for has in (False, True)),
        dead(1000, 1.0, 0.8, True, initializer="rai"),
    )
    share = estimands.dead_share_with_batch_norm(cases)
    assert in_cell(share, scaling="unit") == {1000: 0.5} and np.isnan(in_cell(share, scaling="standardised")[1000])


def test_each_scaling_has_a_choice_of_its_own():
    names = ("relu", "leaky_relu_0.01")
    best = {"unit": 0.1, "standardised": 0.5}
    cases = found(
        *(
            network(seed, rate, (0.1, 0.9 if rate == best[scaling] else 0.5), scaling=scaling, activation=name)
            for seed in (0, 1000)
            for rate in (0.1, 0.5)
            for scaling in best
            for name in names
        )
    )
    chosen = estimands.most_accurate(cases["networks"], ["scaling"]).set_index(["activation", "scaling"])
    assert all(chosen["learning_rate"][name, scaling] == rate for name in names for scaling, rate in best.items())
    gain = estimands.accuracy_gain_of_leaky(cases)
    assert in_cell(gain, rate="own best", scaling="unit") == {1000: 0.0} and len(gain) == 2 * 2 * 3


def test_lost_units_are_counted_over_layers_at_the_end():
    base = BASE | {"epochs": 4, "n_units": 4}
    rows = [
        base | {"epoch": 4.0, "layer": 1, "n_dead": 1, "n_closed": 2},
        base | {"epoch": 4.0, "layer": 2, "n_dead": 0, "n_closed": 4},
        base | {"epoch": 0.0, "layer": 1, "n_dead": 4, "n_closed": 4},
        base | {"epoch": 4.0, "layer": 1, "n_dead": None, "n_closed": None, "seed": 1001},
        base | {"epoch": 4.0, "layer": 2, "n_dead": None, "n_closed": None, "seed": 1001},
    ]
    shares = estimands.lost(pd.DataFrame(rows).astype({"n_dead": "Int32", "n_closed": "Int32"})).set_index("seed")
    assert shares.loc[1000, ["dead", "closed"]].tolist() == [1 / 8, 6 / 8]
    assert shares.loc[1001, ["dead", "closed"]].isna().all()


ARMS = {  # accuracies at epochs 0, 1, 2; shares dead and closed
    ("relu", False): ((0.0, 0.95, 0.97), 0.5, 0.5),
    ("relu", True): ((0.0, 0.0, 0.96), 0.25, 0.25),
    ("leaky_relu_0.01", False): ((0.0, 0.95, 0.99), 0.0, 0.75),
    ("sigmoid", False): ((0.0, 0.1, 0.2), 0.0, 0.0),
    ("elu", True): ((0.95, 0.97, 0.98), 0.0, 0.0),
}
TABLES = found(
    *(
        network(seed, 0.1, curve, dead, closed, activation=name, batch_norm=has)
        for (name, has), (curve, dead, closed) in ARMS.items()
        for seed in (0, 1000, 1001)
    ),
    network(1002, 0.1, (0.0, np.nan, np.nan)),
    network(1000, 0.5, (0.0, 0.5, 0.9), 0.75),  # a rate that no pilot seed tried
)


def test_numbers_by_hand():
    made = text.numbers(TABLES)
    numbers.check("activation", made, CONTENTS.numbers)
    assert (made["activations"], made["seeds.fewest"], made["seeds.most"]) == (4, 2, 3)
    assert (made["relu.rate"], made["relu.fast.rate"], made["sigmoid.fast.initializer"]) == (0.1, 0.1, "He normal")
    assert made["relu.accuracy"] == pytest.approx(0.97) and made["relu.dead"] == 0.5
    assert made["relu.time"] == 1 and made["relu.reached"] == pytest.approx(2 / 3)  # one of three diverged
    assert made["relu.bn.time"] == pytest.approx(1 + 0.95 / 0.96)
    assert made["sigmoid.time"] == 2 and made["sigmoid.reached"] == 0 and made["leaky.closed"] == 0.75
    assert made["tanh.time"] is None and made["sigmoid.bn.time"] is None
    assert (made["plain.best.name"], made["plain.best"]) == ("leaky ReLU 0.01", pytest.approx(0.99))
    assert (made["plain.worst.name"], made["plain.worst"]) == ("sigmoid", pytest.approx(0.2))
    assert (made["bn.best.name"], made["bn.worst.name"]) == ("ELU", "ReLU")
    assert (made["plain.quickest.name"], made["plain.quickest"]) == ("ReLU", 1)
    assert (made["plain.slowest.name"], made["plain.slowest"]) == ("sigmoid", 2)
    assert (made["plain.quicker.than.relu"], made["bn.quicker.than.relu"]) == (0, 1)
    assert made["killing.rate"] is None  # no network saw unit-scaled inputs


def test_numbers_at_the_killing_rate_are_of_unit_scaled_inputs():
    networks = [(*case, seed) for case in ARMS.items() if case[0][0] != "elu" for seed in (0, 1000, 1001)]
    unit = found(
        *(
            network(seed, 0.1, curve, dead, closed, activation=name, batch_norm=has, scaling="unit")
            for (name, has), (curve, dead, closed), seed in networks
        ),
        network(1002, 0.1, (0.0, np.nan, np.nan), scaling="unit"),
        network(1000, 0.5, (0.0, 0.5, 0.9), 0.75, scaling="unit"),
    )
    both = {name: pd.concat([TABLES[name], unit[name]], ignore_index=True) for name in TABLES}
    made = text.numbers(both)
    assert made["killing.rate"] == 0.1
    assert made["killing.relu.dead"] == 0.5 and made["killing.relu.diverged"] == pytest.approx(1 / 3)
    assert made["killing.relu.worst.dead"] == 0.75 and made["killing.relu.worst.rate"] == 0.5
    assert made["killing.relu.bn.dead"] == made["killing.relu.bn.worst.dead"] == 0.25
    assert made["killing.leaky.closed"] == 0.75 and made["killing.leaky.accuracy"] == pytest.approx(0.99)


def test_the_table_of_arms_by_hand():
    made = text.tables(TABLES)["arms"].frame.set_index(["activation", "batch_norm"])
    order = [("ReLU", "no"), ("ReLU", "yes"), ("leaky ReLU 0.01", "no"), ("ELU", "yes"), ("sigmoid", "no")]
    assert list(made.index) == order
    assert made.loc[("ReLU", "no"), ["rate", "dead", "closed", "time"]].tolist() == [0.1, 0.5, 0.5, 1.0]
    assert made.loc[("ELU", "yes"), ["time", "reached"]].tolist() == [0.0, 1.0]


def test_saturated_shares_are_of_finite_networks_and_need_five():
    base = BASE | {"epochs": 4, "epoch": 4.0, "layer": 1, "n_units": 4}
    counts = ("n_dead_strict", "n_dead", "n_dead_lenient")
    rows = [
        base
        | {"activation": "softplus", "learning_rate": rate, "seed": seed}
        | {count: dead + k if seed < finite else None for k, count in enumerate(counts)}
        for rate, finite, dead in ((0.1, 1008, 1), (1.0, 1005, 2), (2.0, 1004, 3))
        for seed in range(1000, 1008)
    ]
    rows += [row | {"activation": "relu"} for row in rows]  # has no threshold
    table = text._thresholds_table(pd.DataFrame(rows).astype(dict.fromkeys(counts, "Int32")))
    shares = r"25\,\% / 50\,\% / 75\,\%"
    assert rf"softplus & {shares} & -- \\" in table.latex()  # every second rate: 0.1, and 2 with four finite networks
    assert "ReLU" not in table.latex()


def csv(table, path):
    files.write(table, path / "table.csv")
    return files.read(path / "table.csv")


def test_arms_are_drawn_in_the_catalogues_order(tmp_path):
    table = csv(tables.activation_arms(TABLES), tmp_path)
    here = table[(table["measure"] == "time") & (table["activation"] == "sigmoid")].iloc[0]
    assert [here["mean"], here["ci_low"], here["ci_high"]] == pytest.approx(
        [2, 2 - 2 * EDGE, 2]
    )  # no longer than the run
    figure = figures.activation_arms(table)
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["sigmoid", "ELU", "leaky ReLU 0.01", "ReLU"]
    assert (left.get_xlabel(), right.get_xlabel()) == ("epochs to the fixed accuracy", "test accuracy")
    names = [entry.get_text() for entry in figure.legends[0].get_texts()]
    assert names == ["without batch normalisation", "with batch normalisation"]


def test_families_are_drawn_side_by_side(tmp_path):
    figure = figures.activation_by_rate(csv(tables.activation_by_rate(TABLES), tmp_path))
    assert [axis.get_title() for axis in figure.axes[:2]] == ["piecewise linear", "smooth, bounded"]
    lines = {line.get_label(): line for line in figure.axes[2].get_lines()}
    assert list(lines["ReLU"].get_ydata()) == [0.5, 0.75] and "sigmoid" not in lines  # dead share, at 0.1 and 0.5
    figure = figures.activation_by_rate_normalised(csv(tables.activation_by_rate_normalised(TABLES), tmp_path))
    assert [axis.get_title() for axis in figure.axes[:2]] == ["piecewise linear", "smooth, unbounded"]


def test_any_activation_of_the_catalogue_has_its_family_drawn():
    rows = found(*(network(seed, 0.1, activation="k_winners_0.1") for seed in (0, 1000)))
    figure = figures.activation_by_rate(tables.activation_by_rate(rows))
    assert figure.axes[0].get_title() == "winners"
    assert figure.legends[0].get_texts()[0].get_text() == "k winners 0.1"
