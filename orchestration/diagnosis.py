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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestration.settings import Settings

_NEEDED_FREE_BYTES = 2 * 1024**3
_PACKAGES = (
    "dagster",
    "dagster-dbt",
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
        _home,
        _privacy_of_zones,
        _free_space,
        _policy,
        _ledger,
        _witness,
    )
    return [finding for look in looks for finding in look(settings)]


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


def _home(settings: Settings) -> Iterator[Finding]:
    place = _nearest_folder(settings)
    fit = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    told = "can be written." if fit else f"cannot be written in {place}. Mend its rights or owner."
    yield Finding("data home", fit, told)


def _nearest_folder(settings: Settings) -> Path:
    """Give the data home, or the folder in which the first run would make it."""
    return next(p for p in (settings.home, *settings.home.parents) if p.exists())


def _privacy_of_zones(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("vault", settings.vault), ("ledger", settings.ledger.parent)):
        if not folder.exists():
            yield Finding(name, ok=True, sentence="not there yet; the first run makes it.")
            continue
        fit = not stat.S_IMODE(folder.stat().st_mode) & 0o077
        told = (
            "readable by its owner only." if fit else "readable by others. Run 'chmod 700' on it."
        )
        yield Finding(name, fit, told)


def _free_space(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest_folder(settings)).free
    fit = free >= _NEEDED_FREE_BYTES
    advice = "" if fit else " A quarter needs about 2 GiB; make room."
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
    from orchestration.witness import read_witnessed
    from privacy.errors import PrivacyError

    try:
        heads = read_witnessed(settings)
    except PrivacyError as error:
        yield Finding("witness", ok=False, sentence=error.sentence)
        return
    told = "none is named; docs/privacy.md says what it is for."
    if settings.witness is not None:
        told = f"it holds {len(heads)} of the ledger's heads."
    yield Finding("witness", ok=True, sentence=told)
