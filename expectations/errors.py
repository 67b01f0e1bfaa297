"""The failures of this room, MS5xx, as sentences.

Here: the registry of codes and the one exception. Not here: anything that was read from a record,
and no text of another library's exception, because those quote values.
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

ERRORS: Mapping[str, ErrorText] = {
    "MS501": ErrorText(
        "The rules {rules} of suite {suite} could not be evaluated",
        "The checking engine stopped with a {kind} while it looked at the rows; its message is "
        "withheld because it may quote them",
        "Compare the column types of {suite} with its suite, then run the quarter again",
    ),
    "MS502": ErrorText(
        "The rows of {relation} for {quarter} could not be read",
        "The warehouse refused the query with a {kind}; its message is withheld because it may "
        "quote a record",
        "Check that dbt built {relation} for this quarter, then run it again",
    ),
    "MS503": ErrorText(
        "There is no quality record for {quarter}",
        "The quality checks of this quarter have not been run, or their record was removed",
        "Run the checks of {quarter}, then ask for the release again",
    ),
    "MS504": ErrorText(
        "The quality check of {quarter} has failed",
        "These rules do not hold, or were not looked at: {rules}",
        "Repair the delivery or the model each rule names, then rebuild and check {quarter}",
    ),
    "MS505": ErrorText(
        "The quality record of {quarter} is out of date",
        "The rows of release_input are not the rows that were checked",
        "Run the checks of {quarter} again, then ask for the release again",
    ),
    "MS506": ErrorText(
        "The quality record {file} cannot be understood",
        "It is not a complete record of format {format}",
        "Run the checks of this quarter again; they write a new record",
    ),
    "MS507": ErrorText(
        "The released table {file} cannot be read",
        "It is missing or not a CSV file with one header line",
        "Verify the release folder it lies in",
    ),
}


class ExpectationsError(NumberedError):
    """A quality check failed, or could not be made."""

    texts = ERRORS
    usual_exit = Exit.QUALITY
