"""The texts of the numbers about a delivery as a whole, and about lines whatever their format.

Belongs here: MS101 to MS161. Does not belong here: numbers about the fields of one format
(`error_texts`).
"""

from failures.exits import Exit
from sources.error_form import RESEND, DeliveryText

DELIVERY = {
    "MS101": DeliveryText(
        "No delivery of {agency} for {quarter} has arrived",
        "A delivery begins with manifest.json, and silence is never read as zero",
        "Send the files and then the manifest, or send a manifest of kind nil",
    ),
    "MS102": DeliveryText(
        "The manifest of {agency} for {quarter} cannot be read",
        "It must be one JSON object in UTF-8, below 1 MB, with no key given twice",
        "Write it again with `moshare deliver`",
    ),
    "MS103": DeliveryText(
        "The manifest has no valid entry for {field}",
        "Every entry must be present and have the type and form that the delivery format names",
        "Correct this entry and put the manifest into the inbox again",
    ),
    "MS104": DeliveryText(
        "The manifest has a key at {field} that the delivery format does not know",
        "An unknown key may be a misspelt one, so it is refused rather than passed over",
        "Remove the key or correct its name",
    ),
    "MS105": DeliveryText(
        "The manifest names another {field} than the folder it lies in",
        "A delivery in the wrong folder would replace the wrong numbers",
        "Move it to the folder it belongs to, or correct the manifest",
    ),
    "MS106": DeliveryText(
        "The manifest names a contract that {agency} does not have",
        "Files are read by the contract alone, never by guessing",
        "Name the contract that was agreed, for instance {expected}",
    ),
    "MS107": DeliveryText(
        "The files of the manifest do not match the contract in the role {field}",
        "Each required role appears once, each optional role at most once, and no other",
        "Give each file one of the contract's roles, {expected}, and send it again",
    ),
    "MS108": DeliveryText(
        "The manifest's kind and its list of files contradict each other",
        "A nil delivery has no file; a full or delta delivery has at least one",
        "Correct the kind or the list of files",
    ),
    "MS109": DeliveryText(
        "The file {file} named in the manifest is not in the inbox",
        "A delivery is read whole or not at all",
        "Put the file beside the manifest, then write the manifest last",
    ),
    "MS110": DeliveryText(
        "{file} in the inbox is not a plain file or folder of its own",
        "Links, devices and paths to elsewhere are never followed",
        "Copy the content itself into the inbox",
    ),
    "MS111": DeliveryText(
        "The file {file} does not have the sha256 that the manifest gives",
        "It was changed or damaged after the manifest was written",
        "Transfer it again, or write a new manifest with `moshare deliver`",
    ),
    "MS112": DeliveryText(
        "The file {file} does not have the number of bytes that the manifest gives",
        "It was cut short, extended or converted on its way",
        "Transfer it again in binary mode",
    ),
    "MS113": DeliveryText(
        "The file {file} does not have the number of rows that the manifest gives",
        "Rows are the lines that are not blank, without the header of a CSV file; of NIBRS XML "
        "they are its reports",
        "Write a new manifest with `moshare deliver`, which counts them",
    ),
    "MS114": DeliveryText(
        "The sequence of this delivery is not above the last accepted one ({last})",
        "An older delivery must not replace a newer one",
        "Send it again with a higher sequence",
    ),
    "MS115": DeliveryText(
        "A different delivery with this sequence was accepted before",
        "An accepted delivery is never changed",
        "Send the correction with the next sequence",
    ),
    "MS116": DeliveryText(
        "More of {file} had to be set aside than the contract allows ({share})",
        "What would be left is no longer a fair picture of the quarter",
        "Read the problems listed in the receipt. " + RESEND,
    ),
    "MS117": DeliveryText(
        "The file {file} is not a text file of lines",
        "A stretch of more than 1 MiB has no line end",
        "Check that the file is what its role says, and unencrypted. " + RESEND,
    ),
    "MS118": DeliveryText(
        "The quarter is not written as a year, the letter Q and a number from 1 to 4",
        "Every folder, table and command uses this one form",
        "Write it like 2025Q1",
        Exit.USAGE,
    ),
    "MS119": DeliveryText(
        "There is no agency of that name",
        "Only agencies with a contract can deliver",
        "Use one of: {agencies}",
        Exit.USAGE,
    ),
    "MS120": DeliveryText(
        "The delivery of {agency} for {quarter} could not be worked through on this machine",
        "Reading or writing failed for a reason outside the delivery: disk, rights or memory",
        "Check free space and rights of the data home, then ingest again; nothing was half-loaded",
    ),
    "MS121": DeliveryText(
        "The required file {file} holds no record",
        "An empty file and an agency with nothing to report must not look alike",
        "If there is nothing to report, send a delivery of kind nil",
    ),
    "MS122": DeliveryText(
        "No delivery of {agency} for {quarter} has arrived, and its inbox has a folder {file}",
        "Only folders whose names are written like {quarter} are looked at",
        "Rename the folder to {quarter}",
    ),
    "MS123": DeliveryText(
        "The folder of {agency} in {zone} is a link",
        "Whoever can change where it leads could have other files taken in, or receipts written "
        "elsewhere",
        "Put a folder in its place; to keep deliveries on another disk, mount it there",
    ),
    "MS124": DeliveryText(
        "The manifest of {agency} says that its data are of a day to come",
        "The entry as_of is the day on which the data were taken, and lies after today by the "
        "hub's clock",
        "Correct as_of and send the delivery again with the same sequence; if it is right, have "
        "the hub's clock set",
    ),
    "MS125": DeliveryText(
        "The sequence of this delivery runs far ahead of the last accepted one ({last})",
        "Deliveries of a quarter are numbered 1, 2, 3 and so on; 9999 is the last number there "
        "is, and after it nothing could be corrected",
        "Send it again with the sequence that follows {last}",
    ),
    "MS126": DeliveryText(
        "The name of a file cannot be used; see {field} in the manifest",
        "A name is made of the letters A to Z and a to z, digits, '.', '_' and '-', begins with a "
        "letter or a digit, and has at most 100 characters; blanks are not among them. No two "
        "files have one name, in capitals or not, and none is manifest.json or receipt.json",
        "Rename the file, and deliver it again",
    ),
    "MS127": DeliveryText(
        "A delivery of {agency} for {quarter} waits in the inbox and was not taken in yet",
        "Another one in its place would replace it unread, and a delivery is never lost",
        "Wait for its receipt in the outbox and deliver then; or withdraw it by taking its "
        "manifest.json away",
    ),
    "MS128": DeliveryText(
        "This delivery has sequence {sequence}, and the one before it, {missing}, was never "
        "accepted",
        "A number that is left out may stand for a delivery that was lost on its way",
        "If one is missing, send what it held with the next sequence; if the number was passed "
        "over, there is nothing to do",
    ),
    "MS129": DeliveryText(
        "This delta is for a quarter of which no full delivery was accepted before",
        "A delta adds to a full delivery or corrects it; alone it is a part of the quarter, and "
        "the numbers made from it are too low",
        "Send the quarter's full delivery, and this delta again behind it with a higher sequence",
    ),
    "MS151": DeliveryText(
        "This delivery has far more or far fewer lines for the table {field} than the quarters "
        "before",
        "It has less than half or more than twice of what is usual; both happen, and both are what "
        "a wrong extract looks like",
        "Compare the extract with its source; if it is right, there is nothing to do",
        fate="kept",
    ),
    "MS152": DeliveryText(
        "{field} is blank or unknown far more often than in the quarters before",
        "The share of lines without it is more than ten percentage points higher",
        "Look at whether the field is still exported; if it is right, there is nothing to do",
        fate="kept",
    ),
    "MS153": DeliveryText(
        "{field} holds a code that it held in none of the quarters before",
        "The code is on the list of the layout, so it may be right; a new one is often a changed "
        "export",
        "Look at what changed in the export; if it is right, there is nothing to do",
        fate="kept",
    ),
    "MS154": DeliveryText(
        "Nothing was compared, for the former delivery {file} would itself be rejected with "
        "{number}",
        "What a delivery changes can be told only beside one that counts",
        "Validate the former delivery by itself, and give the one that was accepted",
        Exit.USAGE,
    ),
    "MS155": DeliveryText(
        "There is no contract of that name",
        "Files are read by the contract alone, never by guessing",
        "Use one of: {contracts}",
        Exit.USAGE,
    ),
    "MS156": DeliveryText(
        "The files that were given do not fit the roles of the contract",
        "Files take the roles of the contract in their order, unless one is named before the path, "
        "as in role=path",
        "Give files for these roles, each once: {expected}",
        Exit.USAGE,
    ),
    "MS157": DeliveryText(
        "{file} cannot be unpacked",
        "It is damaged or cut short, or not packed in the way that the end of its name says: .gz "
        "stands for gzip, .zst for Zstandard, .zip for a ZIP file, stored or deflated",
        "Pack it again and transfer it in binary mode, or send what was in it",
    ),
    "MS158": DeliveryText(
        "{file} holds too much to be unpacked",
        "What comes out of a packed file may have 8 GiB, and 200 times the bytes of the file where "
        "that is more than 16 MiB; more than that is taken for a fault",
        "Look at what was packed, and send it unpacked, which has no limit",
    ),
    "MS159": DeliveryText(
        "The ZIP file {file} does not hold one file",
        "Which of several is meant is not guessed; some programs add a hidden one of their own, or "
        "a folder",
        "Pack the file alone, with gzip or as the one member of a ZIP file",
    ),
    "MS160": DeliveryText(
        "The ZIP file {file} is locked with a password",
        "The hub has no password, and one that travels beside its file protects nothing",
        "Pack the file without a password",
    ),
    "MS161": DeliveryText(
        "The file within {file} is named with a folder",
        "Paths to elsewhere are never followed, not even within a ZIP file",
        "Pack the file from within its own folder, so that it is named without one",
    ),
    "MS150": DeliveryText(
        "The hub's contract {file} cannot be used",
        "{problem}",
        "Restore the file at the hub; what was delivered waits, and other agencies are not touched",
        Exit.USAGE,
    ),
}

