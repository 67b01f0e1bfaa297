"""Every command of `bench/`, run small: each does what it says, whatever it measures here.

Commands that say little more than a table share two processes, one for modules and one for files:
most of what such a command costs is importing the rooms.
"""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nibrs_hub import text_of
from nibrs_lines import report
from quarter import HERE, measure_quarter

from simulator.xml_twin import write_xml_twin

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"

SMALL = {
    "-m bench.readers 500": "DuckDB, plainly",
    "-m bench.composition": "Epsilon at the delta of the policy",
    "-m bench.change --draws 20": "Smoothed series of 12 quarters",
    "usefulness.py": "weights of the policy, four quarters",
    "care_usefulness.py": "margins of the other annual tables",
    "time_open.py": "as it is",
    "-m bench.same_rows --draws 2": "Frames about the same rows, 2 draws",
    "faults.py mutate 5": "mutated",
    "faults.py agree 5": "5 mutated files, 0 failures",
    "faults.py kill 1": "0 data homes differ",
    "-m bench.histories --worlds 2 --at-once 2": "2 of 2 worlds",
    "nibrs_histories.py --random 5": "0 incidents differ",
    "-m bench.opendp_faults --here": "opendp#2949",
    "-m bench.places --draws 2": "With hot spots, 2 draws",
    "-m bench.linkage --years 1 --draws 2 --sizes": "Children known to both, 1 simulated years",
    "-m bench.accuracy --only ours --draws 2 --workloads design": "this engine, estimate",
    "-m bench.accuracy --draws 2 --workloads policy": "children",
    "-m bench.scale --sizes 2000 --only": "reconstruct",
    "-m bench.counties --sizes 115": "share_budget",
    "-m bench.states --counties 30": "a county, last to first",
    "-m bench.nation 1000 --ways duckdb plain": "All counted the same",
    "-m bench.ways_in --scale 0.02": "release_input.reports_to_childrens_division: equal",
    "-m bench.growth 1 --scale 0.02": "release input",
    "gate_load.py 4 1": "wrong answers: 0",
    "-m bench.gate_beside 2 1 1": "a static server",
    "-m bench.test_seconds tests/unit/failures": "All with imports",
}
"""A command and its small setting -> what it then says."""
BY_ITSELF = {
    *("quarter", "nibrs_account.py", "nibrs_conformance.py", "nibrs_twins", "same_numbers"),
    "outlines",
}
"""Run by tests of their own, below."""
ELSEWHERE = {
    "kill_drill": "tests/pipeline/test_kill_drill.py",
    "restore_drill": "tests/pipeline/test_restore_drill.py",
    "backfill": "tests/pipeline/test_backfill.py",
    "pictures": "tests/pipeline/test_backfill.py",
    "parity": "tests/engines/test_engines_parity.py",
}
"""Its stages are run small there; as a whole it takes many minutes however few its trials are."""


