"""The texts of the numbers about records of the NCANDS Child File.

Belongs here: MS201 to MS219. Does not belong here: other formats (`error_texts`).
"""

from sources.error_form import CORRECT as _CORRECT
from sources.error_form import DeliveryText

CHILD_FILE = {
    "MS201": DeliveryText(
        "Lines of {file} go on behind the last position of the Child File layout",
        "A record has 312 or 338 characters; more means that its fields have shifted",
        "Export the file with the Child File record layout",
    ),
    "MS202": DeliveryText(
        "Records of {file} have another state than the contract's in {field}",
        "The contract covers the state's own Child File",
        "Remove records of other states",
    ),
    "MS203": DeliveryText(
        "Records of {file} have no {field}",
        "Report and child are the keys of every count; a record without them cannot be counted",
        _CORRECT,
    ),
    "MS204": DeliveryText(
        "Records of {file} have no real date in {field}",
        "The report date decides the quarter, so it must be a calendar date written mmddyyyy",
        _CORRECT,
    ),
    "MS205": DeliveryText(
        "Records of {file} have something in {field} that is not a date",
        "It must be a calendar date written mmddyyyy, or blank; it was left blank and the record "
        "kept, for an age or the report date stands in for it",
        _CORRECT,
        fate="blanked",
    ),
    "MS206": DeliveryText(
        "Records of {file} have a code in {field} that is not on the list of the layout",
        "What is alleged and how old the child is cannot be told from an unknown code",
        _CORRECT,
    ),
    "MS207": DeliveryText(
        "Records of {file} are replaced by another of the same report and child further down",
        "A child appears once in a report; the last record is the correction, and is kept",
        "Nothing needs to be done where that is meant; otherwise merge the records at their source",
        fate="dropped",
    ),
    "MS208": DeliveryText(
        "Records of {file} have something in {field} that is not on the list of the layout",
        "No child is left out for it: the field was left blank, which counts as unknown",
        _CORRECT,
        fate="blanked",
    ),
    "MS209": DeliveryText(
        "Records of {file} have a birth date in {field} after the report, or more than 21 years "
        "before it",
        "Nobody in a Child File is so old, and the age that the record gives is possible; the "
        "date was left blank, and the age counts",
        _CORRECT,
        fate="blanked",
    ),
    "MS210": DeliveryText(
        "Records of {file} have something in {field} that is not on the list of the layout",
        "No table keeps the field, so nothing was lost",
        _CORRECT,
        fate="kept",
    ),
    "MS211": DeliveryText(
        "Records of {file} have a date in {field} that is out of order",
        "An incident comes before its report, and the report before its investigation and its "
        "disposition; only the date of the report decides a quarter, so the records were kept",
        _CORRECT,
        fate="kept",
    ),
    "MS212": DeliveryText(
        "Records of {file} were closed in another federal year than their {field}",
        "A Child File holds the reports with a disposition from October to September of its year; "
        "no figure rests on it, so the records were kept",
        _CORRECT,
        fate="kept",
    ),
    "MS213": DeliveryText(
        "Records of {file} have a victim, and in {field} a report without one",
        "The disposition of a report is its most severe one; the levels of the maltreatments "
        "decide what a child counts as, so the records were kept",
        _CORRECT,
        fate="kept",
    ),
    "MS214": DeliveryText(
        "Records of {file} have a maltreatment without its {field}, or the level without it",
        "The two stand together; the record was kept as it is",
        _CORRECT,
        fate="kept",
    ),
    "MS215": DeliveryText(
        "Records of {file} have a victim and no {field}",
        "A victim has a perpetrator, known or not; the child was kept, of unknown relationship",
        _CORRECT,
        fate="kept",
    ),
    "MS216": DeliveryText(
        "Records of {file} hold a perpetrator responsible in {field} for what is not there",
        "Each mark belongs to a maltreatment of the child and to a perpetrator; the records were "
        "kept",
        _CORRECT,
        fate="kept",
    ),
    "MS217": DeliveryText(
        "Records of {file} repeat a value among the places of {field}",
        "A maltreatment or a perpetrator stands once in a record; each counts once, and the "
        "records were kept",
        _CORRECT,
        fate="kept",
    ),
    "MS218": DeliveryText(
        "Records of {file} have a code in {field} that is no county of the state",
        "Such a record counts as of an unknown county",
        _CORRECT,
        fate="kept",
    ),
    "MS219": DeliveryText(
        "Records of {file} have an age in {field} that the birth date contradicts by over a year",
        "The two say the same thing twice; the age counts, and the records were kept",
        _CORRECT,
        fate="kept",
    ),
}
