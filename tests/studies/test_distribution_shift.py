"""The study distribution_shift on small tables whose answer is computed by hand."""

import io

import numpy as np
import pandas as pd
import pytest

from by_hand import in_cell
from dying_relu.design.datasets import SHIFTS
from dying_relu.design.settings import Settings
from dying_relu.studies.distribution_shift import estimands as study
from dying_relu.studies.distribution_shift import figures, tables, text
from dying_relu.workflow.errors import UserError

REFERENCE = dict(Settings())
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
        network(
            "main",
            phase,
            seed,
            learning_rate=rate,
            dead_fraction=dead,
            test_accuracy=0.1 if dead == 0.9 else 0.5,
            epochs=8,
        )
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
            for epoch, counts in ((5.0, (0, 0)), (5.5, once), (7.0, (3, 3)), (10.0, end)):
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


def goers(rates=((0.6, 0.9), (0.8, 0.1)), **more):
    """Networks of the changes with test accuracies by rate; from the change on at that rate, and at a tenth of it."""
    return pd.DataFrame(
        network("change", phase, seed, learning_rate=rate, rate_factor=factor, intervention=intervention)
        | {"epochs": 10, "intervention_epoch": 5, "test_accuracy": accuracy, "dead_fraction": 0.5}
        | more
        for phase, seed in PHASES
        for rate, accuracy in rates
        for factor in (0.1, 1.0)
        for intervention in (*study.CONTROLS, "same_data", "same_task")
    )


def test_the_killing_rate_is_that_of_pilot_networks_that_pass():
    frame = networks()
    frame.loc[frame["phase"] == "confirmatory", "test_accuracy"] = 0.9  # not looked at
    assert study.killing_rate(frame) == 0.7
    assert study.killing_rate(frame.assign(diverged=frame["learning_rate"] == 0.7)) == 0.1
    assert study.killing_rate(frame.assign(diverged=True)) is None


def test_shares_alive_are_of_the_dead_by_shift_and_layer_and_weigh_units():
    found = {"networks": networks(), "shifted": shifted(both={"noise_2": (2, 1), "none": (7, 2)})}
    alive = study.alive_on_test(found)
    assert in_cell(alive, test_shift="none", layer=0) == dict.fromkeys((1000, 1001), pytest.approx(1 / 10))
    assert in_cell(alive, test_shift="none", layer=1)[1000] == pytest.approx(1 / 8)
    more = study.alive_under_shift_less_unshifted(found)
    assert in_cell(more, test_shift="noise_2", layer=0)[1000] == pytest.approx(7 / 10 - 1 / 10)
    assert in_cell(more, test_shift="noise_1", layer=0)[1000] == pytest.approx(0 - 1 / 10)


def test_reverse_is_of_the_living():
    shares = study.alive_shares(shifted(there={"none": (1, 4)}), ("layer",))
    plain = shares[shares["test_shift"] == "none"].set_index(["seed", "layer"])
    assert plain.loc[(1000, 1), "reverse"] == pytest.approx(1 / 2)
    assert plain.loc[(1000, 2), "reverse"] == pytest.approx(4 / 8)
    assert plain["value"].eq(0).all()


def test_a_network_without_dead_units_says_nothing_and_a_diverged_one_is_known_as_such():
    assert study.alive_shares(shifted(dead=(0, 0), both={"noise_2": (0, 0)}))["value"].isna().all()
    frame = shifted()
    frame.loc[frame["seed"] == 1000, ["n_dead", "n_dead_both", "n_dead_shifted"]] = pd.NA
    found = study.alive_under_shift_less_unshifted({"networks": networks(), "shifted": frame})
    assert set(found["seed"][found["diverged"]]) == {1000}
    assert in_cell(found, test_shift="noise_2", layer=0)[1001] == pytest.approx(7 / 10)


