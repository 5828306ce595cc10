"""Estimates: the cell that a claim names, and the cells that it may be read at."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from by_hand import claim, networks
from conftest import ROOT
from dying_relu import studies
from dying_relu.analysis import maps, rates
from dying_relu.design import study
from dying_relu.ledger import estimate
from dying_relu.workflow.errors import UserError

ITEM = study.load(ROOT / study.STUDIES / "learning_rate.yaml", study.load_preset("full", ROOT / study.PRESETS))
EPOCHS = ITEM.settings.epochs
TABLE = networks(
    *(
        {"scaling": scaling, "learning_rate": rate, "seed": seed, "dead_fraction": dead, "test_accuracy": accuracy}
        for seed in (0, 1000, 1001)
        for scaling in ("standardised", "unit")
        for rate, dead, accuracy in ((0.1, 0.0, 0.9), (0.5, 0.3, 0.8), (2.0, 0.9, 0.1))
    ),
    epochs=EPOCHS,
)


def dead(tables):
    return rates.on_scale(maps.of(tables["networks"], tables["networks"]["dead_fraction"]), tables["networks"])


def by_layer(tables):
    parts = [tables["networks"].assign(layer=layer) for layer in (0, 1)]
    frame = pd.concat(parts, ignore_index=True)
    return maps.of(frame, frame["dead_fraction"], axes=["layer"])


@pytest.fixture(autouse=True)
def estimands(monkeypatch):
    module = SimpleNamespace(e=dead, layered=by_layer)
    monkeypatch.setattr(studies, "function", lambda place, kind, name: getattr(module, name))


def estimated(**more):
    made = claim("c").model_copy(update=more)
    return estimate.estimate(ITEM, {"c": made}, {"networks": TABLE})


def named(found):
    return [json.loads(levels) for levels in found["levels"][found["named"]].unique()]


def test_a_claim_is_about_the_studys_own_settings_but_for_what_its_cell_says():
    found = estimated(cell={"learning_rate": 0.5})
    assert list(found.columns) == estimate.COLUMNS
    assert named(found) == [{"scaling": "standardised", "learning_rate": 0.5}]
    assert found["seed"][found["named"]].tolist() == [0, 1000, 1001] and len(found) == len(TABLE)
    assert named(estimated(cell={"learning_rate": 2, "scaling": "unit"})) == [{"scaling": "unit", "learning_rate": 2.0}]


def test_a_rate_goes_by_its_name():
    found = estimated(cell={"learning_rate": "killing"})
    assert named(found) == [{"scaling": "standardised", "learning_rate": 0.5}]
    assert found["limit_share"][found["named"]].unique() == pytest.approx(0.5)
    assert named(estimated(cell={"learning_rate": "proper"})) == [{"scaling": "standardised", "learning_rate": 0.1}]


def test_a_map_holds_the_cells_that_the_sentence_can_be_read_at_and_the_named_one():
    found = estimated(cell={"learning_rate": 0.5}, read_at={"limit_share": [0.6, 3]})
    assert found.groupby("named")["levels"].unique().map(len).to_dict() == {False: 2, True: 1}
    found = estimated(cell={"learning_rate": 0.5}, read_at={"scaling": ["unit"]})
    assert found.groupby("named")["levels"].unique().map(len).to_dict() == {False: 3, True: 1}


def test_a_cell_that_no_network_has_names_nothing():
    assert not estimated(cell={"learning_rate": 0.7})["named"].any()


@pytest.mark.parametrize(
    "more, sentence",
    [
        ({"cell": {"moment": "early"}}, "c.cell: e does not tell values apart by 'moment'"),
        ({"read_at": {"moment": ["early"]}}, "c.read_at: e does not tell values apart by 'moment'"),
        (
            {"estimand": "layered", "cell": {"learning_rate": 0.5}},
            "c.cell: layered has several levels of 'layer'; name one",
        ),
    ],
)
def test_a_cell_that_does_not_fit_the_map_is_one_sentence(more, sentence):
    with pytest.raises(UserError, match=sentence):
        estimated(**more)


def test_values_beyond_the_bounds_are_cut_to_them():
    found = estimated(cell={"learning_rate": 0.5}, bounds=[0.1, 0.5])
    assert set(found["value"]) == {0.1, 0.3, 0.5}
