"""The text of every number under which a delivery can fail.

Belongs here: one entry for each number, in sentences for the engineer of an agency. Does not belong
here: raising (`errors`). No text takes the value of a record: only agency, quarter, file, field and
agreed limits may be filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Fate = Literal["set aside", "dropped", "kept"]


@dataclass(frozen=True)
class ErrorText:
    """One sentence each: what happened, why that is wrong, what to do next.

    Attributes:
        fate: what becomes of a line with this number: it is set aside; dropped, because it adds
            nothing; or kept, and the number is a note.
    """

    what: str
    why: str
    next_step: str
    fate: Fate = "set aside"


_RESEND = "Correct the files and send them again with the same sequence."
_CORRECT = "Correct the field at its source and send the record in the next delivery."

_DELIVERY = {
    "MS101": ErrorText(
        "No delivery of {agency} for {quarter} has arrived.",
        "A delivery begins with manifest.json, and silence is never read as zero.",
        "Send the files and then the manifest, or send a manifest of kind nil.",
    ),
    "MS102": ErrorText(
        "The manifest of {agency} for {quarter} cannot be read.",
        "It must be one JSON object in UTF-8, below 1 MB, with no key given twice.",
        "Write it again with `moshare deliver`.",
    ),
    "MS103": ErrorText(
        "The manifest has no valid entry for {field}.",
        "Every entry must be present and have the type and form that the delivery format names.",
        "Correct this entry and put the manifest into the inbox again.",
    ),
    "MS104": ErrorText(
        "The manifest has a key at {field} that the delivery format does not know.",
        "An unknown key may be a misspelt one, so it is refused rather than passed over.",
        "Remove the key or correct its name.",
    ),
    "MS105": ErrorText(
        "The manifest names another {field} than the folder it lies in.",
        "A delivery in the wrong folder would replace the wrong numbers.",
        "Move it to the folder it belongs to, or correct the manifest.",
    ),
    "MS106": ErrorText(
        "The manifest names a contract that {agency} does not have.",
        "Files are read by the contract alone, never by guessing.",
        "Name the contract that was agreed, for instance {expected}.",
    ),
    "MS107": ErrorText(
        "The files of the manifest do not match the contract in the role {field}.",
        "Each required role appears once, each optional role at most once, and no other.",
        "Give each file one of the contract's roles, {expected}, and send it again.",
    ),
    "MS108": ErrorText(
        "The manifest's kind and its list of files contradict each other.",
        "A nil delivery has no file; a full or delta delivery has at least one.",
        "Correct the kind or the list of files.",
    ),
    "MS109": ErrorText(
        "The file {file} named in the manifest is not in the inbox.",
        "A delivery is read whole or not at all.",
        "Put the file beside the manifest, then write the manifest last.",
    ),
    "MS110": ErrorText(
        "{file} in the inbox is not a plain file or folder of its own.",
        "Links, devices and paths to elsewhere are never followed.",
        "Copy the content itself into the inbox.",
    ),
    "MS111": ErrorText(
        "The file {file} does not have the sha256 that the manifest gives.",
        "It was changed or damaged after the manifest was written.",
        "Transfer it again, or write a new manifest with `moshare deliver`.",
    ),
    "MS112": ErrorText(
        "The file {file} does not have the number of bytes that the manifest gives.",
        "It was cut short, extended or converted on its way.",
        "Transfer it again in binary mode.",
    ),
    "MS113": ErrorText(
        "The file {file} does not have the number of rows that the manifest gives.",
        "Rows are the lines that are not blank, without the header of a CSV file.",
        "Write a new manifest with `moshare deliver`, which counts them.",
    ),
    "MS114": ErrorText(
        "The sequence of this delivery is not above the last accepted one ({last}).",
        "An older delivery must not replace a newer one.",
        "Send it again with a higher sequence.",
    ),
    "MS115": ErrorText(
        "A different delivery with this sequence was accepted before.",
        "An accepted delivery is never changed.",
        "Send the correction with the next sequence.",
    ),
    "MS116": ErrorText(
        "More records of {file} had to be set aside than the contract allows ({share}).",
        "What would be left is no longer a fair picture of the quarter.",
        "Read the problems listed in the receipt. " + _RESEND,
    ),
    "MS117": ErrorText(
        "The file {file} is not a text file of lines.",
        "A stretch of more than 1 MiB has no line end.",
        "Check that the file is what its role says, uncompressed and unencrypted. " + _RESEND,
    ),
    "MS118": ErrorText(
        "The quarter is not written as a year, the letter Q and a number from 1 to 4.",
        "Every folder, table and command uses this one form.",
        "Write it like 2025Q1.",
    ),
    "MS119": ErrorText(
        "There is no agency of that name.",
        "Only agencies with a contract can deliver.",
        "Use one of: {agencies}.",
    ),
    "MS120": ErrorText(
        "The delivery of {agency} for {quarter} could not be worked through on this machine.",
        "Reading or writing failed for a reason outside the delivery: disk, rights or memory.",
        "Check free space and rights of the data home, then ingest again; nothing was half-loaded.",
    ),
    "MS121": ErrorText(
        "The required file {file} holds no record.",
        "An empty file and an agency with nothing to report must not look alike.",
        "If there is nothing to report, send a delivery of kind nil.",
    ),
    "MS122": ErrorText(
        "No delivery of {agency} for {quarter} has arrived, and its inbox has a folder {file}.",
        "Only folders whose names are written like {quarter} are looked at.",
        "Rename the folder to {quarter}.",
    ),
    "MS123": ErrorText(
        "The folder of {agency} in {zone} is a link.",
        "Whoever can change where it leads could have other files taken in, or receipts written "
        "elsewhere.",
        "Put a folder in its place; to keep deliveries on another disk, mount it there.",
    ),
    "MS124": ErrorText(
        "The manifest of {agency} says that its data are of a day to come.",
        "The entry as_of is the day on which the data were taken, and lies after today by the "
        "hub's clock.",
        "Correct as_of and send the delivery again with the same sequence; if it is right, have "
        "the hub's clock set.",
    ),
    "MS125": ErrorText(
        "The sequence of this delivery runs far ahead of the last accepted one ({last}).",
        "Deliveries of a quarter are numbered 1, 2, 3 and so on; 9999 is the last number there "
        "is, and after it nothing could be corrected.",
        "Send it again with the sequence that follows {last}.",
    ),
    "MS127": ErrorText(
        "A delivery of {agency} for {quarter} waits in the inbox and was not taken in yet.",
        "Another one in its place would replace it unread, and a delivery is never lost.",
        "Wait for its receipt in the outbox and deliver then; or withdraw it by taking its "
        "manifest.json away.",
    ),
    "MS128": ErrorText(
        "This delivery has sequence {sequence}, and the one before it, {missing}, was never "
        "accepted.",
        "A number that is left out may stand for a delivery that was lost on its way.",
        "If one is missing, send what it held with the next sequence; if the number was passed "
        "over, there is nothing to do.",
    ),
    "MS129": ErrorText(
        "This delta is for a quarter of which no full delivery was accepted before.",
        "A delta adds to a full delivery or corrects it; alone it is a part of the quarter, and "
        "the numbers made from it are too low.",
        "Send the quarter's full delivery, and this delta again behind it with a higher sequence.",
    ),
}

_LINES = {
    "MS131": ErrorText(
        "Lines of {file} hold characters that the format does not allow.",
        "A record is made of printable ASCII characters and blanks; tabs, control characters and "
        "accented letters shift or corrupt its fields.",
        "Export the file in ASCII and send the records in the next delivery.",
    ),
    "MS141": ErrorText(
        "The header of {file} is not the one of a token file.",
        "It must read record_key,token and nothing else.",
        "Make the file with `moshare tokenize`. " + _RESEND,
    ),
    "MS142": ErrorText(
        "Rows of {file} do not have the two values of a token row.",
        "Each row is a record key, a comma and a token; neither may be empty.",
        "Make the file again with `moshare tokenize`.",
    ),
    "MS143": ErrorText(
        "Rows of {file} hold a {field} that is not 64 lower-case hexadecimal digits.",
        "A token of another form cannot come from the agreed keyed hash.",
        "Make the file again with `moshare tokenize`.",
    ),
    "MS144": ErrorText(
        "Rows of {file} repeat a {field}.",
        "A record has one token; only its first row is kept.",
        "Make the file again with `moshare tokenize`.",
    ),
}

_NCANDS = {
    "MS201": ErrorText(
        "Lines of {file} go on behind the last position of the Child File layout.",
        "A record has 312 or 338 characters; more means that its fields have shifted.",
        "Export the file with the Child File record layout.",
    ),
    "MS202": ErrorText(
        "Records of {file} have another state than MO in {field}.",
        "The contract covers Missouri's own Child File.",
        "Remove records of other states.",
    ),
    "MS203": ErrorText(
        "Records of {file} have no {field}.",
        "Report and child are the keys of every count; a record without them cannot be counted.",
        _CORRECT,
    ),
    "MS204": ErrorText(
        "Records of {file} have no real date in {field}.",
        "The report date decides the quarter, so it must be a calendar date written mmddyyyy.",
        _CORRECT,
    ),
    "MS205": ErrorText(
        "Records of {file} have something in {field} that is not a date.",
        "It must be a calendar date written mmddyyyy, or blank.",
        _CORRECT,
    ),
    "MS206": ErrorText(
        "Records of {file} have a code in {field} that is not on the list of the layout.",
        "An unknown code cannot be counted in any cell.",
        _CORRECT,
    ),
    "MS207": ErrorText(
        "Records of {file} repeat a report and child that stand further up.",
        "A child appears once in a report; the first record is kept.",
        "Merge the records at their source.",
    ),
}

_NIBRS_FORM = {
    "MS301": ErrorText(
        "Lines of {file} have a segment level that does not exist.",
        "Levels are 0 to 7 (FBI rule 051).",
        "Check that the file is a NIBRS flat file and that no line was broken.",
    ),
    "MS302": ErrorText(
        "Lines of {file} give a segment length that their level does not have.",
        "The first four positions hold the length of the record, one of those the FBI's "
        "specification lists for the level.",
        "Export the segment with a current layout.",
    ),
    "MS303": ErrorText(
        "Lines of {file} are longer than the segment length they give.",
        "Data behind the end of a segment means that its fields have shifted.",
        "Export the segment again.",
    ),
    "MS304": ErrorText(
        "Segments of {file} have an action type that does not exist.",
        "It is one of I, A, M, R, D and W.",
        _CORRECT,
    ),
    "MS305": ErrorText(
        "Segments of {file} have no valid {field}.",
        "Month (01 to 12) and year of submission stand in every segment (see FBI rule 058); no "
        "figure needs them, so the field was left blank.",
        _CORRECT,
        fate="kept",
    ),
    "MS306": ErrorText(
        "Segments of {file} have an ORI that is not nine letters and digits.",
        "The ORI names the agency and its county (FBI rule 052).",
        _CORRECT,
    ),
    "MS307": ErrorText(
        "Segments of {file} have a blank or not left-justified {field}.",
        "It is the key of the report (FBI rules 101 and 116).",
        _CORRECT,
    ),
    "MS308": ErrorText(
        "Segments of {file} have a {field} with characters that are not allowed in it.",
        "Capital letters, digits and hyphens, with no blank between them (FBI rules 115 and 117).",
        _CORRECT,
    ),
}

_NIBRS_FIELDS = {
    "MS309": ErrorText(
        "Segments of {file} leave the mandatory {field} blank.",
        "The segment cannot be understood without it (FBI rules 101, 201, 301, 401, 501, 601 "
        "and 701).",
        _CORRECT,
    ),
    "MS310": ErrorText(
        "Segments of {file} have a code in {field} that is not on the FBI's list.",
        "An unknown code cannot be counted in any cell (FBI rules 104, 204, 251, 304, 404, 504, "
        "604, 704).",
        _CORRECT,
    ),
    "MS311": ErrorText(
        "Segments of {file} have something in {field} that is not a date.",
        "It must be a calendar date written yyyymmdd (FBI rules 105, 605, 705).",
        _CORRECT,
    ),
    "MS312": ErrorText(
        "Segments of {file} have a {field} that is not a number with leading zeros.",
        "Sequence numbers connect victims, offenders and arrests (FBI rules 402, 502, 602, 702).",
        _CORRECT,
    ),
    "MS313": ErrorText(
        "Segments of {file} have an age in {field} that follows no form of age.",
        "An age is two digits, left-justified; or a range of four digits, the lower age first and "
        "not 00; or, of a victim, NN, NB or BB (FBI rules 404, 408 to 410, 422, 508, 509, 556, 608 "
        "to 610, 664, 708 to 710).",
        _CORRECT,
    ),
    "MS314": ErrorText(
        "Segments of {file} have an hour in {field} outside 00 to 23.",
        "No figure needs the hour, so it was left blank, which stands for an unknown one (FBI rule "
        "152).",
        _CORRECT,
        fate="kept",
    ),
    "MS315": ErrorText(
        "Zero reports of {file} have no valid {field}.",
        "They give twelve zeros, a month from 01 to 12 and a year of four digits (FBI rules 090 "
        "to 092).",
        _CORRECT,
    ),
}

_NIBRS_INCIDENTS = {
    "MS321": ErrorText(
        "Segments of {file} belong to an incident that has no administrative segment.",
        "A reported incident begins with its level 1 segment in the same file (FBI rule 055).",
        "Send the whole incident.",
    ),
    "MS322": ErrorText(
        "Incidents of {file} were already reported further up in the same file.",
        "An incident number is used once (FBI rule 056); the first report is kept.",
        "To send an incident anew, send its deletion (D) first and then the whole report (I); "
        "otherwise correct the incident number.",
    ),
    "MS323": ErrorText(
        "Segments of {file} stand before the administrative segment of their incident.",
        "Its level 1 segment comes first (FBI rules 050 and 055), so they may belong to another "
        "report.",
        "Sort the segments of each incident by level.",
    ),
    "MS324": ErrorText(
        "Segments of {file} repeat a {field} within one incident with other content.",
        "The number identifies a person in the incident (FBI rules 451, 551, 661); the first "
        "segment is kept.",
        _CORRECT,
    ),
    "MS325": ErrorText(
        "Segments of {file} were set aside with their incident.",
        "A report of an incident is kept whole or not at all, with the deletion before it, and "
        "another of its segments has a problem; an earlier report of it still stands.",
        "Correct the other problems of this list; nothing is wrong with these lines themselves.",
    ),
    "MS326": ErrorText(
        "Segments of {file} have something in {field} that is not on the FBI's list or has not the "
        "form that the layout gives.",
        "No figure needs it, so the field was left blank and the segment kept.",
        _CORRECT,
        fate="kept",
    ),
    "MS327": ErrorText(
        "Incidents of {file} have an {field} after the day on which the data were taken.",
        "What has not happened yet cannot have been reported (see FBI rule 105).",
        "Correct the date, or the manifest's as_of, and send the incident in the next delivery.",
    ),
    "MS328": ErrorText(
        "Segments of {file} have a code in {field}, or in a slot like it, that was not in use in "
        "their year of submission.",
        "Codes have a first and a last day; the code was kept, for its meaning is known.",
        "Look at how the code came into the record.",
        fate="kept",
    ),
    "MS329": ErrorText(
        "Incidents of {file} have no offence or no victim that can be read.",
        "A report needs at least one of each (FBI rule 075), so it is incomplete and an earlier "
        "report of the incident still stands.",
        "Send the whole incident.",
    ),
    "MS330": ErrorText(
        "Lines of {file} repeat another line of the same report.",
        "A repetition says nothing new, so it was dropped and the report kept.",
        "Look for the step of the export that writes lines twice.",
        fate="dropped",
    ),
    "MS331": ErrorText(
        "Group B arrest reports of {file} are replaced by a later copy further down.",
        "ORI, transaction number and arrestee number are the key of a report (FBI rule 759); the "
        "last copy is kept.",
        "Look at why the copies differ.",
        fate="dropped",
    ),
    "MS332": ErrorText(
        "Lines of {file} change an incident that no delivery has reported or that was deleted.",
        "A change acts on what is on file, and there is nothing, so the lines were dropped.",
        "Send the whole incident if it should be counted.",
        fate="dropped",
    ),
    "MS333": ErrorText(
        "Victims of {file} are connected to an offence that their incident does not have.",
        "Every offence of a victim has a segment of its own (FBI rule 065); the victim was kept.",
        _CORRECT,
        fate="kept",
    ),
    "MS334": ErrorText(
        "The file {file} ends inside an incident.",
        "Its last incident has no offender segment, which every report has (FBI rule 075), so "
        "lines behind it may be missing.",
        "Compare the file with its source, and send what is missing in the next delivery.",
        fate="kept",
    ),
    "MS335": ErrorText(
        "The {field} of {file} is of other months than the quarter of the delivery.",
        "The months in its name, its headers and its incidents are three things, and only the "
        "dates of incidents decide where one is counted.",
        "Check that the file is the one that was meant.",
        fate="kept",
    ),
    "MS336": ErrorText(
        "Lines of {file} are of incidents or arrests before the first day of record.",
        "They are kept as history, but do not count as newly known.",
        "Nothing needs to be done.",
        fate="kept",
    ),
    "MS337": ErrorText(
        "Most incidents of {file} are of police agencies outside Missouri.",
        "They would be counted as Missouri's.",
        "Send the right file, or say `unusual: outside_missouri` in the manifest if it is meant.",
    ),
    "MS338": ErrorText(
        "No incident of {file} is dated within two years of the quarter of the delivery.",
        "The file is probably of another year.",
        "Send the right file, or say `unusual: other_years` in the manifest if it is meant.",
    ),
    "MS339": ErrorText(
        "Deletions of {file} are of incidents that no delivery has reported or that were deleted.",
        "There was nothing to delete.",
        "Nothing needs to be done, unless the incident number is wrong.",
        fate="kept",
    ),
}

_HOTLINE = {
    "MS401": ErrorText(
        "The header of {file} is not the one of a counts file.",
        "It must read quarter,measure,relationship_group,count and nothing else.",
        _RESEND,
    ),
    "MS402": ErrorText(
        "A row of {file} does not have four values.",
        "Each row is a quarter, a measure, a relationship group and a count.",
        _RESEND,
    ),
    "MS403": ErrorText(
        "A row of {file} is of another quarter than the manifest.",
        "A delivery speaks of one quarter.",
        _RESEND,
    ),
    "MS404": ErrorText(
        "A row of {file} has a {field} that the contract does not list.",
        "Cells come from the contract, never from the data.",
        _RESEND,
    ),
    "MS405": ErrorText(
        "A row of {file} has a count that is not a whole number of at most nine digits.",
        "Counts are 0, 1, 2 and so on, without sign, point or separator.",
        _RESEND,
    ),
    "MS406": ErrorText(
        "A cell appears twice in {file}.",
        "Each measure and relationship group has one count.",
        _RESEND,
    ),
    "MS407": ErrorText(
        "{file} does not hold every cell of the contract.",
        "A cell that is left out is not zero; nobody can tell what it is.",
        "Write a row for each cell, with 0 where there was none.",
    ),
    "MS411": ErrorText(
        "{file} is not a data package description.",
        "It must be one JSON object in UTF-8.",
        _RESEND,
    ),
    "MS412": ErrorText(
        "{file} does not describe the counts file as the contract does: see {field}.",
        "The resource `counts` names the delivered file and its four fields in order.",
        _RESEND,
    ),
}

ERRORS: Mapping[str, ErrorText] = MappingProxyType(
    _DELIVERY | _LINES | _NCANDS | _NIBRS_FORM | _NIBRS_FIELDS | _NIBRS_INCIDENTS | _HOTLINE
)
