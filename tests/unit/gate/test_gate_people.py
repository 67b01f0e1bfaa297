"""Signing in and out with a browser."""

import pytest
from gate_places import GateClient, GatePlace, open_client

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
BASE = "http://127.0.0.1:8600"


def sign_in(visitor: GateClient, secret: str, back: str = "/", **headers: str):
    sent = {**BROWSER, "Origin": visitor.place.settings.address, **headers}
    return visitor.send("POST", "/sign-in", sent, data={"token": secret, "next": back})


@pytest.fixture
def secret(visitor: GateClient) -> str:
    return visitor.gate.tokens.create("dss", "partner", 30)[1]


def read_cookie(answer) -> dict[str, str]:
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    return {"Cookie": f"{name}={value}"}


def test_a_token_becomes_a_strict_cookie_that_is_not_the_token(
    visitor: GateClient, secret: str
) -> None:
    answer = sign_in(visitor, f" {secret} ", "/releases/2025Q1/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/releases/2025Q1/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "max-age=28800" in cookie
    assert secret.lower() not in cookie
    row = visitor.rows[-1]
    assert (row["event"], row["agency"]) == ("sign-in", "dss")
    assert visitor.get("/releases/2025Q1/", read_cookie(answer)).status_code == 200


def test_over_tls_the_cookie_never_leaves_it(place: GatePlace) -> None:
    with open_client(place.change(address="https://moshare.example.org")) as visitor:
        secret = visitor.gate.tokens.create("dss", "partner", 30)[1]
        cookie = sign_in(visitor, secret).headers["set-cookie"]
    assert cookie.startswith("__Host-moshare=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_a_wrong_token_is_told_so_and_gets_no_cookie(visitor: GateClient) -> None:
    answer = sign_in(visitor, "moshare-x-y")
    assert answer.status_code == 401
    assert "MS724" in answer.text
    assert "set-cookie" not in answer.headers
    assert "moshare-x-y" not in answer.text
    assert visitor.rows[-1]["code"] == "MS724"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8601", ""])
def test_a_form_from_another_site_is_refused(visitor: GateClient, secret: str, origin: str) -> None:
    answer = sign_in(visitor, secret, Origin=origin)
    assert answer.status_code == 403
    assert "MS734" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_form_of_no_known_origin_is_refused(visitor: GateClient, secret: str) -> None:
    for path in ("/sign-in", "/sign-out"):
        answer = visitor.send("POST", path, {}, data={"token": secret})
        assert answer.json()["code"] == "MS734"


@pytest.mark.parametrize("own", ["http://127.0.0.1:8600", "http://localhost:8600"])
def test_the_gates_own_names_are_its_origin(visitor: GateClient, secret: str, own: str) -> None:
    assert sign_in(visitor, secret, Origin=own).status_code == 303


def test_over_tls_only_the_announced_address_is_its_origin(place: GatePlace) -> None:
    with open_client(place.change(address="https://moshare.example.org")) as visitor:
        secret = visitor.gate.tokens.create("dss", "partner", 30)[1]
        for origin in ("http://moshare.example.org", "https://127.0.0.1:8600"):
            assert sign_in(visitor, secret, Origin=origin).status_code == 403
        assert sign_in(visitor, secret).status_code == 303


def test_signing_out_ends_the_session(visitor: GateClient, secret: str) -> None:
    cookie = read_cookie(sign_in(visitor, secret))
    answer = visitor.send("POST", "/sign-out", {**cookie, "Origin": BASE})
    assert answer.status_code == 303
    assert 'moshare=""' in answer.headers["set-cookie"]
    assert visitor.rows[-1]["event"] == "sign-out"
    assert visitor.get("/releases/2025Q1/", cookie).status_code == 401


def test_a_person_who_is_not_signed_in_is_led_there_and_back(visitor: GateClient) -> None:
    for path, back in (
        ("/", "/"),
        ("/releases/2025Q1/", "/releases/2025Q1/"),
        ("/releases/2025Q1/data/reports.csv", "/releases/2025Q1/data/reports.csv"),
        ("/catalog.json", "/"),
    ):
        answer = visitor.get(path, BROWSER)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next={back}"
        row = visitor.rows[-1]
        assert (row["event"], row["code"]) == ("refusal", "MS723")
    page = visitor.get("/sign-in?next=/releases/2025Q1/", BROWSER).text
    assert '<a href="/releases/2025Q1/">Continue</a>' in page


def test_programs_get_a_refusal_instead(visitor: GateClient) -> None:
    assert visitor.get("/api/v1/releases", BROWSER).status_code == 401
    assert visitor.get("/", {"Accept": "*/*"}).status_code == 401
    assert visitor.send("HEAD", "/releases/2025Q1/", BROWSER).status_code == 401


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/releases/../sign-out",
        "javascript:alert(1)",
        '/releases/2025Q1/"><script>',
        "/sign-out",
        "/releases/2025Q1/\r\nX: y",
    ],
)
def test_signing_in_leads_nowhere_else(visitor: GateClient, secret: str, back: str) -> None:
    assert sign_in(visitor, secret, back).headers["location"] == "/"
    page = visitor.send("GET", "/sign-in", BROWSER, params={"next": back}).text
    assert '<a href="/">Continue</a>' in page


def test_a_person_sees_a_refusal_as_a_page(visitor: GateClient, secret: str) -> None:
    cookie = read_cookie(sign_in(visitor, secret))
    answer = visitor.get("/releases/2025Q3/", {**BROWSER, **cookie})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "is not open yet" in answer.text
    assert "MS726" in answer.text


def test_the_first_page_lists_what_is_open_and_what_comes(visitor: GateClient, secret: str) -> None:
    cookie = read_cookie(sign_in(visitor, secret))
    page = visitor.get("/", {**BROWSER, **cookie}).text
    assert 'href="/releases/2025Q1/"' in page
    assert 'href="/releases/2025Q2/data/children_by_region.csv"' in page
    assert "2025Q3 opens 2025-10-15 13:00 UTC" in page
    assert 'href="/releases/2025Q3/"' not in page
    assert "Simulated data" in page


def test_the_first_page_of_one_who_may_open_nothing_says_so(place: GatePlace) -> None:
    place.settings.calendar.write_text("")
    with open_client(place) as visitor:
        page = visitor.get("/", {**BROWSER, **visitor.make_token()}).text
    assert "No release is open to you now" in page


def test_many_wrong_tokens_are_slowed(place: GatePlace) -> None:
    from dataclasses import replace

    limits = replace(place.settings.limits, refusals_per_minute=2)
    with open_client(place.change(limits=limits)) as visitor:
        statuses = [sign_in(visitor, "x").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_a_form_of_another_kind_is_a_wrong_token(visitor: GateClient) -> None:
    for content in (b"", b"token", b"\xff\xfe", b"token=&token=", b"a=1&b=2&c=3"):
        answer = visitor.send("POST", "/sign-in", {"Origin": BASE}, content=content)
        assert answer.status_code == 401
    answer = visitor.send("POST", "/sign-in", {"Origin": BASE}, content=b"a=1&" * 9)
    assert answer.status_code == 401
