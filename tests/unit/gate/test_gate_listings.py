"""The catalogue and the feed: what they list, in the words that harvesters and readers expect."""

import base64
import hashlib
import json
from xml.etree import ElementTree as ET

import pytest
from gate_places import GateClient, GatePlace, open_client
from gate_releases import build_release_folder


@pytest.fixture
def header(visitor: GateClient) -> dict[str, str]:
    return visitor.make_token("partner")


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_the_catalogue_has_what_dcat_us_3_asks_for(
    visitor: GateClient, header: dict[str, str]
) -> None:
    catalog = visitor.get("/catalog.json", header).json()
    assert catalog["conformsTo"]["identifier"] == "https://resources.data.gov/dcat-us/3.0.0"
    assert [one["accessRights"] for one in catalog["dataset"]] == ["restricted", "public"]
    for dataset in catalog["dataset"]:
        for name in ("title", "description", "identifier", "publisher", "contactPoint"):
            assert dataset[name]
        assert dataset["publisher"]["name"]
        assert dataset["contactPoint"]["hasEmail"] == "mailto:data@example.org"
        (quarter,) = dataset["temporal"]
        assert (quarter["startDate"], quarter["endDate"]) in (
            ("2025-01-01", "2025-03-31"),
            ("2025-04-01", "2025-06-30"),
        )
        for one in dataset["distribution"]:
            content = visitor.get(
                one["downloadURL"].removeprefix(visitor.place.settings.address), header
            ).content
            assert one["checksum"]["checksumValue"] == hashlib.sha256(content).hexdigest()
            assert one["byteSize"] == str(len(content))
            assert ";" not in one["mediaType"]
    assert "24.2" not in json.dumps(catalog)


@pytest.mark.parametrize(
    ("named", "periods"),
    [
        (("2025Q1",), [("2025-01-01", "2025-03-31")]),
        (
            ("2025Q1", "2024", "2024Q2 to 2025Q1"),
            [
                ("2025-01-01", "2025-03-31"),
                ("2024-04-01", "2025-03-31"),
                ("2024-01-01", "2024-12-31"),
            ],
        ),
        (("2024Q4", "whenever"), [("2025-01-01", "2025-03-31"), ("2024-10-01", "2024-12-31")]),
    ],
)
def test_the_catalogue_has_first_and_last_day_of_every_period_that_tables_are_of(
    place: GatePlace, named: tuple[str, ...], periods: list[tuple[str, str]]
) -> None:
    key = place.settings.state.parent / "signing.key"
    build_release_folder(place.settings.releases, key=key, archived=False, periods=named)
    with open_client(place) as visitor:
        catalog = visitor.get("/catalog.json", visitor.make_token("public")).json()
    (dataset,) = catalog["dataset"]
    assert [(one["startDate"], one["endDate"]) for one in dataset["temporal"]] == periods


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_are_called_so_in_the_feed_and_with_every_file(
    place: GatePlace, simulated: bool
) -> None:
    key = place.settings.state.parent / "signing.key"
    build_release_folder(place.settings.releases, key=key, simulated=simulated)
    with open_client(place) as visitor:
        header = visitor.make_token("public")
        feed = ET.fromstring(visitor.get("/feed.atom", header).content)  # noqa: S314
        (dataset,) = visitor.get("/catalog.json", header).json()["dataset"]
        files = visitor.get("/api/v1/releases/2025Q1", header).json()["files"]
        answers = [
            visitor.get(path, header)
            for path in (
                "/releases/2025Q1.zip",
                "/releases/2025Q1/",
                "/releases/2025Q1/data/reports.csv",
            )
        ]
    (entry,) = feed.findall("{http://www.w3.org/2005/Atom}entry")
    said = [part.text or "" for part in entry if part.tag.endswith(("title", "summary"))]
    said += [json.dumps(one) for one in dataset["distribution"]]
    said += [dataset["title"], dataset["description"]]
    assert len(said) == 8
    assert {"simulated" in text.lower() for text in said} == {simulated}
    assert {one["simulated"] for one in files} == {simulated}
    assert {one.headers.get("moshare-simulated") for one in answers} == (
        {"true"} if simulated else {None}
    )


def test_the_feed_is_atom_with_links_and_no_numbers(
    visitor: GateClient, header: dict[str, str]
) -> None:
    answer = visitor.get("/feed.atom", header)
    assert answer.headers["content-type"] == "application/atom+xml"
    names = {"a": "http://www.w3.org/2005/Atom"}
    feed = ET.fromstring(answer.content)  # noqa: S314 - the gate wrote it
    assert feed.findtext("a:updated", namespaces=names) == "2025-07-16T13:00:00Z"
    links = [one.get("href") for one in feed.findall("a:entry/a:link", names)]
    base = visitor.place.settings.address
    assert links == [f"{base}/releases/2025Q2/", f"{base}/releases/2025Q1/"]
    for required in ("a:id", "a:title", "a:updated"):
        assert all(
            one.findtext(required, namespaces=names) for one in feed.findall("a:entry", names)
        )


def test_a_feed_of_nothing_is_still_a_feed(place: GatePlace) -> None:
    place.settings.calendar.write_text("")
    with open_client(place) as visitor:
        answer = visitor.get("/feed.atom", visitor.make_token())
        assert b"1970-01-01T00:00:00Z" in answer.content