def test_revivals_are_differences_to_the_control_of_the_same_first_phase():
    back = {"new_data": ((2, 0), (1, 4)), "same_data": ((0, 0), (0, 1)), "other_task": ((1, 0), (2, 0))}
    found = study.differences(change(back)).query("seed == 1000").set_index(["intervention", "moment", "layer"])
    assert found.loc[("new_data", "at once", 1), "value"] == pytest.approx(2 / 4)
    assert found.loc[("new_data", "at the end", 2), "value"] == pytest.approx(4 / 6 - 1 / 6)
    assert found.loc[("new_data", "at the end", 0), "value"] == pytest.approx(5 / 10 - 1 / 10)
    assert found.loc[("shifted_data", "at the end", 0), "value"] == pytest.approx(-1 / 10)
    made = study.revived_by_change_of_data({"networks": goers(), "activity": change(back)})
    end, once = ({"moment": moment} for moment in study.MOMENTS[::-1])
    assert in_cell(made, change="new_data", layer=0, **end) == dict.fromkeys((1000, 1001), pytest.approx(4 / 10))
    assert in_cell(made, change="other_task", layer=0, **end) == dict.fromkeys((1000, 1001), pytest.approx(2 / 10))
    assert in_cell(made, change="new_data", layer=2, **end)[1000] == pytest.approx(4 / 6 - 1 / 6)
    assert in_cell(made, change="new_data", layer=0, **once)[1000] == pytest.approx(2 / 10)


def test_what_training_adds_is_the_difference_at_the_end_less_that_one_step_after():
    back = {"new_data": ((2, 0), (1, 4)), "same_data": ((0, 0), (0, 1)), "other_task": ((1, 0), (2, 0))}
    data, task = (study.learned_after_change(change(back), 0.6, name).to_dict() for name in study.CLAIMED)
    assert data == dict.fromkeys((1000, 1001), pytest.approx(0.3 - 0.1))  # 2 of 10 to 5, its control from none to one
    assert task == dict.fromkeys((1000, 1001), pytest.approx(0.1))  # from 1 to 2, its control none


def test_a_diverged_network_takes_its_pair_with_it():
    life = change({"new_data": ((2, 0), (1, 4))})
    lost = (life["seed"] == 1000) & (life["intervention"] == "same_data") & (life["epoch"] > 5)
    life.loc[lost, ["n_followed", "n_back", "n_dead"]] = pd.NA
    found = study.revived_by_change_of_data({"networks": goers(), "activity": life})
    gone = found[found["diverged"]]
    assert set(gone["seed"]) == {1000} and "other_task" not in set(gone["change"])


def test_a_change_has_one_arm_of_each_seed():
    life = change({})
    with pytest.raises(UserError, match="unequal arms: seed 1001"):
        short = life[(life["intervention"] != "same_task") | (life["seed"] != 1001)]
        study.revived_by_change_of_data({"networks": goers(), "activity": short})


def test_the_rate_before_a_change_is_the_killing_rate_of_pilot_controls_that_keep_it():
    frame = goers()
    assert study.pretraining_rate(frame) == 0.6
    confirmed = frame["phase"] == "confirmatory"
    assert study.pretraining_rate(frame.assign(test_accuracy=frame["test_accuracy"].mask(confirmed, 0.9))) == 0.6
    others = (frame["rate_factor"] < 1) | (frame["intervention"] != "same_data")
    assert study.pretraining_rate(frame.assign(test_accuracy=frame["test_accuracy"].mask(others, 0.9))) == 0.6
    assert study.pretraining_rate(frame.assign(diverged=True)) is None
    lives = pd.concat([change({}, rate=rate) for rate in (0.6, 0.8)], ignore_index=True)
    found = study.revived_by_change_of_data({"networks": frame, "activity": lives})
    assert set(found["learning_rate"][found["killing"]]) == {0.6}
    later = frame["test_accuracy"].mask(frame["intervention"] == "same_task", 0.9)  # each change by its own control
    found = study.revived_by_change_of_data({"networks": frame.assign(test_accuracy=later), "activity": lives})
    assert set(found["learning_rate"][found["killing"] & (found["change"] == "other_task")]) == {0.8}


