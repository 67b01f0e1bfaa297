"""The page of a release: by keyboard, without JavaScript, and its check of the signature."""

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from portal.keys import ensure_signing_key, exchange_signing_key


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    """The releases zone, served on this machine as an agency's web server would."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Silent, directory=str(home))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def walk_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, and see that the focus can be seen."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            break
    assert page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_two_quarters_are_compared_by_keyboard_alone(page: Page) -> None:
    walk_to(page, "#compare-form select")
    walk_to(page, "#compare-form button.main")
    page.keyboard.press("Enter")
    words = page.inner_text("#verdict")
    assert "Unit: reports." in words
    assert "If the two were the same, noise alone would make a larger difference" in words
    assert "noise and chance together would make one" in words
    assert "You have made" not in words


def test_a_sum_of_rows_is_made_and_unmade_by_keyboard_alone(page: Page) -> None:
    walk_to(page, "fieldset[data-side='0'] .add")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "term-3-table"
    page.keyboard.type("Children first reported to Children's Division, by r")
    walk_to(page, "fieldset[data-side='0'] .terms button")
    assert page.locator("fieldset[data-side='0'] .terms > div").count() == 2
    page.keyboard.press("Enter")
    assert page.locator("fieldset[data-side='0'] .terms > div").count() == 1
    assert page.evaluate("document.activeElement.matches('.add')")


def choose(page: Page, term: int, table: str, row: str) -> None:
    page.select_option(f"#term-{term}-table", label=table)
    page.select_option(f"#term-{term}-row", label=row)


def test_unlike_units_are_never_compared(page: Page) -> None:
    page.select_option("#term-2-table", label="Hotline cases with a child (cases)")
    page.click("#compare-form button.main")
    assert "Numbers of unlike units are never added or compared" in page.inner_text("#verdict")


def test_rows_that_overlap_are_warned_of(page: Page) -> None:
    table = "Incidents known to police with a child victim (incidents)"
    choose(page, 1, table, "Strict")
    choose(page, 2, table, "Strict")
    page.click("fieldset[data-side='0'] .add")
    choose(page, 3, table, "Broad")
    page.click("#compare-form button.main")
    assert "some records are counted twice" in page.inner_text("#verdict")


def test_many_comparisons_are_warned_of(page: Page) -> None:
    table = "Children first reported to Children's Division, by region (children)"
    choose(page, 1, table, "St. Louis")
    for number, row in enumerate(("Kansas City", "Northeast", "Southeast"), start=1):
        choose(page, 2, table, row)
        page.click("#compare-form button.main")
        words = page.inner_text("#verdict")
        assert (f"You have made {number} comparisons" in words) == (number > 1)


def test_no_number_shown_is_negative(page: Page) -> None:
    assert not re.search(r"(?<![\w–])[-−]\d", page.inner_text("main"))


@pytest.mark.parametrize("name", ["children_in_year_by_county", "incidents_by_troop", "reports"])
def test_a_table_downloads_as_its_data_file(page: Page, folder: Path, name: str) -> None:
    page.click(f"[data-table='{name}'] summary")
    with page.expect_download() as waiting:
        page.click(f"[data-table='{name}'] .files button")
    assert waiting.value.suggested_filename == f"{name}.csv"
    content = Path(waiting.value.path()).read_bytes()
    assert content == (folder / "data" / f"{name}.csv").read_bytes()


def test_a_filtered_table_downloads_as_it_is_shown(page: Page, folder: Path) -> None:
    page.goto(f"{(folder / 'index.html').as_uri()}#children_in_year_by_county")
    page.fill("#filter-children_in_year_by_county", "st. louis")
    assert "2 of 117 rows" in page.inner_text("[data-table='children_in_year_by_county'] .tools")
    with page.expect_download() as waiting:
        page.click("[data-table='children_in_year_by_county'] .files button")
    assert waiting.value.suggested_filename == "children_in_year_by_county_as_shown.csv"
    shown = Path(waiting.value.path()).read_text("utf-8").splitlines()
    whole = (folder / "data" / "children_in_year_by_county.csv").read_text("utf-8").splitlines()
    assert shown == [whole[0], *(line for line in whole if "St. Louis" in line)]
    assert len(shown) == 3


def test_the_address_of_a_table_opens_it(context: BrowserContext, folder: Path) -> None:
    page = context.new_page()
    page.goto(f"{(folder / 'index.html').as_uri()}#children_in_year_by_county")
    assert page.locator("[data-table='children_in_year_by_county'] tbody").is_visible()


def test_without_javascript_everything_but_filter_and_comparison_is_there(
    browser: Browser, folder: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.locator("#compare-form").is_hidden()
    assert page.locator("text=This part needs JavaScript").first.is_visible()
    assert page.locator("svg.map").count() >= 5
    assert page.locator("svg.chart").count() >= 5
    page.locator("[data-table='children_in_year_by_county'] summary").click()
    assert page.locator("[data-table='children_in_year_by_county'] tbody tr").count() == 117
    assert page.locator("[data-table='children_in_year_by_county'] tbody").is_visible()
    context.close()


def test_every_mark_on_a_drawing_is_told_in_words_without_javascript(
    browser: Browser, folder: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    charts = page.locator("svg.chart[aria-describedby^='event-']")
    assert charts.count() >= 5
    for chart in charts.all():
        marks = chart.locator("path.mark").count()
        ids = (chart.get_attribute("aria-describedby") or "").split()
        assert len(ids) == marks > 0
        for one in ids:
            assert "Mark" in page.locator(f"#{one}").text_content()
            assert page.locator(f"#{one}").is_visible()
    page.locator("text=Numbers before and after mark").first.click()
    assert page.locator("section[aria-labelledby='context'] table").first.is_visible()
    context.close()


def test_numbers_before_and_after_an_event_open_the_comparison(page: Page) -> None:
    page.locator("text=Numbers before and after mark").first.click()
    page.locator("section[aria-labelledby='context'] table a").first.click()
    page.locator("#verdict:not(:empty)").wait_for()  # said when the address changed
    words = page.inner_text("#verdict")
    assert "noise and chance together would make one" in words
    assert "such changes to look at" in words


def open_check(page: Page) -> None:
    page.locator("section[aria-labelledby='check'] details").evaluate(
        "(one) => { one.open = true }"
    )


def check(page: Page, record: Path, key: Path, *files: Path) -> str:
    open_check(page)
    page.set_input_files("#check-record", record)
    page.set_input_files("#check-signature", record.with_name("release.json.minisig"))
    page.set_input_files("#check-key", key)
    page.set_input_files("#check-files", files)
    page.locator("#check-result p").evaluate_all("lines => lines.forEach(line => line.remove())")
    page.click("#check-form button.main")
    page.wait_for_selector("#check-result p")
    return page.inner_text("#check-result")


def test_the_signature_is_checked_in_the_page_from_a_folder(
    page: Page, home: Path, folder: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "reports.csv"
    changed.write_text("changed")
    stranger = tmp_path / "notes.txt"
    stranger.write_text("a stranger")
    files = (folder / "data" / "arrests.csv", folder / "index.html", changed, stranger)
    words = check(page, folder / "release.json", home / "moshare.pub", *files)
    assert "release.json is signed by the holder of this key." in words
    assert "arrests.csv is as it was published." in words
    assert "index.html is as it was published." in words
    assert "reports.csv has other content" in words
    assert "notes.txt is not part of the release." in words


def test_a_forged_record_and_a_strange_key_are_refused_in_the_page(
    page: Page, home: Path, folder: Path, tmp_path: Path
) -> None:
    forged = tmp_path / "release.json"
    forged.write_bytes((folder / "release.json").read_bytes().replace(b"2025Q4", b"2025Q3"))
    signature = (folder / "release.json.minisig").read_bytes()
    (tmp_path / "release.json.minisig").write_bytes(signature)
    assert "was changed, or is forged" in check(page, forged, home / "moshare.pub")
    ensure_signing_key(tmp_path / "other.key", tmp_path / "other.pub")
    words = check(page, folder / "release.json", tmp_path / "other.pub")
    assert "signed with another key" in words
    assert "minisign's form" in check(page, folder / "release.json", folder / "README.txt")


def test_after_an_exchange_of_keys_the_page_finds_the_key_and_its_span(
    page: Page, home: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    secret, public = tmp_path / "keys" / "signing.key", tmp_path / "moshare.pub"
    shutil.copy2(home / "keys" / "signing.key", secret)
    shutil.copy2(home / "moshare.pub", public)
    exchange_signing_key(secret, public, datetime(2099, 1, 1, tzinfo=UTC))
    exchange_signing_key(secret, public, datetime(2100, 1, 1, tzinfo=UTC))
    assert "is signed by the holder" in check(page, folder / "release.json", public)
    earlier = public.read_text().replace("until 2099", "until 1999")
    public.write_text(earlier)
    words = check(page, folder / "release.json", public)
    assert "This key signed releases drawn until 1999" in words


def test_a_comment_of_the_signature_that_was_changed_is_found(
    page: Page, home: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "release.json").write_bytes((folder / "release.json").read_bytes())
    text = (folder / "release.json.minisig").read_text().replace("2025Q4\n", "2025Q3\n")
    (tmp_path / "release.json.minisig").write_text(text)
    words = check(page, tmp_path / "release.json", home / "moshare.pub")
    assert "was changed, or is forged" in words


def test_from_a_server_only_the_key_is_asked_for_and_only_the_folder_is_reached(
    context: BrowserContext, home: Path, address: str
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{address}/2025Q4/index.html")
    assert asked == [f"{address}/2025Q4/index.html"]
    open_check(page)
    page.set_input_files("#check-key", home / "moshare.pub")
    page.click("#check-form button.main")
    page.wait_for_selector("#check-result p")
    assert "is signed by the holder of this key" in page.inner_text("#check-result")
    assert all(url.startswith(f"{address}/2025Q4/") for url in asked)


def test_a_browser_without_the_signatures_method_says_so(
    context: BrowserContext, home: Path, folder: Path
) -> None:
    page = context.new_page()
    page.add_init_script("crypto.subtle.importKey = () => Promise.reject(new Error('none'))")
    page.goto((folder / "index.html").as_uri())
    words = check(page, folder / "release.json", home / "moshare.pub")
    assert "does not know Ed25519" in words


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 1000])
def test_the_page_hashes_as_blake2b_does(page: Page, length: int) -> None:
    import hashlib

    content = bytes(place % 251 for place in range(length))
    found = page.evaluate("(bytes) => [...moshare.hash(Uint8Array.from(bytes))]", [*content])
    assert bytes(found) == hashlib.blake2b(content).digest()


def open_at(context: BrowserContext, folder: Path, fragment: str) -> Page:
    page = context.new_page()
    page.goto(f"{(folder / 'index.html').as_uri()}{fragment}")
    return page


def test_a_link_reopens_exactly_the_comparison_it_was_written_for(
    context: BrowserContext, page: Page, folder: Path
) -> None:
    table = "Children first reported to Children's Division, by region (children)"
    choose(page, 1, table, "St. Louis")
    page.click("fieldset[data-side='0'] .add")
    choose(page, 3, table, "Kansas City")
    choose(page, 2, table, "Northeast")
    page.click("#compare-form button.main")
    words = page.inner_text("#verdict")
    link = str(page.get_attribute("#verdict a", "href"))
    reopened = open_at(context, folder, link)
    assert reopened.inner_text("#verdict") == words
    chosen = reopened.locator(".terms select").evaluate_all("all => all.map((one) => one.value)")
    assert len(chosen) == 9


def test_a_link_to_what_this_release_does_not_have_says_so(
    context: BrowserContext, folder: Path
) -> None:
    for fragment in ("#compare=reports:Missouri@2025Q4;x:y@2025Q3", "#split=reports:Kansas@2025Q3"):
        page = open_at(context, folder, fragment)
        assert "a number that this release does not have" in page.inner_text("#verdict")


def test_a_change_leads_to_its_comparison_with_one_click(page: Page) -> None:
    lines = page.locator(".changed").first.locator("tbody tr")
    for place in range(lines.count()):
        line = lines.nth(place)
        said = line.locator("td").nth(1).inner_text()
        link = line.locator("a")
        link.click()
        page.wait_for_function(
            "(wanted) => document.querySelector('#verdict > a')?.getAttribute('href') === wanted",
            arg=link.get_attribute("href"),
        )
        assert said.startswith(page.inner_text("#verdict h3").removesuffix("."))


def test_a_number_of_a_series_leads_to_before_and_after_it(page: Page) -> None:
    section = page.locator("section[aria-labelledby='places-children_by_region']")
    section.locator("summary").click()
    section.locator("tr[data-row] a").first.click()
    page.locator("#verdict h3").wait_for()
    assert page.locator("fieldset[data-side='0'] .terms > div").count() >= 1
    assert "noise and chance together would make one" in page.inner_text("#verdict")


QUESTIONS = {
    "this year and last": ["nav a[href='#changed']"],
    "which region grew": ["nav a[href='#places-children_by_region']"],
    "known to police only": ["nav a[href='#cracks']"],
    "a rate": ["nav a[href='#rates']"],
    "before and after a date": [
        "section[aria-labelledby='quarters'] summary",
        "section[aria-labelledby='quarters'] tr[data-row] a >> nth=0",
    ],
    "a county": ["nav a[href='#children_in_year_by_county']"],
    "prove it": ["nav a[href='#check']", "section[aria-labelledby='check'] summary >> nth=0"],
    "cite it": ["nav a[href='#cite']"],
    "is this change real": [".changed tbody a >> nth=0"],
}
"""A question, and the clicks that answer it; the page alone says what stands there then."""
ANSWERS = {
    "this year and last": "#changed",
    "which region grew": "#places-children_by_region",
    "known to police only": "#cracks",
    "a rate": "#rates ~ .scroll tbody",
    "before and after a date": "#verdict h3",
    "a county": "[data-table='children_in_year_by_county'] tbody",
    "prove it": "section[aria-labelledby='check'] pre",
    "cite it": "#cite",
    "is this change real": "#verdict h3",
}


@pytest.mark.parametrize("size", [(1280, 900), (360, 740)])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_within_two_clicks(
    page: Page, question: str, size: tuple[int, int]
) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    clicks = QUESTIONS[question]
    assert len(clicks) <= 2
    for click in clicks:
        page.locator(click).click()
    answer = page.locator(ANSWERS[question])
    answer.wait_for()
    top = answer.evaluate("(one) => one.getBoundingClientRect().top")
    assert -1 < top < height - 20


def test_the_workbook_of_all_tables_is_one_click_away(page: Page, folder: Path) -> None:
    (link,) = page.locator("nav a[href$='.xlsx']").all()
    assert (folder / str(link.get_attribute("href"))).is_file()


def test_the_first_number_is_on_the_first_screen_of_a_phone(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    figure = page.locator(".figure .likely").first
    assert figure.evaluate("(one) => one.getBoundingClientRect().bottom <= innerHeight")
    assert page.locator(".figure strong").evaluate_all(
        "all => all.every((one) => one.scrollWidth <= one.parentElement.clientWidth)"
    )
    context.close()
