"""Keys of officers: how they are made, kept and read."""

import stat
from pathlib import Path

import pytest
from approval_examples import Office, ShownPlan

import privacy
from privacy.approval.approval import (
    check_approval,
    load_officers,
    make_officer_key,
    sign_plan,
)
from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS

PLAN = ShownPlan()
PASSWORD = "correct horse"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_key_with_a_password_signs_with_it_alone(office: Office) -> None:
    secret = office.appoint("doe", PASSWORD)
    assert b"encrypted" in secret.read_bytes().splitlines()[0]
    review = office.approvals().plan_folder
    review.put_plan(PLAN.to_json())
    with pytest.raises(PrivacyError, match="MS657") as caught:
        sign_plan(PLAN.quarter, review.read_plan(), GENESIS, secret, lambda: "wrong")
    assert caught.value.exit_code == 6
    review.add_signature(
        *sign_plan(PLAN.quarter, review.read_plan(), GENESIS, secret, lambda: PASSWORD)
    )
    assert check_approval(PLAN, office.approvals()).facts  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [None, b"not a key"])
def test_a_secret_key_that_cannot_be_read_is_a_sentence(
    office: Office, content: bytes | None
) -> None:
    secret = office.folder / "doe.key"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(PrivacyError, match=r"MS657.*doe\.key"):
        sign_plan(PLAN.quarter, PLAN.to_json().encode(), GENESIS, secret, str)


def test_a_secret_key_is_readable_by_its_owner_only(office: Office) -> None:
    assert stat.S_IMODE(office.appoint("doe").stat().st_mode) == 0o600


def test_a_key_is_never_made_over_another(office: Office) -> None:
    secret = office.appoint("doe")
    before = secret.read_bytes()
    for paths in ((secret, office.folder / "new.pub"), (office.folder / "new.key", secret)):
        with pytest.raises(PrivacyError, match="MS659"):
            make_officer_key(*paths, None)
    assert secret.read_bytes() == before


def test_the_two_halves_of_a_key_never_share_a_name(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS659"):
        make_officer_key(tmp_path / "doe.pub", tmp_path / "doe.pub", None)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_another_process_makes_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "doe.key"
    secret.write_text("of the other process")
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path.suffix == ".draft" and exists(path))
    with pytest.raises(PrivacyError, match="MS659"):
        make_officer_key(secret, tmp_path / "doe.pub", None)
    assert secret.read_text() == "of the other process"


def test_a_folder_without_keys_names_no_officer(tmp_path: Path) -> None:
    assert load_officers(tmp_path / "missing") == ()


def test_the_keys_that_came_with_the_project_can_be_read() -> None:
    officers = Path(privacy.__file__).parent / "officers"
    assert officers.is_dir()
    assert all(officer.key_id for officer in load_officers(officers))