def test_controls_have_the_first_phase_of_what_they_are_held_against():
    assert study.CONTROLS == {
        "new_data": "same_data",
        "shifted_data": "same_data",
        "inverted_data": "same_data",
        "other_task": "same_task",
    }


def test_interventions_that_change_no_data_are_left_out_with_a_word(capsys):
    lives = change({})
    lives.loc[lives["intervention"] == "other_task", "intervention"] = "outlier"
    assert "other_task" not in set(study.differences(lives)["intervention"])
    assert "left out: outlier" in capsys.readouterr().out


def test_of_another_setting_that_varies_one_level_is_looked_at():
    frame = pd.concat([networks(), networks(((0.1, 0.5), (3.0, 0.5))).assign(width=8)])
    assert study.killing_rate(frame) == 0.7


BACK = {"new_data": ((2, 0), (1, 4)), "same_data": ((0, 0), (0, 1)), "other_task": ((1, 0), (2, 0))}


def everything():
    lives = pd.concat([change(BACK, factor=factor) for factor in (0.1, 1.0)], ignore_index=True)
    changes = goers(((0.6, 0.5),))
    changes["diverged"] = changes["seed"] == 1000
    return {
        "networks": pd.concat([networks(), changes], ignore_index=True),
        "shifted": shifted(both={"noise_2": (2, 1), "none": (7, 2)}, there={"none": (1, 4)}),
        "activity": lives,
        "history": history({0.6: 0.9}),
    }


def diverged(found):
    """The same where every network diverged: nothing is counted."""
    for name in ("shifted", "activity"):
        lost = [key for key in found[name] if key.startswith("n_") and key != "n_units"]
        found[name] = found[name].assign(**dict.fromkeys(lost, pd.NA)).astype(dict.fromkeys(lost, "Int32"))
    found["networks"] = found["networks"].assign(diverged=True, dead_fraction=np.nan, test_accuracy=np.nan)
    found["history"] = found["history"].assign(train_loss=np.nan, train_accuracy=np.nan)
    return found


def test_numbers_of_small_tables():
    made = text.numbers(everything())
    expected = {
        "train": 1500, "test": 297, "rate": 0.7, "dead": 0.45, "accuracy": 0.5, "main.epochs": 8, "main.rates": 3,
        "change.rate": 0.6, "change.before": 5, "change.after": 5, "change.seeds": 2, "change.factor": 0.1,
        "change.diverged": 0.5, "change.data.accuracy": 0.9, "change.task.accuracy": 0.9, "change.data.dead": 0.5,
        "change.task.dead": 0.5,
        # two controls, two factors, two seeds, four units each; none is back in the first layer
        "control.first.followed": 32, "control.first.back": 0,
    }  # fmt: skip
    assert {key: made[key] for key in expected} == pytest.approx(expected)
    estimates = {
        "none.alive": 1 / 10, "noise.2.alive": 7 / 10, "inverted.alive": 0, "none.dead": 5 / 10,
        "none.layer.1.dead": 1 / 2, "new.data.end.x0.1.changed": 5 / 10, "new.data.end.x0.1.control": 1 / 10,
        "new.data.end.x0.1.layer.1.changed": 1 / 4, "new.data.end.x1.difference": 4 / 10,
        "new.data.once.x0.1.difference": 2 / 10, "other.task.end.x1.control": 0,
        "shifted.data.end.x0.1.layer.1.changed": 0, "new.data.learned": 0.3 - 0.1, "other.task.learned": 0.1,
    }  # fmt: skip
    assert {key: made[key].value for key in estimates} == pytest.approx(estimates)
    assert all(made[key].n_seeds == 2 for key in estimates)
    off = 1 - 0.025**0.5  # both seeds agree: at most this share of seeds would not
    interval = made["new.data.end.x1.difference"][1:3]
    assert interval == pytest.approx((0.4 - off * (0.4 + 1), 0.4 + off * (1 - 0.4)))


