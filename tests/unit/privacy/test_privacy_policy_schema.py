import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from small_policy import SMALL, write_policy

from privacy.errors import PrivacyError
from privacy.policy.form import FORM, LIST, SECTION, SECTIONS
from privacy.policy.policy import REVIEWED_POLICY, load_policy
from privacy.policy.schema import make_schema

CHECK = jsonschema.Draft202012Validator(make_schema())


def read_as_json(text: str) -> Any:
    return json.loads(json.dumps(tomllib.loads(text), default=str))


@pytest.mark.parametrize("text", [SMALL, REVIEWED_POLICY.read_text("utf-8")])
def test_a_valid_policy_fits_the_schema(text: str) -> None:
    CHECK.check_schema(make_schema())
    CHECK.validate(read_as_json(text))


def test_every_form_is_reached_from_the_policy() -> None:
    reached = {"policy"} | {
        field.form
        for fields in FORM.values()
        for field in fields.values()
        if field.kind in (SECTION, SECTIONS, LIST)
    }
    assert reached == FORM.keys()
    referred = set(re.findall(r"#/\$defs/(\w+)", json.dumps(make_schema())))
    assert referred == make_schema()["$defs"].keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 3", 'version = "3"'),
        ("version = 3", "version = 0"),
        ("version = 3", ""),
        ("version = 3", "version = 3\nepsilon = 4"),
        ('delta = "0.000001"', 'delta = "1e-6"'),
        ('unit = "One child."', 'unit = ""'),
        ('["the plan"]', '["a", "a"]'),
        ("enabled = false", "enabled = 0"),
        ("[levels.state]", "[levels.State]"),
        ('kind = "rows"', 'kind = "sample"'),
        ("bound = 1", "bound = 1\nbound_squared = 1"),
        ("bound_squared = 7", "bound = 5"),
        ("bound_squared = 7", ""),
        ("bound = 1", "bound = 1\nplaces = 2"),
        ("bound_squared = 7", "bound_squared = 7\nplaces = 0"),
        ('name = "victims"', 'name = "Victims"'),
        ("weight = 2", "weight = 2\nsigma = 1"),
        ('sources = ["mshp"]', "sources = [1]"),
    ],
)
def test_what_breaks_the_schema_is_refused_by_the_reader_too(
    old: str, new: str, tmp_path: Path
) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    assert not CHECK.is_valid(read_as_json(text))
    with pytest.raises(PrivacyError, match="MS602"):
        load_policy(write_policy(tmp_path, text))
