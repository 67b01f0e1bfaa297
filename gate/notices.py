"""Telling people that a release is open: a link, never a number.

Here: one e-mail or one POST, and whether it was taken for everyone whom it was for. Not here: whom
to tell (``settings``) and when a release opens.
"""

from __future__ import annotations

from gate.audit import AuditLog
from gate.calendar import Announcement
from gate.errors import GateError
from gate.forms import address_file
from gate.letters import Letter, send_letter
from gate.settings import GateSettings, Mail, Webhook
from gate.tokens import Clock
from gate.visits import describe_step

TOLD = "told"
TEXT = """\
Release {release_id} of MoShare is open: {address}

Sign in with your agency's token. This message holds no numbers; check the signature of what you
download with 'moshare verify'.
"""


def notify(
    settings: GateSettings,
    log: AuditLog,
    clock: Clock,
    announcement: Announcement,
    receiver: Mail | Webhook,
) -> str:
    """Tell one receiver of one open release; says that it was told.

    Raises:
        GateError: MS726, it is not open yet; MS738, it cannot be recorded; MS745, the message was
            not taken, or not for each of its recipients.
    """
    release_id = announcement.release_id
    if not announcement.is_open(clock()):
        opens_at = announcement.opens_at.strftime("%Y-%m-%d %H:%M UTC")
        raise GateError("MS726", release_id=release_id, opens_at=opens_at)
    who = f"{'mail' if isinstance(receiver, Mail) else 'webhook'}:{receiver.name}"
    resource = f"releases/{release_id}"
    log.write([describe_step("notice", who, resource=resource)])
    address = address_file(settings.address, release_id, "")
    letter = Letter(
        subject=f"MoShare: release {release_id} is open",
        text=TEXT.format(release_id=release_id, address=address),
        facts={"release_id": release_id, "address": address},
    )
    reason = send_letter(receiver, letter, clock())
    if reason:
        log.write([describe_step("notice-refused", who, resource=resource, code="MS745")])
        raise GateError("MS745", release_id=release_id, name=receiver.name, reason=reason)
    return TOLD
