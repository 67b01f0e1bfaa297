import string
from fractions import Fraction

import pytest

from privacy.canonical import format_fraction, to_canonical_json
from privacy.errors import ERRORS, PrivacyError


@pytest.mark.parametrize("code", ERRORS)
def test_every_refusal_is_a_sentence_with_its_code_and_exit_code(code: str) -> None:
    text = ERRORS[code]
    parts = (text.what, text.why, text.next_step)
    names = {name for part in parts for _, name, _, _ in string.Formatter().parse(part) if name}
    error = PrivacyError(code, **dict.fromkeys(names, "NAMED"))
    assert str(error) == error.sentence
    assert error.sentence.startswith(f"{code}: ")
    assert error.sentence.endswith(".")
    assert ".." not in error.sentence
    assert error.code == code
    is_approval = "MS650" <= code <= "MS659" or code == "MS635"
    assert error.exit_code == (6 if is_approval else 5)


def test_no_refusal_has_a_place_for_a_value() -> None:
    allowed = {
        "file",
        "problem",
        "frame",
        "test",
        "column",
        "quarter",
        "period",
        "rho",
        "spent",
        "cap",
        "present",
        "needed",
        "count",
        "most",
        "signer",
        "key",
        "later",
        "first_day",
        "holder",
    }
    parts = [part for text in ERRORS.values() for part in (text.what, text.why, text.next_step)]
    used = {name for part in parts for _, name, _, _ in string.Formatter().parse(part) if name}
    assert used <= allowed


def test_canonical_json_sorts_keys_and_writes_fractions_exactly() -> None:
    assert (
        to_canonical_json({"b": Fraction(1, 3), "a": ["é", None]}) == '{"a":["é",null],"b":"1/3"}'
    )
    assert format_fraction(Fraction(2)) == "2/1"


@pytest.mark.parametrize("value", [object(), {1, 2}])
def test_only_plain_values_have_a_canonical_text(value: object) -> None:
    with pytest.raises(TypeError):
        to_canonical_json(value)


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_canonical_json(float("nan"))
