"""The page of a receipt: readable by everyone, on anything, and silent on the network."""

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from test_browser_pages import COLOURS, LOOKS, RULES

from sources.errors import LineProblem
from sources.receipt_page import render_receipt
from sources.receipts import DeliveryCounts, Receipt
from sources.workbench import FileReading

RECEIPT = Receipt(
    agency="mshp",
    quarter="2025Q1",
    sequence=2,
    contract="mshp/1",
    kind="full",
    simulated=True,
    status="accepted",
    error="",
    files=(FileReading("nibrs_2025q1.txt", "nibrs", 41_302, 36_000, 302, 4_990, 10, 17),),
    problems=(
        LineProblem("MS313", "nibrs_2025q1.txt", "age_of_victim", (4, 18, 95), 101, "404", "4"),
        LineProblem("MS325", "nibrs_2025q1.txt", "", tuple(range(1, 11)), 201),
        LineProblem("MS326", "nibrs_2025q1.txt", "location_type", (7,), 17, "204", "2"),
    ),
    remarks=("MS128: This delivery has sequence 2, and the one before it, 1, was never accepted.",),
    unlike=(
        "MS153: victim.sex_of_victim holds a code that it held in none of the quarters before.",
    ),
    before=tuple(
        DeliveryCounts(f"2024Q{number}", 1, "full", 40_000 + number, 39_000, 12 * number, 3)
        for number in (1, 2, 3, 4)
    ),
)
REJECTED = replace(
    RECEIPT,
    status="rejected",
    error="MS116: More of nibrs_2025q1.txt had to be set aside than the contract allows.",
)


@pytest.fixture(scope="module", params=["accepted", "rejected"])
def page_of_receipt(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("outbox") / "receipt.html"
    path.write_text(render_receipt({"accepted": RECEIPT, "rejected": REJECTED}[request.param]))
    return path


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_no_violation_in_a_receipt(
    browser: Browser, page_of_receipt: Path, look: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.goto(page_of_receipt.as_uri())
    found = Axe().run(page, options=COLOURS if look == "dark" else RULES)
    context.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("look", LOOKS)
def test_a_receipt_is_no_wider_than_the_screen_and_asks_nothing_of_anybody(
    browser: Browser, page_of_receipt: Path, look: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(page_of_receipt.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link").first.click()
    context.close()
    assert {url.partition("#")[0] for url in asked} == {page_of_receipt.as_uri()}
