"""`moshare validate`: what the hub would say, on the agency's machine, leaving nothing behind."""

import json
import tempfile
from datetime import date
from pathlib import Path
from random import Random

import pytest
from care_files import care_xml, many, number_of, record, removal
from faulty_files import make_files
from nibrs_lines import report, segment
from typer.testing import CliRunner

from durable.vault import Vault
from orchestration.cli import build_app
from orchestration.steps import validating
from orchestration.steps.validating import assign_roles
from sources.contracts import current_contract, list_contracts
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.zones import Zones

QUARTER = "2025Q1"
ARGUMENTS = ("--quarter", QUARTER, "--as-of", "2025-04-05")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the agency, beside a temporary folder and a data home that stay empty."""
    monkeypatch.setenv("MOSHARE_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "agency").mkdir()
    monkeypatch.chdir(tmp_path / "agency")
    return tmp_path


def write(name: str, lines: list[str]) -> str:
    Path(name).write_bytes("".join(f"{line}\n" for line in lines).encode())
    return name


def call(*words: str):
    return CliRunner().invoke(build_app(), ["validate", *words, *ARGUMENTS])


def police(count: int = 30) -> list[str]:
    return [line for number in range(count) for line in report(f"I{number}")]


SPOILT = segment("4", "I1", "Q")


def test_a_clean_delivery_ends_with_0_and_leaves_nothing_behind(home: Path) -> None:
    ended = call(write("nibrs.txt", police()), "--contract", "mshp/1")
    assert ended.exit_code == 0, ended.stderr
    assert "set no line aside" in ended.stdout
    assert "read as a full delivery of mshp for 2025Q1, with data of 2025-04-05" in ended.stdout
    assert list((home / "temporary").iterdir()) == []
    assert not (home / "data").exists()
    assert [path.name for path in Path().iterdir()] == ["nibrs.txt"]


def test_lines_that_would_be_set_aside_end_with_3_and_are_named(home: Path) -> None:
    ended = call(write("nibrs.txt", [*police(), "9" * 60]), "--contract", "mshp/1")
    assert ended.exit_code == 3
    assert "set lines of it aside" in ended.stdout
    assert "MS30" in ended.stdout


def test_a_delivery_that_would_be_rejected_ends_with_3_and_says_why(home: Path) -> None:
    ended = call(write("a file.txt", police()), "--contract", "mshp/1", "--json")
    assert ended.exit_code == 3
    document = json.loads(ended.stdout)
    assert (document["verdict"], document["receipt"]["error_code"]) == ("rejected", "MS126")
    assert list((home / "temporary").iterdir()) == []


def test_what_changes_is_told_beside_former_deliveries(home: Path) -> None:
    write("first.txt", police(20))
    write("second.txt", [*police(20), *report("N")])
    write("now.txt", [segment("1", "I3", "D"), *report("M")])
    ended = call("now.txt", "--contract", "mshp/1", "--kind", "delta", "--json",
                 "--against", "first.txt", "--against", "second.txt")  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    changes = json.loads(ended.stdout)["changes"]
    assert {one["change"]: one["total"] for one in changes["histories"]} == {
        "unchanged": 20,
        "new": 1,
        "deleted": 1,
    }
    assert changes["children"] == 2
    assert list(changes["children_by_agency"].values()) == [2]
    told = call("now.txt", "--contract", "mshp/1", "--against", "first.txt").stdout
    assert "What changes, in incidents" in told
    assert "Children in what changes: " in told


def test_former_deliveries_may_be_of_quarters_before(home: Path) -> None:
    write("q3.txt", police(80))
    write("q4.txt", [line for n in range(80) for line in report(f"P{n}")])
    write("now.txt", [segment("1", "P3", "D"), *report("N")])
    ended = call("now.txt", "--contract", "mshp/1", "--json",
                 "--against", "2024Q3:q3.txt", "--against", "2024Q4:nibrs=q4.txt")  # fmt: skip
    document = json.loads(ended.stdout)
    assert {one["change"]: one["total"] for one in document["changes"]["histories"]} == {
        "unchanged": 159,
        "new": 1,
        "deleted": 1,
    }
    assert [one[:5] for one in document["receipt"]["unlike"]] == ["MS151", "MS151"]
    assert [one["quarter"] for one in document["receipt"]["before"]] == ["2024Q3", "2024Q4"]


def test_a_former_delivery_that_would_be_rejected_is_no_ground_to_compare_on(home: Path) -> None:
    write("former.txt", ["nothing of a police file"] * 30)
    ended = call(write("now.txt", police()), "--contract", "mshp/1", "--against", "former.txt")
    assert ended.exit_code == 2
    assert "MS154" in ended.stderr
    assert "former.txt" in ended.stderr
    assert list((home / "temporary").iterdir()) == []


@pytest.mark.parametrize("agency", ["dss", "mshp", "hotline"])
def test_every_contract_can_be_validated_and_compared(home: Path, agency: str) -> None:
    given = []
    for role, content in make_files(agency).items():
        Path(f"{role}.dat").write_bytes(content)
        given.append(f"{role}={role}.dat")
    agreed = current_contract(agency).contract
    ended = call(*given, "--contract", agreed, "--against", ",".join(given), "--json")
    document = json.loads(ended.stdout)
    assert document["receipt"]["status"] == "accepted"
    assert {one["change"] for one in document["changes"]["histories"]} <= {"unchanged", "no effect"}
    assert document["changes"]["children"] == 0


def test_files_take_the_roles_of_the_contract_in_their_order() -> None:
    contract = current_contract("dss")
    assert assign_roles(contract, ["a"]) == {"child_file": Path("a")}
    assert assign_roles(contract, ["a", "b"]) == {"child_file": Path("a"), "tokens": Path("b")}
    assert assign_roles(contract, ["tokens=b", "a"]) == assign_roles(contract, ["a", "b"])
    for wrong in (["a", "b", "c"], ["x=a"], ["tokens=a", "tokens=b"]):
        with pytest.raises(SourcesError, match="MS156"):
            assign_roles(contract, wrong)


def test_a_path_with_an_equals_sign_is_a_path_unless_a_role_stands_before_it(home: Path) -> None:
    contract = current_contract("dss")
    path = write("month=01.txt", ["x"])
    assert assign_roles(contract, [path]) == {"child_file": Path(path)}
    assert assign_roles(contract, [f"tokens={path}"]) == {"tokens": Path(path)}
    for wrong in ("month=02.txt", "=x", "="):
        with pytest.raises(SourcesError, match="MS156"):
            assign_roles(contract, [wrong])


def test_a_former_delta_adds_to_what_was_delivered_before_it(home: Path) -> None:
    write("first.txt", police(20))
    write("second.txt", report("N"))
    ended = call(write("now.txt", report("M")), "--contract", "mshp/1", "--kind", "delta",
                 "--json", "--against", "first.txt", "--against", f"{QUARTER}:delta:second.txt",
                 "--against", "delta:nibrs=second.txt")  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    changes = json.loads(ended.stdout)["changes"]
    assert {one["change"]: one["total"] for one in changes["histories"]} == {
        "unchanged": 21,
        "new": 1,
    }


@pytest.mark.parametrize(
    "command", ["validate nibrs.txt --contract mshp/1", "deliver --agency mshp"]
)
def test_what_cannot_be_unusual_is_a_usage_error(home: Path, command: str) -> None:
    words = [*command.split(), *ARGUMENTS, "--unusual", "foo"]
    ended = CliRunner().invoke(build_app(), words)
    assert ended.exit_code == 2
    assert "outside_missouri" in ended.stderr


def test_an_unknown_contract_is_a_usage_error_that_names_the_known_ones(home: Path) -> None:
    ended = call(write("nibrs.txt", police()), "--contract", "mshp/2")
    assert ended.exit_code == 2
    assert all(name in ended.stderr for name in list_contracts())


def test_a_file_that_is_not_there_is_a_usage_error(home: Path) -> None:
    ended = call("absent.txt", "--contract", "mshp/1")
    assert (ended.exit_code, "MS908" in ended.stderr) == (2, True)


def test_without_a_quarter_the_one_before_is_meant(home: Path) -> None:
    write("nibrs.txt", police())
    words = ["validate", "nibrs.txt", "--contract", "mshp/1", "--as-of", "2025-04-05"]
    assert "for 2025Q1" in CliRunner().invoke(build_app(), words).stdout


def test_only_this_account_can_open_the_folder_while_it_works(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bool]] = []

    def look(zones: Zones, *_: object, **__: object) -> None:
        folder = zones.landing.parent
        seen.append((folder.stat().st_mode & 0o777, folder.is_relative_to(home / "temporary")))
        raise OSError

    monkeypatch.setattr(validating, "ingest", look)
    ended = call(write("nibrs.txt", police()), "--contract", "mshp/1")
    assert ended.exit_code == 1
    assert seen == [(0o700, True)]
    assert list((home / "temporary").iterdir()) == []


def test_no_value_of_a_record_is_printed(home: Path) -> None:
    mark = "XQZJ"
    lines = [*police(), mark * 20, *report(mark), segment("4", mark, "A")]
    lines += [line.replace("MO0", mark[:3]) for line in report("I77")]
    write("former.txt", [*police(), *report(mark * 2)])
    write("nibrs.txt", lines)
    for form in ((), ("--json",)):
        ended = call("nibrs.txt", "--contract", "mshp/1", "--against", "former.txt", *form)
        assert "MS" in ended.stdout
        assert mark[:3] not in ended.stdout + ended.stderr


def test_what_validate_says_is_what_the_hub_says_after_the_same_deliveries(
    home: Path, tmp_path: Path
) -> None:
    chance = Random(3)  # noqa: S311
    former, now = police(60), police(70)
    chance.shuffle(now)
    now[5] = now[5][:40] + "é" + now[5][41:]
    write("former.txt", former)
    write("nibrs.txt", now)
    foretold = json.loads(
        call("nibrs.txt", "--contract", "mshp/1", "--against", "former.txt", "--json").stdout
    )["receipt"]
    zones = Zones(tmp_path / "landing", Vault(tmp_path / "vault"))
    for sequence, lines in enumerate((former, now), start=1):
        folder = zones.inbox("mshp", QUARTER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nibrs.txt").write_bytes("".join(f"{line}\n" for line in lines).encode())
        write_manifest(
            folder, agency="mshp", quarter=QUARTER, sequence=sequence, kind="full",
            as_of=date(2025, 4, 5), simulated=False,
            files={"nibrs": "nibrs.txt"},
        )  # fmt: skip
        try:
            told = json.loads(ingest(zones, "mshp", QUARTER).to_json())
        except SourcesError:
            (path,) = zones.outbox("mshp").glob("*-rejected-1.json")
            told = json.loads(path.read_text())
    for key in ("status", "error", "problems", "remarks", "unlike"):
        assert told[key] == foretold[key]


def test_a_roster_that_is_not_there_is_a_usage_error(home: Path) -> None:
    write("nibrs.txt", police())
    ended = call("nibrs.txt", "--contract", "mshp/1", "--agency-roster", "absent.csv")
    assert ended.exit_code == 2
    assert "MS146" in ended.stderr


def test_two_files_of_one_name_are_told_as_such(home: Path) -> None:
    Path("other").mkdir()
    write("x.txt", police())
    write("other/x.txt", ["record_key,token"])
    ended = call("x.txt", "other/x.txt", "--contract", "mshp/1")
    assert ended.exit_code == 3
    assert "MS126" in ended.stdout
    assert "No two files" in ended.stdout


def test_a_file_of_children_in_care_is_validated_beside_the_half_year_before(home: Path) -> None:
    children = many(5)
    Path("before.xml").write_bytes(care_xml(*children, record(), period="202409"))
    changed = record(stays=(removal(E153="20250301"),))
    Path("care.xml").write_bytes(care_xml(*children[:4], changed, record(E4=number_of("new"))))
    ended = call("care.xml", "--contract", "care/1", "--against", "2024Q3:before.xml", "--json")
    assert ended.exit_code == 0, ended.output
    document = json.loads(ended.stdout)
    assert document["receipt"]["files"][0]["reports_read"] == 6
    told = {one["change"]: one["total"] for one in document["changes"]["histories"]}
    assert told["new"] == told["corrected"] == 1
    assert document["changes"]["unit"] == "children"
    assert document["changes"]["children"] == 2


def test_a_file_of_another_half_year_is_refused_by_validate_too(home: Path) -> None:
    Path("care.xml").write_bytes(care_xml(period="202409"))
    ended = call("care.xml", "--contract", "care/1")
    assert ended.exit_code == 3
    assert "MS222" in ended.stdout
