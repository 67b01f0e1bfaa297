"""Approval of a plan: signatures of its bytes, by keys of officers, in minisign's format.

Belongs here: officers' keys, signing, and what makes a plan approved. Does not belong here: the
folder that holds a plan and its signatures (privacy.approval.plan_folder), and asking a person for
a password.
"""

import base64
import datetime
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from durable.writing import PUBLIC, write_once, write_whole
from privacy.approval.key_files import read_public_key, read_secret_key, read_signature
from privacy.approval.plan_folder import PLAN_NAME, REJECTIONS_NAME, PlanFolder
from privacy.errors import PrivacyError
from privacy.ledger.chain import Entry
from privacy.plan import Plan
from privacy.released import ApprovalFacts

if TYPE_CHECKING:
    from minisign import SecretKey

_TIMESTAMP = re.compile(r"\btimestamp:(\d{1,11})\b")
_HEAD = re.compile(r"\bledger:([0-9a-f]{64})\b")
_OPERATIONS, _MEMORY = 2**22, 2**27


@dataclass(frozen=True)
class Officer:
    """One who may sign: name, key id as minisign prints it, the public key file's bytes.

    A throw-away key is made by the demo and counts for simulated deliveries alone.
    """

    name: str
    key_id: str
    key: bytes
    is_throwaway: bool

    @property
    def bare_key(self) -> bytes:
        """The public key alone: whoever holds its secret can give it any key id, and is one."""
        return base64.b64decode(self.key.splitlines()[1])[10:]


@dataclass(frozen=True)
class Approvals:
    """Where the approval of a quarter is looked for: its review folder and the keys that count."""

    plan_folder: PlanFolder
    officers: Path
    throwaway: Path

    def list_officers(self) -> tuple[Officer, ...]:
        """Return all whose keys count; raises MS657."""
        return load_all_officers(self.officers, self.throwaway)


@dataclass(frozen=True)
class Approval:
    """A plan that is approved: by whom, the signatures, and whether demo keys were needed."""

    facts: tuple[ApprovalFacts, ...]
    signatures: tuple[str, ...]
    needs_simulated: bool


@dataclass(frozen=True)
class _Signed:
    officer: Officer
    facts: ApprovalFacts
    text: str


def load_officers(folder: Path, *, are_throwaway: bool = False) -> tuple[Officer, ...]:
    """Read all public keys of a folder, which may be missing; raises PrivacyError MS657.

    The name of a file is the name of its officer.
    """
    officers = []
    for path in sorted(folder.glob("*.pub")):
        try:
            content = path.read_bytes()
            read_public_key(content)
        except (OSError, ValueError):
            _refuse_key(path)
        officers.append(Officer(path.stem, _read_key_id(content), content, are_throwaway))
    return tuple(officers)


def load_all_officers(officers: Path, throwaway: Path) -> tuple[Officer, ...]:
    """Return all whose keys count, those of the demo last; raises PrivacyError MS657.

    A key of the demo that bears the key id of an officer does not count.
    """
    real = load_officers(officers)
    taken = {officer.key_id for officer in real}
    made = load_officers(throwaway, are_throwaway=True)
    return (*real, *(one for one in made if one.key_id not in taken))


def make_officer_key(secret: Path, public: Path, password: str | None) -> str:
    """Make a key pair and return its key id.

    Raises PrivacyError MS659 where a file exists, or both halves would have one name.

    The secret half is readable by its owner only and, given a password, encrypted with it.
    """
    from minisign import KeyPair

    for path in (secret, public):
        if path.exists() or secret == public:
            raise PrivacyError("MS659", file=path.name)
    pair = KeyPair.generate()
    key_id = _read_key_id(bytes(pair.public_key))
    pair.public_key.untrusted_comment = f"minisign public key {key_id}"
    if password is not None:
        pair.secret_key.encrypt(password, opslimit=_OPERATIONS, memlimit=_MEMORY)
    if not write_once(secret, bytes(pair.secret_key) + b"\n"):
        raise PrivacyError("MS659", file=secret.name)
    write_whole(public, bytes(pair.public_key) + b"\n", PUBLIC)
    return key_id


def sign_plan(
    quarter: str, plan: bytes, head: str, secret: Path, ask_password: Callable[[], str]
) -> tuple[str, bytes]:
    """Sign a plan's bytes and the ledger's head; return the key's id and the signature's bytes.

    Raises PrivacyError MS657 for the key or its password.
    """
    with _open_key(secret, ask_password) as key:
        signature = key.sign(
            plan,
            untrusted_comment=f"approval of the MoShare plan of {quarter}",
            trusted_comment=f"timestamp:{int(time.time())}\tfile:{PLAN_NAME}\tledger:{head}\thashed",
        )
    content = bytes(signature) + b"\n"
    return _read_key_id(content), content


