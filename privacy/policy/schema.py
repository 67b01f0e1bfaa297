"""The JSON Schema of the policy file, made from its form, for editors and other programs.

Dates are texts there, as in JSON. Does not belong here: what a schema cannot say (rules between
fields, privacy.policy.policy).
"""

from collections.abc import Mapping
from typing import Any

from privacy.engine.frames import LINKED
from privacy.policy.form import (
    DATE,
    DECIMAL,
    DECIMAL_PATTERN,
    FLAG,
    FORM,
    LIST,
    NAME,
    NAME_PATTERN,
    SECTION,
    SECTIONS,
    TEXT,
    TEXTS,
    WHOLE,
    Field,
)

_TEXT = {"type": "string", "minLength": 1}
_PLAIN: Mapping[str, Mapping[str, Any]] = {
    TEXT: _TEXT,
    NAME: {"type": "string", "pattern": f"^{NAME_PATTERN}$"},
    WHOLE: {"type": "integer", "minimum": 1},
    DECIMAL: {"type": "string", "pattern": f"^{DECIMAL_PATTERN}$"},
    DATE: {"type": "string", "format": "date"},
    FLAG: {"type": "boolean"},
}
_LINKED_FRAMES_HAVE_A_SQUARED_BOUND = {
    "if": {"properties": {"kind": {"const": LINKED}}},
    "then": {"required": ["bound_squared"], "properties": {"bound": False}},
    "else": {"required": ["bound"], "properties": {"bound_squared": False, "places": False}},
}


def make_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the policy file."""
    definitions = {form: _describe_form(form) for form in FORM if form != "policy"}
    definitions["frame"] |= _LINKED_FRAMES_HAVE_A_SQUARED_BOUND
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Privacy policy",
        **_describe_form("policy"),
        "$defs": definitions,
    }


def _describe_form(form: str) -> dict[str, Any]:
    fields = FORM[form]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, field in fields.items() if not field.is_optional],
        "properties": {name: _describe_field(field) for name, field in fields.items()},
    }


def _describe_field(field: Field) -> dict[str, Any]:
    said = {"description": field.says}
    reference = {"$ref": f"#/$defs/{field.form}"}
    least = 0 if field.may_be_empty else 1
    if field.kind == SECTION:
        return {**said, **reference}
    if field.kind == SECTIONS:
        names = {"propertyNames": _PLAIN[NAME], "additionalProperties": reference}
        return {**said, "type": "object", "minProperties": 1, **names}
    if field.kind == LIST:
        return {**said, "type": "array", "minItems": 1, "items": reference}
    if field.kind == TEXTS:
        return {**said, "type": "array", "minItems": least, "uniqueItems": True, "items": _TEXT}
    if field.choices:
        return {**said, "enum": list(field.choices)}
    return {**said, **_PLAIN[field.kind]}
