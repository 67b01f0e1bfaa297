"""dbt on a vault of a benchmark or a test, in the one kept process and with any selection.

Here: calling it as the hub's steps do. Not here: which steps there are (`orchestration.steps`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from durable.vault import Vault
from orchestration.guards.counted_tables import RULES_VARIABLE, list_rules
from orchestration.hub.settings import Settings
from orchestration.steps.dbt_process import KEPT, DbtCall
from orchestration.steps.dbt_steps import QUARTER_VARIABLE, RELEASED_VARIABLE, name_parsed_project
from privacy.policy.policy import load_policy

PROJECT = Path(__file__).parents[1] / "dbt_project"


def read_rules(vault: Path) -> dict[str, Any]:
    """The one variable that the project is parsed with: what holds of the policy's frames."""
    return {RULES_VARIABLE: list_rules(load_policy(), Settings(vault.parent))}


def call_dbt(
    vault: Path,
    *words: str,
    variables: Mapping[str, Any],
    quarter_start: date,
    released: Sequence[date] = (),
    project: Path = PROJECT,
) -> tuple[dict[str, str], str]:
    """Run dbt after so many releases, and give each node's status, and all that was said."""
    base = vault / "dbt"
    results = Vault(vault).dbt_results
    results.unlink(missing_ok=True)
    base.mkdir(exist_ok=True)
    parsed = Settings(vault.parent).dbt_parsed.relative_to(PROJECT)
    silent = ("--no-use-colors", "--no-write-json", "--log-path", str(base / "logs"))
    given = (
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(base / "target")),
    )
    rules = {name: told for name, told in variables.items() if name == RULES_VARIABLE}
    call = DbtCall(
        parse=(
            *(*silent, "parse", *given, "--vars", json.dumps(rules)),
            *name_parsed_project(project / parsed),
        ),
        build=(
            *(*silent, *words, *given),
            *("--vars", json.dumps({"vault": str(vault), **variables})),
        ),
        results=str(results),
        parsed_for=f"{project} {rules} {_list_changes(project)}",
        environment=dict(os.environ),
        variables={
            QUARTER_VARIABLE: quarter_start.isoformat(),
            RELEASED_VARIABLE: ",".join(day.isoformat() for day in released),
        },
    )
    log = base / "said.txt"
    with log.open("w", encoding="utf-8") as output:
        KEPT.call(call, output, output.fileno())
    said = log.read_text("utf-8")
    if not results.exists():
        raise RuntimeError(said)
    nodes = json.loads(results.read_text("utf-8"))
    return {node["unique_id"]: node["status"] for node in nodes}, said


def _list_changes(project: Path) -> list[tuple[str, int]]:
    """When each file of a project was changed last."""
    files = (path for path in sorted(project.rglob("*")) if path.suffix in {".sql", ".yml", ".csv"})
    return [(str(path), path.stat().st_mtime_ns) for path in files if "target" not in path.parts]
