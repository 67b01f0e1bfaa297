"""A review folder, officers with keys, and plans as far as an approval looks at them."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from privacy.approval.approval import Approvals, make_officer_key, sign_plan
from privacy.approval.plan_folder import PlanFolder
from privacy.canonical import compute_sha256
from privacy.held import Custody
from privacy.ledger.chain import GENESIS


@dataclass(frozen=True)
class ShownPlan:
    """Stands for a plan: what is signed is its text."""

    quarter: str = "2025Q1"
    text: str = '{"quarter":"2025Q1"}'
    signers: int = 1

    @property
    def policy(self) -> Any:
        return SimpleNamespace(signers=self.signers)

    @property
    def hash(self) -> str:
        return compute_sha256(self.text)

    def to_json(self) -> str:
        return self.text

    def touched(self) -> "ShownPlan":
        return replace(self, text=self.text.replace("}", ',"policy_version":9}'))


@dataclass(frozen=True)
class Office:
    """A folder with officers, their secret keys, the demo's keys and review folders."""

    folder: Path

    def approvals(self, quarter: str = "2025Q1") -> Approvals:
        return Approvals(
            PlanFolder(quarter, self.folder / "review" / quarter),
            self.folder / "officers",
            self.folder / "review" / "keys",
        )

    def appoint(self, name: str, password: str | None = None) -> Path:
        return self._make(name, self.folder / "officers", password)

    def appoint_throwaway(self, name: str = "demo") -> Path:
        return self._make(name, self.folder / "review" / "keys", None)

    def make_stranger(self, name: str = "stranger") -> Path:
        return self._make(name, self.folder / "elsewhere", None)

    def sign(self, plan: Any, secret: Path, head: str = GENESIS) -> Approvals:
        """Put a plan up and sign it, as given on a ledger that ends with `head`."""
        approvals = self.approvals(plan.quarter)
        approvals.plan_folder.put_plan(plan.to_json())
        approvals.plan_folder.add_signature(
            *sign_plan(plan.quarter, approvals.plan_folder.read_plan(), head, secret, str)
        )
        return approvals

    def custody(self) -> Custody:
        """Where draws are held; the marks of draws are told to nobody."""
        return Custody(self.folder / "held", lambda _: None)

    def _make(self, name: str, public: Path, password: str | None) -> Path:
        secret = self.folder / "secret" / f"{name}.key"
        make_officer_key(secret, public / f"{name}.pub", password)
        return secret
