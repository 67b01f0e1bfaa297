"""The texts of every room, in the one form that they have."""

from datetime import date
from types import MappingProxyType

import pytest

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError
from orchestration.cli.reference import ROOMS

TEXTS = [(room, code) for room in ROOMS for code in room.texts]

FACTS = {
    "name of a file or folder": "file files folder box zone public log manifest report place home"
    " here there",
    "part of a format": "field column expected format known line share header rule said",
    "time": "quarter later first_day last_day first last until opens_at period then now at seconds",
    "name from the code or an agreed document": "frame test rules suite relation stage step role"
    " command kind package agency agencies contract contracts name holder signer key keys release"
    " release_id all part whole wanted table work",
    "number of the ledger, of deliveries or of a limit": "rho spent cap present needed count most"
    " sequence missing number",
    "numbers of lines or columns of a file": "lines columns",
    "sentence of the room": "reason problem findings failed",
    "word that a person typed": "text",
}
"""What a placeholder may stand for; there is none for the value of a record."""


class ExampleError(NumberedError):
    texts = MappingProxyType(
        {
            "MS001": ErrorText("The {file} fell", "It is {share} % full", "Lift it"),
            "MS002": ErrorText("No", "Never", "Leave", Exit.APPROVAL),
        }
    )
    usual_exit = Exit.DELIVERY


@pytest.mark.parametrize(("room", "code"), TEXTS, ids=lambda part: getattr(part, "__name__", part))
def test_every_failure_is_three_sentences_behind_its_number(
    room: type[NumberedError], code: str
) -> None:
    text = room.texts[code]
    error = room(code, **dict.fromkeys(text.placeholders, "fact"))
    assert str(error) == error.sentence == f"{code}: {error.detail}"
    assert not any(part.endswith(".") for part in (text.what, text.why, text.next_step))
    assert error.sentence.endswith(".")
    assert ".." not in error.sentence
    assert "{" not in error.sentence
    assert error.detail.startswith(f"{error.title}. ")
    assert error.exit_code in list(Exit)


def test_no_number_belongs_to_two_rooms() -> None:
    codes = [code for _, code in TEXTS]
    assert sorted({*codes}) == sorted(codes)


def test_no_text_has_a_place_for_a_value_of_a_record() -> None:
    allowed = {word for words in FACTS.values() for word in words.split()}
    assert {name for room, code in TEXTS for name in room.texts[code].placeholders} == allowed


def test_a_failure_has_the_exit_code_of_its_text_or_the_usual_one_of_its_room() -> None:
    assert ExampleError("MS001", file="jar", share=3).exit_code == 3
    assert ExampleError("MS002").exit_code == 6
    assert ExampleError("MS001", file="jar", share=3).sentence == (
        "MS001: The jar fell. It is 3 % full. Lift it."
    )


@pytest.mark.parametrize("facts", [{"file": "jar"}, {"file": "jar", "share": 3, "name": "Ann"}])
def test_a_fact_that_is_missing_or_not_asked_for_is_refused(facts: dict[str, str | int]) -> None:
    with pytest.raises(TypeError, match="asked for"):
        ExampleError("MS001", **facts)


@pytest.mark.parametrize("value", [date(2012, 3, 4), 0.25, b"Ann", ["Ann"], None])
def test_what_is_neither_a_word_nor_a_whole_number_is_refused_unseen(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        ExampleError("MS001", file="jar", share=value)  # type: ignore[arg-type]
    assert str(caught.value) == "one of ['file', 'share'] is neither a word nor a whole number"
