"""A report whose parts were read before is taken apart without its being parsed, and alike."""

import re
from collections.abc import Callable
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from sources_builders import incident, segment, xml_of

from sources.errors import SourcesError
from sources.nibrs_xml import iterate_reports
from sources.nibrs_xml_parts import Reports, TakenApart
from sources.nibrs_xml_repeats import Repeats
from sources.nibrs_xml_segments import Segments, SegmentWriter

SEGMENTS = [
    *[one for number in range(6) for one in incident(f"I{number}")],
    *[segment("7", arrest_transaction_number=f"ARREST{number}") for number in range(3)],
    *[segment("0", zero_report_month="02")] * 2,
    *[one for number in range(6, 9) for one in incident(f"I{number}")],
]
GOOD = xml_of(SEGMENTS)


def list_said(taken: TakenApart) -> list[object]:
    """All that a report says, and where."""
    parts = [
        (name, part.line, part.identifier, part.person, part.ends or {},
         {key: value for key, value in (part.keys or {}).items() if value}, tuple(part.content))
        for name, several in taken.parts.items() for part in several
    ]  # fmt: skip
    return [taken.line, taken.has_unknown, sorted(taken.by_id), *parts]


def read(content: bytes) -> list[list[object]]:
    return [list_said(one) for one in iterate_reports(BytesIO(content), "nibrs.xml", Reports())]


@pytest.fixture
def read_both(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], tuple[Any, Any, int]]:
    """What a file says by its texts and by the parser alone, and how many reports by texts."""

    def read_twice(content: bytes) -> tuple[Any, Any, int]:
        known: list[TakenApart] = []
        take_apart = Repeats.take_apart

        def note(repeats: Repeats, raw: bytes, line: int) -> TakenApart | None:
            taken = take_apart(repeats, raw, line)
            known.extend([taken] if taken else [])
            return taken

        with monkeypatch.context() as patch:
            patch.setattr(Repeats, "take_apart", note)
            by_texts = read(content)
        with monkeypatch.context() as patch:
            patch.setattr(Repeats, "take_apart", lambda *_: None)
            return by_texts, read(content), len(known)

    return read_twice


def number_ids(content: bytes) -> bytes:
    """Ids that are each used once in the file."""
    reports = re.split(rb"(?=<nibrs:Report>)", content)
    return b"".join(
        re.sub(rb's:(id|ref)="', rf's:\1="R{number}-'.encode(), one)
        for number, one in enumerate(reports)
    )


@pytest.mark.parametrize(
    ("change", "fewest"),
    [
        (lambda content: content, 12),
        (number_ids, 12),
        (lambda content: content.replace(b"\n", b"\r\n"), 12),
        (lambda content: content.replace(b"\t", b"  "), 12),
        (lambda content: content.replace(b"<nc:Incident>", b"<x>1</x>\n\t\t<nc:Incident>"), 9),
        (lambda content: content.replace(b"</nc:Incident>", b"\t<j:No/></nc:Incident>"), 9),
        (lambda content: content.replace(b">I4<", b">I4 <"), 12),
        (lambda content: content.replace(b">I4<", b">&#73;4<"), 11),
        (lambda content: content.replace(b">I4<", b"><![CDATA[I4]]><"), 9),
        (lambda content: content.replace(b">I4<", "><!-- é -->I4é<".encode()), 9),
        (lambda content: content.replace(b">I4<", b'>I"4"<'), 10),
        (lambda content: content.replace(b">I4<", b"><"), 11),
        (lambda content: content.replace(b">I4<", b">Zq0qZ<"), 10),
        (lambda content: content.replace(b's:id="Victim0"', b"s:id='Victim0'"), 0),
        (lambda content: content.replace(b's:id="Victim0"', b's:id=""'), 0),
        (lambda content: content.replace(b"\n", b""), 0),
        (lambda content: content.replace(b"<nibrs:Report>", b'<nibrs:Report s:id="r">'), 0),
        (lambda content: content.replace(b'="Victim0"', b'="Offense0"'), 0),
    ],
)
def test_a_report_says_the_same_by_its_texts(
    change: Callable[[bytes], bytes],
    fewest: int,
    read_both: Callable[[bytes], tuple[Any, Any, int]],
) -> None:
    by_texts, by_parser, known = read_both(change(GOOD))
    assert by_texts == by_parser
    assert len(by_texts) == 14
    assert known >= fewest


