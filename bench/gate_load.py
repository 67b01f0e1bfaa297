"""The gate under load on loopback: `python bench/gate_load.py [clients] [seconds]`.

Starts a gate of its own and asks it with good and bad tokens, before the hour, beyond a tier, with
traversal attempts and with bytes that are no request. Every answer is checked as it comes; at the
end every answer must have its row in the audit, or be one of those that a row adds up. Ends with 1
if one answer was wrong or one row is missing.
"""

import asyncio
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "unit" / "gate"))

from gate_server import RunningGate, run_gate  # noqa: E402 - after the path to it

from gate.audit import list_files  # noqa: E402
from gate.recorded import ADDED_UP  # noqa: E402

CLIENTS = 200
SECONDS = 60
GREEDY = 20
"""So many of the clients share one token, and are told to wait."""
ODD_PATHS = (
    "/releases/2025Q1/../../gate.toml",
    "/releases/2025Q1/%2e%2e/%2e%2e/state/tokens.sqlite",
    "/releases/2025Q1/..%2f..%2fgate.toml",
    "/releases/../moshare.pub",
    "//etc/hostname",
    "/releases/2025Q1/data/../../../signing.key",
    "/releases/2025Q1/nothing.csv",
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()


Check = Callable[[Answer], bool]


@dataclass(frozen=True)
class Kind:
    """One kind of request: how it is written and what may come back."""

    name: str
    weight: int
    path: str
    token: str
    check: Check
    lines: tuple[str, ...] = ()
    host: str = ""


@dataclass
class Seen:
    """What all clients saw together."""

    seconds: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)
    added_up: int = 0
    bytes: int = 0


def list_kinds(gate: RunningGate, token: str, bad: str, public: str, tag: str) -> list[Kind]:
    """Every kind of request of one client."""
    served = {
        path: (gate.base / path[1:]).read_bytes()
        for path in ("/releases/2025Q1/data/children_by_region.csv", "/releases/2025Q1.zip")
    }
    table, archive = served
    page = (gate.releases / "2025Q1" / "index.html").read_bytes()

    def same(content: bytes) -> Check:
        return lambda one: one.status == 200 and one.body == content

    def refuses(status: int) -> Check:
        return lambda one: one.status == status and b'"code": "MS7' in one.body

    return [
        Kind("table", 40, table, token, same(served[table])),
        Kind("page", 8, "/releases/2025Q1/", token, same(page)),
        Kind("archive", 6, archive, token, same(served[archive])),
        Kind("list", 10, "/api/v1/releases", token, lambda one: lists(one, 2)),
        Kind("list, public", 4, "/api/v1/releases", public, lambda one: lists(one, 1)),
        Kind(
            "unchanged", 6, table, token, lambda one: one.status == 304, (f"If-None-Match: {tag}",)
        ),
        Kind("bad token", 5, table, bad, refuses(401)),
        Kind("no token", 3, table, "", refuses(401)),
        Kind("before the hour", 4, "/releases/2025Q3/", token, refuses(403)),
        Kind("beyond the tier", 4, "/releases/2025Q2/", public, refuses(403)),
        *(Kind("traversal", 1, path, token, refuses(404)) for path in ODD_PATHS),
        Kind("other host", 2, table, token, refuses(421), host="evil.example"),
        Kind("long head", 1, table, token, refuses(431), ("X: " + "a" * 20_000,)),
        Kind("no request", 2, "\x00", token, refuses(400)),
    ]


def lists(answer: Answer, count: int) -> bool:
    return answer.status == 200 and len(json.loads(answer.body)["releases"]) == count


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(first.split(" ")[1]), headers, body)


def is_wait(answer: Answer) -> bool:
    return answer.status == 429 and int(answer.headers["retry-after"]) >= 1


