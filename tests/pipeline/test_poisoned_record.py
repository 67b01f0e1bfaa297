"""A record whose every field carries a marker goes through success and each kind of failure.

Afterwards the marker is nowhere outside the vault and the agency's own inbox: not in Dagster's
storage, on the console, in receipts, in plans and approvals, in the ledger, in what was released
(spreadsheets and archives opened) or in the audit of the gate that serves it.
"""

import asyncio
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from box_servers import name_boxes, run_s3_box, run_sftp_box
from httpx import ASGITransport, AsyncClient
from pipeline_runs import QUARTER, run_approved, run_here
from postgres import run_postgres
from small_deliveries import (
    child_record,
    incident,
    put,
    segment,
    write_hotline,
    write_line,
    write_lines,
    write_tokens,
)

from expectations.rules import expect_in_list
from gate.app import build_app
from gate.audit import tell_time
from gate.demo import prepare_demo
from gate.visits import open_gate
from jurisdiction.folder import FOLDER, LISTS
from orchestration.boxes.collecting import collect
from orchestration.boxes.settings import read_boxes
from orchestration.cli.runs import run_job
from orchestration.hub.diagnosis import diagnose
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import PROJECT_ROOT, Settings, prepare_process
from orchestration.steps import linking, quality
from sources.delivery_keys import PublicKeys
from sources.layout import load_ncands_layout, load_nibrs_layout

MARKER = "QZJXVKWYPH"
WINDOW = 4
"""Any four characters of the repeated marker betray it, so that short fields are guarded too."""

NOBODY: Mapping[str, PublicKeys | None] = dict.fromkeys(("dss", "mshp", "hotline"))

DBT_PROJECT = PROJECT_ROOT / "dbt_project"

TRACES = {(MARKER * 2)[start : start + WINDOW].encode() for start in range(len(MARKER))}
LONG_MARK = (MARKER * 40)[:338]


def marked(length: int) -> str:
    return (MARKER * 40)[:length]


def poisoned_children() -> list[str]:
    """One record of markers alone, and one that is legal wherever a check stands."""
    layout = load_ncands_layout()
    legal = {
        "rptid": marked(12),
        "chid": marked(12),
        **{f.name: marked(f.length) for f in layout.fields if f.name.endswith("id")},
        "wrkrid": marked(12),
        "suprvid": marked(12),
        "afcarsid": marked(12),
    }
    everything = write_line(layout, 338, {f.name: marked(f.length) for f in layout.fields})
    usual = [child_record(rptid=f"R{n:011d}", chid=f"C{n:011d}") for n in range(40)]
    return [child_record(**legal), everything, *usual]


def poisoned_incidents() -> list[str]:
    number = marked(12)
    broken = [
        write_line(
            load_nibrs_layout()[level],
            load_nibrs_layout()[level].width,
            {f.name: marked(f.length) for f in load_nibrs_layout()[level].fields},
        )
        for level in "124567"
    ]
    half_broken = [
        segment(1, 88, incident_number=marked(11), incident_date=marked(8)),
        segment(4, 141, incident_number=marked(11), age_of_victim=marked(4)),
    ]
    usual = [line for n in range(60) for line in incident(f"INC{n:09d}")]
    return [*incident(number), *broken, *half_broken, *usual]


def usual_tokens(keys: str) -> dict[str, str]:
    return {keys.format(n): f"{n:064x}" for n in range(60)}


def put_poisoned_quarter(
    settings: Settings, made: Path, encrypt_to: Mapping[str, PublicKeys | None] = NOBODY
) -> None:
    token = "cd" * 32
    put(settings, "dss", "2025Q1", {
        "child_file": write_lines(made / "child_file.txt", poisoned_children()),
        "tokens": write_tokens(made / "dss/tokens.csv", {
            **usual_tokens("C{:011d}"), marked(12): token, MARKER * 3: MARKER}),
    }, encrypt_to=encrypt_to["dss"])  # fmt: skip
    put(settings, "mshp", "2025Q1", {
        "nibrs": write_lines(made / "nibrs.txt", poisoned_incidents()),
        "tokens": write_tokens(made / "mshp/tokens.csv", {
            **usual_tokens("MO0950000:INC{:09d}:001"),
            f"MO0950000:{marked(12)}:001": token, MARKER: MARKER}),
    }, encrypt_to=encrypt_to["mshp"])  # fmt: skip
    hotline = write_hotline(made / "hotline", "2025Q1")
    put(settings, "hotline", "2025Q1", hotline, encrypt_to=encrypt_to["hotline"])


