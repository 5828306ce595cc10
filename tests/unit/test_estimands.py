"""Estimands on small tables whose answer is computed by hand."""

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from dying_relu import claims, estimands, figure_data, figures, registry, study, tables
from dying_relu.estimands import learning_rate, outlier, single_unit
from dying_relu.figure_data.learning_rate import divergence_limits, narrow
from dying_relu.numbers.learning_rate import _definitions_table, _warm_up_table
from dying_relu.study import REFERENCE


def networks(rows):
    """Rows of (phase, scaling, rate, seed, diverged, dead_fraction, test_accuracy) of the reference network."""
    names = ["phase", "scaling", "learning_rate", "seed", "diverged", "dead_fraction", "test_accuracy"]
    return pd.DataFrame({**REFERENCE, "grid": "main"} | dict(zip(names, row, strict=True)) for row in rows)


NETWORKS = networks(
    [
        ("pilot", "unit", 0.1, 0, False, 0.1, 0.9),
        ("pilot", "unit", 1.0, 0, False, 0.5, 0.6),
        ("pilot", "unit", 5.0, 0, True, np.nan, np.nan),
        ("pilot", "standardised", 1.0, 0, False, 0.2, 0.95),
        ("confirmatory", "unit", 0.1, 1000, False, 0.05, 0.9),
        ("confirmatory", "unit", 0.1, 1001, False, 0.2, 0.9),
        ("confirmatory", "unit", 1.0, 1000, False, 0.5, 0.5),
        ("confirmatory", "unit", 1.0, 1001, True, np.nan, np.nan),
        ("confirmatory", "unit", 5.0, 1000, False, 1.0, 0.1),
    ]
)


def activity(dead, revived, layer=1, seed=1000, **more):
    """One layer's life over epochs 0, 1, ...: dead units, and revivals since the epoch before."""
    died = [0, *(max(b - a + r, 0) for a, b, r in zip(dead, dead[1:], revived[1:], strict=False))]
    return pd.DataFrame(
        REFERENCE
        | {"grid": "main", "phase": "confirmatory", "layer": layer, "seed": seed, "epochs": len(dead) - 1}
        | {"epoch": range(len(dead)), "step": range(len(dead)), "n_units": 4}
        | {"n_dead": dead, "n_revived": revived, "n_died": died, "n_ever_dead": np.maximum.accumulate(dead)}
        | more
    ).astype({"n_dead": "Int32", "n_revived": "Int32", "n_died": "Int32"})


def test_rates_are_chosen_on_pilot_seeds_alone():
    assert learning_rate.killing_cell(NETWORKS) == {"scaling": "unit", "learning_rate": 1.0}
    assert learning_rate.proper_cell(NETWORKS, {"scaling": "unit", "learning_rate": 1.0})["learning_rate"] == 0.1


def test_diverged_networks_have_no_part_in_the_dead_fraction():
    values = learning_rate.dead_fraction_at_killing_rate({"networks": NETWORKS})
    assert values.to_dict("list") == {"seed": [1000], "value": [0.5]}
    ratio = learning_rate.dead_fraction_ratio_proper_to_killing({"networks": NETWORKS}).set_index("seed")["value"]
    assert ratio[1000] == pytest.approx(0.1) and np.isnan(ratio[1001])


def test_first_layer_revivals_count_events_and_exposure():
    frame = pd.concat(
        [
            activity([0, 2, 2, 2], [0, 0, 0, 0]),  # two units dead over two epochs: exposure 4
            activity([0, 3, 1, 1], [0, 0, 2, 0], layer=2),
            activity([0, 1, 0, 0], [0, 0, 1, 0], seed=1001),  # a revival: exposure 1
            activity([0, 9, 9, 9], [0, 9, 9, 9], optimizer="adam"),
            activity([0, 0, 0, 0], [0, 0, 0, 0], seed=1002),  # no exposure: says nothing
        ]
    )
    values = learning_rate.first_layer_revivals({"activity": frame}).set_index("seed")
    assert values.loc[1000].tolist() == [0, 0, 4]
    assert values.loc[1001].tolist() == [1, 1, 1]
    assert 1002 not in values.index


