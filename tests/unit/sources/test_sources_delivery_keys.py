"""Files with keys: which can be used, and what is said of the others."""

import time
from pathlib import Path

import pyrage
import pysequoia
import pytest

from sources.delivery_keys import read_public_keys, read_secret_keys
from sources.encryption import decrypt
from sources.errors import SourcesError

AGE = pyrage.x25519.Identity.generate()

# Made with GnuPG 2.2 for this test: a key with two subkeys that decrypt, a message to each of them,
# and a key with a passphrase.
TWO_SUBKEYS = """\
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
TO_THE_OLDER = """\
-----BEGIN PGP MESSAGE-----

hF4Dj/zAey+YU0gSAQdAsm8c7GK9Svk6e/u/yKFPHb73CYAATqH4zg7STdDyoicw
jdnj8UX+iYh24HUuxR1P87Vt2ydfncO71SBELOF6SFgb7DyKwlRQM7+Ilsdwcfkf
0kMBr2u4Mocw+QP8NXGpqT3gEM9rbdv5sQ/dj10J/5Jc7omKCWNQrI7SSz1DVjKM
F+KNQqxedmlcvqAN25PwW1cbFPiH
=dH0L
-----END PGP MESSAGE-----
"""
TO_THE_NEWER = """\
-----BEGIN PGP MESSAGE-----

hF4DLydlAtpwatMSAQdAOGLh/HdHcXOKUczrl3lz3ejoseuE5ypiBDIkCOZXwxQw
bwUM+5/Xx8alYZvxAWoxLZECYATyVS0JkG7/18xQb6LQPsUMU4fcM/d14WD58vi0
0kMBHfaiR2Ri1hA2nx1NksHubeRaxDA+0nCrU1KUis8L7hlI5/t+S9gjkedgMNM6
H7aocCEkP/oqL3iDsKaG09wLtl1p
=DlUo
-----END PGP MESSAGE-----
"""
LOCKED = """\
-----BEGIN PGP PRIVATE KEY BLOCK-----

