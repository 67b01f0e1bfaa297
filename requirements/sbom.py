"""Write a bill of materials for each role: what is installed where its lock file is followed.

Run by `make lock`. Each role is installed into a passing environment, and the CycloneDX tool of the
Python ecosystem reads that: name, version and licence of every package, and what needs what. The
hashes stand in the lock file. Addresses are left out, so that none of a mirror gets in.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROLES = ("agency", "gate", "hub", "synthetic", "dev", "spark")
_ADDRESSES = ("externalReferences", "tools")
"""Web pages of each package and of the tool itself; nothing that says what is installed."""


def _install(lock: Path, folder: Path) -> Path:
    """Return the interpreter of a new environment that holds what a lock file pins."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)  # noqa: S603
    python = folder / "bin" / "python"
    subprocess.run(  # noqa: S603
        [
            *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet"),
            *("--python", python, "--require-hashes", "--requirement", lock),
        ],
        check=True,
    )
    return python


def _without_addresses(part: object) -> object:
    if isinstance(part, dict):
        return {
            key: _without_addresses(inner) for key, inner in part.items() if key not in _ADDRESSES
        }
    return [_without_addresses(inner) for inner in part] if isinstance(part, list) else part


def main() -> None:
    """Write `ROLE.cdx.json` beside each role's lock file."""
    with tempfile.TemporaryDirectory() as folder:
        tool = _install(HERE / "sbom.txt", Path(folder) / "tool").with_name("cyclonedx-py")
        for role in ROLES:
            read = subprocess.run(  # noqa: S603
                [
                    *(tool, "environment", "--output-reproducible"),
                    *("--pyproject", HERE.parent / "pyproject.toml"),
                    _install(HERE / f"{role}.txt", Path(folder) / role),
                ],
                check=True,
                capture_output=True,
            )
            bill = json.dumps(_without_addresses(json.loads(read.stdout)), indent=1)
            (HERE / f"{role}.cdx.json").write_text(bill + "\n", "utf-8")


if __name__ == "__main__":
    main()
