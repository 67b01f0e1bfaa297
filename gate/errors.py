"""The failures of the gate, MS720 to MS761, as sentences with a status of HTTP.

Here: the registry of codes and the one exception. Not here: how a failure is sent (``problems``).
No sentence repeats what a client sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from failures.exits import Exit
from failures.numbered import ErrorText
from portal.errors import PortalError


@dataclass(frozen=True)
class GateText(ErrorText):
    """A text that is told over HTTP too, with the status of that answer."""

    status: int = 500


ERRORS: Mapping[str, GateText] = {
    "MS720": GateText(
        "The gate's settings in {file} cannot be used",
        "{reason}",
        "Mend the file or name another with --settings; deploy/gate.example.toml shows every "
        "setting",
        Exit.USAGE,
    ),
    "MS721": GateText(
        "There is nothing at this address",
        "No release has a file of this name, or the address is not written plainly",
        "Take addresses from /api/v1/releases or from the page of a release",
        Exit.UNEXPECTED,
        404,
    ),
    "MS722": GateText(
        "There is no such release",
        "It was never announced",
        "The calendar at /api/v1/calendar lists every release",
        Exit.USAGE,
        404,
    ),
    "MS723": GateText(
        "A token is needed",
        "This address is open to agencies only",
        "Send the header 'Authorization: Bearer' with your token, or sign in at /sign-in",
        Exit.UNEXPECTED,
        401,
    ),
    "MS724": GateText(
        "The token is not accepted",
        "It is unknown, expired or revoked",
        "Ask the hub for a new one",
        Exit.UNEXPECTED,
        401,
    ),
    "MS725": GateText(
        "Too many requests",
        "More came in one minute than one client may send",
        "Wait {seconds} seconds and try again",
        Exit.UNEXPECTED,
        429,
    ),
    "MS726": GateText(
        "Release {release_id} is not open yet",
        "It was announced for {opens_at}, for everyone at the same time",
        "Come back then",
        Exit.DELIVERY_OUT,
        403,
    ),
    "MS727": GateText(
        "Release {release_id} is not open to you",
        "Your access does not include it",
        "Ask the hub if you believe that it should",
        Exit.DELIVERY_OUT,
        403,
    ),
    "MS728": GateText(
        "Release {release_id} is withheld",
        "Its files are not, byte for byte, what was published",
        "Try later; the hub must restore the folder",
        Exit.VERIFICATION,
        503,
    ),
    "MS729": GateText(
        "Release {release_id} is not here yet",
        "It was announced, and its files have not arrived",
        "Try again later",
        Exit.DELIVERY_OUT,
        503,
    ),
    "MS730": GateText(
        "This address takes no such request",
        "The gate only gives; it takes nothing but a token at /sign-in",
        "Use GET",
        Exit.UNEXPECTED,
        405,
    ),
    "MS731": GateText(
        "This is not the host that was asked for",
        "The request names another host than the gate's own",
        "Use the address that the hub announced",
        Exit.UNEXPECTED,
        421,
    ),
    "MS732": GateText(
        "The request is too large",
        "It carries more than any request of the gate needs",
        "Send no body",
        Exit.UNEXPECTED,
        413,
    ),
    "MS733": GateText(
        "The request cannot be read",
        "It is not HTTP as the standard writes it, or its headers are too long",
        "Check the program that sent it",
        Exit.UNEXPECTED,
        400,
    ),
    "MS734": GateText(
        "The form was refused",
        "It was sent from another site",
        "Open /sign-in and send the form from there",
        Exit.UNEXPECTED,
        403,
    ),
    "MS735": GateText(
        "The range is not there",
        "The file is shorter than the range that was asked for",
        "Ask for the whole file",
        Exit.UNEXPECTED,
        416,
    ),
    "MS736": GateText(
        "The sign-on headers were refused",
        "The state's proxy sent one of them more than once, or with characters no name has",
        "The proxy must set each header itself and drop what clients send",
        Exit.UNEXPECTED,
        400,
    ),
    "MS737": GateText(
        "The gate failed",
        "Something unexpected happened, and no part of an answer was sent",
        "Try again; if it happens again, tell the hub the time",
        Exit.UNEXPECTED,
        500,
    ),
    "MS738": GateText(
        "Nothing can be served now",
        "The audit cannot be written, and no answer leaves without its record",
        "Try later; the hub must free or mend the disk",
        Exit.DELIVERY_OUT,
        503,
    ),
    "MS739": GateText(
        "The audit is broken at {place}",
        "{reason}",
        "Keep the file as it is, and compare it with its latest backup",
        Exit.VERIFICATION,
    ),
    "MS740": GateText(
        "The receipt is not in the audit",
        "No row has this hash: the row was removed, or the receipt is of another gate",
        "Keep the files as they are, and compare them with their latest backup",
        Exit.VERIFICATION,
    ),
    "MS741": GateText(
        "There is no such token",
        "No token has this name, or it was revoked before",
        "List the tokens with 'moshare token list'",
        Exit.USAGE,
    ),
    "MS742": GateText(
        "The calendar {file} cannot be used",
        "{reason}",
        "Mend the file; each release has an id, a tier, and unless it is a quarter the local hour "
        "at which it opens",
        Exit.USAGE,
    ),
    "MS743": GateText(
        "Release {release_id} was not pushed to {name}",
        "{reason}",
        "Mend the cause and push again; a release without its signature is not complete",
        Exit.DELIVERY_OUT,
    ),
    "MS744": GateText(
        "Release {release_id} was not pushed to {name}",
        "The folder there holds something else under this name: {files}",
        "Ask the agency to move that folder away; nothing there was changed",
        Exit.DELIVERY_OUT,
    ),
    "MS745": GateText(
        "The notice of {release_id} did not reach {name}",
        "{reason}",
        "Mend the cause and send it again",
        Exit.DELIVERY_OUT,
    ),
    "MS746": GateText(
        "'moshare {command}' has nobody to serve",
        "The gate's settings name no such receiver",
        "Add one to the settings",
        Exit.USAGE,
    ),
    "MS747": GateText(
        "The gate's state in {folder} cannot be used",
        "The operating system or SQLite refused with {kind}",
        "Check that the folder exists and belongs to the account the gate runs as",
        Exit.USAGE,
        503,
    ),
    "MS748": GateText(
        "The token was not made",
        "{reason}",
        "Run 'moshare token create --help' for the form",
        Exit.USAGE,
    ),
    "MS749": GateText(
        "There is no release to serve",
        "The data home holds none",
        "Run 'make demo' first, or name another data home in MOSHARE_HOME",
        Exit.USAGE,
    ),
    "MS750": GateText(
        "The gate cannot listen at {place}",
        "Another program listens there, or this account may not",
        "End that program, or give another port: in the settings, or with --port for the demo",
        Exit.USAGE,
    ),
    "MS760": GateText(
        "The proxy's secret in {file} cannot be used",
        "{reason}",
        "Make one as docs/gate.md says and give it to the proxy, or take [proxy] out of the "
        "settings",
        Exit.USAGE,
    ),
    "MS761": GateText(
        "{failed} of {all} receivers of {release_id} were not reached",
        "The line of each says why",
        "Mend the causes and run 'moshare {command}' again with --to for each of them",
        Exit.DELIVERY_OUT,
    ),
}


class GateError(PortalError):
    """Something the gate will not or cannot do.

    Attributes:
        status: of the answer over HTTP.
        headers: what the answer carries besides.
    """

    texts: ClassVar[Mapping[str, GateText]] = ERRORS

    def __init__(
        self,
        code: str,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
        **facts: str | int,
    ) -> None:
        super().__init__(code, **facts)
        self.status = status or self.texts[code].status
        self.headers = dict(headers or {})
