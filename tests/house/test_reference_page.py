from pathlib import Path

from orchestration.reference import write_reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"


def test_every_command_setting_asset_check_and_error_is_in_the_reference() -> None:
    assert PAGE.read_text("utf-8") == write_reference(), (
        "docs/reference.md is out of date: run 'python -m orchestration.reference'"
    )
