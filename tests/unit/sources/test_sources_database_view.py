"""What a driver would do in silence is refused by the name of its column, or cast by the server."""

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from postgres import run_postgres

from sources import database_view
from sources.columns import find_line_form
from sources.contracts import current_contract
from sources.database_view import Change, Views, draw_files
from sources.errors import SourcesError

MARK = "QZJXVKWY"
DSS = current_contract("dss")
FORM = find_line_form(DSS.file_of("child_file"))
assert FORM is not None

FIELDS = dict.fromkeys(FORM.required, "NULL::text") | {
    "rptid": "'R' || n",
    "chid": "'C' || n",
    "rptdt": "DATE '2025-01-15'",
    "chage": "15",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with run_postgres() as address:
        yield address


@pytest.fixture
def database(server: str, tmp_path: Path) -> Iterator[Any]:
    """A schema of its own, and a file that names the server."""
    (tmp_path / "address").write_text(server)
    (tmp_path / "address").chmod(0o600)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA records")
        yield connection
        connection.execute("DROP SCHEMA records CASCADE")


def make_view(database: Any, rows: str = "generate_series(1, 3) AS n", **fields: str) -> None:
    columns = ", ".join(f"{text} AS {name}" for name, text in (FIELDS | fields).items() if text)
    query = f"CREATE OR REPLACE VIEW records.children AS SELECT {columns} FROM {rows}"  # noqa: S608
    database.execute(query)


def draw(tmp_path: Path, change: Change | None = None) -> list[dict[str, str]]:
    views = Views(tmp_path / "address", {"child_file": "records.children"}, change)
    files = draw_files(views, DSS, tmp_path)
    rows: list[dict[str, str]] = pq.read_table(files["child_file"]).to_pylist()
    return rows


def refuse(tmp_path: Path, caplog: pytest.LogCaptureFixture, **change: Any) -> SourcesError:
    with caplog.at_level(logging.DEBUG), pytest.raises(SourcesError) as caught:
        draw(tmp_path, **change)
    assert MARK not in caught.value.sentence + caplog.text
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rptdt", "CASE n WHEN 2 THEN 'infinity'::date ELSE '2025-01-15' END"),
        ("rptdt", "'-infinity'::date"),
        ("rptdt", "'0044-03-15 BC'::date"),
        ("rptdt", "'10000-01-01'::date"),
        ("rptdt", "TIMESTAMP '2025-01-15 23:30'"),
        ("rptdt", "TIMESTAMPTZ '2025-01-15 23:30+00'"),
        ("rptdt", "'2025-01-15'::text"),
        ("rptdt", "20250115"),
        ("chage", "interval 'infinity'"),
        ("chage", "'18446744073709551615'::xid8"),
        ("chage", "'{{1,2},{3,4}}'::int[][]"),
        ("chage", "ARRAY[15]"),
        ("chage", "15.4"),
        ("chage", "CASE n WHEN 2 THEN 'NaN'::numeric ELSE 15 END"),
        ("chage", "'Infinity'::numeric"),
        ("chage", "15::float8"),
        ("chage", "-1"),
        ("chage", "115"),
        ("chsex", "true"),
        ("chsex", r"'\x32'::bytea"),
        ("chsex", "'null'::json"),
        ("chid", "n"),
        ("chid", f"'{MARK}' || n || 'ABCDEF'"),
        ("chid", "gen_random_uuid()"),
    ],
)
def test_what_is_not_plainly_the_text_of_its_field_is_refused_by_name(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, field: str, value: str
) -> None:
    make_view(database, **{field: value})
    error = refuse(tmp_path, caplog)
    assert error.code == "MS167"
    assert f"The column {field} of child_file" in error.sentence


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("chid", "('C' || n)::char(12)", "C1"),
        ("chid", "'C' || n || '      '", "C1"),
        ("chsex", "''", ""),
        ("chsex", "'   '", ""),
        ("chsex", "NULL::text", None),
        ("chage", "7", "07"),
        ("chage", "7::bigint", "07"),
        ("chage", "7.00", "07"),
        ("chage", "NULL::int", None),
        ("rptcnty", "29", "029"),
        ("rptdt", "DATE '2025-01-15'", "01152025"),
        ("rptdt", "'01152025'", "01152025"),
        ("rptdt", "NULL::date", None),
        ("chid", "E'a\\nb\",' || n", 'a\nb",1'),
    ],
)
def test_a_value_is_written_as_the_plain_file_would_hold_it(
    database: Any, tmp_path: Path, field: str, value: str, text: str | None
) -> None:
    make_view(database, **{field: value})
    assert draw(tmp_path)[0][field] == text


