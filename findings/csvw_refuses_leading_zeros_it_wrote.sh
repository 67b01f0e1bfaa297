#!/bin/sh
# CSV on the Web takes its number formats from Unicode's TR 35: "000" is a whole number of at least three digits,
# padded with zeros, as the county codes of a state are. csvw writes 29 in this format as 029 and then refuses
# 029 as not of the format, with "Invalid value"; a code that has no zero in front is read.
# Seen: csvw 4.1.1: "7 is written 007: refused", "29 is written 029: refused", "129 is written 129: read".
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check csvw==4.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from csvw import Table

print("csvw", version("csvw"))
column = {"name": "county", "datatype": {"base": "integer", "format": "000"}}
described = {"url": "t.csv", "tableSchema": {"columns": [column]}}
Path("t.csv-metadata.json").write_text(
    json.dumps({"@context": "http://www.w3.org/ns/csvw", **described})
)
seen = {}
for code in (7, 29, 129):
    table = Table.from_file("t.csv-metadata.json")
    table.write([{"county": code}])
    written = Path("t.csv").read_text().split()[1]
    try:
        read = "read" if list(table) == [{"county": code}] else "read as another"
    except ValueError as error:
        print(error)
        read = "refused"
    seen[code] = (written, read)
    print(f"{code} is written {written}: {read}")
sys.exit(seen != {7: ("007", "refused"), 29: ("029", "refused"), 129: ("129", "read")})
PYTHON