def test_recovered_share_is_of_the_units_ever_dead():
    frame = pd.concat([activity([0, 4, 3, 1], [0, 0, 1, 2]), activity([0, 1, 1, 1], [0] * 4, layer=2)])
    assert learning_rate.recovered_share({"activity": frame})["value"].tolist() == [pytest.approx(3 / 5)]
    assert learning_rate.recovered_share_deeper({"activity": frame})["value"].tolist() == [0.0]


def test_revivals_after_a_silent_layer():
    frame = pd.concat([activity([0, 4, 4, 4], [0] * 4, layer=2), activity([0, 4, 3, 3], [0, 0, 1, 0], layer=3)])
    assert learning_rate.revivals_in_silent_layers(frame) == (1, 3)


def test_stopping_is_judged_after_the_first_epoch_in_networks_with_a_mostly_dead_layer():
    histories, lives = [], []
    cases = {0.1: ([0, 3, 3], [2.3, 2.0, 1.99]), 0.2: ([0, 3, 3], [2.3, 2.0, 1.0]), 0.3: ([0, 2, 2], [2.3, 2.0, 2.0])}
    for rate, (dead, loss) in cases.items():
        life = activity(dead, [0, 0, 0], learning_rate=rate)
        lives.append(life)
        histories.append(life.assign(train_loss=loss))
    values = learning_rate.stopped_share_with_half_a_layer_dead(
        {"activity": pd.concat(lives), "history": pd.concat(histories)}
    )
    assert values["value"].tolist() == [0.5]


def test_movement_ratio_weighs_each_nearly_dead_unit_against_its_active_siblings():
    base = REFERENCE | {"grid": "main", "phase": "confirmatory", "seed": 1000}
    rows = [
        base | {"layer": 1, "status": "nearly dead", "n_units": 1, "movement_mean": 0.1},
        base | {"layer": 1, "status": "active", "n_units": 9, "movement_mean": 1.0},
        base | {"layer": 2, "status": "nearly dead", "n_units": 3, "movement_mean": 0.5},
        base | {"layer": 2, "status": "active", "n_units": 5, "movement_mean": 2.0},
        base | {"layer": 3, "status": "active", "n_units": 8, "movement_mean": 7.0},
    ]
    values = learning_rate.movement_ratio_nearly_dead({"units": pd.DataFrame(rows)})
    assert values["value"].tolist() == [pytest.approx((0.1 + 1.5) / (1 + 6))]


def test_counts_of_dead_units_with_a_gradient():
    base = REFERENCE | {"grid": "main", "phase": "confirmatory", "status": "dead", "n_units": 2, "layer": 1}
    rows = [base | {"seed": 1, "gradient_max": 0.0}, base | {"seed": 2, "gradient_max": 1e-9}]
    values = learning_rate.dead_units_with_gradient({"units": pd.DataFrame(rows)}).set_index("seed")
    assert values["value"].tolist() == [0, 1] and values["exposure"].tolist() == [2, 2]


@pytest.mark.parametrize("order, expected", [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], -1.0), ([1, 2, 4, 3], 0.8)])
def test_update_death_correlation_is_spearmans(order, expected):
    rates = [0.1, 0.2, 0.3, 0.4]
    frame = networks([("confirmatory", "unit", r, 1000, False, d / 10, 0.5) for r, d in zip(rates, order, strict=True)])
    steps = [frame.assign(step=s, epoch=s / 30, update_rms=frame["learning_rate"] * (s > 0)) for s in (0, 1, 2, 9)]
    values = learning_rate.rank_correlation_update_death({"networks": frame, "history": pd.concat(steps)})
    assert values["value"].tolist() == [pytest.approx(expected)]