def test_where_all_diverged_there_is_nothing_to_print():
    made = text.numbers(diverged(everything()))
    assert made["rate"] is None and made["change.rate"] is None and np.isnan(made["none.alive"].value)
    found = text.tables(diverged(everything()))
    assert found["rates"].frame["diverged"].tolist() == [1, 1, 1] and found["change"].frame.empty


def test_tables_of_the_text():
    found = text.tables(everything())
    row = found["rates"].frame.set_index("learning_rate").loc[0.7]
    assert row[["dead_fraction", "none", "noise_2", "reverse"]].tolist() == pytest.approx([0.45, 0.1, 0.7, 0.5])
    assert np.isnan(found["rates"].frame.set_index("learning_rate").loc[0.1, "noise_2"])  # no such network there
    changes = found["change"].frame
    assert changes["change"].drop_duplicates().tolist() == ["new data", "noisy data", "inverted data", "other task"]
    first = changes[changes["change"] == "new data"]
    assert first[["moment", "rate_factor"]].to_numpy().tolist() == [
        ["at once", 0.1],
        ["at the end", 0.1],
        ["at the end", 1],
    ]
    assert first["layer0"].tolist() == pytest.approx([0.2, 0.4, 0.4])
    assert first["layer2"].tolist() == pytest.approx([0, 0.5, 0.5])
    assert [column.head for column in found["change"].columns[-3:]] == ["layer 1", "layer 2", "all layers"]
    assert "noise 0.5 & noise 2 & moved 2 & inverted & reverse" in found["rates"].latex()


def drawing(name, found):
    """The figure of a kind, drawn from its table as it is kept."""
    table = pd.read_csv(io.StringIO(getattr(tables, name)(found).to_csv(index=False)))
    return getattr(figures, name)(table)


def labels(figure):
    return [entry.get_text() for entry in figure.legends[0].get_texts()]


def test_shares_elsewhere_are_drawn_against_the_size_of_a_shift_by_family():
    figure = drawing("alive_elsewhere", everything())
    assert [axis.get_xlabel() for axis in figure.axes[3:]] == list(figures._SIZES.values())
    assert labels(figure) == ["layer 1", "layer 2"]
    noise = next(line for line in figure.axes[0].get_lines() if line.get_label() == "layer 1")
    assert noise.get_xdata().tolist() == [0, 0.25, 0.5, 1, 2]
    assert noise.get_ydata().tolist() == pytest.approx([1 / 8, 0, 0, 0, 6 / 8])


def test_shifts_of_one_family_or_none_can_be_drawn():
    found = everything()
    for shifts, titles in ((["none", "noise_1"], [figures._SIZES["noise"]]), (["none"], ["none"])):
        part = {**found, "shifted": found["shifted"][found["shifted"]["test_shift"].isin(shifts)]}
        assert [axis.get_xlabel() for axis in drawing("alive_elsewhere", part).axes if axis.get_xlabel()] == titles


def test_revivals_are_drawn_by_layer_change_moment_and_factor():
    figure = drawing("revived_by_change", everything())
    assert [axis.get_title() for axis in figure.axes] == ["layer 1", "layer 2", "all layers"]
    assert labels(figure) == ["one step after", "at the end, rate × 0.1", "at the end, rate × 1"]
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["new\ndata", "noisy\ndata", "inverted\ndata", "other\ntask"]
    once, end, _ = (container.lines[0] for container in figure.axes[2].containers)
    assert once.get_ydata().tolist() == pytest.approx([0.2, -0.0, 0.0, 0.1])
    assert end.get_ydata().tolist() == pytest.approx([0.4, -0.1, -0.1, 0.2])
    assert end.get_xdata().tolist() == pytest.approx([0, 1, 2, 3])
