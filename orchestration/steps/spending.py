"""What was spent on privacy and what is left, as `moshare ledger` shows it.

Does not belong here: charging (see `privacy.ledger.ledger`), and how it looks (see `cli/ledger`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from durable.writing import write_whole
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.hub.witness import read_witnessed, witness_head
from privacy.approval.approval import check_recorded, load_all_officers
from privacy.errors import PrivacyError
from privacy.held import Custody
from privacy.ledger.caps import compute_spending, name_period
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN, GENESIS, LOST, Charge, Entry
from privacy.ledger.ledger import Ledger
from privacy.policy.policy import load_policy
from privacy.released import SpendingFacts

_STATES = {
    CHARGE: "charged, not drawn",
    BEGUN: "draw interrupted",
    LOST: "draw lost",
    DRAWN: "drawn, not finished",
    DONE: "released",
}


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger; make an empty one only where nothing was ever released.

    Raises:
        OrchestrationError: MS920 for a release whose record cannot be read.
        PrivacyError: MS620 when releases exist and their ledger does not, MS628 when it does not
            know one of them, as an older copy would not.
    """
    try:
        return _open_known(settings)
    except PrivacyError as error:
        if error.code != "MS620" or _was_used(settings):
            raise
    try:
        return Ledger.create(settings.ledger_place)
    except PrivacyError as error:
        if error.code != "MS621":  # another process made it in the meantime
            raise
    return Ledger(settings.ledger_place)


def keep_head(ledger: Ledger, settings: Settings) -> None:
    """Note how far the ledger has come, also where nothing was published yet.

    Without it, an older copy of the ledger would be believed where the release that names its
    newest entry was never built, or was taken away. The mark of a draw is noted before it is seen.
    """
    with ledger.lock():
        note_head(ledger.verify(), settings)


def note_head(head: str, settings: Settings) -> None:
    """Note a hash that every later copy of the ledger must hold: by the witness, then in the vault.

    Raises:
        OrchestrationError: MS925 when the vault cannot take it.
        PrivacyError: MS636 when the witness cannot.
    """
    if head == _read_kept_head(settings):
        return
    witness_head(head, settings)
    try:
        write_whole(settings.vault.ledger_head, head)
    except OSError:
        raise OrchestrationError("MS925", folder=str(settings.home)) from None


def find_custody(settings: Settings) -> Custody:
    """Say where draws are held until the ledger has them, and how their marks are noted."""
    return Custody(settings.vault.held_draws, lambda head: note_head(head, settings))


def check_witness(ledger: Ledger, settings: Settings) -> None:
    """Compare the ledger with the heads that were witnessed, before anything is drawn.

    Raises:
        OrchestrationError: MS944 when the hub was restored and no head is witnessed of the last
            draw that its ledger knows.
        PrivacyError: MS628 when it does not know one of them, MS636 when they cannot be read.
    """
    witnessed = read_witnessed(settings)
    ledger.verify(witnessed)
    if settings.ledger_address is None and settings.vault.restored.exists():
        _require_newest(ledger, witnessed, settings)


def _require_newest(ledger: Ledger, witnessed: list[str], settings: Settings) -> None:
    """Refuse a restored ledger unless its last charge or draw, or what follows, is witnessed.

    Where nothing was drawn before the backup, a witness without a head says that nothing was since.
    """
    entries = ledger.read_entries()
    drawn = [place for place, entry in enumerate(entries) if entry.kind in (CHARGE, DRAWN)]
    last = entries[drawn[-1] if drawn else len(entries) :]
    is_known = not drawn or any(one.hash.startswith(head) for one in last for head in witnessed)
    if settings.witness is not None and is_known:
        return
    made_at = json.loads(settings.vault.restored.read_bytes())["made_at"]
    raise OrchestrationError("MS944", at=made_at)


def read_entries(settings: Settings) -> tuple[Entry, ...]:
    """Read the ledger; there is nothing in one that was not made yet.

    Raises:
        OrchestrationError: MS920 for a release whose record cannot be read.
        PrivacyError: When it is lost, its chain is broken, or it does not know a release.
    """
    try:
        return _open_known(settings).read_entries()
    except PrivacyError as error:
        if error.code != "MS620" or _was_used(settings):
            raise
    return ()


