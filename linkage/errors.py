"""The numbered failures of linkage (MS8xx).

A failure names a file, a line and a field, never what stands in the field. Does not belong here:
failures of a delivery, which `sources` numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ErrorText:
    """The three parts of a failure's sentence; `{name}` stands for a fact, never for a value."""

    what: str
    why: str
    next_step: str
    exit_code: int


ERRORS: Mapping[str, ErrorText] = MappingProxyType(
    {
        "MS801": ErrorText(
            "The key file {file} already exists",
            "A new key would make every token made so far useless",
            "Use the existing key, or name another file",
            2,
        ),
        "MS802": ErrorText(
            "The key file {file} cannot be read",
            "It is missing, or this account may not open it",
            "Check the path, or make a key with 'moshare new-key'",
            2,
        ),
        "MS803": ErrorText(
            "The key file {file} is open to other accounts",
            "Whoever reads the key can turn names into tokens",
            "Run 'chmod 600' on it, and replace the key if others may have read it",
            2,
        ),
        "MS804": ErrorText(
            "The key file {file} does not hold a key",
            "A key is 32 random bytes written as 64 hexadecimal digits",
            "Make one with 'moshare new-key', or copy the agencies' shared key again",
            2,
        ),
        "MS805": ErrorText(
            "The roster {file} has an unexpected first line",
            "It must name the columns record_key, name and birth_date, in this order",
            "Correct the first line of the roster and make the tokens again",
            3,
        ),
        "MS806": ErrorText(
            "The roster {file} is broken in line {line}",
            "The line does not have exactly three fields",
            "Correct this line and make the tokens again",
            3,
        ),
        "MS807": ErrorText(
            "The roster {file} is broken in line {line}, field {field}",
            "{expected}",
            "Correct this field and make the tokens again",
            3,
        ),
        "MS808": ErrorText(
            "The roster {file} cannot be read",
            "It is missing, is not UTF-8 text, or is not a CSV file",
            "Check the path and save the roster as UTF-8 CSV",
            3,
        ),
        "MS809": ErrorText(
            "The links of the quarter starting {quarter} could not be made",
            "The warehouse lacks a table or column that linking reads, or a file cannot be opened",
            "Run the staging step of this quarter first, then link again",
            4,
        ),
        "MS810": ErrorText(
            "The tokens cannot be written to {file}",
            "Its folder is missing, or this account may not write there",
            "Name a file in a folder that you may write to",
            2,
        ),
        "MS811": ErrorText(
            "The order key {file} cannot be used",
            "It does not hold exactly one value in the column order_key",
            "Restore it from the backup; a new order key would change which records are kept",
            4,
        ),
        "MS812": ErrorText(
            "The key file {file} cannot be made",
            "Its folder is missing, or this account may not write there",
            "Name a file in a folder that you may write to",
            2,
        ),
    }
)


class LinkageError(Exception):
    """A failure of linkage as a sentence: what happened, why, what to do next.

    Attributes:
        code: Number of the failure, such as `MS807`.
        sentence: The full sentence, safe to show anywhere.
        exit_code: What the command line returns.
    """

    def __init__(self, code: str, **facts: object) -> None:
        text = ERRORS[code]
        parts = (text.what, text.why, text.next_step)
        self.code = code
        self.exit_code = text.exit_code
        self.sentence = f"{code}: " + " ".join(f"{part.format(**facts)}." for part in parts)
        super().__init__(self.sentence)
