import re
from pathlib import Path

import pytest
from typer.main import get_command

from orchestration.cli import build_app
from orchestration.cli.reference import write_reference

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference.md"
COMMANDS = get_command(build_app()).commands  # type: ignore[attr-defined]
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "bench" / "README.md", *(ROOT / "docs").rglob("*.md")])
SOURCE = r"`([a-z_]+/[a-z0-9_./-]+\.(?:css|csv|js|html|json|md|py|sql|toml|yml))`"


def test_every_command_setting_asset_check_and_error_is_in_the_reference() -> None:
    assert PAGE.read_text("utf-8") == write_reference(), (
        "docs/reference.md is out of date: run 'python -m orchestration.cli.reference'"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_commands_and_options_that_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for name, rest in re.findall(r"\bmoshare ([a-z][a-z-]*)([^`\n#|]*)", text):
        assert name in COMMANDS, name
        command = COMMANDS[name]
        for word in rest.split():
            command = getattr(command, "commands", {}).get(word, command)
        known = {"--help"} | {option for param in command.params for option in param.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_only_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_files_of_the_tree_that_exist(page: Path) -> None:
    rooms = {path.name for path in ROOT.iterdir()} - {"data"}  # the demo's, and a release's too
    named = re.findall(SOURCE, page.read_text("utf-8"))
    assert [one for one in named if one.split("/")[0] in rooms and not (ROOT / one).exists()] == []


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text("utf-8"))) <= targets
