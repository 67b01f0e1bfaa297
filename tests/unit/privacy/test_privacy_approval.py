import base64
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from approval_examples import Office, ShownPlan

from privacy.approval.approval import (
    Approval,
    check_approval,
    check_recorded,
)
from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS

PLAN = ShownPlan()
PASSWORD = "correct horse"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def refused(plan: ShownPlan, office: Office, code: str) -> PrivacyError:
    with pytest.raises(PrivacyError, match=code) as caught:
        check_approval(plan, office.approvals(plan.quarter))  # type: ignore[arg-type]
    assert caught.value.exit_code == 6
    return caught.value


def approve(plan: ShownPlan, office: Office):
    return check_approval(plan, office.approvals(plan.quarter))  # type: ignore[arg-type]


def test_a_plan_signed_by_an_officer_is_approved_and_says_by_whom_and_when(office: Office) -> None:
    secret = office.appoint("doe")
    approvals = office.sign(PLAN, secret)
    found = approve(PLAN, office)
    [facts] = found.facts
    [officer] = approvals.list_officers()
    assert (facts.signer, facts.key_id) == ("doe", officer.key_id)
    assert facts.signed_at.endswith("+00:00")
    assert not found.needs_simulated
    assert [text.encode() for text in found.signatures] == [
        *approvals.plan_folder.read_signatures().values()
    ]


class Recorded:
    """Stands for the entry of a charge, with the signatures of its plan."""

    def __init__(self, plan: ShownPlan, found: Approval) -> None:
        self.charge = SimpleNamespace(quarter=plan.quarter)
        self.payload = {
            "plan": plan.to_json(),
            "approvals": [asdict(one) for one in found.facts],
            "signatures": list(found.signatures),
        }


def test_a_quarter_without_a_plan_is_refused(office: Office) -> None:
    refused(PLAN, office, "MS650")


def test_a_plan_without_a_signature_is_refused(office: Office) -> None:
    office.appoint("doe")
    office.approvals().plan_folder.put_plan(PLAN.to_json())
    assert "0 of the 1 signatures" in refused(PLAN, office, "MS652").sentence


def test_a_plan_whose_policy_was_touched_after_signing_is_refused(office: Office) -> None:
    office.sign(PLAN, office.appoint("doe"))
    refused(PLAN.touched(), office, "MS651")


def test_a_touched_plan_put_up_again_needs_a_new_signature(office: Office) -> None:
    secret = office.appoint("doe")
    approvals = office.sign(PLAN, secret)
    approvals.plan_folder.put_plan(PLAN.touched().to_json())
    refused(PLAN.touched(), office, "MS652")
    office.sign(PLAN.touched(), secret)
    assert approve(PLAN.touched(), office).facts


