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

import multiprocessing
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
from faulty_files import MARK, QUARTER, make_files, make_mutated
from nibrs_lines import report
from rich.console import Console

from durable.vault import Vault
from orchestration.hub.settings import load_settings
from orchestration.steps.delivering import Delivery
from orchestration.steps.validating import validate
from privacy.policy.policy import load_policy
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.receipts import Receipt
from sources.zones import Zones


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
