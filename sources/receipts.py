"""What an agency is told about its delivery.

Belongs here: the receipt as data and as JSON for programs, and writing it. Does not belong here:
deciding what it says, and its two forms for people (`receipt_text`, `receipt_page`). A receipt
holds counts of lines, line numbers, names of fields and codes; it never holds the value of a
record, and the same delivery always gives the same receipt.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sources.contracts import find_contract
from sources.errors import ERRORS, LineProblem
from sources.workbench import FileReading

Status = Literal["accepted", "rejected", "already accepted"]

FIRST_THINGS = 3
DELIVERIES_SHOWN = 8

_DERIVED = ("error_code", "fix_first", "max_quarantined_share", "quarantined_floor")
_FOLLOWS = frozenset({"MS229", "MS325"})
"""What is set aside only because another line of its child or incident is."""


@dataclass(frozen=True)
class DeliveryCounts:
    """What became of the lines of one accepted delivery, over all its files.

    Attributes:
        quarter: for instance `2025Q1`.
        sequence: of its manifest.
        kind: full, delta or nil.
        lines_read: lines that are not blank, without headers.
        lines_stored: lines that became rows.
        lines_quarantined: lines set aside.
        lines_blanked: stored lines with a field that was left blank.
    """

    quarter: str
    sequence: int
    kind: str
    lines_read: int
    lines_stored: int
    lines_quarantined: int
    lines_blanked: int


@dataclass(frozen=True)
class Receipt:
    """The outcome of one ingest.

    Attributes:
        agency: who delivered.
        quarter: for instance `2025Q1`.
        sequence: of the manifest; 0 where the manifest could not be read.
        contract: of the manifest, or "".
        kind: full, delta, nil, or "" where the manifest could not be read.
        simulated: what the manifest says; None where it could not be read.
        status: whether the delivery counts.
        error: sentence of a rejection, or "".
        remarks: sentences about the delivery as a whole that change nothing.
        unlike: sentences on what is unlike the quarters before, or another agency's delivery that
            it must agree with; they change nothing either.
        files: what became of the lines of each file that was read.
        problems: what was wrong with lines that were set aside, and notes on others.
        before: the agency's last accepted deliveries before this one, the newest last.
    """

    agency: str
    quarter: str
    sequence: int
    contract: str
    kind: str
    simulated: bool | None
    status: Status
    error: str
    files: tuple[FileReading, ...]
    problems: tuple[LineProblem, ...]
    remarks: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    before: tuple[DeliveryCounts, ...] = ()

    @property
    def error_code(self) -> str:
        """Number of the rejection, or ""."""
        return self.error.partition(":")[0]

    @property
    def is_clean(self) -> bool:
        """Whether the delivery counts and no line of it was set aside."""
        return not self.error and not any(file.lines_quarantined for file in self.files)

    @property
    def counts(self) -> DeliveryCounts:
        """What became of its lines, over all files."""
        return DeliveryCounts(
            self.quarter,
            self.sequence,
            self.kind,
            lines_read=sum(file.lines_read for file in self.files),
            lines_stored=sum(file.lines_stored for file in self.files),
            lines_quarantined=sum(file.lines_quarantined for file in self.files),
            lines_blanked=sum(file.lines_blanked for file in self.files),
        )

    @property
    def fix_first(self) -> tuple[LineProblem, ...]:
        """The problems that cost most lines, at most three; what follows from others is not one."""
        causes = [one for one in self.problems if not one.is_note and one.code not in _FOLLOWS]
        return tuple(sorted(causes, key=lambda one: -one.total)[:FIRST_THINGS])

    def to_json(self) -> str:
        """The receipt as one JSON object, keys in a fixed order."""
        document = asdict(self)
        document["error_code"] = self.error_code
        document["fix_first"] = [
            {key: getattr(one, key) for key in ("code", "file", "field", "rule", "segment")}
            for one in self.fix_first
        ]
        if self.contract:
            contract = find_contract(self.contract, self.agency)
            document["max_quarantined_share"] = contract.max_quarantined_share
            document["quarantined_floor"] = contract.quarantined_floor
        for entry, problem in zip(document["problems"], self.problems, strict=True):
            entry["sentence"] = problem.sentence
            entry["next_step"] = problem.next_step
            entry["is_note"] = problem.is_note
            entry["fate"] = ERRORS[problem.code].fate
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Receipt":
        """The receipt that `to_json` wrote, or an earlier version of it."""
        document: dict[str, Any] = json.loads(text)
        for derived in _DERIVED:
            document.pop(derived, None)
        return cls(
            files=tuple(FileReading(**file) for file in document.pop("files")),
            problems=tuple(_read_problem(problem) for problem in document.pop("problems")),
            before=tuple(DeliveryCounts(**one) for one in document.pop("before", ())),
            remarks=tuple(document.pop("remarks", ())),
            unlike=tuple(document.pop("unlike", ())),
            **document,
        )


def order_counts(receipts: Sequence[Receipt]) -> tuple[DeliveryCounts, ...]:
    """The counts of the last deliveries, in the order of quarter and sequence."""
    counts = sorted((one.counts for one in receipts), key=lambda one: (one.quarter, one.sequence))
    return tuple(counts[-DELIVERIES_SHOWN:])


def _read_problem(document: dict[str, Any]) -> LineProblem:
    return LineProblem(
        code=document["code"],
        file=document["file"],
        field=document["field"],
        lines=tuple(document["lines"]),
        total=document["total"],
        rule=document.get("rule", ""),
        segment=document.get("segment", ""),
    )
