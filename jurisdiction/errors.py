"""The failures of this room: a file of the state is not as it must be, or it is another state.

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
    "MS002": ErrorText(
        "The data home {home} was left as it is",
        "It holds what belongs to {there}, and MOSHARE_STATE names {here}",
        "Name {there}, or another data home in MOSHARE_HOME, then run the command again",
    ),
}


class JurisdictionError(NumberedError):
    """A file of the state's folder that cannot be used, or a data home of another state."""

    texts = ERRORS
    usual_exit = Exit.USAGE
