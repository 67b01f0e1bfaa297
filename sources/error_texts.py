"""The text of every number under which a delivery can fail.

Belongs here: one entry for each number, in sentences for the engineer of an agency. Does not belong
here: raising (`errors`). No text takes the value of a record: only agency, quarter, file, field and
agreed limits may be filled in.
"""

from collections.abc import Mapping

from sources.afcars_error_texts import AFCARS
from sources.child_error_texts import CHILD_FILE
from sources.column_error_texts import COLUMNS
from sources.delivery_error_texts import DELIVERY, DISGUISES, LINES
from sources.encryption_error_texts import ENCRYPTION
from sources.error_form import CORRECT as _CORRECT
from sources.error_form import DeliveryText
from sources.nibrs_xml_error_texts import NIBRS_XML
from sources.totals_error_texts import TOTALS

_NIBRS_FORM = {
    "MS301": DeliveryText(
        "Lines of {file} have a segment level that does not exist",
        "Levels are 0 to 7 (FBI rule 051)",
        "Check that the file is a NIBRS flat file and that no line was broken",
    ),
    "MS302": DeliveryText(
        "Lines of {file} give a segment length that their level does not have",
        "The first four positions hold the length of the record, one of those the FBI's "
        "specification lists for the level",
        "Export the segment with a current layout",
    ),
    "MS303": DeliveryText(
        "Lines of {file} are longer than the segment length they give",
        "Data behind the end of a segment means that its fields have shifted",
        "Export the segment again",
    ),
    "MS304": DeliveryText(
        "Segments of {file} have an action type that does not exist",
        "It is one of I, A, M, R, D and W",
        _CORRECT,
    ),
    "MS305": DeliveryText(
        "Segments of {file} have no valid {field}",
        "Month (01 to 12) and year of submission stand in every segment (see FBI rule 058); no "
        "figure needs them, so the field was left blank",
        _CORRECT,
        fate="blanked",
    ),
    "MS306": DeliveryText(
        "Segments of {file} have an ORI that is not nine letters and digits",
        "The ORI names the agency and its county (FBI rule 052)",
        _CORRECT,
    ),
    "MS307": DeliveryText(
        "Segments of {file} have a blank or not left-justified {field}",
        "It is the key of the report (FBI rules 101 and 116)",
        _CORRECT,
    ),
    "MS308": DeliveryText(
        "Segments of {file} have a {field} with characters that are not allowed in it",
        "Capital letters, digits and hyphens, with no blank between them (FBI rules 115 and 117)",
        _CORRECT,
    ),
}

_NIBRS_FIELDS = {
    "MS309": DeliveryText(
        "Segments of {file} leave the mandatory {field} blank",
        "The segment cannot be understood without it (FBI rules 101, 201, 301, 401, 501, 601 "
        "and 701)",
        _CORRECT,
    ),
    "MS310": DeliveryText(
        "Segments of {file} have a code in {field} that is not on the FBI's list",
        "An unknown code cannot be counted in any cell (FBI rules 104, 204, 251, 304, 404, 504, "
        "604, 704)",
        _CORRECT,
    ),
    "MS311": DeliveryText(
        "Segments of {file} have something in {field} that is not a date",
        "It must be a calendar date written yyyymmdd (FBI rules 105, 605, 705)",
        _CORRECT,
    ),
    "MS312": DeliveryText(
        "Segments of {file} have a {field} that is not a number with leading zeros",
        "Sequence numbers connect victims, offenders and arrests (FBI rules 402, 502, 602, 702)",
        _CORRECT,
    ),
    "MS313": DeliveryText(
        "Segments of {file} have an age in {field} that follows no form of age",
        "An age is two digits, left-justified; or a range of four digits, the lower age first and "
        "not 00; or, of a victim, NN, NB or BB (FBI rules 404, 408 to 410, 422, 508, 509, 556, 608 "
        "to 610, 664, 708 to 710)",
        _CORRECT,
    ),
    "MS314": DeliveryText(
        "Segments of {file} have an hour in {field} outside 00 to 23",
        "No figure needs the hour, so it was left blank, which stands for an unknown one (FBI rule "
        "152)",
        _CORRECT,
        fate="blanked",
    ),
    "MS315": DeliveryText(
        "Zero reports of {file} have no valid {field}",
        "They give twelve zeros, a month from 01 to 12 and a year of four digits (FBI rules 090 "
        "to 092)",
        _CORRECT,
    ),
}

