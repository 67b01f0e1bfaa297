"""Who asks, and whom the gate believes."""

from dataclasses import replace
from pathlib import Path

import pytest
from gate_places import GateClient, GatePlace, open_client

from gate.errors import GateError
from gate.identity import name_client
from gate.proxies import HEADER, TrustedProxy
from gate.settings import Proxy, ProxyGroup

PROXY = "10.1.2.3"
SECRET = "s3" * 20
FORGED = {"X-Remote-User": "a.analyst@mo.example", "X-Remote-Groups": "staff, moshare-dss"}
SIGN_ON = {**FORGED, HEADER: SECRET}
RELEASES = "/api/v1/releases"


def keep_secret(folder: Path, content: str = SECRET, mode: int = 0o640) -> Path:
    path = folder / "proxy.secret"
    path.write_text(content + "\n")
    path.chmod(mode)
    return path


@pytest.fixture
def proxied(place: GatePlace, tmp_path: Path):
    groups = (ProxyGroup("moshare-dss", "dss", "partner"), ProxyGroup("staff", "state", "public"))
    proxy = Proxy(addresses=(PROXY,), secret=keep_secret(tmp_path), groups=groups)
    with open_client(place.change(proxy=proxy)) as client:
        yield client


def listed(visitor: GateClient, headers=None, peer: str = "127.0.0.1") -> list[str] | str:
    answer = visitor.get(RELEASES, headers, peer).json()
    if "code" in answer:
        return answer["code"]
    return [one["release_id"] for one in answer["releases"]]


def test_nobody_is_asked_for_a_token(visitor: GateClient) -> None:
    answer = visitor.get(RELEASES)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "MS723"


@pytest.mark.parametrize(
    "value", ["Bearer x", "Bearer", "Basic eDp5", "", "Bearer moshare-00000000-" + "x" * 43]
)
def test_a_token_that_is_not_one_is_refused(visitor: GateClient, value: str) -> None:
    assert listed(visitor, {"Authorization": value}) == "MS724"


def test_two_tokens_at_once_are_refused(visitor: GateClient) -> None:
    good = visitor.make_token()["Authorization"]
    assert listed(visitor, [("Authorization", good), ("Authorization", good)]) == "MS724"
    assert listed(visitor, {"Authorization": good}) == ["2025Q2", "2025Q1"]


def test_a_tier_opens_what_it_names(visitor: GateClient) -> None:
    assert listed(visitor, visitor.make_token("partner")) == ["2025Q2", "2025Q1"]
    assert listed(visitor, visitor.make_token("public")) == ["2025Q1"]


def test_a_token_for_one_release_opens_no_other(visitor: GateClient) -> None:
    header = visitor.make_token("partner", releases=("2025Q2", "2025Q3"))
    assert listed(visitor, header) == ["2025Q2"]
    assert visitor.get("/api/v1/releases/2025Q1", header).json()["code"] == "MS727"


def test_without_a_token_public_releases_open_where_the_settings_say_so(place: GatePlace) -> None:
    with open_client(place.change(anonymous=True)) as visitor:
        assert listed(visitor) == ["2025Q1"]
        assert visitor.get("/releases/2025Q2/").status_code == 403
        assert listed(visitor, {"Authorization": "Bearer x"}) == "MS724"


def test_the_states_proxy_names_a_person(proxied: GateClient) -> None:
    assert listed(proxied, SIGN_ON, PROXY) == ["2025Q2", "2025Q1"]
    row = proxied.rows[-1]
    assert (row["who"], row["agency"]) == ("person:a.analyst@mo.example", "dss")


def test_sign_on_headers_of_anyone_else_are_not_read(proxied: GateClient) -> None:
    assert listed(proxied, SIGN_ON, "10.1.2.4") == "MS723"
    assert listed(proxied, {**SIGN_ON, "X-Forwarded-For": PROXY}, "10.1.2.4") == "MS723"
    assert "analyst" not in str(proxied.rows)


def test_a_person_in_no_listed_group_is_nobody(proxied: GateClient) -> None:
    assert listed(proxied, {**SIGN_ON, "X-Remote-Groups": "other"}, PROXY) == "MS723"
    assert listed(proxied, {"X-Remote-User": "a", HEADER: SECRET}, PROXY) == "MS723"
    assert listed(proxied, {"X-Remote-Groups": "moshare-dss", HEADER: SECRET}, PROXY) == "MS723"


@pytest.mark.parametrize(
    "said",
    [
        [],
        [(HEADER, "")],
        [(HEADER, "wrong" * 8)],
        [(HEADER, SECRET + "x")],
        [(HEADER, SECRET), (HEADER, SECRET)],
        [(HEADER, "wrong"), (HEADER, SECRET)],
    ],
)
def test_an_address_alone_proves_nothing(proxied: GateClient, said) -> None:
    """Everyone on the machine speaks from the proxy's loopback address."""
    forged = [*FORGED.items(), ("X-Forwarded-For", "192.0.2.7"), *said]
    assert listed(proxied, forged, PROXY) == "MS723"
    answer = proxied.get("/releases/2025Q2.zip", forged, PROXY)
    assert (answer.status_code, answer.json()["code"]) == (401, "MS723")
    assert proxied.rows[-1]["address"] == PROXY
    assert SECRET not in str(proxied.rows)


