from pathlib import Path

import pytest
from privacy_examples import KEYS
from small_policy import LISTS, SMALL, load_small, write_lists, write_policy

from privacy.engine.frames import Level
from privacy.errors import PrivacyError
from privacy.policy.keys import Key, PublicKeys, load_keys
from privacy.policy.policy import load_policy

GOOD = "key,label,description\nf,Female,As recorded\nu,Unknown,\n"


def write(folder: Path, text: str, name: str = "sex") -> Path:
    write_lists(folder)
    (folder / f"{name}.csv").write_bytes(text.encode())
    return folder


def test_keys_keep_the_order_of_their_list(tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    keys = load_keys(write(tmp_path, GOOD), policy)
    assert keys.of("sex") == (Key("f", "Female", "As recorded"), Key("u", "Unknown", ""))


def test_a_tree_puts_the_units_of_a_level_under_those_above(tmp_path: Path) -> None:
    _, keys = load_small(tmp_path)
    assert keys.tree("dss") == (
        Level("state", ("Missouri",), ()),
        Level("region", ("N", "S", "Unknown"), (0, 0, 0)),
    )


def test_both_geographies_of_the_reviewed_policy_hold_every_county_once() -> None:
    keys = load_keys(KEYS, load_policy())
    for geography in ("dss", "police"):
        counties = keys.tree(geography)[-1]
        assert len(counties.keys) == len(counties.parents) == 115 + 2
        assert {"Outside Missouri", "Unknown", "St. Louis city"} < set(counties.keys)


def test_the_hash_covers_order_labels_and_trees(tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    lines = GOOD.splitlines()

    def find_hash(text: str, name: str = "sex") -> str:
        return load_keys(write(tmp_path, text, name), policy).hash

    hashes = {
        find_hash(text)
        for text in (
            GOOD,
            "\n".join([lines[0], lines[2], lines[1]]),
            GOOD.replace("Unknown", "Not known"),
        )
    }
    assert len(hashes) == 3
    assert find_hash(GOOD.replace("\n", "\r\n")) in hashes
    (tmp_path / "other").mkdir()
    deep = load_policy(
        write_policy(
            tmp_path / "other",
            (tmp_path / "policy.toml")
            .read_text("utf-8")
            .replace('["state", "region"]\n\n', '["state", "region", "town"]\n\n', 1)
            .replace("[levels.state]", '[levels.town]\ntitle = "Town"\n\n[levels.state]'),
        )
    )
    write_lists(tmp_path)
    (tmp_path / "town.csv").write_text(
        "key,label,description\na,A,\nb,B,\nUnknown,Not known,\n", "utf-8"
    )
    trees = []
    for one, other in (("N", "S"), ("S", "N")):
        text = f"region,town,valid_to\n{one},a,9999-12-31\n{other},b,9999-12-31\n"
        (tmp_path / "counties.csv").write_text(text, "utf-8")
        trees.append(load_keys(tmp_path, deep).hash)
    assert len(set(trees)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key,label\nf,Female\n",
        "key,label,description\n",
        "key,label,description\nf,Female\n",
        "key,label,description\n,Female,x\n",
        "key,label,description\nf,,x\n",
        "key,label,description\nf,Female,x\nf,Again,x\n",
    ],
)
def test_a_list_in_another_form_is_refused(text: str, tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    with pytest.raises(PrivacyError, match=r"MS603.*sex\.csv"):
        load_keys(write(tmp_path, text), policy)


@pytest.mark.parametrize("name", ["sex", "region"])
def test_a_missing_list_is_refused(name: str, tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    (tmp_path / f"{name}.csv").unlink()
    with pytest.raises(PrivacyError, match=rf"MS603.*{name}\.csv"):
        load_keys(tmp_path, policy)


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    (tmp_path / "sex.csv").write_bytes(b"key,label,description\nf,\xff,x\n")
    with pytest.raises(PrivacyError, match="MS603"):
        load_keys(tmp_path, policy)


def test_a_tree_of_other_units_than_its_lists_is_refused(tmp_path: Path) -> None:
    policy, _ = load_small(tmp_path)
    counties = LISTS["counties"].replace("N,N", "N,East")
    with pytest.raises(PrivacyError, match=r"MS640.*counties\.csv"):
        load_keys(write(tmp_path, counties, "counties"), policy)


MODELLED = SMALL.replace("enabled = false", "enabled = true")
CHILDREN = LISTS["counties"]


def load_modelled(folder: Path, counties: str) -> PublicKeys:
    policy = load_policy(write_policy(folder, MODELLED))
    return load_keys(write(folder, counties, "counties"), policy)


def test_a_policy_with_modelled_columns_reads_how_many_children_live_where(tmp_path: Path) -> None:
    keys = load_modelled(tmp_path, CHILDREN)
    assert keys.population == (("S", 30), ("N", 120))
    assert load_modelled(tmp_path, CHILDREN.replace("120", "121")).hash != keys.hash


def test_children_of_a_unit_are_those_of_its_counties_that_have_a_figure(tmp_path: Path) -> None:
    keys = load_modelled(tmp_path, CHILDREN)
    assert keys.count_children("dss", "region") == {"N": 120, "S": 30}
    assert keys.count_children("dss", "state") == {"Missouri": 150}
    only_one = load_modelled(tmp_path, CHILDREN.replace("S,S,30", "T,S,30"))
    assert only_one.count_children("dss", "region") == {"N": 120}


@pytest.mark.parametrize(
    "text", [CHILDREN.replace("child_population_2019", "children"), CHILDREN.replace("30", "few")]
)
def test_a_population_that_does_not_tell_the_children_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match=r"MS603.*counties\.csv"):
        load_modelled(tmp_path, text)
