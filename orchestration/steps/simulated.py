"""Put simulated deliveries into the inboxes, each agency playing its own part.

The simulator writes each agency's files and rosters; tokens are made from the rosters with a key
that only the two agencies hold; then each delivery is sealed by its manifest. Does not belong
here: the simulated population (see `simulator`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from durable.writing import PRIVATE, make_folder
from linkage.tokenize import make_tokens, new_key, read_key
from orchestration.guards.simulated_home import is_simulated, list_manifests
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.delivering import Delivery, deliver
from simulator.simulate import PreparedDelivery, simulate
from sources.quarters import Quarter

_SHARED_KEY = "agencies_shared.key"


def deliver_simulated(
    settings: Settings, quarters: Sequence[Quarter], *, seed: int, scale: float = 1.0
) -> list[Path]:
    """Simulate all agencies and deliver what they prepared.

    Args:
        settings: Where the inboxes lie; agency-side files go to `simulated/` in the data home.
        quarters: The quarters to deliver.
        seed: The same seed gives the same files.
        scale: Size of the simulated world, 1 for the state.

    Returns:
        The delivery folders, in order of quarter and agency.

    Raises:
        OrchestrationError: MS909 when a delivery that is not simulated lies in an inbox, or was
            accepted.
    """
    prepared = prepare_simulated(settings, quarters, seed=seed, scale=scale)
    return [deliver_prepared(settings, one) for one in prepared]


def prepare_simulated(
    settings: Settings, quarters: Sequence[Quarter], *, seed: int, scale: float = 1.0
) -> tuple[PreparedDelivery, ...]:
    """Simulate all agencies and say what they prepared, as `deliver_simulated` does."""
    _refuse_real_deliveries(settings)
    world = settings.home / "simulated"
    make_folder(world, PRIVATE)
    key = world / _SHARED_KEY
    if not key.exists():
        new_key(key)
    return simulate(world, quarters, seed, scale=scale).deliveries


def deliver_prepared(settings: Settings, prepared: PreparedDelivery) -> Path:
    """Deliver what an agency prepared, with the tokens that it makes; gives the folder."""
    files = {role: prepared.folder / name for role, name in prepared.files.items()}
    if prepared.roster is not None:
        files["tokens"] = prepared.folder / "tokens.csv"
        key = read_key(settings.home / "simulated" / _SHARED_KEY)
        make_tokens(prepared.roster, key, files["tokens"])
    said = Delivery(
        agency=prepared.agency,
        quarter=str(prepared.quarter),
        kind="full",
        sequence=1,
        as_of=prepared.as_of,
        simulated=True,
        agency_roster=prepared.agency_roster,
    )
    return deliver(settings.landing / "inbox", said, files)


def _refuse_real_deliveries(settings: Settings) -> None:
    if not all(map(is_simulated, list_manifests(settings))):
        raise OrchestrationError("MS909")
