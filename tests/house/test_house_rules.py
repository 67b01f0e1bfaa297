"""Rules of the house that a linter does not know."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.cli.reference import ROOMS as ROOMS_THAT_FAIL

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "jurisdiction",
    "durable",
    "failures",
    "sources",
    "simulator",
    "linkage",
    "expectations",
    "privacy",
    "portal",
    "gate",
    "orchestration",
)
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def modules_matching(pattern: str) -> set[str]:
    expression = re.compile(pattern, re.MULTILINE)
    return {
        str(path.relative_to(ROOT)) for path in CODE if expression.search(path.read_text("utf-8"))
    }


def test_rooms_import_only_what_the_house_allows() -> None:
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout


def test_a_failure_is_given_the_facts_that_its_text_asks_for_and_no_others() -> None:
    rooms = {room.__name__: room for room in ROOMS_THAT_FAIL}
    calls = [
        node
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in rooms
        and isinstance(node.args[0], ast.Constant)
    ]
    assert len(calls) > 200
    for call in calls:
        code, room = call.args[0].value, rooms[call.func.id]
        given = {keyword.arg for keyword in call.keywords} - {"headers", "status"}
        assert given == room.texts[code].placeholders, code


def test_one_module_reads_the_environment() -> None:
    """The child that runs dbt replaces its own as a whole by what each call brings.

    Which state is served is known before any room is imported, so the room of the state asks it.
    """
    child, state = "orchestration/steps/dbt_child.py", "jurisdiction/folder.py"
    read = r"\bos\.(environ(?!\.clear\(\)|\.update\()|getenv)\b"
    assert modules_matching(read) == {"orchestration/hub/settings.py", state}
    assert modules_matching(r"\bos\.environ\b") == {"orchestration/hub/settings.py", state, child}


def test_one_class_says_where_the_parts_of_the_vault_lie() -> None:
    assert modules_matching(r"vault(\.folder)? / |vault\.folder\.r?glob") == set()


def test_one_module_renames_files_here_and_the_gate_those_of_a_receiver() -> None:
    assert modules_matching(r"\.rename\(|os\.(rename|replace|link)\(") == {
        "durable/writing.py",
        "gate/push.py",
        "gate/remote.py",
    }


def test_one_module_imports_opendp() -> None:
    assert modules_matching(r"^\s*(import|from) opendp\b") == {"privacy/engine/noise.py"}


def test_one_module_of_orchestration_opens_the_door() -> None:
    found = modules_matching(r"\bprivacy\.door\b|\bfrom privacy import .*\bdoor\b")
    assert {path for path in found if not path.startswith("privacy/")} == {
        "orchestration/steps/releasing.py"
    }


def test_no_step_takes_run_config() -> None:
    assert modules_matching(r"\bdg\.(Config|Field)\b|config_schema|op_config") == set()


def test_no_model_casts_a_column_plainly() -> None:
    plain = re.compile(r"(^|[^_a-z])cast\(|::[a-z]|safe_cast", re.IGNORECASE)
    models = sorted((ROOT / "dbt_project" / "models").rglob("*.sql"))
    assert models
    assert [path.name for path in models if plain.search(path.read_text("utf-8"))] == []


def test_a_model_has_one_idea_and_staging_has_none() -> None:
    models = ROOT / "dbt_project" / "models"
    texts = {
        path: path.read_text("utf-8")
        for folder in ("staging", "intermediate")
        for path in (models / folder).glob("*.sql")
    }
    assert [path.name for path, text in texts.items() if len(text.splitlines()) >= 60] == []
    thinks = re.compile(r"\b(case|coalesce|group by|over|join|where|ref)\b", re.IGNORECASE)
    staging = {path: text for path, text in texts.items() if path.parent.name == "staging"}
    assert staging
    assert [path.name for path, text in staging.items() if thinks.search(text)] == []


def test_a_capped_requirement_says_why_beside_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    capped = [line for line in lines if re.match(r'^\s+"[\w\-\[\]]+.*(<|==)', line)]
    assert capped
    assert [line for line in capped if "#" not in line] == []


def test_nothing_in_the_tree_names_this_machine() -> None:
    words = re.compile(rf"{re.escape(str(ROOT))}\b|/(?:root|home)/[a-z.]")
    named = [
        path.name
        for path in tracked_files()
        if path.suffix != ".parquet" and words.search(path.read_text("utf-8", errors="ignore"))
    ]
    assert named == []


@pytest.mark.parametrize(
    "command",
    [
        *(["verify", "--help"], ["tokenize", "--help"], ["--help"]),
        ["validate", "pyproject.toml", "--contract", "mshp/1", "--against", "Makefile"],
    ],
)
def test_commands_of_an_agency_start_without_the_hubs_packages(command: list[str]) -> None:
    probe = (
        "import sys\n"
        "sys.argv = ['moshare', *sys.argv[1:]]\n"
        "from orchestration.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "loaded = {'dagster', 'dbt', 'great_expectations', 'opendp'} & set(sys.modules)\n"
        "sys.exit(sorted(loaded) and f'loaded {loaded}' or 0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_decision_that_stands_elsewhere_names_one_that_stands_itself() -> None:
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "docs/decisions").glob("*.md")}
    stands_in = {
        name: found.group(1)
        for name, text in pages.items()
        if (found := re.search(r"^\*Stands in \[\d+\]\((\S+)\)\*", text, re.MULTILINE))
    }
    assert stands_in
    assert {name: other for name, other in stands_in.items() if other not in pages} == {}
    assert {name: other for name, other in stands_in.items() if other in stands_in} == {}


def test_a_commit_is_held_to_what_make_check_holds() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = makefile.partition("\ncheck:")[2].partition("\n\n")[0].splitlines()[1:]
    checks = {line.strip().lstrip("@").replace("$(BIN)", ".venv/bin") for line in recipe}
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert repo["repo"] == "local"
    assert {one["language"] for one in repo["hooks"]} == {"system"}
    entries = {one["entry"].removeprefix("sh -c '").rstrip("'") for one in repo["hooks"]}
    assert entries == checks
