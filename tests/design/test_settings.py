"""The settings: one place for types, reference values and meaning."""

import re
from pathlib import Path

import pytest

from conftest import ROOT
from dying_relu import studies
from dying_relu.design import catalogue, datasets, reading, settings
from dying_relu.design.settings import SETTINGS, Given, Levels, Settings
from dying_relu.workflow.errors import UserError

README = (ROOT / "config" / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_in_the_readme_is_the_one_in_the_code():
    assert settings.table() in README


def test_the_table_of_kinds_in_the_readme_is_the_one_in_the_code():
    assert studies.table() in README


@pytest.mark.parametrize(
    "entries",
    [
        *(catalogue.ACTIVATIONS, catalogue.INITIALIZERS, catalogue.OPTIMIZERS, catalogue.ARCHITECTURES),
        *(catalogue.INTERVENTIONS, datasets.DATASETS, datasets.SCALINGS, datasets.PORTIONS, datasets.SHIFTS),
    ],
)
def test_every_entry_of_the_catalogue_is_in_the_readme(entries):
    assert [name for name in entries if f"`{name}`" not in README] == []


def test_every_key_of_a_study_file_is_in_the_readme():
    from dying_relu.design import study

    assert [key for key in study._File.model_fields if f"`{key}`" not in README] == []
    assert [key for key in study._PresetFile.model_fields if f"`{key}`" not in README] == []


def test_the_reference_network():
    reference = Settings()
    assert (reference.dataset, reference.depth, reference.width, reference.activation) == ("digits", 3, 64, "relu")
    assert reference.bias == 0.0 and reference.optimizer == "sgd" and tuple(dict(reference)) == SETTINGS


def test_the_reference_network_is_itself_valid():
    assert reading.check(Settings, dict(Settings()), Path("x")) == Settings()


@pytest.mark.parametrize("key", SETTINGS)
def test_each_setting_may_be_given_and_varied(key):
    value = getattr(Settings(), key)
    assert getattr(reading.check(Given, {key: value}, Path("x")), key) == value
    assert getattr(reading.check(Levels, {key: [value]}, Path("x")), key) == [value]
    with pytest.raises(UserError, match=rf"x: {key}: must not be empty"):
        reading.check(Levels, {key: []}, Path("x"))
    with pytest.raises(UserError, match=re.escape(f"x: {key}: level {value!r} is given twice")):
        reading.check(Levels, {key: [value, value]}, Path("x"))


def test_what_is_not_given_is_not_there():
    assert reading.check(Given, {"bias": None}, Path("x")).model_dump(exclude_unset=True) == {"bias": None}
