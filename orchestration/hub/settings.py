"""Where things lie, and the process environment: the one module that reads or sets it.

Belongs here: the data home, its zones, and the switches that keep third-party packages silent
and offline. Does not belong here: anything that changes what is released or how it is protected
(that is `privacy/policy.toml`), and anything a person could want to vary from run to run.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from durable.vault import Vault
from durable.writing import PRIVATE, PUBLIC, clear_leftovers, make_folder, write_whole
from jurisdiction.errors import JurisdictionError
from jurisdiction.folder import FIRST, FOLDER, LISTS, STATE_VARIABLE
from jurisdiction.state import read_state
from orchestration.hub.errors import OrchestrationError
from sources.contracts import list_agencies
from sources.landing import close_to_others
from sources.scratch import clear_scratch
from sources.zones import Zones

HOME_VARIABLE = "MOSHARE_HOME"
"""The folder that holds every zone. Default: `data` in the current folder."""

LEDGER_VARIABLE = "MOSHARE_LEDGER"
"""A PostgreSQL connection string, where the ledger lies on a server. Default: a file."""

WITNESS_VARIABLE = "MOSHARE_WITNESS"
"""A file outside the data home in which heads of the ledger are witnessed. Default: none."""

DELIVERY_KEYS_VARIABLE = "MOSHARE_DELIVERY_KEYS"
"""Files with the secret keys that open encrypted deliveries, parted by ':'. Default: none."""

ENGINE_VARIABLE = "MOSHARE_ENGINE"
"""What builds the exact rows: `duckdb`, `spark`, or a cluster `spark://...`. Default: DuckDB."""

PROJECT_ROOT = Path(__file__).resolve().parents[2]

_FOREIGN_SETTINGS = (
    *("AWS_", "DAGSTER_", "DBT_", "DUCKDB_", "FSSPEC_"),
    *("GX_", "MOTHERDUCK_", "OPENDP_", "PG"),
    *("JAVA_TOOL_", "JDK_JAVA_", "PYSPARK_", "SPARK_"),
)
"""Beginnings of the variables by which other programs take settings. None of them is ours: one set
for another purpose could empty release input (dbt), hand rows to another store (Dagster), keep the
ledger's triggers from firing or look for the ledger elsewhere (PostgreSQL), or collect deliveries
from another server than the one that is named (fsspec, AWS)."""

_SECRETS = frozenset({"PGPASSFILE", "PGPASSWORD"})
"""The password of the ledger's server may come this way; all else stands in its address."""

_CHILD_KEEPS = (
    *("HOME", "JAVA_HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH"),
    STATE_VARIABLE,
)
"""All that a subprocess of ours takes over: where programs and modules lie, language and state."""

_OFFLINE_AND_SILENT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "OPENBLAS_NUM_THREADS": "1",  # our matrices are small: more of them would wait for each other
    "PYTHONUTF8": "1",
}

_NEW_OBJECTS = 50_000
"""After how many new objects Python looks for garbage: what is imported stays, and to look through
it again at every 700 takes a tenth of a quarter's time."""


