"""Where deliveries lie. Only paths: nothing here reads, writes or decides."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Zones:
    """The two zones that `sources` touches, as folders on one file system.

    Attributes:
        landing: holds `inbox/<agency>/<quarter>/` and `outbox/<agency>/`.
        vault: holds `deliveries`, `quarantine`, `raw` and `work`; nobody outside the hub reads it.
    """

    landing: Path
    vault: Path

    def inboxes(self, agency: str) -> Path:
        """Folder of an agency, in which it makes one for each quarter."""
        return self.landing / "inbox" / agency

    def inbox(self, agency: str, quarter: str) -> Path:
        """Folder an agency fills for one quarter."""
        return self.inboxes(agency) / quarter

    def outbox(self, agency: str) -> Path:
        """Folder in which an agency finds its receipts."""
        return self.landing / "outbox" / agency

    def deliveries(self, agency: str, quarter: str) -> Path:
        """Parent of the accepted deliveries of a quarter, one folder for each sequence."""
        return self.vault / "deliveries" / agency / quarter

    def quarantine(self, agency: str, quarter: str) -> Path:
        """Parent of rejected deliveries and quarantined records of a quarter."""
        return self.vault / "quarantine" / agency / quarter

    def raw(self, agency: str, quarter: str) -> Path:
        """Parent of the raw Parquet folders of a quarter, one for each sequence."""
        return self.vault / "raw" / agency / quarter

    def work(self, agency: str, quarter: str) -> Path:
        """Scratch folder of the ingest that holds the lock of a quarter; may be emptied."""
        return self.vault / "work" / agency / quarter

    def lock(self, agency: str, quarter: str) -> Path:
        """File whose lock serialises the ingests of a quarter."""
        return self.vault / "work" / f"{agency}-{quarter}.lock"