DISGUISES = {
    "MS132": DeliveryText(
        "{file} is compressed or an archive",
        "A file is unpacked where the end of its name, .gz, .zst or .zip, says how, and once only; "
        "nothing else is unpacked",
        "Unpack it and send what was in it, or pack that once in one of these ways",
    ),
    "MS133": DeliveryText(
        "{file} is a spreadsheet or another Office document",
        "The contract asks for lines of plain text, in which every character has its position",
        "Export plain text from the system that made the records",
    ),
    "MS134": DeliveryText(
        "{file} is XML or HTML",
        "The contract asks for lines of plain text; of XML, only the FBI's NIBRS XML is taken, in "
        "the role nibrs",
        "Export the format that the contract names",
    ),
    "MS135": DeliveryText(
        "{file} is written in EBCDIC",
        "The contract asks for ASCII; the transfer from the mainframe did not convert it",
        "Transfer it in text mode, or convert it to ASCII, and send it again",
    ),
    "MS136": DeliveryText(
        "The lines of {file} end in a carriage return alone",
        "Lines end in a line feed, with or without a carriage return before it",
        "Save it with line ends of Unix or Windows, and send it again",
    ),
    "MS137": DeliveryText(
        "{file} is written in UTF-16 or UTF-32",
        "The contract asks for one byte a character, in ASCII",
        "Save it as ASCII or UTF-8, and send it again",
    ),
    "MS138": DeliveryText(
        "{file} is a file of a database or of columns, such as Parquet, or a PDF",
        "The contract asks for lines of plain text; Parquet is read where the name of the file "
        "ends with .parquet",
        "Export the format that the contract names, or name the file by what it is",
    ),
    "MS139": DeliveryText(
        "{file} is encrypted",
        "A file is decrypted where the end of its name, .age, .pgp, .gpg or .asc, says how, and "
        "once only",
        "Give it the end of the way in which it is encrypted, and write a new manifest, or encrypt "
        "it with `moshare deliver --encrypt-to`",
    ),
}

