"""How commands speak: two consoles, exit codes, failures as sentences.

Does not belong here: what any one command says.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from failures.numbered import NumberedError
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.interrupts import raise_if_interrupted
from orchestration.hub.settings import Settings, load_settings, prepare_process
from orchestration.hub.unnumbered import keep_report


def talk() -> Console:
    """Give the console for people: progress, advice, failures; on stderr."""
    return Console(stderr=True, highlight=False)


def show_json(data: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write data for programs to stdout."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def prepared(command: str) -> Settings:
    """Read the settings and make the data home ready; tells why where that cannot be done."""
    settings = load_settings()
    with told_failures(command, settings):
        prepare_process(settings)
    return settings


@contextmanager
def told_failures(command: str, settings: Settings) -> Iterator[None]:
    """Turn any error of a command into a sentence on stderr and its exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except NumberedError as error:
        raise_if_interrupted()
        sentence, code = error.sentence, error.exit_code
    except ModuleNotFoundError as error:
        missing = OrchestrationError("MS910", command=command, package=error.name or "unknown")
        sentence, code = missing.sentence, missing.exit_code
    except Exception as error:  # noqa: BLE001 - a message of unknown origin may quote a record
        raise_if_interrupted()
        report = keep_report(command, error, settings.vault)
        sentence, code = report.sentence, report.exit_code
    else:
        return
    talk().print(sentence, style="bold red" if code else "", markup=False)
    raise typer.Exit(code)
