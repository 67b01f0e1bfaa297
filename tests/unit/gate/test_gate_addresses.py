"""What each address gives, to whom and when, and what the audit then says."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from gate_places import GateClient, GatePlace, StandingClock, open_client
from gate_releases import build_release_folder

TABLE = "/releases/2025Q1/data/children_by_region.csv"


@pytest.fixture
def header(visitor: GateClient) -> dict[str, str]:
    return visitor.make_token("partner")


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_the_address_of_a_table_is_the_address_of_its_data(
    visitor: GateClient, header: dict[str, str]
) -> None:
    answer = visitor.get(TABLE, header)
    content = (visitor.place.folder / "data" / "children_by_region.csv").read_bytes()
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers["repr-digest"] == answer.headers["content-digest"] == digest(content)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_every_answer_has_a_row_with_the_hash_of_its_bytes(
    visitor: GateClient, header: dict[str, str]
) -> None:
    for path, event, resource in (
        (TABLE, "download", TABLE[1:]),
        ("/releases/2025Q1.zip", "download", "releases/2025Q1.zip"),
        ("/releases/2025Q1/", "download", "releases/2025Q1/index.html"),
        ("/api/v1/releases", "list", "api/v1/releases"),
        ("/api/v1/calendar", "list", "api/v1/calendar"),
        ("/api/v1/releases/2025Q1", "list", "api/v1/releases/2025Q1"),
        ("/api/v1/releases/2025Q1/changes", "list", "api/v1/releases/2025Q1/changes"),
        ("/catalog.json", "list", "catalog.json"),
        ("/feed.atom", "list", "feed.atom"),
        ("/", "list", "home"),
        ("/api", "page", "api"),
        ("/sign-in", "page", "sign-in"),
        ("/releases/2025Q3/", "refusal", "releases/2025Q3"),
        ("/releases/1999Q1/", "refusal", "unknown"),
        ("/releases/2025Q1/nothing.csv", "refusal", "releases/2025Q1"),
        ("/nothing", "refusal", "unknown"),
        ("/releases/2025Q1/%2e%2e/x", "refusal", "unknown"),
    ):
        answer = visitor.get(path, header)
        row = visitor.rows[-1]
        assert (row["event"], row["resource"], row["status"]) == (
            event,
            resource,
            answer.status_code,
        )
        assert row["sha256"] == hashlib.sha256(answer.content).hexdigest()
        assert row["size"] == len(answer.content)
        assert answer.headers["moshare-receipt"] == row["hash"]
        assert row["code"] == (answer.json()["code"] if answer.status_code >= 400 else "")


def test_health_needs_no_token_and_leaves_no_row(visitor: GateClient) -> None:
    before = len(visitor.rows)
    answer = visitor.get("/healthz")
    assert answer.json() == {"status": "ok"}
    assert len(visitor.rows) == before


def test_one_release_lists_every_file_with_its_hash(
    visitor: GateClient, header: dict[str, str]
) -> None:
    detail = visitor.get("/api/v1/releases/2025Q1", header).json()
    assert detail["release"]["simulated"] is True
    assert detail["release"]["opened_at"] == "2025-07-15T13:00:00Z"
    base = visitor.place.settings.address
    assert detail["tables"][0] == {
        "name": "children_by_region",
        "title": "Children by region",
        "csv": f"{base}{TABLE}",
        "xlsx": None,
        "parquet": f"{base}/releases/2025Q1/data/children_by_region.parquet",
    }
    for file in detail["files"]:
        content = visitor.get(file["address"].removeprefix(base), header).content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]


def test_what_changed_is_told_in_the_releases_own_words(
    visitor: GateClient, header: dict[str, str]
) -> None:
    found = visitor.get("/api/v1/releases/2025Q1/changes", header).json()
    assert found == {
        "release_id": "2025Q1",
        "previous": None,
        "text": "# Changes\n\nNothing was revised.\n",
    }


def test_a_release_without_changes_says_none(place: GatePlace) -> None:

    build_release_folder(place.settings.releases, "2024Q4", changes=False, archived=False)
    with place.settings.calendar.open("a") as file:
        file.write('[[release]]\nid = "2024Q4"\nopens = 2025-01-15 08:00:00\ntier = "public"\n')
    with open_client(place.change(public_key=None)) as visitor:
        header = visitor.make_token()
        assert visitor.get("/api/v1/releases/2024Q4/changes", header).json()["text"] is None
        assert visitor.get("/releases/2024Q4.zip", header).json()["code"] == "MS721"
        assert visitor.get("/api/v1/releases/2024Q4", header).json()["release"]["archive"] is None


def test_nothing_of_a_release_opens_before_its_hour(place: GatePlace) -> None:
    clock = StandingClock(datetime(2025, 7, 15, 12, 59, 59, tzinfo=UTC))
    place.clock = clock
    with open_client(place) as visitor:
        header = visitor.make_token("partner")
        paths = ("/releases/2025Q1/", "/releases/2025Q1.zip", TABLE, "/api/v1/releases/2025Q1")
        for path in (*paths, "/api/v1/releases/2025Q1/changes"):
            answer = visitor.get(path, header)
            assert answer.status_code == 403
            assert "2025-07-15 13:00 UTC" in answer.json()["detail"]
        for path in ("/api/v1/releases", "/catalog.json", "/feed.atom"):
            assert "2025Q1" not in visitor.get(path, header).text
        calendar = visitor.get("/api/v1/calendar", header).json()["releases"]
        assert calendar[-1] == {
            "release_id": "2025Q1",
            "opens_at": "2025-07-15T13:00:00Z",
            "tier": "public",
            "is_open": False,
        }
        clock.moment = datetime(2025, 7, 15, 13, 0, tzinfo=UTC)
        assert visitor.get(TABLE, header).status_code == 200


def test_an_answer_before_the_hour_does_not_tell_whether_the_files_are_there(
    place: GatePlace,
) -> None:
    with open_client(place) as visitor:
        header = visitor.make_token()
        with_files = visitor.get("/releases/2025Q3/index.html", header).text
        place.folder.with_name("2025Q3").rename(place.folder.with_name(".2025Q3"))
        visitor.gate.looked_at = -1e9
        assert visitor.get("/releases/2025Q3/index.html", header).text == with_files


def test_an_open_release_whose_files_are_absent_or_changed_is_told_apart(
    place: GatePlace, caplog: pytest.LogCaptureFixture
) -> None:
    (place.folder / "index.html").write_text("changed")
    place.folder.with_name("2025Q2").rename(place.folder.with_name(".2025Q2"))
    with open_client(place) as visitor:
        header = visitor.make_token()
        assert visitor.get("/releases/2025Q1/", header).json()["code"] == "MS728"
        assert visitor.get("/releases/2025Q2/", header).json()["code"] == "MS729"
        assert visitor.get("/api/v1/releases", header).json() == {"releases": []}
    assert "MS714" in caplog.text


def test_a_release_is_served_while_another_arrives(visitor: GateClient) -> None:
    header = visitor.make_token()
    assert visitor.get(TABLE, header).status_code == 200
    (visitor.place.folder / "index.html").write_text("changed")
    visitor.gate.looked_at = -1e9
    assert visitor.get(TABLE, header).json()["code"] == "MS728"


def test_a_page_gets_exactly_its_own_styles_and_scripts(
    visitor: GateClient, header: dict[str, str]
) -> None:
    policy = visitor.get("/releases/2025Q1/", header).headers["content-security-policy"]
    for rule in ("style-src 'sha256-", "script-src 'sha256-", "form-action 'none'"):
        assert rule in policy
    assert "unsafe-inline" not in policy
    assert "sandbox" not in policy


@pytest.mark.parametrize("path", ["/releases/2025Q1.zip", "/releases/2025Q1/release.json"])
def test_what_no_browser_shows_is_downloaded_under_its_name(
    visitor: GateClient, header: dict[str, str], path: str
) -> None:
    name = path.rpartition("/")[2]
    answer = visitor.get(path, header)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_release_without_its_last_slash_leads_to_its_page(visitor: GateClient) -> None:
    answer = visitor.get("/releases/2025Q1")
    assert (answer.status_code, answer.headers["location"]) == (308, "/releases/2025Q1/")


@pytest.mark.parametrize(
    "path",
    [
        "/releases/2025Q1/..%2fmoshare.pub",
        "/releases/2025Q1//index.html",
        "/releases/2025Q1/data%2Freports.csv",
        "/releases/2025Q1/%00",
        "/releases/2025Q1/data\\reports.csv",
        "/releases/2025Q1;x/",
        "/releases/2025Q1/C:/x",
        "//releases/2025Q1/",
        "/releases/%2e%2e/moshare.pub",
    ],
)
def test_an_address_written_oddly_leads_nowhere(
    visitor: GateClient, header: dict[str, str], path: str
) -> None:
    answer = visitor.get(path, header)
    assert (answer.status_code, answer.json()["code"]) == (404, "MS721")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "XYZZY"])
def test_nothing_is_taken(visitor: GateClient, header: dict[str, str], method: str) -> None:
    answer = visitor.send(method, TABLE, header)
    assert (answer.status_code, answer.json()["code"]) == (405, "MS730")
    assert "GET" in answer.headers["allow"]
    assert visitor.rows[-1]["method"] == (method if method not in ("TRACE", "XYZZY") else "other")


@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1", "127.0.0.1:8600.example.org", "", "127.0.0.1:8600:80"]
)
def test_another_host_is_refused(visitor: GateClient, header: dict[str, str], host: str) -> None:
    answer = visitor.get(TABLE, {**header, "Host": host, "X-Forwarded-Host": "127.0.0.1:8600"})
    assert (answer.status_code, answer.json()["code"]) == (421, "MS731")


def test_no_header_of_a_client_changes_a_link(visitor: GateClient, header: dict[str, str]) -> None:
    tricks = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil",
    }
    for path in ("/api/v1/releases", "/catalog.json", "/feed.atom", "/"):
        assert visitor.get(path, {**header, **tricks}).text == visitor.get(path, header).text


@pytest.mark.parametrize(
    "headers",
    [{"Content-Length": "99999999"}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "x"}],
)
def test_a_body_that_no_request_needs_is_refused(
    visitor: GateClient, header: dict[str, str], headers: dict[str, str]
) -> None:
    answer = visitor.get(TABLE, {**header, **headers})
    assert (answer.status_code, answer.json()["code"]) == (413, "MS732")
    assert answer.headers["connection"] == "close"


def test_the_description_names_every_address_and_needs_no_network(visitor: GateClient) -> None:
    described = visitor.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/healthz",
        "/api/v1/releases",
        "/api/v1/releases/{release_id}",
        "/api/v1/releases/{release_id}/changes",
        "/api/v1/calendar",
        "/catalog.json",
        "/feed.atom",
        "/releases/{release_id}.zip",
        "/releases/{release_id}/{path}",
    }
    page = visitor.get("/api")
    for path in described["paths"]:
        assert path in page.text
    assert "src=" not in page.text
    assert "https://" not in page.text


def test_an_unexpected_failure_is_a_sentence_without_its_message(
    visitor: GateClient, header: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("xyzzy 104.2")

    monkeypatch.setattr(visitor.gate.shelf, "read", fail)
    answer = visitor.get(TABLE, header)
    assert (answer.status_code, answer.json()["code"]) == (500, "MS737")
    assert "xyzzy" not in answer.text + caplog.text + str(visitor.rows)
    assert "RuntimeError in fail" in caplog.text
    assert visitor.rows[-1]["code"] == "MS737"


def test_nothing_is_served_that_cannot_be_recorded(
    visitor: GateClient, header: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(visitor.rows)

    def refuse(*_: object) -> int:
        raise OSError

    monkeypatch.setattr("os.fsync", refuse)
    answer = visitor.get(TABLE, header)
    assert (answer.status_code, answer.json()["code"]) == (503, "MS738")
    assert b"children" not in answer.content
    monkeypatch.undo()
    assert visitor.get(TABLE, header).status_code == 200
    assert len(visitor.rows) > before


def test_anything_but_http_is_passed_on(visitor: GateClient) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])

    recorded = visitor.app
    recorded._app = app
    visitor.runner.run(recorded({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


def test_over_tls_browsers_are_told_to_stay_with_it(place: GatePlace) -> None:
    with open_client(place.change(address="https://moshare.example.org")) as visitor:
        answer = visitor.get("/sign-in")
        assert "max-age" in answer.headers["strict-transport-security"]
    with open_client(place) as visitor:
        assert "strict-transport-security" not in visitor.get("/sign-in").headers
