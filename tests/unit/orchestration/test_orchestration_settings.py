"""What this process and its children take from their surroundings: nothing that is not named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.hub.settings import (
    HOME_VARIABLE,
    LEDGER_VARIABLE,
    Settings,
    child_environment,
    drop_foreign_settings,
    prepare_process,
)

FOREIGN = {
    "DBT_FULL_REFRESH": "true",
    "DBT_EMPTY": "true",
    "DBT_ENGINE_FULL_REFRESH": "true",
    "DBT_TARGET": "lint",
    "DBT_PROFILES_DIR": "/elsewhere",
    "DBT_ENV_SECRET_X": "x",
    "DAGSTER_DEFAULT_IO_MANAGER_MODULE": "elsewhere",
    "DAGSTER_REDACT_USER_CODE_ERRORS": "0",
    "GX_ANALYTICS_ENABLED": "true",
    "GX_CLOUD_ACCESS_TOKEN": "x",
    "OPENDP_LIB_DIR": "/elsewhere",
    "AWS_ENDPOINT_URL": "http://elsewhere.example.org",
    "FSSPEC_S3_KEY": "x",
    "MOTHERDUCK_TOKEN": "x",
    "PGOPTIONS": "-c session_replication_role=replica",
    "PGDATABASE": "elsewhere",
    "PGHOST": "elsewhere",
    "PGSERVICE": "elsewhere",
    "PGSSLMODE": "disable",
}


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name, text in FOREIGN.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv(LEDGER_VARIABLE, "postgresql://server/db")
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    return Settings(tmp_path)


def test_settings_of_other_programs_are_taken_away_and_ours_put_in_place(surroundings) -> None:
    prepare_process(surroundings)
    assert {name: os.environ[name] for name in FOREIGN if name in os.environ} == {
        "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }
    assert os.environ["DAGSTER_HOME"] == str(surroundings.dagster_home)


def test_the_address_and_password_of_the_ledger_are_left(surroundings) -> None:
    drop_foreign_settings()
    assert os.environ["PGPASSWORD"] == "secret"
    assert os.environ[LEDGER_VARIABLE] == "postgresql://server/db"


def test_a_child_process_gets_named_variables_alone(surroundings, monkeypatch) -> None:
    monkeypatch.setenv("SOMETHING_NEW", "x")
    given = child_environment(surroundings)
    assert not given.keys() & (FOREIGN.keys() - {"GX_ANALYTICS_ENABLED"} - {
        "DAGSTER_REDACT_USER_CODE_ERRORS"
    })  # fmt: skip
    assert not given.keys() & {"SOMETHING_NEW", "PGPASSWORD", LEDGER_VARIABLE, HOME_VARIABLE}
    assert given["PATH"] == os.environ["PATH"]


def test_what_a_child_process_puts_aside_stays_in_the_vault(surroundings) -> None:
    surroundings.vault.aside.mkdir(parents=True)
    ask = "import tempfile; print(tempfile.gettempdir())"
    ended = subprocess.run(
        [sys.executable, "-c", ask],
        env=child_environment(surroundings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ended.stdout.strip()).is_relative_to(surroundings.vault.folder)


def test_a_crash_of_this_process_or_its_children_leaves_no_dump_of_memory(surroundings) -> None:
    ask = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    start = (
        "import subprocess, sys; from orchestration.hub.settings import *; "
        "prepare_process(load_settings()); subprocess.run([sys.executable, '-c', sys.argv[1]])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", start, ask],
        env={**os.environ, HOME_VARIABLE: str(surroundings.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "(0, 0)"


def test_every_command_starts_without_the_settings_of_other_programs(tmp_path: Path) -> None:
    ask = (
        "import os, sys, orchestration.cli as cli; sys.argv = ['moshare', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(os.environ) & {set(FOREIGN)!r}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, **FOREIGN, HOME_VARIABLE: str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines()[-1] == "[]"
