#!/bin/sh
# Two packages of the double metaphone algorithm share no code for names with an accent or a tilde, and
# one of them gives a name and its spelling without the mark different codes: whoever links on such codes
# must fold the letters first, and both sides must use one package.
# Seen: DoubleMetaphone 1.2 and Metaphone 0.6 agree on Garcia, Pena and Nunez, and share no code on García,
# Peña and Nuñez; DoubleMetaphone shares none between each pair of spellings, Metaphone all of them.
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check DoubleMetaphone==1.2 Metaphone==0.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from doublemetaphone import doublemetaphone as compiled
from metaphone import doublemetaphone as pure

print("DoubleMetaphone", version("DoubleMetaphone"), "Metaphone", version("Metaphone"))


def codes(function, name: str) -> set[str]:
    return {code for code in function(name) if code}


seen = []
for plain, marked in (("Garcia", "García"), ("Pena", "Peña"), ("Nunez", "Nuñez")):
    seen.append(
        (
            codes(compiled, plain) == codes(pure, plain),
            bool(codes(compiled, marked) & codes(pure, marked)),
            bool(codes(compiled, marked) & codes(compiled, plain)),
            bool(codes(pure, marked) & codes(pure, plain)),
        )
    )
    print(plain, codes(compiled, plain), codes(pure, plain))
    print(marked, codes(compiled, marked), codes(pure, marked))
sys.exit(seen != [(True, False, False, True)] * 3)
PYTHON
