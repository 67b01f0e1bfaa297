"""A pooler in transaction mode, as small as one can be: who speaks gets any free server session.

It hands a session on as soon as the transaction ends, with all that was set or locked in it. Speaks
just enough of PostgreSQL's protocol for psycopg.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import LifoQueue

import psycopg

SESSIONS = 2
NEGOTIATIONS = (80877103, 80877104)  # for TLS and for GSSAPI
SOCKET = ".s.PGSQL.5432"
STARTUP = b"\x00\x03\x00\x00user\x00ledger\x00database\x00postgres\x00\x00"
OPEN_TO_ALL = b"R\x00\x00\x00\x08\x00\x00\x00\x00"
UTF8 = b"S\x00\x00\x00\x19client_encoding\x00UTF8\x00"
READY = b"Z\x00\x00\x00\x05I"


@contextmanager
def run_pooler(server: str, folder: Path) -> Iterator[str]:
    """Run one before a server; gives its connection string."""
    place = psycopg.conninfo.conninfo_to_dict(server)["host"]
    free: LifoQueue[socket.socket] = LifoQueue()
    sessions = [connect(f"{place}/{SOCKET}") for _ in range(SESSIONS)]
    for session in sessions:
        free.put(session)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen()
        threading.Thread(target=accept, args=(listener, free), daemon=True).start()
        yield f"postgresql://ledger@/postgres?host={folder}"
        listener.shutdown(socket.SHUT_RDWR)
    for session in sessions:
        session.close()


def accept(listener: socket.socket, free: LifoQueue[socket.socket]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, free), daemon=True).start()


def connect(path: str) -> socket.socket:
    session = socket.socket(socket.AF_UNIX)
    session.connect(path)
    session.sendall(struct.pack("!i", len(STARTUP) + 4) + STARTUP)
    while read_message(session)[0:1] != b"Z":
        pass
    return session


def serve(client: socket.socket, free: LifoQueue[socket.socket]) -> None:
    """Lead one client, with a session of its own for each of its transactions."""
    with client, suppress(OSError):
        while struct.unpack("!i", read_startup(client)[:4])[0] in NEGOTIATIONS:
            client.sendall(b"N")
        client.sendall(OPEN_TO_ALL + UTF8 + READY)
        while True:
            message = read_message(client)
            if message[:1] == b"X":
                return
            session = free.get()
            try:
                lead(client, session, message)
            finally:
                free.put(session)


def lead(client: socket.socket, session: socket.socket, message: bytes) -> None:
    while True:
        session.sendall(message)
        if message[:1] in b"QS":  # a simple query, or the end of an extended one
            answer = b""
            while answer[:1] != b"Z":
                answer = read_message(session)
                client.sendall(answer)
            if answer[-1:] == b"I":
                return
        message = read_message(client)


def read_startup(client: socket.socket) -> bytes:
    (length,) = struct.unpack("!i", read_bytes(client, 4))
    return read_bytes(client, length - 4)


def read_message(stream: socket.socket) -> bytes:
    head = read_bytes(stream, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head + read_bytes(stream, length - 4)


def read_bytes(stream: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        part = stream.recv(count - len(content))
        if not part:
            raise OSError("the other side has gone")
        content += part
    return content
