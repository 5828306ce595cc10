"""The study initialisation: theory held to enumeration and sampling, the rest to tables solved by hand."""

import io
from itertools import product

import numpy as np
import pandas as pd
import pytest

from by_hand import in_cell
from dying_relu.analysis import theory
from dying_relu.design.settings import Settings
from dying_relu.studies.initialisation import estimands as study
from dying_relu.studies.initialisation import figures, tables, text
from dying_relu.workflow.errors import UserError

BASE = dict(Settings()) | {"grid": "schemes", "depth": 5, "epochs": 6}
NARROW = dict(Settings()) | {
    "grid": "collapse",
    "dataset": "absolute",
    "scaling": "raw",
    "depth": 2,
    "width": 2,
    "epochs": 5,
}


@pytest.mark.parametrize("width", [1, 2, 3])
def test_two_layers_are_born_dead_as_often_as_counting_signs_says(width):
    """Each unit of layer 1 is open on one ray; with disjoint units, each of layer 2 has independent signs on both."""
    dead = 0.0
    for signs in product([0, 1], repeat=width):
        reached = len(set(signs))  # on how many rays some unit is open
        dead += 0.5**width * 0.25**width if reached == 2 else 0.5**width * 0.5**width
    low, high = theory.born_dead_bounds(width, 2)
    assert low == pytest.approx(dead)
    assert low <= high <= theory.silent_ray_probability(width, 2)


def test_bounds_meet_for_width_one():
    depth = np.arange(1, 8)
    low, high = theory.born_dead_bounds(1, depth)
    assert low == pytest.approx(1 - 0.5 ** (depth - 1.0)) and high == pytest.approx(low)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_sampled_networks_lie_between_the_bounds_and_hold_the_exact_second_layer(width):
    n, depth = 20_000, 8
    dead = theory.sample_born_dead(width, depth, n, seed=7)
    by_depth = np.maximum.accumulate(dead == width, axis=1).mean(axis=0)
    low, high = theory.born_dead_bounds(width, np.arange(1, depth + 1))
    error = 4 * np.sqrt(np.maximum(by_depth * (1 - by_depth), 1 / n) / n)
    assert (by_depth >= low - error).all() and (by_depth <= high + error).all()
    assert by_depth[1] == pytest.approx(low[1], abs=error[1])
    assert (dead[:, 0] == 0).all()
    assert dead[:, 1].mean() / width == pytest.approx(theory.second_layer_unit_born_dead(width), abs=0.01)


def test_asymmetric_sampling_draws_one_entry_from_beta():
    draw = np.random.default_rng(0)
    rows = theory._asymmetric_layer(draw, np.zeros((40_000, 1, 1)), 1)  # input 0: the pre-activation is the bias
    normal = draw.normal(0, 0.6007, 40_000)
    expected = (2 / 3 + normal.mean()) / 2  # of the two entries the bias is the chosen one half of the time
    assert rows.mean() == pytest.approx(expected, abs=0.02)
    assert (rows < 0).mean() == pytest.approx(0.25, abs=0.01)


def phase(seed):
    return "pilot" if seed < 1000 else "confirmatory"


def scheme(name, seed, ratio, accuracy, rate=0.1, **more):
    """A network of the grid schemes (diverged without accuracy), and its first and last layer before the first step."""
    one = BASE | {"phase": phase(seed), "initializer": name, "seed": seed, "learning_rate": rate} | more
    known = accuracy is not None
    network = one | {"diverged": not known, "test_accuracy": accuracy if known else np.nan, "born_dead_fraction": 0.25}
    network |= {"dead_fraction": 0.5 if known else np.nan}
    ends = ((1, 2.0), (one["depth"], 2.0 * ratio))
    layers = [one | {"step": 0, "epoch": 0.0, "layer": k, "mean_output": out, "gradient_norm": 0.5} for k, out in ends]
    return network, layers