async def ask_on(
    gate: RunningGate, number: int, kinds: list[Kind], until: float, seen: Seen
) -> None:
    """One client, from an address of its own on this machine, until the time is up."""
    chance = random.Random(number)  # noqa: S311 - no secret
    source = (f"127.0.{1 + number // 200}.{1 + number % 200}", 0)
    link = None
    while time.monotonic() < until:
        (kind,) = chance.choices(kinds, [one.weight for one in kinds])
        if link is None:
            link = await asyncio.open_connection("127.0.0.1", gate.port, local_addr=source)
        reader, writer = link
        lines = [f"GET {kind.path} HTTP/1.1", f"Host: {kind.host or f'127.0.0.1:{gate.port}'}"]
        lines += [f"Authorization: Bearer {kind.token}"] if kind.token else []
        start = time.perf_counter()
        writer.write("\r\n".join([*lines, *kind.lines, "", ""]).encode("latin-1"))
        try:
            answer = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            seen.wrong.append(f"{kind.name}: no answer")
            link = None
            continue
        seen.seconds.append(time.perf_counter() - start)
        note(kind, answer, seen)
        if answer.headers.get("connection") == "close":
            writer.close()
            link = None


def note(kind: Kind, answer: Answer, seen: Seen) -> None:
    seen.kinds[kind.name] += 1
    seen.statuses[answer.status] += 1
    seen.bytes += len(answer.body)
    receipt = answer.headers.get("moshare-receipt", "")
    if receipt or not is_wait(answer):
        seen.receipts.append((receipt, answer.digest))
    else:
        seen.added_up += 1
    if not (kind.check(answer) or is_wait(answer)):
        seen.wrong.append(f"{kind.name}: {answer.status}")


async def load(gate: RunningGate, clients: int, seconds: float) -> Seen:
    bad = f"moshare-00000000-{'x' * 43}"
    public, shared = gate.make_token("public"), gate.make_token()
    table = "/releases/2025Q1/data/children_by_region.csv"
    _, headers, _ = gate.get(table, shared)
    seen = Seen()
    own = []
    for number in range(clients):
        is_greedy = number < GREEDY
        token, other = (
            (shared, public) if is_greedy else (gate.make_token(), gate.make_token("public"))
        )
        own.append(list_kinds(gate, token, bad, other, headers["etag"]))
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(ask_on(gate, number, kinds, until, seen) for number, kinds in enumerate(own))
    )
    return seen


def count_lost(gate: RunningGate, seen: Seen) -> int:
    rows, added_up = {}, 0
    for path in list_files(gate.state / "audit"):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            rows[row["hash"]] = row["sha256"]
            added_up += row["count"] if row["event"] == ADDED_UP else 0
    own = sum(rows.get(receipt) != digest for receipt, digest in seen.receipts)
    return own + abs(added_up - seen.added_up)


def main(clients: int, seconds: float) -> int:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        limits = {"requests_per_minute": 600, "refusals_per_minute": 60, "connections": 512}
        with run_gate(Path(folder), **limits) as gate:
            console.print(f"{clients} clients for {seconds:.0f} s on 127.0.0.1 …")
            seen = asyncio.run(load(gate, clients, seconds))
            gate.stop()
            summary = gate.check_audit()
            lost = count_lost(gate, seen)
    show(console, seen, seconds)
    waits = seen.statuses[429]
    console.print(
        f"audit: {summary.rows:,} rows, whole; answers without their row: {lost}; "
        f"wrong answers: {len(seen.wrong)}; told to wait: {waits:,}"
    )
    for sentence, times in Counter(seen.wrong).most_common(10):
        console.print(f"  {times} × {sentence}")
    return int(bool(lost or seen.wrong or not waits))


def show(console: Console, seen: Seen, seconds: float) -> None:
    ordered = sorted(seen.seconds)
    table = Table("answers", "a second", "MiB", "p50 ms", "p99 ms", "longest ms")
    at = [ordered[int(len(ordered) * part)] for part in (0.5, 0.99)] + [ordered[-1]]
    table.add_row(
        f"{len(ordered):,}",
        f"{len(ordered) / seconds:,.0f}",
        f"{seen.bytes / 2**20:,.0f}",
        *(f"{one * 1000:,.0f}" for one in at),
    )
    console.print(table)
    console.print(", ".join(f"{name} {count:,}" for name, count in seen.kinds.most_common()))
    console.print(", ".join(f"{code}: {count:,}" for code, count in sorted(seen.statuses.items())))


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    sys.exit(main(*given, *(CLIENTS, SECONDS)[len(given) :]))
