"""The study activation: its estimands on small tables whose answer is known by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, tables
from dying_relu.estimands import activation
from dying_relu.numbers.activation import _thresholds_table
from dying_relu.study import REFERENCE


def network(seed, rate, curve=(0.1, 0.5), epochs=4, **more):
    """A network's row and its history: training accuracies at epochs 0, 1, ...; NaN from divergence on."""
    base = REFERENCE | {"grid": "main", "learning_rate": rate, "seed": seed, "epochs": epochs} | more
    base |= {"phase": "pilot" if seed < 1000 else "confirmatory"}
    diverged = not np.isfinite(curve[-1])
    row = {"diverged": diverged, "train_accuracy": curve[-1], "test_accuracy": curve[-1], "dead_fraction": np.nan}
    history = [base | {"step": k, "epoch": float(k), "train_accuracy": value} for k, value in enumerate(curve)]
    return row | base, history


def found(*networks):
    """Tables of several networks."""
    return {
        "networks": pd.DataFrame([row for row, _ in networks]),
        "history": pd.DataFrame([moment for _, history in networks for moment in history]),
    }


def test_times_are_interpolated_and_end_with_the_run():
    cases = found(
        network(0, 0.1, (0.1, 0.9, 1.0, 0.9, 1.0)),  # 0.95 half way between epochs 1 and 2, the first time
        network(1, 0.1, (0.1, 0.2, 0.3, 0.4, 0.5)),
        network(2, 0.1, (0.1, 0.2, np.nan, np.nan, np.nan)),
        network(3, 0.1, (0.96, 1.0, 1.0, 1.0, 1.0)),
    )
    times = activation.times(cases).set_index("seed")
    assert times["time"].tolist() == pytest.approx([1.5, 4, np.nan, 0], nan_ok=True)
    assert times["reached"].tolist() == [True, False, False, True]


def test_speed_is_compared_at_the_rates_fastest_on_pilot_seeds():
    slow, fast, never = (0.0, 0.0, 0.0, 0.95, 1.0), (0.0, 0.95, 1.0, 1.0, 1.0), (0.0,) * 5
    cases = found(
        network(0, 0.1, slow),
        network(0, 1.0, fast),
        network(1000, 0.1, fast),  # faster here, but that is not for confirmatory seeds to say
        network(1000, 1.0, slow),
        network(0, 0.1, never, activation="sigmoid"),
        network(0, 1.0, slow, activation="sigmoid"),
        network(1000, 1.0, never, activation="sigmoid"),
    )
    values = activation.time_ratio_relu_to_sigmoid(cases)
    assert values.to_dict("list") == {"seed": [1000], "value": [pytest.approx(3 / 4)]}


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
        network(1000, 0.1, (0.1, 0.75), activation="leaky_relu_0.01"),
        network(1001, 0.1, (0.1, 0.75), activation="leaky_relu_0.01"),  # no partner: takes no part
    )
    assert activation.accuracy_gain_of_leaky(cases).to_dict("list") == {"seed": [1000], "value": [pytest.approx(0.05)]}


def dead(seed, rate, share, batch_norm=False):
    row, _ = network(seed, rate, (0.1, np.nan if share is None else 0.5), batch_norm=batch_norm)
    return row | {"dead_fraction": np.nan if share is None else share}


def test_dead_units_of_a_pair_are_shared_out():
    rows = [
        dead(0, 1.0, 0.2),
        dead(0, 2.0, 0.9),
        dead(1, 2.0, None),
        dead(2, 2.0, None),  # most diverge at 2, so 1 is the killing rate
        *(dead(seed, 1.0, share) for seed, share in ((1000, 0.3), (1001, 0.0), (1002, None), (1003, 0.0))),
        *(dead(seed, 1.0, share, True) for seed, share in ((1000, 0.1), (1001, 0.2), (1002, 0.5), (1003, 0.0))),
    ]
    networks = pd.DataFrame(rows)
    assert activation.killing_rate(networks) == 1.0
    values = activation.dead_with_batch_norm({"networks": networks})
    assert values.to_dict("list") == {"seed": [1000, 1001], "value": [pytest.approx(0.25), 1.0]}


def test_lost_units_are_counted_over_layers_at_the_end():
    base = REFERENCE | {"grid": "main", "phase": "confirmatory", "seed": 1000, "epochs": 4, "n_units": 4}
    rows = [
        base | {"epoch": 4.0, "layer": 1, "n_dead": 1, "n_closed": 2},
        base | {"epoch": 4.0, "layer": 2, "n_dead": 0, "n_closed": 4},
        base | {"epoch": 0.0, "layer": 1, "n_dead": 4, "n_closed": 4},
        base | {"epoch": 4.0, "layer": 1, "n_dead": None, "n_closed": None, "seed": 1001},
        base | {"epoch": 4.0, "layer": 2, "n_dead": None, "n_closed": None, "seed": 1001},
    ]
    shares = activation.lost(pd.DataFrame(rows).astype({"n_dead": "Int32", "n_closed": "Int32"})).set_index("seed")
    assert shares.loc[1000, ["dead", "closed"]].tolist() == [1 / 8, 6 / 8]
    assert shares.loc[1001, ["dead", "closed"]].isna().all()


def test_saturated_shares_are_of_finite_networks_and_need_five():
    base = REFERENCE | {"grid": "main", "phase": "confirmatory", "epochs": 4, "epoch": 4.0, "layer": 1, "n_units": 4}
    rows = [
        base
        | {"activation": "softplus", "learning_rate": rate, "seed": seed}
        | dict.fromkeys(("n_dead_strict", "n_dead", "n_dead_lenient"), dead if seed < finite else None)
        for rate, finite, dead in ((0.1, 8, 1), (1.0, 5, 2), (2.0, 4, 3))
        for seed in range(8)
    ]
    table = _thresholds_table(pd.DataFrame(rows).astype(dict.fromkeys(("n_dead_strict", "n_dead"), "Int32")))
    quarter = " / ".join([r"25\,\%"] * 3)
    assert rf"softplus & {quarter} & -- \\" in table  # every second rate: 0.1, and 2 with four finite networks


def test_figures_can_be_drawn(tmp_path):
    curves = {"relu": (0.0, 0.9, 0.98), "sigmoid": (0.0, 0.1, 0.2)}
    cases = found(
        *(
            network(seed, 0.1, curve, epochs=2, activation=name, batch_norm=has)
            for seed in (0, 1000, 1001)
            for name, curve in curves.items()
            for has in (False, True)
        )
    )
    cases["activity"] = cases["history"].assign(layer=1, n_units=4, n_dead=1, n_closed=2)
    for kind in ("activation_arms", "activation_by_rate", "activation_by_rate_normalised"):
        table = figure_data.KINDS[kind](cases)
        assert not table.empty and table["mean"].notna().all()
        tables.write(table, tmp_path / "table.csv")
        figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / f"{kind}.pdf")])
        assert (tmp_path / f"{kind}.pdf").stat().st_size > 1000
