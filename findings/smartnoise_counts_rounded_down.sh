#!/bin/sh
# smartnoise-sql rounds a noisy count down to a whole number, not to the nearest one. Its counts are half a child
# too low on average, and the margin that get_simple_accuracy gives for the same query does not hold. With little
# noise it shows in a few answers: none is too high, about half are one too low, each of these outside the margin.
# Seen: smartnoise-sql 1.0.10: "margin for 95 % of answers: 0.06", and of 40 answers to a count of 1000 about half
# 1000 and half 999; with epsilon 1 a mean of 999.48 over 1500 answers, 9 % of them outside the margin for 95 %.
# Ends with 1 if an answer is above 1000 or fewer than 8 of 40 are below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check smartnoise-sql==1.0.10
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from collections import Counter
from importlib.metadata import version

import pandas as pd
from snsql import Privacy, from_connection

print("smartnoise-sql", version("smartnoise-sql"))
QUERY, TRUTH = "SELECT COUNT(*) AS n FROM hub.children", 1000
children = pd.DataFrame({"id": range(TRUTH), "age": [10] * TRUTH})
columns = {"age": {"type": "int", "lower": 0, "upper": 18}}
described = {"children": {"row_privacy": True, "rows": TRUTH, **columns}}
metadata = {"engine": "pandas", "": {"hub": described}}
reader = from_connection(children, privacy=Privacy(epsilon=50.0, delta=1e-6), metadata=metadata)
margin = reader.get_simple_accuracy(QUERY, 0.05)[0]
answers = Counter(int(reader.execute(QUERY)[1][0]) for _ in range(40))
print("margin for 95 % of answers:", round(margin, 3))
print("answers:", dict(answers))
sys.exit(not (margin < 0.1 and max(answers) == TRUTH and answers[TRUTH - 1] >= 8))
PYTHON
