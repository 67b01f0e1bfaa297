"""What each role installs: pinned by hash, in the same versions, and listed in full."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
ROLES = ("agency", "gate", "hub", "synthetic", "dev", "spark")
TOOLS_OF_DEVELOPERS = {"hypothesis", "jax", "jaxlib", "mypy", "playwright", "pytest", "ruff"}


@cache
def read_pins(name: str) -> dict[str, set[str]]:
    """Packages of a lock file, and the version or versions that it pins for all platforms."""
    pins: dict[str, set[str]] = {}
    text = (REQUIREMENTS / f"{name}.txt").read_text("utf-8")
    for package, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", text, re.MULTILINE):
        pins.setdefault(package, set()).add(version)
    return pins


@pytest.mark.parametrize("name", [*ROLES, "bootstrap", "sbom"])
def test_locked_requirements_carry_hashes_and_no_address(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^--?(index|extra|find|trusted)", text, re.MULTILINE)
    pins = re.findall(r"^[a-zA-Z0-9].*$", text, re.MULTILINE)
    assert pins
    assert all(re.match(r"^[\w.\-\[\]]+==", pin) and pin.endswith("\\") for pin in pins)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_the_versions_that_are_tested(role: str) -> None:
    tested = read_pins("spark")
    assert {name: pins for name, pins in read_pins(role).items() if not pins <= tested[name]} == {}


def test_each_role_holds_no_more_than_it_needs() -> None:
    agency, gate, hub, synthetic, dev, spark = (set(read_pins(role)) for role in ROLES)
    assert agency < gate < dev
    assert agency < hub < synthetic < dev < spark
    assert not hub & TOOLS_OF_DEVELOPERS
    assert not gate & {"dagster", "dbt-core", "great-expectations", "opendp"}


@pytest.mark.parametrize("role", ROLES)
def test_the_bill_of_materials_lists_what_the_lock_file_pins(role: str) -> None:
    text = (REQUIREMENTS / f"{role}.cdx.json").read_text("utf-8")
    listed = {
        re.sub(r"[-_.]+", "-", part["name"]).lower(): part["version"]
        for part in json.loads(text)["components"]
    }
    pins = read_pins(role)
    assert {name for name, version in listed.items() if version not in pins[name]} == set()
    lock = (REQUIREMENTS / f"{role}.txt").read_text("utf-8")
    elsewhere = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+ ;", lock, re.MULTILINE)
    assert set(pins) - set(listed) <= set(elsewhere)
    assert "simple/" not in text
