"""The failure of this room, MS001: one of the state's files is not as it must be.

Not here: a contract, which stops its own agency alone (`sources.contracts`, MS150).
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

ERRORS: Mapping[str, ErrorText] = {
    "MS001": ErrorText(
        "The state's file {file} cannot be used",
        "{problem}",
        "Restore the file, or mend what is named, then run the command again",
    ),
}


class JurisdictionError(NumberedError):
    """A file of the state's folder that cannot be used."""

    texts = ERRORS
    usual_exit = Exit.USAGE
