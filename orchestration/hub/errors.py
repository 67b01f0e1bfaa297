"""The numbered failures of orchestration itself (MS9xx).

Does not belong here: failures of another room; each has its own `errors.py`.
"""

from collections.abc import Mapping

from failures.exits import Exit
from failures.numbered import ErrorText, NumberedError

ERRORS: Mapping[str, ErrorText] = {
    "MS180": ErrorText(
        "Nothing is collected from drop boxes",
        "{file} in the data home cannot be used: {problem}",
        "Mend the file; deploy/boxes.example.toml shows its form",
    ),
    "MS181": ErrorText(
        "The drop box '{box}' of '{agency}' is away",
        "{reason}",
        "Nothing is lost, and it is looked into again; where it stays away, ask whoever runs it, "
        "and take the delivery another way in the meantime",
        Exit.DELIVERY,
    ),
    "MS182": ErrorText(
        "The delivery of '{agency}' for {quarter} in the drop box '{box}' is not whole",
        "What lies there for the role '{role}' is missing, is no plain file, changed while it was "
        "read, or has another size or hash than the manifest says",
        "It is collected once it is whole; where its upload has ended, the agency uploads the file "
        "and its manifest again",
        Exit.DELIVERY,
    ),
    "MS183": ErrorText(
        "The manifest of '{agency}' for {quarter} in the drop box '{box}' is not whole",
        "It ends before its JSON does, as while it is uploaded",
        "It is collected once it is whole; where its upload has ended, the agency uploads it again",
        Exit.DELIVERY,
    ),
    "MS184": ErrorText(
        "Receipts cannot be put into the drop box '{box}' of '{agency}'",
        "The hub may not write to its folder 'receipts', or the server refuses",
        "Let the agency allow it, or bring it its receipts another way; deliveries are collected",
        Exit.DELIVERY_OUT,
    ),
    "MS901": ErrorText(
        "The step '{stage}' stopped on an unexpected {kind}",
        "Its message may quote a record, so it was written to {report} in the vault only",
        "Read that file on the hub, mend the cause and run the quarter again",
        Exit.UNEXPECTED,
    ),
    "MS902": ErrorText(
        "dbt did not finish the step '{stage}'",
        "{failed} could not be built; dbt's own messages may quote a record and stay in {log}",
        "Read that log on the hub, mend the cause and run the quarter again",
        Exit.QUALITY,
    ),
    "MS903": ErrorText(
        "The dbt project has not been prepared",
        "{manifest} is missing",
        "Run 'make install' in the project folder",
    ),
    "MS904": ErrorText(
        "'{text}' is not a quarter",
        "A quarter is written like 2025Q1",
        "Give a quarter in that form",
    ),
    "MS905": ErrorText(
        "Quarter {quarter} cannot be released yet",
        "It has not ended on the clocks of the state",
        "Run it after {last_day}",
        Exit.BUDGET,
    ),
    "MS662": ErrorText(
        "Quarter {quarter} is not run",
        "It lies before {first}, with which the policy's record begins, and what happened before "
        "is in no table",
        "Run a quarter from then on, or have the policy reviewed",
        Exit.BUDGET,
    ),
    "MS906": ErrorText(
        "Nothing was drawn for quarter {quarter}",
        "The released folder is built from the draw, which an earlier step makes",
        "Run 'moshare release --quarter {quarter}'",
        Exit.QUALITY,
    ),
    "MS907": ErrorText(
        "'{text}' does not say which file has which role",
        "A delivery names the role that its contract gives to each file, and each role once",
        "Write it like --file nibrs=submission.txt",
    ),
    "MS908": ErrorText(
        "The file for the role '{role}' cannot be read",
        "There is no file at the path that was given, or this account may not open it",
        "Check the path and deliver again",
    ),
    "MS909": ErrorText(
        "The demo does not run in this data home",
        "A delivery that is not simulated lies in an inbox, or was accepted here",
        "Name another folder in MOSHARE_HOME",
    ),
    "MS910": ErrorText(
        "'moshare {command}' does not work on this machine",
        "The package {package}, which it needs, is not installed here",
        "Run it on the machine that 'moshare --help' puts it under, or install that role: "
        "'make install ROLE=hub' or ROLE=gate, in the project folder",
    ),
    "MS920": ErrorText(
        "The ledger cannot be compared with release {release}",
        "Its release.json is missing or damaged",
        "Put that folder aside and run 'moshare release' for its quarter, which builds it "
        "again from the ledger",
        Exit.VERIFICATION,
    ),
    "MS921": ErrorText(
        "The plan of {quarter} can no longer be rejected",
        "It was charged: its release may have left, and what it counts is counted nowhere else",
        "Run the quarter, and reject the plan of the next one; a draw that is lost is given up "
        "with 'moshare recover', and the plan that this puts up can be rejected",
        Exit.APPROVAL,
    ),
    "MS922": ErrorText(
        "A rejection needs its reason",
        "Whoever makes the next plan must know what to change",
        "Say it with --because",
    ),
    "MS923": ErrorText(
        "The rows or links that {quarter} was released from are not what they were",
        "Whoever was counted there could be counted once more, and lose more than the ledger "
        "says; this happens when the warehouse was lost or built anew",
        "Restore the vault from a back-up made after {quarter} was released, and run again",
        Exit.BUDGET,
    ),
    "MS924": ErrorText(
        "There is no warehouse in the vault",
        "The steps from the deliveries to release input make it, and they did not run here",
        "Where nothing was released yet, run 'moshare run' for the quarter; otherwise restore "
        "the vault from its back-up",
        Exit.QUALITY,
    ),
    "MS925": ErrorText(
        "Nothing can be written to {folder}",
        "This account may not write there, the disk is full, or the path is no folder",
        "Mend that, or name another folder; that of the data home stands in MOSHARE_HOME",
    ),
    "MS926": ErrorText(
        "{quarter} would pass over quarters that were delivered",
        "Quarters are released in their order, and a release of {quarter} would count what "
        "belongs to {missing}, which could never be released then",
        "Release them first, or pass them over for good with 'moshare plan' and 'moshare reject'",
        Exit.QUALITY,
    ),
    "MS927": ErrorText(
        "The rows of {quarter} were built before another quarter was released",
        "What the released quarters counted must not be counted again; built then, these rows "
        "know of {then}, and released are {now}",
        "Run 'moshare run' for {quarter}; its plan and approval stay as they are",
        Exit.QUALITY,
    ),
    "MS928": ErrorText(
        "{quarter} can no longer be built",
        "{later}, which comes after it, is released, and what {quarter} would have counted is "
        "there or counts in the next release",
        "Nothing is lost; run the quarter after {later}",
        Exit.BUDGET,
    ),
    "MS932": ErrorText(
        "The policy states no '{field}' for the frame {frame}",
        "dbt and the linker keep this bound, and they have no other place to take it from",
        "State it in privacy/policy.toml, raise the version, and have the policy reviewed",
        Exit.BUDGET,
    ),
    "MS933": ErrorText(
        "The rows of {quarter} are not made by the rules that hold now",
        "The step '{step}' last worked by other rules or never ended, and a plan holds for "
        "rows that were made by the rules it names",
        "Run 'moshare run --quarter {quarter}', which makes them again, then release",
        Exit.QUALITY,
    ),
    "MS934": ErrorText(
        "The release of {quarter} could not be built into a folder",
        "{problem}",
        "Add what is missing, or take it out of the policy; nothing was charged or drawn",
        Exit.BUDGET,
    ),
    "MS935": ErrorText(
        "The rules by which rows are made cannot be read",
        "{file} is missing or is not what its name says",
        "Restore the file from the version that is installed",
        Exit.BUDGET,
    ),
    "MS936": ErrorText(
        "{quarter} was released by an older version, after which this one cannot go on",
        "It kept no note of the children that its links were made with, and without it the "
        "bounds of later quarters do not hold",
        "Go on with the version that released it; where all deliveries are simulated, begin a "
        "new data home",
        Exit.BUDGET,
    ),
    "MS938": ErrorText(
        "No key was made",
        "{file} or its public half lies there already, cannot be written there, or both would have "
        "one name",
        "Name another file, such as keeper.key",
    ),
    "MS939": ErrorText(
        "{file} is no key of a backup",
        "A backup is made with the public half and restored with the secret half of a key that "
        "'moshare new-backup-key' made",
        "Name the right file",
    ),
    "MS940": ErrorText(
        "The backup cannot be written to {folder}",
        "It is no folder, lies in the data home, is full, or this account may not write there",
        "Name a folder on another disk; what was backed up before is as it was",
    ),
    "MS941": ErrorText(
        "{file} is no whole backup",
        "It cannot be read, or what is in it is not what its own list says",
        "Take another backup; nothing was put back, and the data home is as it was",
        Exit.VERIFICATION,
    ),
    "MS942": ErrorText(
        "{file} cannot be opened with this key",
        "It was encrypted to another key",
        "Name the secret key that its keeper has",
        Exit.VERIFICATION,
    ),
    "MS943": ErrorText(
        "Nothing is restored into {folder}",
        "Something lies there, and a mixture of two data homes could release a quarter twice; or "
        "it is where a disk is mounted, and nothing can be moved there in one step",
        "Name an empty folder in MOSHARE_HOME; of a mounted disk, a folder below it",
    ),
    "MS944": ErrorText(
        "This hub was restored from a backup, and nothing outside it says that the backup is the "
        "newest",
        "If anything was drawn after it was made, {at}, the ledger has forgotten that, and a draw "
        "would spend more than it says",
        "Name in MOSHARE_WITNESS a file with the ledger_head of the newest release.json that any "
        "agency has",
        Exit.BUDGET,
    ),
    "MS945": ErrorText(
        "Nobody can be told of alarms",
        "{file} cannot be used: {problem}",
        "Mend the file; deploy/alarms.example.toml shows its form",
    ),
    "MS946": ErrorText(
        "The release of {quarter} was drawn and is not published",
        "The folder built of it breaks rules: {problem}",
        "Mend the program or the list of the rules, then run 'moshare release' again: it builds "
        "the folder of the same draw, and nothing is charged",
        Exit.QUALITY,
    ),
    "MS947": ErrorText(
        "Nothing is built on the engine that MOSHARE_ENGINE names",
        "It is none of 'duckdb', 'spark', and 'spark://127.0.0.1:' with a port, the cluster of "
        "this machine; between machines, nothing would keep records from being read on the way",
        "Name one of them, or none for DuckDB",
    ),
    "MS948": ErrorText(
        "Nothing is built on Spark",
        "MOSHARE_ENGINE names it, and Spark or Java is not installed here",
        "Run 'make install ROLE=spark' and install Java 17, on Debian openjdk-17-jre-headless; or "
        "take MOSHARE_ENGINE away, and DuckDB builds the same rows",
    ),
    "MS949": ErrorText(
        "Spark did not finish {work} of {quarter}",
        "It stopped before it said what it had made; the warehouse is as it was before",
        "See {log} in the vault, then run it again; or take MOSHARE_ENGINE away, and DuckDB builds "
        "the same rows",
    ),
    "MS950": ErrorText(
        "What Spark built of {quarter} was not taken over",
        "Its table {table} has not the columns that the project promises, or its rows do not fit "
        "them; the warehouse is as it was before",
        "Take MOSHARE_ENGINE away, and DuckDB builds it; and report this, for it is a fault",
    ),
}


class OrchestrationError(NumberedError):
    """A failure of orchestration."""

    texts = ERRORS
    usual_exit = Exit.USAGE
