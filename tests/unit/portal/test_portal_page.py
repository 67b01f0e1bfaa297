"""The page: what it says, and that everybody can read it."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from portal_examples import make_example
from portal_plain_tables import make_declared, make_withheld

from jurisdiction.state import read_state
from portal.changed import list_changes
from portal.codebook import (
    AGENCIES,
    BLOCKS,
    DELIVERIES,
    explain_delivery,
    explain_table,
)
from portal.containers import SIGNATURE_NAME
from portal.files import list_files
from portal.page.description import describe_page
from portal.page.rendering import TEMPLATES, render_page
from portal.wording import name_period, say_likely, say_range
from privacy.policy.policy import load_policy
from privacy.released import DELIVERY_KINDS, NOT_DELIVERED, NOT_RELEASED, Release
from sources.contracts import current_contract

STYLE = (TEMPLATES / "release.css").read_text(encoding="utf-8")
LARGEST_PAGE = 300_000


class Reader(HTMLParser):
    """Elements with their attributes, in order, and the text of the page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(release: Release) -> Reader:
    return Reader(render_page(describe_page(release)))


@pytest.fixture
def page(release: Release) -> Reader:
    return read(release)


def test_a_headline_says_number_and_range_in_words(page: Reader) -> None:
    assert "about 24 reports likely 12 to 36" in page.text
    assert "about 21 incidents: strict likely 9 to 33" in page.text


def test_a_number_that_may_be_zero_is_said_so_with_a_range_from_zero(page: Reader) -> None:
    words = "not distinguishable from zero by the cut-off for the whole release; by itself 3 to 27"
    assert f"{words} cases likely 27 or fewer" in page.text
    assert f"Missouri {words} 0 to 27" in page.text


def test_a_range_is_never_without_the_count_beside_it(release: Release) -> None:
    table = release.tables[0]
    for count, shown in ((9, "about 9 9 to 36"), (40, "about 40 12 to 40")):
        row = replace(table.rows[0], count=count)
        text = read(replace(release, tables=(replace(table, rows=(row,)),))).text
        assert f"Missouri {shown}" in text


def test_prosecutions_are_not_collected_which_is_not_zero(page: Reader) -> None:
    assert "not collected by any source, which is not zero cases filed" in page.text
    assert "Missouri not collected by any source no range nothing to draw" in page.text


def test_a_number_that_is_declared_public_stands_without_a_range_or_a_change() -> None:
    release = make_example("2025Q2", 2)
    text = read(release).text
    assert "0 convictions: sexual trafficking of a child no noise, declared public" in text
    assert "Sexual trafficking of a child 0 no noise, declared public 2024Q4: 0; 2025Q1: 0" in text
    assert "Earlier quarters, as delivered by now" in text
    changes = list_changes(release)
    assert "convictions" not in {change.key[0] for change in changes.changes}
    assert "convictions" not in " ".join(changes.missing)


@pytest.mark.parametrize(
    ("unit", "one"),
    [("convictions", "conviction"), ("cases filed", "case filed"), ("children", "child")],
)
def test_one_of_what_is_declared_public_is_told_as_one(unit: str, one: str) -> None:
    release = make_example("2025Q2", 2)
    tables = tuple(
        replace(table, unit=unit) if table.declared else table for table in release.tables
    )
    text = read(replace(release, tables=tables)).text
    assert f"1 {one}: other, of any age no noise, declared public" in text
    assert f"0 {unit}: sexual trafficking of a child no noise, declared public" in text


def test_totals_that_were_not_delivered_are_no_zero(release: Release) -> None:
    table = make_declared("2025Q1")
    rows = tuple(replace(row, count=None, status=NOT_DELIVERED) for row in table.rows)
    text = read(replace(release, tables=(replace(table, rows=rows),))).text
    assert "not delivered for this quarter, which is not zero convictions" in text
    assert "Other, of any age not delivered for this quarter no range" in text


def test_a_table_that_is_not_released_says_so(release: Release) -> None:
    table = release.tables[0]
    row = replace(table.rows[0], count=None, estimate=None, moe90=None, status=NOT_RELEASED)
    text = read(replace(release, tables=(replace(table, rows=(row,)),))).text
    assert "Missouri not released no range" in text
    assert "not released, which is not zero" in text


