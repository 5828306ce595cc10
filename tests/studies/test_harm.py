"""The study harm on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from by_hand import in_cell, life, networks
from dying_relu.analysis.frames import matching
from dying_relu.report import numbers
from dying_relu.studies.harm import CONTENTS, estimands, figures, tables, text
from dying_relu.studies.harm.estimands import ALL, LOWERED_FIRST, NETWORK, RENEWED_FIRST, UNBROKEN, WORST
from dying_relu.workflow import files

SEEDS = (0, 1000, 1001)
HELD = {"grid": "held", "learning_rate": 0.7, "intervention_epoch": 5}
LOWERED = HELD | {"grid": "lowered", "rate_factor": 0.1}
HEALTHY = {"grid": "healthy", "learning_rate": 0.2, "rate_factor": 0.35, "intervention_epoch": 5, "shut_epoch": 5}
RENEW, CONTROL = {"intervention": "renew_dead_silently"}, {"intervention": "renew_living_silently"}


def row(accuracy, **more):
    """A network by its test accuracy; none: it diverged."""
    dead = np.nan if accuracy is None else 0.2
    return (
        {"test_accuracy": accuracy, "test_loss": 0.3, "train_loss": 0.3, "pruned_loss": 0.3}
        | more
        | {"dead_fraction": dead}
    )


def killed(held=0.5, held_renewed=0.6, lowered=0.8, lowered_renewed=0.85, control=0.7, healthy=0.95, seeds=SEEDS):
    """Killed networks and healthy twins, of whose units a share s shut costs s / 2."""
    curve = [row(healthy - s / 2, **HEALTHY, shut=s) for s in (0.0, 0.4, 0.8)]
    rows = [row(held, **HELD), row(held_renewed, **HELD, **RENEW), row(lowered, **LOWERED)]
    rows += [row(lowered_renewed, **LOWERED, **RENEW), row(control, **LOWERED, **CONTROL), *curve]
    return networks(*({**one, "seed": seed} for one in rows for seed in seeds), epochs=15, scaling="unit")


def lives(first=2, second=1, seeds=SEEDS, **more):
    """Two layers of four units at the end, of the networks held and lowered; none: diverged."""
    parts = [
        life([0, dead], layer=layer, seed=seed, **{**at, **more})
        for at in (HELD, LOWERED)
        for seed in seeds
        for layer, dead in ((1, first), (2, second))
    ]
    made = pd.concat(parts, ignore_index=True)
    return made.assign(phase=made["phase"].where(made["seed"] >= 1000, "pilot"))


SHUT = networks(
    *(
        row(accuracy, grid="forty" if share in (0, 0.4) else "shut", seed=seed, shut=share, shut_epoch=epoch)
        for seed in SEEDS
        for epoch in (0, 10)
        for share, accuracy in ((0.0, 0.97), (0.4, 0.96 - epoch / 1000), (0.8, 0.9))
    ),
    scaling="unit",
)
FEW = networks(
    *(row(0.95, grid="narrow_forty", width=38, seed=seed) for seed in SEEDS),
    *(row(0.93, grid="narrow", width=13, seed=seed) for seed in SEEDS),
    scaling="unit",
)


def everything():
    return {"networks": pd.concat([SHUT, FEW, killed()], ignore_index=True), "activity": lives()}


# ---- shut, and narrow ----


def test_a_share_shut_stands_beside_none_shut_of_its_seed_and_time():
    found = estimands.score_lost_when_shut({"networks": SHUT})
    assert in_cell(found, shut=0.4, shut_epoch=0) == {1000: pytest.approx(0.01), 1001: pytest.approx(0.01)}
    assert in_cell(found, shut=0.4, shut_epoch=10)[1000] == pytest.approx(0.02)
    assert set(found["shut"]) == {0.4, 0.8}


def test_a_regression_is_scored_by_the_variance_that_it_explains():
    rows = [
        row(np.nan, grid="regression", dataset="friedman", shut=s, test_loss=loss)
        for s, loss in ((0.0, 0.2), (0.8, 0.5))
    ]
    found = estimands.score_lost_when_shut({"networks": networks(*rows)})
    assert in_cell(found) == {1000: pytest.approx(0.3)}
    assert estimands.score(networks(row(0.9))).tolist() == [0.9]


def test_a_diverged_network_has_no_score_lost():
    gone = SHUT.assign(diverged=(SHUT["seed"] == 1000) & (SHUT["shut"] == 0))
    found = estimands.score_lost_when_shut({"networks": gone}).set_index("seed")
    assert found.loc[1000, "diverged"].all() and not found.loc[1001, "diverged"].any()


def test_a_narrow_network_stands_beside_the_shut_one_of_as_many_living_units():
    found = estimands.score_lost_when_shut_less_narrow({"networks": pd.concat([SHUT, FEW], ignore_index=True)})
    assert in_cell(found, shut=0.4) == {1000: pytest.approx(-0.01), 1001: pytest.approx(-0.01)}
    assert in_cell(found, shut=0.8)[1000] == pytest.approx(0.03)
    assert estimands.living(networks(row(1, shut=0.8), row(1, shut=0.6, width=16))).tolist() == [13, 6]


# ---- what the rate's, what death's ----

scores = st.floats(0, 1)


@settings(max_examples=10)
@given(scores, scores, scores, scores, scores)
def test_the_steps_sum_to_the_loss_in_either_order(held, held_renewed, lowered, lowered_renewed, healthy):
    given_tables = {"networks": killed(held, held_renewed, lowered, lowered_renewed, 0.5, healthy, seeds=(1000,))}
    (lost,) = in_cell(estimands.loss(given_tables)).values()
    found = {name: in_cell(part)[1000] for name, part in estimands.steps(given_tables).items()}
    assert lost == pytest.approx(healthy - held) and sum(found.values()) == pytest.approx(lost, abs=1e-12)
    first, then = (in_cell(part)[1000] for part in estimands.renewal_at_the_killing_rate(given_tables))
    assert first + then + found["rest"] == pytest.approx(lost, abs=1e-12)


def test_renewal_regains_a_share_of_the_loss():
    found = estimands.share_regained_by_renewal({"networks": killed(), "activity": lives()})
    assert in_cell(found, order=LOWERED_FIRST, networks=ALL, learning_rate=0.7)[1000] == pytest.approx(0.05 / 0.45)
    assert in_cell(found, order=RENEWED_FIRST, networks=ALL)[1001] == pytest.approx(0.1 / 0.45)
    little = estimands.share_regained_by_renewal({"networks": killed(held=0.94), "activity": lives()})
    assert np.isnan(in_cell(little, order=LOWERED_FIRST, networks=ALL)[1000]) and not little["diverged"].any()
    gone = estimands.share_regained_by_renewal({"networks": killed(lowered=None), "activity": lives()})
    gone = matching(gone, networks=ALL).set_index(["order", "seed"])["diverged"]
    assert gone[LOWERED_FIRST, 1000] and not gone[RENEWED_FIRST, 1000]


def test_networks_with_a_silent_layer_are_set_apart():
    found = estimands.share_regained_by_renewal({"networks": killed(), "activity": lives(second=4)})
    assert np.isnan(in_cell(found, order=LOWERED_FIRST, networks=UNBROKEN)[1000])
    assert in_cell(found, order=LOWERED_FIRST, networks=ALL)[1000] == pytest.approx(0.05 / 0.45)


def test_as_many_are_shut_as_are_dead_by_their_share_in_all_or_in_the_worst_layer():
    """On a curve that falls by half of the share, up to 80 %."""
    given_tables = {"networks": killed(), "activity": lives(first=3, second=1)}
    lost = estimands.as_many_shut(given_tables, "held")
    assert in_cell(lost, counted=NETWORK)[1000] == pytest.approx(0.25)
    assert in_cell(lost, counted=WORST)[1000] == pytest.approx(0.375)
    share = estimands.share_lost_when_as_many_are_shut(given_tables)
    assert in_cell(share, counted=NETWORK, networks=ALL)[1001] == pytest.approx(0.25 / 0.45)


@pytest.mark.parametrize("dead, lost", [(0, 0.0), (4, 0.85)])
def test_with_a_layer_silent_the_answer_is_one_of_ten_for_all(dead, lost):
    found = estimands.as_many_shut({"networks": killed(), "activity": lives(dead, dead)}, "held")
    assert in_cell(found, counted=WORST)[1000] == pytest.approx(lost)


def test_without_counts_as_many_as_died_is_unknown():
    found = estimands.as_many_shut({"networks": killed(), "activity": lives(first=None)}, "held")
    assert found["diverged"].all()


# ---- text, table, figures ----


def test_numbers_by_hand():
    made = text.numbers(everything())
    numbers.check("harm", made, CONTENTS.numbers)
    assert (made["killing.rate"], made["proper.rate"], made["killed.after"]) == (0.7, 0.2, 5)
    assert (made["held.dead"], made["held.worst"]) == (3 / 8, 1 / 2)
    assert (made["later"], made["latest"]) == (10, 10) and made["latest.lost"].value == pytest.approx(0.02)
    assert made["none.score"].value == pytest.approx(0.97) and made["eighty.lost"].value == pytest.approx(0.07)
    values = {name: made[f"{name}.part"].value for name in ("rate", "death", "rest", "control")}
    assert values == pytest.approx({"rate": 0.3, "death": 0.05, "rest": 0.1, "control": -0.1})
    assert (made["pruned.networks"], made["pruned.differ"]) == (len(everything()["networks"]), 0)
    assert (made["nothing.networks"], made["nothing.differ"]) == (3, 0)  # a pilot network among them
    later = SHUT.assign(grid=np.where(SHUT["shut_epoch"] > 0, "shut_later", SHUT["grid"]))
    off = later["train_loss"].where((later["seed"] != 1000) | (later["shut_epoch"] == 0), 0.31)
    again = text.numbers(everything() | {"networks": pd.concat([later.assign(train_loss=off), FEW, killed()])})
    assert (again["nothing.networks"], again["nothing.differ"]) == (3, 1)
    assert again["pruned.differ"] == 3


def test_the_table_of_parts_by_hand(tmp_path):
    given_tables = {"networks": killed(), "activity": lives(second=4)}
    made = text.tables(given_tables)["parts"]
    every, unbroken = made.frame.to_dict("records")
    assert (every["killing"], every["seeds"], unbroken["seeds"]) == (0.7, 2, 0)
    parts = [every[key] for key in ("lost", "rate", "death", "renewed first", "lowered then", "rest", "as many")]
    assert parts == pytest.approx([0.45, 0.3, 0.05, 0.1, 0.25, 0.1, 0.375])
    made.write(tmp_path / "parts.csv")
    assert r"0.7 & all & 2 & 45 & 30 & 5 & 10 & 25 & 10" in made.latex()


def drawn(kind, tmp_path, given_tables):
    path = tmp_path / f"{kind}.csv"
    files.write(getattr(tables, kind)(given_tables), path)
    table = files.read(path)
    return table, getattr(figures, kind)(table) if len(table) else None


def test_shares_are_drawn_by_what_became_of_the_units(tmp_path):
    more = killed(seeds=(0, *range(1000, 1003)))
    given_tables = {"networks": pd.concat([SHUT, FEW, more]), "activity": lives(seeds=(0, *range(1000, 1003)))}
    table, figure = drawn("harm_by_share", tmp_path, given_tables)
    assert table["panel"].unique().tolist() == ["digits, width 64,\nunit-scaled inputs"]
    found = table.set_index(["series", "share"])["mean"]
    assert found["shut before the first step", 0.4] == pytest.approx(0.96) and found["shut after 10 epochs", 0.8] == 0.9
    assert found["narrow from the start", 1 - 13 / 64] == pytest.approx(0.93)
    assert found["killed, rate held", 0.4] == 0.5 and found["killed, rate lowered", 0.4] == 0.8
    assert len(figure.axes) == 1
    few, _ = drawn("harm_by_share", tmp_path, everything())
    assert "killed, rate held" not in set(few["series"])  # too few seeds


def test_parts_are_drawn_by_arm(tmp_path):
    table, figure = drawn("harm_parts", tmp_path, everything())
    means = table.set_index("arm")["mean"]
    assert means["healthy"] == 0.95 and means["rate held, dead renewed"] == 0.6
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "rate held" and labels[-1] == "healthy" and len(labels) == 6


def test_without_rows_nothing_is_said_and_nothing_fails(tmp_path):
    empty = {name: frame.iloc[:0] for name, frame in everything().items()}
    numbers.check("harm", text.numbers(empty), CONTENTS.numbers)
    assert text.tables(empty)["parts"].frame.empty
    for name in CONTENTS.estimands:
        assert getattr(estimands, name)(empty).empty
    for kind in CONTENTS.kinds:
        table, _ = drawn(kind, tmp_path, empty)
        assert table.empty
