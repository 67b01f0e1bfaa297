"""Write `docs/reference.md` from the things themselves; a test compares.

Run `python -m orchestration.cli.reference > docs/reference.md`. Does not belong here: explanations;
they stand in the other pages of `docs/`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg
import typer

from expectations.errors import ExpectationsError
from failures.exits import Exit
from gate.errors import GateError
from jurisdiction.errors import JurisdictionError
from jurisdiction.folder import STATE_VARIABLE
from linkage.errors import LinkageError
from orchestration.cli import build_app
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import (
    DELIVERY_KEYS_VARIABLE,
    ENGINE_VARIABLE,
    HOME_VARIABLE,
    LEDGER_VARIABLE,
    WITNESS_VARIABLE,
)
from portal.errors import PortalError
from privacy.errors import PrivacyError
from sources.errors import SourcesError
from sources.fbi_rules import FbiRule, load_fbi_rules

ROOMS = (
    JurisdictionError,
    SourcesError,
    ExpectationsError,
    PrivacyError,
    PortalError,
    GateError,
    LinkageError,
    OrchestrationError,
)
"""The error of each room that can fail."""


def write_reference() -> str:
    """Give the whole page as Markdown."""
    from orchestration.definitions import defs

    sections = (
        *(_intro(), _commands(), _exit_codes(), _setting(), _graph(defs), _errors()),
        _fbi_rules(),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _intro() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Every command, exit code, setting, asset, check, error code and FBI rule. Written by"
    yield "`python -m orchestration.cli.reference`; a test fails when it is out of date."


def _commands() -> Iterator[str]:
    yield from ("", "## Commands", "", "| command | example and purpose |", "| --- | --- |")
    for name, command in _list_commands(typer.main.get_command(build_app()), "moshare"):
        yield f"| `{name}` | {' '.join((command.help or '').split())} |"


def _list_commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    for part, command in sorted(getattr(group, "commands", {}).items()):
        yield f"{name} {part}", command
        yield from _list_commands(command, f"{name} {part}")


def _exit_codes() -> Iterator[str]:
    yield from ("", "## Exit codes", "", "| code | meaning |", "| --- | --- |")
    for code in Exit:
        yield f"| {code} | {code.meaning} |"


def _setting() -> Iterator[str]:
    yield from ("", "## Settings", "", "| variable | meaning |", "| --- | --- |")
    yield f"| `{HOME_VARIABLE}` | Folder that holds every zone; default `data`. |"
    yield (
        f"| `{STATE_VARIABLE}` | The state that is served: a folder beside `missouri`, or the path "
        "of one; default `missouri`. |"
    )
    yield (
        f"| `{LEDGER_VARIABLE}` | PostgreSQL connection string of the privacy ledger; default: the "
        "file `ledger/ledger.sqlite` of the data home. |"
    )
    yield (
        f"| `{WITNESS_VARIABLE}` | Text file outside the data home that witnesses heads of the "
        "ledger; default: none. |"
    )
    yield (
        f"| `{DELIVERY_KEYS_VARIABLE}` | Files with the secret keys that open encrypted "
        "deliveries, parted by `:`; default: none. |"
    )
    yield (
        f"| `{ENGINE_VARIABLE}` | What builds the exact rows: `duckdb`, `spark` in this machine, "
        "or `spark://127.0.0.1:PORT`, a standalone cluster on it; default `duckdb`. |"
    )
    yield ""
    yield "Privacy parameters are no settings: they stand in `privacy/policy.toml` only."


def _graph(defs: dg.Definitions) -> Iterator[str]:
    graph = defs.resolve_asset_graph()
    yield from (
        "",
        "## Assets and their checks",
        "",
        "| asset | group | checks |",
        "| --- | --- | --- |",
    )
    checks: dict[dg.AssetKey, list[str]] = {}
    for check in graph.asset_check_keys:
        checks.setdefault(check.asset_key, []).append(f"`{check.name}`")
    for key in sorted(graph.materializable_asset_keys):
        listed = ", ".join(sorted(checks.get(key, []))) or "none"
        yield f"| `{key.to_user_string()}` | {graph.get(key).group_name} | {listed} |"
    yield from (
        "",
        "## Jobs, schedules and sensors",
        "",
        "| name | what it does |",
        "| --- | --- |",
    )
    for definition in (*(defs.jobs or ()), *(defs.schedules or ()), *(defs.sensors or ())):
        yield f"| `{definition.name}` | {definition.description} |"


def _errors() -> Iterator[str]:
    yield from ("", "## Error codes", "", "| code | what happened | why | what to do |")
    yield "| --- | --- | --- | --- |"
    rows = {code: text for room in ROOMS for code, text in room.texts.items()}
    for code, text in sorted(rows.items()):
        yield f"| {code} | {text.what} | {text.why} | {text.next_step} |"


def _fbi_rules() -> Iterator[str]:
    rules = load_fbi_rules()
    checked = sum(bool(rule.says) for rule in rules.values())
    yield from ("", "## The FBI's rules of a NIBRS file", "")
    yield f"Of the {len(rules)} numbers {checked} are checked, in our own words. What breaks one is"
    yield "noted and kept (MS341; for a warning MS342), unless another number stands beside it."
    yield from ("", "| rule | segment | what it says, or why it is not checked | number |")
    yield "| --- | --- | --- | --- |"
    for rule in rules.values():
        says = rule.says or f"*Not checked: {rule.why_not}*"
        yield f"| {rule.number} | {rule.level} | {says} | {', '.join(_list_numbers(rule))} |"


def _list_numbers(rule: FbiRule) -> list[str]:
    return sorted({*rule.codes, *(check.code for check in rule.checks)})


if __name__ == "__main__":
    sys.stdout.write(write_reference())
