"""What the hub finds in a certification pack of the FBI's, beside what the FBI found.

`python -m bench.nibrs_conformance --pack FILE [--expected FILE]` reads the pack as a delivery and
compares by incident, segment and number of the rule. The file of expected errors is the FBI's own
list, of fixed width; two facts are taken from it that no pack says: the day on which the FBI
processed it, and the day on which a police agency began with NIBRS (rule 173). Without it, what is
raised is listed alone.
"""

import argparse
import re
import sys
import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from sources.contracts import PoliceAgency, current_contract
from sources.fbi_rules import load_fbi_rules
from sources.nibrs import read_segments
from sources.nibrs_period import Circumstances
from sources.quarters import Quarter
from sources.workbench import open_workbench

_BEGAN = re.compile(r"WENT IBR (\d{8})")
_PROCESSED = re.compile(r"PROCESSED .* ON (\d\d/\d\d/\d\d)")


class Finding(NamedTuple):
    """An incident (ORI and number), the level of the segment or "" for the whole, and a rule."""

    incident: str
    segment: str
    rule: str


class Expected(NamedTuple):
    """The FBI's findings, how often each; when it read the pack; and when agencies began."""

    findings: Counter[Finding]
    processed: date
    agencies: dict[str, PoliceAgency]


def read_expected(path: Path | None) -> Expected:
    """The FBI's list: incident at 15 to 35, segment at 36, rule at 47 to 49, words from 62."""
    findings: Counter[Finding] = Counter()
    agencies = {}
    processed = datetime.now(tz=UTC).date()
    for line in path.read_text("ascii").splitlines() if path else []:
        words, rule = line[61:], line[46:49]
        if found := _PROCESSED.search(words):
            processed = datetime.strptime(found[1] + " +0000", "%m/%d/%y %z").date()
        if not rule.strip().isdigit():
            continue
        findings[Finding(line[14:35].rstrip(), line[35:36].strip(), rule)] += 1
        if found := _BEGAN.search(words):
            agencies[line[14:23]] = PoliceAgency(first_day=date.fromisoformat(found[1]))
    return Expected(findings, processed, agencies)


def read_raised(path: Path, expected: Expected) -> Counter[Finding]:
    """What the hub finds that the FBI has a number for; each counts once a line."""
    lines = path.read_text("ascii", errors="replace").splitlines()
    months = [line[8:12] + line[6:8] for line in lines if line[6:12].isdigit()]
    year, month = (int(part) for part in (months[0][:4], months[0][4:]))
    oris = {line[16:25] for line in lines if line.strip()}
    agencies = {ori: PoliceAgency() for ori in oris} if expected.agencies else {}
    circumstances = Circumstances(
        Quarter(year, (month + 2) // 3), expected.processed, agencies=agencies | expected.agencies
    )
    with tempfile.TemporaryDirectory() as folder, open_workbench(Path(folder)) as connection:
        file = current_contract("mshp").file_of("nibrs")
        read_segments(connection, path, file, circumstances)
        rows = connection.execute(
            "SELECT DISTINCT line_number, segment, rule FROM problems WHERE rule <> ''"
        ).fetchall()
    return Counter(
        Finding(lines[number - 1][16:37].rstrip(), segment, rule) for number, segment, rule in rows
    )


def list_unmatched(ones: Counter[Finding], others: Counter[Finding]) -> list[Finding]:
    """Of the first those without a match; no segment stands for any."""
    return sorted(
        one
        for one in ones
        if not any(
            one.incident == other.incident
            and one.rule == other.rule
            and (one.segment == other.segment or "" in (one.segment, other.segment))
            for other in others
        )
    )


def main(pack: Path, expected_path: Path | None) -> int:
    console = Console(width=120)
    expected = read_expected(expected_path)
    raised = read_raised(pack, expected)
    missed = list_unmatched(expected.findings, raised)
    extra = list_unmatched(raised, expected.findings)
    table = Table("rule", "expected", "raised", "missed", "extra", "in our words")
    groups = [
        Counter(one.rule for one in group) for group in (expected.findings, raised, missed, extra)
    ]
    for rule in sorted({*groups[0], *groups[1]}):
        known = load_fbi_rules().get(rule)
        table.add_row(rule, *(str(group[rule]) for group in groups), known.says if known else "")
    console.print(table)
    for name, group in (("missed", missed), ("extra", extra)):
        for one in group:
            incident = f"{one.incident[:9]} {one.incident[9:]}"
            console.print(f"{name}: {incident}, segment {one.segment or '-'}, rule {one.rule}")
    console.print(
        f"{pack.name}, by incident, segment and rule: {len(expected.findings)} expected, "
        f"{len(expected.findings) - len(missed)} found, {len(missed)} missed; "
        f"{len(raised)} raised, {len(extra)} extra. By line: {expected.findings.total()} expected, "
        f"{raised.total()} raised."
    )
    return (len(missed) + len(extra)) if expected_path else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--expected", type=Path)
    given = parser.parse_args()
    sys.exit(min(1, main(given.pack, given.expected)))
