"""What an agency is told about its delivery.

Belongs here: the receipt, as JSON for programs and as text for people. Does not belong here:
deciding what it says. A receipt holds counts, line numbers, names of fields and codes; it never
holds the value of a record, and the same delivery always gives the same receipt.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from durable.writing import write_whole
from sources.contracts import find_contract
from sources.errors import LineProblem
from sources.landing import close_to_others, file_mode
from sources.workbench import FileReading

Status = Literal["accepted", "rejected", "already accepted"]


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
        files: what became of the lines of each file that was read.
        problems: what was wrong with lines that were set aside, and notes on others.
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

    @property
    def error_code(self) -> str:
        """Number of the rejection, or ""."""
        return self.error.partition(":")[0]

    def to_json(self) -> str:
        """The receipt as one JSON object, keys in a fixed order."""
        document = asdict(self)
        document["error_code"] = self.error_code
        if self.contract:
            contract = find_contract(self.contract, self.agency)
            document["max_quarantined_share"] = contract.max_quarantined_share
            document["quarantined_floor"] = contract.quarantined_floor
        for entry, problem in zip(document["problems"], self.problems, strict=True):
            entry["sentence"] = problem.sentence
            entry["is_note"] = problem.is_note
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Receipt":
        """The receipt that `to_json` wrote."""
        document: dict[str, Any] = json.loads(text)
        for derived in ("error_code", "max_quarantined_share", "quarantined_floor"):
            document.pop(derived, None)
        problems = document.pop("problems")
        files = document.pop("files")
        remarks = document.pop("remarks", ())
        return cls(
            files=tuple(FileReading(**file) for file in files),
            remarks=tuple(remarks),
            problems=tuple(_read_problem(problem) for problem in problems),
            **document,
        )

    def to_text(self) -> str:
        """The receipt for people."""
        number = f"sequence {self.sequence}" if self.sequence else "sequence unknown"
        lines = [
            f"Receipt for {self.agency}, quarter {self.quarter}, {number}: {self.status}",
            *(["These data are simulated."] if self.simulated else []),
            *(["", self.error] if self.error else []),
            *(line for remark in self.remarks for line in ("", remark)),
            *(["", "Nothing to report was delivered."] if self.kind == "nil" else []),
        ]
        if self.files:
            lines += ["", "Files", *(f"  {_describe_file(file)}" for file in self.files)]
            limit = find_contract(self.contract, self.agency).limit
            lines.append(f"  Of a file may be set aside: {limit}.")
        for title, is_note in (("Problems", False), ("Notes", True)):
            listed = [problem for problem in self.problems if problem.is_note == is_note]
            if listed:
                lines += ["", title, *(_describe_problem(problem) for problem in listed)]
        return "\n".join(lines) + "\n"


def write_receipt(receipt: Receipt, outbox: Path, suffix: str) -> None:
    """Write `<quarter>-<sequence>-<suffix>.json` and `.txt`, each in one step."""
    close_to_others(outbox)
    mode = file_mode(outbox)
    stem = f"{receipt.quarter}-{receipt.sequence:04d}-{suffix}"
    for ending, content in (("txt", receipt.to_text()), ("json", receipt.to_json())):
        write_whole(outbox / f"{stem}.{ending}", content, mode)


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


def _describe_file(file: FileReading) -> str:
    text = (
        f"{file.file} ({file.role}): {file.lines_read} lines read, {file.lines_stored} stored, "
        f"{file.lines_quarantined} quarantined"
    )
    if file.lines_left_out:
        text += f", {file.lines_left_out} checked and by contract not stored"
    if file.lines_dropped:
        text += f", {file.lines_dropped} dropped because they add nothing"
    return text


def _describe_problem(problem: LineProblem) -> str:
    shown = ", ".join(map(str, problem.lines))
    more = problem.total - len(problem.lines)
    rest = f" and {more} more" if more else ""
    return f"  {problem.sentence}\n    lines {shown}{rest}; total {problem.total}"
