"""The study convolution on small tables whose answer is computed by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, tables
from dying_relu.estimands import convolution as study
from dying_relu.numbers.convolution import convolution as numbers
from dying_relu.study import REFERENCE

SEEDS = (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001))
UNITS = {"conv": (8, 8), "local": (288, 128), "dense": (8, 8)}
RATES = (1.0, 2.0, 4.0)


def found(dead, gradient=None, accuracy=0.9):
    """Tables of a study in which a class's networks have given dead shares in both layers at each rate."""
    networks, activity, history = [], [], []
    for architecture, by_rate in dead.items():
        for rate, shares in zip(RATES, by_rate, strict=True):
            for phase, seed in SEEDS:
                grid = "dense" if architecture == "dense" else "main"
                base = REFERENCE | {"grid": grid, "phase": phase, "seed": seed, "architecture": architecture}
                base |= {"width": 8, "depth": 2, "epochs": 6, "learning_rate": rate, "scaling": "unit"}
                diverged = shares is None
                networks.append(base | {"diverged": diverged, "test_accuracy": np.nan if diverged else accuracy})
                for layer, n in enumerate(UNITS[architecture], start=1):
                    count = pd.NA if diverged else round(n * shares[layer - 1])
                    activity.append(
                        base | {"epoch": 6, "layer": layer, "n_units": n, "n_dead": count, "zero_share": 0.5}
                    )
                norm = (gradient or {}).get(architecture, 1.0)
                size = rate * norm / np.sqrt(study.parameters(architecture, 8, 2))
                history.append(base | {"step": 1, "epoch": 1 / 30, "update_rms": size})
    frames = {"networks": networks, "activity": activity, "history": history}
    frames = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    frames["activity"] = frames["activity"].astype({"n_dead": "Int32"})
    return frames


SHARED = [(0, 0.5), (0.5, 1), (1, 1)]
UNSHARED = [(0, 0), (0.5, 0.25), (1, 1)]


def test_layers_weigh_the_same():
    shares = study.dead_shares(found({"local": UNSHARED})["activity"])
    assert shares[shares["learning_rate"] == 2]["dead"].tolist() == [pytest.approx(0.375)] * 3


def test_the_control_is_met_where_it_is_nearest_to_one_half():
    tables_ = found({"conv": SHARED, "local": UNSHARED})
    assert study.killing_rate(tables_) == 2
    values = study.unshared_less_shared_deaths(tables_)
    assert values["seed"].tolist() == [1000, 1001]
    assert values["value"].tolist() == [pytest.approx(0.375 - 0.75)] * 2
    lost = found({"conv": [SHARED[0], None, SHARED[2]], "local": UNSHARED})
    assert study.killing_rate(lost) != 2  # no convolution is finite there
    assert study.unshared_less_shared_deaths(found({"conv": [None] * 3, "local": UNSHARED})).empty


def test_other_rates_are_interpolated_in_log_rate():
    shares = study.dead_shares(found({"conv": SHARED, "local": UNSHARED})["activity"])
    between = study.difference(shares, 2.0, np.sqrt(2))  # half way between 1 and 2
    assert between.tolist() == [pytest.approx(0.375 - 0.5)] * 2
    assert study.difference(shares, 2.0, 8.0).empty  # beyond the grid


def test_a_seed_needs_both_networks():
    tables_ = found({"conv": SHARED, "local": UNSHARED})
    activity = tables_["activity"]
    gone = (activity["seed"] == 1000) & (activity["architecture"] == "conv") & (activity["layer"] == 2)
    tables_["activity"] = activity.assign(n_dead=activity["n_dead"].mask(gone))
    assert study.unshared_less_shared_deaths(tables_)["seed"].tolist() == [1001]


def test_gradient_norm_is_read_off_the_first_step():
    sizes = study.gradient_sizes(found({"conv": SHARED, "local": UNSHARED}, {"conv": 3.0})["history"])
    assert sizes["unit", "conv", 8] == pytest.approx(9) and sizes["unit", "local", 8] == pytest.approx(1)


def test_parameters_are_counted():
    output = 16 * 8 * 10 + 10  # of four by four positions, eight channels each
    assert study.parameters("conv", 8, 2) == (9 + 1) * 8 + (72 + 1) * 8 + output
    assert study.parameters("local", 8, 2) == 36 * (9 + 1) * 8 + 16 * (72 + 1) * 8 + output
    assert study.parameters("dense", 20, 2) == (64 + 1) * 20 + (20 + 1) * 20 + (20 + 1) * 10


def test_failure_limit_is_interpolated_and_missing_where_never_reached():
    networks = found({"conv": SHARED, "local": UNSHARED})["networks"]
    shared = networks["architecture"] == "conv"
    networks.loc[shared & (networks["learning_rate"] == 4), "diverged"] = True
    limits = study.failure_limits(networks)
    assert limits["unit", "conv", 8] == pytest.approx(2 * np.sqrt(2))
    assert np.isnan(limits["unit", "local", 8])


@pytest.mark.parametrize("unshared", [UNSHARED, [None] * 3], ids=["finite", "diverged"])
def test_figures_and_numbers_of_small_tables(unshared, tmp_path):
    tables_ = found({"conv": SHARED, "local": unshared, "dense": SHARED}, accuracy=0.4)
    for kind in ("convolution_dead", "convolution_relative"):
        tables.write(figure_data.KINDS[kind](tables_), tmp_path / "table.csv")
        figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / f"{kind}.pdf")])
        assert (tmp_path / f"{kind}.pdf").stat().st_size > 1000
    values, shown = numbers(tables_)
    finite = unshared is UNSHARED
    assert values["conv.parameters"] == r"1\,954" and values["local.units"] == "288 + 128"
    assert values["equal"].startswith(r"$-$38 points" if finite else "--")
    assert "unshared weights" in shown["classes"]
