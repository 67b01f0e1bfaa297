"""A record whose every field carries a marker is delivered in each way, taken in or refused.

Afterwards the marker is nowhere outside the vault and the agency's own inbox: not on the console,
in receipts, in what a drop box holds, or in Dagster's storage.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import psycopg
from box_servers import name_boxes, run_s3_box, run_sftp_box
from pipeline_runs import QUARTER, run_here
from poisoned_records import (
    LONG_MARK,
    MARKER,
    TRACES,
    marked,
    poisoned_children,
)
from postgres import run_postgres
from small_deliveries import (
    put,
    write_lines,
)

from orchestration.boxes.collecting import collect
from orchestration.boxes.settings import read_boxes
from orchestration.cli.runs import run_job
from orchestration.hub.diagnosis import diagnose
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import prepare_process
from sources.layout import load_ncands_layout


def test_a_rejected_delivery_leaves_no_trace_of_a_record(poisoned, assert_clean) -> None:
    delivered = poisoned.landing / "inbox" / "dss" / "2025Q1" / "child_file.txt"
    delivered.write_bytes(delivered.read_bytes().replace(b"QZJX", b"XJZQ", 1))
    outcome = run_here("ingest_dss", poisoned)
    assert outcome.exit_code == 3
    assert list((poisoned.landing / "outbox" / "dss").iterdir())
    assert_clean()


def test_validating_a_poisoned_delivery_leaves_no_trace_and_nothing_else(
    poisoned, assert_clean, moshare, tmp_path
) -> None:
    inbox = poisoned.landing / "inbox" / "mshp" / "2025Q1"
    files = [f"nibrs={inbox / 'nibrs.txt'}", f"tokens={inbox / 'tokens.csv'}"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"MOSHARE_HOME": str(poisoned.home), "TMPDIR": str(temporary)}
    for form in ((), ("--json",)):
        ended = subprocess.run(
            [*moshare, "validate", *files, "--contract", "mshp/1", "--quarter", "2025Q1",
             "--against", ",".join(files), *form],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 3
        assert "MS" in ended.stdout
        sys.stdout.write(ended.stdout + ended.stderr)
    assert list(temporary.iterdir()) == []
    assert run_here("ingest_mshp", poisoned).exit_code == 0
    assert_clean()


def test_receipts_and_warnings_of_a_poisoned_delivery_leave_no_trace(
    poisoned, assert_clean
) -> None:
    prepare_process(poisoned)
    with open_instance(poisoned) as instance:
        run_id = run_job("ingest_dss", QUARTER, instance, lambda *_: None).run_id
        entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        judged = [entry.dagster_event.asset_check_evaluation_data for entry in entries]
    warned = [(one.check_name, one.description) for one in judged if not one.passed]
    assert [name for name, _ in warned] == ["nothing_was_set_aside"]
    assert warned[0][1].startswith("Lines of the delivery were set aside. Read the receipt")
    endings = {path.suffix for path in (poisoned.landing / "outbox" / "dss").iterdir()}
    assert endings == {".html", ".json", ".txt"}
    assert_clean()


def test_a_delivery_of_markers_alone_leaves_no_trace(poisoned, assert_clean, tmp_path) -> None:
    shutil.rmtree(poisoned.landing / "inbox" / "dss" / "2025Q1")  # what waits is never replaced
    put(poisoned, "dss", "2025Q1", {
        "child_file": write_lines(tmp_path / "other" / "child_file.txt", [LONG_MARK] * 9)
    })  # fmt: skip
    assert run_here("ingest_dss", poisoned).exit_code == 3
    assert_clean()


def test_a_delivery_from_a_database_leaves_no_trace_of_a_record(
    poisoned, assert_clean, moshare_here, tmp_path
) -> None:
    shutil.rmtree(poisoned.landing / "inbox" / "dss" / "2025Q1")
    layout = load_ncands_layout()
    rows = [
        [line[field.start - 1 : field.end] for field in layout.fields]
        for line in poisoned_children()
    ]
    names = [field.name for field in layout.fields]
    rows[1][names.index("chid")] = marked(13)[1:]  # a record of its own
    said = ["--agency", "dss", "--quarter", "2025Q1", "--as-of", "2025-04-05", "--database",
            tmp_path / "address", "--from-database"]  # fmt: skip
    with run_postgres() as server, psycopg.connect(server, autocommit=True) as connection:
        (tmp_path / "address").write_text(server)
        (tmp_path / "address").chmod(0o600)
        connection.execute("CREATE SCHEMA s")
        connection.execute(f"CREATE TABLE s.children ({', '.join(f'{n} text' for n in names)})")
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO s.children VALUES ({','.join(['%s'] * 152)})", rows)  # noqa: S608
        breaks = ", ".join("rptid::int::text AS rptid" if n == "rptid" else n for n in names)
        connection.execute(f"CREATE VIEW s.broken AS SELECT {breaks} FROM s.children")  # noqa: S608
        connection.execute(f"ALTER TABLE s.children ADD COLUMN {LONG_MARK[:40]} text")
        assert moshare_here("deliver", *said, "child_file=s.broken") == 2
        assert moshare_here("deliver", *said, "child_file=s.children") == 3
        connection.execute(f"ALTER TABLE s.children DROP COLUMN {LONG_MARK[:40]}")
        assert moshare_here("deliver", *said, "child_file=s.children") == 0
    assert run_here("ingest_dss", poisoned).exit_code == 0
    assert_clean()


def test_case_records_leave_no_trace_and_do_not_enter_the_vault(
    poisoned, assert_clean, moshare_here, tmp_path
) -> None:
    header = ["prs_FirstName", "prs_SecondName", "prs_Birthdate", "prs_Gender",
              "vic_TypeOfExploitation", "cas_IncomingReferralDate"]  # fmt: skip
    cases = tmp_path / "cases.csv"
    own = "XVCASEXV"
    rows = [[MARKER + own] * 5 + ["2025-01-15"], ["Ann", MARKER, "2012-01-01", "", "", "x"]]
    write_lines(cases, [",".join(row) for row in (header, rows[0])])
    out = poisoned.home / "totals"
    assert moshare_here("aggregate", cases, out, "--quarter", "2025Q1") == 0
    write_lines(cases, [",".join(row) for row in (header, *rows)])
    assert moshare_here("aggregate", cases, out, "--quarter", "2025Q1") == 2
    shutil.rmtree(poisoned.landing / "inbox" / "hotline" / "2025Q1")
    said = ["--agency", "hotline", "--quarter", "2025Q1", "--as-of", "2025-04-05"]
    files = ["--file", f"datapackage={out / 'datapackage.json'}", "--file", f"counts={cases}"]
    assert moshare_here("deliver", *said, *files) == 3
    files[-1] = f"counts={out / 'counts.csv'}"
    assert moshare_here("deliver", *said, *files) == 0
    replace_file(poisoned.landing / "inbox" / "hotline" / "2025Q1", "counts.csv", cases)
    assert run_here("ingest_hotline", poisoned).exit_code == 3
    assert run_here("ingest_dss", poisoned).exit_code == 0
    files_of_the_vault = [path for path in poisoned.vault.folder.rglob("*") if path.is_file()]
    assert not any(own.encode() in path.read_bytes() for path in files_of_the_vault)
    assert_clean()


def replace_file(inbox: Path, name: str, source: Path) -> None:
    """Put another file in the place of a delivered one, with a manifest that fits it."""
    content = source.read_bytes()
    (inbox / name).write_bytes(content)
    said = json.loads((inbox / "manifest.json").read_text())
    (file,) = [one for one in said["files"] if one["name"] == name]
    file |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (inbox / "manifest.json").write_text(json.dumps(said))


def test_drop_boxes_leave_no_trace(poisoned, assert_clean, tmp_path) -> None:
    """Whole and half deliveries over SFTP and S3, in what the hub notes and says too."""
    inboxes = poisoned.landing / "inbox"
    with run_sftp_box(tmp_path / "sftp") as patrol, run_s3_box(tmp_path / "s3") as bucket:
        name_boxes(poisoned, patrol.entry("mshp"), bucket.entry("dss"))
        for box, agency in ((patrol, "mshp"), (bucket, "dss")):
            for path in (inboxes / agency / "2025Q1").iterdir():
                box.put(f"2025Q1/{path.name}", path.read_bytes())
            box.put("2025Q2/manifest.json", f'{{"{MARKER}": "{MARKER}'.encode())
            box.put("2025Q3/manifest.json", f'{{"{MARKER}": "{MARKER}"}}'.encode())
            box.put(f"{MARKER}/{MARKER}", LONG_MARK.encode())
            shutil.rmtree(inboxes / agency)
        for _ in range(2):  # the second brings the receipts
            for box in read_boxes(poisoned):
                sys.stdout.write(str(collect(box, poisoned)))
            for agency in ("mshp", "dss"):
                outcome = run_here(f"ingest_{agency}", poisoned)
                assert outcome.exit_code == 0
        for box in (patrol, bucket):
            receipts = [name for name in box.list_names() if name.startswith("receipts/")]
            assert len(receipts) == 3
            assert not any(mark in box.read(name) for name in receipts for mark in TRACES)
    for box in read_boxes(poisoned):  # now they are away
        sys.stdout.write(str(collect(box, poisoned)))
    for finding in diagnose(poisoned):
        sys.stdout.write(finding.sentence)
    assert_clean()
