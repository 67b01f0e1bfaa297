"""Where deliveries lie. Only paths: nothing here reads, writes or decides."""

from dataclasses import dataclass
from pathlib import Path

from durable.vault import Vault


@dataclass(frozen=True)
class Zones:
    """The two zones that `sources` touches, as folders on one file system.

    Attributes:
        landing: holds `inbox/<agency>/<quarter>/` and `outbox/<agency>/`.
        vault: what becomes of deliveries, which nobody outside the hub reads.
    """

    landing: Path
    vault: Vault

    def inboxes(self, agency: str) -> Path:
        """Folder of an agency, in which it makes one for each quarter."""
        return self.landing / "inbox" / agency

    def inbox(self, agency: str, quarter: str) -> Path:
        """Folder an agency fills for one quarter."""
        return self.inboxes(agency) / quarter

    def outbox(self, agency: str) -> Path:
        """Folder in which an agency finds its receipts."""
        return self.landing / "outbox" / agency
