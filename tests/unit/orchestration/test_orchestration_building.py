"""A released folder is judged by the words that the portal writes into it, before it appears."""

from dataclasses import replace
from pathlib import Path

import pytest
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from gate.errors import GateError
from gate.shelf import Shelf
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps import building
from orchestration.steps.building import _shape, build_folder, judge_released
from portal.tables import list_rows


def test_every_table_is_judged_by_the_period_that_is_written_into_it() -> None:
    plan = example_plan("2025Q4")
    release = publish(plan, fill_cells(plan, 50))
    written = {
        table.name: {row[0] for row in list_rows(table, release)} for table in release.tables
    }
    judged = {table.name: {_shape(table, release).quarter} for table in release.tables}
    assert written == judged
    assert {"CY2025"} in written.values()


def test_a_folder_that_breaks_a_rule_never_appears_and_the_gate_opens_it_only_when_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path)
    prepare_process(settings)
    plan = example_plan("2025Q4")
    drawn_at = "2026-01-15T12:00:00+00:00"
    release = replace(publish(plan, fill_cells(plan, 50)), drawn_at=drawn_at)
    shelf = Shelf(settings.releases, settings.public_key)
    with monkeypatch.context() as broken:
        broken.setattr(building, "run_suite", lambda *_: BrokenRule())
        with pytest.raises(OrchestrationError, match=r"MS946.*2025Q4.*a_rule"):
            build_folder(release, settings)
    shelf.look()
    with pytest.raises(GateError, match="MS729"):
        shelf.get("2025Q4")
    assert [path.name for path in settings.releases.iterdir()] == ["moshare.pub"]
    folder, broken_rules = build_folder(release, settings)
    assert broken_rules == judge_released(release, folder, settings.public_key) == ()
    shelf.look()
    assert shelf.get("2025Q4").release_id == "2025Q4"


def test_a_folder_is_judged_once_and_one_that_was_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path)
    prepare_process(settings)
    plan = example_plan("2025Q4")
    drawn_at = "2026-01-15T12:00:00+00:00"
    release = replace(publish(plan, fill_cells(plan, 50)), drawn_at=drawn_at)
    judged: list[Path] = []

    def judge(_: object, folder: Path, __: Path) -> tuple[str, ...]:
        judged.append(folder)
        return () if len(judged) == 1 else ("a_rule",)

    monkeypatch.setattr(building, "judge_released", judge)
    folder, broken = build_folder(release, settings)
    assert (len(judged), broken) == (1, ())
    assert judged[0] != folder
    assert build_folder(release, settings) == (folder, ("a_rule",))
    assert judged[1] == folder


class BrokenRule:
    """The outcome of a suite of which one rule does not hold."""

    failed_rules = ("a_rule",)
