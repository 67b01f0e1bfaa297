"""Conditions, parts and digests of what is sent."""

import base64
import hashlib

import pytest
from gate_places import GateClient

TABLE = "/releases/2025Q1/data/children_by_region.csv"


@pytest.fixture
def header(visitor: GateClient) -> dict[str, str]:
    return visitor.make_token("partner")


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@pytest.mark.parametrize("weak", ["", "W/"])
def test_what_a_client_has_is_not_sent_again(
    visitor: GateClient, header: dict[str, str], weak: str
) -> None:
    tag = visitor.get(TABLE, header).headers["etag"]
    answer = visitor.get(TABLE, {**header, "If-None-Match": f'"x", {weak}{tag}'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag
    assert visitor.rows[-1]["size"] == 0
    assert visitor.get(TABLE, {**header, "If-None-Match": "*"}).status_code == 304
    assert visitor.get(TABLE, {**header, "If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-99999", 3, None),
    ],
)
def test_a_part_is_sent_with_its_own_digest(
    visitor: GateClient, header: dict[str, str], asked: str, first: int, last: int | None
) -> None:
    whole = visitor.get(TABLE, header)
    answer = visitor.get(TABLE, {**header, "Range": asked})
    assert answer.status_code == 206
    assert answer.content == whole.content[first:last]
    assert answer.headers["content-digest"] == digest(answer.content)
    assert answer.headers["repr-digest"] == digest(whole.content)
    assert answer.headers["content-range"].endswith(f"/{len(whole.content)}")
    assert visitor.rows[-1]["sha256"] == hashlib.sha256(answer.content).hexdigest()


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4", "bytes=-", "lines=1-2", "bytes=9-3", "bytes=x", "bytes=0-" + "9" * 40],
)
def test_a_range_of_another_kind_gives_the_whole(
    visitor: GateClient, header: dict[str, str], asked: str
) -> None:
    assert visitor.get(TABLE, {**header, "Range": asked}).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(
    visitor: GateClient, header: dict[str, str], asked: str
) -> None:
    answer = visitor.get(TABLE, {**header, "Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "MS735")
    assert answer.headers["content-range"].startswith("bytes */")


def test_a_part_of_what_changed_gives_the_whole(
    visitor: GateClient, header: dict[str, str]
) -> None:
    tag = visitor.get(TABLE, header).headers["etag"]
    part = {**header, "Range": "bytes=0-3"}
    assert visitor.get(TABLE, {**part, "If-Range": tag}).status_code == 206
    assert visitor.get(TABLE, {**part, "If-Range": '"x"'}).status_code == 200


def test_head_gives_the_headers_and_records_no_byte(
    visitor: GateClient, header: dict[str, str]
) -> None:
    answer = visitor.send("HEAD", TABLE, header)
    assert answer.headers["etag"] == visitor.get(TABLE, header).headers["etag"]
    row = visitor.rows[-2]
    assert (row["method"], row["size"]) == ("HEAD", 0)
