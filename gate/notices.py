"""Telling people that a release is open: a link, never a number.

Here: one e-mail or one POST, and whether it was taken for everyone whom it was for. Not here: whom
to tell (``settings``) and when a release opens.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError

from gate.audit import AuditLog
from gate.calendar import Announcement
from gate.errors import GateError
from gate.forms import address_file
from gate.settings import LOOPBACK, GateSettings, Mail, Webhook, check_web_address
from gate.tokens import Clock
from gate.visits import describe_step

SECONDS = 30
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
    try:
        if isinstance(receiver, Mail):
            reason = _send_mail(receiver, clock(), release_id, address)
        else:
            reason = _post(receiver, release_id, address)
    except (OSError, ValueError, HTTPException, smtplib.SMTPException) as error:
        reason = _explain(error)
    if reason:
        log.write([describe_step("notice-refused", who, resource=resource, code="MS745")])
        raise GateError("MS745", release_id=release_id, name=receiver.name, reason=reason)
    return TOLD


def _explain(error: Exception) -> str:
    """Why a message was not taken: the answer's number or the kind of error, and nothing else."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _name_refused(error.recipients)
    code = getattr(error, "smtp_code", None) or (error.code if isinstance(error, HTTPError) else 0)
    if code:
        return f"The other side answered with {code}"
    return f"The other side or the way there failed with {type(error).__name__}"


def _name_refused(refused: Mapping[str, tuple[int, bytes]]) -> str:
    named = ", ".join(f"{address} ({code})" for address, (code, _) in refused.items())
    return f"The mail server refused {named}" if named else ""


def _send_mail(mail: Mail, now: datetime, release_id: str, address: str) -> str:
    """Send one message; says who of its recipients was refused, nothing if nobody was."""
    message = EmailMessage()
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = f"MoShare: release {release_id} is open"
    message.set_content(TEXT.format(release_id=release_id, address=address))
    with smtplib.SMTP(mail.host, mail.port, timeout=SECONDS) as server:
        if mail.host not in LOOPBACK:
            server.starttls(context=ssl.create_default_context())
        return _name_refused(server.send_message(message))


def _post(hook: Webhook, release_id: str, address: str) -> str:
    """Send one POST; nothing is wrong with one that was taken."""
    check_web_address(hook.address)
    body = json.dumps({"release_id": release_id, "address": address}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        hook.address, body, {"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    with opener.open(request, timeout=SECONDS):
        return ""


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
