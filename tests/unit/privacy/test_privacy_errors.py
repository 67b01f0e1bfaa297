from fractions import Fraction

import pytest

from privacy.canonical import format_fraction, to_canonical_json
from privacy.errors import ERRORS, PrivacyError


def test_what_lacks_an_approval_ends_with_six_and_every_other_refusal_with_five() -> None:
    for code, text in ERRORS.items():
        is_approval = "MS650" <= code <= "MS659" or code == "MS635"
        assert (text.exit_code or PrivacyError.usual_exit) == (6 if is_approval else 5)


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
