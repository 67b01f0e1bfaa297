"""Pages as a reader opens them: from a folder, in a real browser that reaches nothing outside."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from portal_examples import make_example
from privacy_examples import example_plan

from portal.folder import build_release
from portal.keys import ensure_signing_key
from portal.officers_page import render_officers_page
from portal.signature import make_signer
from privacy.approval.approval import Officer
from privacy.approval.assessment import assess
from privacy.released import Release

CHROMIUM = Path(os.environ.get("MOSHARE_BROWSER", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright for one file of tests: while it runs, nothing else can start an event loop."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"there is no browser at {CHROMIUM}"
        if os.environ.get("MOSHARE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    started: Playwright = request.getfixturevalue("playwright")
    opened = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def example() -> Release:
    return make_example()


@pytest.fixture(scope="session")
def home(example: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A releases zone with one large release, signed; the hub's key lies beside it."""
    zone = tmp_path_factory.mktemp("releases")
    ensure_signing_key(zone / "keys" / "signing.key", zone / "moshare.pub")
    build_release(example, zone, make_signer(zone / "keys" / "signing.key"))
    return zone


@pytest.fixture(scope="session")
def folder(home: Path, example: Release) -> Path:
    return home / example.release_id


@pytest.fixture(scope="session")
def pages(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page that people open, by name."""
    review = tmp_path_factory.mktemp("review") / "index.html"
    officer = Officer("j_doe", "A1B2", b"", is_throwaway=False)
    review.write_bytes(render_officers_page(assess(example_plan("2024Q4"), (), [officer])))
    return {"release": folder / "index.html", "review": review}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, pages: dict[str, Path]) -> Page:
    opened = context.new_page()
    opened.goto(pages["release"].as_uri())
    return opened
