#!/bin/sh
# pysequoia 0.1.35: `Tsk.decryptor()` holds one encryption subkey of a key, whatever their number and age. A message of
# GnuPG to another subkey of the same key cannot be decrypted, and what is said is that there is no key. With each
# subkey made a key of its own (`Tsk.from_packets`) both messages are decrypted.
# Seen: "to the older subkey: No key to decrypt message", "to the newer subkey: made up", and with a key for each
# subkey "made up" twice. Key and messages are of GnuPG 2.2.40, made for this.
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysequoia==0.1.35
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import pysequoia
from pysequoia.packet import PacketPile, Tag

KEY = """\
-----BEGIN PGP PRIVATE KEY BLOCK-----

lFgEaw3aNhYJKwYBBAHaRw8BAQdAVrC4HI6ONLvTXi0PGfP/lLpJdHD6K6Jrb0kh
nqL/r4wAAQDEIMNoRst7Oyk43eMJuq5YS4/7NpjmsaXxe+Yj52CG9xHZtAl0aHJv
d2F3YXmIkAQTFggAOBYhBHKQ9Zefmgri0mn7NBegrNvGveGfBQJrDdo2AhsDBQsJ
CAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEBegrNvGveGf7moBANDPdJ1JANGBQiNx
qnRMQgniA16LcIKtcnJdNKc/7nNlAP4nf/BhftmOlFhKSZDyrU4qA8/Yixa/z3VO
JGH8TZP+DJxdBGsN2jYSCisGAQQBl1UBBQEBB0DftnIRW+eI5eU2sSAEjq+J70X7
zbq0a7uxF//5q/cRXQMBCAcAAP9Nd+EjIVgRg65awMQ23Ho2Hfa2Zmv4VaB9g5u5
vX4C6BEiiHgEGBYIACAWIQRykPWXn5oK4tJp+zQXoKzbxr3hnwUCaw3aNgIbDAAK
CRAXoKzbxr3hn8K6AQCPXvtlVO6X7eh7ea1ot+Gtj1HEkRgcxW4QH+VhFxa6cwD/
Xa/5IEDHTb/Y3xmLBHvf58qWqSoPONyVJPOMjArYYg2cXQRrDdo3EgorBgEEAZdV
AQUBAQdAVpyO2PsFsUlfikCCEoUJXE+yQkHxE4pXW/tqklDrrwIDAQgHAAD/eTle
JUWVcEw5XVu64FLDfAyRQNTZOOYu8mvCxtsCVjAQBIh4BBgWCAAgFiEEcpD1l5+a
CuLSafs0F6Cs28a94Z8FAmsN2jcCGwwACgkQF6Cs28a94Z+XrwEAzZHfV3QZKBEk
aF1k7iwqZ9e4BDOBmHCGa4+WM6iw6NgA/1RraRpCQyA/3FvXinOPdFgaAmLIdBrb
ZBPp+XhQmyMO
=k37Z
-----END PGP PRIVATE KEY BLOCK-----
"""
MESSAGES = {
    "older": """\
-----BEGIN PGP MESSAGE-----

hF4Dj/zAey+YU0gSAQdAsm8c7GK9Svk6e/u/yKFPHb73CYAATqH4zg7STdDyoicw
jdnj8UX+iYh24HUuxR1P87Vt2ydfncO71SBELOF6SFgb7DyKwlRQM7+Ilsdwcfkf
0kMBr2u4Mocw+QP8NXGpqT3gEM9rbdv5sQ/dj10J/5Jc7omKCWNQrI7SSz1DVjKM
F+KNQqxedmlcvqAN25PwW1cbFPiH
=dH0L
-----END PGP MESSAGE-----
""",
    "newer": """\
-----BEGIN PGP MESSAGE-----

hF4DLydlAtpwatMSAQdAOGLh/HdHcXOKUczrl3lz3ejoseuE5ypiBDIkCOZXwxQw
bwUM+5/Xx8alYZvxAWoxLZECYATyVS0JkG7/18xQb6LQPsUMU4fcM/d14WD58vi0
0kMBHfaiR2Ri1hA2nx1NksHubeRaxDA+0nCrU1KUis8L7hlI5/t+S9gjkedgMNM6
H7aocCEkP/oqL3iDsKaG09wLtl1p
=DlUo
-----END PGP MESSAGE-----
""",
}

print("pysequoia", version("pysequoia"))


def ask(message: str, *keys: pysequoia.Tsk) -> str:
    said = ""
    for key in keys:
        try:
            return pysequoia.decrypt(message.encode(), key.decryptor()).bytes.decode().strip()
        except RuntimeError as error:
            said = str(error).partition("\n")[0]
    return said


whole = pysequoia.Tsk.from_bytes(KEY.encode())
parts = [[]]
for packet in PacketPile.from_bytes(bytes(whole)):
    if packet.tag == Tag.SecretSubkey:
        parts.append([])
    parts[-1].append(packet)
split = [pysequoia.Tsk.from_packets(parts[0] + part) for part in parts[1:]]

seen = {}
for which, message in MESSAGES.items():
    seen[which] = (ask(message, whole), ask(message, *split))
    print(f"to the {which} subkey: {seen[which][0]}; with a key for each subkey: {seen[which][1]}")
expected = {
    "older": ("No key to decrypt message", "made up"),
    "newer": ("made up", "made up"),
}
sys.exit(seen != expected)
PYTHON
