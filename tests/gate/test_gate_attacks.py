"""What comes over the wire and is no honest request, as bytes on a socket."""

import select
import socket
from collections.abc import Iterator

import pytest
from gate_releases import build_release_folder
from gate_server import RunningGate, keep_running, prepare_gate, read_all, read_answer

MARK = b"xyzzy-outside"
LARGE = "data/large.csv"
TABLE = "/releases/2025Q1/data/reports.csv"


@pytest.fixture(scope="module")
def token(running: RunningGate) -> str:
    for place in (running.base / "outside.txt", running.releases / "outside.txt"):
        place.write_bytes(MARK)
    return running.make_token()


def refused(raw: bytes) -> int:
    """The status of an answer that gives nothing away."""
    status, headers, body = read_answer(raw)
    assert MARK not in raw
    assert status >= 400
    assert headers["content-type"] == "application/problem+json"
    assert headers["moshare-receipt"]
    assert b'"code": "MS7' in body
    return status


@pytest.mark.parametrize(
    "path",
    [
        "/releases/2025Q1/../outside.txt",
        "/releases/2025Q1/../../outside.txt",
        "/releases/../outside.txt",
        "/releases/outside.txt",
        "/releases/2025Q1/..",
        "/releases/..",
        "/releases/./2025Q1/index.html",
        "/releases/2025Q1/./index.html",
        "/releases/2025Q1/%2e%2e/outside.txt",
        "/releases/2025Q1/..%2foutside.txt",
        "/releases/2025Q1/%2e%2e%2foutside.txt",
        "/releases/2025Q1/%252e%252e/outside.txt",
        "/releases/2025Q1/..%c0%afoutside.txt",
        "/releases/2025Q1/..%5coutside.txt",
        "/releases/2025Q1/..\\outside.txt",
        "/releases/2025Q1//../outside.txt",
        "/releases/2025Q1/data/../../outside.txt",
        "/releases/2025Q1/index.html%00.csv",
        "/releases/2025Q1/index.html/",
        "/releases/2025Q1/data",
        "/releases/2025Q1/data/",
        "//releases/2025Q1/",
        "/releases//2025Q1/",
        "//etc/hostname",
        "/etc/hostname",
        "/releases//etc/hostname",
        "/releases/2025Q1//etc/hostname",
        "/releases/2025Q1/file:///etc/hostname",
        "/releases/moshare.pub",
        "/releases/.zip",
        "/releases/../state/tokens.sqlite.zip",
        "/state/tokens.sqlite",
        "/gate.toml",
        "/releases/2025q1/",
        "/releases/2025Q1.zip/",
        "/releases/2025Q1 /",
        "/api/v1/releases/../../healthz",
        "/api/v1/releases/",
        "http://127.0.0.1/releases/2025Q1/",
        "*",
        "releases/2025Q1/",
    ],
)
def test_a_path_leads_to_a_listed_file_or_nowhere(
    running: RunningGate, token: str, path: str
) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n"
        f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )
    assert refused(running.send(request.encode())) in (400, 404)


def test_an_honest_path_is_served(running: RunningGate, token: str) -> None:
    status, headers, body = running.get(TABLE, token)
    assert (status, body) == (200, (running.releases / TABLE[10:]).read_bytes())
    assert "server" not in headers


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 400),
        (["Host: {host}", "Host: {host}"], 400),
        (["Host: {host}", "Host: evil.example"], 400),
        (["Host: evil.example"], 421),
        (["Host: evil.example", "X-Forwarded-Host: {host}"], 421),
        (["Host: {host}, evil.example"], 421),
        (["Host: {host}", "Content-Length: 5", "Content-Length: 6"], 400),
        (["Host: {host}", "Content-Length: -5"], 400),
        (["Host: {host}", "Content-Length: 1e9"], 400),
        (["Host: {host}", "Content-Length: 99999999999"], 413),
        (["Host: {host}", "Transfer-Encoding: chunked"], 413),
        (["Host: {host}", "Transfer-Encoding: chunked", "Content-Length: 5"], 413),
        (["Host: {host}", "Transfer-Encoding: gzip, chunked"], 400),
        (["Host: {host}", "Name : value"], 400),
        (["Host: {host}", " folded: value"], 421),
        (["Host: {host}", "Na me: value"], 400),
        (["Host: {host}", "Name: a\x00b"], 400),
        (["Host: {host}", "X: " + "a" * 20_000], 431),
        (["Host: {host}", *(f"X-{n}: {'a' * 90}" for n in range(300))], 431),
    ],
)
def test_headers_that_trick_are_refused(
    running: RunningGate, token: str, lines: list[str], status: int
) -> None:
    host = f"127.0.0.1:{running.port}"
    written = [line.replace("{host}", host) for line in lines]
    request = [f"GET {TABLE} HTTP/1.1", *written, f"Authorization: Bearer {token}", "", ""]
    assert refused(running.send("\r\n".join(request).encode("latin-1"))) == status


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET /\r\nX: y HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_and_recorded(
    running: RunningGate, raw: bytes, status: int
) -> None:
    before = running.check_audit().rows
    assert refused(running.send(raw)) == status
    assert running.check_audit().rows == before + 1


