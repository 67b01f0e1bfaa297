"""Whether an installation is fit to run: what `moshare doctor` looks at.

Does not belong here: mending anything.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from failures.numbered import NumberedError
from jurisdiction.context import read_context
from jurisdiction.folder import LISTS, OUTLINES, list_counties, read_table
from jurisdiction.state import read_state
from orchestration.hub.clock import read_clock
from orchestration.hub.engine import find_master, name_engine
from orchestration.hub.settings import Settings
from sources.contracts import current_contract
from sources.errors import SourcesError
from sources.landing import is_open_to_others
from sources.manifest import MANIFEST_NAME
from sources.waiting import is_accepted, list_waiting, name_unknown

_NEEDED_FREE_BYTES = 2 * 1024**3
_SOON = timedelta(hours=1)
_PACKAGES = (
    "dagster",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "opendp",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        ok: Whether it is as it must be.
        sentence: What was found and, where it is not right, what to do.
    """

    check: str
    ok: bool
    sentence: str


def diagnose(settings: Settings) -> list[Finding]:
    """Look at everything a run needs.

    Returns:
        One finding for each check, in a fixed order.
    """
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _manifest,
        _engine,
        _state,
        _home,
        _privacy_of_zones,
        _published,
        _landing,
        _waiting,
        _delivery_keys,
        _boxes,
        _free_space,
        _policy,
        _ledger,
        _witness,
        _backup,
        _signing_key,
    )
    return [finding for look in looks for finding in _look(look, settings)]


def _look(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """Give what was found; where one look fails, the others go on."""
    try:
        yield from look(settings)
    except NumberedError as error:
        name = look.__name__.strip("_").replace("_", " ")
        yield Finding(name, ok=False, sentence=error.sentence)


def _python(_: Settings) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    fit = sys.version_info >= (3, 11)
    advice = "" if fit else " Install Python 3.11 or newer and run 'make install'."
    yield Finding("python", fit, f"Python {found}.{advice}")


def _packages(_: Settings) -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, ok=True, sentence=f"version {version(name)}.")
        except PackageNotFoundError:
            yield Finding(name, ok=False, sentence="not installed. Run 'make install'.")


def _manifest(settings: Settings) -> Iterator[Finding]:
    fit = settings.dbt_manifest.exists()
    yield Finding("dbt project", fit, "prepared." if fit else "not prepared. Run 'make install'.")


def _engine(settings: Settings) -> Iterator[Finding]:
    told = f"{name_engine(settings)}."
    if find_master(settings) is not None:
        told += (
            " It has no seal: no program can see that its account, and that of each worker, reads "
            "the vault's store alone; docs/privacy.md says what is to be set up."
        )
    yield Finding("engine", ok=True, sentence=told)


def _state(_: Settings) -> Iterator[Finding]:
    list_counties()
    for table in (*LISTS.glob("*.csv"), *OUTLINES.glob("*.csv")):
        read_table(table)
    read_context()
    agencies = read_state().agencies
    yield Finding("state", ok=True, sentence=f"{read_state().name}, its lists and words.")
    for agency in agencies:
        try:
            told = f"{current_contract(agency.key).contract}."
            yield Finding(f"contract of {agency.key}", ok=True, sentence=told)
        except SourcesError as error:
            yield Finding(f"contract of {agency.key}", ok=False, sentence=error.sentence)


def _home(settings: Settings) -> Iterator[Finding]:
    place = _nearest_folder(settings)
    fit = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    told = "can be written." if fit else f"cannot be written in {place}. Mend its rights or owner."
    if fit and place == settings.home and not _mode(place) & stat.S_IXOTH:
        fit = False
        told = "closed to those who may read what is published in it. Run 'chmod o+x' on it alone."
    yield Finding("data home", fit, told)


def _nearest_folder(settings: Settings) -> Path:
    """Give the data home, or the folder in which the first run would make it."""
    return next(p for p in (settings.home, *settings.home.parents) if p.exists())


def _privacy_of_zones(settings: Settings) -> Iterator[Finding]:
    for folder in settings.private:
        if not folder.exists():
            yield Finding(folder.name, ok=True, sentence="not there yet; the first run makes it.")
            continue
        fit = not _mode(folder) & 0o077
        told = (
            "readable by its owner only." if fit else "readable by others. Run 'chmod 700' on it."
        )
        yield Finding(folder.name, fit, told)


def _published(settings: Settings) -> Iterator[Finding]:
    for folder in settings.shown:
        if not folder.exists():
            yield Finding(folder.name, ok=True, sentence="not there yet; the first run makes it.")
            continue
        closed = [
            path.relative_to(settings.home.parent).as_posix()
            for path in (folder, *_list_published(folder, settings))
            if not _mode(path) & (stat.S_IXOTH if path.is_dir() else stat.S_IROTH)
        ]
        told = "readable by everyone."
        if closed:
            told = f"not readable by others: {_name_some(closed)}. Run 'chmod -R o+rX' on it."
        yield Finding(folder.name, not closed, told)


def _list_published(folder: Path, settings: Settings) -> Iterator[Path]:
    for path in folder.glob("[!.]*"):
        if path != settings.throwaway_keys:
            yield path
            yield from (inner for inner in path.rglob("*") if path.is_dir())


