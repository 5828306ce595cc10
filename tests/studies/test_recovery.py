"""The study recovery on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell
from by_hand import networks as table
from dying_relu.analysis.frames import matching
from dying_relu.analysis.intervals import Estimate
from dying_relu.report import numbers
from dying_relu.studies.recovery import CONTENTS, estimands, figures, tables, text
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

KILLED = {"grid": "treatments", "epochs": 4, "intervention_epoch": 1, "rate_factor": 0.1, "learning_rate": 1.0}
LEAKY, ELU, RENEWAL, CONTROL = estimands.LEAKY, estimands.ELU, estimands.RENEWAL, estimands.CONTROL
EVERY = estimands.RESAMPLING


def networks(*rows, **common):
    """Rows of (intervention, seed, accuracy), with anything else after; without an accuracy it diverged."""
    made = [
        {"intervention": arm, "seed": seed, "test_accuracy": accuracy, "test_loss": 1 - accuracy}
        | {"dead_fraction": accuracy * 0 + 0.2}
        | (more[0] if more else {})
        for arm, seed, accuracy, *more in rows
    ]
    return table(*made, **KILLED | common)


def life(*layers, killed=4, seed=1000, **more):
    """A network of 8 units a layer, ``killed`` of them dead after epoch 1; so many open after epochs 2, 3, 4.

    None: it diverged.
    """
    frames = []
    for layer, now in enumerate(layers, 1):
        now = pd.Series([np.nan if count is None else count for count in now])
        counts = {"n_dead": [0, killed, *(killed - now)], "n_followed": [0, 0, *(now * 0 + killed)]}
        counts |= {"n_back": [0, 0, *now], "n_reopened": [0, 0, *now], "n_ever_reopened": [0, 0, *now.cummax()]}
        moments = {"epoch": [0.0, 1.0, 2.0, 3.0, 4.0], "step": range(5), "layer": layer, "n_units": 8}
        frames.append(pd.DataFrame(BASE | KILLED | {"seed": seed} | moments | counts | more))
    made = pd.concat(frames, ignore_index=True).astype(dict.fromkeys(counts, "Int32"))
    return made.assign(phase="pilot" if seed < 1000 else "confirmatory", n_closed=made["n_dead"])


NETWORKS = networks(
    ("none", 0, 0.9),
    ("none", 0, 0.5, {"rate_factor": 1.0}),
    ("none", 1000, 0.6),
    ("none", 1001, 0.7),
    ("none", 1000, 0.99, {"rate_factor": 1.0}),
    ("none", 1001, np.nan, {"rate_factor": 1.0}),
    (LEAKY, 1000, 0.8),
    (LEAKY, 1001, np.nan),
    (ELU, 1000, 0.9),
    (ELU, 1001, 0.8),
    (RENEWAL, 0, 0.1),
    (RENEWAL, 1000, 0.8),
    (RENEWAL, 1001, 0.8),
    (CONTROL, 1000, 0.65, {"grid": "others"}),
    ("switch_to_adam", 1000, 0.9, {"grid": "adam", "rate_factor": 0.01}),
    *((arm, 1000, 0.95, {"grid": "healthy", "learning_rate": 0.2, "rate_factor": 1.0}) for arm in ("none", LEAKY)),
)
ACTIVITY = pd.concat(
    [
        life([4, 4, 4], [4, 4, 4], seed=0),
        life([0, 0, 0], [0, 1, 1]),
        life([0, 0, 0], [0, 0, 0], seed=1001),
        life([0, 0, 0], [4, 4, 4], rate_factor=1.0),
        life([0, 1, 2], [0, 2, 2], intervention=LEAKY),
        life([3, None, None], [3, None, None], intervention=LEAKY, seed=1001),
        life([4, 4, 4], [4, 4, 2], intervention=ELU),
        life([4, 4, 4], [4, 4, 4], intervention=ELU, seed=1001),
    ]
)
HISTORY = pd.concat(
    pd.DataFrame(
        BASE
        | KILLED
        | {"epoch": [1.0, 1.5, 2.0, 4.0], "step": range(4), "intervention": arm, "seed": seed}
        | {"train_accuracy": curve, "train_loss": 1.0}
    )
    for arm, curve in (("none", [0.5, 0.5, 0.6, 0.7]), (RENEWAL, [0.5, 0.4, 0.7, 0.9]))
    for seed in (1000, 1001)
)


def resampling(grid="regression", dataset="friedman"):
    """Losses without and with resampling by rate, on the pilot seed; ten times as large on the other."""
    losses = {0.1: (0.4, 0.5), 0.2: (0.6, 0.3), 0.3: (0.01, 0.01)}  # at 0.3 the pilot networks diverge
    return pd.concat(
        [
            networks(
                (arm, 0, np.nan if rate == 0.3 else 1 - loss),
                (arm, 1000, 1 - 10 * loss),
                **{"grid": grid, "dataset": dataset, "learning_rate": rate, "rate_factor": 1.0},
            )
            for rate, pair in losses.items()
            for arm, loss in zip(("none", EVERY), pair, strict=True)
        ]
    )


def saturation():
    """Activity, and networks, of sigmoid and tanh; rate 2 saturates 5 of 8, closest to the half that died of ReLU."""
    rows, trained = [life([0, 0, 0], seed=0)], []
    for name in ("sigmoid", "tanh"):
        for seed in (0, 1000):
            for rate, factor, killed, back in (
                (1.0, 0.1, 1, 1),
                (2.0, 0.1, 5, 2),
                (2.0, 0.3, 5, 1 if name == "tanh" else 4),
                (3.0, 0.1, 8, 0),
            ):
                at = {"grid": name, "activation": name, "learning_rate": rate, "rate_factor": factor}
                rows.append(life([0, 0, back], killed=killed, seed=seed, **at))
                trained.append(networks(("none", seed, 1 - 0.2 * rate - 0.2 * (rate == 3)), **at))
    return pd.concat(rows), pd.concat(trained)


def test_deeper_layers_beside_the_first_and_the_biases_of_the_dead():
    """Of 4 killed units a layer 0, 1 and 3 are open at the end; of 6 and 2 dead units 1 and 1 have positive biases."""
    activity = pd.concat([life([0, 0, 0], [0, 2, 1], [0, 3, 3]), life([1, 1, 1], [0, 0, 0], [None] * 3, seed=1001)])
    found = estimands.reopened_deeper_less_first({"activity": activity})
    values = {layer: in_cell(found, layer=layer) for layer in (2, 3)}
    assert values[2] == {1000: 0.25, 1001: -0.25} and values[3][1000] == 0.75
    assert found[found["diverged"]][["layer", "seed"]].to_numpy().tolist() == [[3, 1001]]
    rows = [(1, "dead", 6, 1), (1, "active", 2, 2), (2, "dead", 2, 1), (3, "dead", 0, 0)]
    names = ["layer", "status", "n_units", "n_bias_positive"]
    units = pd.DataFrame([BASE | KILLED | dict(zip(names, row, strict=True)) for row in rows])
    networks = pd.DataFrame([BASE | KILLED | {"diverged": False}, BASE | KILLED | {"diverged": True, "seed": 1001}])
    units = pd.concat([units, units.assign(seed=1001, n_units=0, n_bias_positive=0)], ignore_index=True)
    found = estimands.positive_bias_share_of_dead({"units": units, "networks": networks})
    assert found.groupby("seed")["diverged"].all().to_dict() == {1000: False, 1001: True}
    found = found[found["seed"] == 1000]
    shares = {layer: in_cell(found, layer=layer)[1000] for layer in (0, 1, 2)}
    assert shares == {0: 0.25, 1: pytest.approx(1 / 6), 2: 0.5} and np.isnan(in_cell(found, layer=3)[1000])


def sunk():
    """Activity and units of one layer that starts 3 or 50 below zero; of ELU only the shallow ones move."""
    activity, units = [], []
    for name, depth, moved in (("elu", 3, 0.5), ("elu", 50, 0.0), ("relu", 3, 0.0), ("relu", 50, 0.0)):
        at = {"grid": "sunk", "activation": name, "bias": -float(depth), "intervention_epoch": 0, "rate_factor": 1.0}
        at |= {"depth": 1, "learning_rate": 0.5}
        below = {"layer": 1, "n_bias_positive": 1}
        activity.append(life([0, 0, 2 if moved else 0], killed=8, **at))
        units.append(BASE | KILLED | at | below | {"status": "dead", "n_units": 6, "movement_mean": moved})
        units.append(
            BASE | KILLED | at | below | {"status": "active", "n_units": 2, "movement_mean": moved + 4 * (moved > 0)}
        )
    return pd.concat(activity), pd.DataFrame(units)


def everything():
    (saturated, trained), (deep, units) = saturation(), sunk()
    deep_networks = deep[deep["epoch"] == 4].assign(diverged=False, test_accuracy=0.5, dead_fraction=0.0)
    parts = [NETWORKS, trained, resampling(), resampling("classes", "digits"), deep_networks]
    return {
        "networks": pd.concat(parts, ignore_index=True)[list(NETWORKS)],
        "activity": pd.concat([ACTIVITY, saturated[saturated["grid"] != "treatments"], deep], ignore_index=True),
        "history": HISTORY,
        "units": units,
    }


@pytest.fixture(scope="module")
def found():
    return everything()


@pytest.fixture(scope="module")
def made(found):
    return text.numbers(found)


@pytest.fixture(scope="module")
def printed(found):
    return text.tables(found)


def test_share_back_is_of_all_killed_units_and_leaves_out_diverged_networks():
    frame = pd.concat(
        [
            life([1, 2, 1], [0, 0, 3]),
            life([1, None, None], [0, None, None], seed=1001),
            life([0] * 3, killed=0, seed=1002),
        ]
    )
    found = estimands.come_back(frame, "n_reopened")
    assert found[["seed", "n_followed", "share"]].to_numpy().tolist() == [[1000, 8, 0.5]]
    layers = estimands.come_back(frame, "n_reopened", by_layer=True)
    assert layers[["seed", "layer", "share"]].to_numpy().tolist() == [[1000, 1, 0.25], [1000, 2, 0.75]]


def value(found, **cell):
    """Seeds, values and divergence in a cell of a map, in the order of the seeds."""
    here = matching(found, **cell).sort_values("seed")
    return here["seed"].tolist(), here["value"].tolist(), here["diverged"].tolist()


def killed_alike(*rows, **more):
    """Networks of rows (intervention, accuracies of seeds 1000, 1001, ...); None: it diverged."""
    return networks(
        *((arm, 1000 + k, np.nan if a is None else a, more) for arm, row in rows for k, a in enumerate(row)),
    )


def scaled(frame):
    """With untreated networks that stand rate 0.5 and fail at 2, so that the limit is 1."""
    known = [networks(("none", 0, a), grid="classes", learning_rate=rate) for rate, a in ((0.5, 0.9), (2.0, 0.1))]
    return pd.concat([frame, *known], ignore_index=True)


def test_killed_units_open_again_by_layer_beside_the_same_network_and_no_network_is_left_out():
    lives = {
        "none": life([0, 0, 0], [0, 1, 1]),
        LEAKY: life([0, 1, 2], [0, 2, 2], intervention=LEAKY),
        ELU: life([4, 4, 4], [4, 4, 2], intervention=ELU),
    }
    gone = {arm: life([0, None, None], [0, None, None], seed=1001, intervention=arm) for arm in lives}
    gone["none"] = life([0, 0, 0], [0, 0, 0], seed=1001)
    whole = [life([0, 0, 0], [0, 0, 0], killed=0, seed=1002, intervention=arm) for arm in lives]
    tables = {"networks": scaled(NETWORKS), "activity": pd.concat([*lives.values(), *gone.values(), *whole])}
    leaky, elu = estimands.reopened_leaky_less_untreated(tables), estimands.reopened_elu_less_leaky(tables)
    seeds, lost = [1000, 1001, 1002], [False, True, False]  # the second diverged, the third had no killed unit
    for layer, less, more in ((0, 4 / 8 - 1 / 8, 6 / 8 - 4 / 8), (1, 2 / 4, 2 / 4), (2, 2 / 4 - 1 / 4, 0.0)):
        for found, wanted in ((leaky, less), (elu, more)):
            got = value(found, layer=layer, rate_factor=0.1)
            assert got[0] == seeds and got[2] == lost
            assert got[1][0] == pytest.approx(wanted) and np.isnan(got[1][1:]).all()
    assert leaky["limit_share"].tolist() == pytest.approx([1.0] * len(leaky))  # killed at the limit


def test_arms_with_different_seeds_stop_the_build():
    lives = [life([0, 0, 0]), life([0, 1, 2], intervention=LEAKY), life([0, 0, 0], seed=1001)]
    with pytest.raises(UserError, match="seed 1001 has a network of one arm alone"):
        estimands.reopened_leaky_less_untreated({"networks": scaled(NETWORKS), "activity": pd.concat(lives)})
    frame = scaled(killed_alike(("none", (0.6, 0.7)), (RENEWAL, (0.8,))))
    with pytest.raises(UserError, match="one arm alone"):
        estimands.accuracy_gain_renewal({"networks": frame})


def test_accuracy_is_won_by_either_way_of_renewal_at_every_rate():
    frame = [
        killed_alike(("none", (0.6, 0.7)), (RENEWAL, (0.8, None)), ("renew_dead", (0.5, 0.9))),
        killed_alike(("none", (0.1,)), (RENEWAL, (0.9,)), grid="harsher", learning_rate=2.0),
    ]
    found = estimands.accuracy_gain_renewal({"networks": scaled(pd.concat(frame))})
    seeds, gains, lost = value(found, renewed="silently", learning_rate=1.0)
    assert (seeds, lost) == ([1000, 1001], [False, True]) and gains[0] == pytest.approx(0.2) and np.isnan(gains[1])
    assert value(found, renewed="naively")[1] == pytest.approx([-0.1, 0.2])
    assert value(found, learning_rate=2.0)[1] == pytest.approx([0.8])


def test_learning_after_a_renewal_is_judged_at_three_moments():
    curves = {"none": [2.0, 1.0, 1.0, 0.5], RENEWAL: [2.0, 1.5, 0.5, 0.4], "renew_dead": [2.0, np.nan, np.nan, np.nan]}
    frame = [
        pd.DataFrame(BASE | KILLED | {"intervention": arm, "train_loss": loss, "step": range(4)})
        for arm, loss in curves.items()
    ]
    history = pd.concat(part.assign(epoch=[1.0, 1.1, 2.1, 4.0]) for part in frame)
    found = estimands.loss_ratio_renewal({"networks": scaled(NETWORKS), "history": history})
    ratios = {after: value(found, after=after, renewed="silently")[1:] for after in estimands.MOMENTS}
    assert ratios == {"a step": ([1.5], [False]), "an epoch": ([0.5], [False]), "training": ([0.8], [False])}
    assert value(found, after="training", renewed="naively")[2] == [True]


def test_resampling_is_compared_at_rates_chosen_on_pilot_seeds_and_at_each_rate():
    found = estimands.error_ratio_resampled({"networks": resampling()})
    later = matching(found, phase="confirmatory")
    assert value(later, rate="own best") == ([1000], [pytest.approx(3 / 4)], [False])  # 0.2 with it, 0.1 without
    assert value(later, rate="0.1")[1] == pytest.approx([5 / 4]) and value(later, rate="0.3")[1] == pytest.approx([1.0])
    swapped = resampling().assign(test_loss=lambda f: f["test_loss"].where(f["seed"] < 1000, 1.0))
    again = estimands.error_ratio_resampled({"networks": swapped})
    assert value(again, rate="own best", seed=1000)[1] == [1.0]  # whatever the seeds that report it would choose
    digits = estimands.error_ratio_resampled({"networks": resampling("classes", "digits")})
    assert value(digits, rate="own best", seed=1000)[1] == pytest.approx([3 / 4])  # of shares classified wrongly


def test_resampling_revives_what_was_dead_when_it_began():
    at = {"grid": "regression", "dataset": "friedman", "learning_rate": 0.1, "rate_factor": 1.0}
    lives = [life([0, 0, 1], seed=seed, **at) for seed in (0, 1000)]
    lives += [life([4, 4, 4], seed=0, **at, intervention=EVERY), life([4, None, None], **at, intervention=EVERY)]
    tables = {"networks": matching(resampling(), learning_rate=0.1), "activity": pd.concat(lives)}
    found = estimands.reopened_resampled_less_untreated(tables)
    assert value(found, rate="own best", layer=0, seed=0)[1] == [3 / 4]
    assert value(found, rate="0.1", layer=1, seed=1000)[2] == [True]


def rates_tried(*, none, every, seed=1000):
    """Losses of a seed by rate 0.1, 0.2, 0.3; None: it diverged."""
    at = {"grid": "regression", "dataset": "friedman", "rate_factor": 1.0}
    return pd.concat(
        networks((arm, seed, np.nan if loss is None else 1 - loss), **at, learning_rate=rate).assign(
            test_accuracy=np.nan
        )
        for arm, losses in (("none", none), (EVERY, every))
        for rate, loss in zip((0.1, 0.2, 0.3), losses, strict=True)
    )


def test_the_rate_that_resampling_allows_is_that_up_to_which_no_network_of_the_seed_fails():
    frame = pd.concat(
        [
            rates_tried(none=(0.3, 0.2, 0.4), every=(0.1, None, 0.5)),  # one that it gets over higher up does not count
            rates_tried(none=(0.3, None, None), every=(0.3, 0.2, 0.1), seed=1001),
            rates_tried(none=(0.3, 0.3, 0.3), every=(None, None, None), seed=1002),
        ]
    )
    found = estimands.rate_ratio_resampled({"networks": frame})
    seeds, ratios, lost = value(found, rate="highest")
    assert seeds == [1000, 1001, 1002] and lost == [False, False, True]
    assert ratios[:2] == pytest.approx([0.1 / 0.3, 0.3 / 0.1])
    assert value(found, rate="best")[1][:2] == pytest.approx([0.1 / 0.2, 0.3 / 0.1])
    with pytest.raises(UserError, match="seed 1001 lacks networks"):
        estimands.rate_ratio_resampled({"networks": frame[(frame["seed"] == 1000) | (frame["learning_rate"] < 0.3)]})


def test_digits_fail_when_they_are_not_learned():
    frame = resampling("classes", "digits").query("seed == 0").assign(seed=1000, phase="confirmatory")
    found = estimands.rate_ratio_resampled({"networks": frame})  # without: 0.6, 0.4; with: 0.5, 0.7
    assert value(found, rate="highest")[1] == pytest.approx([0.2 / 0.1])


def test_saturated_units_come_back_by_activation_and_by_damage():
    activity, trained = saturation()
    found = estimands.saturated_share_back({"activity": activity, "networks": trained})
    at = {"rate_factor": 0.1, "layer": 0, "seed": 1000}
    shares = {
        name: {rate: value(found, activation=name, learning_rate=rate, **at)[1] for rate in (1.0, 2.0, 3.0)}
        for name in ("sigmoid", "tanh")
    }
    assert shares["sigmoid"] == shares["tanh"] == {1.0: [1.0], 2.0: [2 / 5], 3.0: [0.0]}
    assert value(found, activation="sigmoid", rate_factor=0.3, layer=1, seed=1000)[1] == [4 / 5]
    marked = matching(found, killing=True, rate_factor=0.1)
    assert set(marked["learning_rate"]) == {2.0}  # the highest at which the pilot network learns


def test_life_table_counts_first_openings_and_censors_at_divergence():
    found = estimands.life_table(
        pd.concat([life([1, 0, 4]), life([2, None, None], seed=1001), life([1, 1, 1], seed=0)])
    )
    found = found[found["phase"] == "confirmatory"].sort_values(["seed", "time"])
    assert found["at_risk"].tolist() == [4, 3, 3, 4, 0, 0]
    assert found["events"].tolist() == [1, 0, 3, 2, 0, 0]
    assert found["exposure"].tolist() == found["at_risk"].tolist()  # an epoch between measurements
    assert estimands.life_table(life([1, 1, 1]).assign(intervention_epoch=0)).empty


def test_treatments_that_bring_an_optimiser_stand_beside_the_low_factor():
    assert estimands.low_factor(NETWORKS) == 0.1 and estimands.low_factor(NETWORKS, *estimands.HEALTHY) == 1.0
    arms = ["none", LEAKY, "switch_to_adam", "switch_to_sgd", "switch_to_relu"]
    frame = pd.DataFrame({"intervention": arms, "rate_factor": [1.0, 0.3, 1.0, 1.0, 1.0]})
    assert estimands.own_rates(frame["intervention"]).tolist() == [False, False, True, False, False]
    assert estimands.beside(frame, {1.0, 0.1}, 0.1).tolist() == [1.0, 0.1, 0.1, 1.0, 1.0]
    assert estimands.beside(frame, {1.0}, None).isna().tolist() == [False, True, True, False, False]


def test_a_setting_that_the_study_does_not_speak_of_is_looked_at_at_one_level(capsys):
    other = NETWORKS.assign(width=32, test_accuracy=0.0)
    both = pd.concat([NETWORKS, other[other["grid"] == "treatments"]])
    won = estimands.accuracy_won({"networks": both}, RENEWAL)
    assert won.tolist() == pytest.approx([0.2, 0.1]) and "width 64" in capsys.readouterr().out
    narrow = NETWORKS.assign(width=NETWORKS["width"].where(NETWORKS["grid"] != "treatments", 16))
    assert len(estimands.accuracy_won({"networks": narrow}, RENEWAL)) == 2  # the first grid has the untreated ones


def test_numbers_by_hand(made):
    numbers.check("recovery", made, CONTENTS.numbers)
    assert (made["factor"], made["kill.rate"], made["healthy.rate"]) == (0.1, 1.0, 0.2)
    assert (made["kill.epochs"], made["kill.after"], made["kill.accuracy"]) == (1, 3, 0.5)
    assert made["kill.dead"] == 0.5 and made["kill.dead.2"] == 0.5 and made["kill.dead.3"] is None
    assert made["none.open"] == pytest.approx(1 / 16) and made["none.open.2"] == pytest.approx(1 / 8)
    assert made["leaky.open"] == 0.5 and made["elu.open"] == 7 / 8
    assert made["none.diverged"] == 0.5 and np.isnan(made["elu.diverged"])  # at the full rate
    assert made["elu.gain"][0] == pytest.approx((0.3 + 0.1) / 2) and made["living.gain"][0] == pytest.approx(0.05)
    assert made["renewal.over.living"][0] == pytest.approx(0.15) and made["healthy.after.accuracy"] == 0.95
    plain = [made[f"first.plain.{key}"] for key in ("seeds", "events", "exposure")]
    assert plain == [2, 0, 3 * 3 * 4] and made["first.plain.high"] == pytest.approx(1 - 0.025 ** (1 / 2))
    assert made["first.decay.events"] == 0 and np.isnan(made["first.decay.high"])
    assert np.isnan(made["milder.dead"]) and np.isnan(made["long.none"])
    assert made["kill.rule"] == 0.1 and made["kill.limit"] == pytest.approx(np.sqrt(0.1 * 0.2))  # half way: 0 to 1


def test_numbers_of_resampling_by_hand(made):
    assert (made["regression.none.rate"], made["regression.resampled.rate"]) == (0.1, 0.2)
    assert made["regression.none.highest"] == 0.3 and made["regression.none.dead"] == pytest.approx(0.2)
    assert (made["classes.none.rate"], made["classes.resampled.rate"]) == (0.1, 0.2)
    assert made["classes.difference"][0] == pytest.approx(-1.0)  # at the rate best without


def test_numbers_of_saturation_and_of_depth_by_hand(made):
    assert made["sigmoid.rate"] == 2.0 and made["sigmoid.saturated"] == made["tanh.saturated"] == 5 / 8
    assert made["saturation.after"] == 3
    assert (made["sunk.rate"], made["sunk.shallowest"], made["sunk.deepest"]) == (0.5, 3, 50)
    assert (made["sunk.seeds"], made["sunk.epochs"]) == (1, 4)


def test_the_table_of_reversibility_by_hand(printed):
    made = printed["reversibility"].frame
    assert set(made["killed"]) == {"SGD"}
    row = made.set_index(["treatment", "factor"]).loc
    assert row["leaky ReLU", 0.1]["layer 1"] == 0.5 and row["nothing", 0.1]["layer 2"] == 1 / 8
    assert row["leaky ReLU", 0.1]["diverged"] == 0.5 and row["leaky ReLU", 0.1]["won"] == pytest.approx(0.2)
    assert row["Adam", 0.01]["won"] == pytest.approx(0.3)  # beside the low factor
    assert row["leaky ReLU", 0.1]["price"] == 0 and np.isnan(row["ELU", 0.1]["price"])
    assert np.isnan(row["nothing", 1.0]["q"]) and np.isnan(row["nothing", 1.0]["won"])
    assert row["ELU", 0.1]["p"] == 0.5 and row["ELU", 0.1]["q"] >= 0.5  # two seeds can be swapped in four ways


def test_the_table_of_hazards_by_hand(printed):
    made = printed["hazards"]
    row = made.frame.set_index(["treatment", "factor", "layer"]).loc
    none = row["nothing", 0.1, 1]
    assert none[["units", "events", "exposure", "seeds", "seeds.open"]].tolist() == [8, 0, 24, 2, 0]
    assert none["hazard"] == 3 / 24 and none["sign"] == "<"  # the rule of three
    leaky = row["leaky ReLU", 0.1, 1]
    assert leaky[["units", "events", "exposure"]].tolist() == [8, 2 + 3, 4 + 4 + 3 + 4] and leaky["sign"] == ""
    assert leaky["hazard"] == pytest.approx(5 / 15) and leaky["open"] == 0.5
    assert made.long and r"$<$0.12 & 0\,\% [0\,\%, 84\,\%] & 0/2 & 84\,\%" in made.latex()


def test_tables_of_saturation_and_of_depth_by_hand(printed):
    saturated = printed["saturation"].frame
    assert saturated["rate"].tolist() == [1, 2, 2, 3] * 2 and set(saturated["activation"]) == {"sigmoid", "tanh"}
    row = saturated.set_index(["activation", "rate", "factor"]).loc
    keys = ["saturated", "seeds", "median", "back", "failed", "accuracy"]
    assert row["sigmoid", 2.0, 0.3][keys].tolist() == pytest.approx([5 / 8, 1, 0.8, 0.8, 0, 0.6])
    assert row["tanh", 3.0, 0.1][keys].tolist() == pytest.approx([1, 1, 0.0, 0.0, 1, 0.2])
    frozen = printed["frozen"].frame.set_index("activation").loc
    keys = ["frozen", "still", "depth 3", "depth 50"]
    assert frozen["ReLU"][keys].tolist() == [0, 3, 0, 0] and frozen["ELU"][keys].tolist() == [17.4, 50, 2 / 8, 0]
    travel = printed["travel"].frame.set_index("activation")  # ReLU has no slope to travel on
    assert list(travel.index) == ["ELU"]
    assert travel.loc["ELU", ["depth 3", "depth 50"]].tolist() == [pytest.approx(3 / (1.5 * np.sqrt(65))), np.inf]


def drawn(kind, tmp_path, **more):
    """The drawing of a kind from its table as it is kept."""
    path = tmp_path / f"{kind}.csv"
    files.write(getattr(tables, kind)({**everything(), **more}), path)
    table = files.read(path)
    return table, getattr(figures, kind)(table)


def legend(figure):
    return [entry.get_text() for entry in figure.legends[0].get_texts()]


def lines(axis):
    return {line.get_label(): line for line in axis.get_lines() if not line.get_label().startswith("_")}


def test_survival_is_drawn_for_any_treatment(tmp_path):
    other = life([2, 2, 2], [0, 0, 0], intervention="switch_to_relu")
    adam = [
        life([k, k, k], intervention="switch_to_adam", rate_factor=at, grid="adam") for k, at in ((1, 0.01), (4, 0.001))
    ]
    _, figure = drawn("recovery_survival", tmp_path, activity=pd.concat([ACTIVITY, other, *adam]))
    assert [axis.get_title() for axis in figure.axes] == ["layer 1", "layer 2", "", ""]
    assert [figure.axes[k].get_ylabel() for k in (0, 2)] == ["rate × 1:\nnot yet open", "rate × 0.1:\nnot yet open"]
    assert set(legend(figure)) == {"nothing", "ReLU", "leaky ReLU", "ELU", "Adam"}
    assert set(lines(figure.axes[0])) == {"nothing"}  # alone at the full rate
    low = lines(figure.axes[2])
    assert low["leaky ReLU"].get_ydata().tolist() == pytest.approx([5 / 8, 5 / 8 * 3 / 4, 5 / 8 * 3 / 4 * 2 / 3])
    assert low["Adam"].get_ydata().tolist() == [0.75] * 3  # the higher of its rates


def test_accuracy_won_and_its_price_are_drawn(tmp_path):
    table, figure = drawn("recovery_accuracy", tmp_path)
    won = table.set_index(["state", "intervention"])["mean"]
    assert won["killed", LEAKY] == pytest.approx(0.2) and won["killed", "switch_to_adam"] == pytest.approx(0.3)
    assert won["healthy", LEAKY] == 0 and ("killed", "none") not in won
    assert [axis.get_title() for axis in figure.axes] == ["killed networks", "healthy networks"]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["control: living renewed", "renewed silently", "ELU", "leaky ReLU", "Adam"]
    assert legend(figure) == ["rate × 0.1", "rate × factor of its own", "rate × 1"]
    assert lines(figure.axes[0])["rate × factor of its own"].get_xdata() == pytest.approx(0.3)


def test_errors_are_drawn_against_the_rate(tmp_path):
    _, figure = drawn("recovery_rates", tmp_path)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["Friedman's function: squared error", "digits: error rate", "", ""]
    assert set(legend(figure)) == {
        "nothing",
        "nothing: diverged",
        "renewed every epoch",
        "renewed every epoch: diverged",
    }
    error = lines(figure.axes[0])["renewed every epoch"]
    assert error.get_xdata().tolist() == [0.1, 0.2, 0.3] and error.get_ydata() == pytest.approx([5, 3, 0.1])
    assert figure.axes[0].get_yscale() == "log" and figure.axes[2].get_yscale() == "linear"


def test_depth_is_drawn_for_any_activation(tmp_path):
    _, figure = drawn("recovery_depth", tmp_path)
    opened, moved = figure.axes
    assert lines(opened)["ELU"].get_ydata().tolist() == [0.25, 0] and set(lines(opened)) == {"ReLU", "ELU"}
    assert lines(moved)["ELU"].get_ydata().tolist() == [pytest.approx((6 * 0.5 + 2 * 4.5) / 8)]  # what moves at all
    limits = [line.get_xdata()[0] for line in moved.get_lines() if line.get_linestyle() == ":"]
    assert limits == [17.4] and [label.get_text() for label in opened.get_xticklabels()] == ["3", "50"]
    activity, units = sunk()
    swapped = {"activation": "k_winners_0.5"}
    drawn("recovery_depth", tmp_path, activity=activity.assign(**swapped), units=units.assign(**swapped))


def test_without_rows_nothing_is_said_and_nothing_fails(tmp_path):
    empty = {name: frame.iloc[:0] for name, frame in everything().items()}
    made = text.numbers(empty)
    numbers.check("recovery", made, CONTENTS.numbers)
    counted = {key for key, unit in CONTENTS.numbers.items() if unit == "count"}
    assert all(
        pd.isna(value[0] if isinstance(value, Estimate) else value) for key, value in made.items() if key not in counted
    )
    assert all(found.frame.empty for found in text.tables(empty).values())
    for name in set(CONTENTS.estimands) - {"saturated_share_back"}:  # a scale by the factor needs networks
        assert getattr(estimands, name)(empty).empty
    for kind in CONTENTS.kinds:
        path = tmp_path / f"{kind}.csv"
        files.write(getattr(tables, kind)(empty), path)
        assert files.read(path).empty