lIYEaw3aOBYJKwYBBAHaRw8BAQdAU6qflkxH7I79YhcXhE+01HY5OxGS5JSy0wZT
RblRjFX+BwMCYP/2mguLqHr/EnY9OKe0+pS2cDBRRc97X+ZhX/ug+awca+j5Zn25
P8v366M1RdCfC/SX+BnCJqWHDgzQr525srQDg9i57hQGH57yDaPG7rQGbG9ja2Vk
iJAEExYIADgWIQTjZWe3QiqxYs5UjjLRV3tVC4nW9AUCaw3aOAIbAwULCQgHAgYV
CgkICwIEFgIDAQIeAQIXgAAKCRDRV3tVC4nW9GOwAP9YhqNPzkNlLIWB1xgevDat
HJir4GlfwFDXLN9AtH8ZjAD/bcFxQCk5O53H8iXqG66uikRqLe0YqV3iZByT1Vr9
xAiciwRrDdpAEgorBgEEAZdVAQUBAQdAL2q55U6UmInPRWoch8gsnETOYbfun+pv
KTn/isCh2VwDAQgH/gcDAp6Y0dVtmcKz/5JldCP+oP/oC1WgMigjRMbxbZzpmngM
2uQyKiGos/gw/lFxOQ8Qu3qqYYUakWy/nO4AxVAk3w3l7GI1mcsZc5S9Hawb/HiI
eAQYFggAIBYhBONlZ7dCKrFizlSOMtFXe1ULidb0BQJrDdpAAhsMAAoJENFXe1UL
idb0HVEBAI7VIBmE/jyFNFGzMoFNWtyoN21xoYa2ZwKRP7k1jPteAQCDoHSjUWwL
GvdUSaPASPI/o6+r9VrCEyqi3qHXOHzPCA==
=vMyw
-----END PGP PRIVATE KEY BLOCK-----
"""


def put(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "hub.key"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def refuse_secret(path: Path) -> str:
    with pytest.raises(SourcesError) as caught:
        read_secret_keys([path])
    assert (caught.value.code, caught.value.exit_code) == ("MS176", 2)
    assert "AGE-SECRET" not in caught.value.sentence
    return caught.value.sentence


def refuse_public(path: Path) -> str:
    with pytest.raises(SourcesError) as caught:
        read_public_keys(path)
    assert (caught.value.code, caught.value.exit_code) == ("MS177", 2)
    return caught.value.sentence


def test_several_keys_of_age_may_stand_in_one_file(tmp_path) -> None:
    other = pyrage.x25519.Identity.generate()
    keys = read_secret_keys([put(tmp_path, f"# old\n{other}\n\n# new\n{AGE}\n")])
    assert [str(key) for key in keys.age] == [str(other), str(AGE)]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_secret_key_that_others_may_reach_is_refused(mode, tmp_path) -> None:
    assert "chmod 600" in refuse_secret(put(tmp_path, f"{AGE}\n", mode))


def test_a_key_that_is_not_there_is_named(tmp_path) -> None:
    assert "hub.key" in refuse_secret(tmp_path / "hub.key")
    assert "hub.key" in refuse_public(tmp_path / "hub.key")
    assert "may not read it" in refuse_secret(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "rubbish",
        f"{AGE.to_public()}\n",
        str(pysequoia.Tsk.generate("a").extract_certificate()),
        str(pysequoia.Tsk.generate("a")) + str(pysequoia.Tsk.generate("b")),
        b"\x00" * (1 << 20) + b"\x00",
    ],
    ids=["empty", "rubbish", "age, public", "OpenPGP, public", "two keys", "too long"],
)
def test_what_is_no_secret_key_is_refused(content, tmp_path) -> None:
    refuse_secret(put(tmp_path, content))


def test_a_damaged_line_of_a_key_file_is_not_passed_over(tmp_path) -> None:
    assert "A line of it" in refuse_secret(put(tmp_path, f"{AGE}\n{str(AGE)[:-1]}\n"))
    path = put(tmp_path, f"{AGE.to_public()}\n{str(AGE.to_public())[:-1]}\n")
    assert "A line of it" in refuse_public(path)


def test_an_expired_key_is_told_when_it_is_read(tmp_path) -> None:
    expired = pysequoia.Tsk.generate("a", validity_seconds=1)
    ends = expired.extract_certificate().expiration
    while ends is not None and ends.timestamp() >= time.time():
        time.sleep(0.1)
    assert "expired" in refuse_secret(put(tmp_path, str(expired)))
    assert "expired" in refuse_public(put(tmp_path, str(expired.extract_certificate())))


@pytest.mark.parametrize("message", [TO_THE_OLDER, TO_THE_NEWER], ids=["older", "newer"])
def test_each_subkey_of_an_openpgp_key_decrypts(message, tmp_path) -> None:
    """The library itself takes one of them alone."""
    keys = read_secret_keys([put(tmp_path, TWO_SUBKEYS)])
    assert len(keys.openpgp) == 2
    (tmp_path / "a.asc").write_text(message)
    decrypt(tmp_path / "a.asc", tmp_path / "plain", keys, 1 << 20)
    assert (tmp_path / "plain").read_text() == "made up\n"


def test_a_key_with_a_passphrase_is_refused(tmp_path) -> None:
    assert "passphrase" in refuse_secret(put(tmp_path, LOCKED))


@pytest.mark.parametrize(
    "content", [f"{AGE}\n", str(pysequoia.Tsk.generate("a"))], ids=["age", "OpenPGP"]
)
def test_nothing_is_encrypted_to_a_secret_key(content, tmp_path) -> None:
    assert "secret key" in refuse_public(put(tmp_path, content))


def test_public_keys_of_both_formats_are_told_apart(tmp_path) -> None:
    other = pyrage.x25519.Identity.generate().to_public()
    keys = read_public_keys(put(tmp_path, f"# hub\n{AGE.to_public()}\n{other}\n"))
    assert (len(keys.age), len(keys.openpgp)) == (2, 0)
    certificate = pysequoia.Tsk.generate("a").extract_certificate()
    for content in (str(certificate), bytes(certificate)):
        keys = read_public_keys(put(tmp_path, content))
        assert (len(keys.age), len(keys.openpgp)) == (0, 1)
    assert "no public key" in refuse_public(put(tmp_path, "rubbish"))
