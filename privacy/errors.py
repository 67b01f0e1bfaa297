"""Every sentence with which privacy refuses, by code.

Does not belong here: the value of a record. A template may name a file, frame, column, table,
quarter or number of a ledger entry; never a key found in the data, a count or a row's identifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorText:
    """What happened, why, and what to do next; `str.format` templates."""

    what: str
    why: str
    next_step: str


_RESTORE = "Stop releasing, keep the file as it is, and compare it with the last back-up"

ERRORS: Mapping[str, ErrorText] = {
    "MS601": ErrorText(
        "The policy {file} cannot be read",
        "The file is missing or is not TOML in UTF-8",
        "Restore the reviewed file",
    ),
    "MS602": ErrorText(
        "The policy {file} is not valid",
        "{problem}",
        "Correct the policy, raise its version and have it reviewed again",
    ),
    "MS603": ErrorText(
        "The public key list {file} cannot be used",
        "{problem}",
        "Restore the list with the columns key, label and description",
    ),
    "MS604": ErrorText(
        "The quarter is not readable",
        "A quarter is written like 2025Q1",
        "Give the year, the letter Q and a number from 1 to 4",
    ),
    "MS605": ErrorText(
        "Frame {frame} holds a key in column {column} that no public list names",
        "Groups come from public lists, because a key taken from the data would reveal it",
        "Map the value to a listed key (an unknown is one), or have the list reviewed and extended",
    ),
    "MS606": ErrorText(
        "Frame {frame} holds one unit more than once",
        "The guarantee counts on one row per unit, and a second row would weaken it unseen",
        "Correct the model that makes the frame; nothing was charged",
    ),
    "MS607": ErrorText(
        "Frame {frame} is not in the form the plan asks for",
        "{problem}",
        "Correct the model that makes the frame; nothing was charged",
    ),
    "MS608": ErrorText(
        "Exact values of {frame} were about to leave their container",
        "They may not be printed, copied, compared, hashed or stored",
        "Hand the object to the door untouched",
    ),
    "MS609": ErrorText(
        "The exact rows do not fit the plan",
        "{problem}",
        "Read exactly the frames that the plan lists, each with its own type",
    ),
    "MS610": ErrorText(
        "OpenDP runs with a feature that is not allowed",
        "Only the feature contrib is reviewed for this release",
        "Remove the call that enables another feature and start a new process",
    ),
    "MS611": ErrorText(
        "A noise scale is below 1",
        "Such noise would often leave whole numbers as they are",
        "Give the table a smaller weight",
    ),
    "MS612": ErrorText(
        "The plan for {quarter} does not cost what it says",
        "OpenDP's own map gives another rho for its scales and bounds",
        "Make the plan again from the reviewed policy",
    ),
    "MS613": ErrorText(
        "OpenDP refused a measurement",
        "Its own message is not shown because it may quote values",
        "Check the installed version against docs/privacy.md",
    ),
    "MS614": ErrorText(
        "Who delivered the quarter is not said as a release needs it",
        "{problem}",
        "Have each agency of the plan deliver, if only a nil delivery, and release then; nothing "
        "was charged",
    ),
    "MS620": ErrorText(
        "There is no ledger at {file}",
        "Without it the budget already spent is unknown",
        "Restore it from the back-up; make a new one only where nothing was ever released",
    ),
    "MS621": ErrorText(
        "A ledger already exists at {file}",
        "A second one would forget what was spent",
        "Use the existing ledger",
    ),
    "MS622": ErrorText(
        "The ledger {file} cannot be trusted",
        "{problem}",
        _RESTORE,
    ),
    "MS623": ErrorText(
        "The ledger {file} can be opened by others",
        "Its mode must give rights to its owner alone",
        "Find out who could write to it, run 'moshare ledger', then set the mode to 600",
    ),
    "MS624": ErrorText(
        "Quarter {quarter} was already charged for another plan",
        "One quarter has one release, and a revision is a new decision with its own charge",
        "Release with the policy and the key lists of the first plan",
    ),
    "MS625": ErrorText(
        "The plan for {quarter} would pass the cap of {period}",
        "It costs rho {rho}, and {left} is left of {cap}",
        "Lower the cost of the plan or wait for the next period; nothing was drawn",
    ),
    "MS626": ErrorText(
        "A draw for {quarter} began and its end was never recorded",
        "Its noise may have been seen, so a second draw would cost more than was charged",
        "Publish nothing for this quarter under this charge; the budget stays spent, and another "
        "release of it is a revision with its own charge",
    ),
    "MS627": ErrorText(
        "The ledger {file} cannot be used",
        "The database did not answer as it should",
        "Check that the disk has room and that the folder can be written, then try again",
    ),
    "MS628": ErrorText(
        "The ledger {file} lacks an entry that a release names",
        "An older copy was put in its place, or the release belongs to another ledger",
        _RESTORE,
    ),
    "MS629": ErrorText(
        "The released record cannot be read",
        "It is not in the form that privacy writes now; an older version may have written it",
        "Take the record again from the ledger, or read it with the version that wrote it",
    ),
    "MS630": ErrorText(
        "The ledger {file} refused a step for {quarter}",
        "{problem}",
        "Let the door lead the steps: charge, begin, finish, each once",
    ),
    "MS640": ErrorText(
        "The public geography {file} cannot be used",
        "{problem}",
        "Restore the file, with one column for each level from the top and one line for each "
        "finest unit, and its key lists",
    ),
    "MS645": ErrorText(
        "The stored split {file} cannot be read",
        "It is missing, or not in the form that 'moshare policy optimise' writes",
        "Restore the reviewed file, or compute it again and have it reviewed",
    ),
    "MS646": ErrorText(
        "The stored split is not for this policy and these key lists",
        "One of them changed after the split was computed, and a plan needs all three together",
        "Restore what was reviewed, or run 'moshare policy optimise' and have the split reviewed",
    ),
    "MS647": ErrorText(
        "The stored split does not fit frame {frame}",
        "It measures nothing of it, or something that the frame does not hold",
        "Run 'moshare policy optimise' and have the split reviewed",
    ),
}


class PrivacyError(Exception):
    """A refusal by privacy: `code`, `sentence`, `exit_code` (always 5)."""

    exit_code = 5

    def __init__(self, code: str, **fields: object) -> None:
        text = ERRORS[code]
        parts = (text.what, text.why, text.next_step)
        self.code = code
        self.sentence = f"{code}: " + " ".join(part.format(**fields) + "." for part in parts)
        super().__init__(self.sentence)
