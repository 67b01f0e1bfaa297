"""A released folder is judged by the words that the portal writes into it."""

from privacy_examples import example_plan
from release_examples import fill_cells, publish

from orchestration.steps.building import _shape
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
