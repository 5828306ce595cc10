"""What tells the networks of any study apart: the settings that vary in it, and how a level is printed."""

from collections.abc import Mapping, Sequence
from numbers import Real

import pandas as pd

from dying_relu.analysis.frames import NETWORK, grouped
from dying_relu.design.catalogue import ACTIVATIONS, ARCHITECTURES, INITIALIZERS, INTERVENTIONS, OPTIMIZERS
from dying_relu.design.datasets import DATASETS, SCALINGS, SHIFTS
from dying_relu.design.settings import SETTINGS, Settings

_REFERENCE = dict(Settings())
_ENTRIES: Mapping[str, Mapping] = {
    "dataset": DATASETS,
    "shift": SHIFTS,
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "intervention": INTERVENTIONS,
}
_PLACES = {key: {level: k for k, level in enumerate(entries)} for key, entries in _ENTRIES.items()}


def varying(frame: pd.DataFrame, but: Sequence[str] = ("learning_rate",)) -> list[str]:
    """The settings of which a table has several levels, in their order, without some."""
    return [key for key in SETTINGS if key not in but and frame[key].nunique(dropna=False) > 1]


def nearest_to_reference(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows with the reference network's level of each setting, or the level nearest to it, or the first."""
    return nearest(frame, {key: _REFERENCE[key] for key in keys})


def nearest(frame: pd.DataFrame, wanted: Mapping[str, object]) -> pd.DataFrame:
    """The rows with these levels of settings, or the level nearest to each, or the first."""
    for key, level in wanted.items():
        levels = list(frame[key].unique())
        if levels and level not in levels:
            if all(isinstance(one, Real) for one in [*levels, level]):
                distance = {one: (pd.isna(one), abs(one - level), one) for one in levels}
                level = min(levels, key=distance.__getitem__)
            else:
                level = sorted(levels, key=str)[0]
        if levels:
            frame = frame[frame[key].isna() if pd.isna(level) else frame[key] == level]
    return frame


def name(key: str, level: object) -> str:
    """A level of a setting as it is printed, e.g. "SGD", "depth 3", "unit-scaled inputs"."""
    if key in _ENTRIES:
        return _ENTRIES[key][level].name
    if key == "scaling":
        return f"{SCALINGS[str(level)]} inputs"
    if key == "architecture":
        return ARCHITECTURES[str(level)]
    word = key.replace("_", " ")
    if isinstance(level, bool) or str(level) in ("True", "False"):
        return word if str(level) == "True" else f"no {word}"
    if pd.isna(level):
        return f"no {word}"
    return f"{word} {level:g}" if isinstance(level, (int, float)) else f"{word} {level}".replace("_", " ")


def unlike_reference(levels: Mapping[str, object]) -> dict[str, object]:
    """Of some levels of settings those that the reference network does not have."""
    return {key: level for key, level in levels.items() if key not in SETTINGS or level != _REFERENCE[key]}


def place(levels: Mapping[str, object]) -> tuple:
    """Where levels of settings stand in an order: by the first of them, then by its level; nothing before all."""
    known = {key: k for k, key in enumerate(SETTINGS)}
    return tuple((known.get(key, len(known)), _place(key, level)) for key, level in levels.items())


def label(levels: Mapping[str, object]) -> str:
    """The printed name of an arm; nothing where nothing varies."""
    return ", ".join(name(key, level) for key, level in levels.items())


def listed(frame: pd.DataFrame, keys: Sequence[str]) -> list[dict[str, object]]:
    """The arms of a table in the order of the catalogue and of numbers: levels of some settings."""
    if not keys:
        return [{}] if len(frame) else []
    arms = [dict(zip(keys, row, strict=True)) for row in frame[list(keys)].drop_duplicates().itertuples(index=False)]
    return sorted(arms, key=lambda arm: [(_place(key, level), str(level)) for key, level in arm.items()])


def _place(key: str, level: object) -> tuple:
    """Where a level stands among those of its setting: in the order of the catalogue, or of numbers."""
    if pd.isna(level):
        return -1, 0.0
    return (_PLACES[key].get(level, 99), 0.0) if key in _PLACES else (0, level)


def comparable(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows of networks that differ in some settings alone: of all others, the levels that most networks have.

    Of levels that equally many have, the reference network's, or the nearest to it.
    """
    others = varying(frame, keys)
    if not others:
        return frame
    sizes = grouped(frame.drop_duplicates(NETWORK), others).size().rename("networks").reset_index()
    most = nearest_to_reference(sizes[sizes["networks"] == sizes["networks"].max()], others)[others].head(1)
    print("looked at alone, as most networks have it:", label(most.iloc[0].to_dict()))
    return frame.merge(most, on=others)