def _landing(settings: Settings) -> Iterator[Finding]:
    for folder in settings.agency_folders:
        name = folder.relative_to(settings.landing).as_posix()
        if folder.is_symlink():
            told = "a link, through which nothing is taken in. Put a folder in its place."
            yield Finding(name, ok=False, sentence=told)
        elif not folder.exists():
            yield Finding(name, ok=True, sentence="not there yet; the first run makes it.")
        elif is_open_to_others(folder):
            told = "open to others than its agency. Run 'chmod o-rwx' on it."
            yield Finding(name, ok=False, sentence=told)
        else:
            yield from _look_into(name, folder, settings)


def _look_into(name: str, folder: Path, settings: Settings) -> Iterator[Finding]:
    zones, agency = settings.zones, folder.name
    found: list[str] = []
    if folder == zones.inboxes(agency):
        found += name_unknown(zones, agency)
        found += [
            f"the accepted delivery of {manifest.parent.name} still lies there; let the hub's "
            "account remove files from it, and ingest again"
            for manifest in sorted(folder.glob(f"*/{MANIFEST_NAME}"))
            if is_accepted(zones, agency, manifest)
        ]
    told = "closed to others." if not found else f"{'; '.join(found)}."
    yield Finding(name, not found, told)


def _waiting(settings: Settings) -> Iterator[Finding]:
    """Deliveries without a receipt; one that only just came is none of the hub's failures."""
    for agency in (one.key for one in read_state().agencies):
        for one in list_waiting(settings.zones, agency):
            is_new = read_clock() - one.since < _SOON
            yield Finding(f"delivery of {agency}", ok=is_new, sentence=one.sentence)


def _delivery_keys(settings: Settings) -> Iterator[Finding]:
    """The keys that open encrypted deliveries, each by itself."""
    from sources.delivery_keys import read_secret_keys

    if not settings.delivery_keys:
        told = "none is named; an encrypted delivery waits until one is."
        yield Finding("delivery keys", ok=True, sentence=told)
    for path in settings.delivery_keys:
        try:
            keys = read_secret_keys([path])
        except SourcesError as error:
            yield Finding(f"delivery key {path.name}", ok=False, sentence=error.sentence)
        else:
            form = "the age format" if keys.age else "OpenPGP"
            told = f"opens deliveries in {form}; its owner alone reads it."
            yield Finding(f"delivery key {path.name}", ok=True, sentence=told)


def _boxes(settings: Settings) -> Iterator[Finding]:
    """Drop boxes as they were when they were last looked into; none is asked now."""
    from orchestration.boxes.collecting import describe_box, list_noted
    from orchestration.boxes.settings import name_unfit

    for box, notes in list_noted(settings):
        unfit = name_unfit(box)
        told = f"{unfit}." if unfit else describe_box(notes)
        fit = not (unfit or notes.away_since or notes.told)
        yield Finding(f"drop box {box.name} of {box.agency}", fit, told)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _name_some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def find_needed_bytes(settings: Settings) -> int:
    """Room that the next quarter needs: 2 GiB, and as much again as the warehouse has."""
    warehouse = settings.vault.warehouse
    return _NEEDED_FREE_BYTES + (warehouse.stat().st_size if warehouse.exists() else 0)


def _free_space(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest_folder(settings)).free
    fit = free >= find_needed_bytes(settings)
    advice = "" if fit else " The next quarter needs more; make room."
    yield Finding("disk", fit, f"{free / 1024**3:.1f} GiB free.{advice}")


def _policy(settings: Settings) -> Iterator[Finding]:
    from privacy.errors import PrivacyError
    from privacy.policy.policy import load_policy

    try:
        policy = load_policy(settings.policy)
    except PrivacyError as error:
        yield Finding("policy", ok=False, sentence=error.sentence)
    else:
        yield Finding("policy", ok=True, sentence=f"version {policy.version} is valid.")


def _ledger(settings: Settings) -> Iterator[Finding]:
    from privacy.errors import PrivacyError
    from privacy.ledger.ledger import Ledger

    if settings.ledger_address is None and not settings.ledger.exists():
        yield Finding(
            "ledger chain", ok=True, sentence="no ledger yet; the first release makes it."
        )
        return
    try:
        Ledger(settings.ledger_place).verify()
    except PrivacyError as error:
        yield Finding("ledger chain", ok=False, sentence=error.sentence)
    else:
        yield Finding("ledger chain", ok=True, sentence="unbroken.")


def _witness(settings: Settings) -> Iterator[Finding]:
    from orchestration.hub.witness import read_witnessed
    from orchestration.steps.spending import check_witness, open_ledger
    from privacy.errors import PrivacyError

    try:
        heads = read_witnessed(settings)
    except PrivacyError as error:
        yield Finding("witness", ok=False, sentence=error.sentence)
        return
    if settings.vault.restored.exists() and settings.ledger.exists():
        check_witness(open_ledger(settings), settings)
    told = "none is named; docs/privacy.md says what it is for."
    if settings.witness is not None:
        told = f"it holds {len(heads)} of the ledger's heads."
    yield Finding("witness", ok=True, sentence=told)


def _backup(settings: Settings) -> Iterator[Finding]:
    from orchestration.backup.age import describe_backup

    fit, told = describe_backup(settings, read_clock())
    yield Finding("backup", fit, told)


def _signing_key(settings: Settings) -> Iterator[Finding]:
    from orchestration.steps.building import require_signing_key
    from portal.errors import PortalError

    if not settings.public_key.exists() and not any(settings.releases.glob("*/release.json")):
        yield Finding("signing key", ok=True, sentence="none yet; the first release makes it.")
        return
    try:
        require_signing_key(settings)
    except PortalError as error:
        yield Finding("signing key", ok=False, sentence=error.sentence)
    else:
        yield Finding("signing key", ok=True, sentence="the one that moshare.pub begins with.")
