"""The texts of the numbers about delivered totals, and about case records that are not taken.

Belongs here: MS185 and MS401 to MS421. Does not belong here: other formats (`error_texts`).
"""

from failures.exits import Exit
from sources.error_form import RESEND as _RESEND
from sources.error_form import DeliveryText

TOTALS = {
    "MS401": DeliveryText(
        "The header of {file} is not the one of a counts file",
        "The contract names the columns {header}, and the first line must read so and no other way",
        _RESEND,
    ),
    "MS402": DeliveryText(
        "A row of {file} does not have four values",
        "Each row is a quarter, a measure, a group of it and a count",
        _RESEND,
    ),
    "MS403": DeliveryText(
        "A row of {file} is of another quarter than the manifest",
        "A delivery speaks of one quarter",
        _RESEND,
    ),
    "MS404": DeliveryText(
        "A row of {file} has a {field} that the contract does not list",
        "Cells come from the contract, never from the data",
        _RESEND,
    ),
    "MS405": DeliveryText(
        "A row of {file} has a count that is not a whole number of at most nine digits",
        "Counts are 0, 1, 2 and so on, without sign, point or separator",
        _RESEND,
    ),
    "MS406": DeliveryText(
        "A cell appears twice in {file}",
        "Each group of a measure has one count",
        _RESEND,
    ),
    "MS407": DeliveryText(
        "{file} does not hold every cell of the contract",
        "A cell that is left out is not zero; nobody can tell what it is",
        "Write a row for each cell, with 0 where there was none",
    ),
    "MS411": DeliveryText(
        "{file} is not a data package description",
        "It must be one JSON object in UTF-8",
        _RESEND,
    ),
    "MS412": DeliveryText(
        "{file} does not describe the counts file as the contract does: see {field}",
        "The resource `counts` names the delivered file and its four fields in order, and no "
        "resource holds data itself",
        _RESEND,
    ),
    "MS413": DeliveryText(
        "{file} holds case records, or is a workbook that may hold them, and was not read",
        "Only totals may be given: of victim services because 28 CFR 94.115 and 34 USC "
        "12291(b)(2) forbid to disclose individual information, even encoded or hashed. No case "
        "record enters the hub, and nothing of this file is kept there",
        "Take the file out of the inbox, make totals of it on your own machine (`moshare "
        "aggregate` does of the hotline's records), and deliver those",
    ),
    "MS414": DeliveryText(
        "{file} cannot be read as case records",
        "It must be a CSV file in UTF-8 or Windows-1252, or a workbook of Excel without a password "
        "whose name ends with .xlsx or .xlsm, with all records on one sheet",
        "Save it in one of these forms, and make the totals again",
        Exit.USAGE,
    ),
    "MS415": DeliveryText(
        "{file} has no column {field}, or no header",
        "Totals rest on this field of HTCDS 2.0; a header names at least three fields of the "
        "standard, by name or by label, in one of the first five rows",
        "Export the field, or name the column that stands for it, and make the totals again",
        Exit.USAGE,
    ),
    "MS416": DeliveryText(
        "Records of {file} have no day in {field} that can be read: rows {lines}",
        "A record counts in one quarter, and nobody can tell in which; a day is written like "
        "2025-01-31 or 01/31/2025",
        "Fill in the day, and make the totals again",
        Exit.USAGE,
    ),
    "MS185": DeliveryText(
        "{file} has {field} in several columns: {columns}",
        "Totals rest on this field, and only one of these columns can be it; whichever was taken, "
        "the others would be lost in silence",
        "Leave the one that holds it, or rename the others, and make the totals again",
        Exit.USAGE,
    ),
    "MS417": DeliveryText(
        "The tables of {file} do not have the same number of children",
        "Each child stands in one cell of each table of children, so all of them add up to one sum",
        "Make the totals again with `moshare aggregate`, or correct them at their source",
    ),
    "MS418": DeliveryText(
        "{file} does not declare under {field} what the contract asks for",
        "It must say {wanted}, in this order and nothing else: what is in the totals and what is "
        "not was agreed, and totals that do not say so may be others",
        "Make the totals as the contract says, write that list into the description, and deliver "
        "again",
    ),
    "MS419": DeliveryText(
        "In {file} a cell of {part} is larger than the same cell of {whole}",
        "By the contract the first are among the second, so they are no more",
        "Correct the counts at their source",
    ),
    "MS420": DeliveryText(
        "The totals of {quarter} were made before it ended",
        "By its as_of the data were taken on a day of the quarter or before it, and a part of a "
        "quarter would be read as the whole",
        "Make the totals after the last day of the quarter, and deliver those",
    ),
    "MS421": DeliveryText(
        "The newest totals of {agency} for {quarter} came by the contract {later}, and the policy "
        "declares {contract}",
        "The older ones by {contract} were replaced, and are not told in their place",
        "Let a reviewed policy declare {later}, or let the agency deliver the quarter again by "
        "{contract}",
        Exit.USAGE,
    ),
}
