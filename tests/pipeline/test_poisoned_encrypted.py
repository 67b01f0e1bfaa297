"""A record of markers that is delivered encrypted leaves no trace, also not in the inbox.

The agency's own files and keys lie in folders of their own; everything below the data home but the
vault is looked through, and the machine's folder for temporary files.
"""

import gzip
import json
import os
import tempfile
from hashlib import sha256
from pathlib import Path

import pyrage
import pysequoia
import pytest
from pipeline_runs import run_here
from poisoned_records import MARKER, TRACES, put_poisoned_quarter, traces_of
from small_deliveries import put

from orchestration.hub.settings import DELIVERY_KEYS_VARIABLE, Settings
from sources.delivery_keys import PublicKeys, read_public_keys


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, PublicKeys]:
    """The hub's keys, named in its settings; gives their public halves."""
    folder = tmp_path / "keys"
    folder.mkdir()
    age, openpgp = pyrage.x25519.Identity.generate(), pysequoia.Tsk.generate("hub")
    for name, secret, public in (
        ("age", str(age), str(age.to_public())),
        ("openpgp", str(openpgp), str(openpgp.extract_certificate())),
    ):
        (folder / f"{name}.key").write_text(secret)
        (folder / f"{name}.key").chmod(0o600)
        (folder / f"{name}.pub").write_text(public)
    named = os.pathsep.join(str(folder / f"{name}.key") for name in ("age", "openpgp"))
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, named)
    return {name: read_public_keys(folder / f"{name}.pub") for name in ("age", "openpgp")}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def look_everywhere(settings: Settings, temporary: Path, printed: str) -> list[str]:
    found = traces_of(TRACES, settings, printed)
    for folder in (settings.landing, temporary):
        found += [
            path.name
            for path in folder.rglob("*")
            if path.is_file() and any(mark in path.read_bytes() for mark in TRACES)
        ]
    return found


def is_in_vault(settings: Settings) -> bool:
    files = [path for path in settings.vault.folder.rglob("*") if path.is_file()]
    return any(mark in path.read_bytes() for mark in TRACES for path in files)


def test_deliveries_that_come_encrypted_leave_no_trace(
    settings, keys, temporary, tmp_path, capfd
) -> None:
    ways = {"dss": keys["age"], "mshp": keys["openpgp"], "hotline": keys["age"]}
    put_poisoned_quarter(settings, tmp_path / "made", ways)
    assert look_everywhere(settings, temporary, "") == []
    for agency in (*ways, "courts"):
        assert run_here(f"ingest_{agency}", settings).sentences == ()
    assert look_everywhere(settings, temporary, "".join(capfd.readouterr())) == []
    assert is_in_vault(settings)
    for kept in settings.vault.folder.glob("deliveries/*/*/*/*.[ap]g[ep]"):
        assert not any(mark in kept.read_bytes() for mark in TRACES)
    assert not list(settings.vault.find_work())


@pytest.mark.parametrize("way", ["age", "openpgp"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("fault", ["cut short", "of another key", "all set aside"])
def test_an_encrypted_delivery_that_is_rejected_leaves_no_trace(
    settings, keys, temporary, tmp_path, capfd, way, packed, fault
) -> None:
    made = tmp_path / "made" / ("child_file.txt.gz" if packed else "child_file.txt")
    made.parent.mkdir()
    content = f"{MARKER * 34}\n".encode()[:339] * 40
    made.write_bytes(gzip.compress(content, 0) if packed else content)
    to = keys[way]
    if fault == "of another key":
        to = PublicKeys(age=(pyrage.x25519.Identity.generate().to_public(),))
    folder = put(settings, "dss", "2025Q1", {"child_file": made}, encrypt_to=to)
    if fault == "cut short":
        [sealed] = folder.glob("child_file*")
        change_manifest(folder, sealed, sealed.read_bytes()[:-30])
    outcome = run_here("ingest_dss", settings)
    assert outcome.exit_code == 3
    expected = {"cut short": "MS171", "of another key": "MS170", "all set aside": "MS149"}
    assert expected[fault] in outcome.sentences[0]
    assert look_everywhere(settings, temporary, "".join(capfd.readouterr())) == []
    assert not list(settings.vault.find_work())


def change_manifest(folder: Path, sealed: Path, content: bytes) -> None:
    sealed.write_bytes(content)
    path = folder / "manifest.json"
    said = json.loads(path.read_text())
    said["files"][0] |= {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    path.write_text(json.dumps(said))
