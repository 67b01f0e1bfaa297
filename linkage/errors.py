"""The numbered failures of linkage (MS8xx).

A failure names a file, a line and a field, never what stands in the field. Does not belong here:
failures of a delivery, which `sources` numbers.
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

ERRORS: Mapping[str, ErrorText] = {
    "MS801": ErrorText(
        "The key file {file} already exists",
        "A new key would make every token made so far useless",
        "Use the existing key, or name another file",
        Exit.USAGE,
    ),
    "MS802": ErrorText(
        "The key file {file} cannot be read",
        "It is missing, or this account may not open it",
        "Check the path, or make a key with 'moshare new-key'",
        Exit.USAGE,
    ),
    "MS803": ErrorText(
        "The key file {file} is open to other accounts",
        "Whoever reads the key can turn names into tokens",
        "Run 'chmod 600' on it, and replace the key if others may have read it",
        Exit.USAGE,
    ),
    "MS804": ErrorText(
        "The key file {file} does not hold a key",
        "A key is 32 random bytes written as 64 hexadecimal digits",
        "Make one with 'moshare new-key', or copy the agencies' shared key again",
        Exit.USAGE,
    ),
    "MS805": ErrorText(
        "The roster {file} has an unexpected first line",
        "It must name the columns record_key, name and birth_date, in this order",
        "Correct the first line of the roster and make the tokens again",
        Exit.DELIVERY,
    ),
    "MS806": ErrorText(
        "The roster {file} is broken in line {line}",
        "The line does not have exactly three fields",
        "Correct this line and make the tokens again",
        Exit.DELIVERY,
    ),
    "MS807": ErrorText(
        "The roster {file} is broken in line {line}, field {field}",
        "{expected}",
        "Correct this field and make the tokens again",
        Exit.DELIVERY,
    ),
    "MS808": ErrorText(
        "The roster {file} cannot be read",
        "It is missing, is not UTF-8 text, or is not a CSV file",
        "Check the path and save the roster as UTF-8 CSV",
        Exit.USAGE,
    ),
    "MS809": ErrorText(
        "The links of the quarter starting {quarter} could not be made",
        "The warehouse lacks a table or column that linking reads, or a file cannot be opened",
        "Run the staging step of this quarter first, then link again",
    ),
    "MS810": ErrorText(
        "The tokens cannot be written to {file}",
        "Its folder is missing, this account may not write there, or what lies there is no token "
        "file and would be lost",
        "Name a new file in a folder that you may write to",
        Exit.USAGE,
    ),
    "MS811": ErrorText(
        "The order key {file} cannot be used",
        "It does not hold exactly one value in the column order_key",
        "Restore it from the backup; a new order key would change which records are kept",
    ),
    "MS812": ErrorText(
        "The key file {file} cannot be made",
        "Its folder is missing, or this account may not write there",
        "Name a file in a folder that you may write to",
        Exit.USAGE,
    ),
    "MS813": ErrorText(
        "The key file {file} holds a weak key",
        "Its bytes repeat or follow a pattern, so it was written by hand and can be guessed",
        "Make one with 'moshare new-key', and make all tokens of the quarter again with it",
        Exit.USAGE,
    ),
    "MS814": ErrorText(
        "The agencies' tokens of the quarter starting {quarter} cannot be compared",
        "They were made with different keys or by different recipes, so no record would be linked",
        "Agree on one key and one version of MoShare, make the tokens of the quarter again, and "
        "deliver them as a correction",
    ),
}


class LinkageError(NumberedError):
    """A failure of linkage."""

    texts = ERRORS
    usual_exit = Exit.QUALITY
