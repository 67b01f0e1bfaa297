"""Tokens: shown once, kept as hashes, ending when they are told to."""

from datetime import timedelta
from pathlib import Path

import pytest
from gate_places import StandingClock

from gate.errors import GateError
from gate.tokens import FILE_NAME, TokenStore


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock):
    with TokenStore(tmp_path / "state", clock) as store:
        yield store


def test_a_token_is_found_by_its_secret_and_by_nothing_near_it(store: TokenStore) -> None:
    token, secret = store.create("dss", "partner", 30)
    assert store.find(secret) == token
    for other in (secret[:-1], secret + "x", secret.swapcase(), token.name, "", "-", "a-b-c"):
        assert store.find(other) is None
    assert store.find("moshare-" + "x" * 1000) is None
    assert store.find("moshare-\udcff-x") is None


def test_two_tokens_share_nothing(store: TokenStore) -> None:
    secrets = {store.create("dss", "public", 1)[1] for _ in range(20)}
    assert len({secret.split("-", 2)[2] for secret in secrets}) == 20
    assert all(len(secret.split("-", 2)[2]) == 43 for secret in secrets)


def test_no_secret_is_in_any_file(store: TokenStore, tmp_path: Path) -> None:
    token, secret = store.create("dss", "public", 1)
    session = store.open_session(token, 1)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert token.name.encode() in kept
    for one in (secret, secret.split("-", 2)[2], session):
        assert one.encode() not in kept


def test_files_are_the_owners_only(store: TokenStore, tmp_path: Path) -> None:
    assert (tmp_path / "state" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_token_ends_at_its_moment(store: TokenStore, clock: StandingClock) -> None:
    _, secret = store.create("dss", "public", 1)
    clock.moment += timedelta(days=1, seconds=-1)
    assert store.find(secret)
    clock.moment += timedelta(seconds=1)
    assert store.find(secret) is None


def test_a_revoked_token_ends_at_once_with_its_sessions(store: TokenStore) -> None:
    token, secret = store.create("dss", "public", 30)
    session = store.open_session(token, 8)
    assert store.find_session(session) == token
    store.revoke(token.name)
    assert store.find(secret) is None
    assert store.find_session(session) is None


def test_a_token_is_revoked_once_and_one_that_never_was_not_at_all(store: TokenStore) -> None:
    token, _ = store.create("dss", "public", 30)
    store.revoke(token.name)
    for name in (token.name, "never"):
        with pytest.raises(GateError, match="MS741"):
            store.revoke(name)


def test_another_process_revokes_too(
    store: TokenStore, tmp_path: Path, clock: StandingClock
) -> None:
    token, secret = store.create("dss", "public", 30)
    with TokenStore(tmp_path / "state", clock) as other:
        other.revoke(token.name)
    assert store.find(secret) is None


def test_a_session_ends_with_its_hours_its_token_or_its_sign_out(
    store: TokenStore, clock: StandingClock
) -> None:
    token, _ = store.create("dss", "public", 1)
    closed, long = store.open_session(token, 8), store.open_session(token, 100)
    store.close_session(closed)
    store.close_session("never")
    assert store.find_session(closed) is None
    assert store.find_session("x" * 1000) is None
    clock.moment += timedelta(hours=23)
    assert store.find_session(long)
    clock.moment += timedelta(hours=1)
    assert store.find_session(long) is None
    again, _ = store.create("dss", "public", 1)
    store.open_session(again, 1)
    assert store.find_session(long) is None


def test_every_token_is_listed_without_its_secret(store: TokenStore) -> None:
    one, secret = store.create("dss", "public", 30, ("2025Q1",))
    two, _ = store.create("mshp", "partner", 30)
    store.revoke(two.name)
    listed = store.list_all()
    assert [token.agency for token in listed] == ["dss", "mshp"]
    assert listed[0].releases == ("2025Q1",)
    assert listed[1].revoked_at == "2025-08-01T12:00:00Z"
    assert secret not in repr(listed)
    assert listed[0] == one


@pytest.mark.parametrize(
    ("agency", "tier", "days", "releases"),
    [
        ("", "public", 1, None),
        ("D S S", "public", 1, None),
        ("dss", "all", 1, None),
        ("dss", "public", 0, None),
        ("dss", "public", 10_000, None),
        ("dss", "public", 1, ("../x",)),
    ],
)
def test_a_wish_of_another_form_is_refused(
    store: TokenStore, agency: str, tier: str, days: int, releases: tuple[str, ...] | None
) -> None:
    with pytest.raises(GateError, match="MS748"):
        store.create(agency, tier, days, releases)
    assert store.list_all() == []


def test_a_state_that_cannot_be_used_is_a_sentence(tmp_path: Path, clock: StandingClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GateError, match="MS747") as caught:
        TokenStore(tmp_path / "file", clock)
    assert caught.value.status == 503
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / FILE_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(GateError, match="MS747"):
        TokenStore(tmp_path / "broken", clock)
