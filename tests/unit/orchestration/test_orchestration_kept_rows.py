"""A release is refused where an earlier one's rows or links are not those it was drawn from."""

import json
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.guards import kept_rows
from orchestration.guards.kept_rows import keep_rows
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.spending import open_ledger
from privacy.errors import PrivacyError
from sources.quarters import Quarter

FIRST, SECOND = Quarter(2025, 1), Quarter(2025, 2)
ROWS = "insert into release_input.report_choices values (?, ?)"


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(tmp_path)


@pytest.fixture
def charged(monkeypatch: pytest.MonkeyPatch) -> set[Quarter]:
    quarters: set[Quarter] = set()
    monkeypatch.setattr(kept_rows, "find_kept_quarters", lambda _: frozenset(quarters))
    return quarters


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema release_input")
        opened.execute(
            "create table release_input.report_choices (quarter_start date, child_id varchar)"
        )
        opened.executemany(ROWS, [[FIRST.first_day, "a"], [FIRST.first_day, None]])
        folder = settings.vault.links(str(FIRST))
        folder.mkdir(parents=True)
        for file, key in (("links.parquet", "victim_key"), ("children.parquet", "child_id")):
            opened.sql(
                f"select quarter_start, 'v' as {key} from release_input.report_choices"  # noqa: S608
            ).write_parquet(str(folder / file))
        yield opened


@pytest.fixture
def released(warehouse, settings: Settings, charged: set[Quarter]) -> duckdb.DuckDBPyConnection:
    """A warehouse of which the first quarter was released."""
    keep_rows(warehouse, FIRST, settings)
    charged.add(FIRST)
    return warehouse


def test_a_release_goes_on_while_earlier_rows_lie_there_in_any_order(released, settings) -> None:
    released.execute("delete from release_input.report_choices")
    released.executemany(ROWS, [[FIRST.first_day, None], [FIRST.first_day, "a"]])
    released.executemany(ROWS, [[SECOND.first_day, "b"]])
    released.execute("create table release_input.more as from release_input.report_choices")
    for quarter in (SECOND, FIRST):
        keep_rows(released, quarter, settings)


@pytest.mark.parametrize(
    "loss",
    [
        "delete from release_input.report_choices",
        "delete from release_input.report_choices where child_id = 'a'",
        "update release_input.report_choices set child_id = 'b' where child_id = 'a'",
        "drop table release_input.report_choices",
    ],
)
def test_rows_of_a_release_that_changed_or_are_gone_stop_the_next_one(
    released, settings, loss: str
) -> None:
    released.execute(loss)
    for quarter in (SECOND, FIRST):
        with pytest.raises(OrchestrationError, match=r"MS923.*2025Q1") as caught:
            keep_rows(released, quarter, settings)
        assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    "lost",
    [
        "linkage/2025Q1/links.parquet",
        "linkage/2025Q1/children.parquet",
        "kept_rows/2025Q1.json",
    ],
)
def test_lost_links_children_and_notes_stop_the_next_release(released, settings, lost: str) -> None:
    (settings.vault.folder / lost).unlink()
    with pytest.raises(OrchestrationError, match="MS923"):
        keep_rows(released, SECOND, settings)


def test_nothing_is_released_after_what_an_older_version_released(released, settings) -> None:
    note = settings.vault.kept_rows / "2025Q1.json"
    digests = json.loads(note.read_text("utf-8"))
    digests["links"] = digests.pop("links.parquet")
    del digests["children.parquet"]
    note.write_text(json.dumps(digests), "utf-8")
    with pytest.raises(OrchestrationError, match=r"MS936.*2025Q1.*older version") as caught:
        keep_rows(released, SECOND, settings)
    assert caught.value.exit_code == 5


def test_rows_of_a_quarter_that_was_not_charged_may_be_built_anew(
    warehouse, settings, charged: set[Quarter]
) -> None:
    keep_rows(warehouse, FIRST, settings)
    warehouse.execute("delete from release_input.report_choices")
    keep_rows(warehouse, FIRST, settings)
    charged.add(FIRST)
    keep_rows(warehouse, SECOND, settings)


def test_a_ledger_is_not_replaced_once_rows_were_handed_over(released, settings) -> None:
    with pytest.raises(PrivacyError, match="MS620"):
        open_ledger(settings)