@pytest.mark.parametrize("field", ["chage", "inciddt"])
def test_a_missing_column_is_named_and_not_taken_for_blank(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    make_view(database, **{field: ""})
    error = refuse(tmp_path, caplog)
    assert error.code == "MS166"
    assert f"{field} is missing" in error.sentence


def test_a_column_of_another_name_is_refused_by_its_place(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_view(database, **{MARK.lower(): "1"})
    assert f"column number {len(FIELDS) + 1} is no field" in refuse(tmp_path, caplog).sentence


def test_a_field_that_no_table_keeps_may_be_left_out_or_given(
    database: Any, tmp_path: Path
) -> None:
    make_view(database, cararef="'2'")
    assert draw(tmp_path)[0]["cararef"] == "2"


def test_two_rows_of_one_record_are_refused_because_rows_have_no_order(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_view(database, "(VALUES (1), (1)) AS rows (n)")
    assert refuse(tmp_path, caplog).code == "MS168"


def test_the_same_records_give_the_same_bytes_whatever_their_order(
    database: Any, tmp_path: Path
) -> None:
    make_view(database, "(SELECT generate_series(1, 3000) AS n ORDER BY 1) AS rows")
    draw(tmp_path)
    first = (tmp_path / "child_file.parquet").read_bytes()
    make_view(database, "(SELECT generate_series(1, 3000) AS n ORDER BY 1 DESC) AS rows")
    draw(tmp_path)
    assert (tmp_path / "child_file.parquet").read_bytes() == first


@pytest.mark.parametrize(
    "moment",
    [
        "DATE '2025-04-01' + n",
        "TIMESTAMP '2025-04-01' + n * interval '1 day'",
        "TIMESTAMPTZ '2025-04-01 05:00+00' + n * interval '1 day'",
    ],
)
def test_a_delta_holds_what_changed_on_a_day_or_later_by_the_states_clock(
    database: Any, tmp_path: Path, moment: str
) -> None:
    make_view(database, "generate_series(-1, 1) AS n", changed=moment)
    rows = draw(tmp_path, Change("changed", date(2025, 4, 1)))
    assert [row["chid"] for row in rows] == ["C0", "C1"]
    assert "changed" not in rows[0]


def test_a_record_without_a_day_of_change_is_in_every_delta(database: Any, tmp_path: Path) -> None:
    make_view(database, changed="CASE n WHEN 1 THEN NULL ELSE 'infinity'::date END")
    assert len(draw(tmp_path, Change("changed", date(2025, 4, 1)))) == 3


@pytest.mark.parametrize(
    ("code", "changed"), [("MS169", "DATE '2025-01-01'"), ("MS167", "5"), ("MS166", "")]
)
def test_where_nothing_changed_or_change_has_no_day_nothing_is_drawn(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, code: str, changed: str
) -> None:
    make_view(database, changed=changed)
    error = refuse(tmp_path, caplog, change=Change("changed", date(2025, 4, 1)))
    assert error.code == code


@pytest.mark.parametrize(
    ("breaks", "state"),
    [
        ("pg_terminate_backend(pg_backend_pid())::text", "shut down"),
        ("(1 / (n - 5000))::text", "22012"),
        (f"('{MARK}' || n)::date::text", "22007"),
    ],
)
def test_what_breaks_midway_is_told_without_a_value(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, breaks: str, state: str
) -> None:
    late = f"CASE WHEN n < 5000 THEN '1' ELSE {breaks} END"
    make_view(database, "generate_series(1, 6000) AS n", chsex=late)
    error = refuse(tmp_path, caplog)
    assert error.code == "MS165"
    assert state in error.sentence


@pytest.mark.parametrize("view", ["records.nothing", "children", ".children", "records."])
def test_a_view_that_is_not_there_is_refused(database: Any, tmp_path: Path, view: str) -> None:
    with pytest.raises(SourcesError, match="MS165"):
        draw_files(Views(tmp_path / "address", {"child_file": view}), DSS, tmp_path)


@pytest.mark.parametrize(
    ("contract", "role", "code"), [("dss", "children", "MS107"), ("mshp", "nibrs", "MS164")]
)
def test_a_role_without_columns_is_refused_before_the_database_is_asked(
    tmp_path: Path, contract: str, role: str, code: str
) -> None:
    views = Views(tmp_path / "nothing", {role: "records.children"})
    with pytest.raises(SourcesError, match=code):
        draw_files(views, current_contract(contract), tmp_path)


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (None, 0o600, "not there"),
        (f"password={MARK} nonsense", 0o600, "something else"),
        ("host=/nowhere", 0o640, "open to other accounts"),
        (f"host=/nowhere password={MARK}", 0o600, "could not be made"),
    ],
)
def test_nothing_of_the_connection_string_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None, mode: int, problem: str
) -> None:
    if content is not None:
        (tmp_path / "address").write_text(content)
        (tmp_path / "address").chmod(mode)
    error = refuse(tmp_path, caplog)
    assert error.code == "MS165"
    assert problem in error.sentence


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("host=records.example dbname=d", "sslmode=require"),
        ("postgresql://records.example/d", "sslmode=require"),
        ("host=records.example sslmode=verify-full", "sslmode=verify-full"),
        ("host=localhost,records.example", "sslmode=require"),
    ],
)
def test_records_cross_a_network_only_in_a_closed_connection(
    tmp_path: Path, said: str, mode: str
) -> None:
    (tmp_path / "address").write_text(said)
    (tmp_path / "address").chmod(0o600)
    assert mode in database_view._read_address(tmp_path / "address")


def test_all_views_are_seen_as_they_stood_at_one_moment(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("CREATE TABLE records.rows (n int)")
    database.execute("INSERT INTO records.rows VALUES (1)")
    make_view(database, "records.rows")
    database.execute(
        "CREATE VIEW records.tokens AS SELECT 'C' || n AS record_key, 'x' AS token "
        "FROM records.rows"
    )
    write = database_view._View.write

    def write_and_change(self: Any, path: Path) -> int:
        written = write(self, path)
        database.execute("INSERT INTO records.rows VALUES (2)")
        return written

    monkeypatch.setattr(database_view._View, "write", write_and_change)
    names = {"child_file": "records.children", "tokens": "records.tokens"}
    files = draw_files(Views(tmp_path / "address", names), DSS, tmp_path)
    assert [pq.read_table(path).num_rows for path in files.values()] == [1, 1]


def test_a_view_that_would_change_the_database_is_refused(
    database: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.execute("CREATE SEQUENCE records.numbers")
    make_view(database, chsex="nextval('records.numbers')::text")
    assert "25006" in refuse(tmp_path, caplog).sentence
