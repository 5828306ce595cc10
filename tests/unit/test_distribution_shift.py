"""The study distribution_shift on small tables whose answer is computed by hand."""

import numpy as np
import pandas as pd
import pytest

from dying_relu import figure_data, figures, tables
from dying_relu.datasets import SHIFTS
from dying_relu.estimands import distribution_shift as study
from dying_relu.numbers.distribution_shift import distribution_shift as numbers
from dying_relu.study import REFERENCE

PHASES = (("pilot", 0), ("confirmatory", 1000), ("confirmatory", 1001))


def network(grid, phase, seed, **more):
    return REFERENCE | {"grid": grid, "phase": phase, "seed": seed, "diverged": False} | more


def shifted(dead=(8, 2), both=None, there=None, **more):
    """Two layers of ten units; of the dead ones ``both`` are dead under noise of two deviations."""
    both, there = both or {"noise_2": (2, 1)}, there or {}
    rows = []
    for phase, seed in PHASES:
        base = network("main", phase, seed, learning_rate=0.7) | more
        for shift in SHIFTS:
            for layer in (1, 2):
                n = dead[layer - 1]
                same = both.get(shift, dead)[layer - 1]
                extra = there.get(shift, (0, 0))[layer - 1]
                counts = {"n_units": 10, "n_dead": n, "n_dead_both": same, "n_dead_shifted": same + extra}
                rows.append(base | {"test_shift": shift, "layer": layer, "shifted_accuracy": 0.5} | counts)
    return pd.DataFrame(rows).astype({"n_dead": "Int32", "n_dead_both": "Int32", "n_dead_shifted": "Int32"})


def networks(dead_by_rate=((0.1, 0.1), (0.7, 0.45), (1.0, 0.9))):
    return pd.DataFrame(
        network("main", phase, seed, learning_rate=rate, dead_fraction=dead, test_accuracy=0.5, epochs=8)
        for phase, seed in PHASES
        for rate, dead in dead_by_rate
    )


def change(back, factor=0.1, rate=0.6, seeds=PHASES, followed=(4, 6)):
    """Activity of networks whose followed units come back as ``back`` says: intervention to (at once, end) by layer."""
    rows = []
    for phase, seed in seeds:
        for intervention in {**study.CONTROLS, "same_data": "", "same_task": ""}:
            base = network("change", phase, seed, learning_rate=rate, rate_factor=factor, intervention=intervention)
            base |= {"epochs": 10, "intervention_epoch": 5}
            once, end = back.get(intervention, ((0, 0), (0, 0)))
            for epoch, counts in ((5.0, (0, 0)), (5.5, once), (10.0, end)):
                for layer in (1, 2):
                    n = followed[layer - 1]
                    known = {"n_followed": n if epoch > 5 else 0, "n_back": counts[layer - 1], "n_dead": n}
                    rows.append(base | {"epoch": epoch, "step": 2 * epoch, "layer": layer, "n_units": 10} | known)
    return pd.DataFrame(rows).astype({"n_followed": "Int32", "n_back": "Int32", "n_dead": "Int32"})


def history(accuracies):
    return pd.DataFrame(
        network("change", phase, seed, learning_rate=rate, rate_factor=0.1, intervention=intervention)
        | {"epochs": 10, "intervention_epoch": 5, "epoch": 5.0, "train_accuracy": accuracy, "train_loss": 1.0}
        for rate, accuracy in accuracies.items()
        for phase, seed in PHASES
        for intervention in ("same_data", "same_task")
    )


def test_killing_rate_is_nearest_to_one_half_on_pilot_seeds():
    frame = networks()
    frame.loc[frame["phase"] == "confirmatory", "dead_fraction"] = 0.5  # not looked at
    assert study.killing_rate(frame) == 0.7
    assert study.killing_rate(frame.assign(diverged=frame["learning_rate"] == 0.7)) == 0.1  # of 0.1 and 0.9, the first
    assert np.isnan(study.killing_rate(frame.assign(diverged=True)))


def test_shares_alive_are_of_the_dead_and_weigh_units():
    found = {"networks": networks(), "shifted": shifted(both={"noise_2": (2, 1), "none": (7, 2)})}
    values = study.alive_under_shift_less_unshifted(found).set_index("seed")["value"]
    assert values.to_dict() == {1000: pytest.approx(7 / 10 - 1 / 10), 1001: pytest.approx(7 / 10 - 1 / 10)}


def test_reverse_is_of_the_living():
    shares = study.alive_shares(shifted(there={"none": (1, 4)}), ("layer",))
    plain = shares[shares["test_shift"] == "none"].set_index(["seed", "layer"])
    assert plain.loc[(1000, 1), "reverse"] == pytest.approx(1 / 2)
    assert plain.loc[(1000, 2), "reverse"] == pytest.approx(4 / 8)
    assert plain["value"].eq(0).all()


