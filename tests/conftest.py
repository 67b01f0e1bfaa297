"""What holds for all tests: no test is timed, and what was not run is said loudly."""

import pytest
from hypothesis import settings

BROWSER_TESTS = "tests/browser/"

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    names = sorted({one.nodeid for one in skipped if one.nodeid.startswith(BROWSER_TESTS)})
    if not names:
        return
    terminalreporter.section("NOT TESTED IN A BROWSER", red=True, bold=True)
    for name in names:
        terminalreporter.line(name)
    terminalreporter.line(
        f"{len(names)} tests did not run: there is no Chromium at /usr/bin/chromium. On Debian get "
        "it with 'apt-get install chromium'; elsewhere set MOSHARE_BROWSER to the path of one. "
        "With MOSHARE_REQUIRE_BROWSER=1 these tests fail instead of being left out.",
        red=True,
    )
