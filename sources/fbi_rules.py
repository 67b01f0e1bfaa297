"""The FBI's numbered rules of a NIBRS flat file, as data.

Belongs here: loading `layouts/nibrs_rules_*.toml`, which says of every number whether the hub
checks it. Does not belong here: how a condition becomes SQL (`rule_language`), and applying it
(`nibrs_edits`).
Source of the rules: FBI UCR, 2019.1 NIBRS Technical Specification; the sentences are our own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Reach = Literal["segment", "incident", "pair"]
_REACHES: Mapping[str, Reach] = {"fails": "segment", "whole": "incident", "pairs": "pair"}


@dataclass(frozen=True)
class FbiCheck:
    """One condition of a rule.

    Attributes:
        rule: the FBI's number.
        segment: level of the segments that it is noted at, or "" for an incident as a whole.
        field: name in the layout; one of several places goes without its number.
        fails: condition of `rule_language` that is true where the rule is broken.
        reach: what it looks at: a segment (with facts of its incident), an incident, or a victim
            and an offender.
        is_incident_wide: whether it can only be told once the whole incident was read.
        code: number of the finding.
    """

    rule: str
    segment: str
    field: str
    fails: str
    reach: Reach
    is_incident_wide: bool
    code: str


@dataclass(frozen=True)
class FbiRule:
    """A number of the FBI's list.

    Attributes:
        number: three digits, for instance `404`.
        level: of the segments that it is about, "0" to "7"; "0" also for a file as a whole.
        says: the rule in a sentence without full stop; "" where it is not checked.
        is_warning: whether the FBI takes what breaks it.
        codes: numbers of the hub under which older checks find it.
        why_not: why it cannot be checked, or "".
        checks: conditions beside them.
    """

    number: str
    level: str
    says: str
    is_warning: bool
    codes: tuple[str, ...]
    why_not: str
    checks: tuple[FbiCheck, ...]


@cache
def load_fbi_rules() -> Mapping[str, FbiRule]:
    """Every number of the FBI's list, in order."""
    rules = {rule.number: rule for rule in _iterate_rules()}
    return dict(sorted(rules.items()))


def list_fbi_checks(reach: Reach, level: str = "") -> list[FbiCheck]:
    """The conditions of one reach that are noted at segments of a level; "" for all levels."""
    return [
        check
        for rule in load_fbi_rules().values()
        for check in rule.checks
        if check.reach == reach and level in ("", check.segment)
    ]


def _iterate_rules() -> Iterator[FbiRule]:
    for path in sorted((files("sources") / "layouts").iterdir(), key=lambda path: path.name):
        if path.name.startswith("nibrs_rules_"):
            level = path.name.removeprefix("nibrs_rules_")[0]
            for number, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
                yield _build_rule(number, level, entry)


def _build_rule(number: str, level: str, entry: Mapping[str, Any]) -> FbiRule:
    is_warning = bool(entry.get("warning", False))
    code = "MS342" if is_warning else "MS341"
    segment = entry.get("segment", level)
    checks = [
        FbiCheck(
            number, segment, field, fails, reach, bool(entry.get("incident_wide", False)), code
        )
        for key, reach in _REACHES.items()
        for field, fails in entry.get(key, {}).items()
    ]
    return FbiRule(
        number,
        segment,
        entry.get("says", ""),
        is_warning,
        tuple(entry.get("codes", ())),
        entry.get("why", ""),
        tuple(checks),
    )
