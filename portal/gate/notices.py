"""Telling people that a release is open: a link, never a number.

Here: one e-mail or one POST. Not here: whom to tell (``settings``) and when a release opens.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from email.message import EmailMessage
from http.client import HTTPException
from typing import IO

from portal.gate.audit import AuditLog
from portal.gate.calendar import Announcement
from portal.gate.errors import GateError
from portal.gate.forms import address_file
from portal.gate.settings import LOOPBACK, GateSettings, Mail, Webhook, check_web_address
from portal.gate.tokens import Clock
from portal.gate.visits import describe_step

SECONDS = 30
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
) -> None:
    """Tell one receiver of one open release.

    Raises:
        GateError: MS726, it is not open yet; MS738, it cannot be recorded; MS745, the message was
            not taken.
    """
    release_id = announcement.release_id
    if not announcement.is_open(clock()):
        opens_at = announcement.opens_at.strftime("%Y-%m-%d %H:%M UTC")
        raise GateError("MS726", release_id=release_id, opens_at=opens_at)
    who = f"{'mail' if isinstance(receiver, Mail) else 'webhook'}:{receiver.name}"
    log.write([describe_step("notice", who, resource=f"releases/{release_id}")])
    address = address_file(settings.address, release_id, "")
    try:
        if isinstance(receiver, Mail):
            _send_mail(receiver, release_id, address)
        else:
            _post(receiver, release_id, address)
    except (OSError, ValueError, HTTPException, smtplib.SMTPException) as error:
        reason = f"The other side or the way there failed with {type(error).__name__}"
        raise GateError("MS745", release_id=release_id, name=receiver.name, reason=reason) from None


def _send_mail(mail: Mail, release_id: str, address: str) -> None:
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = f"MoShare: release {release_id} is open"
    message.set_content(TEXT.format(release_id=release_id, address=address))
    with smtplib.SMTP(mail.host, mail.port, timeout=SECONDS) as server:
        if mail.host not in LOOPBACK:
            server.starttls(context=ssl.create_default_context())
        server.send_message(message)


def _post(hook: Webhook, release_id: str, address: str) -> None:
    check_web_address(hook.address)
    body = json.dumps({"release_id": release_id, "address": address}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        hook.address, body, {"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    with opener.open(request, timeout=SECONDS):
        pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for a failure: the address that was checked is the one that is told."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: object,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        """Refuse."""
        return
