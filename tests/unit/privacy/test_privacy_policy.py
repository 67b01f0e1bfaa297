from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from privacy.errors import PrivacyError
from privacy.frames import LINKED
from privacy.policy import REVIEWED_POLICY, load_policy
from privacy.released import NOT_COLLECTED, NOT_RELEASED

SMALL = """
version = 3
reviewed_on = 2026-01-15
delta = "0.000001"
unit = "One child."
unprotected = ["the plan"]

[caps]
quarter = "0.125"
year = "0.5"

[dimensions.state]
title = "State"

[dimensions.definition]
title = "Definition"
published = [{ key = "broad", label = "Broad", cells = ["strict", "broad_only"] }]

[frames.victims]
kind = "rows"
columns = ["definition"]
bound = 1
reason = "One row each."

[frames.pairs]
kind = "linked"
columns = ["definition"]
bound_squared = 5
reason = "At most two."

[[tables]]
name = "victims"
title = "Victims (records)"
unit = "records"
sources = ["mshp"]
frame = "victims"
dimensions = ["definition"]
weight = 2
definition = "All."

[[tables]]
name = "pairs"
title = "Pairs (records)"
unit = "records"
sources = ["mshp"]
frame = "pairs"
dimensions = ["definition"]
weight = 1
definition = "All."

[[tables]]
name = "silent"
title = "Silent (records)"
unit = "records"
sources = []
dimensions = ["state"]
collected = false
definition = "None."
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_reviewed_policy_has_the_caps_and_tables_of_the_law() -> None:
    policy = load_policy()
    assert (policy.caps.quarter, policy.caps.year) == (Fraction(1, 8), Fraction(1, 2))
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
    silent = [table for table in policy.tables if table.frame is None]
    assert [(table.name, table.silence) for table in silent] == [("prosecutions", NOT_COLLECTED)]


def test_the_bounds_of_the_reviewed_policy_are_those_of_two_records_for_one_child() -> None:
    k = 2
    frames = load_policy().frames
    linked = {name: frame.bound for name, frame in frames.items() if frame.kind == LINKED}
    assert linked == {"children_by_agency": 1 + k**2, "report_lag": 2 * k**2 + 1}
    assert frames["reports_to_childrens_division"].bound == k


def test_every_text_of_a_small_policy_is_read(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, SMALL))
    assert (policy.version, policy.reviewed_on, policy.unit) == (3, "2026-01-15", "One child.")
    assert policy.frames["pairs"].bound == 5
    assert policy.dimensions["definition"].published[0].cells == ("strict", "broad_only")
    assert [table.weight for table in policy.tables] == [2, 1, 0]
    assert [table.name for table in policy.measured_tables] == ["victims", "pairs"]
    assert policy.sources == {"mshp"}


def test_a_table_without_a_weight_has_weight_1(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, SMALL.replace("weight = 2\n", "")))
    assert [table.weight for table in policy.tables] == [1, 1, 0]


def test_a_withheld_table_says_so(tmp_path: Path) -> None:
    text = SMALL.replace("collected = false", "withheld = true")
    assert load_policy(write(tmp_path, text)).tables[-1].silence == NOT_RELEASED


def test_comments_do_not_change_the_hash_and_content_does(tmp_path: Path) -> None:
    first = load_policy(write(tmp_path, SMALL)).hash
    assert load_policy(write(tmp_path, "# a note\n" + SMALL)).hash == first
    for old, new in [("weight = 2", "weight = 3"), ("2026-01-15", "2026-01-16"), ("All.", "Some.")]:
        assert load_policy(write(tmp_path, SMALL.replace(old, new, 1))).hash != first


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version = 3", "", "version must be a whole number"),
        ("version = 3", "version = 0", "version must be at least 1"),
        ("version = 3", "version = true", "version must be a whole number"),
        ("version = 3", "version = 3\nepsilon = 4", "epsilon is not known"),
        ("reviewed_on = 2026-01-15", 'reviewed_on = "today"', "reviewed_on must be a date"),
        ('delta = "0.000001"', "delta = 0.000001", "delta must be a text"),
        ('delta = "0.000001"', 'delta = "1.0"', "delta must be below 1"),
        ('delta = "0.000001"', 'delta = "1e-6"', "delta must be a positive decimal"),
        ('quarter = "0.125"', 'quarter = "0.0"', "quarter must be a positive decimal"),
        ('quarter = "0.125"', 'quarter = "0.6"', "year must be at least quarter"),
        ('year = "0.5"', 'year = "0.5"\nday = "0.1"', "In caps, day is not known"),
        ('unit = "One child."', 'unit = ""', "unit must be a text that is not empty"),
        ('["the plan"]', "[1]", "unprotected must hold texts"),
        ('["the plan"]', '["a", "a"]', "unprotected names something twice"),
        ("[dimensions.state]", "[dimensions.State]", "lower case with underscores"),
        (
            'title = "State"',
            'title = "State"\norder = 1',
            "In dimensions.state, order is not known",
        ),
        (
            "[dimensions.state]\n",
            "[dimensions]\nstate = 1\n[dimensions.other]\n",
            "section of its own",
        ),
        ('label = "Broad",', "", "label must be a text"),
        ('label = "Broad",', 'label = "Broad", size = 1,', "size is not known"),
        (
            "published = [{",
            'published = [{ key = "broad", label = "B", cells = ["x"] }, {',
            "a key twice",
        ),
        ("published = [{", "published = [1, {", "section of its own"),
        ('kind = "rows"', 'kind = "sample"', "kind must be rows, aggregate or linked"),
        ('columns = ["definition"]', 'columns = ["place"]', "columns must name dimensions"),
        ('columns = ["definition"]', "columns = []", "columns must name dimensions"),
        ("bound = 1", "bound = 0", "bound must be at least 1"),
        ("bound = 1", "bound_squared = 1", "bound must be a whole number"),
        ("bound = 1", "bound = 1\nfactor = 2", "In frames.victims, factor is not known"),
        ('name = "victims"', 'name = "Victims"', "name must be lower case"),
        ('name = "victims"', 'name = "pairs"', "two tables have one name"),
        ('dimensions = ["definition"]', "dimensions = []", "dimensions must name dimensions"),
        (
            'dimensions = ["definition"]',
            'dimensions = ["place"]',
            "dimensions must name dimensions",
        ),
        ('title = "Victims (records)"', 'title = "Victims"', "the title must name the unit"),
        ('frame = "victims"', 'frame = "other"', "frame must name a frame"),
        ('frame = "victims"', 'frame = "pairs"', "every frame must be used"),
        ("weight = 2", "weight = 0", "weight must be at least 1"),
        ("weight = 2", "weight = 2\nsigma = 1", "In table victims, sigma is not known"),
        (
            "collected = false",
            "collected = false\nweight = 1",
            "In table silent, weight is not known",
        ),
    ],
)
def test_an_invalid_policy_is_refused_with_a_sentence_about_the_place(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    assert old in SMALL
    with pytest.raises(PrivacyError, match="MS602") as caught:
        load_policy(write(tmp_path, SMALL.replace(old, new, 1)))
    assert words in caught.value.sentence


def test_a_linked_table_must_use_all_columns_of_its_frame(tmp_path: Path) -> None:
    text = SMALL.replace(
        'kind = "linked"\ncolumns = ["definition"]',
        'kind = "linked"\ncolumns = ["definition", "state"]',
    )
    with pytest.raises(PrivacyError, match=r"MS602.*all its columns"):
        load_policy(write(tmp_path, text))


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe", None])
def test_a_file_that_is_no_toml_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PrivacyError, match=r"MS601.*policy\.toml"):
        load_policy(path)


def test_the_reviewed_policy_lies_beside_the_code() -> None:
    assert REVIEWED_POLICY.is_file()