def test_a_network_without_dead_units_says_nothing_and_a_diverged_one_is_left_out():
    assert study.alive_shares(shifted(dead=(0, 0), both={"noise_2": (0, 0)}))["value"].isna().all()
    frame = shifted()
    frame.loc[frame["seed"] == 1000, ["n_dead", "n_dead_both", "n_dead_shifted"]] = pd.NA
    values = study.alive_under_shift_less_unshifted({"networks": networks(), "shifted": frame})
    assert values["seed"].tolist() == [1001]


def test_revivals_are_differences_to_the_control_of_the_same_first_phase():
    back = {"new_data": ((2, 0), (1, 4)), "same_data": ((0, 0), (0, 1)), "other_task": ((1, 0), (2, 0))}
    found = study.differences(change(back)).query("seed == 1000").set_index(["intervention", "moment", "layer"])
    assert found.loc[("new_data", "at once", 1), "value"] == pytest.approx(2 / 4)
    assert found.loc[("new_data", "at the end", 2), "value"] == pytest.approx(4 / 6 - 1 / 6)
    assert found.loc[("new_data", "at the end", 0), "value"] == pytest.approx(5 / 10 - 1 / 10)
    assert found.loc[("shifted_data", "at the end", 0), "value"] == pytest.approx(-1 / 10)
    values = study.revived_by_new_data({"activity": change(back), "history": history({0.6: 0.9})})
    assert values["value"].tolist() == [pytest.approx((4 / 10 + 2 / 10) / 2)] * 2


def test_what_training_adds_is_the_difference_at_the_end_less_that_one_step_after():
    back = {"new_data": ((2, 0), (1, 4)), "same_data": ((0, 0), (0, 1)), "other_task": ((1, 0), (2, 0))}
    added = study.learned_after_change(change(back), 0.6)
    # new data: from 2 of 10 to 5 of 10, its control from none to one; other task: from 1 to 2, its control none
    assert added.to_dict() == {seed: pytest.approx((0.3 - 0.1 + 0.1) / 2) for seed in (1000, 1001)}


def test_a_diverged_network_takes_its_pair_away():
    life = change({"new_data": ((2, 0), (1, 4))})
    lost = (life["seed"] == 1000) & (life["intervention"] == "same_data") & (life["epoch"] > 5)
    life.loc[lost, ["n_followed", "n_back", "n_dead"]] = pd.NA
    values = study.revived_by_new_data({"activity": life, "history": history({0.6: 0.9})})
    assert values["seed"].tolist() == [1001]


@pytest.mark.parametrize(
    "accuracies, rate", [({0.6: 0.9, 0.8: 0.6}, 0.8), ({0.6: 0.9, 0.8: 0.2}, 0.6), ({0.8: 0.2}, 0.8)]
)
def test_pretraining_kills_most_where_networks_learn(accuracies, rate):
    lives = pd.concat([change({}, rate=r, followed=(n, n)) for r, n in ((0.6, 2), (0.8, 5))])
    assert study.pretraining_rate(history(accuracies), lives) == rate


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "diverged"])
def test_figures_and_numbers_of_small_tables(counted, tmp_path):
    lives = pd.concat([change({"new_data": ((2, 0), (1, 4))}, factor=factor) for factor in (0.1, 1.0)])
    found = {"networks": networks(), "shifted": shifted(), "activity": lives, "history": history({0.6: 0.9})}
    if not counted:
        for name in ("shifted", "activity"):
            lost = [key for key in found[name] if key.startswith("n_") and key != "n_units"]
            found[name] = found[name].assign(**dict.fromkeys(lost, pd.NA)).astype(dict.fromkeys(lost, "Int32"))
        found["networks"] = found["networks"].assign(diverged=True)
    changes = lives[lives["epoch"] == 10].assign(diverged=False, dead_fraction=0.5, test_accuracy=0.5)
    found["networks"] = pd.concat([found["networks"], changes])
    for kind in ("alive_elsewhere", "revived_by_change"):
        tables.write(figure_data.KINDS[kind](found), tmp_path / "table.csv")
        figures.draw(kind, tables.read(tmp_path / "table.csv"), [str(tmp_path / f"{kind}.pdf")])
        assert (tmp_path / f"{kind}.pdf").stat().st_size > 1000
    values, shown = numbers(found)
    assert values["rate"] == ("0.7" if counted else "nan")
    assert ("noise 2" in shown["rates"]) and ("new data" in shown["change"]) == counted
