"""The two types that carry a failure: of a whole delivery, or of lines of a file.

Belongs here: turning a number into its sentence. Does not belong here: the texts (`error_texts`),
or deciding that something failed.
"""

from dataclasses import dataclass

from sources.error_form import ErrorText
from sources.error_texts import ERRORS

__all__ = ["ERRORS", "ErrorText", "LineProblem", "SourcesError", "write_sentence"]

_USAGE = frozenset({"MS118", "MS119"})


def write_sentence(code: str, **facts: str | int) -> str:
    """Fill the text of a code, for instance with file and field."""
    text = ERRORS[code]
    return f"{code}: " + f"{text.what} {text.why} {text.next_step}".format(**facts)


class SourcesError(Exception):
    """A delivery that cannot be taken, or a question that makes no sense.

    Attributes:
        code: number in `ERRORS`.
        sentence: what happened, why, what to do next.
        exit_code: 3 for a delivery, 2 for wrong usage.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        self.code = code
        self.sentence = write_sentence(code, **facts)
        self.exit_code = 2 if code in _USAGE else 3
        super().__init__(self.sentence)


@dataclass(frozen=True)
class LineProblem:
    """Lines of one file that share one problem.

    Attributes:
        code: number in `ERRORS`.
        file: name of the delivered file.
        field: name of the field in the layout, or "" where the whole line is meant.
        lines: the first line numbers, counted from 1.
        total: how many lines have the problem.
    """

    code: str
    file: str
    field: str
    lines: tuple[int, ...]
    total: int

    @property
    def is_note(self) -> bool:
        """Whether nothing was lost with these lines."""
        return ERRORS[self.code].fate != "set aside"

    @property
    def sentence(self) -> str:
        """The text of the code with file and field filled in; never a value."""
        return write_sentence(self.code, file=self.file, field=self.field or "line")