def test_a_second_request_hidden_in_a_body_is_not_answered(
    running: RunningGate, token: str
) -> None:
    host = f"127.0.0.1:{running.port}"
    hidden = f"GET {TABLE} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    for framing in (f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked"):
        first = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{framing}\r\n\r\n"
        answered = running.send((first + hidden).encode())
        assert answered.count(b"HTTP/1.1 ") <= 1
        assert b"24.2" not in answered


def test_requests_in_one_row_are_answered_in_order(running: RunningGate, token: str) -> None:
    host = f"127.0.0.1:{running.port}"
    paths = (TABLE, "/releases/2025Q3/", "/api/v1/calendar")
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Connection: {'close' if path == paths[-1] else 'keep-alive'}\r\n\r\n"
        for path in paths
    ]
    answered = running.send("".join(requests).encode())
    statuses = [part[:3] for part in answered.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"403", b"200"]


def test_a_websocket_is_not_opened(running: RunningGate) -> None:
    status, _, _ = running.get(
        "/", Upgrade="websocket", Sec_WebSocket_Key="eHl6enk=", Sec_WebSocket_Version="13"
    )
    assert status == 401


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    limits = {"header_seconds": 0.5, "idle_seconds": 1, "answer_seconds": 1.0, "connections": 8}
    gate = prepare_gate(tmp_path_factory.mktemp("impatient"), **limits)
    key, large = gate.base / "signing.key", {LARGE: b"x" * 20_000_000}
    build_release_folder(gate.releases, "2025Q2", key=key, archived=False, extra=large)
    with keep_running(gate):
        yield gate


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
        b"POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\ntok",
    ],
)
def test_a_client_that_never_finishes_is_left(impatient: RunningGate, start: bytes) -> None:
    with impatient.connect() as link:
        link.sendall(start.replace(b"{host}", f"127.0.0.1:{impatient.port}".encode()))
        assert b"200" not in read_all(link)


def test_a_client_that_trickles_is_left(impatient: RunningGate) -> None:
    with impatient.connect() as link:
        link.sendall(b"GET / HTTP/1.1\r\n")
        poll = select.poll()
        poll.register(link, select.POLLIN | select.POLLHUP | select.POLLERR)
        for _ in range(200):
            if poll.poll(100):
                break
            link.sendall(b"X: y\r\n")
        assert read_all(link) == b""


def test_a_client_that_does_not_read_its_answer_is_left(impatient: RunningGate) -> None:
    token = impatient.make_token()
    host = f"127.0.0.1:{impatient.port}"
    request = f"GET /releases/2025Q2/{LARGE} HTTP/1.1\r\nHost: {host}\r\n"
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        link.settimeout(60)
        link.connect(("127.0.0.1", impatient.port))
        link.sendall(f"{request}Authorization: Bearer {token}\r\n\r\n".encode())
        poll = select.poll()
        poll.register(link, select.POLLHUP | select.POLLERR)
        assert poll.poll(60_000)
    assert impatient.get(TABLE, token)[0] == 200


def test_no_more_connections_are_held_than_are_allowed(impatient: RunningGate) -> None:
    links = [impatient.connect() for _ in range(30)]
    first, last = links[:22], links[22:]
    assert [read_all(link) for link in first] == [b""] * 22
    answered = 0
    for link in last:
        try:
            link.sendall(
                f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\n\r\n".encode()
            )
            answered += link.recv(16) != b""
        except OSError:
            continue
    for link in links:
        link.close()
    assert 1 <= answered <= 8
