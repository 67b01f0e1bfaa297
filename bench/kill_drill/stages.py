"""The stages of a quarter as the drill runs them, and what each must have left in the end.

Each stage is what the hub does at that point, called in the process that is to be killed; its
outcome is a digest of what later stages read, so that an undisturbed run and one after a kill can
be compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.approving import approve_for_demo, require_approval
from orchestration.steps.building import (
    build_folder,
    require_signing_key,
    rotate_signing_key,
)
from orchestration.steps.dbt_steps import CORE, RELEASE_INPUT, STAGING, DbtStep, run_dbt_step
from orchestration.steps.linking import link_quarter
from orchestration.steps.proposing import plan_quarter, put_up_plan
from orchestration.steps.quality import record_quality
from orchestration.steps.releasing import draw_release, recall_release
from orchestration.steps.simulated import deliver_simulated
from orchestration.steps.spending import read_entries
from portal.signature import check_signature
from privacy.ledger.chain import CHARGE, DRAWN
from sources.contracts import list_agencies
from sources.ingest import ingest
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
SEED = 7
SCALE = 0.02
"""Of Missouri: enough that no table is empty."""


@dataclass(frozen=True)
class Stage:
    """One stage: how it is run, what it must leave, and where it can be disturbed.

    Attributes:
        name: For people.
        run: Does it.
        outcome: A digest of what later stages read.
        on_server: Whether the ledger's place matters.
        by_dbt: Whether another program does the work.
    """

    name: str
    run: Callable[[Settings], Any]
    outcome: Callable[[Settings], Any]
    on_server: bool = False
    by_dbt: bool = False


def _deliver(settings: Settings) -> None:
    deliver_simulated(settings, [QUARTER], seed=SEED, scale=SCALE)


def _ingest(settings: Settings) -> None:
    for agency in list_agencies():
        ingest(settings.zones, agency, str(QUARTER))


def _dbt(step: DbtStep) -> Callable[[Settings], None]:
    def run(settings: Settings) -> None:
        outcome = run_dbt_step(step, QUARTER, settings)
        if outcome.unbuilt:
            raise RuntimeError("unbuilt: " + ", ".join(outcome.unbuilt))

    return run


def _approve(settings: Settings) -> None:
    approve_for_demo(QUARTER, settings)
    require_approval(QUARTER, settings)


def _publish(settings: Settings) -> None:
    release = recall_release(QUARTER, settings)
    _, broken = build_folder(release, settings)
    if broken:
        raise RuntimeError("; ".join(broken))


def find_deliveries(settings: Settings) -> list[str]:
    """Agencies whose delivery lies whole in the inbox or in the vault."""
    found = []
    for agency in list_agencies():
        waiting = settings.zones.inbox(agency, str(QUARTER))
        kept = settings.vault.deliveries(agency, str(QUARTER)) / "0001"
        if any(_is_whole(folder) for folder in (waiting, kept)):
            found.append(agency)
    return found


def _is_whole(folder: Path) -> bool:
    try:
        files = json.loads((folder / "manifest.json").read_bytes())["files"]
        return all(_hash_file(folder / file["name"]) == file["sha256"] for file in files)
    except (OSError, ValueError):
        return False


def find_draws(settings: Settings) -> list[str]:
    """Every set of noisy cells that anyone may have seen: in the ledger, held in the vault, shown.

    Each is a hash of the cells, so that two sets for one charge are told apart.
    """
    cells = [
        (entry.payload or {})["cells"] for entry in read_entries(settings) if entry.kind == DRAWN
    ]
    for held in sorted(settings.vault.folder.rglob("*.held")):
        text = held.read_bytes()
        start = text.find(b'{"cells"')
        if start >= 0:
            cells.append(_read_cells(text[start:].rstrip(b" \0")))
    return sorted({_hash(json.dumps(one, sort_keys=True)) for one in cells})


def _read_cells(text: bytes) -> object:
    """The cells of a held draw, or what there is of one that was not held whole."""
    try:
        return json.loads(text)["cells"]
    except ValueError:
        return text.decode()


def count_charges(settings: Settings) -> int:
    """How often the quarter was paid for."""
    return sum(entry.kind == CHARGE for entry in read_entries(settings))


def _see_inboxes(settings: Settings) -> object:
    return [
        [agency, sorted(path.name for path in settings.zones.inbox(agency, str(QUARTER)).iterdir())]
        for agency in find_deliveries(settings)
    ]


def _see_raw(settings: Settings) -> object:
    tables = sorted(settings.vault.find_raw("*"))
    rows = {str(path.relative_to(settings.vault.folder)): pq.read_table(path) for path in tables}
    return {
        name: [table.num_rows, _hash(str(table.drop_columns(_volatile(table)).to_pylist()))]
        for name, table in rows.items()
    }


def _volatile(table: pa.Table) -> list[str]:
    return [name for name in ("received_at",) if name in table.column_names]


def _see_tables(schema: str) -> Callable[[Settings], Any]:
    def see(settings: Settings) -> object:
        with duckdb.connect(str(settings.vault.warehouse), read_only=True) as warehouse:
            names = warehouse.execute(
                "select table_name from information_schema.tables "
                "where table_schema = ? order by 1",
                [schema],
            ).fetchall()
            return {
                name: _digest_table(warehouse, f'{schema}."{name}"')
                for (name,) in names
                if name != "int_deliveries"  # it holds the time of each delivery
            }

    return see


def _digest_table(warehouse: duckdb.DuckDBPyConnection, table: str) -> str:
    text = "cast(one as varchar)"
    query = f"select count(*), sum(md5_number_lower({text})) from {table} as one"  # noqa: S608
    return str(warehouse.execute(query).fetchall())


def _see_links(settings: Settings) -> object:
    path = settings.vault.links(str(QUARTER)) / "links.parquet"
    return pq.read_table(path).num_rows


def _see_quality(settings: Settings) -> object:
    record = json.loads(settings.vault.quality_record(str(QUARTER)).read_bytes())
    return [record["passed"], record["digest"]]


def _see_plan(settings: Settings) -> object:
    folder = settings.review / str(QUARTER)
    return [_hash_file(folder / "plan.json"), (folder / "index.html").stat().st_size > 0]


def _see_approval(settings: Settings) -> object:
    return len(require_approval(QUARTER, settings))


def _see_draw(settings: Settings) -> object:
    release = recall_release(QUARTER, settings)
    return [release.release_id, release.plan.hash, len(find_draws(settings))]


def _see_release(settings: Settings) -> object:
    release = recall_release(QUARTER, settings)
    check_signature(settings.releases / str(QUARTER), settings.public_key)
    check_signature(settings.releases / f"{QUARTER}.zip", settings.public_key)
    return [release.release_id, sorted(path.name for path in settings.releases.iterdir())]


def _see_rotation(settings: Settings) -> object:
    require_signing_key(settings)
    return _see_release(settings)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _prepared(run: Callable[[Settings], Any]) -> Callable[[Settings], Any]:
    """Begin as every command of the hub does."""

    def begin(settings: Settings) -> object:
        prepare_process(settings)
        return run(settings)

    return begin


STAGES: tuple[Stage, ...] = (
    Stage("deliver", _prepared(_deliver), _see_inboxes),
    Stage("ingest", _prepared(_ingest), _see_raw),
    Stage("staging", _prepared(_dbt(STAGING)), _see_tables("intermediate"), by_dbt=True),
    Stage("links", _prepared(lambda one: link_quarter(QUARTER, one)), _see_links),
    Stage("core", _prepared(_dbt(CORE)), _see_tables("core"), by_dbt=True),
    Stage(
        "release input", _prepared(_dbt(RELEASE_INPUT)), _see_tables("release_input"), by_dbt=True
    ),
    Stage("quality", _prepared(lambda one: record_quality(QUARTER, one)), _see_quality),
    Stage("plan", _prepared(lambda one: put_up_plan(QUARTER, one)), _see_plan),
    Stage("approve", _prepared(_approve), _see_approval),
    Stage(
        "charge, draw, mark, record",
        _prepared(lambda one: draw_release(QUARTER, one)),
        _see_draw,
        on_server=True,
    ),
    Stage("folder, sign, zip", _prepared(_publish), _see_release, on_server=True),
    Stage("exchange of keys", _prepared(rotate_signing_key), _see_rotation),
)
"""In order; each begins with what those before it left."""


def recover(settings: Settings) -> None:
    """What an officer can do for a quarter whose draw is lost: have it paid for once more."""
    from orchestration.steps.releasing import give_up_draw

    prepare_process(settings)
    give_up_draw(QUARTER, settings)
    approve_for_demo(QUARTER, settings)
    draw_release(QUARTER, settings)


def warm_up(settings: Settings) -> None:
    """Import what stages import when they run, so that a fork has it."""
    import great_expectations  # noqa: F401
    import minisign  # noqa: F401
    import opendp.combinators
    import opendp.measurements  # noqa: F401
    import xlsxwriter  # noqa: F401

    plan_quarter(QUARTER, settings)