def test_a_plan_edited_where_it_lies_is_refused(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    path = approvals.plan_folder.folder / "plan.json"
    path.write_bytes(path.read_bytes() + b"\n")
    refused(PLAN, office, "MS651")


def test_a_signature_by_a_key_of_nobody_is_refused(office: Office) -> None:
    office.appoint("doe")
    office.sign(PLAN, office.make_stranger())
    refused(PLAN, office, "MS653")


def test_a_signature_of_another_quarter_cannot_be_replayed(office: Office) -> None:
    secret = office.appoint("doe")
    other = ShownPlan("2025Q2", '{"quarter":"2025Q2"}')
    [(_, signature)] = office.sign(other, secret).plan_folder.read_signatures().items()
    review = office.approvals().plan_folder
    review.put_plan(PLAN.to_json())
    review.add_signature("0" * 16, signature)
    assert "doe" in refused(PLAN, office, "MS654").sentence


def test_a_signature_of_a_plan_replaced_since_cannot_be_replayed(office: Office) -> None:
    secret = office.appoint("doe")
    review = office.sign(PLAN, secret).plan_folder
    [(_, signature)] = review.read_signatures().items()
    review.put_plan(PLAN.touched().to_json())
    review.add_signature("0" * 16, signature)
    refused(PLAN.touched(), office, "MS654")


def test_a_file_that_is_no_signature_is_refused_by_its_name(office: Office) -> None:
    office.appoint("doe")
    review = office.approvals().plan_folder
    review.put_plan(PLAN.to_json())
    review.add_signature("F" * 16, b"no signature")
    assert "plan.json.FFFFFFFFFFFFFFFF.minisig" in refused(PLAN, office, "MS654").sentence


def test_a_changed_comment_of_a_signature_is_refused(office: Office) -> None:
    review = office.sign(PLAN, office.appoint("doe")).plan_folder
    [(name, content)] = review.read_signatures().items()
    (review.folder / name).write_bytes(content.replace(b"timestamp:", b"timestamp:1"))
    refused(PLAN, office, "MS654")


def test_a_rejected_plan_is_refused_even_when_it_is_signed(office: Office) -> None:
    review = office.sign(PLAN, office.appoint("doe")).plan_folder
    review.reject(PLAN.hash, "too dear", "2025-04-02T08:00:00+00:00")
    error = refused(PLAN, office, "MS655")
    assert "too dear" not in error.sentence
    assert "rejections.jsonl" in error.sentence


def test_a_rejection_of_another_plan_does_no_harm(office: Office) -> None:
    review = office.sign(PLAN, office.appoint("doe")).plan_folder
    review.reject(PLAN.touched().hash, "too dear", "2025-04-02T08:00:00+00:00")
    assert approve(PLAN, office).facts


def test_two_signers_are_two_officers(office: Office) -> None:
    plan = ShownPlan(signers=2)
    doe, roe = office.appoint("doe"), office.appoint("roe")
    office.sign(plan, doe)
    office.sign(plan, doe)
    assert "1 of the 2" in refused(plan, office, "MS652").sentence
    office.sign(plan, roe)
    assert [facts.signer for facts in approve(plan, office).facts] == ["doe", "roe"]


def test_a_copy_of_a_signature_under_another_name_is_no_second_signer(office: Office) -> None:
    plan = ShownPlan(signers=2)
    review = office.sign(plan, office.appoint("doe")).plan_folder
    [signature] = review.read_signatures().values()
    review.add_signature("0" * 16, signature)
    review.add_signature("F" * 16, signature)
    assert "1 of the 2" in refused(plan, office, "MS652").sentence


def test_one_key_under_two_key_ids_is_one_signer(office: Office) -> None:
    plan = ShownPlan(signers=2)
    approvals = office.sign(plan, office.appoint("doe"))
    [signature] = approvals.plan_folder.read_signatures().values()
    other = with_another_key_id((approvals.officers / "doe.pub").read_bytes())
    (approvals.officers / "roe.pub").write_bytes(other)
    approvals.plan_folder.add_signature("0" * 16, with_another_key_id(signature))
    assert "1 of the 2" in refused(plan, office, "MS652").sentence


def with_another_key_id(content: bytes) -> bytes:
    """Change the key id of a public key or signature, which nothing signs."""
    first, second, *rest = content.splitlines()
    raw = bytearray(base64.b64decode(second))
    raw[2] ^= 1
    return b"\n".join([first, base64.b64encode(raw), *rest, b""])


def test_a_key_of_the_demo_cannot_take_the_place_of_an_officer_with_its_key_id(
    office: Office,
) -> None:
    office.sign(PLAN, office.appoint("doe"))
    office.appoint_throwaway("demo")
    officer = (office.folder / "officers" / "doe.pub").read_bytes()
    made = office.folder / "review" / "keys" / "demo.pub"
    named = base64.b64decode(officer.splitlines()[1])[:10]
    key = base64.b64decode(made.read_bytes().splitlines()[1])[10:]
    made.write_bytes(officer.splitlines()[0] + b"\n" + base64.b64encode(named + key) + b"\n")
    approved = approve(PLAN, office)
    assert [facts.signer for facts in approved.facts] == ["doe"]
    assert not approved.needs_simulated


def test_a_stray_signature_does_no_harm_beside_enough_good_ones(office: Office) -> None:
    office.sign(PLAN, office.appoint("doe"))
    office.sign(PLAN, office.make_stranger())
    assert [facts.signer for facts in approve(PLAN, office).facts] == ["doe"]


def test_a_key_taken_from_the_officers_folder_counts_no_more(office: Office) -> None:
    office.sign(PLAN, office.appoint("doe"))
    (office.folder / "officers" / "doe.pub").unlink()
    refused(PLAN, office, "MS653")


def test_a_key_of_the_demo_counts_for_simulated_deliveries_only(office: Office) -> None:
    office.sign(PLAN, office.appoint_throwaway())
    assert approve(PLAN, office).needs_simulated


def test_a_key_of_the_demo_is_not_needed_where_officers_signed(office: Office) -> None:
    office.sign(PLAN, office.appoint_throwaway("a"))
    office.sign(PLAN, office.appoint("doe"))
    found = approve(PLAN, office)
    assert not found.needs_simulated
    assert [facts.signer for facts in found.facts] == ["doe"]


def test_a_key_of_the_demo_beside_one_of_an_officer_counts_for_simulated_ones_only(
    office: Office,
) -> None:
    plan = ShownPlan(signers=2)
    office.sign(plan, office.appoint_throwaway("a"))
    office.sign(plan, office.appoint("doe"))
    found = approve(plan, office)
    assert found.needs_simulated
    assert [facts.signer for facts in found.facts] == ["doe", "a"]


def test_an_officers_key_that_is_none_stops_everything(office: Office) -> None:
    office.sign(PLAN, office.appoint("doe"))
    (office.folder / "officers" / "roe.pub").write_text("not a key")
    assert "roe.pub" in refused(PLAN, office, "MS657").sentence


def test_a_signature_without_a_time_is_approved_without_one(office: Office) -> None:
    from minisign import SecretKey

    secret = office.appoint("doe")
    review = office.approvals().plan_folder
    review.put_plan(PLAN.to_json())
    key = SecretKey.from_file(secret)
    content = bytes(key.sign(PLAN.to_json().encode(), trusted_comment=f"ledger:{GENESIS}"))
    review.add_signature("0" * 16, content)
    assert approve(PLAN, office).facts[0].signed_at == ""


def test_an_approval_names_the_head_of_the_ledger_that_it_was_given_on(office: Office) -> None:
    office.sign(PLAN, office.appoint("doe"), "a" * 64)
    assert approve(PLAN, office).facts[0].ledger_head == "a" * 64


@pytest.mark.parametrize("comment", ["x", "ledger:", f"ledger:{'a' * 63}", f"ledger:{'a' * 65}"])
def test_an_approval_that_names_no_head_of_the_ledger_does_not_count(
    office: Office, comment: str
) -> None:
    from minisign import SecretKey

    secret = office.appoint("doe")
    review = office.approvals().plan_folder
    review.put_plan(PLAN.to_json())
    signature = SecretKey.from_file(secret).sign(PLAN.to_json().encode(), trusted_comment=comment)
    review.add_signature("0" * 16, bytes(signature))
    with pytest.raises(PrivacyError, match=r"MS635.*doe") as caught:
        approve(PLAN, office)
    assert caught.value.exit_code == 6


def respell(path: Path, comment: bytes, more: bytes = b"") -> None:
    """Give a file of minisign's another first line."""
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(comment + b"\n" + rest + more)


LATIN = "untrusted comment: key of J. Müller".encode("latin-1")


@pytest.mark.parametrize(
    "comment", [b"\xef\xbb\xbfuntrusted comment: x", LATIN, LATIN + b"\r", b"key of doe", b""]
)
def test_a_key_is_read_whatever_its_comment_is_as_minisign_reads_it(
    office: Office, comment: bytes
) -> None:
    secret = office.appoint("doe")
    for path in (secret, office.folder / "officers" / "doe.pub"):
        respell(path, comment)
    office.sign(PLAN, secret)
    assert approve(PLAN, office).facts[0].signer == "doe"


def test_a_signature_counts_whatever_its_untrusted_comment_is(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    [name] = approvals.plan_folder.read_signatures()
    path = approvals.plan_folder.folder / name
    respell(path, LATIN, b"\n")
    [officer] = approvals.list_officers()
    found = approve(PLAN, office)
    assert (found.facts[0].signer, found.facts[0].key_id) == ("doe", officer.key_id)
    kept = Recorded(PLAN, found)
    assert check_recorded(kept, [officer])[0]["is_listed"]  # type: ignore[arg-type]
    respell(path, b"\xef\xbb\xbf" + LATIN)
    refused(PLAN, office, "MS654")


def test_the_comment_that_is_signed_is_ascii(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    [(name, content)] = approvals.plan_folder.read_signatures().items()
    assert content.splitlines()[2].decode("ascii").startswith("trusted comment: timestamp:")
    for encoding in ("latin-1", "utf-8"):
        changed = content.replace(b"file:plan.json", "file:pl\xe4n.json".encode(encoding))
        (approvals.plan_folder.folder / name).write_bytes(changed)
        refused(PLAN, office, "MS654")


@pytest.mark.skipif(shutil.which("minisign") is None, reason="the program minisign is not here")
def test_a_signed_comment_that_is_not_ascii_is_refused_although_it_fits(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    folder, secret = approvals.plan_folder.folder, office.folder / "roe.key"
    public = office.folder / "officers" / "roe.pub"
    for command in (
        ["-G", "-W", "-p", public, "-s", secret],
        ["-Sm", folder / "plan.json", "-s", secret, "-t", "von Müller"],
    ):
        subprocess.run(["minisign", *command], check=True, capture_output=True)
    [name] = [one for one in approvals.plan_folder.read_signatures() if one != "plan.json.minisig"]
    (folder / name).unlink()
    refused(PLAN, office, "MS654")


def test_a_signature_by_the_name_that_minisign_gives_it_counts(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    [name] = approvals.plan_folder.read_signatures()
    folder = approvals.plan_folder.folder
    (folder / name).rename(folder / "plan.json.minisig")
    assert approve(PLAN, office).facts[0].signer == "doe"
    approvals.plan_folder.put_plan(PLAN.touched().to_json())
    assert approvals.plan_folder.read_signatures() == {}
    assert [path.name for path in folder.glob("superseded/*/*.minisig")] == ["plan.json.minisig"]


@pytest.mark.skipif(shutil.which("minisign") is None, reason="the program minisign is not here")
def test_the_program_minisign_checks_our_approvals_and_we_check_its_own(office: Office) -> None:
    approvals = office.sign(PLAN, office.appoint("doe"))
    folder = approvals.plan_folder.folder
    [name] = approvals.plan_folder.read_signatures()
    [officer] = approvals.list_officers()
    checked = subprocess.run(
        ["minisign", "-Vm", "plan.json", "-x", name, "-p", office.folder / "officers" / "doe.pub"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Signature and comment signature verified" in checked.stdout
    (folder / name).unlink()
    made = office.folder / "roe.key"
    public = office.folder / "officers" / "roe.pub"
    subprocess.run(
        ["minisign", "-G", "-W", "-p", public, "-s", made], check=True, capture_output=True
    )
    comment = f"timestamp:1767225600 ledger:{GENESIS}"
    subprocess.run(
        [
            *("minisign", "-Sm", folder / "plan.json", "-s", made),
            *("-c", b"J. M\xfcller", "-t", comment),
        ],
        check=True,
        capture_output=True,
    )
    [facts] = approve(PLAN, office).facts
    assert facts.signer == "roe"
    assert facts.key_id.lstrip("0") in public.read_text()  # the program writes no leading zeros
    assert facts.signed_at
    assert officer.key_id in (office.folder / "officers" / "doe.pub").read_text()
