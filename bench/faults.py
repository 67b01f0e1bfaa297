"""Whether an ingest survives what may come: mutated files, and being killed; and is foretold.

`python bench/faults.py mutate FILES [SEED]` changes files of every format at random (bytes, lines,
fields, lengths, characters), packs some before or after, and takes each in. An ingest may accept or
refuse; anything but a numbered sentence, a number that blames the machine (MS120), or a marker of
the files in what leaves the vault is a failure. Prints the largest memory of a process.

`python bench/faults.py agree FILES [SEED]` has `moshare validate` and an ingest look at the same
mutated files, and compares what both say of them: outcome, lines of each file, numbers with their
fields and lines. Nothing may be left in the temporary folder.

`python bench/faults.py kill TIMES [SEED]` kills an ingest at a random moment, ingests again, and
compares the whole data home with one that was left alone.
"""

from __future__ import annotations

import gzip
import io
import json
import multiprocessing
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from nibrs_lines import report, segment
from rich.console import Console

from durable.vault import Vault
from orchestration.hub.settings import load_settings
from orchestration.steps.delivering import Delivery
from orchestration.steps.validating import validate
from privacy.policy.policy import load_policy
from sources.contracts import current_contract
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.layout import load_ncands_layout
from sources.manifest import write_manifest
from sources.receipts import Receipt
from sources.zones import Zones

MARK = b"XQZJ"
QUARTER = "2025Q1"
_COUNTS = "quarter,measure,relationship_group,count"


def _child(number: int) -> str:
    values = {
        "subyr": "2025",
        "staterr": "MO",
        "rptid": f"REPORT{number:06d}",
        "chid": f"CHILD{number:07d}",
        "rptcnty": "189",
        "rptdt": "01152025",
        "chage": "15",
        "chsex": "2",
        "chmal1": "7",
        "mal1lev": "01",
    }
    line = [" "] * 338
    for name, value in values.items():
        field = load_ncands_layout().field(name)
        line[field.start - 1 : field.end] = value.ljust(field.length)
    return "".join(line)


def make_files(agency: str) -> dict[str, bytes]:
    """Good files of an agency, by role."""
    tokens = ["record_key,token", *(f"K{number},{number:064x}" for number in range(4))]
    if agency == "dss":
        lines = {"child_file": [_child(number) for number in range(24)], "tokens": tokens}
    elif agency == "mshp":
        police = [
            *report("I1", arrests=["64A"]),
            *report("I2", "15", "1621"),
            segment("1", "I2", "D"),
            *report("I2"),
            segment("1", "I1", "M"),
            segment("4", "I1", "A", victim_sequence_number="002"),
            segment("3", "I1", "A"),
            segment("6", "I3", "W"),
            segment("7", "", "A"),
            segment("0", "", "A"),
            *(line for number in range(4, 12) for line in report(f"I{number}", "30")),
        ]
        lines = {"nibrs": police, "tokens": tokens}
    else:
        cells = [
            f"{QUARTER},{measure},{group},{0 if place else 5}"
            for measure, groups in current_contract("hotline").cells.items()
            for place, group in enumerate(groups)
        ]
        fields = [{"name": name, "type": "string"} for name in _COUNTS.split(",")]
        resource_of = {"name": "counts", "path": "counts.dat", "schema": {"fields": fields}}
        lines = {
            "datapackage": [json.dumps({"resources": [resource_of]})],
            "counts": [_COUNTS, *cells],
        }
    return {role: "".join(f"{line}\n" for line in text).encode() for role, text in lines.items()}


