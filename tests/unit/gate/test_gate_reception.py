"""Whoever has no valid token is held to a pace, whatever is asked for."""

from collections import Counter
from dataclasses import replace

import pytest
from gate_places import GateClient, GatePlace, open_client

from gate.audit import AuditLog
from gate.reception import ROWS_A_MINUTE

BROWSER = {"Accept": "text/html"}
BASE = "http://127.0.0.1:8600"
ASKED = {
    "nothing there": ("GET", "/nothing", {}),
    "odd path": ("GET", "/releases/../x", {}),
    "sign-in page": ("GET", "/sign-in", BROWSER),
    "sign-in": ("POST", "/sign-in", {"Origin": BASE}),
    "sign-in from another site": ("POST", "/sign-in", {"Origin": "https://evil.example"}),
    "sign-out": ("POST", "/sign-out", {"Origin": BASE}),
    "description": ("GET", "/openapi.json", {}),
    "addresses": ("GET", "/api", {}),
    "redirect": ("GET", "/releases/2025Q1", {}),
    "redirect to sign in": ("GET", "/", BROWSER),
    "other host": ("GET", "/sign-in", {"Host": "evil.example"}),
    "too large": ("POST", "/sign-in", {"Content-Length": "99999999"}),
    "other method": ("DELETE", "/sign-in", {}),
    "bad token": ("GET", "/openapi.json", {"Authorization": "Bearer x"}),
}


@pytest.fixture
def paced(place: GatePlace):
    limits = replace(place.settings.limits, requests_per_minute=4, refusals_per_minute=2)
    with open_client(place.change(limits=limits)) as client:
        yield client


@pytest.mark.parametrize("asked", list(ASKED))
def test_every_answer_without_a_valid_token_is_paced(paced: GateClient, asked: str) -> None:
    method, path, headers = ASKED[asked]
    answers = [paced.send(method, path, headers) for _ in range(4)]
    assert [one.status_code == 429 for one in answers] == [False, False, True, True]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert paced.get("/sign-in").status_code == 429
    assert paced.get("/sign-in", peer="192.0.2.9").status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/api", "/releases/2025Q1", "/nothing"])
def test_a_valid_token_is_held_to_its_own_pace_alone(paced: GateClient, path: str) -> None:
    header = paced.make_token()
    for _ in range(3):
        paced.get("/nothing")
    statuses = [paced.get(path, header).status_code for _ in range(5)]
    assert 429 not in statuses[:4]
    assert statuses[4] == 429


def test_asking_whether_the_gate_answers_is_paced_apart_from_the_rest(paced: GateClient) -> None:
    for _ in range(3):
        paced.get("/nothing")
    assert [paced.get("/healthz").status_code for _ in range(5)] == [200] * 4 + [429]


def test_haste_that_goes_on_is_added_up_in_one_row(place: GatePlace) -> None:
    limits = replace(place.settings.limits, refusals_per_minute=2)
    with open_client(place.change(limits=limits)) as visitor:
        peers = ["2001:db8::1", "2001:db8::2"] * 50
        answers = [visitor.get("/nothing", peer=peer) for peer in peers]
        receipts = [one.headers.get("moshare-receipt") for one in answers]
        header = visitor.make_token()
        served = visitor.get("/releases/2025Q1.zip", header)
    told = 2 + ROWS_A_MINUTE
    assert all(receipts[:told])
    assert set(receipts[told:]) == {None}
    events = Counter(row["event"] for row in visitor.rows)
    assert events == {"opened": 1, "refusal": told, "download": 1, "refusals": 1}
    (row,) = (row for row in visitor.rows if row["event"] == "refusals")
    assert (row["count"], row["code"], row["status"]) == (100 - told, "MS725", 429)
    assert row["address"] == "2001:db8::/64"
    assert {row["count"] for row in visitor.rows if row["event"] != "refusals"} == {1}
    log = AuditLog(place.settings.state, place.clock)
    assert log.check().rows == told + 3
    assert log.find(served.headers["moshare-receipt"])
