"""Reading a policy's content into sections whose fields all have the kind that the form asks for.

Does not belong here: rules between fields (privacy.policy.policy) and the typed policy
(privacy.policy.policy).
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

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


class InvalidPolicyError(Exception):
    """A sentence, without its stop, about what is wrong in the policy and where."""


@dataclass(frozen=True)
class Section:
    """Fields of one section, read; those that were left out are missing."""

    where: str
    fields: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a field holds what its kind says
        return self.fields[name]

    def get(self, name: str, default: Any) -> Any:  # noqa: ANN401
        """Return a field that may be left out."""
        return self.fields.get(name, default)

    def fail(self, problem: str) -> NoReturn:
        """Refuse the policy for something in this section."""
        raise InvalidPolicyError(f"In {self.where}, {problem}")


def read_section(content: object, form: str, where: str) -> Section:
    """Return a section of a form; raises InvalidPolicyError."""
    if not isinstance(content, dict):
        raise InvalidPolicyError(f"{where} must be a section of its own")
    if isinstance(content.get("name"), str) and "name" in FORM[form]:
        where = f"{form} {content['name']}"
    bare = Section(where, {})
    unknown = sorted(content.keys() - FORM[form].keys())
    if unknown:
        bare.fail(f"{', '.join(unknown)} is not known")
    fields = {}
    for name, field in FORM[form].items():
        if name in content:
            fields[name] = _READERS[field.kind](bare, name, field, content[name])
        elif not field.is_optional:
            bare.fail(f"{name} is missing, a {field.kind}")
    return Section(where, fields)


def _read_text(section: Section, name: str, field: Field, value: object) -> str:
    if not isinstance(value, str) or not value:
        section.fail(f"{name} must be a text that is not empty")
    if field.choices and value not in field.choices:
        *others, last = field.choices
        section.fail(f"{name} must be {', '.join(others)} or {last}")
    return value


def _read_name(section: Section, name: str, field: Field, value: object) -> str:
    text = _read_text(section, name, field, value)
    if not re.fullmatch(NAME_PATTERN, text):
        section.fail(f"{name} must be lower case with underscores")
    return text


def _read_texts(section: Section, name: str, field: Field, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not (value or field.may_be_empty):
        section.fail(f"{name} must be a list that is not empty")
    if any(not isinstance(text, str) or not text for text in value):
        section.fail(f"{name} must hold texts that are not empty")
    if len(set(value)) != len(value):
        section.fail(f"{name} names something twice")
    return tuple(value)


def _read_whole(section: Section, name: str, _: Field, value: object) -> int:
    if type(value) is not int or value < 1:
        section.fail(f"{name} must be a whole number from 1 up")
    return value


def _read_decimal(section: Section, name: str, _: Field, value: object) -> Decimal:
    is_decimal = isinstance(value, str) and re.fullmatch(DECIMAL_PATTERN, value)
    if not is_decimal or Decimal(str(value)) <= 0:
        section.fail(f"{name} must be a positive decimal written as text")
    return Decimal(str(value))


def _read_date(section: Section, name: str, _: Field, value: object) -> str:
    if type(value) is not datetime.date:
        section.fail(f"{name} must be a date")
    return value.isoformat()


def _read_flag(section: Section, name: str, _: Field, value: object) -> bool:
    if not isinstance(value, bool):
        section.fail(f"{name} must be true or false")
    return value


def _read_inner(section: Section, name: str, field: Field, value: object) -> Section:
    return read_section(value, field.form, _locate(section, name))


def _read_named(section: Section, name: str, field: Field, value: object) -> dict[str, Section]:
    if not isinstance(value, dict) or not value:
        section.fail(f"{name} must hold sections")
    if any(not re.fullmatch(NAME_PATTERN, key) for key in value):
        section.fail(f"{name} has a name that is not lower case with underscores")
    return {key: read_section(body, field.form, f"{name}.{key}") for key, body in value.items()}


def _read_list(section: Section, name: str, field: Field, value: object) -> tuple[Section, ...]:
    if not isinstance(value, list) or not value:
        section.fail(f"{name} must be a list of sections that is not empty")
    return tuple(
        read_section(body, field.form, f"{_locate(section, name)} number {number}")
        for number, body in enumerate(value, start=1)
    )


def _locate(section: Section, name: str) -> str:
    return name if section.where == "the policy" else f"{section.where}.{name}"


_READERS: Mapping[str, Callable[[Section, str, Field, object], Any]] = {
    TEXT: _read_text,
    NAME: _read_name,
    TEXTS: _read_texts,
    WHOLE: _read_whole,
    DECIMAL: _read_decimal,
    DATE: _read_date,
    FLAG: _read_flag,
    SECTION: _read_inner,
    SECTIONS: _read_named,
    LIST: _read_list,
}