@dataclass(frozen=True)
class Settings:
    """The zones of one installation, all below one home folder.

    Attributes:
        home: Absolute path of the data home.
        ledger_address: Connection string of the ledger's PostgreSQL server, if it has one.
        witness: File that witnesses heads of the ledger, if there is one.
        delivery_keys: Files with the secret keys that open encrypted deliveries.
        engine: What builds the exact rows, as it was named (see `engine`).
    """

    home: Path
    ledger_address: str | None = field(default=None, repr=False)
    witness: Path | None = None
    delivery_keys: tuple[Path, ...] = ()
    engine: str = "duckdb"

    @property
    def landing(self) -> Path:
        """Inboxes and outboxes of the agencies."""
        return self.home / "landing"

    @property
    def vault(self) -> Vault:
        """Everything confidential; nothing in it may be shown, logged or copied out."""
        return Vault(self.home / "vault")

    @property
    def zones(self) -> Zones:
        """The two zones that taking in a delivery touches."""
        return Zones(landing=self.landing, vault=self.vault)

    @property
    def ledger(self) -> Path:
        """The privacy ledger, on its own so that it can be backed up first."""
        return self.home / "ledger" / "ledger.sqlite"

    @property
    def ledger_place(self) -> Path | str:
        """Where the privacy ledger lies: its file, or the server that was named instead."""
        return self.ledger_address or self.ledger

    @property
    def review(self) -> Path:
        """Plans put up for approval, one folder for each quarter; nothing confidential."""
        return self.home / "review"

    @property
    def throwaway_keys(self) -> Path:
        """Officers' keys that the demo makes; they count for simulated deliveries only."""
        return self.review / "keys"

    @property
    def releases(self) -> Path:
        """Released folders, never edited after they are built."""
        return self.home / "releases"

    @property
    def public_key(self) -> Path:
        """The key that agencies check signatures with."""
        return self.releases / "moshare.pub"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage: run history and events, nothing confidential."""
        return self.home / "dagster"

    @property
    def watch(self) -> Path:
        """What the hub notes of itself: messages to be sent, its last backup."""
        return self.home / "watch"

    @property
    def outbox(self) -> Path:
        """Messages about alarms that were not sent yet, and those that were."""
        return self.watch / "outbox.sqlite"

    @property
    def alarms(self) -> Path:
        """Who is told of alarms; a person writes it."""
        return self.home / "alarms.toml"

    @property
    def boxes(self) -> Path:
        """Which drop boxes there are; a person writes it."""
        return self.home / "boxes.toml"

    @property
    def box_notes(self) -> Path:
        """What was collected from each drop box, and what waits there."""
        return self.watch / "boxes"

    @property
    def last_backup(self) -> Path:
        """When the last backup was made that could be read back."""
        return self.watch / "last_backup.json"

    @property
    def private(self) -> tuple[Path, ...]:
        """Folders that the hub's account alone may open."""
        return self.vault.folder, self.ledger.parent, self.dagster_home, self.watch

    @property
    def shown(self) -> tuple[Path, ...]:
        """Folders that everyone may read who may log in to this machine."""
        return self.review, self.releases

    @property
    def agency_folders(self) -> tuple[Path, ...]:
        """Inbox and outbox of each agency, which it alone reads beside the hub."""
        zones = self.zones
        folders = [(zones.inboxes(one), zones.outbox(one)) for one in list_agencies()]
        return tuple(folder for pair in folders for folder in pair)

    @property
    def code(self) -> Path:
        """The source tree, whose linking is part of the rules that a plan names."""
        return PROJECT_ROOT

    @property
    def dbt_project(self) -> Path:
        """The dbt project in the source tree."""
        return PROJECT_ROOT / "dbt_project"

    @property
    def dbt_manifest(self) -> Path:
        """What `dbt parse` wrote when the project was installed; holds code, no data."""
        return self.dbt_project / "target" / "manifest.json"

    @property
    def dbt_parsed(self) -> Path:
        """What dbt kept of that, so that it reads again only files that changed since."""
        return self.dbt_manifest.with_name("partial_parse.msgpack")

    @property
    def policy(self) -> Path:
        """The one reviewed file that holds every privacy parameter."""
        return PROJECT_ROOT / "privacy" / "policy.toml"

    @property
    def officers(self) -> Path:
        """Reviewed public keys of those who may approve a plan."""
        return PROJECT_ROOT / "privacy" / "officers"

    @property
    def strategy(self) -> Path:
        """The policy's stored split of its budget for the state's lists, reviewed with it."""
        folder = self.policy.parent if FOLDER.name == FIRST else FOLDER
        return folder / "strategy.json"

    @property
    def words(self) -> Mapping[str, str]:
        """Phrases of the policy, and what stands in their place in this state."""
        return read_state().words

    @property
    def state(self) -> Path:
        """All that is true of the state alone, as data."""
        return FOLDER

    @property
    def public_keys(self) -> Path:
        """Public lists: the cells that every release shows, and where each county lies."""
        return LISTS


