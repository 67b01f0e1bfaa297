"""Files that are not what their role says, told by how they begin.

Belongs here: the signs of other formats, encodings and line ends. Does not belong here: what a file
of lines may hold (`fixed_width`), nor opening what is packed (`containers`): what comes out is
looked at here like any other file.

Signs are the first bytes that each format's own specification gives, and for text the bytes that no
ASCII file has: EBCDIC (code page 37) writes letters and digits as bytes from 81 to F9; ASCII in
UTF-16 has a zero in every second byte, and in UTF-32 three in every four.
"""

import re
from typing import BinaryIO

from sources.case_records import is_case_header
from sources.contracts import ContractFile
from sources.errors import SourcesError

HEAD_BYTES = 1 << 16

_COMPRESSED = (
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"PK\x03\x04",
    b"PK\x05\x06",  # an empty archive
)
_COLUMNAR = (b"PAR1", b"ARROW1", b"ORC", b"Obj\x01", b"SQLite format 3\x00", b"%PDF-")
_ENCRYPTED = (b"-----BEGIN ", b"Salted__", b"age-encryption.org/")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE_PARTS = (b"[Content_Types].xml", b"xl/", b"mimetypeapplication/vnd.")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ZEROS = (
    [False, True, False, True],
    [True, False, True, False],
    [False, True, True, True],
    [True, True, True, False],
)
"""Which of four bytes in a row are zero in UTF-16 and UTF-32, of either byte order."""

_ALL = 0.95
"""As good as all of a file: one that was damaged on its way is still what it is."""

_EBCDIC_WORDS = "".join(map(chr, [*range(48, 58), *range(65, 91), *range(97, 123)])).encode("cp037")
_EBCDIC_PLAIN = _EBCDIC_WORDS + " ,.-/_:{}'\"\r\n".encode("cp037") + b"\x15"


def refuse_disguise(content: BinaryIO, file: str, agreed: ContractFile | None) -> None:
    """Refuse a file that is plainly of another format than text of lines.

    Args:
        content: What the file holds; only its beginning is read.
        file: Its name.
        agreed: What the contract says of it; None where it knows none of its role.

    Raises:
        SourcesError: MS132 compressed, MS133 a spreadsheet, MS134 XML, MS135 EBCDIC, MS136 lines
            that end in CR alone, MS137 UTF-16 or UTF-32, MS138 Parquet and the like, MS139
            encrypted, MS413 case records, or a workbook in place of totals.
    """
    head = content.read(HEAD_BYTES)
    file_format = agreed.format if agreed else ""
    if agreed and agreed.may_be_xml and is_xml(head):  # whose lines may end in any way
        return
    code = _find_format(head) or _find_encoding(head)
    if _names_case_fields(head) or (code == "MS133" and file_format in {"counts", "datapackage"}):
        code = "MS413"
    if not code and file_format != "datapackage" and _ends_in_returns(head):
        code = "MS136"
    if code:
        raise SourcesError(code, file=file)


def _names_case_fields(head: bytes) -> bool:
    """Whether the first line is the header of case records; nothing behind it is looked at."""
    first = head.removeprefix(_BYTE_ORDER_MARK).partition(b"\n")[0].decode("latin-1")
    return is_case_header(re.split("[,;\t]", first))


def is_xml(head: bytes) -> bool:
    """Whether a file that begins so is XML or HTML: its first character that is not blank is `<`.

    No line of a flat file begins so.
    """
    return head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"<")


def _find_format(head: bytes) -> str:
    if head.startswith(_OLD_OFFICE):
        return "MS133"
    if head.startswith(_COMPRESSED):
        is_office = head.startswith(b"PK") and any(part in head for part in _OFFICE_PARTS)
        return "MS133" if is_office else "MS132"
    if head.startswith(_COLUMNAR):
        return "MS138"
    if head.startswith(_ENCRYPTED):
        return "MS139"
    return "MS134" if is_xml(head) else ""


def _find_encoding(head: bytes) -> str:
    if head.startswith(_WIDE_MARKS) or _is_wide(head):
        return "MS137"
    return "MS135" if _is_ebcdic(head) else ""


def _is_wide(head: bytes) -> bool:
    """Whether zeros stand where UTF-16 or UTF-32 have them in ASCII text, and nowhere else."""
    quarters = [head[start::4] for start in range(4)]
    shares = [one.count(0) / len(one) if one else 0.5 for one in quarters]
    are_zero = [share > _ALL for share in shares]
    is_settled = all(share > _ALL or share < 1 - _ALL for share in shares)
    return is_settled and are_zero in _ZEROS


def _is_ebcdic(head: bytes) -> bool:
    plain, words = (
        len(head) - len(head.translate(None, known)) for known in (_EBCDIC_PLAIN, _EBCDIC_WORDS)
    )
    return plain > _ALL * len(head) and words > len(head) / 20 > 0


def _ends_in_returns(head: bytes) -> bool:
    return b"\n" not in head and len(list(filter(bytes.strip, head.split(b"\r")))) > 1