def test_divergence_limit_is_interpolated_in_log_rate():
    rows = [
        ("confirmatory", "unit", r, s, r == 10 or (r == 1 and s == 0), 0.0, 0.5) for r in (0.1, 1, 10) for s in range(4)
    ]
    limits = divergence_limits(networks(rows))
    # a quarter diverges at 1, all at 10: a half at 1 + one third of a decade
    assert limits["limit"].tolist() == [pytest.approx(10 ** (1 / 3))]
    assert limits["limit_dead"].isna().all()


def test_death_is_counted_only_where_most_networks_stay_finite():
    rows = [("confirmatory", "unit", 0.1, s, False, 0.2, 0.5) for s in range(4)]
    rows += [("confirmatory", "unit", 1.0, s, s > 0, 0.9 if s == 0 else np.nan, 0.5) for s in range(4)]
    limits = divergence_limits(networks(rows))
    assert limits["most_dead"].tolist() == [0.2] and limits["limit_dead"].isna().all()


def test_narrow_networks_lack_what_is_not_there_or_dead():
    rows = networks([("confirmatory", "unit", 0.2, 1000, False, 0.25, 0.9)] * 2)
    rows = rows.assign(grid=["main", "control_narrow"], width=[64, 16])
    assert narrow(rows)["lacking"].tolist() == [1 - 12 / 64]


def test_shares_by_definition_leave_diverged_networks_out():
    counted = ["n_nearly_dead", "n_dormant_0", "n_dormant_0.025", "n_dormant_0.1"]
    lives = [
        activity([0, dead], [0, 0], seed=seed, scaling="unit", learning_rate=rate, **dict.fromkeys(counted, 1))
        for rate, dead in ((0.1, 1), (1.0, 3))
        for seed in (1000, 1001)
    ]
    lives = pd.concat(lives, ignore_index=True)
    gone = (lives["seed"] == 1001) & (lives["learning_rate"] == 1.0)
    lives.loc[gone, ["n_dead", "n_ever_dead"]] = pd.NA
    table = _definitions_table({"networks": NETWORKS, "activity": lives})
    assert r"dead & 25\,\% & 75\,\% \\" in table
    lives.loc[lives["learning_rate"] == 1.0, ["n_dead", "n_ever_dead"]] = pd.NA
    table = _definitions_table({"networks": NETWORKS, "activity": lives})
    assert r"dead & 25\,\% & -- \\" in table  # every network of the killing rate has diverged


def test_warm_up_is_compared_at_the_same_final_rate_and_seed():
    main = [("confirmatory", "unit", 1.0, s, False, 0.5, 0.6) for s in (1000, 1001, 1002)]
    warm = [("confirmatory", "unit", 0.1, s, s == 1001, np.nan if s == 1001 else 0.3, 0.8) for s in (1000, 1001, 1002)]
    rows = pd.concat([networks(main), networks(warm).assign(grid="control_warm_up", rate_factor=10.0)])
    row = _warm_up_table(rows).splitlines()[0].split(r"\midrule ")[1]
    assert row.startswith(r"1 & 0\,\% & 33\,\% & 50\,\% & 30\,\% & $-$20 [$-$20, $-$20] & 60\,\% & 80\,\%")


def test_every_claim_and_figure_names_a_registered_piece():
    known = claims.load([path.stem for path in (ROOT / study.STUDIES).glob("*.yaml")])
    assert {claim.estimand for claim in known.values()} <= set(estimands.ESTIMANDS)
    assert set(registry.marked("estimands", "estimand")) == set(estimands.ESTIMANDS)
    assert set(registry.marked("figure_data", "kind")) == set(figure_data.KINDS) == set(figures.DRAW) - {"verdicts"}


# the kinds that suit any study
_GRIDS = registry.keyword("figure_data", "kind", "grids")
GENERAL = [k for k, made in registry.marked("figure_data", "kind").items() if not _GRIDS[k] and "timings" not in made]


