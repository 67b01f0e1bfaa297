"""The state's folder agrees with itself, and no room says again what stands in it."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_house_rules import ROOT, modules_matching

from jurisdiction.folder import (
    FIRST,
    FOLDER,
    LISTS,
    OUTLINES,
    STATE_VARIABLE,
    list_counties,
    read_table,
)
from jurisdiction.state import read_state, say_agencies
from orchestration.hub.settings import Settings
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from sources.contracts import list_agencies

STATE = read_state()
PLACES = ("county", "circuit", "troop", "region")


def read_keys(name: str) -> dict[str, dict[str, str]]:
    return {line["key"]: line for line in read_table(LISTS / f"{name}.csv")}


def test_the_folder_holds_data_alone() -> None:
    kinds = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
    assert kinds - {".json"} == {".csv", ".toml"}
    assert [path.name for path in FOLDER.rglob("*.json")] in ([], ["strategy.json"])


@pytest.mark.skipif(FOLDER.name != FIRST, reason="it runs these tests for the others")
def test_the_folder_of_every_other_state_agrees_with_itself_too() -> None:
    others = [path.parent for path in ROOT.glob("*/state.toml") if path.parent != FOLDER]
    assert [path.name for path in others] == ["kansas"]
    for folder in others:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
            env={**os.environ, STATE_VARIABLE: folder.name},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout


@pytest.mark.skipif(FOLDER.name != FIRST, reason="only there are two places of one name")
def test_the_two_places_called_st_louis_are_two() -> None:
    names = {line["fips"]: line["county"] for line in list_counties()}
    assert len(names) == 115
    assert (names["29189"], names["29510"]) == ("St. Louis County", "St. Louis city")


def test_every_county_has_the_beginning_of_its_agencies_numbers() -> None:
    prefixes = read_table(LISTS / "ori_county.csv")
    assert {line["fips"] for line in prefixes} == {line["fips"] for line in list_counties()}
    assert all(line["ori_prefix"].startswith(STATE.postal_code) for line in prefixes)
    assert {len(line["ori_prefix"]) for line in prefixes} == {5}


def test_every_agency_that_is_told_has_words_and_a_contract_and_no_other_has() -> None:
    told = sorted(agency.key for agency in STATE.agencies)
    assert told == sorted(list_agencies())
    assert {agency.block for agency in STATE.agencies} < set(STATE.blocks)
    assert sorted(agency.order for agency in STATE.agencies) == [*range(1, len(told) + 1)]
    assert len(STATE.linked) == 2
    assert re.split(", | or ", say_agencies()) == sorted(list_agencies())


@pytest.mark.parametrize("level", PLACES)
def test_a_level_has_the_places_of_todays_counties_and_what_lies_elsewhere(level: str) -> None:
    places = {line[level] for line in list_counties()}
    assert set(read_keys(level)) == places | {STATE.elsewhere, "Unknown"}


def test_the_split_of_the_budget_is_that_of_the_policy_in_the_states_words_and_lists() -> None:
    """Where it is not: `MOSHARE_STATE=... moshare policy optimise`."""
    settings = Settings(ROOT / "data")
    policy = load_policy(settings.policy, settings.words)
    strategy = load_strategy(settings.strategy)
    assert strategy.policy_hash == policy.hash
    assert strategy.keys_hash == load_keys(settings.public_keys, policy).hash


def test_the_key_of_the_whole_state_is_its_name() -> None:
    assert list(read_keys("state")) == [STATE.name]


def test_a_circuit_is_described_by_its_counties_of_today() -> None:
    counties: dict[str, list[str]] = {}
    for line in list_counties():
        counties.setdefault(line["circuit"], []).append(line["county"])
    for circuit, names in counties.items():
        described = read_keys("circuit")[circuit]["description"].split(", ")
        assert sorted(described) == sorted(names)


def test_every_county_has_an_outline_a_code_of_the_state_and_its_children_by_age() -> None:
    counties = list_counties()
    outlined = [line["county"] for line in read_table(OUTLINES / "counties.csv")]
    assert sorted(outlined) == sorted(line["county"] for line in counties)
    ages = ("0_to_4", "5_to_13", "14_to_17")
    for line in counties:
        assert line["fips"].startswith(STATE.fips)
        by_age = sum(int(line[f"child_population_{age}_2019"]) for age in ages)
        assert by_age == int(line["child_population_2019"])


def test_police_agencies_of_a_county_are_of_one_that_is_listed() -> None:
    codes = {line["fips"] for line in list_counties()} | {""}
    agencies = read_table(LISTS / "police_agencies.csv")
    assert {line["county_fips"] for line in agencies} <= codes
    assert all(line["ori"].startswith(STATE.postal_code) for line in agencies)


def test_one_module_names_the_folder() -> None:
    assert modules_matching(r"[\"'/]missouri\b") == {"jurisdiction/folder.py"}


def test_clock_and_postal_code_stand_in_no_room() -> None:
    words = rf"{re.escape(STATE.time_zone)}[\"']|[\"']{STATE.postal_code}[\"']"
    assert modules_matching(words) == set()


def test_the_tables_that_dbt_makes_of_the_lists_are_described() -> None:
    project = ROOT / "dbt_project"
    described = "".join(path.read_text("utf-8") for path in (project / "seeds").glob("*.yml"))
    names = set(re.findall(r"^  - name: (\w+)$", described, re.MULTILINE))
    seeds = [*LISTS.glob("*.csv"), *(project / "seeds").glob("*.csv")]
    assert {Path(path).stem for path in seeds} == names
    for path in seeds:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert {len(row) for row in rows} == {len(rows[0])}