def stacked(rows):
    return {
        "networks": pd.DataFrame([row[0] for row in rows]),
        "layers": pd.DataFrame([x for row in rows for x in row[1]]),
    }


def test_choked_share_needs_all_four_conditions_of_the_schemes_chosen_on_pilot_seeds():
    rows = [
        *(scheme("normal_0.01", seed, 1e-5, 0.1) for seed in (0, 1000, 1001, 1002, 1003, 1004)),
        scheme("normal_0.01", 1005, 1e-2, 0.1),  # does not fade
        scheme("normal_0.01", 1006, 1e-5, 0.3),  # learns
        scheme("he_normal", 0, 1.1, 0.9),
        scheme("he_normal", 1000, 0.9, 0.95),
        scheme("he_normal", 1001, 0.2, 0.95),  # fades
        scheme("he_normal", 1002, 0.9, 0.5),  # does not train
        scheme("he_normal", 1003, 0.9, None),  # diverged
        scheme("he_normal", 1004, np.nan, 0.95),  # nothing comes out of the first layer: no ratio
        scheme("he_normal", 1005, 0.9, 0.95),
        scheme("he_normal", 1006, 0.9, 0.95),
        scheme("lecun_normal", 0, 0.2, 0.99),
        scheme("lecun_normal", 1000, 1e-9, 0.99),  # confirmatory seeds choose nothing
        scheme("zeros", 0, np.nan, 0.1),
    ]
    found = study.choked_share_by_initialisation(stacked(rows))
    values = in_cell(found, rates=study.BEST)
    assert np.isnan(values.pop(1003)) and np.isnan(values.pop(1004))
    assert values == {1000: 1, 1001: 0, 1002: 0, 1005: 0, 1006: 0}
    assert set(found["seed"][found["diverged"]]) == {1003}


def test_choked_nets_are_mapped_over_single_rates_and_over_adam():
    both = [("normal_0.01", 1e-5, (0.1, 0.15)), ("he_normal", 1.1, (0.9, 0.5))]
    rows = [
        scheme(name, seed, ratio, value, rate=rate)
        for name, ratio, values in both
        for seed in (0, 1000)
        for rate, value in zip((0.1, 0.3), values, strict=True)
    ]
    adam = {"grid": study.ADAM, "optimizer": "adam"}
    rows += [scheme("normal_0.01", seed, 1e-5, 0.7, **adam) for seed in (0, 1000)]  # learns after all
    rows += [scheme("he_normal", seed, 1.1, 0.9, **adam) for seed in (0, 1000)]
    found = study.choked_share_by_initialisation(stacked(rows))
    assert in_cell(found, optimizer="sgd", rates=study.BEST) == {1000: 1}  # at 0.3 the one, at 0.1 the other
    assert in_cell(found, optimizer="sgd", rates="both 0.1") == {1000: 1}
    assert in_cell(found, optimizer="sgd", rates="both 0.3") == {1000: 0}
    assert in_cell(found, optimizer="adam", rates=study.BEST) == {1000: 0}


def test_schemes_without_the_same_seeds_stop_the_build():
    rows = [scheme("normal_0.01", seed, 1e-5, 0.1) for seed in (0, 1000)] + [scheme("he_normal", 0, 1.1, 0.9)]
    with pytest.raises(UserError, match="seed 1000 has a network of one arm alone"):
        study.choked_share_by_initialisation(stacked(rows))


def test_one_scheme_alone_or_none_with_a_rate_decides_nothing():
    one = [scheme("he_normal", seed, 1.0, 0.9) for seed in (0, 1000)]
    diverged = [
        scheme(name, seed, r, None) for name, r in (("normal_1", 9.0), ("he_normal", 1.0)) for seed in (0, 1000)
    ]
    for rows in (one, diverged):
        assert not study.choked_share_by_initialisation(stacked(rows))["value"].any()


