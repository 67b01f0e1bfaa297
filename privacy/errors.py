"""Every sentence with which privacy refuses, by code.

Does not belong here: the value of a record. A template may name a file, frame, column, table,
quarter or number of a ledger entry; never a key found in the data, a count or a row's identifier.
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

_RESTORE = "Stop releasing, keep the ledger as it is, and compare it with the last back-up"
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
    "MS615": ErrorText(
        "Frame {frame} is said to hold the rows of another one, and nothing proves it",
        "The test {test}, which the policy names for it, did not run on these rows or did not hold",
        "Restore the test, or have a policy without same_rows reviewed; nothing was charged",
    ),
    "MS616": ErrorText(
        "Totals that would pass without noise are not what the plan declares public",
        "{problem}",
        "Give exactly the delivered totals that the policy declares, or have another policy "
        "reviewed; nothing was charged",
    ),
    "MS620": ErrorText(
        "There is no ledger at {file}",
        "Without it the budget already spent is unknown",
        "Restore it from the back-up; where nothing was ever released, the first release makes it",
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
        "Its owner alone may have rights",
        "Find out who could write to it, run 'moshare ledger verify', then set the file's mode to "
        "600, or revoke the rights of PUBLIC",
    ),
    "MS624": ErrorText(
        "Quarter {quarter} was already charged for another plan",
        "One quarter has one release, and a revision is a new decision with its own charge",
        "Release with the policy, the key lists and the rules of the first plan",
    ),
    "MS625": ErrorText(
        "The plan for {quarter} would pass the cap of {period}",
        "It costs rho {rho}, and one identity could lose {spent} there, of {cap} at most",
        "Lower the cost of the plan or wait for the next period; nothing was drawn",
    ),
    "MS626": ErrorText(
        "A draw for {quarter} began and is lost",
        "Its noise may have been seen, so a second draw costs as much again, and nobody has signed "
        "that it may",
        "If another machine began it, run it there; else publish nothing for this quarter, unless "
        "an officer lets it be paid for once more with 'moshare recover --quarter {quarter}'",
    ),
    "MS627": ErrorText(
        "The ledger {file} cannot be used",
        "The database did not answer as it should",
        "Check that the disk has room and the folder can be written, or that the server of "
        "MOSHARE_LEDGER answers and takes writes, then run again, which takes up what was begun",
    ),
    "MS628": ErrorText(
        "The ledger {file} lacks an entry that was seen before",
        "A release, an approval, the vault or a witness names it: an older copy was put in its "
        "place, or they belong to another ledger",
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
        "Let the door lead the steps: charge, begin, draw, finish, each once",
    ),
    "MS631": ErrorText(
        "The ledger {file} cannot be kept on this PostgreSQL server",
        "It answers before what it wrote has reached the disk, so a charge could be lost",
        "Have fsync and full_page_writes switched on, then try again",
    ),
    "MS650": ErrorText(
        "There is no plan of {quarter} to approve",
        "A release needs a plan that an officer has read and signed",
        "Run 'moshare plan --quarter {quarter}', then 'moshare approve'",
        Exit.APPROVAL,
    ),
    "MS651": ErrorText(
        "The plan of {quarter} changed after it was put up for approval",
        "The policy, its split, a public list or a rule by which rows are made is not the one that "
        "the officer was shown",
        "Run 'moshare plan --quarter {quarter}' again and have the new plan signed",
        Exit.APPROVAL,
    ),
    "MS652": ErrorText(
        "The plan of {quarter} is not approved",
        "It has {present} of the {needed} signatures that the policy asks for",
        "Have it signed with 'moshare approve --quarter {quarter} --key FILE'",
        Exit.APPROVAL,
    ),
    "MS653": ErrorText(
        "A signature of the plan of {quarter} was made with the key {key}",
        "No officer in privacy/officers has this key",
        "Have an officer sign, or have the key reviewed and added",
        Exit.APPROVAL,
    ),
    "MS654": ErrorText(
        "The signature of {signer} does not fit the plan of {quarter}",
        "It was made over another plan or another quarter, or was altered since",
        "Have {signer} read this plan and sign it",
        Exit.APPROVAL,
    ),
    "MS655": ErrorText(
        "The plan of {quarter} was rejected",
        "The reason stands in {file}, and a rejected plan is never released",
        "Change the policy, raise its version, and make a new plan",
        Exit.APPROVAL,
    ),
    "MS656": ErrorText(
        "The plan of {quarter} is signed with a throw-away key of the demo",
        "Such a key counts only where every delivery is simulated, and here one is not",
        "Have the plan signed by an officer of privacy/officers",
        Exit.APPROVAL,
    ),
    "MS657": ErrorText(
        "The key {file} cannot be used",
        "It is missing, is no minisign key, or its password is another one",
        "Give the file that 'moshare new-officer-key' made, and its password",
        Exit.APPROVAL,
    ),
    "MS658": ErrorText(
        "The record {file} of rejections cannot be trusted",
        "One of its lines was changed or removed",
        "Restore it from the back-up before the plan is approved or released",
        Exit.APPROVAL,
    ),
    "MS659": ErrorText(
        "No key can be made at {file}",
        "A key already exists there, or both halves would have this name, and a key is never "
        "written over another",
        "Give another name, such as doe.key, or use the key that is there",
        Exit.APPROVAL,
    ),
    "MS632": ErrorText(
        "The vault cannot hold the draw of {quarter}",
        "A draw is kept there before it may be seen, and the disk is full or fails",
        "Make room in the vault or mend its rights, then run again, which takes up what was begun",
    ),
    "MS633": ErrorText(
        "The ledger {file} is held by {holder}",
        "One release is made at a time",
        "Run again when it is done, or end it if it hangs; nothing is lost by that",
    ),
    "MS634": ErrorText(
        "The draw of {quarter} is not lost",
        "It was never begun, it was recorded, or it can be finished without paying again",
        "Run 'moshare release --quarter {quarter}'",
    ),
    "MS635": ErrorText(
        "The signature of {signer} for the plan of {quarter} names no head of the ledger",
        "An approval says on which ledger it was given, so that an older copy does not pass",
        "Sign with 'moshare approve', or name the head in the trusted comment as docs/officer.md "
        "says",
        Exit.APPROVAL,
    ),
    "MS636": ErrorText(
        "The witness {file} cannot be used",
        "The ledger's head is compared with it, and written to it, before a draw may be seen",
        "Make MOSHARE_WITNESS name a file that can be written, outside the data home; an empty one "
        "will do the first time",
    ),
    "MS637": ErrorText(
        "The plan of {quarter} does not fit what became of its draws",
        "It pays again for a draw that the ledger does not call lost, or does not say that it does",
        "Run 'moshare plan --quarter {quarter}' and have the new plan signed",
    ),
    "MS640": ErrorText(
        "The public geography {file} cannot be used",
        "{problem}",
        "Restore the file, with one column for each level below the top and one line for each "
        "county, and its key lists",
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
        "It measures nothing of it, something twice, or something that the frame does not hold",
        "Run 'moshare policy optimise' and have the split reviewed",
    ),
    "MS648": ErrorText(
        "{quarter} can no longer be released",
        "{later}, which comes after it, is released, and what {quarter} would have counted is "
        "there or counts in the next release; the bounds of a lifetime hold for quarters that are "
        "released in their order",
        "Nothing is lost and nothing was charged; release the quarter after {later}",
    ),
    "MS649": ErrorText(
        "{quarter} cannot be released",
        "It lies before the policy's first day of record, {first_day}, and what happened before "
        "that day is in no table",
        "Release a quarter from that day on, or have the policy reviewed",
    ),
    "MS660": ErrorText(
        "Synthetic records of frame {frame} were not made",
        "It has {count} combinations of unit and keys, and they are made for at most {most}",
        "Give the frame fewer levels or columns, or turn synthetic records off in the policy",
    ),
    "MS661": ErrorText(
        "Synthetic records cannot be made on this machine",
        "They need the package mbi, which is not installed",
        "Install the extra synthetic of moshare, or turn synthetic records off in the policy",
    ),
}


class PrivacyError(NumberedError):
    """A refusal by privacy."""

    texts = ERRORS
    usual_exit = Exit.BUDGET
