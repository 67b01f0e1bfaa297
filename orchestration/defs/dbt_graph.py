"""The dbt project as assets and checks, read from what `dbt parse` wrote when it was installed.

Dagster's own integration says the same and imports all of dbt to do so, which costs more than a
second in each command of the hub; dbt itself runs in a process of its own. Here: how a node of the
project looks in the graph: our words, no SQL, one group for each step. Does not belong here: what
a step builds (`steps/dbt_steps`), and what is told of it (`transform`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.defs.quarters import OWNERS
from orchestration.steps.dbt_steps import STAGING

UNIQUE_ID = "dbt/unique_id"
"""Metadata that names the node of an asset or a check, as dbt does."""

_BUILT_IN_STAGING = ("reference", "intermediate")
"""Schemas of what the first step builds; every other step is named as its schema is."""

_ASSETS = ("model", "seed")

Node = Mapping[str, Any]


def list_assets(manifest: Path, step: str) -> list[dg.AssetSpec]:
    """Describe the tables that a step builds."""
    nodes = _read_nodes(manifest)
    return [
        dg.AssetSpec(
            _name_key(node),
            deps=sorted({_name_key(nodes[one]) for one in _find_parents(node, nodes)}),
            description=node["description"],
            group_name=step,
            owners=OWNERS,
            kinds={"dbt", "duckdb"},
            code_version=_name_version(node),
            metadata={UNIQUE_ID: unique_id, **_describe_table(node)},
        )
        for unique_id, node in nodes.items()
        if _is_asset(node) and _name_step(node) == step
    ]


def list_checks(manifest: Path, step: str) -> list[dg.AssetCheckSpec]:
    """Describe the tests of the tables that a step builds; each stops what follows."""
    nodes = _read_nodes(manifest)
    checks = []
    for unique_id, node in nodes.items():
        if node["resource_type"] != "test":
            continue
        tested = nodes[_find_tested(node, nodes)]
        if not _is_asset(tested) or _name_step(tested) != step:
            continue
        others = {_name_key(nodes[one]) for one in _find_parents(node, nodes)}
        checks.append(
            dg.AssetCheckSpec(
                node["name"],
                asset=_name_key(tested),
                additional_deps=sorted(others - {_name_key(tested)}),
                blocking=True,
                metadata={UNIQUE_ID: unique_id},
            )
        )
    return checks


@cache
def _read_nodes(manifest: Path) -> dict[str, Node]:
    content = json.loads(manifest.read_text(encoding="utf-8"))
    return {**content["sources"], **content["nodes"]}


def _is_asset(node: Node) -> bool:
    return node["resource_type"] in _ASSETS and node["config"]["materialized"] != "ephemeral"


def _name_step(node: Node) -> str:
    schema = str(node["config"]["schema"])
    return STAGING.name if schema in _BUILT_IN_STAGING else schema


def _name_key(node: Node) -> dg.AssetKey:
    if node["resource_type"] == "source":
        return dg.AssetKey(node["config"]["meta"]["dagster"]["asset_key"])
    return dg.AssetKey([node["config"]["schema"], node["alias"]])


def _find_parents(node: Node, nodes: Mapping[str, Node]) -> Iterator[str]:
    """Find the tables that a node reads, also through models that are no table."""
    for unique_id in node["depends_on"].get("nodes", ()):
        parent = nodes[unique_id]
        if parent["resource_type"] == "source" or _is_asset(parent):
            yield unique_id
        else:
            yield from _find_parents(parent, nodes)


def _find_tested(node: Node, nodes: Mapping[str, Node]) -> str:
    """Find the table that a test is of: what it stands beside, what it names, or all it reads."""
    named = node["config"].get("meta", {}).get("dagster", {}).get("ref", {}).get("name")
    if named:
        return next(one for one, other in nodes.items() if other["name"] == named)
    attached: str | None = node.get("attached_node")
    return attached or node["depends_on"]["nodes"][0]


def _name_version(node: Node) -> str:
    code = node["raw_code"].encode() or node["checksum"]["checksum"].encode()
    return hashlib.sha256(code).hexdigest()


def _describe_table(node: Node) -> dict[str, Any]:
    columns = [
        dg.TableColumn(name, column["data_type"] or "?", column["description"] or None)
        for name, column in node["columns"].items()
    ]
    return {
        "dagster/table_name": f"{node['schema']}.{node['alias']}",
        **({"dagster/column_schema": dg.TableSchema(columns)} if columns else {}),
    }