def test_extremes_are_of_the_mean_logarithm_and_a_dead_end_counts_as_fading():
    rows = [
        scheme("he_normal", 0, 10.0, 0.9),  # mean logarithm 0, mean ratio 5.05
        scheme("he_normal", 1, 0.1, 0.9),
        scheme("orthogonal", 0, 1.5, 0.9),
        scheme("normal_0.01", 0, 0.0, 0.1),
        scheme("rai", 0, 1e-9, 0.1),
    ]
    assert study.extreme_schemes(study.attenuation(stacked(rows)["layers"])) == ("normal_0.01", "he_normal")


def test_the_last_layer_is_that_of_the_depth_most_networks_have():
    rows = [scheme("he_normal", seed, 0.5, 0.9, depth=depth) for seed, depth in ((0, 5), (1, 5), (0, 8))]
    assert study.attenuation(stacked(rows)["layers"])["ratio"].tolist() == [0.5, 0.5]


def test_a_scheme_that_diverges_at_every_rate_has_no_best_one():
    rows = [scheme("normal_1", 0, 1e3, None), scheme("he_normal", 0, 1, 0.8), scheme("he_normal", 0, 1, 0.9, rate=0.3)]
    networks = stacked(rows)["networks"]
    assert study.best_rates(networks).to_dict("list") == {"initializer": ["he_normal"], "learning_rate": [0.3]}
    best = study.at_best_rates(networks, networks)
    assert list(zip(best["initializer"], best["learning_rate"], strict=True)) == [("normal_1", 0.1), ("he_normal", 0.3)]


def lives(seed, dead_by_moment, loss, **more):
    """A net of two layers of two units: dead units of each layer at the start and at the end."""
    one = NARROW | {"phase": phase(seed), "initializer": "rai", "seed": seed} | more
    rows = [
        one | {"step": 5 * place, "epoch": 5 * place, "layer": layer, "n_units": 2, "n_dead": dead}
        for place, both in enumerate(dead_by_moment)
        for layer, dead in enumerate(both, start=1)
    ]
    return one | {"train_loss": np.nan if loss is None else loss, "diverged": loss is None}, rows


CASES = {
    1001: (((0, 2), (0, 2)), 0.25, "born dead"),
    1002: (((0, 1), (2, 1)), 0.25, "killed"),
    1003: (((0, 1), (0, 1)), 0.24, "constant"),
    1004: (((1, 1), (0, 0)), 0.01, "learned"),
    1005: (((1, 1), (0, 0)), 0.12, None),
    1006: (((1, 1), (None, None)), None, None),  # diverged
    1007: (((0, 2), (None, None)), None, "born dead"),  # diverged, too late
}


def collapsed(**more):
    made = [lives(seed, dead, loss, **more) for seed, (dead, loss, _) in CASES.items()]
    activity = pd.DataFrame([row for _, rows in made for row in rows]).astype({"n_dead": "Int32"})
    return {"activity": activity, "networks": pd.DataFrame([network for network, _ in made])}


def test_fates_tell_born_dead_from_killed_from_constant():
    found = study.fates(**collapsed()).set_index("seed")
    for seed, (_, _, fate) in CASES.items():
        assert found.loc[seed, list(study.FATES)].to_dict() == {name: float(name == fate) for name in study.FATES}
    assert found["revived"].sum() == 0
    revived = lives(1001, ((0, 2), (0, 1)), 0.01)
    found = study.fates(pd.DataFrame(revived[1]), pd.DataFrame([revived[0]]))
    assert found[[*study.FATES, "revived"]].iloc[0].tolist() == [1, 0, 0, 0, 1]


def test_fates_of_nets_that_differ_in_more_than_optimiser_stay_apart():
    both = [collapsed(), collapsed(width=4), collapsed(grid="collapse_adam", optimizer="adam", width=4)]
    found = {name: pd.concat([one[name] for one in both], ignore_index=True) for name in ("activity", "networks")}
    table = tables.collapse_by_rate(found)
    assert list(dict.fromkeys(table["arm"])) == ["SGD, width 2", "SGD, width 4", "Adam, width 4"]
    assert table["n_seeds"].eq(7).all()


