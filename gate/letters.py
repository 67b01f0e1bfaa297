"""One message to one receiver, by e-mail or by a POST, and why it was not taken.

Here: how a message travels. Not here: what it says (``notices``), and whom to tell (``settings``).
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError

from gate.settings import LOOPBACK, Mail, Webhook, check_web_address

SECONDS = 30


@dataclass(frozen=True)
class Letter:
    """What is said: subject and text of a mail, and the facts that a POST holds as JSON."""

    subject: str
    text: str
    facts: Mapping[str, str]


def send_letter(receiver: Mail | Webhook, letter: Letter, now: datetime) -> str:
    """Send one message; says why it was not taken, or not by each recipient; else nothing."""
    try:
        if isinstance(receiver, Mail):
            return _send_mail(receiver, letter, now)
        return _post(receiver, letter)
    except (OSError, ValueError, HTTPException, smtplib.SMTPException) as error:
        return _explain(error)


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


def _send_mail(mail: Mail, letter: Letter, now: datetime) -> str:
    """Send one message; says who of its recipients was refused, nothing if nobody was."""
    message = EmailMessage()
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    with smtplib.SMTP(mail.host, mail.port, timeout=SECONDS) as server:
        if mail.host not in LOOPBACK:
            server.starttls(context=ssl.create_default_context())
        return _name_refused(server.send_message(message))


def _post(hook: Webhook, letter: Letter) -> str:
    """Send one POST; nothing is wrong with one that was taken."""
    check_web_address(hook.address)
    body = json.dumps(dict(letter.facts)).encode()
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
