"""The border of the vault for Dagster: whatever a step raises leaves as a safe sentence.

Does not belong here: deciding what may be said (see `failures.numbered`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from failures.numbered import NumberedError
from orchestration.hub.settings import Settings
from orchestration.hub.turns import take_turn
from orchestration.hub.unnumbered import keep_report

_LOGS = (
    "The logs of steps are switched off here. What a tool said lies on the hub in vault/errors and "
    "vault/dbt/logs; docs/reference.md lists every number."
)


@contextmanager
def border(stage: str, settings: Settings, **look: str) -> Iterator[None]:
    """Let only safe sentences out of a Dagster step, which waits until no other quarter is run.

    Args:
        stage: Name of the step.
        settings: Where reports of unexpected errors are kept.
        look: Where a person looks when it fails: names of folders, for people.

    Raises:
        dagster.Failure: With the sentence as description, and the code and exit code as metadata;
            never with a cause or a context.
    """
    try:
        take_turn(settings)
        yield
    except dg.Failure:
        raise
    except NumberedError as error:
        safe = error
    except Exception as error:  # noqa: BLE001 - the border is where everything is caught
        safe = keep_report(stage, error, settings.vault)
    else:
        return
    raise dg.Failure(
        description=safe.sentence,
        metadata={"code": safe.code, "exit_code": safe.exit_code, "logs": _LOGS, **look},
        allow_retries=False,
    ) from None


def silence_redacted_errors() -> None:
    """Stop Dagster from writing to stderr the errors that it redacts elsewhere."""
    logging.getLogger("dagster.redacted_errors").addFilter(_refuse)


def _refuse(_: logging.LogRecord) -> bool:
    return False
