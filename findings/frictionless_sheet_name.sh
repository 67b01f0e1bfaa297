#!/bin/sh
# The Table Dialect of Data Package v2 names the sheet of a workbook by `sheetName`. frictionless does not read
# that property: it takes the first sheet whatever the dialect says, and so refuses a table that stands where the
# description says. Its own older form, `excel: {sheet: ...}`, works, which the standard does not know.
# Seen: frictionless 5.21.0 with openpyxl 3.1.5 on a workbook whose second sheet holds the table.
# Ends with 1 if this is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check frictionless==5.21.0 openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

from frictionless import Package
from openpyxl import Workbook

book = Workbook()
book.active.title = "Cover"
book.active.append(["Counts of a quarter"])
sheet = book.create_sheet("counts")
for row in (["county", "count"], ["Adair", 3], ["Boone", 5]):
    sheet.append(row)
book.save("counts.xlsx")

print("frictionless", version("frictionless"), "openpyxl", version("openpyxl"))


def is_valid(dialect: dict) -> bool:
    fields = [{"name": "county", "type": "string"}, {"name": "count", "type": "integer"}]
    resource = {"name": "counts", "type": "table", "path": "counts.xlsx", "format": "xlsx"}
    described = {**resource, "dialect": dialect, "schema": {"fields": fields}}
    with open("datapackage.json", "w", encoding="utf-8") as file:
        json.dump({"name": "counts", "resources": [described]}, file)
    report = Package("datapackage.json").validate()
    print(dialect, "valid" if report.valid else report.flatten(["type", "note"]))
    return report.valid


standard = is_valid({"sheetName": "counts", "headerRows": [1]})
older = is_valid({"excel": {"sheet": "counts"}, "headerRows": [1]})
sys.exit((standard, older) != (False, True))
PYTHON
