"""Build the released folder from what was drawn, and judge it.

Reads nothing confidential: a release is what left. Does not belong here: the draw
(see `releasing`) and the look of a folder (see `portal`).
"""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from durable.writing import PRIVATE, make_folder
from expectations.released import ReleasedShape, read_released, released_suite
from expectations.run import run_suite
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from portal.errors import PortalError
from portal.files import list_files
from portal.folder import build_release
from portal.keys import PublicKey, ensure_signing_key, exchange_signing_key
from portal.signature import check_signature, make_signer
from portal.tables import list_columns, list_rows, write_period
from portal.verify import verify
from privacy.released import (
    DECLARED_PUBLIC,
    ESTIMATED,
    FOUR_QUARTERS,
    NOT_COLLECTED,
    NOT_DELIVERED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
    Release,
    ReleasedTable,
)


def build_folder(release: Release, settings: Settings) -> tuple[Path, tuple[str, ...]]:
    """Build `releases/<quarter>/` from what was drawn, or find it there unchanged; judge it once.

    It is judged while it lies aside: a folder that breaks a rule never appears, and the gate, which
    serves what lies in `releases`, cannot open it. One that was there is judged where it lies.

    Returns:
        The folder, and the rules that it breaks: none, unless it was there before.

    Raises:
        OrchestrationError: MS946 when what was built breaks a rule.
        PortalError: When the folder there is not what was drawn, or is not signed by the hub, or
            cannot be signed.
    """
    judged: list[Path] = []

    def judge(built: Path) -> None:
        if failed := judge_released(release, built, settings.public_key):
            problem = ", ".join(failed)
            raise OrchestrationError("MS946", quarter=release.release_id, problem=problem)
        judged.append(built)

    with _keys_locked(settings):
        ensure_signing_key(settings.vault.signing_key, settings.public_key)
        sign = make_signer(settings.vault.signing_key)
        folder = build_release(release, settings.releases, sign, judge)
    return folder, () if judged else judge_released(release, folder, settings.public_key)


def require_signing_key(settings: Settings) -> None:
    """See that a release could be signed; the first time of all, make the key.

    Raises:
        PortalError: MS715 or MS752 to MS755 when what earlier releases were signed with is not
            whole, MS756 when it cannot be written.
    """
    with _keys_locked(settings):
        ensure_signing_key(settings.vault.signing_key, settings.public_key)


def rotate_signing_key(settings: Settings) -> PublicKey:
    """Sign with a new key from now on; releases before it still verify.

    Raises:
        PortalError: MS715 when no key was ever published, MS756 when the new one cannot be
            written; then the old key stays.
    """
    with _keys_locked(settings):
        secret = settings.vault.signing_key
        return exchange_signing_key(secret, settings.public_key, datetime.now(UTC))


@contextmanager
def _keys_locked(settings: Settings) -> Iterator[None]:
    """Keep other processes from exchanging the key while a release is signed."""
    lock = settings.vault.signing_lock
    try:
        make_folder(lock.parent, PRIVATE)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, "an unknown error")
        raise PortalError("MS756", kind=kind) from None


def check_folder(preview: Release) -> None:
    """Build every file of a release to come in memory, and keep none of them.

    Raises:
        OrchestrationError: MS934 where one could not be built, as without words for an agency.
    """
    try:
        list_files(preview)
    except PortalError as error:
        problem = error.sentence.split(". ")[1]
    else:
        return
    raise OrchestrationError("MS934", quarter=preview.release_id, problem=problem)


def judge_released(release: Release, folder: Path, public_key: Path) -> tuple[str, ...]:
    """Name the rules that the released tables of a folder break; none is as it should be.

    Raises:
        PortalError: MS716, MS717 or MS751 when the folder does not carry the hub's signature.
    """
    check_signature(folder, public_key)
    failed = [] if verify(folder).passed else ["hashes"]
    for table in release.tables:
        shape = _shape(table, release)
        frame = read_released(folder / "data" / f"{table.name}.csv", shape)
        broken = run_suite(released_suite(shape), frame).failed_rules
        failed += [f"{table.name}: {rule}" for rule in broken]
    return tuple(failed)


def _shape(table: ReleasedTable, release: Release) -> ReleasedShape:
    columns = list_columns(table)
    rows = list_rows(table, release)
    labels = ("geography", *table.dimensions)
    return ReleasedShape(
        table=table.name,
        quarter=write_period(table.period),
        dimensions={
            name: tuple(dict.fromkeys(str(row[columns.index(name)]) for row in rows))
            for name in labels
        },
        unit=table.unit,
        estimated=(ESTIMATED, NOT_DISTINGUISHABLE),
        without_estimate=(NOT_COLLECTED, NOT_RELEASED, NOT_DELIVERED),
        exact=(DECLARED_PUBLIC,) if table.declared else (),
        has_count=table.cadence != FOUR_QUARTERS,
        more=columns[columns.index("status") + 1 :],
    )
