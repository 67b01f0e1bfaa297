"""The two types that carry a failure: of a whole delivery, or of lines of a file.

Does not belong here: the texts (`error_texts`), or deciding that something failed.
"""

from dataclasses import dataclass

from failures.exits import Exit
from failures.numbered import NumberedError
from sources.error_texts import ERRORS
from sources.fbi_rules import load_fbi_rules

__all__ = ["ERRORS", "LineProblem", "SourcesError"]


class SourcesError(NumberedError):
    """A delivery that cannot be taken, or a question that makes no sense."""

    texts = ERRORS
    usual_exit = Exit.DELIVERY


@dataclass(frozen=True)
class LineProblem:
    """Lines of one file that share one problem.

    Attributes:
        code: number in `ERRORS`.
        file: name of the delivered file.
        field: name of the field in the layout, or "" where the whole line is meant.
        lines: the first line numbers, counted from 1.
        total: how many lines have the problem.
        rule: the FBI's own number where it is one of the FBI's rules, or "".
        segment: level of the NIBRS segments, or "" for other formats and for lines of no level.
    """

    code: str
    file: str
    field: str
    lines: tuple[int, ...]
    total: int
    rule: str = ""
    segment: str = ""

    @property
    def is_note(self) -> bool:
        """Whether nothing was lost with these lines."""
        return ERRORS[self.code].fate != "set aside"

    @property
    def sentence(self) -> str:
        """The text of the code with file, field and the FBI's rule filled in; never a value."""
        return SourcesError(self.code, **self._facts).sentence

    @property
    def next_step(self) -> str:
        """The last part of the sentence: what to do."""
        return ERRORS[self.code].fill(self._facts)[2]

    @property
    def _facts(self) -> dict[str, str]:
        known = {"file": self.file, "field": self.field or "line", "rule": self.rule}
        if self.rule:
            known["said"] = load_fbi_rules()[self.rule].says
        return {name: known[name] for name in ERRORS[self.code].placeholders}
