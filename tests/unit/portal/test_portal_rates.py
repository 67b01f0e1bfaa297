"""Children per 10,000 who live in a region, by year."""

import csv
import io
from collections import Counter

import pytest
from portal_quarters import publish_quarters

from jurisdiction.folder import list_counties
from portal.codebook import HIGH_RATE
from portal.files import list_files
from portal.ranges import find_first
from portal.rates import list_rates
from privacy.released import Release


@pytest.fixture(scope="module")
def release() -> Release:
    return publish_quarters()["2025Q4"]


def list_children() -> Counter[str]:
    """Children of each region and of the state, from the public list."""
    children: Counter[str] = Counter()
    for county in list_counties():
        for place in (county["region"], "Missouri"):
            children[place] += int(county["child_population_2019"])
    return children


def test_a_rate_is_the_first_number_for_each_ten_thousand_children_of_the_public_list(
    release: Release,
) -> None:
    children, rates = list_children(), {one.place: one for one in list_rates(release)}
    assert rates.keys() == children.keys()
    (table,) = (one for one in release.tables if one.name == "children_in_year_by_region")
    for row in table.rows:
        first = find_first(row)
        if row.geography in rates and first is not None:
            rate = rates[row.geography]
            assert rate.children == children[row.geography]
            assert rate.children_in == 2019
            assert rate.rate == pytest.approx(10_000 * first.number / rate.children, abs=0.005)
            assert rate.low90 <= rate.rate <= rate.high90


def test_a_place_where_nobody_lives_has_no_rate(release: Release) -> None:
    assert not {"Outside Missouri", "Unknown"} & {one.place for one in list_rates(release)}


def test_only_tables_of_a_year_about_the_children_of_the_regions_give_rates() -> None:
    releases = publish_quarters()
    assert {one.table for one in list_rates(releases["2025Q4"])} == {
        "children_reported_in_year",
        "children_in_year_by_region",
    }
    assert {one.table for one in list_rates(releases["2026Q1"])} == {
        "children_reported_four_quarters",
        "children_by_region_four_quarters",
    }
    assert list_rates(releases["2025Q1"]) == ()
    assert "data/rates.csv" not in list_files(releases["2025Q1"])


def test_the_file_of_rates_says_what_a_high_rate_can_mean(release: Release) -> None:
    files = list_files(release)
    rows = list(csv.DictReader(io.StringIO(files["data/rates.csv"].decode())))
    assert {row["period"] for row in rows} == {"CY2025"}
    assert len(rows) == len(list_rates(release))
    assert HIGH_RATE in files["datapackage.json"].decode()
