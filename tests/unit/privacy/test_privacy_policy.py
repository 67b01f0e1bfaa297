from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from small_policy import PUBLISHED, SMALL, write_policy

from privacy.engine.frames import LINKED
from privacy.errors import PrivacyError
from privacy.policy.policy import REVIEWED_POLICY, load_policy
from privacy.released import ACTIVITY, ANNUAL, COHORT, NOT_RELEASED, QUARTERLY


def test_the_reviewed_policy_has_the_tables_of_the_law() -> None:
    policy = load_policy()
    assert policy.delta == Decimal("0.000001")
    assert {table.name for table in policy.tables} >= {
        "reports",
        "hotline_cases",
        "incidents_known_to_police",
        "arrests",
        "children_by_agency",
        "report_lag",
        "prosecutions",
    }
    assert [table.public for table in policy.tables if table.public] == [
        "cases_filed",
        "dispositions",
        "convictions",
    ]
    silent = {table.name: table.silence for table in policy.tables if table.silence}
    assert silent == {
        "children_in_care_trafficked": NOT_RELEASED,
        "children_absent_from_care": NOT_RELEASED,
    }


def test_the_reviewed_policy_spends_an_eighth_a_quarter_and_a_half_in_a_lifetime() -> None:
    policy = load_policy()
    assert policy.budget.quarterly == policy.budget.annual == Fraction(1, 8)
    assert policy.caps.quarter == policy.caps.annual == Fraction(1, 8)
    assert policy.caps.year == policy.caps.three_years == policy.caps.lifetime == Fraction(1, 2)


def test_the_bounds_of_the_reviewed_policy_are_those_that_linkage_proves() -> None:
    k = 2
    frames = load_policy().frames
    linked = {name: frame.bound for name, frame in frames.items() if frame.kind == LINKED}
    assert linked == {"children_by_agency_in_year": 7, "report_lag_in_year": 2 * k**2 + 1}
    assert {frames[name].quarters for name in linked} == {1}
    assert frames["reports_to_childrens_division"].bound == k


def test_counties_are_published_once_a_year_only() -> None:
    policy = load_policy()
    cadences = {
        policy.frames[str(table.frame)].cadence
        for table in policy.measured_tables
        if table.level in ("county", "circuit")
    }
    assert cadences == {ANNUAL}


def test_every_text_of_a_small_policy_is_read(tmp_path: Path) -> None:
    policy = load_policy(write_policy(tmp_path))
    assert (policy.version, policy.reviewed_on, policy.unit) == (3, "2026-01-15", "One child.")
    assert policy.first_day_of_record == "2000-01-01"
    assert (policy.signers, policy.is_modelled, policy.is_synthetic) == (1, False, True)
    assert (policy.budget.quarterly, policy.budget.annual) == (Fraction(1, 8), Fraction(1, 4))
    assert (policy.caps.three_years, policy.caps.lifetime) == (Fraction(1, 2), Fraction(1))
    assert policy.geographies == {"dss": ("state", "region")}
    assert policy.levels == {"state": "State", "region": "Region"}
    assert policy.dimensions["definition"].published[1].cells == ("strict", "broad_only")
    victims = policy.frames["victims"]
    assert (victims.counting, victims.cadence, victims.quarters) == (ACTIVITY, QUARTERLY, 2)
    assert (victims.levels, victims.columns, victims.bound) == (
        ("state", "region"),
        ("definition",),
        1,
    )
    assert [table.weight for table in policy.tables] == [2, 1, 1, 1, 0]
    assert policy.tables[1].level == "region"
    assert [table.name for table in policy.measured_tables] == [
        "victims",
        "victims_by_region",
        "pairs",
        "calls",
    ]
    assert policy.sources == {"mshp", "hotline"}


def test_a_cohort_can_be_counted_once_and_an_activity_without_a_limit_always(
    tmp_path: Path,
) -> None:
    frames = load_policy(write_policy(tmp_path)).frames
    assert (frames["pairs"].counting, frames["pairs"].quarters) == (COHORT, 1)
    assert (frames["calls"].counting, frames["calls"].quarters) == (ACTIVITY, None)