@pytest.mark.parametrize("kind", GENERAL)
@pytest.mark.parametrize("diverged", [False, True], ids=["one seed", "all diverged"])
def test_meagre_studies_can_be_drawn(kind, diverged, tmp_path):
    dead = np.nan if diverged else 0.5
    table = networks([("confirmatory", "raw", 3.0, 1000, diverged, dead, dead)])
    life = activity([0, 1, 2], [0, 0, 0], scaling="raw", learning_rate=3.0)
    if diverged:
        life.loc[1:, ["n_dead", "n_died", "n_revived"]] = pd.NA
    tables.write(figure_data.KINDS[kind]({"networks": table, "activity": life}), tmp_path / "table.csv")
    figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / "figure.pdf")])
    assert (tmp_path / "figure.pdf").stat().st_size > 1000


@pytest.mark.parametrize("kind", GENERAL)
def test_equal_tables_give_equal_bytes(kind, tmp_path):
    rows = [("confirmatory", "unit", r, s, r > 1, np.nan if r > 1 else r, 0.5) for r in (0.1, 0.5, 2) for s in range(4)]
    lives = [
        activity([0, 1, 2], [0, 0, 0], seed=s, learning_rate=r, scaling="unit") for r in (0.1, 0.5) for s in range(4)
    ]
    table = figure_data.KINDS[kind]({"networks": networks(rows), "activity": pd.concat(lives)})
    tables.write(table, tmp_path / "table.csv")
    for folder in ("a", "b"):
        outputs = [str(tmp_path / folder / f"figure.{end}") for end in ("pdf", "png")]
        figures.draw(kind, tables.read(tmp_path / "table.csv"), outputs)
    for end in ("pdf", "png"):
        first, second = ((tmp_path / folder / f"figure.{end}").read_bytes() for folder in ("a", "b"))
        assert first == second and len(first) > 1000


def test_killed_units_that_are_revived_are_counted_over_layers():
    base = REFERENCE | {"grid": "main", "phase": "confirmatory", "status": "dead", "scaling": "unit"}
    rows = [
        base
        | {"learning_rate": 1.0, "seed": 1000, "layer": layer, "n_died": died}
        | {"n_active_bias_put_back": bias, "n_active_weights_put_back": weights}
        for layer, died, bias, weights in ((1, 3, 1, 3), (2, 1, 0, 0), (3, 0, 0, 0))
    ]
    values = learning_rate.share_revived_by_bias({"networks": NETWORKS, "units": pd.DataFrame(rows)})
    assert values["value"].tolist() == [0.25]


UNIT = REFERENCE | {"dataset": "relu_target", "depth": 1, "width": 1, "bias": np.nan, "phase": "confirmatory"}
UNIT |= {"epochs": 20, "output_layer": False}


def unit(grid, losses, gradient, weight, seed=1000, **more):
    """Tables of one single-unit network whose loss is given at epochs 0, 15 and 20."""
    base = UNIT | {"grid": grid, "seed": seed} | more
    moments = zip((0, 15, 20), losses, strict=True)
    history = pd.DataFrame([base | {"epoch": e, "step": 100 * e, "train_loss": loss} for e, loss in moments])
    diverged = not np.isfinite(losses[-1])
    return {
        "networks": pd.DataFrame([base | {"train_loss": losses[-1], "diverged": diverged}]),
        "history": history,
        "units": pd.DataFrame([base | {"n_units": 1, "gradient_mean": gradient}]),
        "trajectory": pd.DataFrame(
            [
                base
                | {"epoch": 20, "step": 2000, "unit_weight": weight, "unit_bias": np.nan}
                | {"output_weight": np.nan, "output_bias": np.nan, "activity_rate": 0.5}
            ]
        ),
    }


