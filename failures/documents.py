"""What is wrong with a document that a person or a program wrote, in words that repeat none of it.

Its form is a model of pydantic. Of pydantic's own errors the place and the kind are used alone, for
their text may quote what stands there. Does not belong here: any form, and the guarantee, which
reads its documents itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

Form = TypeVar("Form")

CLOSED = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
"""A form that knows every entry that it may have."""

_KINDS = {
    "missing": "'{place}' is missing",
    "extra_forbidden": "There is no entry '{place}'",
    "literal_error": "'{place}' is not one of {expected}",
    "greater_than": "'{place}' is not above {gt}",
    "greater_than_equal": "'{place}' is below {ge}",
    "less_than": "'{place}' is not below {lt}",
    "less_than_equal": "'{place}' is above {le}",
    "string_pattern_mismatch": "'{place}' does not have the form that it must have",
    "string_type": "'{place}' is not a text",
    "int_type": "'{place}' is not a whole number",
    "float_type": "'{place}' is not a number",
    "bool_type": "'{place}' is neither true nor false",
    "path_type": "'{place}' is not a path",
    "tuple_type": "'{place}' is not a list",
    "dict_type": "'{place}' is not a table",
    "dataclass_type": "'{place}' is not a table",
    "model_type": "'{place}' is not a table",
    "datetime_type": "'{place}' is not a date with a time",
    "unexpected_keyword_argument": "There is no entry '{place}'",
    "value_error": "'{place}' {error}",
}


class BrokenDocumentError(ValueError):
    """A document without the form that it must have; its text may be shown to anyone."""


def read_toml(path: Path | Traversable, form: TypeAdapter[Form], **context: object) -> Form:
    """Read a TOML file into its form.

    Args:
        path: The file.
        form: What it must hold.
        context: What the form's own checks need to know.

    Raises:
        BrokenDocumentError: It cannot be read, is no TOML, or the first entry that is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise BrokenDocumentError("It cannot be read") from None
    except ValueError:
        raise BrokenDocumentError("It is not TOML") from None
    try:
        return form.validate_python(content, context=context)
    except ValidationError as error:
        raise BrokenDocumentError(describe_first(error)) from None


def describe_first(error: ValidationError) -> str:
    """Say in words what is wrong with the first entry that is.

    A form's own check raises ValueError with what follows the place: "is no IP address".
    """
    first = error.errors(include_input=False, include_url=False)[0]
    told = _KINDS.get(first["type"], "'{place}' does not have the form that it must have")
    context: Mapping[str, Any] = first.get("ctx", {})
    return told.format(place=name_place(first["loc"]), **context)


def name_place(steps: Collection[int | str], known: Collection[str] | None = None) -> str:
    """Write a place like `files[0].role`; with `known`, without any other word of the document."""
    place = ""
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        elif known is None or step in known:
            place += f".{step}" if place else step
    return place
