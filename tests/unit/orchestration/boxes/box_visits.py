"""A delivery of the hotline, and how it comes into a drop box and out of it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from box_servers import S3Box, SftpBox
from typer.testing import CliRunner

from orchestration.boxes.collecting import collect
from orchestration.boxes.settings import read_boxes
from orchestration.cli import build_app
from orchestration.defs.boxes import box_filled
from orchestration.hub.clock import rehearse_at
from orchestration.hub.settings import Settings
from orchestration.watch.alarms import find_alarms
from sources.contracts import current_contract
from sources.manifest import write_manifest

QUARTER = "2025Q1"
MARKED = "QZJXVKWY"
COUNTS = "quarter,measure,relationship_group,count\n" + "".join(
    f"{QUARTER},{measure},{group},{0 if place else 3}\n"
    for measure, groups in current_contract("hotline").cells.items()
    for place, group in enumerate(groups)
)
NOW = datetime(2025, 4, 8, 14, tzinfo=UTC)

AnyBox = SftpBox | S3Box


def make_delivery(folder: Path, sequence: int = 1, counts: str = COUNTS) -> dict[str, bytes]:
    """The files of a delivery of the hotline by their names."""
    folder.mkdir(exist_ok=True)
    (folder / "counts.csv").write_text(counts)
    fields = [{"name": name} for name in COUNTS.partition("\n")[0].split(",")]
    resource = {"name": "counts", "path": "counts.csv", "schema": {"fields": fields}}
    package = {"name": "hotline", "resources": [resource]}
    (folder / "datapackage.json").write_text(json.dumps(package))
    write_manifest(
        folder,
        agency="hotline",
        quarter=QUARTER,
        sequence=sequence,
        kind="full",
        as_of=NOW.date(),
        simulated=True,
        files={"datapackage": "datapackage.json", "counts": "counts.csv"},
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fill(server: AnyBox, delivery: dict[str, bytes], quarter: str = QUARTER) -> None:
    for name, content in delivery.items():
        server.put(f"{quarter}/{name}", content)


def visit(settings: Settings) -> list[str]:
    [box] = read_boxes(settings)
    return collect(box, settings)


def inbox(settings: Settings) -> dict[str, bytes]:
    folder = settings.zones.inbox("hotline", QUARTER)
    found = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def codes(settings: Settings, now: datetime) -> list[str]:
    with dg.instance_for_test() as instance:
        return [
            one.code for one in find_alarms(settings, instance, now) if one.code.startswith("box-")
        ]


def requests(settings: Settings, now: datetime) -> list[dg.RunRequest]:
    with rehearse_at(now), dg.build_sensor_context() as context:
        return list(box_filled(context))


def run(*words: str):
    return CliRunner().invoke(build_app(), [*words])