def check_shown(plan: Plan, review: PlanFolder) -> bytes:
    """Return the bytes of a plan, if exactly they were put up for approval and nobody rejected it.

    Raises PrivacyError MS650 (none was put up), MS651 (another), MS655 (rejected) or MS658.
    """
    content = plan.to_json().encode("utf-8")
    if review.read_plan() != content:
        raise PrivacyError("MS651", quarter=plan.quarter)
    if review.find_rejection(plan.hash) is not None:
        raise PrivacyError("MS655", quarter=plan.quarter, file=REJECTIONS_NAME)
    return content


def check_approval(plan: Plan, approvals: Approvals) -> Approval:
    """Return how a plan is approved.

    Raises:
        PrivacyError: what `check_shown` refuses, MS652 (too few signatures), MS653 (the key of
            nobody), MS654 (a signature of something else), MS635 (one that names no head of the
            ledger) or MS657 (an officer's key is broken).
    """
    check_shown(plan, approvals.plan_folder)
    officers = {officer.key_id: officer for officer in approvals.list_officers()}
    signed: dict[bytes, _Signed] = {}
    refusals: list[PrivacyError] = []
    for name, content in approvals.plan_folder.read_signatures().items():
        try:
            one = _check_signature(plan, name, content, officers)
            signed[one.officer.bare_key] = one
        except PrivacyError as refusal:
            refusals.append(refusal)
    needed = plan.policy.signers
    counted = _count(signed.values(), needed)
    if len(counted) < needed:
        if refusals:
            raise refusals[0]
        raise PrivacyError("MS652", quarter=plan.quarter, present=len(counted), needed=needed)
    return Approval(
        facts=tuple(one.facts for one in counted),
        signatures=tuple(one.text for one in counted),
        needs_simulated=any(one.officer.is_throwaway for one in counted),
    )


def check_recorded(charged: Entry, officers: Iterable[Officer]) -> list[dict[str, Any]]:
    """Check the signatures kept with a charge; raises MS654 where one does not fit its plan.

    Returns who signed and whether their key is still listed: without it only the key is unknown.
    """
    known = {officer.key_id: officer for officer in officers}
    payload = charged.payload or {}
    plan, told = payload["plan"].encode("utf-8"), []
    for facts, text in zip(payload["approvals"], payload["signatures"], strict=True):
        officer = known.get(facts["key_id"])
        if officer is not None and not _fits(officer, plan, text.encode("utf-8")):
            raise PrivacyError("MS654", quarter=charged.charge.quarter, signer=officer.name)
        told.append({**facts, "is_listed": officer is not None})
    return told


def _count(signed: Iterable[_Signed], needed: int) -> list[_Signed]:
    """Return the signatures that count: all of officers, and of the demo only what they lack."""
    ordered = sorted(signed, key=lambda one: (one.officer.is_throwaway, one.officer.name))
    real = sum(not one.officer.is_throwaway for one in ordered)
    return ordered[: max(real, needed)]


def _check_signature(
    plan: Plan, name: str, content: bytes, officers: dict[str, Officer]
) -> _Signed:
    try:
        comment = read_signature(content).trusted_comment
    except ValueError:
        raise PrivacyError("MS654", quarter=plan.quarter, signer=name) from None
    key_id = _read_key_id(content)
    if key_id not in officers:
        raise PrivacyError("MS653", quarter=plan.quarter, key=key_id)
    officer = officers[key_id]
    if not _fits(officer, plan.to_json().encode("utf-8"), content):
        raise PrivacyError("MS654", quarter=plan.quarter, signer=officer.name)
    head = _HEAD.search(comment)
    if head is None:
        raise PrivacyError("MS635", quarter=plan.quarter, signer=officer.name)
    facts = ApprovalFacts(officer.name, key_id, _read_time(comment), head[1])
    return _Signed(officer, facts, content.decode("utf-8", "replace"))


def _fits(officer: Officer, plan: bytes, signature: bytes) -> bool:
    try:
        read_public_key(officer.key).verify(plan, read_signature(signature))
    except ValueError:
        return False
    return True


def _open_key(secret: Path, ask_password: Callable[[], str]) -> "SecretKey":
    try:
        key = read_secret_key(secret.read_bytes())
        if key.is_encrypted():
            key.decrypt(ask_password())
    except (OSError, ValueError):
        _refuse_key(secret)
    return key


def _refuse_key(path: Path) -> NoReturn:
    raise PrivacyError("MS657", file=path.name) from None


def _read_key_id(content: bytes) -> str:
    """Return the key id of a public key or signature, as the program minisign prints it."""
    return base64.b64decode(content.splitlines()[1])[2:10][::-1].hex().upper()


def _read_time(comment: str) -> str:
    """Return the time in a signed comment, as UTC text; empty where it names none."""
    found = _TIMESTAMP.search(comment)
    if found is None:
        return ""
    moment = datetime.datetime.fromtimestamp(int(found[1]), datetime.UTC)
    return moment.isoformat(timespec="seconds")
