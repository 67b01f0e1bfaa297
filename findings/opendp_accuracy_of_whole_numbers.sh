#!/bin/sh
# OpenDP 0.16.0: the accuracy of discrete Gaussian noise is a number that the noise reaches or passes with at
# most probability alpha, not one that it passes. So a margin in whole numbers, within which the noise lies
# with at least 1 - alpha, is one less than what discrete_gaussian_scale_to_accuracy says.
# Seen: "scale 4.0, alpha 0.05: accuracy 9.0; P(|noise| >= 9) 0.0331, P(|noise| > 8) 0.0331, P(|noise| > 7) 0.0601".
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opendp==0.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import math
import sys
from importlib.metadata import version

from opendp.accuracy import discrete_gaussian_scale_to_accuracy

SCALE, ALPHA, FAR = 4.0, 0.05, 200
weights = {x: math.exp(-(x**2) / (2 * SCALE**2)) for x in range(-FAR, FAR + 1)}


def reach(size: int) -> float:
    """Probability that the noise is at least so large, from its definition."""
    return sum(w for x, w in weights.items() if abs(x) >= size) / sum(weights.values())


accuracy = discrete_gaussian_scale_to_accuracy(scale=SCALE, alpha=ALPHA)
at, above_8, above_7 = (round(reach(size), 4) for size in (9, 9, 8))
print("opendp", version("opendp"))
print(
    f"scale {SCALE}, alpha {ALPHA}: accuracy {accuracy}; P(|noise| >= 9) {at}, "
    f"P(|noise| > 8) {above_8}, P(|noise| > 7) {above_7}"
)
sys.exit((accuracy, at, above_7) != (9.0, 0.0331, 0.0601))
PYTHON
