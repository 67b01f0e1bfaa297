"""A record whose every field carries a marker goes through a quarter and each failure of it.

Afterwards the marker is nowhere outside the vault and the agency's own inbox: not in Dagster's
storage, on the console, in receipts, in plans and approvals, in the ledger, in what was released
(spreadsheets and archives opened) or in the audit of the gate that serves it.
"""

import asyncio
import csv
import io
import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from httpx import ASGITransport, AsyncClient
from pipeline_runs import run_approved, run_here
from poisoned_records import (
    MARKER,
    TRACES,
    files_outside_the_vault,
    look_inside,
    marked,
    poisoned_children,
    traces_of,
)

from expectations.rules import expect_in_list
from gate.app import build_app
from gate.audit import tell_time
from gate.demo import prepare_demo
from gate.visits import open_gate
from jurisdiction.folder import FOLDER, LISTS
from orchestration.hub.settings import Settings
from orchestration.steps import linking, quality
from privacy.released import NOT_COLLECTED


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


def test_a_plan_that_waits_and_then_success_leave_no_trace_of_a_record(
    poisoned, assert_clean
) -> None:
    assert run_here("whole_quarter", poisoned).exit_code == 6
    assert (poisoned.review / "2025Q1" / "index.html").exists()
    assert_clean()
    outcome = run_approved("release", poisoned)
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
    assert_totals_that_were_rejected_are_not_collected(poisoned)


def assert_totals_that_were_rejected_are_not_collected(settings: Settings) -> None:
    """No quarter waits for them, and what is released says that there are none."""
    [receipt] = settings.zones.outbox("courts").glob("2025Q1-*-rejected-*.json")
    assert json.loads(receipt.read_bytes())["error"]
    folder = settings.releases / "2025Q1"
    with (folder / "data" / "prosecutions.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["count"], row["status"]) for row in csv.DictReader(file)]
    assert rows == [("", NOT_COLLECTED)] * 2
    assert "not collected by any source" in (folder / "index.html").read_text("utf-8")


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