def test_texts_are_known_for_the_namespaces_they_stand_in(
    read_both: Callable[[bytes], tuple[Any, Any, int]],
) -> None:
    opening, body = GOOD.removesuffix(b"</nibrs:Submission>\n").split(b"<nibrs:Report>", 1)
    body = b"<nibrs:Report>" + body
    other = b'<w xmlns:j="http://example.org/j">\n\t' + body + b"</w>\n\t" + body
    by_texts, by_parser, known = read_both(opening + body + other + b"</nibrs:Submission>")
    assert by_texts == by_parser
    assert known > 20


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b">I8<", b">I8</x><"),
        lambda content: content.replace(b">I8<", b">I<8<"),
        lambda content: content.replace(b">I8<", b">I&8<"),
        lambda content: content.replace(b">I8<", b">I]]>8<"),
        lambda content: content.replace(b">I8</nc:IdentificationID>", b">I8</nc:Identification>"),
        lambda content: (
            content[: content.rindex(b"</nc:Incident>")]
            + content[content.rindex(b"</nc:Incident>") + 14 :]
        ),
        lambda content: (
            content[: content.rindex(b"s:ref=")]
            + b's:ref="<'
            + content[content.rindex(b"s:ref=") + 7 :]
        ),
        lambda content: content[: content.rindex(b"</nibrs:Submission>")],
    ],
)
def test_a_text_that_is_not_well_formed_is_refused_at_its_line_behind_known_ones(
    change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for take_apart in (Repeats.take_apart, lambda *_: None):
        monkeypatch.setattr(Repeats, "take_apart", take_apart)
        with pytest.raises(SourcesError) as caught:
            read(change(GOOD))
        said.append((caught.value.code, caught.value.sentence))
    assert said[0] == said[1]
    assert said[0][0] == "MS343"


def write(content: bytes) -> list[tuple[str, int]]:
    """The segments of a file, and their lines."""
    writer, segments = SegmentWriter(), Segments()
    for taken in iterate_reports(BytesIO(content), "nibrs.xml", Reports()):
        writer.write_segments(taken, segments)
    assert not segments.notes
    return list(zip(segments.lines, segments.source_lines, strict=True))


@pytest.mark.parametrize("most", [4, 16, 64, 1 << 15])
@pytest.mark.parametrize("change", [lambda content: content, number_ids])
def test_segments_are_the_same_however_many_texts_are_remembered(
    change: Callable[[bytes], bytes], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = change(xml_of(SEGMENTS * 5))
    with monkeypatch.context() as patch:
        patch.setattr(Repeats, "take_apart", lambda *_: None)
        expected = write(content)
    monkeypatch.setattr("sources.nibrs_xml_repeats._MOST_TEXTS", most)
    assert write(content) == expected


def test_ids_that_each_report_has_of_its_own_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.nibrs_xml_repeats._MOST_TEXTS", 64)
    content = number_ids(xml_of(SEGMENTS * 20))
    ids = [
        set(taken.by_id)
        for taken in iterate_reports(BytesIO(content), "nibrs.xml", Reports())
        if taken.by_id
    ]
    assert any("Offense0" in one for one in ids[0])
    assert all(one.isdigit() for one in ids[-1])


def test_texts_that_never_come_again_are_no_longer_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sources.nibrs_xml_repeats._MOST_TEXTS", 8)
    numbers = count()
    content = re.sub(rb"<j:PersonSexCode>.", lambda _: b"<j:PersonSexCode>%d" % next(numbers), GOOD)
    assert len(read(content)) == 14
