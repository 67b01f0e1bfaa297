"""The texts of the numbers about the AFCARS Out-of-Home Care file: MS220 to MS243.

Does not belong here: the form of an XML file (`nibrs_xml_error_texts`: MS343 to MS345).
"""

from sources.error_form import CORRECT, RESEND, DeliveryText

AFCARS = {
    "MS220": DeliveryText(
        "The file {file} is of another agency than the contract's",
        "E1 must be {expected}, which stands for the agency whose children the contract covers; a "
        "tribe's agency and another state have files and contracts of their own",
        "Send the state's own file",
    ),
    "MS221": DeliveryText(
        "The file {file} does not say of which half-year it is",
        "E2 is written yyyy03 for October to March and yyyy09 for April to September",
        RESEND,
    ),
    "MS222": DeliveryText(
        "The file {file} is of another half-year than the one that {quarter} closes",
        "The first quarter closes the half-year to March (E2 yyyy03), the third the one to "
        "September (yyyy09), and a file lies in the folder of the quarter that closes its own",
        "Deliver it for the right quarter, or send the right file",
    ),
    "MS223": DeliveryText(
        "The file {file} is no AFCARS Out-of-Home Care file",
        "It must be XML whose outermost element is data in the namespace http://www.acf.hhs.gov; "
        "the text file of AFCARS 1993 is another format, and an encrypted file is opened only "
        "where it is encrypted to the hub",
        "Export the file of AFCARS 2020, as it is before it is encrypted for the federal "
        "government",
    ),
    "MS224": DeliveryText(
        "Children of {file} have a record number in {field} that is not 12 characters",
        "It is the only name of a child in all files, so that nobody can say which child it is",
        CORRECT,
    ),
    "MS225": DeliveryText(
        "Children of {file} have the record number of a child further up",
        "A child stands once in a file; the first record was kept, as the federal government does",
        "Merge the records at their source and send the file again",
    ),
    "MS226": DeliveryText(
        "Children of {file} have a birth date in {field} that is none, or lies after the half-year",
        "It was left blank and the child kept, of unknown age",
        CORRECT,
        fate="blanked",
    ),
    "MS227": DeliveryText(
        "Children of {file} have elements that AFCARS does not have, or has in another part",
        "They were passed over with all that is in them, and the child was kept; their names are "
        "not repeated here",
        "Look at whether something that should count was written under another name or in another "
        "place",
        fate="kept",
    ),
    "MS228": DeliveryText(
        "Parts of {file} have a code in {field} that is not on its list",
        "It was left blank, which stands for not known and never for no",
        CORRECT,
        fate="blanked",
    ),
    "MS229": DeliveryText(
        "Parts of {file} were set aside with their child or their removal",
        "Nobody can say whose they are; what an earlier file told of the child stands meanwhile",
        "Look at the other problems of the file",
    ),
    "MS230": DeliveryText(
        "Reports of {file} have something in {field} that is not a date",
        "It must be a calendar date written yyyymmdd; numbers like 66666666 are none. It was left "
        "blank and the report kept, of an unknown day",
        CORRECT,
        fate="blanked",
    ),
    "MS231": DeliveryText(
        "Parts of {file} have a date in {field} after the half-year of the file",
        "It may be right, and counts in no quarter before its own, so the part was kept",
        "Look at whether the date is meant",
        fate="kept",
    ),
    "MS232": DeliveryText(
        "Removals of {file} have no date in {field}",
        "It must be a calendar date written yyyymmdd; with the child it is the key of a removal",
        CORRECT,
    ),
    "MS233": DeliveryText(
        "Removals of {file} have something in {field} that is no date, or one before the removal",
        "Blank means that the child is in care, so a date that cannot be read may not count as "
        "blank; an end before the beginning is none",
        CORRECT,
    ),
    "MS234": DeliveryText(
        "Removals of {file} are told a second time with the same {field}",
        "A child is removed once on a day; the first was kept",
        "Merge the two at their source",
    ),
    "MS235": DeliveryText(
        "Parts of {file} have something in {field} that another answer of theirs contradicts",
        "Each was kept as it is told; no answer is drawn from another",
        CORRECT,
        fate="kept",
    ),
    "MS236": DeliveryText(
        "Parts of {file} have a date in {field} that is out of order",
        "Birth comes before removal and report, removal before living arrangement, and that before "
        "the exit; the part was kept",
        CORRECT,
        fate="kept",
    ),
    "MS237": DeliveryText(
        "Removals of {file} have a code in {field} that is no county of the state",
        "Such a removal counts as of an unknown county",
        CORRECT,
        fate="kept",
    ),
    "MS238": DeliveryText(
        "Reports of {file} have a date in {field} before the newest removal",
        "A child who came back into care may rightly have one of an earlier stay; it was kept",
        "Nothing needs to be done where that is meant",
        fate="kept",
    ),
    "MS239": DeliveryText(
        "Living arrangements of {file} begin on one day, by their {field}",
        "Their order in the file was taken for their order in time",
        "Look at whether one of them is a mistake",
        fate="kept",
    ),
    "MS240": DeliveryText(
        "Former removals of {file} have a date in {field} from October 2022 on",
        "A stay that ended then is told as a removal of 2020, with its circumstances and living "
        "arrangements; it was kept as one without them",
        CORRECT,
        fate="kept",
    ),
    "MS241": DeliveryText(
        "Living arrangements of {file} have no date in {field}",
        "It must be a calendar date written yyyymmdd; without it nobody can say when it began",
        CORRECT,
    ),
    "MS242": DeliveryText(
        "Children of {file} have another birth date in {field} than the Child File has",
        "The two have one number for a child by contract, and should agree; a child was never "
        "looked for by its birth date, and both records were kept",
        "Look at which of the two is right",
        fate="kept",
    ),
    "MS243": DeliveryText(
        "No child of the delivery bears a number that the file of {agency} has",
        "By contract both have one number for a child, and some children stand in both; where none "
        "does, the two are probably encrypted differently",
        "Ask the agency whether it wrote both from its own number; until then nothing is joined",
        fate="kept",
    ),
    "MS244": DeliveryText(
        "Of the children of the delivery, {share} bear a number that the file of {agency} has",
        "By contract both have one number for a child, and not every child stands in both",
        "Nothing needs to be done",
        fate="kept",
    ),
}
