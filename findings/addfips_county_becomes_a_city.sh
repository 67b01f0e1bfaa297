#!/bin/sh
# addfips 0.4.2 files a county and an independent city of the same name under one bare name, and the row that
# comes later in its table, always the city, stays. So "Fairfax" of Virginia, as lists of counties write it, gets
# the code of the city of Fairfax. Only "Fairfax County" is
# the county, and no answer tells that a name had two meanings.
# Seen: Baltimore 24510, Fairfax 51600, Franklin 51620, Richmond 51760, Roanoke 51770, St. Louis 29510; with
# " County" 24005, 51059, 51067, 51159, 51161, 29189.
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check addfips==0.4.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from addfips import AddFIPS

print("addfips", version("addfips"))
EXPECTED = {
    ("Baltimore", "MD"): ("24510", "24005"),
    ("Fairfax", "VA"): ("51600", "51059"),
    ("Franklin", "VA"): ("51620", "51067"),
    ("Richmond", "VA"): ("51760", "51159"),
    ("Roanoke", "VA"): ("51770", "51161"),
    ("St. Louis", "MO"): ("29510", "29189"),
}
codes = AddFIPS()
seen = {}
for name, state in EXPECTED:
    asked = (name, f"{name} County", f"{name} city")
    bare, county, city = (codes.get_county_fips(each, state=state) for each in asked)
    print(f"{name}, {state}: {bare}; with County {county}; with city {city}")
    seen[name, state] = (bare, county)
sys.exit(seen != EXPECTED)
PYTHON
