#!/bin/sh
# py-minisign 0.21.1 refuses a public key for its untrusted comment, which no signature covers and which
# the program minisign 0.11 does not look at: `minisign -V` accepts all three keys made here.
# Seen: "plain: read", "byte-order mark: ParseError", "Latin-1: ParseError".
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check py-minisign==0.21.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from minisign import KeyPair, PublicKey

print("py-minisign", version("py-minisign"))
line = bytes(KeyPair.generate().public_key).splitlines()[1]
keys = {
    "plain": (b"untrusted comment: key of Mueller\n", "read"),
    "byte-order mark": (b"\xef\xbb\xbfuntrusted comment: key of Mueller\n", "ParseError"),
    "Latin-1": ("untrusted comment: key of Müller\n".encode("latin-1"), "ParseError"),
}
changed = False
for name, (comment, expected) in keys.items():
    try:
        PublicKey.from_bytes(comment + line + b"\n")
        seen = "read"
    except ValueError as error:
        seen = type(error).__name__
    print(f"{name}: {seen}")
    changed = changed or seen != expected
sys.exit(changed)
PYTHON