def test_without_a_known_variance_of_the_target_no_net_counts_as_constant_or_learned():
    found = study.fates(**collapsed(dataset="friedman"))
    assert (
        found[["born dead", "killed"]].sum().tolist() == [2, 1] and found[["constant", "learned"]].to_numpy().sum() == 0
    )


def born(dead, initializer="he_normal", width=2, **more):
    """Before the first step: dead units of each layer of each network, confirmatory seeds from 1000."""
    one = NARROW | {"grid": "born_dead", "phase": "confirmatory", "step": 0, "epoch": 0.0, "n_units": width}
    one |= {"initializer": initializer, "width": width, "depth": len(dead[0])} | more
    return pd.DataFrame(
        one | {"seed": seed, "layer": layer, "n_dead": n}
        for seed, layers in enumerate(dead, start=1000)
        for layer, n in enumerate(layers, start=1)
    )


def test_a_network_is_dead_from_the_depth_of_its_first_silent_layer_on():
    found = tables.networks_born_dead(born([(0, 2, 1), (0, 0, 2)]))
    assert found["depth"].tolist() == [1, 2, 3] and found["mean"].tolist() == [0, 0.5, 1]
    assert found.loc[2, ["ci_low", "ci_high"]].tolist() == pytest.approx([0.025**0.5, 1])  # two of two


def test_monte_carlo_and_bounds_stand_beside_the_nets_that_they_speak_of(capsys):
    rows = [born([(0, 1)]), born([(0, 1)], "lecun_normal"), born([(0, 1)], "rai"), born([(0, 1)], width=32)]
    found = tables.born_dead_sampled(pd.concat(rows, ignore_index=True))
    assert set(zip(found["initializer"], found["how"], strict=True)) == {
        ("he_normal", "sampled"),
        ("he_normal", "bounds"),
        ("rai", "sampled"),
    }
    assert set(found["width"]) == {2} and "not sampled: nets of width 32" in capsys.readouterr().out
    exact = found[(found["initializer"] == "he_normal") & (found["of"] == "networks") & (found["depth"] == 2)]
    sampled, bounds = (exact[exact["how"] == how].iloc[0] for how in ("sampled", "bounds"))
    assert bounds["ci_low"] == pytest.approx(0.5 * 1 / 16 + 0.5 * 1 / 4)  # both rays reach the layer, or one
    assert sampled["mean"] == pytest.approx(bounds["ci_low"], abs=0.01)
    assert tables.born_dead_sampled(born([(0, 1)], scaling="unit")).empty  # one ray alone


def test_sampling_happens_once_a_process(monkeypatch):
    rows = born([(0, 1)])
    tables.born_dead_sampled(rows)
    monkeypatch.setattr(theory, "sample_born_dead", None)
    assert not tables.born_dead_sampled(rows).empty


def everything():
    """All tables of the study: two schemes, one of them in the other grids; narrow nets."""
    rows = [scheme("normal_0.01", seed, 1e-5, 0.1) for seed in (0, 1000)]
    rows += [scheme("he_normal", seed, 0.5, a, rate=r) for seed in (0, 1000) for r, a in ((0.1, 0.9), (0.3, 0.7))]
    rows += [scheme("normal_1", seed, 100.0, None) for seed in (0, 1000)]
    # what pilot seeds prefer is not what confirmatory ones would
    slow = [(0, 0.3, 0.4), (0, 1.0, 0.3), (1000, 0.3, 0.5), (1000, 1.0, 0.8)]
    rows += [(scheme("normal_0.01", s, 1, a, rate=r, grid="patience", epochs=60)[0], []) for s, r, a in slow]
    rows += [
        (scheme("he_normal", s, 1, 0.6, rate=0.01, grid="patience_adam", optimizer="adam")[0], []) for s in (0, 1000)
    ]
    found, narrow = stacked(rows), collapsed()
    he = collapsed(initializer="he_normal", learning_rate=0.1)
    births = [born([(0,) + (1,) * 8 + (2,) * 11, (0,) * 20]), born([(0,) * 19 + (4,)], width=8)]
    return {
        "networks": pd.concat([found["networks"], narrow["networks"], he["networks"]], ignore_index=True),
        "activity": pd.concat([narrow["activity"], he["activity"], *births], ignore_index=True),
        "layers": found["layers"],
    }


