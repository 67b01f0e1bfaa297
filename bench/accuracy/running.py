"""Runs a method in its own environment, with a time limit, and keeps what it said.

Environments and answers lie under bench/out. Answers are kept until the question, the script, its
environment or what it reads changes; more draws come only by asking for a new run. Does not belong
here: what is run (bench.accuracy.methods).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.accuracy.methods import PEERS, Method

ROOT = Path(__file__).parents[2]
OUT = ROOT / "bench" / "out"
GRACE = 120
INSTALL_SECONDS = 900


@dataclass(frozen=True)
class Budget:
    """What every method may spend; the three say the same."""

    name: str
    rho: float
    epsilon: float
    delta: float


@dataclass(frozen=True)
class Outcome:
    """Where a method's answers are, or why there are none."""

    answers: Path
    failure: str = ""


def run_method(method: Method, folder: Path, budget: Budget, *, is_rerun: bool = False) -> Outcome:
    """Return a method's answers to the question in a folder, from an earlier run if it fits."""
    answers = folder / budget.name / f"{method.name}.jsonl"
    kept = answers.with_suffix(".key")
    key = _compute_key(method, folder, budget)
    if not is_rerun and kept.exists() and kept.read_text("utf-8") == key:
        return Outcome(answers)
    answers.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)
    answers.unlink(missing_ok=True)
    python, failure = find_python(method)
    if failure:
        return Outcome(answers, failure)
    command = [str(python), *_name_script(method), str(folder), str(answers)]
    command += ["--rho", repr(budget.rho), "--epsilon", repr(budget.epsilon)]
    command += ["--delta", repr(budget.delta)]
    command += ["--draws", str(method.draws), "--seconds", str(method.seconds)]
    failure = _call(command, method.seconds + GRACE)
    if not answers.exists() or not answers.read_bytes().count(b"\n"):
        return Outcome(answers, failure or "it gave no answer in time")
    kept.write_text(key, "utf-8")
    return Outcome(answers)


def _compute_key(method: Method, folder: Path, budget: Budget) -> str:
    read = [method.script, PEERS / "exchange.py", *method.reads]
    read += [folder / "workload.json", *sorted(folder.glob("children-*.csv"))]
    if method.requirements:
        read.append(method.requirements)
    digest = hashlib.sha256(repr(budget).encode())
    for path in read:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _name_script(method: Method) -> list[str]:
    """A script of ours is a module of this tree; a peer's knows nothing of it."""
    if method.environment or method.script.parent == PEERS:
        return [str(method.script)]
    return ["-m", ".".join(method.script.relative_to(ROOT).with_suffix("").parts)]


def find_python(method: Method) -> tuple[Path, str]:
    """Return the interpreter of a method's environment, made if needed, or why there is none."""
    if method.requirements is None:
        return Path(sys.executable), ""
    environment = OUT / f"env-{method.environment}"
    python = environment / "bin" / "python"
    stamp = environment / "requirements"
    pinned = method.requirements.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == pinned:
        return python, ""
    shutil.rmtree(environment, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    make = [uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
    for command in (make, [*install, "-r", str(method.requirements)]):
        failure = _call(command, INSTALL_SECONDS)
        if failure:
            return python, f"not available here: {failure}"
    stamp.write_text(pinned, "utf-8")
    return python, ""


def _call(command: list[str], seconds: float) -> str:
    """Run a command politely; return an empty text, or the last line that it complained with."""
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        ended = subprocess.run(  # noqa: S603 - our own command line
            ["nice", *command],  # noqa: S607
            cwd=OUT if "-m" not in command else ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:.0f} s"
    if ended.returncode == 0:
        return ""
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with exit code {ended.returncode}"
