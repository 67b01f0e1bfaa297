"""`moshare deliver --from-database`: views become a delivery like any other, or nothing changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import Result
from postgres import run_postgres
from typer.testing import CliRunner

from durable.vault import Vault
from orchestration.cli import build_app
from sources.columns import find_line_form
from sources.contracts import current_contract
from sources.ingest import ingest
from sources.zones import Zones

MARK = "QZJXVKWY"
QUARTER = "2025Q1"
FORM = find_line_form(current_contract("dss").file_of("child_file"))
assert FORM is not None
CHILD = {
    "subyr": "2025",
    "staterr": "MO",
    "rptid": "R00000000001",
    "chid": "C00000000001",
    "rptcnty": "189",
    "rptdt": "01152025",
    "chage": "15",
    "chsex": "2",
    "chmal1": "7",
    "mal1lev": "01",
}
TYPES = {"rptdt": "DATE '2025-01-15'", "chage": "15", "rptcnty": "189::smallint"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with run_postgres() as address:
        yield address


@pytest.fixture
def database(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MOSHARE_HOME", str(tmp_path))
    (tmp_path / "address").write_text(f"{server}&password={MARK}")
    (tmp_path / "address").chmod(0o600)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA records")
        yield connection
        connection.execute("DROP SCHEMA records CASCADE")


def make_views(database: Any, **fields: str) -> None:
    given = {name: f"'{CHILD[name]}'" if name in CHILD else "NULL::text" for name in FORM.required}
    columns = ", ".join(f"{text} AS {name}" for name, text in (given | TYPES | fields).items())
    database.execute(f"CREATE OR REPLACE VIEW records.children AS SELECT {columns}")
    database.execute(
        "CREATE OR REPLACE VIEW records.tokens AS "
        "SELECT chid AS record_key, repeat('a', 64) AS token FROM records.children"
    )


def call(home: Path, *words: str, roles: tuple[str, ...] = ("child_file", "tokens")) -> Result:
    views = {"child_file": "records.children", "tokens": "records.tokens"}
    named = [word for role in roles for word in ("--from-database", f"{role}={views[role]}")]
    said = ["--agency", "dss", "--quarter", QUARTER, "--as-of", "2025-04-05"]
    database = ["--database", str(home / "address")] if named else []
    ended = CliRunner().invoke(build_app(), ["deliver", *said, *database, *named, *words])
    assert MARK not in ended.output
    return ended


def look(home: Path) -> dict[str, bytes]:
    inbox = home / "landing" / "inbox" / "dss"
    return {path.name: path.read_bytes() for path in inbox.rglob("*") if path.is_file()}


def read_raw(folder: Path, table: str) -> list[tuple[object, ...]]:
    path = Vault(folder / "vault").raw("dss", QUARTER) / "0001" / f"{table}.parquet"
    return duckdb.sql(f"SELECT * FROM '{path}' ORDER BY line_number").fetchall()  # noqa: S608


def write_plain(folder: Path) -> list[str]:
    line = "".join(CHILD.get(one.name, "").ljust(one.width) for one in FORM.columns)
    (folder / "child_file.txt").write_text(f"{line}\n", "ascii")
    token = f"record_key,token\n{CHILD['chid']},{'a' * 64}\n"
    (folder / "tokens.csv").write_text(token, "ascii")
    files = (f"child_file={folder / 'child_file.txt'}", f"tokens={folder / 'tokens.csv'}")
    return [word for file in files for word in ("--file", file)]


def test_views_and_plain_files_of_the_same_records_give_the_same_tables(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_views(database)
    assert call(tmp_path).exit_code == 0
    assert sorted(look(tmp_path)) == ["child_file.parquet", "manifest.json", "tokens.parquet"]
    plain = tmp_path / "plain"
    plain.mkdir()
    monkeypatch.setenv("MOSHARE_HOME", str(plain))
    assert call(plain, *write_plain(plain), roles=()).exit_code == 0
    for folder in (tmp_path, plain):
        zones = Zones(folder / "landing", Vault(folder / "vault"))
        assert ingest(zones, "dss", QUARTER).is_clean
    for table in ("child_file", "tokens"):
        assert len(read_raw(plain, table)) == 1
        assert read_raw(plain, table) == read_raw(tmp_path, table)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"chsex": "(1 / (length(current_user) - length(current_user)))::text"}, "MS165"),
        ({"chsex": "pg_terminate_backend(pg_backend_pid())::text"}, "MS165"),
        ({"rptdt": "'infinity'::date"}, "MS167"),
        ({"chid": f"'{MARK}' || 'longer than it may be'"}, "MS167"),
    ],
)
def test_a_database_that_cannot_be_drawn_from_leaves_the_inbox_as_it_was(
    database: Any, tmp_path: Path, fields: dict[str, str], code: str
) -> None:
    make_views(database)
    assert call(tmp_path).exit_code == 0
    before = look(tmp_path)
    make_views(database, **fields)
    ended = call(tmp_path, "--sequence", "2")
    assert ended.exit_code in (2, 3)
    assert code in ended.stderr
    assert look(tmp_path) == before


def test_what_changed_since_a_day_is_a_delta_and_no_change_no_failure(
    database: Any, tmp_path: Path
) -> None:
    make_views(database, changed="DATE '2025-04-01'")
    one = ("child_file",)
    ended = call(tmp_path, "--changed-since", "changed=2025-04-02", roles=one)
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert "MS169: No record changed on 2025-04-02 or later" in ended.stderr
    assert look(tmp_path) == {}
    assert call(tmp_path, "--changed-since", "changed=2025-04-01", roles=one).exit_code == 0
    assert b'"kind": "delta"' in look(tmp_path)["manifest.json"]


def test_a_file_and_a_view_may_make_one_delivery_and_not_one_role(
    database: Any, tmp_path: Path
) -> None:
    make_views(database)
    files = write_plain(tmp_path)
    assert "MS107" in call(tmp_path, *files).stderr
    assert look(tmp_path) == {}
    assert call(tmp_path, *files[2:], roles=("child_file",)).exit_code == 0
    assert sorted(look(tmp_path)) == ["child_file.parquet", "manifest.json", "tokens.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ["--from-database", "child_file=records.children"],
        ["--database", "address"],
        ["--database", "address", "--changed-since", "changed=2025-04-01"],
        ["--database", "address", "--from-database", "child_file"],
        ["--database", "address", "--from-database", "tokens=v.w", "--from-database", "tokens=v.x"],
        ["--database", "address", "--from-database", "child_file=v.w", "--changed-since", "x"],
    ],
)
def test_a_database_that_is_half_named_is_refused(tmp_path: Path, words: list[str]) -> None:
    ended = call(tmp_path, *words, roles=())
    assert ended.exit_code == 2
    assert "MS165" in ended.stderr