def load_settings() -> Settings:
    """Read the settings from the environment.

    Returns:
        Settings whose home is `MOSHARE_HOME`, or `data` in the current folder, whose ledger lies
        where `MOSHARE_LEDGER` says, whose witness is what `MOSHARE_WITNESS` names, whose keys for
        deliveries are what `MOSHARE_DELIVERY_KEYS` names, and whose engine is `MOSHARE_ENGINE`, if
        they do.
    """
    witness = os.environ.get(WITNESS_VARIABLE)
    keys = filter(None, os.environ.get(DELIVERY_KEYS_VARIABLE, "").split(os.pathsep))
    return Settings(
        home=Path(os.environ.get(HOME_VARIABLE, "data")).resolve(),
        ledger_address=os.environ.get(LEDGER_VARIABLE) or None,
        witness=Path(witness).resolve() if witness else None,
        delivery_keys=tuple(Path(key).resolve() for key in keys),
        engine=os.environ.get(ENGINE_VARIABLE) or "duckdb",
    )


def enter_rehearsal(home: Path) -> Settings:
    """Let this process work in a data home of its own, without a ledger or witness elsewhere."""
    for variable in (LEDGER_VARIABLE, WITNESS_VARIABLE):
        os.environ.pop(variable, None)
    settings = Settings(home.resolve())
    prepare_process(settings)
    return settings


def drop_foreign_settings() -> None:
    """Take away what other programs in this process would take from their surroundings."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN_SETTINGS)]:
        if name not in _SECRETS:
            del os.environ[name]


def keep_to_owner() -> None:
    """Let nobody else read what this process writes, and a crash leave no dump of its memory."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def prepare_process(settings: Settings) -> None:
    """Make this process and its children quiet, offline and at home in the same zones.

    What this process writes is its owner's alone (umask 077), but for what is published, whose
    writers say so. The folder of an agency is closed to all others. A crash leaves no dump of
    memory, in which records may stand.

    Raises:
        JurisdictionError: MS002 when the data home belongs to another state.
        OrchestrationError: MS925 when this account may not write to the data home.
        SourcesError: MS123 when the folder of an agency is a link.
    """
    drop_foreign_settings()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
    keep_to_owner()
    os.environ.update(_OFFLINE_AND_SILENT)
    os.environ[HOME_VARIABLE] = str(settings.home)
    os.environ[ENGINE_VARIABLE] = settings.engine
    if settings.witness is not None:
        os.environ[WITNESS_VARIABLE] = str(settings.witness)
    if settings.delivery_keys:
        os.environ[DELIVERY_KEYS_VARIABLE] = os.pathsep.join(map(str, settings.delivery_keys))
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    try:
        _make_zones(settings)
    except OSError:
        raise OrchestrationError("MS925", folder=str(settings.home)) from None


def _refuse_other_state(settings: Settings) -> None:
    """Refuse another state's data home; one from before states could be chosen is the first's."""
    name, remembered = read_state().name, read_state().name
    if settings.vault.state.exists():
        remembered = settings.vault.state.read_text(encoding="utf-8").strip()
    elif settings.vault.folder.exists() and any(settings.vault.folder.iterdir()):
        remembered = FIRST.capitalize()
    if remembered != name:
        raise JurisdictionError("MS002", home=settings.home.name, there=remembered, here=name)


def _make_zones(settings: Settings) -> None:
    _refuse_other_state(settings)
    for shared in (settings.landing / "inbox", settings.landing / "outbox", *settings.shown):
        make_folder(shared, PUBLIC)
    for private in settings.private:
        make_folder(private, PRIVATE)
        private.chmod(0o700)
    for folder in settings.agency_folders:
        close_to_others(folder)
    for folder in (settings.vault.folder, *settings.shown):
        clear_leftovers(folder)
    clear_scratch(settings.vault)
    if not settings.vault.state.exists():
        write_whole(settings.vault.state, f"{read_state().name}\n")


def has_java() -> bool:
    """Whether Java is here, where Spark looks for it."""
    home = os.environ.get("JAVA_HOME")
    return bool(shutil.which("java") or (home and (Path(home) / "bin" / "java").exists()))


def child_environment(settings: Settings) -> dict[str, str]:
    """Give the whole environment of a subprocess of ours: named variables, and none besides.

    Neither the ledger's address nor a setting of dbt is among them, and what it puts aside while it
    works stays in the vault. It may keep compiled modules, also where this process may not.
    """
    kept = {name: os.environ[name] for name in _CHILD_KEEPS if name in os.environ}
    aside = {"TMPDIR": str(settings.vault.aside), "PYTHONDONTWRITEBYTECODE": ""}
    return {**kept, **_OFFLINE_AND_SILENT, **aside}
