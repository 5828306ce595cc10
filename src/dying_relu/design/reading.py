"""Reading the YAML files that people write, with one clear sentence for whatever is wrong in them.

What may stand in a file is a pydantic model (`Strict`); what pydantic finds wrong becomes the sentence.
"""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from dying_relu.workflow.errors import UserError


class Strict(BaseModel):
    """What a file, or a part of it, may hold: these keys and no others, of these types exactly, numbers finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def one_of(names: Callable[[], Collection[str]]) -> AfterValidator:
    """A text that must be one of these names, which are asked for when it is checked."""

    def known(value: str) -> str:
        if value not in names():
            raise PydanticCustomError("enum", "", {"known": list(names())})
        return value

    return AfterValidator(known)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _distinct(values: list) -> list:
    repeated = [value for place, value in enumerate(values) if value in values[:place]]
    if repeated:
        raise PydanticCustomError("repeated", "", {"level": repeated[0]})
    return values


Whole = Annotated[int, BeforeValidator(_whole)]  # 1e3 is a whole number too
Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Distinct = AfterValidator(_distinct)
Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers (``1e-3`` is one) and no silent overwriting of a key by its duplicate."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"key '{key}' is given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?[eE][-+]?\d+|\.\d+([eE][-+]?\d+)?)$"),
    list("-+.0123456789"),
)


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML file.

    Raises:
        UserError: no such file, not YAML, a key given twice, or not a mapping.
    """
    try:
        content = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{path}{line}: {error.problem}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold 'key: value' lines, found {_show(content)}")
    return content


def parse_value(text: str) -> object:
    """One YAML value, as on a command line."""
    return yaml.load(text, _Loader)


def check(model: type[Model], content: Mapping, path: Path) -> Model:
    """Content of a file as a model.

    Raises:
        UserError: the first thing wrong in it, by file and key.
    """
    _check_keys(content, path, [])
    try:
        return model.model_validate(content)
    except ValidationError as error:
        worst = min(error.errors(), key=lambda e: (e["type"] != "extra_forbidden", list(map(str, e["loc"]))))
        raise UserError(_sentence(worst, model, path)) from None


def _check_keys(value: object, path: Path, keys: list) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise UserError(f"{path}: {_where([*keys, str(key)])}: key must be text; put it in quotes")
            _check_keys(item, path, [*keys, key])
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_keys(item, path, [*keys, place])


def _sentence(error: ErrorDetails, model: type[BaseModel], path: Path) -> str:
    keys, value, facts = list(error["loc"]), error["input"], error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            unknown = keys.pop()
            known = sorted(_known_keys(model, keys))
            reason = f"unknown key '{unknown}'" + (f"; known keys: {', '.join(known)}" if known else "")
        case "missing":
            reason = f"missing key '{keys.pop()}'"
        case "string_pattern_mismatch":
            keys = [key for key in keys if key != "[key]"]
            marks = "hyphens" if "-]" in facts["pattern"] else "underscores"
            reason = f"'{value}' must be lower-case letters, digits and {marks}, starting with a letter"
        case "greater_than":
            reason = f"must be greater than {facts['gt']:g}, found {_show(value)}"
        case "greater_than_equal":
            reason = f"must be at least {facts['ge']:g}, found {_show(value)}"
        case "less_than_equal":
            reason = f"must be at most {facts['le']:g}, found {_show(value)}"
        case "finite_number":
            reason = f"must be a finite number, found {value}"
        case "too_short" | "string_too_short":
            reason = "must not be empty"
        case "repeated":
            reason = f"level {_show(facts['level'])} is given twice"
        case "enum":
            reason = f"unknown value {_show(value)}; known: {', '.join(map(str, facts['known']))}"
        case "literal_error":
            reason = (
                f"unknown value {_show(value)}; known: {facts['expected'].replace(' or ', ', ').replace(chr(39), '')}"
            )
        case kind if kind in _KINDS:
            reason = f"must be {_KINDS[kind]}, found {_show(value)}"
        case _:
            reason = f"{error['msg']}, found {_show(value)}"
    where = _where(keys)
    return f"{path}: {where + ': ' if where else ''}{reason}"


_KINDS = {
    "model_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "bool_type": "true or false",
}


def _known_keys(model: type[BaseModel], keys: list) -> Collection[str]:
    """The keys that may stand where ``keys`` lead to, as far as the models say."""
    schema = model.model_json_schema()
    here = schema
    for key in keys:
        here = _resolved(schema, here)
        named = [*here.get("patternProperties", {}).values(), here.get("additionalProperties"), here.get("items"), {}]
        here = here.get("properties", {}).get(key) or next(part for part in named if part is not None)
        here = here if isinstance(here, dict) else {}
    return _resolved(schema, here).get("properties", {})


def _resolved(schema: dict, part: dict) -> dict:
    part = next((option for option in part.get("anyOf", []) if option.get("type") != "null"), part)
    return schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _where(keys: list) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
