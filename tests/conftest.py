"""What holds for all tests: none is timed, none changes the environment or the umask of the next,
and what was not run is said loudly.
"""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

BROWSER_TESTS = "tests/browser/"
ENGINE_TESTS = "tests/engines/"

gc.set_threshold(50_000, 20, 100)  # as the hub does
# Matrices are small: a second thread of linear algebra only waits, and keeps a processor busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples in every run; `--hypothesis-profile searching` looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")


def restore_environment() -> Iterator[None]:
    before, umask = dict(os.environ), os.umask(0o022)
    os.umask(umask)
    yield
    os.environ.clear()
    os.environ.update(before)
    os.umask(umask)


@pytest.fixture(autouse=True, scope="module")
def keep_environment_of_the_file() -> Iterator[None]:
    """Commands and runs set up the process they are in, and some are run once for a whole file."""
    yield from restore_environment()


@pytest.fixture(autouse=True)
def keep_environment() -> Iterator[None]:
    yield from restore_environment()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tell_skipped(
        terminalreporter,
        BROWSER_TESTS,
        "NOT TESTED IN A BROWSER",
        "there is no Chromium at /usr/bin/chromium. On Debian get it with 'apt-get install "
        "chromium'; elsewhere set MOSHARE_BROWSER to the path of one. With "
        "MOSHARE_REQUIRE_BROWSER=1 these tests fail instead of being left out.",
    )
    tell_skipped(
        terminalreporter,
        ENGINE_TESTS,
        "NOT TESTED ON SPARK",
        "there is no Spark, or no Java. Get the one with 'make install ROLE=spark', the other on "
        "Debian with 'apt-get install openjdk-17-jre-headless'. With MOSHARE_REQUIRE_SPARK=1 these "
        "tests fail instead of being left out.",
    )


def tell_skipped(
    terminalreporter: pytest.TerminalReporter, folder: str, title: str, why: str
) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    names = sorted({one.nodeid for one in skipped if one.nodeid.startswith(folder)})
    if not names:
        return
    terminalreporter.section(title, red=True, bold=True)
    for name in names:
        terminalreporter.line(name)
    terminalreporter.line(f"{len(names)} tests did not run: {why}", red=True)