def files_outside_the_vault(settings: Settings) -> Iterator[Path]:
    private = (settings.vault.folder, settings.landing / "inbox")
    for path in (*settings.home.rglob("*"), *DBT_PROJECT.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(zone) for zone in private):
            yield path


def look_inside(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of a file, and of whatever is packed in it: spreadsheets, archives of them."""
    yield name, content
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for entry in packed.infolist():
            yield from look_inside(f"{name}/{entry.filename}", packed.read(entry))


def traces_of(marks: set[bytes], settings: Settings, printed: str) -> list[str]:
    found = [
        name
        for path in files_outside_the_vault(settings)
        for name, content in look_inside(path.name, path.read_bytes())
        if any(mark in content or mark.decode() in name for mark in marks)
    ]
    return found + (["console"] if any(mark.decode() in printed for mark in marks) else [])


def serve_everything(settings: Settings) -> int:
    """Serve the release through the gate, as its demo does; gives the number of files served."""
    state = settings.home / "gate"
    state.mkdir()
    served, secret = prepare_demo(settings.releases, state, 8600)
    folder = settings.releases / "2025Q1"
    paths = ["/", "/api/v1/releases", "/catalog.json", "/releases/2025Q1.zip"]
    paths += [
        f"/releases/2025Q1/{path.relative_to(folder).as_posix()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    gate = open_gate(served, tell_time)

    async def ask() -> list[int]:
        transport = ASGITransport(build_app(gate), client=("127.0.0.1", 50_000))
        headers = {"Authorization": f"Bearer {secret}"}
        async with AsyncClient(transport=transport, base_url=served.address) as client:
            return [(await client.get(path, headers=headers)).status_code for path in paths]

    try:
        return asyncio.run(ask()).count(200)
    finally:
        gate.close()


@pytest.fixture
def poisoned(settings: Settings, tmp_path: Path) -> Settings:
    put_poisoned_quarter(settings, tmp_path / "made")
    return settings


@pytest.fixture
def assert_clean(poisoned: Settings, capfd: pytest.CaptureFixture[str]):
    def check() -> None:
        printed = "".join(capfd.readouterr())
        assert traces_of(TRACES, poisoned, printed) == []
        assert any(
            mark in path.read_bytes()
            for mark in TRACES
            for path in poisoned.vault.folder.rglob("*")
            if path.is_file()
        ), "the marker never entered the vault, so nothing was tested"

    return check


def test_success_leaves_no_trace_of_a_record(poisoned, assert_clean) -> None:
    outcome = run_approved("whole_quarter", poisoned)
    assert outcome.sentences == ()
    assert serve_everything(poisoned) > 10
    names = {
        name
        for path in files_outside_the_vault(poisoned)
        for name, _ in look_inside(str(path.relative_to(path.anchor)), path.read_bytes())
    }
    for looked_at in (
        "review/2025Q1/plan.json",
        "review/2025Q1/index.html",
        ".minisig",
        "ledger/ledger.sqlite",
        "releases/2025Q1/index.html",
        "releases/2025Q1/deployment.json",
        "releases/2025Q1/CHANGES.md",
        "2025Q1.zip/2025Q1/data/all_tables.xlsx/xl/worksheets/sheet1.xml",
        "gate/state/audit/",
    ):
        assert any(looked_at in name for name in names), looked_at
    assert_clean()


def test_a_plan_that_nobody_approved_leaves_no_trace(poisoned, assert_clean) -> None:
    assert run_here("whole_quarter", poisoned).exit_code == 6
    assert (poisoned.review / "2025Q1" / "index.html").exists()
    assert_clean()


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


@pytest.fixture
def moshare_here(poisoned: Settings, moshare: list[str]):
    """Run a command as an agency does, with what it prints on the console."""

    def run(*words: str | Path) -> int:
        environment = {"MOSHARE_HOME": str(poisoned.home)}
        ended = subprocess.run(
            [*moshare, *words], env=environment, capture_output=True, text=True, check=False
        )
        sys.stdout.write(ended.stdout + ended.stderr)
        return ended.returncode

    return run


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


def with_changed_dbt_project(settings, tmp_path, monkeypatch, change) -> None:
    copy = tmp_path / "dbt_project"
    shutil.copytree(
        settings.dbt_project, copy, ignore=shutil.ignore_patterns("target", "logs", ".user.yml")
    )
    shutil.copytree(LISTS, tmp_path / LISTS.relative_to(FOLDER.parent))
    change(copy)
    manifest = settings.dbt_manifest
    monkeypatch.setattr(Settings, "dbt_manifest", property(lambda _: manifest))
    monkeypatch.setattr(Settings, "dbt_project", property(lambda _: copy))


def test_a_bad_cast_in_dbt_leaves_no_trace(poisoned, assert_clean, tmp_path, monkeypatch) -> None:
    def cast_plainly(project: Path) -> None:
        model = project / "models" / "intermediate" / "int_dss__child_reports.sql"
        text = model.read_text()
        assert "    child_id," in text
        marked_id = f"child_id like '{MARKER[:4]}%'"
        cast = f"case when {marked_id} then cast(child_id as date) end,"
        model.write_text(text.replace("    child_id,", f"    child_id, {cast}", 1))

    with_changed_dbt_project(poisoned, tmp_path, monkeypatch, cast_plainly)
    outcome = run_approved("whole_quarter", poisoned)
    assert outcome.exit_code == 4
    assert "MS902" in outcome.sentences[0]
    assert any(marked(12).encode() in log for log in read_logs(poisoned)), (
        "the engine did not quote the value, so nothing was tested"
    )
    assert_clean()


def read_logs(settings: Settings) -> list[bytes]:
    return [path.read_bytes() for path in settings.vault.dbt_logs.iterdir()]


def test_a_failed_dbt_test_leaves_no_trace(poisoned, assert_clean, tmp_path, monkeypatch) -> None:
    def fail_a_test(project: Path) -> None:
        tests = sorted((project / "tests").rglob("assert_*.sql"))
        chosen = next(path for path in tests if "int_" in path.read_text())
        chosen.write_text("select * from {{ ref('int_dss__child_reports') }}")

    with_changed_dbt_project(poisoned, tmp_path, monkeypatch, fail_a_test)
    outcome = run_approved("whole_quarter", poisoned)
    assert outcome.exit_code == 4
    assert not (poisoned.releases / "2025Q1").exists()
    assert_clean()


def test_a_failed_suite_leaves_no_trace(poisoned, assert_clean, monkeypatch) -> None:
    first, *rest = quality.STAGING_SUITES
    rule = expect_in_list("child_id", ("nobody",), "children")
    strict = replace(first, columns=(*first.columns, "child_id"), rules=(*first.rules, rule))
    monkeypatch.setattr("orchestration.defs.checks.STAGING_SUITES", (strict, *rest))
    outcome = run_approved("whole_quarter", poisoned)
    assert outcome.exit_code == 4
    assert "expectations (child_id_is_in_its_list)" in outcome.sentences[0]
    assert not poisoned.vault.quality_records.exists()
    assert_clean()


def test_an_exception_in_python_leaves_no_trace(poisoned, assert_clean, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        record = poisoned_children()[0]
        context = KeyError(record)
        raise ValueError(record) from context

    monkeypatch.setattr(linking, "write_links", fail)
    outcome = run_approved("whole_quarter", poisoned)
    assert outcome.exit_code == 1
    assert "MS901" in outcome.sentences[0]
    assert_clean()


def pack(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def test_the_search_would_find_a_trace(poisoned, capfd) -> None:
    poisoned.releases.mkdir(parents=True)
    (poisoned.releases / "leak.csv").write_text(f"count,{marked(5)}")
    sys.stdout.write(marked(6))
    printed = "".join(capfd.readouterr())
    with zipfile.ZipFile(poisoned.releases / "2025Q1.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/leak.xlsx", pack("sheet1.xml", marked(50)))
    found = traces_of(TRACES, poisoned, printed)
    assert sorted(found) == ["2025Q1.zip/data/leak.xlsx/sheet1.xml", "console", "leak.csv"]