def test_a_secret_from_elsewhere_proves_nothing(proxied: GateClient) -> None:
    assert listed(proxied, SIGN_ON, "10.1.2.4") == "MS723"


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        ("", 0o600, "not one word"),
        ("a" * 31, 0o600, "not one word"),
        ("a" * 32 + "\n" + "b" * 32, 0o600, "not one word"),
        (SECRET, 0o644, "Every account"),
        (SECRET, 0o602, "Every account"),
    ],
)
def test_a_gate_does_not_open_with_a_secret_that_is_none(
    place: GatePlace, tmp_path: Path, content: str, mode: int, reason: str
) -> None:
    proxy = Proxy(addresses=(PROXY,), secret=keep_secret(tmp_path, content, mode))
    with (
        pytest.raises(GateError, match=f"MS760.*{reason}") as caught,
        open_client(place.change(proxy=proxy)),
    ):
        pass
    assert caught.value.exit_code == 2


def test_a_proxy_without_a_secret_is_refused() -> None:
    for secret in (None, Path("nowhere.secret")):
        with pytest.raises(GateError, match="MS760"):
            TrustedProxy(Proxy(addresses=(PROXY,), secret=secret))
    TrustedProxy(Proxy())


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_a_network_of_one_household_is_one_client(address: str, client: str) -> None:
    assert name_client(address) == client


def test_a_network_of_one_household_has_one_pace(place: GatePlace) -> None:
    limits = replace(place.settings.limits, refusals_per_minute=3)
    with open_client(place.change(limits=limits)) as visitor:
        peers = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
        statuses = [visitor.get(RELEASES, peer=peer).status_code for peer in peers]
        assert statuses == [401] * 3 + [429] * 2
        assert visitor.get(RELEASES, peer="2001:db8:1:3::1").status_code == 401


def test_the_first_group_in_the_settings_decides(proxied: GateClient) -> None:
    assert listed(proxied, {**SIGN_ON, "X-Remote-Groups": "staff"}, PROXY) == ["2025Q1"]


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Remote-User", "a"), ("X-Remote-User", "b"), ("X-Remote-Groups", "staff")],
        [("X-Remote-User", "a"), ("X-Remote-Groups", "staff"), ("X-Remote-Groups", "moshare-dss")],
        [("X-Remote-User", "a b"), ("X-Remote-Groups", "staff")],
        [("X-Remote-User", ""), ("X-Remote-Groups", "staff")],
        [("X-Remote-User", "a" * 101), ("X-Remote-Groups", "staff")],
    ],
)
def test_headers_that_no_proxy_sends_are_refused(proxied: GateClient, headers) -> None:
    assert listed(proxied, [*headers, (HEADER, SECRET)], PROXY) == "MS736"


def test_a_token_counts_before_the_sign_on(proxied: GateClient) -> None:
    header = proxied.make_token("public")
    assert listed(proxied, {**SIGN_ON, **header}, PROXY) == ["2025Q1"]
    assert listed(proxied, {**SIGN_ON, "Authorization": "Bearer x"}, PROXY) == "MS724"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (PROXY, "192.0.2.7", "192.0.2.7"),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, "<script>", PROXY),
        (PROXY, "", PROXY),
        ("192.0.2.9", "192.0.2.7", "192.0.2.9"),
    ],
)
def test_the_audit_names_the_address_that_the_proxy_saw(
    proxied: GateClient, peer: str, forwarded: str, address: str
) -> None:
    proxied.get(RELEASES, {"X-Forwarded-For": forwarded, HEADER: SECRET}, peer)
    assert proxied.rows[-1]["address"] == address


def test_a_session_is_its_token(visitor: GateClient) -> None:
    token, _ = visitor.gate.tokens.create("mshp", "public", 5)
    secret = visitor.gate.tokens.open_session(token, 1)
    assert listed(visitor, {"Cookie": f"moshare={secret}"}) == ["2025Q1"]
    assert visitor.rows[-1]["who"] == f"session:{token.name}"
    assert listed(visitor, {"Cookie": "moshare=x"}) == "MS723"
    assert listed(visitor, {"Cookie": f"__Host-moshare={secret}"}) == "MS723"


def test_callers_and_strangers_are_held_to_their_pace(place: GatePlace) -> None:
    limits = replace(place.settings.limits, requests_per_minute=3, refusals_per_minute=2)
    with open_client(place.change(limits=limits)) as visitor:
        header, other = visitor.make_token(), visitor.make_token()
        assert [visitor.get(RELEASES, header).status_code for _ in range(4)] == [200] * 3 + [429]
        assert visitor.get(RELEASES, other).status_code == 200
        statuses = [visitor.get(RELEASES).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        answer = visitor.get(RELEASES, {"Authorization": "Bearer x"})
        assert answer.status_code == 429
        assert answer.json()["code"] == "MS725"
        assert int(answer.headers["retry-after"]) >= 1
        assert visitor.get(RELEASES, other).status_code == 200
        assert visitor.rows[-2]["code"] == "MS725"