_NIBRS_INCIDENTS = {
    "MS321": DeliveryText(
        "Segments of {file} belong to an incident that has no administrative segment",
        "A reported incident begins with its level 1 segment in the same file (FBI rule 055)",
        "Send the whole incident",
    ),
    "MS322": DeliveryText(
        "Incidents of {file} were already reported further up in the same file",
        "An incident number is used once (FBI rule 056); the first report is kept",
        "To send an incident anew, send its deletion (D) first and then the whole report (I); "
        "otherwise correct the incident number",
    ),
    "MS323": DeliveryText(
        "Segments of {file} stand before the administrative segment of their incident",
        "Its level 1 segment comes first (FBI rules 050 and 055), so they may belong to another "
        "report",
        "Sort the segments of each incident by level",
    ),
    "MS324": DeliveryText(
        "Segments of {file} repeat a {field} within one incident with other content",
        "The number identifies a person in the incident (FBI rules 451, 551, 661); the first "
        "segment is kept",
        _CORRECT,
    ),
    "MS325": DeliveryText(
        "Segments of {file} were set aside with their incident",
        "A report of an incident is kept whole or not at all, with the deletion before it, and "
        "another of its segments has a problem; an earlier report of it still stands",
        "Correct the other problems of this list; nothing is wrong with these lines themselves",
    ),
    "MS326": DeliveryText(
        "Segments of {file} have something in {field} that is not on the FBI's list or has not the "
        "form that the layout gives",
        "No figure needs it, so the field was left blank and the segment kept",
        _CORRECT,
        fate="blanked",
    ),
    "MS327": DeliveryText(
        "Incidents of {file} have an {field} after the day on which the data were taken",
        "What has not happened yet cannot have been reported (see FBI rule 105)",
        "Correct the date, or the manifest's as_of, and send the incident in the next delivery",
    ),
    "MS328": DeliveryText(
        "Segments of {file} have a code in {field}, or in a slot like it, that was not in use in "
        "their year of submission",
        "Codes have a first and a last day; the code was kept, for its meaning is known",
        "Look at how the code came into the record",
        fate="kept",
    ),
    "MS329": DeliveryText(
        "Incidents of {file} have no offence or no victim that can be read",
        "A report needs at least one of each (FBI rule 075), so it is incomplete and an earlier "
        "report of the incident still stands",
        "Send the whole incident",
    ),
    "MS330": DeliveryText(
        "Lines of {file} repeat another line of the same report",
        "A repetition says nothing new, so it was dropped and the report kept",
        "Look for the step of the export that writes lines twice",
        fate="dropped",
    ),
    "MS331": DeliveryText(
        "Group B arrest reports of {file} are replaced by a later copy further down",
        "ORI, transaction number and arrestee number are the key of a report (FBI rule 759); the "
        "last copy is kept",
        "Look at why the copies differ",
        fate="dropped",
    ),
    "MS332": DeliveryText(
        "Lines of {file} change an incident that no delivery has reported or that was deleted",
        "A change acts on what is on file, and there is nothing, so the lines were dropped",
        "Send the whole incident if it should be counted",
        fate="dropped",
    ),
    "MS333": DeliveryText(
        "Victims of {file} are connected to an offence that their incident does not have",
        "Every offence of a victim has a segment of its own (FBI rule 065); the victim was kept",
        _CORRECT,
        fate="kept",
    ),
    "MS334": DeliveryText(
        "The file {file} ends inside an incident",
        "Its last incident has no offender segment, which every report has (FBI rule 075), so "
        "lines behind it may be missing",
        "Compare the file with its source, and send what is missing in the next delivery",
        fate="kept",
    ),
    "MS335": DeliveryText(
        "The {field} of {file} is of other months than the quarter of the delivery",
        "The months in its name, its headers and its incidents are three things, and only the "
        "dates of incidents decide where one is counted",
        "Check that the file is the one that was meant",
        fate="kept",
    ),
    "MS336": DeliveryText(
        "Lines of {file} are of incidents or arrests before the first day of record",
        "They are kept as history, but do not count as newly known",
        "Nothing needs to be done",
        fate="kept",
    ),
    "MS337": DeliveryText(
        "Most incidents of {file} are of police agencies outside the state",
        "They would be counted as its own",
        "Send the right file, or say `unusual: outside_missouri` in the manifest if it is meant",
    ),
    "MS338": DeliveryText(
        "No incident of {file} is dated within two years of the quarter of the delivery",
        "The file is probably of another year",
        "Send the right file, or say `unusual: other_years` in the manifest if it is meant",
    ),
    "MS339": DeliveryText(
        "Deletions of {file} are of incidents that no delivery has reported or that were deleted",
        "There was nothing to delete",
        "Nothing needs to be done, unless the incident number is wrong",
        fate="kept",
    ),
    "MS340": DeliveryText(
        "Deletions of {file} are of offences or victims that no delivery has reported",
        "There was nothing to delete; the incident stands as it was",
        "Nothing needs to be done, unless the {field} is wrong",
        fate="kept",
    ),
}

_FBI_RULES = {
    "MS341": DeliveryText(
        "Segments of {file} break the FBI's rule {rule} in {field}",
        "{said}; no figure rests on it, so nothing was lost for it",
        "Correct it at its source, for the FBI refuses what breaks the rule",
        fate="kept",
    ),
    "MS342": DeliveryText(
        "Segments of {file} have what the FBI's rule {rule} warns of in {field}",
        "{said}; nothing was lost for it",
        "Look at whether it is meant; the FBI takes it with a warning",
        fate="kept",
    ),
}

ERRORS: Mapping[str, DeliveryText] = (
    DELIVERY
    | DISGUISES
    | ENCRYPTION
    | LINES
    | COLUMNS
    | CHILD_FILE
    | AFCARS
    | _NIBRS_FORM
    | _NIBRS_FIELDS
    | _NIBRS_INCIDENTS
    | _FBI_RULES
    | NIBRS_XML
    | TOTALS
)