@pytest.fixture
def few_sampled(monkeypatch):
    monkeypatch.setitem(tables.SAMPLED, "he_normal", 500)


@pytest.mark.usefixtures("few_sampled")
def test_numbers_of_small_tables():
    made = text.numbers(everything())
    expected = {
        "schemes.epochs": 6, "choking.scheme": "normal, deviation 0.01", "surviving.scheme": "He normal",
        "choking.ratio": 1e-5, "surviving.ratio": 0.5, "large.ratio": 100, "choking.accuracy": 0.1,
        "surviving.accuracy": 0.9, "choking.born": 0.25, "choking.dead": 0.5, "large.diverged": 1,
        "trained.schemes": 1, "trained.worst": 0.9, "trained.best": 0.9,
        "patience.epochs": 60, "patience.accuracy": 0.5, "adam.he.accuracy": 0.6,
        "born.seeds": 2, "born.wide.networks": 0, "born.wide.units": 0.5,
        "born.low": 1 - 2 * 0.75**10 + 0.5 * 0.75**18, "born.high": 1 - 0.75**9, "born.lu": 1 - 0.75**10,
        "collapse.born": 4, "collapse.revived": 0, "collapse.he.born": 2 / 7, "collapse.he.share.born": 2 / 3,
        "collapse.he.killed.low": 1 / 7, "collapse.he.killed.high": 1 / 7, "collapse.he.living.killed.high": 1 / 5,
        "collapse.he.learned.high": 1 / 7, "collapse.rai.constant.high": 1 / 7,
    }  # fmt: skip
    assert {key: made[key] for key in expected} == {
        key: value if isinstance(value, str) else pytest.approx(value) for key, value in expected.items()
    }
    assert np.isnan(made["adam.normal.accuracy"]) and np.isnan(made["born.rai"].value)
    assert made["born.he"].value == 0.5 and made["born.he"].ci_low == pytest.approx(0.0126, abs=1e-4)  # one of two
    assert made["born.cells"] == 10 and 0 <= made["born.inside"] <= 10  # five depths of width 2, five of width 8


@pytest.mark.usefixtures("few_sampled")
def test_tables_of_the_text():
    found = text.tables(everything())
    shown = found["schemes"].frame.set_index("scheme")
    assert shown.index.tolist() == ["normal, deviation 0.01", "normal, deviation 1", "He normal"]
    assert shown.loc["He normal", ["ratio", "gradient", "best", "test_accuracy"]].tolist() == [0.5, 0.5, 0.1, 0.9]
    assert np.isnan(shown.loc["normal, deviation 1", "best"]) and shown.loc["normal, deviation 1", "diverged"] == 1
    cells = found["born_dead"].frame.set_index(["width", "depth"])
    assert cells.loc[(2, 10), "mean"] == 0.5 and cells.loc[(2, 2), "low"] == pytest.approx(0.15625)
    ends = found["collapse"].frame.set_index("scheme")
    assert ends.loc["He normal", ["born dead", "killed", "living"]].tolist() == pytest.approx([2 / 7, 1 / 7, 1 / 5])
    # of 28 units: 0+2, 0+1, 0+1, 1+1, 1+1, 1+1, 0+2 are dead before; of 20 of finite nets 2, 3, 1, 0, 0 at the end
    assert ends.loc["He normal", ["units_born", "units_dead"]].tolist() == pytest.approx([12 / 28, 6 / 20])
    assert all(table.latex().startswith(r"\begin{tabular}") for table in found.values())


