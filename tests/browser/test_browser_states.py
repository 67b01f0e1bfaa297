"""The pages of a made-up country of as many counties as all states have: one for each state."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from bench.states import list_counties, write_room
from orchestration.hub.settings import PROJECT_ROOT

LARGEST_PAGE = 300_000
COUNTIES = 3143
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages by the names of their files."""
    room, folder = tmp_path_factory.mktemp("country"), tmp_path_factory.mktemp("pages")
    write_room(room, list_counties(COUNTIES, None), None)
    subprocess.run(
        [sys.executable, "-m", "bench.states", "--alone", "time", "--pages", str(folder)],
        env={**os.environ, "MOSHARE_STATE": str(room)},
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
    )
    return {path.name: path for path in sorted(folder.iterdir())}


def read_tables(page: Path) -> dict[str, int]:
    """How many rows the scripts of a page have of each table."""
    text = page.read_text("utf-8").partition('id="numbers">')[2].partition("</script>")[0]
    return {one["name"]: len(one["rows"]) for one in json.loads(text)["tables"]}


def test_every_page_of_3143_counties_is_below_its_limit(pages: dict[str, Path]) -> None:
    assert len(pages) == 49
    assert max(path.stat().st_size for path in pages.values()) < LARGEST_PAGE


def test_each_county_stands_on_the_page_of_its_state_alone(pages: dict[str, Path]) -> None:
    name = "children_in_year_by_county"
    rows = {file: read_tables(path)[name] for file, path in pages.items()}
    assert rows.pop("index.html") == 2
    assert sum(rows.values()) == COUNTIES


def test_the_numbers_of_the_whole_stand_on_the_first_page_alone(pages: dict[str, Path]) -> None:
    assert "reports" in read_tables(pages["index.html"])
    assert "reports" not in read_tables(pages["state-04.html"])


@pytest.mark.parametrize("file", ["index.html", "state-07.html"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_violation_on_a_page_of_a_country(
    browser: Browser, pages: dict[str, Path], file: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(pages[file].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_each_page_leads_to_the_others(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["index.html"].as_uri())
    links = page.eval_on_selector_all(".parts a", "all => all.map((a) => a.getAttribute('href'))")
    assert {"index.html", *links} == pages.keys()
    page.click(".parts a >> nth=3")
    assert page.eval_on_selector("[aria-current=page]", "one => one.textContent") == "State 3"
    page.close()
