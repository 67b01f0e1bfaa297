"""What the person who starts a run is told of it: the receipt, the rule, the step before."""

import json
import os
import subprocess

from pipeline_runs import QUARTER, run_here
from small_deliveries import put

from orchestration.hub.settings import Settings


def tell(moshare: list[str], settings: Settings, *words: str):
    environment = {"MOSHARE_HOME": str(settings.home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [*moshare, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_an_ingest_names_its_receipt(settings: Settings, moshare: list[str]) -> None:
    put(settings, "dss", str(QUARTER), {})
    words = ("ingest", "--agency", "dss", "--quarter", str(QUARTER))
    ended = tell(moshare, settings, *words)
    assert ended.returncode == 0
    receipt = "outbox/dss/2025Q1-0001-accepted.txt"
    assert f"Delivery accepted: {receipt}" in ended.stderr
    assert (settings.landing / receipt).is_file()
    assert f"already accepted: {receipt}" in tell(moshare, settings, *words).stderr


def test_a_rejected_delivery_names_where_receipts_lie(
    settings: Settings, moshare: list[str]
) -> None:
    folder = put(settings, "dss", str(QUARTER), {})
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"kind": "full"}), "utf-8")
    ended = tell(moshare, settings, "ingest", "--agency", "dss", "--quarter", str(QUARTER))
    assert ended.returncode == 3
    assert "MS108" in ended.stderr
    assert "Receipts lie in" in ended.stderr


def test_a_release_before_its_run_says_what_to_run(settings: Settings) -> None:
    outcome = run_here("release", settings)
    assert outcome.exit_code == 4
    assert "MS924" in outcome.sentences[0]
    assert "moshare run" in outcome.sentences[0]
    assert not settings.vault.errors.exists()
