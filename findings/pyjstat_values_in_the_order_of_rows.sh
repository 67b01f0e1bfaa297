#!/bin/sh
# pyjstat 2.4.0 writes the values of a table into JSON-stat in the order of the table's rows, though the format
# places a value by its cell alone, in row-major order of the categories (JSON-stat 2.0, `value`). A table whose
# rows stand in another order, each cell present once, becomes a well-formed data set with counts in other
# cells, and nothing is said.
# Seen: of "007 M: 2, 029 M: 4" comes "007 M: 4, 029 M: 2"; sorted by its cells first, the table comes out as it was.
# Ends with 1 if either is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyjstat==2.4.0 pandas==3.0.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import pandas as pd
from pyjstat import pyjstat

print("pyjstat", version("pyjstat"), "pandas", version("pandas"))
rows = [("007", "F", 1), ("029", "M", 4), ("029", "F", 3), ("007", "M", 2)]
table = pd.DataFrame(rows, columns=["county", "sex", "value"])


def there_and_back(given: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Counts by cell, after the table was written as JSON-stat and read again."""
    read = pyjstat.Dataset.read(pyjstat.Dataset.read(given).write()).write("dataframe")
    return {(row.county, row.sex): int(row.value) for row in read.itertuples()}


truth = {(county, sex): count for county, sex, count in rows}
as_it_stands, in_order = there_and_back(table), there_and_back(table.sort_values(["county", "sex"]))
print("given:       ", dict(sorted(truth.items())))
print("as it stands:", dict(sorted(as_it_stands.items())))
print("sorted first:", dict(sorted(in_order.items())))
moved = {cell: as_it_stands[cell] for cell in sorted(truth) if as_it_stands[cell] != truth[cell]}
print("cells with another count:", moved)
sys.exit(not (moved == {("007", "M"): 4, ("029", "M"): 2} and in_order == truth))
PYTHON
