from pathlib import Path

import pytest

from privacy.errors import PrivacyError
from privacy.keys import Key, load_keys

GOOD = "key,label,description\nf,Female,As recorded\nu,Unknown,\n"


def write(folder: Path, text: str) -> Path:
    (folder / "sex.csv").write_bytes(text.encode())
    return folder


def test_keys_keep_the_order_of_their_list(tmp_path: Path) -> None:
    keys = load_keys(write(tmp_path, GOOD), ["sex"])
    assert keys.of("sex") == (Key("f", "Female", "As recorded"), Key("u", "Unknown", ""))


def test_the_hash_covers_order_and_labels(tmp_path: Path) -> None:
    lines = GOOD.splitlines()
    hashes = {
        load_keys(write(tmp_path, text), ["sex"]).hash
        for text in (
            GOOD,
            "\n".join([lines[0], lines[2], lines[1]]),
            GOOD.replace("Unknown", "Not known"),
        )
    }
    assert len(hashes) == 3
    assert load_keys(write(tmp_path, GOOD.replace("\n", "\r\n")), ["sex"]).hash in {
        load_keys(write(tmp_path, GOOD), ["sex"]).hash
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key,label\nf,Female\n",
        "key,label,description\n",
        "key,label,description\nf,Female\n",
        "key,label,description\n,Female,x\n",
        "key,label,description\nf,,x\n",
        "key,label,description\nf,Female,x\nf,Again,x\n",
    ],
)
def test_a_list_in_another_form_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match=r"MS603.*sex\.csv"):
        load_keys(write(tmp_path, text), ["sex"])


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS603"):
        load_keys(tmp_path, ["sex"])


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sex.csv").write_bytes(b"key,label,description\nf,\xff,x\n")
    with pytest.raises(PrivacyError, match="MS603"):
        load_keys(tmp_path, ["sex"])
