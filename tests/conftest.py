"""Saying loudly, at the end of a run, which tests did not run for want of a browser."""

import pytest

BROWSER_TESTS = "tests/browser/"


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
