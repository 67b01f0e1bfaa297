"""A receipt as plain text.

Does not belong here: what a receipt holds (`receipts`), and its page (`receipt_page`).
"""

from collections.abc import Iterable, Iterator

from sources.contracts import find_contract
from sources.errors import LineProblem
from sources.receipts import DeliveryCounts, Receipt
from sources.workbench import FileReading


def say_receipt(receipt: Receipt) -> str:
    """The receipt for people, in lines of text that end with a line feed."""
    number = f"sequence {receipt.sequence}" if receipt.sequence else "sequence unknown"
    opening = f"Receipt for {receipt.agency}, quarter {receipt.quarter}, {number}: {receipt.status}"
    return "\n".join([opening, *list_findings(receipt)]) + "\n"


def list_findings(receipt: Receipt) -> Iterator[str]:
    """Everything that a receipt says below its first line, line by line."""
    if receipt.simulated:
        yield "These data are simulated."
    for sentence in filter(None, (receipt.error, *receipt.remarks, *receipt.unlike)):
        yield from ("", sentence)
    if receipt.kind == "nil":
        yield from ("", "Nothing to report was delivered.")
    if receipt.files:
        yield from ("", "Files", *(f"  {_describe_file(file)}" for file in receipt.files))
        limit = find_contract(receipt.contract, receipt.agency).limit
        yield f"  Of a file may be set aside: {limit}."
    if receipt.fix_first:
        yield from ("", "What to mend first", *map(_say_cause, receipt.fix_first))
    for title, is_note in (("Problems", False), ("Notes", True)):
        listed = [problem for problem in receipt.problems if problem.is_note == is_note]
        if listed:
            yield from ("", title, *map(_describe_problem, listed))
    if receipt.before:
        yield from ("", "The last deliveries, in lines", *_table(receipt))


def say_lines(problem: LineProblem) -> str:
    """The first lines of a problem and how many there are, in words."""
    shown = ", ".join(map(str, problem.lines))
    more = problem.total - len(problem.lines)
    rest = f" and {more} more" if more else ""
    return f"lines {shown}{rest}; total {problem.total}"


def name_problem(problem: LineProblem) -> str:
    """Its number, field, level of segments and FBI rule, as a heading."""
    return ", ".join(filter(None, (problem.code, problem.field, *_name_source(problem))))


def _name_source(problem: LineProblem) -> Iterator[str]:
    if problem.segment:
        yield f"level {problem.segment}"
    if problem.rule:
        yield f"FBI rule {problem.rule}"


def _say_cause(problem: LineProblem) -> str:
    return f"  {name_problem(problem)}, in {problem.file}; total {problem.total}"


def _describe_file(file: FileReading) -> str:
    text = (
        f"{file.file} ({file.role}): {file.lines_read} lines read, {file.lines_stored} stored, "
        f"{file.lines_quarantined} quarantined"
    )
    if file.reports_read:
        text += f", of {file.reports_read} reports of XML"
    if file.lines_blanked:
        text += f", {file.lines_blanked} stored with a field left blank"
    if file.lines_left_out:
        text += f", {file.lines_left_out} checked and by contract not stored"
    if file.lines_dropped:
        text += f", {file.lines_dropped} dropped because they add nothing"
    return text


def _describe_problem(problem: LineProblem) -> str:
    source = ", ".join(_name_source(problem))
    opening = f"{source}: " if source else ""
    return f"  {problem.sentence}\n    {opening}{say_lines(problem)}"


def _table(receipt: Receipt) -> Iterator[str]:
    heads = ("delivery", "kind", "read", "stored", "set aside", "blanked")
    yield from _align([heads, *map(_row, (*receipt.before, receipt.counts))])


def _row(counts: DeliveryCounts) -> tuple[str, ...]:
    numbers = (
        counts.lines_read,
        counts.lines_stored,
        counts.lines_quarantined,
        counts.lines_blanked,
    )
    return (f"{counts.quarter}-{counts.sequence:04d}", counts.kind or "?", *map(str, numbers))


def _align(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for name, kind, *numbers in rows:
        yield f"  {name:<14}{kind:<7}" + "".join(f"{number:>11}" for number in numbers)