def drawing(name, found):
    """The figure of a kind, drawn from its table as it is kept, and the table."""
    table = pd.read_csv(io.StringIO(getattr(tables, name)(found).to_csv(index=False)))
    return getattr(figures, name)(table), table


def labels(figure):
    return [entry.get_text() for entry in figure.legends[0].get_texts()]


def test_layers_are_drawn_by_scheme_and_moment_and_a_diverged_scheme_only_before():
    networks = [scheme(n, s, 1, a)[0] for n, a in (("glorot_normal", 0.9), ("normal_1", None)) for s in (0, 1000)]
    layers = [
        {key: value for key, value in one.items() if key != "diverged"}
        | {"step": 10 * epoch, "epoch": epoch, "layer": layer, "mean_output": 2.0, "gradient_norm": 0.1}
        for one in networks
        for epoch in (0, 1, 6)
        for layer in (1, 5)
    ]
    figure, table = drawing("layers_by_scheme", {"networks": pd.DataFrame(networks), "layers": pd.DataFrame(layers)})
    assert set(table.loc[table["initializer"] == "normal_1", "moment"]) == {"before"}
    assert [axis.get_title() for axis in figure.axes[:3]] == ["before", "after one epoch", "at the end"]
    assert labels(figure) == ["normal, deviation 1", "Glorot normal"]
    dotted = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == ":"]
    assert [line.get_ydata().tolist() for line in dotted] == [[2.0, 2.0]]
    assert figure.axes[0].get_yscale() == "log"


def test_more_schemes_than_colours_and_zeros_can_be_drawn():
    names = [name for name in study.INITIALIZERS if name != "zeros"]
    rows = [scheme(name, seed, 1, 0.9) for name in names for seed in (0, 1000)]
    rows += [(network, [layer | {"mean_output": 0.0, "gradient_norm": 0.0} for layer in layers])
             for network, layers in (scheme("zeros", seed, 1, 0.1) for seed in (0, 1000))]  # fmt: skip
    figure, _ = drawing("layers_by_scheme", stacked(rows))
    assert labels(figure) == [study.INITIALIZERS[name].name for name in names]


def test_born_dead_shares_are_drawn_beside_monte_carlo_and_bounds():
    rows = [born([(0, 2, 1, 0), (0, 0, 0, 0)]), born([(0, 0, 0, 0)], "ones", width=3)]
    figure, _ = drawing("born_dead_by_depth", {"activity": pd.concat(rows, ignore_index=True)})
    assert labels(figure) == ["width 2, He normal", "width 3, ones"]
    networks = figure.axes[0]
    curves = [line.get_ydata().tolist() for line in networks.get_lines()]
    assert [0, 0.5, 0.5, 0.5] in curves and [0, 0, 0, 0] in curves
    assert networks.get_title() == "networks" and networks.get_xlabel() == "number of hidden layers"
    assert figure.axes[1].get_xlabel() == "hidden layer"


def test_fates_are_drawn_by_scheme_and_optimiser():
    adam = collapsed(grid="collapse_adam", optimizer="adam", learning_rate=0.001)
    found = {name: pd.concat([part, adam[name]], ignore_index=True) for name, part in collapsed().items()}
    figure, table = drawing("collapse_by_rate", found)
    shares = table[table["arm"] == "SGD"].set_index("fate")["mean"]
    assert shares.to_dict() == pytest.approx({"born dead": 2 / 7, "killed": 1 / 7, "constant": 1 / 7, "learned": 1 / 7})
    assert [axis.get_title() for axis in figure.axes] == ["SGD", "Adam"]
    assert figure.axes[0].get_ylabel() == "asymmetric (RAI)\nshare of networks"
    assert labels(figure) == ["born dead", "killed in training", "no dead layer, constant fit", "learned"]