def test_a_table_that_is_not_released_says_why_in_front_and_in_its_place(release: Release) -> None:
    """Whoever delivers its records is asked for nothing, and told nowhere as one who delivered."""
    table = make_withheld("2025Q1")
    other = replace(release, tables=(*release.tables, table))
    text = read(other).text
    assert f"{table.title}: not released, and why" in text
    assert text.count(table.definition) == 2
    assert "Absent from care not released no range nothing to draw" in text
    assert b"not released" in list_files(other)[f"data/{table.name}.csv"]
    assert "not released, and why" not in read(release).text


def test_no_range_goes_below_zero_and_thousands_have_a_comma(page: Reader) -> None:
    assert "Female about 1,234 1,222 to 1,246" in page.text
    assert "Male not distinguishable from zero 0 to 8" in page.text
    assert 'known, "quoted" not distinguishable from zero 0 to 0' in page.text
    assert not re.search(r"[-−]\d+ to", page.text)


def test_no_cell_of_a_table_is_empty(release: Release) -> None:
    html = render_page(describe_page(release)).decode()
    cells = re.findall(r"<t[dh][ >][^<]*(?:<(?!/?t)[^<]*)*", html)
    assert len(cells) > 40
    assert all(re.sub(r"<t[dh][^>]*>", "", cell).strip() for cell in cells)


def test_a_simulated_release_says_so_in_title_head_and_foot(page: Reader) -> None:
    assert page.text.count("Simulated data.") == 2
    assert page.text.startswith("Simulated: Child trafficking")


def test_a_real_release_has_no_word_of_simulation(
    real_release: Release,
) -> None:
    assert "imulated" not in read(real_release).text


def test_labels_are_text_and_never_markup(page: Reader) -> None:
    assert "Sex <not> known" in page.text
    assert not page.all("not")


def test_the_page_says_what_privacy_costs_and_who_delivered(page: Reader) -> None:
    for words in (
        "One identity added or removed.",
        "3.4 in 100",
        "rho 0.125",
        "At delta 0.000001 that is epsilon 2.42 at most, as for any mechanism of this rho.",
        "rho 0.5 and epsilon 5.22 at most, as for any mechanism of this rho for 2 identities",
        "which agencies delivered; the plan",
        "Delivered corrections",
        "no record of the quarter. This is not silence.",
        "rho 0.375 of 0.5 spent, 75 %",
        "their odds are at most 5.2 to 1",
        "officer (key 0123456789ABCDEF, 2025-04-14)",
        "MoShare, Child trafficking in Missouri: quarterly counts, January to March 2025",
        "moshare verify 2025Q1",
        "drawn 2025-04-15",
        "January to March 2025",
    ):
        assert words in page.text


def test_the_page_says_that_a_quarter_was_paid_for_once_more(release: Release) -> None:
    words = "This quarter was paid for once more"
    assert words not in read(release).text
    lost = "9" * 64
    page = read(replace(release, plan=replace(release.plan, recovers=lost)))
    assert words in page.text
    assert lost in page.text


def test_a_release_without_some_tables_still_has_a_page(release: Release) -> None:
    page = read(replace(release, tables=release.tables[:1]))
    assert "about 24" in page.text
    assert [table for table in page.all("table") if table.get("class") != "crosswalk"] == [{}]


def test_nothing_is_loaded_from_outside_and_a_browser_is_told_so(page: Reader) -> None:
    assert {"img", "iframe", "object"}.isdisjoint(tag for tag, _ in page.elements)
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    for template in TEMPLATES.glob("release*"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"url\((?!#)|@import|https?://| src=", text), template.name
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert "default-src 'none'" in str(policy)
    assert "unsafe" not in str(policy)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_every_link_leads_to_a_part_of_the_page_or_a_file_of_the_folder(
    release: Release, page: Reader
) -> None:
    files = {*list_files(release), SIGNATURE_NAME}
    assert {f"data/{table.name}.csv" for table in release.tables} <= {
        str(anchor["href"]) for anchor in page.all("a")
    }
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = [str(anchor["href"]) for anchor in page.all("a")]
    assert len(links) > 20
    for link in links:
        assert link.removeprefix("#") in ids if link.startswith("#") else link in files


def test_headings_go_down_one_step_at_a_time(page: Reader) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    pairs = pairwise(levels)
    assert all(later <= earlier + 1 for earlier, later in pairs)


def test_the_page_has_its_landmarks_language_and_a_way_past_the_navigation(page: Reader) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("a")[0]["href"] == "#main"
    assert page.all("main")[0]["id"] == "main"
    assert page.all("nav")[0]["aria-label"]


