"""What stands around Spark, which has no seal: what can be tested of it, and what cannot be had."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.hub.spark_session import Machine, start

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same as an address of IPv6, and ::1, as Linux writes them."""
LISTENING = "0A"


@pytest.fixture(scope="module")
def session(engines: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    started = start(tmp_path_factory.mktemp("spark"), Machine(memory="1g"))
    started.sql("select 1").collect()
    yield started
    started.stop()


def list_listening(process: int) -> set[str]:
    """Addresses on which a process listens."""
    folder = Path(f"/proc/{process}")
    links = [str(one.readlink()) for one in (folder / "fd").iterdir() if one.is_symlink()]
    sockets = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    found = set()
    for name in ("tcp", "tcp6"):
        for line in (folder / "net" / name).read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found


def test_spark_listens_on_the_loopback_address_alone(session: Any) -> None:
    listening = list_listening(session.sparkContext._gateway.proc.pid)
    assert listening
    assert listening <= LOOPBACK


def test_a_model_on_spark_reads_whatever_its_account_may_read(session: Any, tmp_path: Path) -> None:
    """In place of the seal stands no setting, but an account that sees the vault's store alone."""
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n", "utf-8")
    (row,) = session.sql(f"select * from csv.`{outside}`").collect()  # noqa: S608 - our own
    assert row[0] == "secret"


def test_nothing_locks_the_settings_of_a_session(session: Any) -> None:
    before = session.conf.get("spark.sql.session.timeZone")
    session.sql("set spark.sql.session.timeZone = America/Chicago")
    assert session.conf.get("spark.sql.session.timeZone") == "America/Chicago"
    session.sql(f"set spark.sql.session.timeZone = {before}")
