"""The gate in a real browser: signing in, the page of a release under its policy, signing out."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from gate_server import CALENDAR, RunningGate, keep_running, prepare_gate
from playwright.sync_api import Browser, BrowserContext, Page

from portal.folder import build_release
from portal.signature import make_signer
from privacy.released import Release

ENTRY = '[[release]]\nid = "{id}"\nopens = 2026-01-15 08:00:00\ntier = "public"\n'
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True},
}
NOTE = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
def gate(
    tmp_path_factory: pytest.TempPathFactory, example: Release, browser: Browser
) -> Iterator[RunningGate]:
    made = prepare_gate(tmp_path_factory.mktemp("gate"))
    build_release(example, made.releases, make_signer(made.base / "signing.key"))
    calendar = CALENDAR + ENTRY.format(id=example.release_id)
    (made.base / "calendar.toml").write_text(calendar, "utf-8")
    with keep_running(made):
        yield made


def address(gate: RunningGate, path: str) -> str:
    return f"http://127.0.0.1:{gate.port}{path}"


def sign_in(page: Page, gate: RunningGate) -> None:
    page.fill("#token", gate.make_token())
    page.click("button")
    page.wait_for_load_state()


def test_a_person_is_led_to_sign_in_and_back_to_the_page(
    gate: RunningGate, context: BrowserContext, example: Release
) -> None:
    page = context.new_page()
    wanted = address(gate, f"/releases/{example.release_id}/")
    page.goto(wanted)
    assert "/sign-in" in page.url
    page.fill("#token", "moshare-wrong")
    page.click("button")
    assert "MS724" in page.locator("[role=alert]").inner_text()
    sign_in(page, gate)
    assert page.url == wanted
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.goto(address(gate, "/"))
    page.click("text=Sign out")
    page.wait_for_load_state()
    assert context.cookies() == []
    page.goto(wanted)
    assert "/sign-in" in page.url


def test_the_page_works_whole_under_its_policy_and_nothing_else_does(
    gate: RunningGate, context: BrowserContext, example: Release
) -> None:
    page = context.new_page()
    page.goto(address(gate, "/"))
    sign_in(page, gate)
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(NOTE)
    page.goto(address(gate, f"/releases/{example.release_id}/"))
    page.mouse.wheel(0, 30_000)
    page.wait_for_timeout(500)
    assert page.evaluate("refused") == []
    assert [one for one in told if "favicon" not in one and "404" not in one] == []
    assert all(url.startswith(address(gate, "/")) for url in asked if "data:" not in url[:5])
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.strange = 1'}))"
    )
    page.evaluate("fetch('/api/v1/releases').catch(() => 0)")
    assert page.evaluate("window.strange") is None
    found = page.evaluate("refused.map((one) => one.split('-')[0])")
    assert set(found) == {"script", "connect"}


def test_a_table_of_the_page_is_downloaded_from_its_address(
    gate: RunningGate, context: BrowserContext, example: Release
) -> None:
    page = context.new_page()
    page.goto(address(gate, "/"))
    sign_in(page, gate)
    with page.expect_download() as started:
        page.click(f"a[href='/releases/{example.release_id}.zip']")
    assert started.value.suggested_filename == f"{example.release_id}.zip"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", ["/sign-in", "/", "/api", "/nothing"])
def test_axe_finds_no_violation_on_the_gates_own_pages(
    gate: RunningGate, browser: Browser, look: str, path: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.goto(address(gate, "/"))
    sign_in(page, gate)
    page.goto(address(gate, path))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, options=RULES)
    context.close()
    assert found.violations_count == 0, found.generate_report()