def test_every_table_has_a_caption_scoped_headers_and_a_labelled_region(page: Reader) -> None:
    tables = len(page.all("table"))
    assert tables == 8
    assert len(page.all("caption")) == tables
    assert {header.get("scope") for header in page.all("th")} == {"col", "row"}
    regions = [box for box in page.all("div") if box.get("role") == "region"]
    assert len(regions) == tables + 1
    for region in regions:
        assert region["tabindex"] == "0"
        assert region.get("aria-labelledby") or region.get("aria-label")


def test_ids_are_unique_and_labels_point_at_them(page: Reader) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = {
        attributes["aria-labelledby"]
        for _, attributes in page.elements
        if "aria-labelledby" in attributes
    }
    assert labels <= set(ids)


def read_colours(start: str) -> dict[str, str]:
    block = STYLE[STYLE.index(start) :]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[: block.index("}")]))


def measure_luminance(colour: str) -> float:
    parts = [int(colour[position : position + 2], 16) / 255 for position in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [":root", "(prefers-color-scheme: dark)"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "paper", 4.5),
        ("ink", "shade", 4.5),
        ("soft", "paper", 4.5),
        ("soft", "shade", 4.5),
        ("link", "paper", 4.5),
        ("on-alarm", "alarm", 4.5),
        ("focus", "paper", 3.0),
        ("line", "paper", 3.0),
    ],
)
def test_colours_have_the_contrast_of_wcag_aa(
    scheme: str, front: str, back: str, least: float
) -> None:
    colours = read_colours(scheme)
    dark, light = sorted(measure_luminance(colours[name]) for name in (front, back))
    assert (light + 0.05) / (dark + 0.05) >= least


def test_every_table_of_a_large_release_stands_in_a_block_with_caveats() -> None:
    tables = make_example().tables
    texts = [explain_table(table, tables) for table in tables]
    assert {text.block for text in texts} == set(BLOCKS.values())
    assert all(text.caveats for text in texts)


@pytest.mark.parametrize("earlier", [0, 20])
def test_a_page_with_annual_tables_and_maps_stays_small(earlier: int) -> None:
    page = render_page(describe_page(make_example("2025Q4", earlier)))
    assert len(page) < LARGEST_PAGE


def test_every_agency_and_kind_of_delivery_that_the_door_lets_through_is_explained() -> None:
    policy = load_policy()
    assert set(read_state().awaited) <= policy.sources
    assert policy.sources | policy.public.keys() <= set(AGENCIES)
    assert set(DELIVERIES) == set(DELIVERY_KINDS)


def test_of_a_delivery_the_page_says_how_much_the_contract_allows_to_be_set_aside(
    release: Release,
) -> None:
    contracts = {agency: current_contract(agency) for agency in AGENCIES}
    limits = {
        agency: (round(100 * one.max_quarantined_share), one.quarantined_floor)
        for agency, one in contracts.items()
    }
    assert limits == {one.key: one.most_set_aside for one in read_state().agencies}
    for agency, (share, _) in limits.items():
        for kind in ("full", "delta"):
            said = explain_delivery(agency, kind)
            assert "all its records" not in said
            assert (f"up to {share} % of a file's lines, or 20 records" in said) == (share > 0)
            assert ("allows no line to be set aside" in said) == (share == 0)
        assert "set aside" not in explain_delivery(agency, "nil")
    deliveries = dict(release.provenance.deliveries)
    page = " ".join(read(release).text.split())
    for agency in deliveries:
        assert explain_delivery(agency, deliveries[agency]).replace("'", "’") in page.replace(
            "'", "’"
        )


@pytest.mark.parametrize(
    ("first_day", "words"),
    [
        (date(2025, 1, 1), "January to March 2025"),
        (date(2025, 4, 1), "April to June 2025"),
        (date(2025, 7, 1), "July to September 2025"),
        (date(2025, 10, 1), "October to December 2025"),
    ],
)
def test_a_quarter_is_named_by_its_months(first_day: date, words: str) -> None:
    assert name_period(first_day) == words


def test_ranges_are_said_in_words() -> None:
    assert say_range(12, 1036) == "12 to 1,036"
    assert say_likely(12, 36) == "likely 12 to 36"
    assert say_likely(0, 12) == "likely 12 or fewer"
