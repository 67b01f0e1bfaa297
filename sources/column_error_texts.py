"""The texts of the numbers about deliveries in columns, and about drawing them from a database.

Belongs here: MS164 to MS169. Does not belong here: any rule about the fields of a format
(`error_texts`).
"""

from failures.exits import Exit
from sources.error_form import DeliveryText

COLUMNS = {
    "MS164": DeliveryText(
        "{file} is no Parquet file that can be read, or its format has no columns",
        "A file whose name ends with .parquet is read by columns; it is damaged or encrypted, or "
        "the contract's format has lines of several kinds, or none",
        "Write it again, or deliver the plain file that the contract names",
    ),
    "MS165": DeliveryText(
        "The database was not read: {problem}",
        "A delivery is read whole or not at all, and the inbox is as it was",
        "Mend that, and deliver again",
        Exit.USAGE,
    ),
    "MS166": DeliveryText(
        "The columns of {file} are not those of its format: {problem}",
        "A column is named as the field that it holds, in lower case; one that is missing is not "
        "taken for blank, and one too many may be another that is misspelt",
        "Name the columns as the format does; where your system has no such field, give the column "
        "with NULL in each row",
    ),
    "MS167": DeliveryText(
        "The column {field} of {file} cannot be taken as it is: {problem}",
        "What stands in a field is text of its width; nothing is cut, rounded or put into another "
        "form by guessing",
        "Cast it to the text of the field where the records are, in the view, and deliver again",
    ),
    "MS168": DeliveryText(
        "{file} has several rows of one record, which is named by {keys}",
        "Rows of a database have no order, so nobody can tell which of them stands",
        "Let the view give the row that stands, and deliver again",
        Exit.USAGE,
    ),
    "MS169": DeliveryText(
        "No record changed on {text} or later, and nothing was delivered",
        "A delta holds what changed since a day, by the column that was named",
        "There is nothing to do",
        Exit.OK,
    ),
}
