"""The numbered failures of orchestration itself (MS9xx).

Does not belong here: failures of another room; each has its own `errors.py`.
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
        "MS901": ErrorText(
            "The step '{stage}' stopped on an unexpected {kind}",
            "Its message may quote a record, so it was written to {report} in the vault only",
            "Read that file on the hub, mend the cause and run the quarter again",
            1,
        ),
        "MS902": ErrorText(
            "dbt did not finish the step '{stage}'",
            "{failed} could not be built; dbt's own messages may quote a record and stay in {log}",
            "Read that log on the hub, mend the cause and run the quarter again",
            4,
        ),
        "MS903": ErrorText(
            "The dbt project has not been prepared",
            "{manifest} is missing",
            "Run 'make install' in the project folder",
            2,
        ),
        "MS904": ErrorText(
            "'{text}' is not a quarter",
            "A quarter is written like 2025Q1 and lies between 2013 and now",
            "Give a quarter in that form",
            2,
        ),
        "MS905": ErrorText(
            "Quarter {quarter} cannot be released yet",
            "It has not ended in Missouri",
            "Run it after {last_day}",
            5,
        ),
        "MS906": ErrorText(
            "Nothing was drawn for quarter {quarter}",
            "The released folder is built from the draw, which an earlier step makes",
            "Run 'moshare release --quarter {quarter}'",
            4,
        ),
        "MS907": ErrorText(
            "'{text}' does not say which file has which role",
            "A delivery names the role that its contract gives to each file",
            "Write it like --file nibrs=submission.txt",
            2,
        ),
        "MS908": ErrorText(
            "The file for the role '{role}' cannot be read",
            "There is no file at the path that was given, or this account may not open it",
            "Check the path and deliver again",
            2,
        ),
        "MS909": ErrorText(
            "The demo does not run in this data home",
            "A delivery that is not simulated lies in an inbox, or was accepted here",
            "Name another folder in MOSHARE_HOME",
            2,
        ),
        "MS910": ErrorText(
            "'moshare {command}' works at the hub only",
            "The package {package}, which the hub has, is not installed here",
            "Run it on the hub, or run 'make install' in the project folder",
            2,
        ),
        "MS920": ErrorText(
            "The ledger cannot be compared with release {release}",
            "Its release.json is missing or damaged",
            "Put that folder aside and run 'moshare release' for its quarter, which builds it "
            "again from the ledger",
            8,
        ),
        "MS921": ErrorText(
            "The plan of {quarter} can no longer be rejected",
            "It was charged: its release may have left, and what it counts is counted nowhere else",
            "Run the quarter, and reject the plan of the next one; a draw that is lost is given up "
            "with 'moshare recover', and the plan that this puts up can be rejected",
            6,
        ),
        "MS922": ErrorText(
            "A rejection needs its reason",
            "Whoever makes the next plan must know what to change",
            "Say it with --because",
            2,
        ),
        "MS923": ErrorText(
            "The rows or links that {quarter} was released from are not what they were",
            "Whoever was counted there could be counted once more, and lose more than the ledger "
            "says; this happens when the warehouse was lost or built anew",
            "Restore the vault from a back-up made after {quarter} was released, and run again",
            5,
        ),
        "MS924": ErrorText(
            "There is no warehouse in the vault",
            "The steps from the deliveries to release input make it, and they did not run here",
            "Where nothing was released yet, run 'moshare run' for the quarter; otherwise restore "
            "the vault from its back-up",
            4,
        ),
        "MS925": ErrorText(
            "Nothing can be written to {folder}",
            "This account may not write there, the disk is full, or the path is no folder",
            "Mend that, or name another folder in MOSHARE_HOME",
            2,
        ),
        "MS926": ErrorText(
            "{quarter} would pass over quarters that were delivered",
            "Quarters are released in their order, and a release of {quarter} would count what "
            "belongs to {missing}, which could never be released then",
            "Release them first, or pass them over for good with 'moshare plan' and "
            "'moshare reject'",
            4,
        ),
        "MS927": ErrorText(
            "The rows of {quarter} were built before another quarter was released",
            "What the released quarters counted must not be counted again; built then, these rows "
            "know of {then}, and released are {now}",
            "Run 'moshare run' for {quarter}; its plan and approval stay as they are",
            4,
        ),
        "MS928": ErrorText(
            "{quarter} can no longer be built",
            "{later}, which comes after it, is released, and what {quarter} would have counted is "
            "there or counts in the next release",
            "Nothing is lost; run the quarter after {later}",
            5,
        ),
        "MS932": ErrorText(
            "The policy states no '{field}' for the frame {frame}",
            "dbt and the linker keep this bound, and they have no other place to take it from",
            "State it in privacy/policy.toml, raise the version, and have the policy reviewed",
            5,
        ),
        "MS933": ErrorText(
            "The rows of {quarter} are not made by the rules that hold now",
            "The step '{step}' last worked by other rules or never ended, and a plan holds for "
            "rows that were made by the rules it names",
            "Run 'moshare run --quarter {quarter}', which makes them again, then release",
            4,
        ),
        "MS934": ErrorText(
            "The release of {quarter} could not be built into a folder",
            "{problem}",
            "Add what is missing, or take it out of the policy; nothing was charged or drawn",
            5,
        ),
        "MS935": ErrorText(
            "The rules by which rows are made cannot be read",
            "{file} is missing or is not what its name says",
            "Restore the file from the version that is installed",
            5,
        ),
        "MS936": ErrorText(
            "{quarter} was released by an older version, after which this one cannot go on",
            "It kept no note of the children that its links were made with, and without it the "
            "bounds of later quarters do not hold",
            "Go on with the version that released it; where all deliveries are simulated, begin a "
            "new data home",
            5,
        ),
    }
)


class OrchestrationError(Exception):
    """A failure of orchestration as a sentence: what happened, why, what to do next.

    Attributes:
        code: Number of the failure, such as `MS902`.
        sentence: The full sentence, safe to show anywhere.
        exit_code: What the command line returns.
    """

    def __init__(self, code: str, **facts: str) -> None:
        text = ERRORS[code]
        parts = (part.format(**facts) for part in (text.what, text.why, text.next_step))
        self.code = code
        self.sentence = f"{code}: " + ". ".join(parts) + "."
        self.exit_code = text.exit_code
        super().__init__(self.sentence)
