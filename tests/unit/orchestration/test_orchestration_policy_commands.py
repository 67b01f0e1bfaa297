import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from orchestration.cli import build_app
from orchestration.hub.settings import PROJECT_ROOT

POLICY = PROJECT_ROOT / "privacy" / "policy.toml"
COMMANDS = get_command(build_app()).commands["policy"].commands  # type: ignore[attr-defined]


def call(*arguments: str):
    return CliRunner().invoke(build_app(), ["policy", *arguments])


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    text = POLICY.read_text("utf-8").replace("signers = 2", "signers = 3")
    path.write_text(text.replace("by region (children)", "by area (children)", 1), "utf-8")
    return path


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_policy_shows_an_example_first(name: str) -> None:
    assert COMMANDS[name].help.startswith(f"Example: `moshare policy {name}")


def test_the_reviewed_policy_passes_its_check_below_its_caps() -> None:
    ended = call("check", "--json")
    assert ended.exit_code == 0
    told = json.loads(ended.stdout)
    assert all(one["fits"] for one in told["worst_case"])
    assert Fraction(told["frames"][0]["rho"]) > 0


def test_the_check_shows_each_frame_and_the_worst_case() -> None:
    ended = call("check")
    assert "cohort" in ended.stdout
    assert "lifetime" in ended.stderr
    assert "above the cap" not in ended.stderr


def test_a_policy_without_its_split_fails_its_check(changed: Path) -> None:
    ended = call("check", str(changed))
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert "MS645" in ended.stderr


def test_a_policy_that_is_invalid_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("version = 3\nnoise = 0\n", "utf-8")
    ended = call("check", str(path))
    assert ended.exit_code == 5
    assert "noise is not known" in ended.stderr


def test_a_changed_policy_needs_another_split_beside_it(changed: Path) -> None:
    stored = changed.with_name("strategy.json")
    stored.write_text((PROJECT_ROOT / "privacy" / "strategy.json").read_text("utf-8"), "utf-8")
    assert "MS646" in call("check", str(changed)).stderr
    ended = call("optimise", str(changed))
    assert ended.exit_code == 0
    assert ended.stdout.strip() == str(stored)
    assert "above the least" in " ".join(ended.stderr.split())
    assert call("check", str(changed)).exit_code == 0


def test_a_comparison_tells_the_guarantee_first(changed: Path) -> None:
    ended = call("diff", str(POLICY), str(changed))
    assert ended.exit_code == 0
    lines = ended.stdout.splitlines()
    assert lines[:3] == [
        "Guarantee",
        "  Policy: the number of officers who must sign is 3 instead of 2.",
        "Words",
    ]
    assert lines[3].startswith("  Table children_by_region: its title is “Children first reported")
    assert len(lines) == 4


def test_a_comparison_is_given_to_programs_too(changed: Path) -> None:
    told = json.loads(call("diff", str(POLICY), str(changed), "--json").stdout)
    assert [one["touches"] for one in told] == ["guarantee", "words"]


def test_equal_policies_have_nothing_to_compare() -> None:
    assert call("diff", str(POLICY), str(POLICY)).stdout == "Nothing changed.\n"


def test_the_schema_is_printed_as_json() -> None:
    assert json.loads(call("schema").stdout)["title"] == "Privacy policy"
