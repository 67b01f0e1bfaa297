"""A gate as its command starts it: a process of its own, with settings in a file."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate_places import make_place

from gate.audit import AuditLog, Summary, tell_time
from gate.settings import GateSettings
from gate.tokens import TokenStore

SETTINGS = """\
address = "http://127.0.0.1:{port}"
port = {port}
releases = "releases"
state = "state"
calendar = "calendar.toml"
public_key = "moshare.pub"
publisher = "Children's Data Hub"
contact = "data@example.org"

[limits]
{limits}
"""
CALENDAR = """\
[[release]]
id = "2025Q1"
opens = 2025-07-15 08:00:00
tier = "public"

[[release]]
id = "2025Q2"
opens = 2025-07-16 08:00:00
tier = "partner"

[[release]]
id = "2025Q3"
opens = 2999-10-15 08:00:00
tier = "public"
"""
LIMITS = {"requests_per_minute": 1_000_000, "refusals_per_minute": 1_000_000}
COMMAND = (sys.executable, "-c", "from orchestration.cli import main; main()")


@dataclass
class RunningGate:
    """A gate that runs: where it lies and how to reach it."""

    base: Path
    port: int
    process: subprocess.Popen[bytes]
    command: tuple[str, ...] = COMMAND

    @property
    def settings(self) -> Path:
        return self.base / "gate.toml"

    @property
    def releases(self) -> Path:
        return self.base / "releases"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def log(self) -> str:
        return (self.base / "gate.log").read_text("utf-8")

    def make_token(self, tier: str = "partner") -> str:
        with TokenStore(self.state, tell_time) as store:
            return store.create("dss", tier, 30)[1]

    def check_audit(self) -> Summary:
        return AuditLog(self.state, tell_time).check()

    def start(self) -> None:
        with (self.base / "gate.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "gate", "--settings", str(self.settings)],
                stdout=log,
                stderr=log,
                cwd=self.base,
            )
        wait_for_port(self.port, self.process)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def send(self, raw: bytes, seconds: float = 20) -> bytes:
        """Everything that comes back for some bytes, until the gate closes or is asked to."""
        with self.connect(seconds) as link:
            link.sendall(raw)
            return read_all(link)

    def connect(self, seconds: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def get(self, path: str, token: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One GET as it is written, with nothing made plain on the way."""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return read_answer(self.send("\r\n".join([*lines, "", ""]).encode()))


def read_all(link: socket.socket) -> bytes:
    content = b""
    try:
        while piece := link.recv(65_536):
            content += piece
    except ConnectionResetError:
        pass
    return content


def read_answer(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer; 0 if there was none."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head:
        return 0, {}, b""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, body


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the gate ended before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the gate did not listen")


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def prepare_gate(base: Path, **limits: Any) -> RunningGate:
    """A gate's files in a folder; it does not run yet."""
    made: GateSettings = make_place(base).settings
    port = find_free_port()
    made.calendar.write_text(CALENDAR, "utf-8")
    lines = [f"{name} = {value}" for name, value in {**LIMITS, **limits}.items()]
    text = SETTINGS.format(port=port, limits="\n".join(lines))
    (base / "gate.toml").write_text(text, "utf-8")
    return RunningGate(base, port, None)  # type: ignore[arg-type]


@contextmanager
def run_gate(base: Path, **limits: Any) -> Iterator[RunningGate]:
    """Start a gate in a folder, and end it whatever happens."""
    gate = prepare_gate(base, **limits)
    with keep_running(gate):
        yield gate


@contextmanager
def keep_running(gate: RunningGate) -> Iterator[None]:
    """Start a gate that was prepared, and end it whatever happens."""
    gate.start()
    try:
        yield
    finally:
        gate.process.kill()
        gate.process.wait(30)
