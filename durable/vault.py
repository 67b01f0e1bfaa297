"""Where everything in the vault lies. Only paths: nothing here reads, writes or decides.

Whatever is confidential lies in this one folder, which the hub's account alone may open. A quarter
is written like `2025Q1`. The queries of `dbt_project/` name `raw`, `linkage` and `keys` themselves;
a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Vault:
    """The vault; nothing in it may be shown, logged or copied out.

    Attributes:
        folder: holds all that is named here.
    """

    folder: Path

    @property
    def state(self) -> Path:
        """The name of the state whose records it holds."""
        return self.folder / "state.txt"

    def deliveries(self, agency: str, quarter: str) -> Path:
        """Parent of the accepted deliveries of a quarter, one folder for each sequence."""
        return self.folder / "deliveries" / agency / quarter

    def delivery(self, agency: str, quarter: str, sequence: int) -> Path:
        """An accepted delivery."""
        return self.deliveries(agency, quarter) / f"{sequence:04d}"

    def find_delivered(self, name: str, agency: str = "*") -> Iterator[Path]:
        """Every accepted file of that name, of all quarters."""
        return self.folder.glob(f"deliveries/{agency}/*/*/{name}")

    def quarantine(self, agency: str, quarter: str) -> Path:
        """Parent of rejected deliveries and quarantined records of a quarter."""
        return self.folder / "quarantine" / agency / quarter

    def raw(self, agency: str, quarter: str) -> Path:
        """Parent of the raw Parquet folders of a quarter, one for each sequence."""
        return self.folder / "raw" / agency / quarter

    def find_raw(self, table: str, agency: str = "*") -> Iterator[Path]:
        """Every raw table of that name, `<agency>/<quarter>/<sequence>/<table>.parquet`."""
        return self.folder.glob(f"raw/{agency}/*/*/{table}.parquet")

    def raw_without_delivery(self, agency: str) -> Path:
        """Raw Parquet with all columns and no row, for what was not delivered yet."""
        return self.folder / "raw" / agency / "none" / "0000"

    def find_raw_quarters(self, agency: str = "*") -> Iterator[Path]:
        """Every folder that is named after a quarter in which something was delivered."""
        return self.folder.glob(f"raw/{agency}/[0-9]*")

    def work(self, agency: str, quarter: str) -> Path:
        """Scratch folder of the ingest that holds the lock of a quarter; nothing in it lasts."""
        return self.folder / "work" / agency / quarter

    def find_work(self) -> Iterator[Path]:
        """Every scratch folder that is there, `<agency>/<quarter>`."""
        return self.folder.glob("work/*/*")

    def ingest_lock(self, agency: str, quarter: str) -> Path:
        """File whose lock serialises the ingests of a quarter."""
        return self.folder / "work" / f"{agency}-{quarter}.lock"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt alone writes."""
        return self.folder / "warehouse.duckdb"

    @property
    def warehouse_lock(self) -> Path:
        """File whose lock lets one program at a time open the warehouse."""
        return self.folder / "warehouse.lock"

    @property
    def warehouse_overflow(self) -> Path:
        """What DuckDB puts on the disk when memory runs out."""
        return self.folder / "tmp"

    @property
    def spark_stores(self) -> Path:
        """Stores of Spark, each of one build; nothing in it lasts."""
        return self.folder / "spark"

    @property
    def passing(self) -> tuple[Path, ...]:
        """Folders whose content is of one process at work, and need not be kept."""
        at_work = self.spark_stores, self.warehouse_overflow, self.aside, self.folder / "work"
        return *at_work, self.dbt_target

    @property
    def aside(self) -> Path:
        """What programs put aside while they work with confidential rows."""
        return self.folder / "aside"

    @property
    def dbt_target(self) -> Path:
        """What dbt compiled and found, of its last run."""
        return self.folder / "dbt" / "target"

    @property
    def dbt_results(self) -> Path:
        """What came of each node of dbt's last run."""
        return self.dbt_target / "results.json"

    @property
    def dbt_logs(self) -> Path:
        """What dbt said."""
        return self.folder / "dbt" / "logs"

    def dbt_outcomes(self, quarter: str) -> Path:
        """What became of each step of dbt for a quarter."""
        return self.folder / "dbt" / "outcomes" / quarter

    def links(self, quarter: str) -> Path:
        """Folder of a quarter's links."""
        return self.folder / "linkage" / quarter

    @property
    def order_key(self) -> Path:
        """The secret by which the bounds choose which rows they keep; made once."""
        return self.folder / "keys" / "order_key.parquet"

    @property
    def signing_key(self) -> Path:
        """The secret key that signs releases; made once, backed up, never copied out."""
        return self.folder / "keys" / "release_signing.key"

    @property
    def signing_lock(self) -> Path:
        """File whose lock lets one program at a time make or exchange the signing key."""
        return self.signing_key.with_name("signing.lock")

    @property
    def quality_records(self) -> Path:
        """What the quality checks of each quarter found."""
        return self.folder / "quality"

    def quality_record(self, quarter: str) -> Path:
        """What the quality checks of a quarter found."""
        return self.quality_records / f"{quarter}.json"

    def built_rules(self, name: str) -> Path:
        """By which rules a step last worked."""
        return self.folder / "rules" / f"{name}.json"

    @property
    def kept_rows(self) -> Path:
        """Digests of the rows and links that each release was drawn from."""
        return self.folder / "kept_rows"

    @property
    def ledger_head(self) -> Path:
        """Hash of the newest entry of the ledger that the vault has seen."""
        return self.kept_rows / "ledger_head"

    @property
    def restored(self) -> Path:
        """Of which backup the data home was restored, where it was."""
        return self.folder / "restored.json"

    @property
    def held_draws(self) -> Path:
        """Draws on their way into the ledger."""
        return self.folder / "held_draws"

    @property
    def errors(self) -> Path:
        """Full texts of errors without a number, which may quote a record."""
        return self.folder / "errors"
