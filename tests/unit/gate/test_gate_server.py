"""The server's bounds, seen from a socket; `tests/gate` attacks a gate that runs on its own."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import uvicorn
from gate_places import GatePlace, open_client, read_rows
from gate_server import find_free_port, read_all, read_answer

from gate.errors import GateError
from gate.recording import Recorder
from gate.server import make_config, serve


@pytest.fixture
def served(place: GatePlace) -> Iterator[GatePlace]:
    with serving(place) as found:
        yield found


@contextmanager
def serving(place: GatePlace, **more: int) -> Iterator[GatePlace]:
    port = find_free_port()
    limits = replace(
        place.settings.limits,
        header_seconds=0.3,
        idle_seconds=1,
        answer_seconds=5.0,
        connections=3,
        **more,
    )
    place = place.change(port=port, address=f"http://127.0.0.1:{port}", limits=limits)
    with open_client(place) as client:
        server = uvicorn.Server(make_config(place.settings, client.app))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            threading.Event().wait(0.01)
        try:
            yield place
        finally:
            server.should_exit = True
            thread.join()


def connect(place: GatePlace) -> socket.socket:
    return socket.create_connection(("127.0.0.1", place.settings.port), 20)


def send(place: GatePlace, raw: bytes) -> tuple[int, dict[str, str], bytes]:
    with connect(place) as link:
        link.sendall(raw.replace(b"{host}", f"127.0.0.1:{place.settings.port}".encode()))
        return read_answer(read_all(link))


def test_a_request_is_answered_and_the_connection_kept_for_the_next(served: GatePlace) -> None:
    ask = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{served.settings.port}\r\n\r\n".encode()
    with connect(served) as link:
        for _ in range(3):
            link.sendall(ask)
            answer = b""
            while not answer.endswith(b"}"):
                answer += link.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 OK")
        link.sendall(ask + ask)
        assert read_all(link).count(b'{"status": "ok"}') == 2


def test_what_is_no_request_is_refused_once_it_is_recorded(served: GatePlace) -> None:
    status, headers, body = send(served, b"nonsense\r\n\r\n")
    assert (status, headers["connection"]) == (400, "close")
    row = read_rows(served.settings.state)[-1]
    assert (row["code"], row["hash"], row["size"]) == (
        "MS733",
        headers["moshare-receipt"],
        len(body),
    )


def test_what_is_no_request_is_paced(place: GatePlace) -> None:
    with serving(place, refusals_per_minute=2) as paced:
        answers = [send(paced, b"nonsense\r\n\r\n") for _ in range(3)]
        assert [status for status, _, _ in answers] == [400, 400, 429]
        assert int(answers[2][1]["retry-after"]) >= 1
        assert b"MS725" in answers[2][2]


def test_a_head_that_does_not_end_is_too_long(served: GatePlace) -> None:
    raw = b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"a" * 300_000
    assert send(served, raw)[0] in (0, 431)


def test_nonsense_after_a_request_ends_the_connection(served: GatePlace) -> None:
    raw = b"POST /sign-in HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nnonsense"
    assert send(served, raw)[0] in (0, 413)


def test_nothing_is_refused_that_cannot_be_recorded(
    served: GatePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> str:
        raise GateError("MS738")

    monkeypatch.setattr(Recorder, "record", fail)
    assert send(served, b"nonsense\r\n\r\n")[0] == 0


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: "])
def test_a_client_that_never_finishes_is_left(served: GatePlace, start: bytes) -> None:
    assert send(served, start)[0] == 0


ASK = b"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"


def test_one_connection_too_many_takes_the_place_of_the_one_that_waits_longest(
    served: GatePlace,
) -> None:
    links = [connect(served) for _ in range(3)]
    assert send(served, ASK)[0] == 200
    assert read_all(links[0]) == b""
    for link in links:
        link.close()


def connect_from(place: GatePlace, address: str) -> socket.socket:
    there = ("127.0.0.1", place.settings.port)
    return socket.create_connection(there, 20, source_address=(address, 0))


def test_idle_connections_of_one_address_do_not_shut_others_out(served: GatePlace) -> None:
    theirs = [connect_from(served, "127.0.0.2") for _ in range(40)]
    mine = connect_from(served, "127.0.0.9")
    theirs += [connect_from(served, "127.0.0.2") for _ in range(40)]
    mine.sendall(ASK.replace(b"{host}", f"127.0.0.1:{served.settings.port}".encode()))
    assert read_answer(read_all(mine))[0] == 200
    for link in (mine, *theirs):
        link.close()


def test_serving_ends_the_audit_and_keeps_to_its_signals(
    place: GatePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: signal.raise_signal(signal.SIGTERM))
    try:
        serve(place.settings, place.clock)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [row["event"] for row in read_rows(place.settings.state)] == ["opened"]
    assert [one.name for one in threading.enumerate() if one.name == "audit"] == []


def test_a_port_that_is_taken_is_a_sentence(place: GatePlace) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = replace(place.settings, port=taken.getsockname()[1])
        try:
            with pytest.raises(GateError, match=r"MS750.*another port"):
                serve(settings, place.clock)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    assert [one.name for one in threading.enumerate() if one.name == "audit"] == []
