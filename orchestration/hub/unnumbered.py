"""What may be said of an error that has no number: the place of its report in the vault.

DuckDB, dbt, pandas and Python quote values in their messages, so only sentences that a room wrote
itself pass; all else is written to the vault and replaced. Does not belong here: Dagster (see
`border`) and the command line (see `cli`), which both tell such errors through this module.
"""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from uuid import uuid4

from durable.vault import Vault
from durable.writing import write_whole
from orchestration.hub.errors import OrchestrationError


def keep_report(stage: str, error: Exception, vault: Vault) -> OrchestrationError:
    """Write an unexpected error's full text into the vault and give the sentence that replaces it.

    Args:
        stage: Name of the step or command, such as `raw/dss`.
        error: What was raised.
        vault: The vault.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    report = vault.errors / f"{moment}-{uuid4().hex[:8]}.txt"
    try:
        write_whole(report, "".join(traceback.format_exception(error)))
    except OSError:
        return OrchestrationError("MS925", folder=str(vault.folder.parent))
    return OrchestrationError(
        "MS901", stage=stage, kind=type(error).__name__, report=f"errors/{report.name}"
    )
