"""Whether a quarter counts the same, whichever way its deliveries came in.

Run `python -m bench.ways_in [--scale 0.1]`. The three agencies deliver one simulated quarter twice:
once as plain files, then each in another way. The Patrol delivers XML, encrypted, by SFTP; DSS from
a view of a PostgreSQL database; the hotline by S3. The servers are real ones and run on this
machine, in a folder that is thrown away. Every table of release input is compared row for row; ends
with 1 where one differs.

Both homes have the same key of the order in which bounds keep rows, so that they keep the same.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pyrage
from psycopg import sql
from rich.console import Console

from bench.box_servers import S3Box, SftpBox, name_boxes, run_s3_box, run_sftp_box
from bench.postgres import run_postgres
from bench.same_numbers import compare_rows
from failures.exits import Exit
from orchestration.hub.settings import DELIVERY_KEYS_VARIABLE, Settings, prepare_process
from orchestration.steps.delivering import Delivery, deliver
from orchestration.steps.simulated import deliver_prepared, prepare_simulated
from simulator.simulate import PreparedDelivery
from simulator.xml_twin import write_xml_twin
from sources.database_view import Views
from sources.delivery_keys import PublicKeys
from sources.layout import load_ncands_layout
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
SEED = 2025
_VIEW = "records.child_file"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--scale", type=float, default=1.0, help="Size of the simulated state.")
    scale = words.parse_args().scale
    console = Console(soft_wrap=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # what the S3-like server is asked
    with tempfile.TemporaryDirectory(prefix="moshare-ways-") as folder:
        sys.exit(not compare(Path(folder), scale, console))


def compare(folder: Path, scale: float, console: Console) -> bool:
    """Deliver a quarter in both ways and prepare it twice; True where all rows are equal."""
    plain, ways = Settings(folder / "plain"), Settings(folder / "ways")
    prepare_process(plain)
    prepared = {
        one.agency: one for one in prepare_simulated(plain, [QUARTER], seed=SEED, scale=scale)
    }
    for one in prepared.values():
        deliver_prepared(plain, one)
    console.print("All three, as plain files")
    call(plain, "run", "--quarter", str(QUARTER), expected=Exit.APPROVAL)
    prepare_process(ways)
    ways.vault.order_key.parent.mkdir(mode=0o700)
    shutil.copy(plain.vault.order_key, ways.vault.order_key)
    secret = folder / "hub.key"
    with run_sftp_box(folder / "sftp") as patrol, run_s3_box(folder / "s3") as hotline:
        name_boxes(ways, patrol.entry("mshp"), hotline.entry("hotline"))
        send_patrol(prepared["mshp"], patrol, make_key(secret), folder, console)
        send_dss(prepared["dss"], ways, folder, console)
        send_hotline(prepared["hotline"], hotline, folder, console)
        call(ways, "collect", keys=secret)
    call(ways, "run", "--quarter", str(QUARTER), keys=secret, expected=Exit.APPROVAL)
    return compare_rows(plain, ways, console)


def make_key(secret: Path) -> PublicKeys:
    identity = pyrage.x25519.Identity.generate()
    secret.write_text(f"{identity}\n", "utf-8")
    secret.chmod(0o600)
    return PublicKeys(age=(identity.to_public(),))


def send_patrol(
    prepared: PreparedDelivery, box: SftpBox, keys: PublicKeys, folder: Path, console: Console
) -> None:
    """XML in place of the flat file; encrypted on the way into the agency's own folder."""
    xml = folder / "nibrs.xml"
    write_xml_twin(prepared.folder / prepared.files["nibrs"], xml)
    files = {"nibrs": xml, "tokens": prepared.folder / "tokens.csv"}
    made = deliver(folder / "patrol", say(prepared), files, encrypt_to=keys)
    for path in made.iterdir():
        box.put(f"{QUARTER}/{path.name}", path.read_bytes())
    console.print(f"The Patrol: {name_files(made)} by SFTP")


def send_dss(prepared: PreparedDelivery, ways: Settings, folder: Path, console: Console) -> None:
    """A view in place of the Child File, and the tokens as the file that they are."""
    with run_postgres() as server:
        fill_database(server, prepared.folder / prepared.files["child_file"])
        address = folder / "database"
        address.write_text(server, "utf-8")
        address.chmod(0o600)
        views = Views(address, {"child_file": _VIEW})
        tokens = {"tokens": prepared.folder / "tokens.csv"}
        made = deliver(ways.landing / "inbox", say(prepared), tokens, views)
    console.print(f"DSS: {name_files(made)}, the first from a view of PostgreSQL")


def fill_database(server: str, child_file: Path) -> None:
    """Load a Child File into a table, and show of each record the row that stands: the last."""
    fields = load_ncands_layout().fields
    columns = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields)
    table = sql.SQL("CREATE TABLE records.lines (n serial, {})").format(
        sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(f.name)) for f in fields)
    )
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA records")
        connection.execute(table)
        copy = sql.SQL("COPY records.lines ({}) FROM STDIN").format(columns)
        with connection.cursor() as cursor, cursor.copy(copy) as rows:
            for line in child_file.read_text("ascii").splitlines():
                rows.write_row([line[f.start - 1 : f.end].rstrip() or None for f in fields])
        connection.execute(
            sql.SQL(
                "CREATE VIEW records.child_file AS SELECT DISTINCT ON (rptid, chid) {} "
                "FROM records.lines ORDER BY rptid, chid, n DESC"
            ).format(columns)
        )


def send_hotline(prepared: PreparedDelivery, box: S3Box, folder: Path, console: Console) -> None:
    files = {role: prepared.folder / name for role, name in prepared.files.items()}
    made = deliver(folder / "hotline", say(prepared), files)
    for path in made.iterdir():
        box.put(f"{QUARTER}/{path.name}", path.read_bytes())
    console.print(f"The hotline: {name_files(made)} by S3")


def say(prepared: PreparedDelivery) -> Delivery:
    return Delivery(
        prepared.agency,
        str(QUARTER),
        "full",
        1,
        prepared.as_of,
        simulated=True,
        agency_roster=prepared.agency_roster,
    )


def name_files(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir() if path.suffix != ".json"))


def call(settings: Settings, *words: str, keys: Path | None = None, expected: int = 0) -> None:
    """Run a command of the hub on one of the homes, and stop where it ends otherwise."""
    program = Path(sys.executable).with_name("moshare")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {"MOSHARE_HOME": str(settings.home)}
    if keys:
        given[DELIVERY_KEYS_VARIABLE] = str(keys)
    ended = subprocess.run(  # noqa: S603
        [program, *words], env=kept | given, check=False, capture_output=True, text=True
    )
    if ended.returncode != expected:
        sys.exit(f"{ended.stdout}{ended.stderr}\nended with {ended.returncode}, not {expected}")


if __name__ == "__main__":
    main()
