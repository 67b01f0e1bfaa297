"""Files of every format with faults in them, made at random from a seed, for `faults`.

Belongs here: making and changing files. Does not belong here: taking them in.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from random import Random

import pyarrow as pa
from nibrs_lines import report, segment

from simulator.xml_twin import say_in_xml
from sources.contracts import current_contract
from sources.layout import load_ncands_layout

MARK = b"XQZJ"
QUARTER = "2025Q1"
IN_XML = "mshp in XML"
AGENCIES = ("dss", "mshp", IN_XML, "hotline")
_COUNTS = "quarter,measure,relationship_group,count"


def _child(number: int) -> str:
    values = {
        "subyr": "2025",
        "staterr": "MO",
        "rptid": f"REPORT{number:06d}",
        "chid": f"CHILD{number:07d}",
        "rptcnty": "189",
        "rptdt": "01152025",
        "chage": "15",
        "chsex": "2",
        "chmal1": "7",
        "mal1lev": "01",
    }
    line = [" "] * 338
    for name, value in values.items():
        field = load_ncands_layout().field(name)
        line[field.start - 1 : field.end] = value.ljust(field.length)
    return "".join(line)


def make_files(agency: str) -> dict[str, bytes]:
    """Good files of an agency, by role."""
    tokens = ["record_key,token", *(f"K{number},{number:064x}" for number in range(4))]
    if agency == "dss":
        lines = {"child_file": [_child(number) for number in range(24)], "tokens": tokens}
    elif agency == "mshp":
        police = [
            *report("I1", arrests=["64A"]),
            *report("I2", "15", "1621"),
            segment("1", "I2", "D"),
            *report("I2"),
            segment("1", "I1", "M"),
            segment("4", "I1", "A", victim_sequence_number="002"),
            segment("3", "I1", "A"),
            segment("6", "I3", "W"),
            segment("7", "", "A"),
            segment("0", "", "A"),
            *(line for number in range(4, 12) for line in report(f"I{number}", "30")),
        ]
        lines = {"nibrs": police, "tokens": tokens}
    elif agency == IN_XML:
        police = [
            *(line for number in range(4) for line in report(f"I{number}", arrests=["64A"])),
            segment("1", "I2", "D"),
            *report("I2"),
            segment("7", "", "A"),
            segment("0", "", "A"),
        ]
        lines = {"nibrs": "".join(say_in_xml(police)).splitlines(), "tokens": tokens}
    else:
        cells = [
            f"{QUARTER},{measure},{group},{0 if place else 5}"
            for measure, groups in current_contract("hotline").cells.items()
            for place, group in enumerate(groups)
        ]
        fields = [{"name": name, "type": "string"} for name in _COUNTS.split(",")]
        resource_of = {"name": "counts", "path": "counts.dat", "schema": {"fields": fields}}
        lines = {
            "datapackage": [json.dumps({"resources": [resource_of]})],
            "counts": [_COUNTS, *cells],
        }
    return {role: "".join(f"{line}\n" for line in text).encode() for role, text in lines.items()}


def mutate(content: bytes, chance: Random) -> bytes:
    """A file with one to four faults."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_FAULTS)(content, chance)
    return content


def _pack(content: bytes, ending: str) -> bytes:
    if ending == ".gz":
        return gzip.compress(content, mtime=0)
    if ending == ".zst":
        packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
        return packed
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{MARK.decode()}.dat", content)
    return written.getvalue()


def make_mutated(seed: int) -> tuple[str, dict[str, tuple[str, bytes]]]:
    """An agency and its files, by role: name and content, one of them with faults.

    In a third of them the file with faults is packed, in half of these before it got them.
    """
    chance = Random(seed)  # noqa: S311
    form = chance.choice(AGENCIES)
    files = {role: (f"{role}.dat", content) for role, content in make_files(form).items()}
    role = chance.choice(sorted(files))
    name, content = files[role]
    content = mutate(content, chance)
    ending = chance.choice(("", "", "", "", "", "", ".gz", ".zst", ".zip"))
    if ending and chance.random() < 0.5:
        content = mutate(_pack(make_files(form)[role], ending), chance)
    elif ending:
        content = _pack(content, ending)
    files[role] = (name + ending, content)
    return form.split()[0], files


def _change_bytes(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 5, 50)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _put_mark(content: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + MARK + content[place + chance.choice((0, len(MARK))) :]


def _put_character(content: bytes, chance: Random) -> bytes:
    odd = ("\x00", "\t", "\r", "\x1a", "'", '"', ";", "%", "{", "é", "\ufeff", "\u2028", "\udcff")
    place = chance.randrange(len(content) + 1)
    character = chance.choice(odd).encode("utf-8", "surrogatepass")
    return content[:place] + character * chance.choice((1, 1, 3)) + content[place:]


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _change_lines(content: bytes, chance: Random) -> bytes:
    lines = content.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    how = chance.choice(("swap", "repeat", "drop", "join", "shift", "shuffle"))
    if how == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif how == "repeat":
        lines[first:first] = [lines[second]] * chance.choice((1, 2, 30))
    elif how == "drop":
        del lines[first]
    elif how == "join":
        lines[first] += lines[second]
    elif how == "shift":
        lines[first] = b" " * chance.randint(1, 9) + lines[first]
    else:
        chance.shuffle(lines)
    return b"\n".join(lines)


def _change_field(content: bytes, chance: Random) -> bytes:
    lines = content.split(b"\n")
    number = chance.randrange(len(lines))
    line = lines[number]
    start = chance.randrange(len(line) + 1)
    text = chance.choice((b"", b" ", b"0", b"9", b"-1", b"99999999", b"20251301", b"D", b"M", b"R"))
    width = chance.randint(1, 12)
    lines[number] = line[:start] + text.ljust(width)[:width] + line[start + width :]
    return b"\n".join(lines)


def _change_ends(content: bytes, chance: Random) -> bytes:
    ends = (b"\r\n", b"\r", b"\n\n", b"", b" \n")
    return content.replace(b"\n", chance.choice(ends), chance.choice((-1, 1, 3)))


def _grow(content: bytes, chance: Random) -> bytes:
    return content + chance.choice((b"A", b"\x00", b"\n", b" ")) * chance.choice(
        (1, 10_000, 1 << 21)
    )


_FAULTS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_change_bytes, _put_mark, _put_character, _cut, _change_lines, _change_field, _change_field),
    *(_change_lines, _change_ends, _grow),
)
