"""Reading the YAML files that people write, with one clear sentence for whatever is wrong in them."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import yaml

from dying_relu.errors import UserError

SCHEMAS = Path(__file__).parent / "schemas"


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


def schema(name: str) -> dict:
    """One of the JSON schemas of the package, written as YAML."""
    return read_yaml(SCHEMAS / f"{name}.yaml")


def check(content: Mapping, against: Mapping, path: Path) -> None:
    """Hold content to a JSON schema.

    Raises:
        UserError: the first thing wrong in it, by file and key.
    """
    _check_finite(content, path, [])
    errors = jsonschema.Draft202012Validator(against).iter_errors(content)
    worst = min(
        errors, key=lambda e: (e.validator != "additionalProperties", list(map(str, e.absolute_path))), default=None
    )
    if worst is not None:
        raise UserError(_sentence(worst, path))


def _check_finite(value: object, path: Path, keys: list) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise UserError(f"{path}: {_where([*keys, key])}: key must be text; put it in quotes")
            _check_finite(item, path, [*keys, key])
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_finite(item, path, [*keys, place])
    elif isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{path}: {_where(keys)}: must be a finite number, found {value}")


def _sentence(error: jsonschema.ValidationError, path: Path) -> str:
    keys, value, rule = list(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "additionalProperties" | "propertyNames":
            known = error.schema.get("properties")
            unknown = next((key for key in value if key not in (known or {})), value) if known else value
            reason = f"unknown key '{unknown}'" + (f"; known keys: {', '.join(sorted(known))}" if known else "")
        case "pattern":
            reason = f"'{value}' must be lower-case letters, digits and underscores, starting with a letter"
        case "required":
            reason = f"missing key '{next(key for key in rule if key not in value)}'"
        case "type":
            kinds = rule if isinstance(rule, list) else [rule]
            reason = f"must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}, found {_show(value)}"
        case "exclusiveMinimum":
            reason = f"must be greater than {rule}, found {_show(value)}"
        case "minimum":
            reason = f"must be at least {rule}, found {_show(value)}"
        case "maximum":
            reason = f"must be at most {rule}, found {_show(value)}"
        case "minItems" | "minProperties" | "minLength":
            reason = "must not be empty"
        case "uniqueItems":
            repeated = next(item for place, item in enumerate(value) if item in value[:place])
            reason = f"level {_show(repeated)} is given twice"
        case "enum":
            reason = f"unknown value {_show(value)}; known: {', '.join(map(str, rule))}"
        case _:
            reason = error.message
    where = _where(keys)
    return f"{path}: {where + ': ' if where else ''}{reason}"


_KINDS = {
    "object": "a mapping of keys",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _where(keys: list) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