TOGETHER = """
import io, json, runpy, sys, traceback
from contextlib import redirect_stderr, redirect_stdout

said = {}
for words in json.loads(sys.argv[1]):
    started, *sys.argv = words.removeprefix("-m ").split()
    sys.argv.insert(0, started)
    code, told = 0, io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        try:
            if words.startswith("-m "):
                runpy.run_module(started, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(f"bench/{started}", run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            code = traceback.format_exc()
    said[words] = [code, " ".join(told.getvalue().split())]
print(json.dumps(said))
"""
"""Runs commands one after the other, and gives the exit code and the words of each."""


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[object, str]]:
    """How each small command ended, and what it said."""
    found: dict[str, tuple[object, str]] = {}
    for is_module, place in ((True, ROOT), (False, BENCH)):
        some = [words for words in SMALL if words.startswith("-m ") == is_module]
        ended = subprocess.run(
            [sys.executable, "-P", "-c", TOGETHER, json.dumps(some)],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200", "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        found |= json.loads(ended.stdout.splitlines()[-1])
    return found


def run(*words: str | Path, codes: tuple[int, ...] = (0,)) -> str:
    """Everything that a command of `bench/` says."""
    started = [BENCH / word if str(word).endswith(".py") else word for word in words]
    ended = subprocess.run(
        [sys.executable, *map(str, started)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode in codes, ended.stderr
    return " ".join((ended.stdout + ended.stderr).split())


def list_commands() -> set[str]:
    """Files and packages of `bench/` that can be run."""
    files = [path for path in BENCH.glob("*.py") if "__main__" in path.read_text("utf-8")]
    return {
        *(path.name for path in files),
        *(path.parent.name for path in BENCH.glob("*/__main__.py")),
    }


def test_every_command_of_the_bench_is_run_here() -> None:
    said = {words.split()[words.startswith("-m ")].removeprefix("bench.") for words in SMALL}
    named = said | BY_ITSELF | set(ELSEWHERE)
    assert {name.removesuffix(".py") for name in named} == {
        name.removesuffix(".py") for name in list_commands()
    }
    assert all((ROOT / path).is_file() for path in ELSEWHERE.values())


def test_every_command_of_the_bench_is_described() -> None:
    told = (BENCH / "README.md").read_text("utf-8")
    stems = {name.removesuffix(".py") for name in list_commands()}
    assert {one for one in stems if f"/{one}.py" not in told and f"bench.{one}`" not in told} <= {
        one for one in stems if f"bench.{one} " in told
    }


@pytest.mark.parametrize("words", SMALL)
def test_a_command_of_the_bench_runs_small(told: dict[str, tuple[object, str]], words: str) -> None:
    code, said = told[words]
    assert code in ((0, 1) if words.startswith("gate_load") else (0,)), (code, said)
    assert SMALL[words] in said  # 1 above: so few clients need never wait


def test_hard_histories_are_counted_beside_what_they_are_worth(tmp_path: Path) -> None:
    (tmp_path / "q1s1.txt").write_bytes(text_of(report("1")))
    (tmp_path / "q1s2.txt").write_bytes(text_of(report("2", "12", "44")))
    (tmp_path / "q2s1.txt").write_bytes(text_of(report("3", date="20250415", month="042025")))
    with (tmp_path / "expected.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["incident", "incidents", "child_victims", "arrests", "why"])
        table.writerows([["1", 1, 1, 0, "as it came"], ["2", 1, 1, 0, "one of two is a child"]])
    assert "2 of 2 cases" in run("nibrs_histories.py", "--cases", tmp_path)


def test_a_flat_file_and_its_xml_twin_are_compared_field_for_field(tmp_path: Path) -> None:
    flat, xml = tmp_path / "nibrs.txt", tmp_path / "nibrs.xml"
    flat.write_bytes(text_of(report("1")))
    write_xml_twin(flat, xml)
    assert "of 1 reports" in run("-m", "bench.nibrs_twins", flat, xml)
    xml.write_bytes(xml.read_bytes().replace(b">64A<", b">64B<"))
    assert "ucr_offense_code (1)" in run("-m", "bench.nibrs_twins", flat, xml, codes=(1,))


def test_a_pack_is_compared_with_what_the_fbi_found_in_it(tmp_path: Path) -> None:
    lines = report("1")
    pack, expected = tmp_path / "pack.txt", tmp_path / "expected.txt"
    pack.write_bytes(text_of(lines))
    said = run("-m", "bench.nibrs_conformance", "--pack", pack)
    found = sorted(set(re.findall(r"segment (\S), rule (\d{3})", said)))
    assert found
    rows = [
        f"2025010000000I{lines[0][16:37]}{segment.replace('-', ' ')}{rule:>13}{'':13}SOMETHING"
        for segment, rule in found
    ]
    expected.write_text("".join(row + "\n" for row in rows))
    words = ("-m", "bench.nibrs_conformance", "--pack", pack, "--expected", expected)
    assert f"{len(found)} found, 0 missed; {len(found)} raised, 0 extra" in run(*words)


def test_a_quarter_is_timed_and_its_home_gives_the_same_numbers_as_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert {"lone quarter", "moshare verify"} <= set(measure_quarter(HERE, home))
    assert "ratio" in run("-m", "bench.quarter", "--pairs", "0", "--beside", ROOT)
    said = run("-m", "bench.same_numbers", home, home)
    assert "DIFFERS" not in said
    assert "tables equal" in said
    [nibrs] = [path for path in home.glob("vault/deliveries/mshp/*/*/*nibrs*") if path.is_file()]
    assert "incidents in the file" in run("nibrs_account.py", nibrs)


def test_outlines_are_made_from_lines_that_counties_share(tmp_path: Path) -> None:
    """Two squares, one line between them, and a point on it that says nothing."""
    arcs = [
        [[10, 10], [-10, 0], [0, -10], [10, 0]],
        [[10, 0], [0, 5], [0, 5]],
        [[10, 10], [10, 0], [0, -10], [-10, 0]],
    ]
    shapes = [
        {"type": "Polygon", "id": "20001", "arcs": [[0, 1]]},
        {"type": "Polygon", "id": "20003", "arcs": [[-2, 2]]},
        {"type": "Polygon", "id": "29001", "arcs": [[2, -2]]},
    ]
    topology = {
        "transform": {"scale": [0.1, 0.1], "translate": [-90, 0]},
        "arcs": arcs,
        "objects": {"counties": {"geometries": shapes}},
    }
    (tmp_path / "atlas.json").write_text(json.dumps(topology), "utf-8")
    (tmp_path / "names.csv").write_text("fips,county\n20001,West\n20003,East\n", "utf-8")
    given = [str(tmp_path / "atlas.json"), "20", str(tmp_path / "names.csv"), str(tmp_path)]
    subprocess.run([sys.executable, "-m", "bench.outlines", *given], cwd=ROOT, check=True)
    assert (tmp_path / "counties.csv").read_text("utf-8") == "county,lines\nEast,-2 2\nWest,0 1\n"
    lines = (tmp_path / "lines.csv").read_text("utf-8").splitlines()
    assert lines[0] == "line,points"
    assert lines[2] == "1,500 500 0 -500"