LINES = {
    "MS131": DeliveryText(
        "Lines of {file} hold characters that the format does not allow",
        "A record is made of printable ASCII characters and blanks; tabs, control characters and "
        "accented letters shift or corrupt its fields",
        "Export the file in ASCII and send the records in the next delivery",
    ),
    "MS141": DeliveryText(
        "The header of {file} is not the one of a token file",
        "The contract names the columns {header}, and the first line must read so and no other way",
        "Make the file with `moshare tokenize`. " + RESEND,
    ),
    "MS142": DeliveryText(
        "Rows of {file} do not have the two values of a token row",
        "Each row is a record key, a comma and a token; neither may be empty",
        "Make the file again with `moshare tokenize`",
    ),
    "MS143": DeliveryText(
        "Rows of {file} hold a {field} that no recipe makes",
        "A token of another form cannot come from the agreed keyed hash",
        "Make the file again with `moshare tokenize`",
    ),
    "MS144": DeliveryText(
        "Rows of {file} repeat a {field}",
        "A record has one token; only its first row is kept",
        "Make the file again with `moshare tokenize`",
    ),
    "MS145": DeliveryText(
        "The manifest carries a roster of police agencies, and its contract has none",
        "Only the body that keeps the list of who reports can say who does",
        "Take agency_roster out of the manifest",
    ),
    "MS146": DeliveryText(
        "The roster of police agencies cannot be read",
        "It is a CSV file in UTF-8 with the header ori,month,reporting and one row for each "
        "agency and month: nine letters and digits, a month like 2025-01, and yes or no",
        "Export it from the list of who takes part, and deliver again",
        Exit.USAGE,
    ),
    "MS147": DeliveryText(
        "The roster of police agencies is not complete",
        "It names each agency once, with every month of the quarter and no other, so that nothing "
        "left out is taken for an answer",
        "Complete the roster and deliver again",
    ),
    "MS148": DeliveryText(
        "Zero reports of {file} are of agencies and months that did not report by the roster",
        "Who sends a zero report does report, so one of the two is wrong; the release says what "
        "the roster says",
        "Correct the roster in the next delivery, or the zero reports",
        fate="kept",
    ),
    "MS149": DeliveryText(
        "Nothing of {file} could be used: every line had to be set aside",
        "A file of which nothing is left and an agency with nothing to report must not look alike",
        "Read the problems listed in the receipt. " + RESEND,
    ),
}
