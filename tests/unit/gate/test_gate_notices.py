"""Notices: a link, to whom the settings name, once the release is open."""

import email
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from gate_places import GatePlace, read_rows

from gate.errors import GateError
from gate.sending import notify_release
from gate.settings import Mail, Webhook

AT_ONCE = 0.01
"""Seconds until a server sees that it is to stop."""


class Hook(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers as its server is told."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be silent."""


class Post(socketserver.StreamRequestHandler):
    """As much of a mail server as one message needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.taken.append(self.read_message())  # type: ignore[attr-defined]
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            elif word == b"RCPT" and self.is_refused(line):
                self.wfile.write(b"550 no such user here 12345\r\n")
                continue
            self.wfile.write(b"250 yes\r\n")

    def is_refused(self, line: bytes) -> bool:
        refused: tuple[bytes, ...] = self.server.refused  # type: ignore[attr-defined]
        return any(name in line for name in refused)

    def read_message(self) -> str:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.decode())
        return "".join(lines)


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.taken, server.status = [], 200  # type: ignore[attr-defined]
    with running(server):
        yield server


@pytest.fixture
def post() -> Iterator[socketserver.TCPServer]:
    server = socketserver.TCPServer(("127.0.0.1", 0), Post)
    server.taken, server.refused = [], ()  # type: ignore[attr-defined]
    with running(server):
        yield server


class running:  # noqa: N801 - reads as a word
    """A server while it is looked at."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, args=(AT_ONCE,))

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def to_hook(place: GatePlace, port: int) -> GatePlace:
    return place.change(webhook=(Webhook("desk", f"http://127.0.0.1:{port}/hook"),))


def to_mail(place: GatePlace, port: int, host: str = "127.0.0.1") -> GatePlace:
    people = ("council@example.org", "desk@example.org")
    return place.change(mail=(Mail("council", "moshare@example.org", people, host, port),))


def notify(place: GatePlace, release_id: str = "2025Q1", to: str = "") -> list[str]:
    """The names of those who were told, where everyone was."""
    outcomes = list(notify_release(place.settings, release_id, to, place.clock))
    assert {one.said for one in outcomes if one.is_reached} <= {"told"}
    assert all(one.is_reached for one in outcomes)
    return [one.name for one in outcomes]


def refuse(place: GatePlace, release_id: str = "2025Q1") -> str:
    """The sentence about the one receiver that was not told."""
    (outcome,) = notify_release(place.settings, release_id, "", place.clock)
    assert not outcome.is_reached
    return outcome.said


def has_no_number(text: str, place: GatePlace) -> bool:
    known = text.replace(place.settings.address, "").replace("2025Q1", "")
    return re.search(r"\d", known) is None


def test_a_webhook_is_told_a_link_and_no_number(place: GatePlace, hook: HTTPServer) -> None:
    place = to_hook(place, hook.server_port)
    assert notify(place) == ["desk"]
    ((path, body),) = hook.taken  # type: ignore[attr-defined]
    assert path == "/hook"
    assert json.loads(body) == {
        "release_id": "2025Q1",
        "address": f"{place.settings.address}/releases/2025Q1/",
    }
    assert has_no_number(body.decode(), place)
    row = read_rows(place.settings.state)[-1]
    assert (row["event"], row["who"], row["resource"]) == (
        "notice",
        "webhook:desk",
        "releases/2025Q1",
    )


def test_people_are_told_a_link_and_no_number(
    place: GatePlace, post: socketserver.TCPServer
) -> None:
    place = to_mail(place, post.server_address[1])
    assert notify(place) == ["council"]
    (message,) = post.taken  # type: ignore[attr-defined]
    head, _, body = message.partition("\r\n\r\n")
    assert "To: council@example.org, desk@example.org" in head
    assert "Subject: MoShare: release 2025Q1 is open" in head
    assert f"{place.settings.address}/releases/2025Q1/" in body
    assert has_no_number(body, place)
    assert read_rows(place.settings.state)[-1]["who"] == "mail:council"


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_webhook_that_does_not_take_it_or_sends_elsewhere_is_a_failure(
    place: GatePlace, hook: HTTPServer, status: int
) -> None:
    hook.status = status  # type: ignore[attr-defined]
    said = refuse(to_hook(place, hook.server_port))
    assert re.match(rf"MS745.*desk.*{status}", said)
    assert read_rows(place.settings.state)[-1]["event"] == "notice-refused"
    assert [path for path, _ in hook.taken] == ["/hook"]  # type: ignore[attr-defined]


def test_a_message_has_a_date_and_a_name_of_its_own(
    place: GatePlace, post: socketserver.TCPServer
) -> None:
    place = to_mail(place, post.server_address[1])
    notify(place)
    notify(place)
    messages = [email.message_from_string(text) for text in post.taken]  # type: ignore[attr-defined]
    assert [parsedate_to_datetime(one["Date"]) for one in messages] == [place.clock()] * 2
    names = [one["Message-ID"] for one in messages]
    assert all(re.fullmatch(r"<[^@<>\s]+@example\.org>", name) for name in names)
    assert len(set(names)) == 2


@pytest.mark.parametrize("refused", [(b"desk@",), (b"desk@", b"council@")])
def test_a_recipient_who_is_refused_is_not_told(
    place: GatePlace, post: socketserver.TCPServer, refused: tuple[bytes, ...]
) -> None:
    post.refused = refused  # type: ignore[attr-defined]
    said = refuse(to_mail(place, post.server_address[1]))
    assert said.startswith("MS745: The notice of 2025Q1 did not reach council")
    assert "desk@example.org (550)" in said
    assert ("council@example.org (550)" in said) == (len(refused) == 2)
    assert "12345" not in said
    assert len(post.taken) == 2 - len(refused)  # type: ignore[attr-defined]
    assert [row["event"] for row in read_rows(place.settings.state)] == ["notice", "notice-refused"]


def test_a_mail_server_that_is_not_there_is_a_failure(place: GatePlace) -> None:
    assert "ConnectionRefusedError" in refuse(to_mail(place, 1))


def test_a_receiver_that_is_down_keeps_no_other_from_its_notice(
    place: GatePlace, hook: HTTPServer, post: socketserver.TCPServer
) -> None:
    post.refused = (b"desk@",)  # type: ignore[attr-defined]
    place = to_mail(to_hook(place, hook.server_port), post.server_address[1])
    down = Webhook("down", "http://127.0.0.1:1/hook")
    place = place.change(webhook=(down, *place.settings.webhook))
    outcomes = list(notify_release(place.settings, "2025Q1", "", place.clock))
    reached = [(one.name, one.is_reached) for one in outcomes]
    assert reached == [("council", False), ("down", False), ("desk", True)]
    assert len(hook.taken) == 1  # type: ignore[attr-defined]


def test_mail_to_another_machine_is_not_sent_without_tls(
    place: GatePlace, post: socketserver.TCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.letters.LOOPBACK", ())
    assert "MS745" in refuse(to_mail(place, post.server_address[1]))
    assert post.taken == []  # type: ignore[attr-defined]


def test_a_webhook_over_plain_http_elsewhere_is_never_called(place: GatePlace) -> None:
    place = place.change(webhook=(Webhook("desk", "http://desk.example.org/"),))
    assert re.match(r"MS745.*ValueError", refuse(place))


def test_nobody_is_told_before_the_hour(place: GatePlace, hook: HTTPServer) -> None:
    place = to_hook(place, hook.server_port)
    assert refuse(place, "2025Q3").startswith("MS726")
    with pytest.raises(GateError, match="MS722"):
        notify(place, "1999Q1")
    assert hook.taken == []  # type: ignore[attr-defined]


def test_one_receiver_can_be_named(
    place: GatePlace, hook: HTTPServer, post: socketserver.TCPServer
) -> None:
    place = to_mail(to_hook(place, hook.server_port), post.server_address[1])
    assert notify(place, to="desk") == ["desk"]
    assert post.taken == []  # type: ignore[attr-defined]
    assert notify(place) == ["council", "desk"]
    for wrong in (
        lambda: notify(place, to="nobody"),
        lambda: notify(place.change(mail=(), webhook=())),
    ):
        with pytest.raises(GateError, match="MS746"):
            wrong()
