"""The review folder of one quarter: the plan as it was put up, who signed it, who rejected it.

Nothing here is confidential: a plan is made before any confidential value is read. Does not belong
here: whose signature counts (privacy.approval.approval) and the page that officers read.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from durable.writing import PUBLIC, make_folder, write_whole
from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS

PLAN_NAME = "plan.json"
REJECTIONS_NAME = "rejections.jsonl"
SUPERSEDED_NAME = "superseded"


@dataclass(frozen=True)
class Rejection:
    """One refusal of a plan: when (UTC), which plan, and why in the officer's own words."""

    at: str
    plan: str
    because: str
    previous: str


@dataclass(frozen=True)
class PlanFolder:
    """The folder of a quarter, which need not exist yet."""

    quarter: str
    folder: Path

    def put_plan(self, text: str) -> Path:
        """Write the plan that officers are asked about; the same plan changes nothing.

        Another plan that was there is kept in `superseded`, with its signatures.
        """
        path = self.folder / PLAN_NAME
        content = text.encode("utf-8")
        if path.is_file():
            if path.read_bytes() == content:
                return path
            self._set_aside(path)
        write_whole(path, content, PUBLIC)
        return path

    def read_plan(self) -> bytes:
        """Return the bytes of the plan that officers were shown; raises MS650."""
        try:
            return (self.folder / PLAN_NAME).read_bytes()
        except OSError:
            raise PrivacyError("MS650", quarter=self.quarter) from None

    def add_signature(self, key_id: str, content: bytes) -> Path:
        """Keep the signature that the key made of the plan; one key has one."""
        path = self.folder / f"{PLAN_NAME}.{key_id}.minisig"
        write_whole(path, content, PUBLIC)
        return path

    def read_signatures(self) -> dict[str, bytes]:
        """Return the signature files beside the plan, by file name, in order of names."""
        return {path.name: path.read_bytes() for path in self._list_signatures()}

    def reject(self, plan: str, because: str, at: str) -> Rejection:
        """Add a rejection at the end of the record; raises MS658 where the record was changed."""
        lines = self._read_lines()
        previous = compute_sha256(lines[-1]) if lines else GENESIS
        rejection = Rejection(at, plan, because, previous)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / REJECTIONS_NAME).open("a", encoding="utf-8") as record:
            if not record.tell():
                os.fchmod(record.fileno(), PUBLIC)
            record.write(to_canonical_json(asdict(rejection)) + "\n")
            record.flush()
            os.fsync(record.fileno())
        return rejection

    def list_rejections(self) -> tuple[Rejection, ...]:
        """Return all rejections in order; raises MS658 where a line was changed or removed."""
        return tuple(Rejection(**json.loads(line)) for line in self._read_lines())

    def find_rejection(self, plan: str) -> Rejection | None:
        """Return how a plan was first rejected, None where it never was; raises MS658."""
        return next((one for one in self.list_rejections() if one.plan == plan), None)

    def _read_lines(self) -> list[str]:
        path = self.folder / REJECTIONS_NAME
        if not path.exists():
            return []
        try:
            lines = path.read_text("utf-8").removesuffix("\n").split("\n")
            named = [Rejection(**json.loads(line)).previous for line in lines]
        except (OSError, ValueError, TypeError):
            named = lines = [""]
        if named != [GENESIS, *map(compute_sha256, lines)][: len(lines)]:
            raise PrivacyError("MS658", file=REJECTIONS_NAME)
        return lines

    def _list_signatures(self) -> list[Path]:
        """Return the signature files: by the name minisign gives one, or with any word in it."""
        names = (f"{PLAN_NAME}.minisig", f"{PLAN_NAME}.*.minisig")
        return sorted(path for name in names for path in self.folder.glob(name))

    def _set_aside(self, plan: Path) -> None:
        kept = self.folder / SUPERSEDED_NAME / compute_sha256(plan.read_text("utf-8"))[:16]
        make_folder(kept, PUBLIC)
        for path in (plan, *self._list_signatures()):
            path.replace(kept / path.name)
