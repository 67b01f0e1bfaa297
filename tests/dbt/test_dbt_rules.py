"""That a broken row breaks the rule that speaks of it, by name, also where Great Expectations did.

Every kind of rule on single rows that Great Expectations repeated once is broken here, each in a
table of its own, and dbt alone looks at them.
"""

from __future__ import annotations

import duckdb
import pytest
from dbt_records import deliver_first_quarter, deliver_second_quarter
from dbt_vault import EVERYTHING, Vault

from orchestration.guards.counted_tables import name_rules
from orchestration.hub.settings import Settings
from orchestration.steps import dbt_steps
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

ROW = "rowid = (select min(rowid) from {table})"
BROKEN = {
    "int_dss__child_reports_has_one_row_per_report_and_child": (
        "insert into intermediate.int_dss__child_reports "
        "select * from intermediate.int_dss__child_reports limit 1"
    ),
    "int_dss__child_reports_is_sex_trafficking_alleged_is_filled": (
        "intermediate.int_dss__child_reports",
        "is_sex_trafficking_alleged = null",
    ),
    "int_dss__child_reports_age_years_is_never_negative": (
        "intermediate.int_dss__child_reports",
        "age_years = -1",
    ),
    "int_mshp__victims_has_one_row_per_victim": (
        "intermediate.int_mshp__victims",
        "victim_key = null",
    ),
    "int_mshp__victims_age_band_is_a_public_key": (
        "intermediate.int_mshp__victims",
        "age_band = 'old'",
    ),
    "int_mshp__victims_relationship_group_is_a_public_key": (
        "intermediate.int_mshp__victims",
        "relationship_group = null",
    ),
    "int_mshp__victims_victim_definition_is_listed": (
        "intermediate.int_mshp__victims",
        "victim_definition = 'broad'",
    ),
    "int_mshp__incidents_troop_is_a_public_key": (
        "intermediate.int_mshp__incidents",
        "troop = null",
    ),
    "int_mshp__arrests_is_counted_elsewhere_is_filled": (
        "intermediate.int_mshp__arrests",
        "is_counted_elsewhere = null",
    ),
    "int_deliveries_delivery_kind_is_listed": (
        "intermediate.int_deliveries",
        "delivery_kind = 'late'",
    ),
    "int_deliveries_delivery_sequence_is_positive": (
        "intermediate.int_deliveries",
        "delivery_sequence = 0",
    ),
    "int_deliveries_is_simulated_is_filled": ("intermediate.int_deliveries", "is_simulated = null"),
    "int_deliveries_delivery_quarter_start_begins_a_quarter": (
        "intermediate.int_deliveries",
        "delivery_quarter_start = '2025-08-03'",
    ),
    "int_hotline__counts_delivered_count_is_never_negative": (
        "intermediate.int_hotline__counts",
        "delivered_count = -1",
    ),
    "children_reported_in_year_has_one_row_per_quarter_and_unit": (
        "release_input.children_reported_in_year",
        "unit_id = (select max(unit_id) from release_input.children_reported_in_year)",
    ),
    "children_reported_in_year_county_is_a_public_key": (
        "release_input.children_reported_in_year",
        "county = 'Nowhere'",
    ),
    "children_reported_in_year_sex_group_is_a_public_key": (
        "release_input.children_reported_in_year",
        "sex_group = null",
    ),
    "incidents_known_to_police_quarter_start_begins_a_quarter": (
        "release_input.incidents_known_to_police",
        "quarter_start = '2025-11-03'",
    ),
    "juvenile_victim_records_in_year_has_rows_in_fourth_quarters_only": (
        "release_input.juvenile_victim_records_in_year",
        "quarter_start = '2025-04-01'",
    ),
    "children_by_agency_in_year_covers_every_child_reported": (
        "delete from release_input.children_by_agency_in_year where agency_pattern = 'dss_only'"
    ),
    "hotline_cases_case_count_is_never_negative": (
        "release_input.hotline_cases",
        "case_count = -1",
    ),
    "hotline_children_has_one_row_per_quarter_and_cell": (
        "insert into release_input.hotline_children "
        "select * from release_input.hotline_children limit 1"
    ),
}
"""Rule to the statement that breaks a row, or the table and what its first row is set to."""

UNREADABLE = "arrests"
"""A counted table whose query fails, because a column that a rule asks for is gone."""

QUARTER = Quarter(2025, 4)
RELEASED = ("2025Q3",)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault in which a fourth quarter was built, and every rule was found to hold."""
    made = Vault(tmp_path_factory.mktemp("rules") / "vault")
    deliver_first_quarter(made)
    made.build(*EVERYTHING, quarter="2025Q3")
    deliver_second_quarter(made)
    made.build(*EVERYTHING, quarter="2025Q4", released=RELEASED)
    return made


def look_again(vault: Vault) -> dict[str, bool]:
    """Run the tests alone, and give each rule by name."""
    alone = ("--exclude-resource-type", "unit_test")
    vault.dbt("test", *alone, quarter="2025Q4", released=RELEASED)
    settings = Settings(vault.folder.parent)
    outcome = dbt_steps._read_outcome(dbt_steps.CORE, QUARTER, settings, {})
    rules: dict[str, bool] = {}
    for node, passed in outcome.tests.items():
        rules |= outcome.rules.get(node, {dbt_steps.test_name(node): passed})
    return rules


def test_each_broken_row_breaks_the_rule_that_speaks_of_it(vault: Vault) -> None:
    before = look_again(vault)
    assert all(before.values())
    assert set(before) >= {f"assert_{rule}" for rule in BROKEN}
    assert set(before) >= {*name_rules(load_policy(), Settings(vault.folder.parent))}
    with duckdb.connect(str(vault.folder / "warehouse.duckdb")) as warehouse:
        for how in BROKEN.values():
            if isinstance(how, str):
                warehouse.execute(how)
            else:
                table, change = how
                row = ROW.format(table=table)
                warehouse.execute(f"update {table} set {change} where {row}")  # noqa: S608
        warehouse.execute(f"alter table release_input.{UNREADABLE} rename state to place")
    after = look_again(vault)
    assert set(after) == set(before)
    broken = {rule for rule, holds in after.items() if not holds}
    assert broken >= {f"assert_{rule}" for rule in BROKEN}
    of_arrests = {rule for rule in before if rule.startswith("assert_arrests_in_quarter_")}
    assert len(of_arrests) == 4
    assert broken >= of_arrests
    assert len(broken) < len(before) / 2


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("children_counted", "unit_id"),
        ("children_counted", "quarter_start"),
        ("hotline_children", "child_count"),
    ],
)
def test_a_row_without_its_quarter_unit_or_count_is_refused_when_it_is_written(
    vault: Vault, table: str, column: str
) -> None:
    with (
        duckdb.connect(str(vault.folder / "warehouse.duckdb")) as warehouse,
        pytest.raises(duckdb.ConstraintException),
    ):
        warehouse.execute(f"update release_input.{table} set {column} = null")  # noqa: S608