def read_spending(settings: Settings) -> dict[str, Any]:
    """Check the ledger's chain and sum it up; plain data, ready for JSON.

    Returns:
        `head` (hash); `charges`, one for each plan, in order; `periods`, which say what one
        identity can have lost in the worst case in each period of the last charged quarter.

    Raises:
        PrivacyError: When there is no ledger or its chain is broken.
    """
    ledger = Ledger(settings.ledger_place)
    head, entries = ledger.verify(), ledger.read_entries()
    states = {entry.charge.plan: _STATES[entry.kind] for entry in entries}
    charged = [entry for entry in entries if entry.kind == CHARGE]
    return {
        "head": head,
        "charges": [
            {
                "quarter": entry.charge.quarter,
                "plan": entry.charge.plan,
                "charged_at": entry.at,
                "rho": _decimal(entry.charge.rho),
                "rho_exact": str(entry.charge.rho),
                "state": states[entry.charge.plan],
                "approved_by": [one["signer"] for one in (entry.payload or {})["approvals"]],
                "frames": {part.frame: _decimal(part.rho) for part in entry.charge.parts},
            }
            for entry in charged
        ],
        "periods": _sum_periods(entries, [entry.charge for entry in charged], settings),
    }


def verify_ledger(settings: Settings) -> dict[str, Any]:
    """Check the chain, the heads that were seen of it, and the signatures under each charge.

    Returns:
        `head`, the number of `entries`, of `releases` and of `witnessed` heads compared, and for
        each charge its `quarter` and who signed it; `is_listed` says whether the key still counts.

    Raises:
        OrchestrationError: MS920 for a release whose record cannot be read.
        PrivacyError: MS620 to MS628 for the ledger, MS636 for the witness, MS654 for a signature
            that does not fit.
    """
    heads, witnessed = list(_read_heads(settings)), read_witnessed(settings)
    ledger = _open_known(settings)
    head, entries = ledger.verify([*heads, *witnessed]), ledger.read_entries()
    officers = load_all_officers(settings.officers, settings.throwaway_keys)
    return {
        "head": head,
        "entries": len(entries),
        "releases": len(heads),
        "witnessed": len(witnessed),
        "charges": [
            {
                "quarter": entry.charge.quarter,
                "plan": entry.charge.plan,
                "approvals": check_recorded(entry, officers),
            }
            for entry in entries
            if entry.kind == CHARGE
        ],
    }


def describe_period(fact: SpendingFacts, quarter: str) -> dict[str, Any]:
    """Say what one period has spent and left, as plain data."""
    return {
        "period": fact.period,
        "name": name_period(fact.period, quarter),
        "spent": _decimal(fact.spent),
        "spent_exact": str(fact.spent),
        "cap": _decimal(fact.cap),
        "left": _decimal(fact.cap - fact.spent),
        "share": float(fact.spent / fact.cap),
    }


def _sum_periods(
    entries: tuple[Entry, ...], charges: list[Charge], settings: Settings
) -> list[dict[str, Any]]:
    if not charges:
        return []
    last = max(charges, key=lambda charge: charge.place)
    caps = load_policy(settings.policy).caps
    return [describe_period(fact, last.quarter) for fact in compute_spending(entries, last, caps)]


def _open_known(settings: Settings) -> Ledger:
    """Open the ledger, if it knows every release and what the vault has seen of it.

    Heads come first, for releases may be added.
    """
    heads = [_read_kept_head(settings), *_read_heads(settings)]
    ledger = Ledger(settings.ledger_place)
    ledger.verify(heads)
    return ledger


def _read_heads(settings: Settings) -> Iterator[str]:
    for folder in sorted(settings.releases.glob("[!.]*/")):
        try:
            yield str(json.loads((folder / "release.json").read_bytes())["ledger_head"])
        except (OSError, ValueError, KeyError, TypeError):
            raise OrchestrationError("MS920", release=folder.name) from None


def _read_kept_head(settings: Settings) -> str:
    """Give the head that the vault has seen; that of an empty ledger where it has seen none."""
    path = settings.vault.ledger_head
    return path.read_text("utf-8") if path.exists() else GENESIS


def _was_used(settings: Settings) -> bool:
    """Say whether something was released, or rows were once handed over to be released."""
    return any(settings.releases.glob("[!.]*/")) or any(settings.vault.kept_rows.glob("*.json"))


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6f}"
