"""Files that people write: what is read from them, and one sentence for whatever is wrong."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, RootModel

from dying_relu.design import reading
from dying_relu.design.reading import Distinct, Name, Strict, Text, Whole, one_of
from dying_relu.workflow.errors import UserError

PLACE = Path("file.yaml")


class _Inner(Strict):
    size: Whole = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0.5


class _File(Strict):
    word: Text
    colour: Annotated[str, one_of(lambda: ("red", "blue"))] = "red"
    family: Literal["mean", "share"] = "mean"
    parts: dict[Name, _Inner] = {}
    levels: Annotated[list[float], Distinct, Field(min_length=1)] = [1.0]
    own: _Inner | None = None
    sure: bool = False


@pytest.mark.parametrize(
    "content, sentence",
    [
        ({}, "missing key 'word'"),
        ({"word": ""}, "word: must not be empty"),
        ({"word": 3}, "word: must be text, found 3"),
        ({"wird": "a"}, "unknown key 'wird'; known keys: colour, family, levels, own, parts, sure, word"),
        ({"word": "a", "colour": "green"}, "colour: unknown value 'green'; known: red, blue"),
        ({"word": "a", "family": "medium"}, "family: unknown value 'medium'; known: mean, share"),
        ({"word": "a", "parts": {"one": {"sise": 1}}}, "parts.one: unknown key 'sise'; known keys: share, size"),
        ({"word": "a", "parts": {"One": {}}}, "parts.One: 'One' must be lower-case letters, digits and underscores"),
        ({"word": "a", "parts": 3}, "parts: must be a mapping of keys, found 3"),
        ({"word": "a", "own": {"sise": 1}}, "own: unknown key 'sise'; known keys: share, size"),
        ({"word": "a", "own": {"size": 1.5}}, "own.size: must be a whole number, found 1.5"),
        ({"word": "a", "own": {"size": True}}, "own.size: must be a whole number, found True"),
        ({"word": "a", "own": {"share": 2}}, "own.share: must be at most 1, found 2"),
        ({"word": "a", "own": {"share": float("nan")}}, "own.share: must be a finite number, found nan"),
        ({"word": "a", "levels": [1, 2, 1.0]}, "levels: level 1.0 is given twice"),
        ({"word": "a", "levels": ["one"]}, "levels[0]: must be a number, found 'one'"),
        ({"word": "a", "levels": []}, "levels: must not be empty"),
        ({"word": "a", "sure": "yes"}, "sure: must be true or false, found 'yes'"),
        ({"word": "a", "parts": {1: {}}}, "parts.1: key must be text; put it in quotes"),
        ({"word": "a", "colour": "g" * 99}, "colour: unknown value '" + "g" * 56 + "...; known"),
    ],
)
def test_each_mistake_is_one_sentence(content, sentence):
    with pytest.raises(UserError) as caught:
        reading.check(_File, content, PLACE)
    assert str(caught.value).startswith(f"file.yaml: {sentence}") and "\n" not in str(caught.value)


def test_a_name_with_hyphens_is_told_so():
    class _Ids(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], int]]):
        pass

    with pytest.raises(UserError, match="'A_b' must be lower-case letters, digits and hyphens, starting with a letter"):
        reading.check(_Ids, {"A_b": 1}, PLACE)


def test_whole_numbers_may_be_written_with_an_exponent():
    found = reading.check(_File, {"word": "a", "own": {"size": 1e3}}, PLACE)
    assert found.own.size == 1000 and isinstance(found.own.size, int)


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("title: a\ntitle: b\n", "key 'title' is given twice"),
        ("part:\n  a: 1\n  a: 2\n", "key 'a' is given twice"),
        ("title: [a\n", "line 2"),
        ("- a\n- b\n", "must hold 'key: value' lines"),
        ("", "must hold 'key: value' lines"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_broken_yaml_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "broken.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        reading.read_yaml(path)
    assert str(caught.value).startswith(str(path)) and sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"absent\.yaml: cannot be read \(No such file or directory\)"):
        reading.read_yaml(tmp_path / "absent.yaml")


def test_numbers_of_any_notation_are_numbers(tmp_path):
    path = tmp_path / "numbers.yaml"
    path.write_text("a: 1e-3\nb: 1.0e-3\nc: 5E+2\nd: -.5\ne: 1e3\nf: .inf\n")
    assert reading.read_yaml(path) == {"a": 0.001, "b": 0.001, "c": 500.0, "d": -0.5, "e": 1000.0, "f": float("inf")}


@pytest.mark.parametrize("text, value", [("1e-3", 0.001), ("null", None), ("true", True), ("adam", "adam"), ("3", 3)])
def test_values_on_a_command_line_are_read_as_in_a_file(text, value):
    found = reading.parse_value(text)
    assert found == value and type(found) is type(value)
