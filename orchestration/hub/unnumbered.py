"""What may be said of an error that has no number: the place of its report in the vault.

DuckDB, dbt, pandas and Python quote values in their messages, so only sentences that a room wrote
itself pass; all else is written to the vault and replaced. Does not belong here: Dagster (see
`border`) and the command line (see `cli`), which both tell such errors through this module.
"""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from orchestration.hub.errors import OrchestrationError


def keep_report(stage: str, error: Exception, vault: Path) -> OrchestrationError:
    """Write an unexpected error's full text into the vault and give the sentence that replaces it.

    Args:
        stage: Name of the step or command, such as `raw/dss`.
        error: What was raised.
        vault: The vault's folder.
    """
    folder = vault / "errors"
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    report = folder / f"{moment}-{uuid4().hex[:8]}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return OrchestrationError("MS925", folder=str(vault.parent))
    return OrchestrationError(
        "MS901", stage=stage, kind=type(error).__name__, report=f"errors/{report.name}"
    )
