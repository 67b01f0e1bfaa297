"""`moshare aggregate`: nothing but totals comes out of case records."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app

MARK = "QZJXVKWY"
HEADER = (
    "prs_FirstName,prs_SecondName,prs_Birthdate,prs_Gender,vic_TypeOfExploitaton,"
    "cas_IncomingReferralDate,cas_CaseOwner"
)
ROWS = (
    f"{MARK},{MARK},2010-01-01,{MARK},{MARK},2025-02-01,{MARK}",
    f"{MARK}a,{MARK},2012-01-01,Masculine,SexualExploitation,2025-02-01,{MARK}",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOSHARE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(folder: Path, rows: tuple[str, ...], *words: str):
    (folder / "cases.csv").write_text("\n".join((HEADER, *rows)))
    return CliRunner().invoke(
        build_app(), ["aggregate", "cases.csv", "out", "--quarter", "2025Q1", *words]
    )


def test_no_value_of_a_record_is_in_totals_or_output(folder: Path) -> None:
    ended = call(folder, ROWS)
    assert ended.exit_code == 0, ended.stderr
    assert "2 children are counted in 2025Q1" in ended.stderr
    assert "Column 5 was taken for vic_TypeOfExploitation" in ended.stderr
    written = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    assert set(written) == {"counts.csv", "datapackage.json"}
    assert "2025Q1,children_by_exploitation,other,1" in written["counts.csv"]
    assert MARK not in ended.output + "".join(written.values())
    assert not (folder / "home").exists()


@pytest.mark.parametrize(
    ("code", "rows", "words"),
    [
        ("MS416", (f"{MARK},{MARK},,,,{MARK},",), ()),
        ("MS415", ROWS, ("--person", "Contact ID")),
        ("MS106", ROWS, ("--contract", "dss/1")),
        ("MS118", ROWS, ("--quarter", "2025")),
    ],
)
def test_what_cannot_be_counted_ends_with_a_sentence_and_without_totals(
    folder: Path, code: str, rows: tuple[str, ...], words: tuple[str, ...]
) -> None:
    ended = call(folder, rows, *words)
    assert ended.exit_code in (2, 3)
    assert code in ended.stderr
    assert MARK not in ended.output
    assert not (folder / "out").exists()


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_kept_of_it(folder: Path) -> None:
    (folder / "out").write_text("a file")
    ended = call(folder, ROWS)
    assert ended.exit_code == 2
    assert "MS925" in ended.stderr
    assert not (folder / "home").exists()
