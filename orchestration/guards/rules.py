"""The rules by which exact rows are made, and their one hash, which stands in every plan.

Rules are all that dbt reads to build release input from delivered records (models, macros, lists,
and how they are run), the engine with its version, and the code that says which records are one
child and which quarters are counted together. With other rules one identity could move further
than the policy says, so changed rules give another plan, and a plan needs its signatures. Does not
belong here: the bounds, which the policy states (`bounds`), and what is no change of a rule
(`rule_texts`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestration.guards.rule_texts import normalise_python, normalise_sql, normalise_yaml
from orchestration.hub.engine import name_engine
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from privacy.canonical import compute_sha256

CODE = (
    "linkage/links.py",
    "linkage/matching.py",
    "linkage/order_key.py",
    "orchestration/guards/bounds.py",
    "orchestration/hub/spark_session.py",
    "orchestration/steps/dbt_child.py",
    "orchestration/steps/dbt_steps.py",
    "orchestration/guards/kept_quarters.py",
    "orchestration/steps/linking.py",
    "orchestration/steps/loaded_lists.py",
    "orchestration/steps/spark_build.py",
    "orchestration/steps/spark_child.py",
    "orchestration/guards/quarter_order.py",
)
"""Modules that are rules; the rest of the software makes no row."""

_NO_RULES = ("target", "logs", "tests")
"""Folders of the dbt project that hold no rule: what dbt writes, and tests, which can stop rows
and change none."""

_FORMS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        ".csv": str.splitlines,
        ".py": normalise_python,
        ".sql": normalise_sql,
        ".yaml": normalise_yaml,
        ".yml": normalise_yaml,
    }
)
"""Kinds of file that dbt builds from, and the normal form of each."""


def hash_rules(settings: Settings) -> str:
    """Give the SHA-256 of the rules, in hexadecimal.

    Raises:
        OrchestrationError: MS935 where a file cannot be read, MS947 or MS948 where the engine
            cannot be had.
    """
    rules = {
        "engine": name_engine(settings),
        **dict(_read_all(settings.dbt_project, _list_project(settings.dbt_project))),
        **{f"lists/{name}": rule for name, rule in _read_lists(settings.public_keys)},
        **dict(_read_all(settings.code, CODE)),
    }
    return compute_sha256(json.dumps(rules, sort_keys=True))


def _read_lists(folder: Path) -> Iterator[tuple[str, Any]]:
    """Read the state's lists, of which dbt makes tables too."""
    return _read_all(folder, tuple(path.name for path in folder.glob("*.csv")))


def _list_project(project: Path) -> Iterator[str]:
    """List the files of the dbt project that rows are built from, by their path in it."""
    for path in project.rglob("*"):
        inside = path.relative_to(project)
        is_rule = path.suffix in _FORMS and inside.parts[0] not in _NO_RULES
        if is_rule and not inside.name.startswith("."):
            yield inside.as_posix()


def _read_all(folder: Path, names: Iterator[str] | tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name in names:
        path = folder / name
        try:
            yield name, _normalise(path.suffix, path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise OrchestrationError("MS935", file=name) from None


@cache
def _normalise(kind: str, text: str) -> Any:  # noqa: ANN401 - the normal form of that kind
    return _FORMS[kind](text)
