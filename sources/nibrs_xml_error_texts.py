"""The texts of the numbers about NIBRS XML: MS343 to MS352.

Does not belong here: numbers about what a report says (`error_texts`), which are those of the flat
file.
"""

from sources.error_form import CORRECT, RESEND, DeliveryText

NIBRS_XML = {
    "MS343": DeliveryText(
        "The XML of {file} is not well-formed at line {line}",
        "An XML file is one document from its first character to its last: nothing stands before "
        "its declaration, not even a comment, every element ends, nothing follows the last one, "
        "and every character is one of its encoding; a file that was cut short is not well-formed "
        "at its end",
        "Export it again, and look at that line with any XML editor. " + RESEND,
    ),
    "MS344": DeliveryText(
        "The XML of {file} has a document type declaration",
        "Neither NIBRS nor AFCARS has one; entities are never resolved and nothing is fetched, for "
        "with both a file can read what is not its own, or grow without end",
        "Take the line that begins with <!DOCTYPE out. " + RESEND,
    ),
    "MS345": DeliveryText(
        "The XML of {file} has a record, or a value, of a size that none has",
        "A report, or the record of a child, has at most 8 MiB, and its elements lie in each other "
        "at most 256 deep; 999 victims take less than half of it",
        "Look for an element that does not end where it should. " + RESEND,
    ),
    "MS346": DeliveryText(
        "Reports of {file} have elements that NIBRS does not have",
        "They were passed over with all that is in them, and the report was kept; their names are "
        "not repeated here",
        "Look at whether something that should count was written under another name or namespace",
        fate="kept",
    ),
    "MS347": DeliveryText(
        "Parts of reports of {file} refer to another part that is not there",
        "An association or a role names an id (s:ref) that no part of the report has, so what it "
        "would tell is missing",
        "Look at how ids are given when reports are written",
        fate="kept",
    ),
    "MS348": DeliveryText(
        "Parts of reports of {file} have more of something than NIBRS has places for",
        "A victim has at most ten offences and ten offenders, an offence three activities; what is "
        "beyond was left out, and the first were kept",
        CORRECT,
        fate="kept",
    ),
    "MS349": DeliveryText(
        "Parts of reports of {file} give one value twice, and not the same",
        "The first was taken; of a date and a date with its hour, the one with the hour",
        CORRECT,
        fate="kept",
    ),
    "MS350": DeliveryText(
        "Dates of {file} have a time zone",
        "NIBRS has the local date and hour of the incident, so they were taken as they are "
        "written, and not turned into another zone",
        "Look at whether the export writes local time; Z stands for UTC",
        fate="kept",
    ),
    "MS351": DeliveryText(
        "Reports of {file} have no category, or one that does not exist",
        "It is GROUP A INCIDENT REPORT, GROUP B ARREST REPORT or ZERO REPORT "
        "(NIBRSReportCategoryCode); without it nobody can say what the report is",
        CORRECT,
    ),
    "MS352": DeliveryText(
        "The XML of {file} holds no NIBRS report",
        "It is XML of another kind, or its elements are not in the FBI's namespaces, or it is "
        "empty",
        "Send the NIBRS submission itself; if there is nothing to report, send a delivery of kind "
        "nil",
    ),
}