def test_comments_do_not_change_the_hash_and_content_does(tmp_path: Path) -> None:
    first = load_policy(write_policy(tmp_path)).hash
    assert load_policy(write_policy(tmp_path, "# a note\n" + SMALL)).hash == first
    for old, new in [("weight = 2", "weight = 3"), ("2026-01-15", "2026-01-16"), ("All.", "Some.")]:
        assert load_policy(write_policy(tmp_path, SMALL.replace(old, new, 1))).hash != first


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version = 3", "", "In the policy, version is missing, a whole number"),
        ("version = 3", "version = 0", "version must be a whole number from 1 up"),
        ("version = 3", "version = true", "version must be a whole number"),
        ("version = 3", "version = 3\nepsilon = 4", "In the policy, epsilon is not known"),
        ("reviewed_on = 2026-01-15", 'reviewed_on = "today"', "reviewed_on must be a date"),
        ("2000-01-01", "2000-02-01", "first_day_of_record must be the first day of a quarter"),
        ("2000-01-01", "2000-01-02", "first_day_of_record must be the first day of a quarter"),
        ("2000-01-01", '"2000"', "first_day_of_record must be a date"),
        ("first_day_of_record = 2000-01-01", "", "first_day_of_record is missing, a date"),
        ('delta = "0.000001"', "delta = 0.000001", "delta must be a positive decimal"),
        ('delta = "0.000001"', 'delta = "1.0"', "delta must be below 1"),
        ('delta = "0.000001"', 'delta = "1e-6"', "delta must be a positive decimal"),
        ('quarter = "0.125"', 'quarter = "0.0"', "quarter must be a positive decimal"),
        ('quarter = "0.125"', 'quarter = "0.12"', "In caps, quarter and annual must be at least"),
        ('annual = "0.25"\n\n[caps]', 'annual = "0.26"\n\n[caps]', "at least what the budget"),
        ('year = "0.5"', 'year = "0.2"', "a longer period must have a cap at least as high"),
        ('three_years = "0.5"', 'three_years = "0.4"', "a longer period must have a cap"),
        ('lifetime = "1.0"', 'lifetime = "0.4"', "a longer period must have a cap"),
        ('year = "0.5"', 'year = "0.5"\nday = "0.1"', "In caps, day is not known"),
        ('unit = "One child."', 'unit = ""', "unit must be a text that is not empty"),
        ('["the plan"]', "[1]", "unprotected must hold texts"),
        ('["the plan"]', "[]", "unprotected must be a list that is not empty"),
        ('["the plan"]', '["a", "a"]', "unprotected names something twice"),
        ("enabled = false", "enabled = 0", "In modelled, enabled must be true or false"),
        ("[levels.state]", "[levels.State]", "lower case with underscores"),
        ("[dimensions.sex]", "[dimensions.state]", "levels and dimensions share a name"),
        ('["state", "region"]', '["state", "district"]', "In geographies.dss, levels must name"),
        ('title = "Sex"', 'title = "Sex"\norder = 1', "In dimensions.sex, order is not known"),
        ("[dimensions.sex]\n", "[dimensions]\nsex = 1\n[dimensions.other]\n", "section of its own"),
        ('label = "Broad",', "", "In dimensions.definition.published number 2, label is missing"),
        ('label = "Broad",', 'label = "Broad", size = 1,', "size is not known"),
        (
            "published = [\n",
            'published = [\n  { key = "broad", label = "B", cells = ["x"] },\n',
            "a key twice",
        ),
        ("published = [\n", "published = [1,\n", "section of its own"),
        (
            PUBLISHED,
            "published = []",
            "published must be a list of sections",
        ),
        ('kind = "rows"', 'kind = "sample"', "kind must be rows, aggregate or linked"),
        ('counting = "cohort"', 'counting = "both"', "counting must be cohort or activity"),
        ('cadence = "annual"', 'cadence = "daily"', "cadence must be quarterly or annual"),
        ('geography = "dss"', 'geography = "police"', "geography must name a geography"),
        (
            'geography = "dss"\nlevels = ["state", "region"]',
            'geography = "dss"\nlevels = ["region"]',
            "In frames.victims, levels must be those of its geography from the top",
        ),
        ('columns = ["definition"]', 'columns = ["place"]', "columns must name dimensions"),
        ("bound = 1", "bound = 0", "bound must be a whole number from 1 up"),
        ("bound = 1", "bound_squared = 1", "a rows frame must have bound and no other"),
        ("bound = 1", "bound = 1\nbound_squared = 1", "a rows frame must have bound and no other"),
        ("bound_squared = 7", "bound = 5", "a linked frame must have bound_squared"),
        ("bound = 1", "bound = 1\nplaces = 2", "places belong to a linked frame"),
        (
            "bound_squared = 7",
            "bound_squared = 4",
            "In frames.pairs, bound_squared must be 7, which follows from having no places",
        ),
        (
            "bound_squared = 7",
            "bound_squared = 7\nplaces = 2",
            "bound_squared must be 9, which follows from places = 2",
        ),
        (
            "bound_squared = 7",
            "bound_squared = 9\nplaces = 9",
            "bound_squared must be 163, which follows from places = 9",
        ),
        (
            'columns = ["sex"]\nbound_squared = 7',
            'columns = ["sex", "definition"]\nbound_squared = 7',
            "In frames.pairs, a linked frame without places must have one level and one column",
        ),
        (
            'levels = ["state"]\ncolumns = ["sex"]\nbound_squared = 7',
            'levels = ["state", "region"]\ncolumns = ["sex"]\nbound_squared = 7',
            "In frames.pairs, a linked frame without places must have one level and one column",
        ),
        (
            'columns = ["sex"]\nbound_squared = 7',
            "columns = []\nbound_squared = 7",
            "In frames.pairs, a linked frame without places must have one level and one column",
        ),
        ("bound = 1", "bound = 1\nfactor = 2", "In frames.victims, factor is not known"),
        ("bound_squared = 7", "bound_squared = 7\nquarters = 1", "a cohort counts once ever"),
        ('name = "victims"', 'name = "Victims"', "name must be lower case"),
        ('name = "victims"', "name = 4", "name must be a text"),
        ('name = "victims"', 'name = "pairs"', "two tables have one name"),
        ('name = "victims"', 'name = ""', "In table , name must be a text"),
        ('title = "Victims (records)"', 'title = "Victims"', "the title must name the unit"),
        ('frame = "victims"', 'frame = "other"', "In table victims, frame must name a frame"),
        ('frame = "victims"\n', "", "In table victims, frame must name a frame"),
        ('frame = "pairs"', 'frame = "victims"', "In table pairs, dimensions must be columns"),
        (
            'frame = "calls"\nlevel = "state"',
            'frame = "calls"\nlevel = "region"',
            "In table calls, level must be one of its frame's",
        ),
        (
            "dimensions = []\ncollected = false",
            'dimensions = ["place"]\ncollected = false',
            "In table silent, dimensions must name dimensions of this file",
        ),
        (
            'level = "state"\ndimensions = []\ncollected = false',
            'level = "place"\ndimensions = []\ncollected = false',
            "In table silent, level must name a level of this file",
        ),
        (
            'sources = ["mshp"]\nframe = "pairs"\nlevel = "state"\ndimensions = ["sex"]',
            'sources = ["mshp"]\nframe = "pairs"\nlevel = "state"\ndimensions = []',
            "In table pairs, a table of a linked frame must show all of it",
        ),
        ("weight = 2", "weight = 0", "weight must be a whole number from 1 up"),
        ("weight = 2", "weight = 2\nsigma = 1", "In table victims, sigma is not known"),
        ("collected = false", "collected = false\nweight = 1", "has no frame, no weight"),
        ("collected = false", 'collected = false\nframe = "pairs"', "has no frame, no weight"),
        ("collected = false", 'collected = false\nwithheld = "No."', "and no withheld"),
        ("collected = false", "withheld = true", "withheld must be a text"),
        ("[frames.victims]", "[frames.others]", "In table victims, frame must name a frame"),
    ],
)
def test_an_invalid_policy_is_refused_with_a_sentence_about_the_place(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    assert old in SMALL
    with pytest.raises(PrivacyError, match="MS602") as caught:
        load_policy(write_policy(tmp_path, SMALL.replace(old, new, 1)))
    assert words in caught.value.sentence


SUMS = 'sums = "children_reported"'
QUARTERLY_CHILDREN = """geography = "dss"
levels = ["state", "region"]
columns = []"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (SUMS, "sums = 4", "sums must be a text"),
        (SUMS, 'sums = "others"', "sums must name a frame of this file"),
        (SUMS, 'sums = "children_by_agency_in_year"', "sums must name a quarterly frame"),
        (
            QUARTERLY_CHILDREN,
            f'sums = "arrests"\n{QUARTERLY_CHILDREN}',
            "sums must name a quarterly frame, and belongs to an annual one",
        ),
        (SUMS, 'sums = "reports_to_childrens_division"', "sums must name a cohort of rows"),
        (
            QUARTERLY_CHILDREN,
            'geography = "police"\nlevels = ["state", "troop"]\ncolumns = []',
            "sums must name a frame of the same geography",
        ),
        (
            'levels = ["state", "region", "circuit", "county"]\ncolumns',
            'levels = ["state"]\ncolumns',
            "no finer",
        ),
        (
            QUARTERLY_CHILDREN,
            QUARTERLY_CHILDREN.replace("[]", '["relationship_group"]'),
            "with no other column",
        ),
    ],
)
def test_only_once_counted_rows_of_a_coarser_frame_are_added_up_to_a_year(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    text = REVIEWED_POLICY.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(PrivacyError, match="MS602") as caught:
        load_policy(write_policy(tmp_path, text.replace(old, new, 1)))
    assert words in caught.value.sentence


SAME = 'frame = "juvenile_victim_records_in_year"\ncells = ["same_day", "later", "none_found"]'
LAG = 'kind = "linked"\ncounting = "activity"'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (SAME, SAME.replace("juvenile_victim", "other"), "a frame of rows that stands before"),
        (SAME, SAME.replace("juvenile_victim_records", "report_lag"), "that stands before this"),
        (SAME, SAME.replace("juvenile_victim_records", "children_by_agency"), "a frame of rows"),
        (SAME, SAME.replace("juvenile_victim_records_in_year", "arrests"), "the same cadence"),
        (SAME, SAME.partition("\n")[0], "cells is missing"),
        (LAG, LAG.replace("linked", "rows"), "belongs to a linked frame"),
        ('columns = ["lag_group"]', 'columns = ["lag_group", "sex_group"]', "one dimension"),
        (
            'levels = ["state"]\ncolumns = ["lag',
            'levels = ["state", "region"]\ncolumns = ["lag',
            "one",
        ),
    ],
)
def test_only_cells_of_a_linked_frame_share_the_total_of_a_frame_of_rows(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    text = REVIEWED_POLICY.read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    if 'kind = "rows"\ncounting = "activity"' in new:
        changed = changed.replace("bound_squared = 9\nplaces = 2", "bound = 1")
    with pytest.raises(PrivacyError, match="MS602") as caught:
        load_policy(write_policy(tmp_path, changed))
    assert words in caught.value.sentence


def test_a_policy_says_which_cells_are_the_rows_of_which_frame_and_what_proves_it() -> None:
    same = {name: frame.same_rows for name, frame in load_policy().frames.items()}
    assert {name for name, one in same.items() if one} == {
        "children_by_agency_in_year",
        "report_lag_in_year",
    }


def test_a_frame_that_no_table_uses_is_refused(tmp_path: Path) -> None:
    text = SMALL.replace(
        'frame = "calls"\nlevel = "state"\ndimensions = []',
        'collected = false\nlevel = "state"\ndimensions = []',
    )
    with pytest.raises(PrivacyError, match=r"MS602.*every frame must be used"):
        load_policy(write_policy(tmp_path, text))


@pytest.mark.parametrize(("section", "words"), [("frames = {}", "frames must hold sections")])
def test_a_section_without_content_is_refused(section: str, words: str, tmp_path: Path) -> None:
    start, end = SMALL.index("[frames.victims]"), SMALL.index("[[tables]]")
    text = section + "\n" + SMALL[:start] + SMALL[end:]
    with pytest.raises(PrivacyError, match=f"MS602.*{words}"):
        load_policy(write_policy(tmp_path, text))


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe", None])
def test_a_file_that_is_no_toml_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PrivacyError, match=r"MS601.*policy\.toml"):
        load_policy(path)


def test_the_reviewed_policy_lies_beside_the_code() -> None:
    assert REVIEWED_POLICY.is_file()


def test_another_state_reads_the_same_numbers_in_its_own_words(tmp_path: Path) -> None:
    path = write_policy(tmp_path)
    policy, same = load_policy(path), load_policy(path, {})
    told = load_policy(path, {policy.tables[0].unit: "swans"})
    assert same == policy
    assert told.hash != policy.hash
    assert told.tables[0].title == policy.tables[0].title.replace(policy.tables[0].unit, "swans")
    assert (told.budget, told.caps, told.delta) == (policy.budget, policy.caps, policy.delta)
    assert told.frames.keys() == policy.frames.keys()