def mutate(content: bytes, chance: Random) -> bytes:
    """A file with one to four faults."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_FAULTS)(content, chance)
    return content


def _pack(content: bytes, ending: str) -> bytes:
    if not ending:
        return content
    if ending == ".gz":
        return gzip.compress(content)
    if ending == ".zst":
        return bytes(pa.Codec("zstd").compress(content))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{MARK.decode()}.dat", content)
    return written.getvalue()


def make_mutated(seed: int) -> tuple[str, dict[str, tuple[str, bytes]]]:
    """An agency and its files, role -> name, content; one has faults, and a third are packed."""
    chance = Random(seed)  # noqa: S311
    agency = chance.choice(("dss", "mshp", "hotline"))
    files = {role: (f"{role}.dat", content) for role, content in make_files(agency).items()}
    role = chance.choice(sorted(files))
    name, content = files[role]
    ending = chance.choice(("", "", "", "", "", "", ".gz", ".zst", ".zip"))
    if ending and chance.random() < 0.5:
        content = mutate(_pack(content, ending), chance)
    else:
        content = _pack(mutate(content, chance), ending)
    files[role] = (name + ending, content)
    return agency, files


def _change_bytes(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 5, 50)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _put_mark(content: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + MARK + content[place + chance.choice((0, len(MARK))) :]


def _put_character(content: bytes, chance: Random) -> bytes:
    odd = ("\x00", "\t", "\r", "\x1a", "'", '"', ";", "%", "{", "é", "\ufeff", "\u2028", "\udcff")
    place = chance.randrange(len(content) + 1)
    character = chance.choice(odd).encode("utf-8", "surrogatepass")
    return content[:place] + character * chance.choice((1, 1, 3)) + content[place:]


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _change_lines(content: bytes, chance: Random) -> bytes:
    lines = content.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    how = chance.choice(("swap", "repeat", "drop", "join", "shift", "shuffle"))
    if how == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif how == "repeat":
        lines[first:first] = [lines[second]] * chance.choice((1, 2, 30))
    elif how == "drop":
        del lines[first]
    elif how == "join":
        lines[first] += lines[second]
    elif how == "shift":
        lines[first] = b" " * chance.randint(1, 9) + lines[first]
    else:
        chance.shuffle(lines)
    return b"\n".join(lines)


def _change_field(content: bytes, chance: Random) -> bytes:
    lines = content.split(b"\n")
    number = chance.randrange(len(lines))
    line = lines[number]
    start = chance.randrange(len(line) + 1)
    text = chance.choice((b"", b" ", b"0", b"9", b"-1", b"99999999", b"20251301", b"D", b"M", b"R"))
    width = chance.randint(1, 12)
    lines[number] = line[:start] + text.ljust(width)[:width] + line[start + width :]
    return b"\n".join(lines)


def _change_ends(content: bytes, chance: Random) -> bytes:
    ends = (b"\r\n", b"\r", b"\n\n", b"", b" \n")
    return content.replace(b"\n", chance.choice(ends), chance.choice((-1, 1, 3)))


def _grow(content: bytes, chance: Random) -> bytes:
    return content + chance.choice((b"A", b"\x00", b"\n", b" ")) * chance.choice(
        (1, 10_000, 1 << 21)
    )


_FAULTS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_change_bytes, _put_mark, _put_character, _cut, _change_lines, _change_field, _change_field),
    *(_change_lines, _change_ends, _grow),
)


def take_mutated(seed: int) -> tuple[str, str, int]:
    """Take one mutated delivery in.

    Gives its outcome, `accepted` or the number of the refusal; what was wrong, "" if nothing; and
    the peak memory of the process in KiB.
    """
    agency, files = make_mutated(seed)
    outcome, wrong = "accepted", ""
    with tempfile.TemporaryDirectory() as folder:
        zones = Zones(Path(folder) / "landing", Vault(Path(folder) / "vault"))
        try:
            _put(zones, agency, files)
            ingest(zones, agency, QUARTER)
        except SourcesError as error:
            outcome = error.code
            wrong = "the machine was blamed" if error.code == "MS120" else ""
            wrong = "a marker in a sentence" if MARK.decode() in str(error) else wrong
        except Exception as error:  # noqa: BLE001 - every other failure is what is looked for
            outcome, wrong = "failure", type(error).__name__
        said = [path.read_bytes() for path in zones.outbox(agency).glob("*") if path.is_file()]
        if any(MARK in text for text in said):
            wrong = "a marker in a receipt"
    return outcome, wrong, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def compare_mutated(seed: int) -> tuple[str, str, int]:
    """Let one mutated delivery be validated and taken in; gives what `take_mutated` gives."""
    agency, files = make_mutated(seed)
    wrong = ""
    with tempfile.TemporaryDirectory() as folder:
        zones = Zones(Path(folder) / "landing", Vault(Path(folder) / "vault"))
        own = Path(folder) / "own"
        own.mkdir()
        for name, content in files.values():
            (own / name).write_bytes(content)
        said = Delivery(agency, QUARTER, "full", 1, date(2025, 4, 5), simulated=True)
        paths = {role: own / name for role, (name, _) in files.items()}
        tempfile.tempdir = str(own)
        try:
            foretold = validate(said, paths, (), load_settings().policy, lambda _: None).receipt
        finally:
            tempfile.tempdir = None
        try:
            _put(zones, agency, files)
            first_day = date.fromisoformat(load_policy(load_settings().policy).first_day_of_record)
            told = ingest(zones, agency, QUARTER, first_day_of_record=first_day)
        except SourcesError as error:
            receipts = [path.read_text() for path in zones.outbox(agency).glob("*.json")]
            told = (
                Receipt.from_json(receipts[0])
                if receipts
                else replace(
                    foretold, status="rejected", error=error.sentence, files=(), problems=()
                )
            )
        wrong = "" if told == foretold else "validate and ingest differ"
        wrong = "validate left files" if len(list(own.iterdir())) != len(files) else wrong
    outcome = told.error_code or "accepted"
    return outcome, wrong, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _put(zones: Zones, agency: str, files: dict[str, tuple[str, bytes]]) -> None:
    inbox = zones.inbox(agency, QUARTER)
    inbox.mkdir(parents=True)
    for name, content in files.values():
        (inbox / name).write_bytes(content)
    write_manifest(
        inbox,
        agency=agency,
        quarter=QUARTER,
        sequence=1,
        kind="full",
        as_of=date(2025, 4, 5),
        simulated=True,
        files={role: name for role, (name, _) in files.items()},
    )


def run_mutations(
    console: Console, look: Callable[[int], tuple[str, str, int]], count: int, seed: int
) -> int:
    start = time.perf_counter()
    outcomes: Counter[str] = Counter()
    failures, peak = 0, 0
    seeds = range(seed * 1_000_000, seed * 1_000_000 + count)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for number, (outcome, wrong, memory) in zip(
            seeds, pool.map(look, seeds, chunksize=50), strict=True
        ):
            outcomes[outcome] += 1
            peak = max(peak, memory)
            if wrong:
                failures += 1
                console.print(f"file {number}: {outcome}, {wrong}")
    console.print(dict(sorted(outcomes.items())))
    console.print(
        f"{count} mutated files, {failures} failures, peak memory {peak / 2**20:.2f} GiB, "
        f"{time.perf_counter() - start:.0f} s"
    )
    return failures


def take_slowly(folder: str) -> None:
    """What the process does that is killed: say that it begins, and ingest."""
    zones = Zones(Path(folder) / "landing", Vault(Path(folder) / "vault"))
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    ingest(zones, "mshp", QUARTER, clock=lambda: datetime(2025, 4, 6, tzinfo=UTC))


def take_disturbed(folder: Path, delay: float) -> bool:
    """Kill an ingest some seconds after it began, ingest again; whether it had not ended."""
    command = [sys.executable, __file__, "take", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603
        if process.stdout:
            process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed = process.wait() == -signal.SIGKILL
    zones = Zones(folder / "landing", Vault(folder / "vault"))
    if (zones.inbox("mshp", QUARTER) / "manifest.json").is_file():
        ingest(zones, "mshp", QUARTER, clock=lambda: datetime(2025, 4, 6, tzinfo=UTC))
    return killed


def prepare(folder: Path, incidents: int = 4_000) -> None:
    """A delivery of the Patrol that takes a moment to read."""
    files = make_files("mshp")
    more = [line for number in range(incidents) for line in report(f"N{number}", arrests=["64A"])]
    files["nibrs"] += "".join(f"{line}\n" for line in more).encode()
    named = {role: (f"{role}.dat", content) for role, content in files.items()}
    _put(Zones(folder / "landing", Vault(folder / "vault")), "mshp", named)


def describe(folder: Path) -> dict[str, object]:
    """Every file of a data home but locks: rows of Parquet, bytes of anything else."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {
        str(path.relative_to(folder)): pq.read_table(path).to_pylist()
        if path.suffix == ".parquet"
        else path.read_bytes()
        for path in paths
    }


def run_kills(console: Console, times: int, seed: int) -> int:
    chance = Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as home:
        alone = Path(home) / "alone"
        prepare(alone)
        start = time.perf_counter()
        take_slowly(str(alone))
        usual = time.perf_counter() - start
        right = describe(alone)
        differing = killed = 0
        for number in range(times):
            folder = Path(home) / f"{number}"
            prepare(folder)
            killed += take_disturbed(folder, chance.uniform(0, usual))
            differing += describe(folder) != right
    console.print(
        f"An ingest takes {usual:.1f} s. Of {times} ended at a random moment {killed} were killed "
        f"before they were done; {differing} data homes differ from the undisturbed one."
    )
    return differing


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["take", folder]:
            take_slowly(folder)
        case ["mutate", count, *seed]:
            sys.exit(run_mutations(Console(), take_mutated, int(count), int(*seed or ["1"])) > 0)
        case ["agree", count, *seed]:
            sys.exit(run_mutations(Console(), compare_mutated, int(count), int(*seed or ["1"])) > 0)
        case ["kill", times, *seed]:
            sys.exit(run_kills(Console(), int(times), int(*seed or ["1"])) > 0)
        case _:
            sys.exit(__doc__)