def test_outcomes_tell_stuck_from_slow():
    cases = {
        "learned": ((9.0, 1e-3, 1e-4), 0.01, 0.99),
        "stuck": ((9.0, 0.5001, 0.5), 1e-8, -1e-8),
        "still moving": ((9.0, 2.0, 1.0), 1.0, -1.0),
        "diverged": ((9.0, np.nan, np.nan), np.nan, np.nan),
    }
    parts = [unit(name.replace(" ", "_"), *case) for name, case in cases.items()]
    parts.append(unit("slow_but_flat", (9.0, 0.52, 0.5), 1e-3, -0.01))  # its loss still falls by four per cent
    found = single_unit.outcomes({key: pd.concat([p[key] for p in parts]) for key in parts[0]}).set_index("grid")
    for name in cases:
        assert found.loc[name.replace(" ", "_"), "outcome"] == name
    assert found.loc["slow_but_flat", "outcome"] == "still moving"


def test_speed_exponent_of_known_paths():
    steps = np.array([0, 10, 20, 50, 100, 200])
    base = UNIT | {"grid": "starts", "optimizer": "sgd", "init_scale": -10.0, "seed": 1000}
    for path, exponent in ((-10 * 0.99**steps, 1.0), (-10 + 0.01 * steps, 0.0)):
        rows = [base | {"step": s, "epoch": s / 100, "unit_weight": w} for s, w in zip(steps, path, strict=True)]
        values = single_unit.speed_exponent_near_zero({"trajectory": pd.DataFrame(rows)})
        assert values["value"].tolist() == [pytest.approx(exponent, abs=0.01)]


def test_death_on_n_inputs_is_hypergeometric():
    frame = pd.DataFrame({"activity_rate": [0.0, 0.0001, 0.001, 1.0]})
    found = single_unit.death_on(frame, 1500)["p_dead"]
    from scipy import stats

    expected = [stats.hypergeom(10_000, round(rate * 10_000), 1500).pmf(0) for rate in frame["activity_rate"]]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    "w, v, rate, name",
    [
        (1, 1, 0.5, "as the target"),
        (-1, 1, 0.5, "left-right"),
        (1, -1, 0.5, "up-down"),
        (-1, -1, 1, "both"),
        (1, 0.01, 0.5, "constant"),
        (-1, 1, 0.0, "constant"),
    ],
)
def test_solutions_are_told_apart(w, v, rate, name):
    frame = pd.DataFrame({"unit_weight": [w], "output_weight": [v], "activity_rate": [rate]})
    assert single_unit.solution(frame).tolist() == [name]


def test_excess_deaths_are_differences_to_the_twin():
    base = REFERENCE | {
        "phase": "pilot",
        "seed": 0,
        "epochs": 10,
        "intervention_epoch": 7,
        "scaling": "raw",
        "layer": 1,
    }
    rows = []
    for intervention, dead in (("none", (1, 1, 2)), ("outlier", (1, 5, 4)), ("outlier_bias_put_back", (1, 3, 3))):
        for epoch, n in zip((7, 7.1, 10), dead, strict=True):
            strength = 0.0 if intervention == "none" else 3.0
            rows.append(
                base | {"intervention": intervention, "strength": strength, "epoch": epoch, "n_dead": n, "n_units": 10}
            )
    frame = pd.DataFrame(rows).astype({"n_dead": "Int32"})
    found = outlier.excess(frame).set_index(["intervention", "moment"])["excess"]
    assert found["outlier", "at once"] == pytest.approx(0.4) and found["outlier", "after training on"] == pytest.approx(
        0.2
    )
    both = pd.concat([frame, frame.assign(phase="confirmatory", seed=1000)])
    assert outlier.undone(outlier.excess(both), "outlier_bias_put_back", "at once").tolist() == [pytest.approx(0.5)]
    lost = both.assign(n_dead=both["n_dead"].mask((both["seed"] == 1000) & (both["intervention"] == "outlier")))
    assert len(outlier.undone(outlier.excess(lost), "outlier_bias_put_back", "at once")) == 0
